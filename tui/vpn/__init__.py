"""What is known about Remote Access VPN: rules, ranges, ports, passwords; pure, no I/O."""
