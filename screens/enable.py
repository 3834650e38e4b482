"""Enable a VPN on one screen: the form, what there is to say about it, the calls, the progress."""

from typing import ClassVar, cast

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.screen import Screen
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Button, Input, Static

from screens.enable_words import everything_to_give, outcome_lines, plan_words
from screens.findings import FindingField
from screens.frame import Console
from screens.handover import ask_before_losing, unseen_names
from screens.kit import open_kits
from screens.preflight import checklist
from screens.progress import step_lines
from tui.operations.enable import EnableVpn
from tui.operations.users import NewUser
from tui.session.enabling import Prepared, Wish, learn, prepare, suggested_range
from tui.session.half_made import note_half_made
from tui.session.inventory import Kind
from tui.session.tray import Task, TaskState
from tui.session.verifying import verifier
from tui.session.views import NetworkRow, network_row
from tui.vpn.ranges import DEFAULT_RANGE
from tui.vpn.users import DEFAULT_LIMIT
from tui.widgets.failures import TellsFailures
from tui.widgets.header import ConsoleHeader

GOOD_TO_KNOW = (
    "CloudStack makes the pre-shared key itself; it cannot be chosen, and is shown at the end.",
    "VPN users belong to the account and reach every VPN of it.",
    "The first address of the range is the router's own; the others are handed to clients.",
)

NEWS_SECONDS = 0.05
"""Seconds for which answers are collected before they are shown."""


