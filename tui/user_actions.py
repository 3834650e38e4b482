"""The actions of the Users section, a part of the registry in `tui.actions`."""

from typing import Final

from tui.action import Action


def _on_user(
    name: str, key: str, label: str, words: str, *needs: str, hint: bool = False
) -> Action:
    return Action(
        name=name,
        keys=(key,),
        label=label,
        help=words,
        screens=("users",),
        needs=needs,
        writes=True,
        on_row=True,
        hint=hint,
    )


USER_ACTIONS: Final = (
    Action(
        name="add_many",
        keys=("A",),
        label="Add many",
        help="Add a whole list of VPN users: pasted names, a table or a CSV file.",
        screens=("users",),
        needs=("addVpnUser",),
        writes=True,
        hint=False,
    ),
    _on_user(
        "new_password",
        "n",
        "New password",
        "Give the user a new password: it is removed and at once added again.",
        "removeVpnUser",
        "addVpnUser",
        hint=True,
    ),
    _on_user(
        "suspend_user",
        "z",
        "Suspend",
        "Suspend the user, or those that are marked: group, note and last day stay in the roster.",
        "removeVpnUser",
    ),
    _on_user(
        "return_user",
        "b",
        "Return",
        "Let a suspended user, or those that are marked, return with a new password.",
        "addVpnUser",
    ),
    Action(
        name="edit_user",
        keys=("e",),
        label="Edit",
        help="Change group, last day and note of the user, which only this console knows.",
        screens=("users",),
        on_row=True,
        hint=False,
    ),
    Action(
        name="remove_expired",
        keys=("X",),
        label="Remove expired",
        help="Remove the users of an account whose last day is over.",
        screens=("users",),
        needs=("removeVpnUser",),
        writes=True,
        hint=False,
    ),
    Action(
        name="audit_users",
        keys=("t",),
        label="Stale users",
        help="Look for users that do not connect any more, and for those that should not be there.",
        screens=("users",),
        hint=False,
    ),
    Action(
        name="export_users",
        keys=("o",),
        label="Export",
        help="Write the users that the filter leaves to a CSV file, without passwords.",
        screens=("users",),
        hint=False,
    ),
)
