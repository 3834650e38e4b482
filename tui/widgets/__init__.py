"""Reusable Textual widgets; none of them knows a screen."""
