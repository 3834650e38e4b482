"""How text reaches the terminal: the last filter, clipboard escapes, capabilities."""
