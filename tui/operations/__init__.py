"""Use cases as sequences of steps: enable, disable, users, firewall, addresses."""
