"""`python -m docs.keys` writes docs/keys.md from the registry of actions and the screens' keys.

Nothing in that file is written by hand, so it cannot disagree with what the console does.
"""

import importlib
import pkgutil
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from textual.binding import Binding, BindingType
from textual.screen import Screen

import screens
from screens.filterline import FilterLine
from screens.first import FirstScreen
from screens.frame import SectionScreen
from screens.help import MOVING
from screens.section_keys import TITLES
from tui.actions import ACTIONS, EVERYWHERE, SECTIONS, Action, spell_key
from tui.widgets.logview import LogView

PAGE: Final = Path(__file__).with_name("keys.md")

_ARROWS: Final = {
    "up": "↑", "down": "↓", "left": "←", "right": "→", "pageup": "pgup", "pagedown": "pgdn",
}  # fmt: skip

PAGES: Final = {
    "WelcomeScreen": "Welcome: the profiles",
    "ImportScreen": "Import from CloudMonkey",
    "ProfileForm": "Profile form",
    "SshPathScreen": "Way to the routers",
    "SecretDialog": "Secret of a profile",
    "PassphraseDialog": "Passphrase of the encrypted file",
    "TestedDialog": "Profile works",
    "EnableScreen": "Enable a VPN",
    "AddUsersDialog": "Add VPN users",
    "AddManyDialog": "Add many VPN users",
    "BulkResultsDialog": "Results of adding users, and their passwords",
    "EditUserDialog": "Group, last day and note of a VPN user",
    "UserAuditDialog": "Stale VPN users",
    "HandoverDialog": "Adding users: steps and passwords",
    "KitDialog": "Client kits",
    "KitView": "What a person needs to connect",
    "VerifyDialog": "What the router says",
    "RotateDialog": "Rotate the key of a VPN",
    "ChangeRangeDialog": "Change a client range",
    "NewKeyDialog": "A VPN is made anew: steps and key",
    "LeftoversDialog": "What a disabled VPN has left",
    "RepairDialog": "What is wrong with a VPN",
    "RestartDialog": "Restart a router or a network",
    "RuleDialog": "Add a firewall rule",
    "SourcesDialog": "Change who reaches the ports",
    "TierDialog": "Let VPN clients into a tier",
    "AcquireDialog": "Acquire an address",
    "ConfirmDialog": "A question before something is done",
    "ChooseDialog": "Choose one of several",
    "ColumnsDialog": "Choose the columns of a table",
    "ChooseLogsDialog": "Choose routers and their logs",
    "SearchDialog": "Search in the logs",
    "MomentDialog": "Go to a time in the logs",
    "NoteDialog": "Note on a line of the logs",
    "MarksDialog": "Marks in the logs",
    "WhyScreen": "Why somebody cannot connect",
    "CaptureDialog": "Look at the packets on a router",
    "CheckDialog": "What a check has found",
    "ExportDialog": "Write log lines to a file",
    "UnreachedDialog": "Routers that could not be asked",
    "DetailsDialog": "Details",
    "VpnDetailsDialog": "Details of a VPN",
    "TasksDialog": "Jobs of this console and earlier ones",
    "RecoveryDialog": "Unfinished operations",
    "ResumedDialog": "An operation that goes on",
    "NoticesDialog": "Messages",
    "HelpDialog": "Help",
}
"""Screens and dialogs that are no sections, by class, in the order of the page."""

_INTRODUCTION: Final = """\
# Keys

<!-- Written by `python -m docs.keys`. Do not edit. -->

In the console `?` shows the keys of the section that is open, and what cannot be done now with the
reason. `^x` is control and x, `⏎` is enter. A capital letter is shift and the letter.

*Writes* marks what changes something: it is refused in read-only mode. *Needs* names the API
commands that your role must be allowed to call; without them the action is shown struck out, and
its key says why.
"""


