"""What a person chose about the look of tables, and where it is kept."""

from collections.abc import Sequence

import msgspec

from tui.settings.errors import SettingsError
from tui.settings.preferences import Preferences, load_preferences, save_preferences


class Looks:
    """The preferences that tables have; read when the first of them is shown."""

    def __init__(self) -> None:
        self._preferences: Preferences | None = None
        self.trouble: SettingsError | None = None
        """Why the file could not be read; the usual look is shown then, and nothing is written."""

    @property
    def preferences(self) -> Preferences:
        """As they are now."""
        if self._preferences is None:
            try:
                self._preferences = load_preferences()
            except SettingsError as error:
                self.trouble = error
                self._preferences = Preferences()
        return self._preferences

    def columns_of(self, section: str) -> tuple[str, ...]:
        """The titles of the columns that were chosen for a section; empty for the usual ones."""
        return self.preferences.columns.get(section, ())

    def choose_columns(self, section: str, titles: Sequence[str]) -> None:
        """Show these columns in a section from now on; without any the usual ones."""
        others = {name: kept for name, kept in self.preferences.columns.items() if name != section}
        chosen = {section: tuple(titles)} if titles else {}
        self._take(columns=others | chosen)

    def choose_plain_rows(self, *, plain: bool) -> None:
        """Show rows as words, or in columns."""
        self._take(plain_rows=plain)

    def _take(self, **changed: object) -> None:
        self._preferences = msgspec.structs.replace(self.preferences, **changed)

    def keep(self) -> None:
        """Write them to the file of preferences, which takes a moment. Raises `SettingsError`."""
        if self.trouble is not None:
            raise self.trouble
        save_preferences(self.preferences)
