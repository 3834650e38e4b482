"""The actions of the section Logs; see `tui.actions`."""

from typing import Final

from tui.action import Action


def _in_logs(
    name: str, keys: tuple[str, ...], label: str, words: str, *, hint: bool = False
) -> Action:
    return Action(name=name, keys=keys, label=label, help=words, screens=("logs",), hint=hint)


LOG_ACTIONS: Final = (
    _in_logs(
        "choose_router",
        ("c",),
        "Routers",
        "Choose the routers and the logs to follow.",
        hint=True,
    ),
    _in_logs(
        "freeze",
        ("space",),
        "Freeze",
        "Freeze the view; lines keep being collected behind it.",
        hint=True,
    ),
    _in_logs(
        "attempts",
        ("p",),
        "Attempts",
        "Go to the connection attempts, or hide them: who tried, how far, how it ended.",
        hint=True,
    ),
    _in_logs(
        "filter_in",
        ("i",),
        "Only",
        "Show only lines like the one under the cursor: its client, user, program, a word of it.",
        hint=True,
    ),
    _in_logs(
        "filter_out",
        ("o",),
        "Without",
        "Leave out lines like the one under the cursor.",
    ),
    _in_logs("chips", ("f",), "Chips", "Go to the chips of the filter, to take one out again."),
    _in_logs("clear_chips", ("F",), "No filter", "Take all chips of the filter out."),
    _in_logs(
        "context",
        ("C",),
        "Context",
        "Show lines around those that match: none, 2, 5 or 20 on each side.",
    ),
    _in_logs(
        "search",
        ("s",),
        "Search",
        "Search for a word or a regular expression without hiding the other lines.",
        hint=True,
    ),
    _in_logs("next_match", ("n",), "Next", "Go to the next match."),
    _in_logs("previous_match", ("N",), "Previous", "Go to the previous match."),
    _in_logs("next_error", ("e",), "Next error", "Go to the next error.", hint=True),
    _in_logs("previous_error", ("E",), "Previous error", "Go to the previous error."),
    _in_logs("go_to_time", ("t",), "Time", "Go to a time: 14:05, -10m, 2026-11-23 00:15."),
    _in_logs(
        "times",
        ("T",),
        "Times",
        "Show times in UTC, in local time, as how long ago, or since the line before.",
    ),
    _in_logs("mark", ("m",), "Mark", "Mark the line, or take its mark away.", hint=True),
    _in_logs("note", ("a",), "Note", "Mark the line with a note."),
    _in_logs("marks", ("M",), "Marks", "List the marks: go to one, change its note, remove it."),
    _in_logs("next_mark", ("b",), "Next mark", "Go to the next mark."),
    _in_logs("previous_mark", ("B",), "Previous mark", "Go to the previous mark."),
    _in_logs(
        "export",
        ("x",),
        "Export",
        "Write what is filtered or marked to a file, as text or JSON lines, without secrets.",
        hint=True,
    ),
    _in_logs(
        "line_details",
        ("enter",),
        "Line",
        "Show the line whole, with what is known of it.",
    ),
    _in_logs("copy_line", ("y",), "Copy", "Copy the line to the clipboard."),
    _in_logs("wrap", ("W",), "Wrap", "Wrap long lines, or cut them at the edge."),
    _in_logs("follow", ("G", "end"), "Follow", "Go to the end and follow it.", hint=True),
)
