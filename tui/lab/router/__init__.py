"""Virtual Routers in the box: SSH servers that answer read-only commands and play their logs."""
