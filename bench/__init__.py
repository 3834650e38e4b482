"""Performance bars as programs that print ratios."""