class EnableScreen(TellsFailures, Screen[None]):
    """The guided screen for one network or VPC."""

    CSS_PATH = "enable.tcss"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]  # noqa: RUF012
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "Back"),
        Binding("f2", "copy_calls", "Copy the calls"),
        Binding("f3", "unfold", "Show every check"),
        Binding("f5", "learn", "Ask again"),
        Binding("f6,p", "reveal", "Show secrets"),
        Binding("f7,y", "copy_key", "Copy the key"),
        Binding("f8,c", "copy_all", "Copy everything"),
        Binding("f9,k", "kits", "Client kits"),
    ]

    class Learnt(Message):
        """The answers of the cloud about the network have arrived."""

    def __init__(self, key: str) -> None:
        """`key` is the id of the network or VPC."""
        super().__init__()
        self._key = key
        self._row: NetworkRow | None = None
        self._learnt = False
        self._unfolded = False
        self._field_left: Widget | None = None
        """What had the focus before the checks were unfolded."""
        self._news: Timer | None = None
        """Runs while answers have come that are not shown yet."""
        self._made: dict[str, NewUser] = {}
        self._operation: EnableVpn | None = None
        self._job: Task | None = None
        self._revealed = False
        self._handed_over = False
        """Whether the passwords were shown or copied."""

    @property
    def console(self) -> Console:
        return cast(Console, self.app)

    def compose(self) -> ComposeResult:
        yield ConsoleHeader()
        with Horizontal(id="halves"):
            with VerticalScroll(id="form", can_focus=False):
                yield Static("", id="where", classes="words")
                yield FindingField("Client range", "range", placeholder=DEFAULT_RANGE)
                yield FindingField(
                    "Who may reach the ports (CIDRs; empty: anyone)",
                    "sources",
                    placeholder="198.51.100.0/24, 192.0.2.0/24",
                )
                yield FindingField(
                    "VPN users to add (names; passwords are made)", "users", placeholder="alice bob"
                )
                with Horizontal(classes="buttons"):
                    yield Button("Back", id="back", compact=True)
                    yield Button("Enable", id="go", variant="primary", disabled=True, compact=True)
            with VerticalScroll(id="side", can_focus=True):
                yield Static("Asking the server about this network …", id="checks")
                yield Static("", id="calls")
        yield Static("", id="keys")

    def on_mount(self) -> None:
        self.query_one(ConsoleHeader).facts = self.console.status()
        self._show_keys()
        self._row = network_row(self.console.session.inventory, self._key)
        self._show_where()
        self.action_learn()
        self._field("range").input.focus()

    # What is known.

    def action_learn(self) -> None:
        """Ask the server again for everything that the form depends on."""
        if self._operation is None:
            self._ask_server()

    @work(group="learn", exclusive=True, exit_on_error=False)
    async def _ask_server(self) -> None:
        self._learnt = False
        await learn(self.console.session, self._key, self._tell_news)
        self._tell_news()

    def _tell_news(self) -> None:
        """Answers come in bursts: they are shown together."""
        if self._news is None and self.is_attached:
            self._news = self.set_timer(NEWS_SECONDS, self._show_news)

    def _show_news(self) -> None:
        self._news = None
        inventory = self.console.session.inventory
        self._row = network_row(inventory, self._key)
        known = inventory.gathered.get(self._key)
        if not self._learnt and known is not None and known.cloud_is_known:
            self._learnt = True
            self.post_message(self.Learnt())
        else:
            self._check()

    def on_enable_screen_learnt(self) -> None:
        field, row = self._field("range"), self._row
        if row is not None and not field.text:
            field.text = suggested_range(self.console.session.inventory, row, row.users)
        if row is None:
            self.query_one("#checks", Static).update("This network is not listed any more.")
        self._show_where()
        self._check()

    def _field(self, name: str) -> FindingField:
        return self.query_one(f"#{name}", FindingField)

    def _users(self) -> tuple[NewUser, ...]:
        """The users that are typed; a name keeps the password that was made for it."""
        names = self._field("users").text.replace(",", " ").split()
        return tuple(self._made.setdefault(name, NewUser.generate(name)) for name in names)

    def _prepared(self) -> Prepared | None:
        if self._row is None:
            return None
        wish = Wish(
            range_text=self._field("range").text,
            sources_text=self._field("sources").text,
            lists=self.console.session.profile.sources,
            users=self._users(),
        )
        return prepare(self.console.session.inventory, self._row, wish)

    def _enabling(self, prepared: Prepared) -> EnableVpn:
        session = self.console.session
        asks = self._against_asking() is None
        verify = verifier(session, self._key) if asks else None
        return EnableVpn(session.client, prepared.plan, verify)

    def _against_asking(self) -> str | None:
        """Why the router will not be asked at the end; None when it will be."""
        session = self.console.session
        zone = self._row.zone if self._row else ""
        if not session.may_list(Kind.ROUTERS):
            return "The router is not asked at the end: your role may not see routers."
        if session.profile.ssh_path(zone) is None:
            return (
                f"The router is not asked at the end: the profile has no SSH path for zone {zone}."
            )
        return None

    # Showing.

    def _show_where(self) -> None:
        row = self._row
        if row is None:
            return
        head = Content.styled(row.name, "bold")
        facts = f"  {row.type}  {row.cidr}  {row.owner}  {row.zone}"
        self.query_one("#where", Static).update(Content.assemble(head, Content(facts)))

    @on(Input.Changed)
    def _check(self) -> None:
        prepared = self._prepared()
        if prepared is None or self._operation is not None:
            return
        room = f"{prepared.row.users} of {DEFAULT_LIMIT} used by {prepared.row.owner}"
        clients = prepared.range.range.clients if prepared.range and prepared.range.range else 0
        self._field("range").say(
            prepared.range.findings if prepared.range else (),
            f"room for {clients} at once" if prepared.range else "left to CloudStack's setting",
        )
        typed = bool(self._field("sources").text)
        self._field("sources").say(
            prepared.sources.findings,
            f"from {', '.join(prepared.sources.cidrs)}" if typed else "from anywhere",
        )
        about_users = [finding for _, findings in prepared.users for finding in findings]
        about_users += [prepared.limit] if prepared.limit else []
        self._field("users").say(about_users, room)
        self.query_one("#go", Button).disabled = not (self._learnt and prepared.can_run)
        self.query_one("#checks", Static).update(self._checklist(prepared))
        self.query_one("#calls", Static).update(self._calls(prepared))
        self.call_after_refresh(self._keep_in_sight)

    def _keep_in_sight(self) -> None:
        """Findings push fields down: the one that is typed into stays on the screen."""
        if self.focused is not None:
            self.focused.scroll_visible(animate=False)

    def _checklist(self, prepared: Prepared) -> Content:
        return checklist(prepared.checks, plan_words(prepared), unfolded=self._unfolded)

    def _calls(self, prepared: Prepared) -> Content:
        steps = self._enabling(prepared).plan()
        will = "Will be sent" if prepared.can_run else "Would be sent, were nothing in the way"
        lines = [Content(""), Content.styled(f"{will} (F2 copies)", "bold")]
        lines += [Content(f"  {step.call.cloudmonkey()}") for step in steps if step.call]
        lines += [Content(""), Content.styled("Good to know", "bold")]
        notes = [*GOOD_TO_KNOW, self._against_asking() or ""]
        lines += [Content.styled(f"  {note}", "dim") for note in notes if note]
        return Content("\n").join(lines)

    def _show_keys(self) -> None:
        if self._operation is None and self._unfolded:
            words = " ↑↓ scroll   F3 back to the form   F2 copy calls   esc back"
        elif self._operation is None:
            words = " tab next   enter on Enable runs it   F2 copy calls   F3 checks   esc back"
        elif self._job is None or self._job.state is TaskState.RUNNING:
            words = " esc back: the job goes on, J shows it"
        elif self._operation.result is None:
            words = " esc back: enabling again goes on from here, J shows the steps"
        else:
            words = " p show secrets   y copy the key   c copy all   k client kits   esc back"
        self.query_one("#keys", Static).update(Content(words))

    # Going on.

    @on(Input.Submitted)
    def _next_field(self, event: Input.Submitted) -> None:
        """Go on; from the last field to Enable, never to Back: enter twice would lose the form."""
        if event.input.id != "users-input":
            self.focus_next()
        elif not self.query_one("#go", Button).disabled:
            self.query_one("#go").focus()

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        if event.button.id == "back":
            self.action_back()
        else:
            self._run()

    def _run(self) -> None:
        prepared = self._prepared()
        ready = prepared is not None and prepared.can_run and self._learnt
        if prepared is None or not ready or self._operation is not None:
            return
        self._operation = operation = self._enabling(prepared)
        session = self.console.session
        for field in self.query(Input):
            field.disabled = True
        self.query_one("#go", Button).disabled = True
        self.add_class("-running")
        self.query_one("#calls", Static).update("")
        self.query_one("#side").focus()
        session.start(
            operation,
            [Kind.VPNS, Kind.USERS, Kind.ADDRESSES, Kind.NETWORKS, Kind.ROUTERS],
            prepared.plan.address_id if prepared.row.kind == "network" else "",
            lambda task: note_half_made(session.inventory, operation.address_id, task),
        )

    def show_task(self, task: Task) -> None:
        """Show how far the job has come, and at its end what came of it."""
        self.query_one(ConsoleHeader).facts = self.console.status()
        if self._operation is None or task.operation is not self._operation:
            return
        self._job = task
        self._show_job()
        self._show_keys()

    def _show_job(self) -> None:
        """While it runs the steps; at its end what came of it comes first."""
        job, operation = self._job, self._operation
        if job is None or operation is None:
            return
        steps = step_lines(job, remedies=job.failure is None)
        steps = Content.assemble(Content.styled(f"{job.title}\n", "bold"), steps)
        ended = job.state is not TaskState.RUNNING
        lines = outcome_lines(job, operation.result, revealed=self._revealed) if ended else []
        self.query_one("#checks", Static).update(Content("\n").join([*lines, steps]))

    def owns(self, task: Task) -> bool:
        """Whether `task` is the job of this screen."""
        return self._operation is not None and task.operation is self._operation

    # Keys.

    def action_back(self) -> None:
        """Go back; a job that runs goes on. Passwords that nobody has seen are asked about."""
        ask_before_losing(self, self.unseen, self._hand_over)

    @property
    def unseen(self) -> list[str]:
        """The users whose passwords would be lost now."""
        if self._operation is None:
            return []
        result = self._operation.result
        return unseen_names(
            self._operation.wanted.users,
            result.users if result else (),
            running=self._job is None or self._job.state is TaskState.RUNNING,
            seen=self._handed_over,
        )

    def action_unfold(self) -> None:
        """Show or fold the checks that pass, and the evidence of all.

        On a narrow screen they take the place of the form.
        """
        if self._operation is not None:
            return
        self._unfolded = not self._unfolded
        self.query_one("#side", VerticalScroll).scroll_home(animate=False)
        self.set_class(self._unfolded, "-unfolded")
        if self._unfolded:
            self._field_left = self.focused
            self.query_one("#side").focus()
        elif self._field_left is not None:
            self._field_left.focus()
        self._show_keys()
        self._check()

    def action_copy_calls(self) -> None:
        """Copy the calls as CloudMonkey lines."""
        prepared = self._prepared()
        if prepared is not None:
            steps = self._enabling(prepared).plan()
            lines = [step.call.cloudmonkey() for step in steps if step.call]
            self.console.copy_out("\n".join(lines), f"{len(lines)} calls")

    def action_reveal(self) -> None:
        """Show or hide the key and the passwords."""
        self._revealed = not self._revealed
        self._hand_over()
        if self._revealed:
            target = self._operation.title if self._operation is not None else "what will be made"
            self.console.note_secret_use("reveal", "pre-shared key and passwords", target)
        self._show_job()

    def action_copy_key(self) -> None:
        """Copy the pre-shared key; the clipboard is cleared after a while."""
        result = self._operation.result if self._operation else None
        if result is not None and result.preshared_key is not None:
            self.console.copy_out(result.preshared_key, "Pre-shared key")

    def action_copy_all(self) -> None:
        """Copy what people have to be given: server, key, users and passwords."""
        result = self._operation.result if self._operation else None
        if result is not None:
            self._hand_over()
            self.console.copy_out(everything_to_give(result), "Server, key and users")

    def action_kits(self) -> None:
        """Make client kits for the users that were added, or for everybody of the account."""
        result = self._operation.result if self._operation else None
        if result is not None:
            open_kits(self.console, result.address_id, result.users, handed=self._hand_over)

    def _hand_over(self) -> None:
        self._handed_over = True
        if self._operation is not None:
            self.console.session.hand_over(self._operation)
