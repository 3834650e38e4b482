"""Stale VPN users: who never connects, who should not be there, and how far the records reach."""

from typing import ClassVar, Final, cast

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from screens.frame import Console
from tui.session.user_audit import KINDS, Audit, OwnerAudit, audit_users
from tui.session.views import OwnerKey
from tui.vpn.stale import STEPS, Class, Stale, count_kinds

WORDS: Final[dict[Class, tuple[str, str, str]]] = {
    "ghost": ("✘", "ghost", "bold $text-error"),
    "missing": ("✘", "missing", "bold $text-error"),
    "stuck": ("▲", "stuck", "$text-warning"),
    "never": ("▲", "never", "$text-warning"),
    "unused": ("▲", "unused", "$text-warning"),
    "unknown": ("?", "no record", "dim"),
}


class UserAuditDialog(ModalScreen[None]):
    """Asks lists, events and routers, then says what was found and what was looked at."""

    CSS_PATH = "dialogs.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,enter,q", "dismiss", "Close"),
        Binding("d", "days", "30, 60 or 90 days"),
    ]

    def __init__(self, owner: OwnerKey | None) -> None:
        """`owner` is whose users are looked at; None for everybody's."""
        super().__init__()
        self._owner = owner
        self._days = STEPS[0]

    @property
    def console(self) -> Console:
        return cast(Console, self.app)

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="dialog", can_focus=True) as box:
            box.border_title = "Stale VPN users"
            box.border_subtitle = "d 30, 60 or 90 days   escape closes"
            yield Static("", id="found", classes="words")

    def on_mount(self) -> None:
        self.query_one(VerticalScroll).focus()
        self._look()

    @work(group="audit", exclusive=True, exit_on_error=False)
    async def _look(self) -> None:
        """Ask again; an older question is given up."""
        says = f"Looking for users that did not connect for {self._days} days …"
        self.query_one("#found", Static).update(Content(says))
        session = self.console.session
        await session.refresh(kind for kind in KINDS if session.may_list(kind))
        owners = None if self._owner is None else (self._owner,)
        audit = await audit_users(session, self._days, owners)
        self.query_one("#found", Static).update(audit_text(audit))

    def action_days(self) -> None:
        """Go to the next number of days."""
        self._days = STEPS[(STEPS.index(self._days) + 1) % len(STEPS)]
        self._look()


def audit_text(audit: Audit) -> Content:
    """The whole of an audit: findings of each owner, then what was and was not looked at."""
    parts: list[Content] = []
    for owner in audit.owners:
        parts += _owner_lines(owner, audit.days)
    for gap in audit.gaps:
        parts.append(Content.styled(f"▲ {gap}", "$text-warning"))
    if not parts:
        parts.append(Content("There are no VPN users here."))
    return Content("\n").join(parts)


def _owner_lines(owner: OwnerAudit, days: int) -> list[Content]:
    users = "1 user" if owner.users == 1 else f"{owner.users} users"
    counts = ", ".join(f"{n} {WORDS[kind][1]}" for kind, n in count_kinds(owner.stale).items())
    head = f"{owner.owner}: {users}, {counts or f'nobody is stale after {days} days'}"
    lines = [Content.styled(head, "bold")]
    for stale in owner.stale:
        lines.append(_finding(stale))
        lines.append(Content(f"    {stale.remedy}"))
    lines += [Content.styled(f"  → {each}", "dim") for each in owner.watch.looked_at]
    lines += [Content.styled(f"  ▲ {each}", "$text-warning") for each in owner.watch.gaps]
    return [*lines, Content("")]


def _finding(stale: Stale) -> Content:
    glyph, word, style = WORDS[stale.kind]
    return Content.assemble(Content.styled(f"  {glyph} {word}", style), Content(f"  {stale.says}"))
