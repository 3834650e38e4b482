"""The worlds that a lab can hold: `contract` (the recordings), `demo` (the story), a file."""
