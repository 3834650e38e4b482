"""What one profile is doing now: clients, inventory, permissions, jobs, read-only."""