def page() -> str:
    """The whole of docs/keys.md."""
    parts = [_INTRODUCTION, "## Everywhere\n", _actions_table(_everywhere())]
    for section in SECTIONS:
        parts += [f"## {TITLES[section]}\n", _actions_table(_own_actions(section))]
    parts += ["## Moving\n", _table(("Key", "What it does"), _moving())]
    moves = [
        (_spell(keys), f"{words}.") for words, keys in _keys_by_words(LogView.BINDINGS).items()
    ]
    parts += ["## Moving in the logs\n", _table(("Key", "What it does"), moves)]
    parts += ["## The filter line\n", _table(("Key", "What it does"), _filter_line())]
    parts += ["## Dialogs and forms\n", _DIALOGS]
    parts.append(_table(("Where", "Keys"), _dialogs()))
    return "\n".join(parts)


_DIALOGS: Final = """\
`tab` and `shift+tab` go from field to field, `⏎` presses the button or opens the choice that has
the focus. `esc` leaves: nothing is sent, and what was sent before goes on. In a question the safe
answer has the focus.
"""


def _everywhere() -> list[Action]:
    return [each for each in ACTIONS if EVERYWHERE in each.screens]


def _own_actions(section: str) -> list[Action]:
    return [each for each in ACTIONS if section in each.screens]


def _actions_table(actions: Iterable[Action]) -> str:
    rows = [
        (
            _spell(each.keys),
            each.label,
            each.help,
            "yes" if each.writes else "",
            ", ".join(f"`{command}`" for command in each.needs),
        )
        for each in actions
    ]
    return _table(("Key", "Name", "What it does", "Writes", "Needs"), rows)


def _moving() -> Iterator[tuple[str, str]]:
    for keys, words in MOVING:
        yield " ".join(key if key == "/" else f"`{key}`" for key in keys.split()), words


def _filter_line() -> Iterator[tuple[str, str]]:
    yield _spell(["slash"]), "Go to the filter; the table is filtered as you type."
    names = {"clear": "Empty the filter and leave it.", "leave": "Leave it; the filter stays."}
    by_action: dict[str, list[str]] = {}
    for binding in Binding.make_bindings(FilterLine.BINDINGS):
        by_action.setdefault(binding.action, []).append(binding.key)
    for name, keys in by_action.items():
        yield _spell(keys), names[name]


def _dialogs() -> Iterator[tuple[str, str]]:
    """Each screen or dialog, and its keys with their words."""
    by_name = {each.__name__: each for each in other_screens()}
    for name, title in PAGES.items():
        keys = _keys_by_words(by_name[name].BINDINGS)
        yield title, ", ".join(f"{_spell(each)} {words.lower()}" for words, each in keys.items())


def _keys_by_words(bindings: Sequence[BindingType]) -> dict[str, list[str]]:
    """Keys by what they do; those that only move on in a form have no words and are left out."""
    keys: dict[str, list[str]] = {}
    for binding in Binding.make_bindings(bindings):
        if binding.description:
            keys.setdefault(binding.description, []).append(binding.key)
    return keys


def other_screens() -> list[type[Screen[Any]]]:
    """Every screen and dialog of the console that is no section, nor stands in for one."""
    found: dict[str, type[Screen[Any]]] = {}
    for module in pkgutil.iter_modules(screens.__path__, "screens."):
        for thing in vars(importlib.import_module(module.name)).values():
            if isinstance(thing, type) and issubclass(thing, Screen):
                found[thing.__name__] = thing
    ours = [each for each in found.values() if each.__module__.startswith("screens.")]
    whole = [each for each in ours if "ABSTRACT" not in vars(each)]
    return [each for each in whole if not issubclass(each, SectionScreen | FirstScreen)]


def _spell(keys: Iterable[str]) -> str:
    return " ".join(f"`{_spell_one(key)}`" for key in keys)


def _spell_one(key: str) -> str:
    if key in _ARROWS:
        return _ARROWS[key]
    spelled = spell_key(key)
    control, plus, letter = spelled.partition("+")
    return f"^{letter}" if plus and control == "ctrl" else spelled


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
