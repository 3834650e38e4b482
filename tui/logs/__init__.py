"""Log lines of a Virtual Router: reading, filtering, keeping them."""
