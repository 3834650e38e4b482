"""What our small programs have in common: frames go to the terminal as the console's do."""

from textual.app import App


class OurApp(App[None]):
    """An application that writes as the console does."""

    ENABLE_COMMAND_PALETTE = False
