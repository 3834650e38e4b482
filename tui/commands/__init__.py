"""Headless commands: one file each, the same floor as the screens, no Textual."""
