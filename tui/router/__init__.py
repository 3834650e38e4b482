"""The Virtual Router over SSH: hops, host keys, read-only commands, log following."""
