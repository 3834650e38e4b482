"""What the guided screen says: what will be used before, and about the VPN after."""

from textual.content import Content

from screens.handover import user_lines
from tui.operations.enable import EnabledVpn
from tui.operations.reach import RouterWord
from tui.safety.secret import MASK, Secret
from tui.session.enabling import Prepared
from tui.session.tray import Task
from tui.vpn.eligibility import NO_ROUTER_YET


def plan_words(prepared: Prepared) -> tuple[str, ...]:
    """What will be used, where nothing stands in the way: the address, and how the ports open."""
    words = []
    if prepared.eligibility.standing in ("ready", "acquire"):
        words.append(f"Address: {prepared.eligibility.says}")
    if prepared.can_run:
        words.append(f"Ports: {ports_words(prepared)}")
    return tuple(words)


def ports_words(prepared: Prepared) -> str:
    """How the three ports get open, in half a sentence."""
    plan = prepared.plan
    if plan.place.is_vpc:
        return "the VPC's router opens UDP 500, 4500 and 1701 by itself"
    if plan.server_opens:
        return "CloudStack opens those of UDP 500, 4500 and 1701 that have no rule yet"
    if plan.openings:
        return "; ".join(str(opening) for opening in plan.openings) + " will be opened"
    return "open already for these sources"


def outcome_lines(job: Task, result: EnabledVpn | None, *, revealed: bool) -> list[Content]:
    """What came of the job: the failures with what to do, then what people have to be given."""
    lines: list[Content] = []
    for event in job.latest.values():
        if event.state == "failed":
            lines.append(Content.styled(f"✘ {event.step.title}: {event.says}", "bold $text-error"))
            if event.remedy:
                lines.append(Content(f"  {event.remedy}"))
    if result is not None:
        lines += result_lines(result, revealed=revealed)
    return [*lines, Content("")]


def everything_to_give(result: EnabledVpn) -> Secret:
    """Server, key, users and passwords, for the clipboard."""
    lines = [f"Server {result.public_ip}"]
    if result.preshared_key is not None:
        lines.append(f"Pre-shared key {result.preshared_key.reveal()}")
    lines += [f"{user.name} {user.password.reveal()}" for user in result.users]
    return Secret("\n".join(lines))


def result_lines(result: EnabledVpn, *, revealed: bool) -> list[Content]:
    """What people have to be given."""
    key = result.preshared_key
    shown = MASK if key is None or not revealed else key.reveal()
    lines = [
        Content.styled("✔ The VPN is enabled", "bold $text-success"),
        Content(f"  Server          {result.public_ip}"),
        Content(f"  Pre-shared key  {shown}"),
        Content(f"  Client range    {result.client_range or 'unknown'}"),
    ]
    if result.router is not None:
        lines.append(_router_line(result.router))
    elif result.place.unused:
        lines.append(Content.styled(f"▲ {NO_ROUTER_YET}", "$text-warning"))
    if result.users:
        lines += [Content(""), Content.styled("Passwords, shown only now", "bold")]
        lines.append(user_lines(result.users, revealed=revealed))
    return lines


def _router_line(word: RouterWord) -> Content:
    """The router's word in short; the last step says it in full."""
    if word.ok:
        return Content.styled("✔ The router confirms it", "$text-success")
    return Content(f"{'?' if word.ok is None else '✘'} {word.says}")
