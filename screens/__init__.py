"""The screens of the console: one screen is one file and the .tcss beside it."""
