"""Hostile text, secrets, redaction, credentials and the clipboard."""
