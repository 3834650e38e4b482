"""What makes the documentation: the table of keys and the pictures of the screens."""
