"""What the guided screen says: about each part of the form before, and about the VPN after."""

from collections.abc import Iterable

from textual.content import Content

from screens.findings import GLYPHS, STYLES
from screens.handover import user_lines
from tui.operations.enable import EnabledVpn, RouterWord
from tui.safety.secret import MASK
from tui.session.enabling import Prepared
from tui.vpn.eligibility import NO_ROUTER_YET
from tui.vpn.findings import Finding


def checked(
    title: str, findings: Iterable[Finding], good: str, *, ok: bool = True
) -> list[Content]:
    """The lines of one check: its findings, or that it is fine."""
    found = list(findings)
    lines = [
        Content.styled(f"{GLYPHS[each.severity]} {title}: {each.says}", STYLES[each.severity])
        for each in found
    ]
    if not any(each.severity == "error" for each in found) and good and ok:
        lines.insert(0, Content.styled(f"✔ {title}: {good}", "$text-success"))
    return lines


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
