"""Choosing whose VPN users: accounts and projects that are seen, with the room that each has."""

from textual.content import Content
from textual.widgets import Select

from screens.frame import Console
from tui.operations.facts import Owner
from tui.session.people import room_of
from tui.session.views import OwnerKey, network_rows, user_rows


class OwnerSelect(Select[int]):
    """The accounts and projects that are known; `chosen` is the one that is selected."""

    def __init__(self, console: Console, owner: OwnerKey | None) -> None:
        """`owner` is selected to begin with, the first one where it is not known."""
        self._owners = owners_of(console)
        keys = list(self._owners)
        chosen = keys.index(owner) if owner in keys else (0 if keys else Select.NULL)
        options = [
            (Content(words), index) for index, (words, _) in enumerate(self._owners.values())
        ]
        super().__init__(
            options, value=chosen, prompt="choose an account", id="owner", compact=True
        )

    @property
    def chosen(self) -> tuple[OwnerKey, Owner] | None:
        """Key and owner; None where nobody is known."""
        value = self.value
        if not isinstance(value, int) or isinstance(value, bool):
            return None
        key = list(self._owners)[value]
        return key, self._owners[key][1]


def owners_of(console: Console) -> dict[OwnerKey, tuple[str, Owner]]:
    """The accounts and projects that are known, with the words to choose them by."""
    session = console.session
    found: dict[OwnerKey, tuple[str, Owner]] = {}

    def note(key: OwnerKey, words: str, owner: Owner) -> None:
        if key not in found:
            room = room_of(session, key)
            found[key] = (f"{words}  {room.used}/{room.limit}", owner)

    for row in sorted(network_rows(session.inventory), key=lambda each: each.owner):
        owned = row.network or row.vpc
        if owned is not None:
            words = f"{row.owner}  {owned.domain_path or owned.domain}"
            note(row.owner_key, words, Owner.of(owned))
    for user in user_rows(session.inventory):
        note(user.owner_key, f"{user.owner}  {user.domain}", Owner.of(user.user))
    return found
