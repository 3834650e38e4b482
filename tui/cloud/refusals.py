"""From what the server answers to the error of `tui.cloud.errors` that it means."""

import re
from typing import Final

import msgspec

from tui.cloud import errors

MASKED: Final = "Internal error executing command, please contact your system administrator"
_RETRY_AFTER: Final = re.compile(r"retry after \[(\d{1,9})\] ms")
_CONFLICT: Final = re.compile(
    r"The range specified, (\d{1,5})-(\d{1,5}), conflicts with rule (?:\w+ )?(\{.*\}) "
    r"which has (\d{1,5})-(\d{1,5})"
)
_DEFAULT_WAIT_MS: Final = 1000

_BY_CODE: Final[dict[int, type[errors.CloudError]]] = {
    400: errors.Validation,
    401: errors.Credentials,
    405: errors.Validation,
    430: errors.Validation,
    431: errors.Validation,
    432: errors.Permission,
    503: errors.Maintenance,
    511: errors.TwoFactor,
    530: errors.Internal,
    531: errors.Permission,
    532: errors.Limit,
    533: errors.Capacity,
    534: errors.RouterUnreachable,
    535: errors.Limit,
    536: errors.InUse,
}


class Refusal(msgspec.Struct, frozen=True):
    """The error object of a reply or of a failed job."""

    errorcode: int = 0
    cserrorcode: int = 0
    errortext: str = ""


class _RuleOnTheWire(msgspec.Struct, frozen=True, rename="camel"):
    id: int = 0
    network_id: int = 0
    purpose: str = ""
    state: str = ""
    uuid: str = ""


def error_of(
    refusal: Refusal, *, command: str, status: int = 0, unnamed: bool = False
) -> errors.CloudError:
    """Return the error that `refusal` means.

    `unnamed`: the reply came under the key `errorresponse`, not under the command's own, which is
    how a server answers a command that it does not know or the role lacks.
    """
    code = refusal.errorcode or status
    text = refusal.errortext.strip() or f"The server answered {command or 'it'} with error {code}"
    if code == 429 or "api limit" in text:
        return _rate_limited(text, refusal, command, status)
    if code == 537:
        return _conflict(text, refusal, command, status)
    if command == "login" and code in (401, 531):
        return errors.LoginRefused(
            text, command=command, status=status, code=code, cserrorcode=refusal.cserrorcode
        )
    kind = _BY_CODE.get(code, errors.Validation if 400 <= code < 500 else errors.Internal)
    remedy = ""
    if code == 401 and (unnamed or "does not exist, is not available" in text):
        kind = errors.Permission
        text = f"The server does not know the command {command}, or not for this user"
        remedy = "An older CloudStack may lack it. Check the version, the role and the keys."
    elif code == 530 and MASKED in text:
        kind = errors.InternalMasked
    elif code == 530 and "Can not accept new" in text:
        kind = errors.Maintenance
    elif code == 431 and command == "queryAsyncJobResult":
        kind = errors.JobUnknown
    return kind(
        text,
        command=command,
        status=status,
        code=code,
        cserrorcode=refusal.cserrorcode,
        remedy=remedy,
    )


def _rate_limited(text: str, refusal: Refusal, command: str, status: int) -> errors.RateLimited:
    found = _RETRY_AFTER.search(text)
    return errors.RateLimited(
        text,
        retry_after_ms=int(found[1]) if found else _DEFAULT_WAIT_MS,
        command=command,
        status=status,
        code=refusal.errorcode or status,
        cserrorcode=refusal.cserrorcode,
    )


def _conflict(text: str, refusal: Refusal, command: str, status: int) -> errors.Conflict:
    found = _CONFLICT.search(text)
    other: errors.OtherRule | None = None
    remedy = ""
    if found is not None:
        other = _other_rule(found[3], int(found[4]), int(found[5]))
    if other is not None:
        ports = _ports(other.start_port, other.end_port)
        remedy = (
            f"Remove or narrow the {_PURPOSE.get(other.purpose, other.purpose)} rule "
            f"{other.uuid} ({ports}), then try again. Nothing was changed."
        )
    return errors.Conflict(
        text,
        other=other,
        start_port=int(found[1]) if found else None,
        end_port=int(found[2]) if found else None,
        command=command,
        status=status,
        code=refusal.errorcode or status,
        cserrorcode=refusal.cserrorcode,
        remedy=remedy,
    )


_PURPOSE: Final = {
    "Firewall": "firewall",
    "PortForwarding": "port forwarding",
    "LoadBalancing": "load balancing",
    "StaticNat": "static NAT",
    "Vpn": "VPN",
}


def _ports(start: int, end: int) -> str:
    return f"port {start}" if start == end else f"ports {start}-{end}"


def _other_rule(wire: str, start: int, end: int) -> errors.OtherRule | None:
    try:
        rule = msgspec.json.decode(wire, type=_RuleOnTheWire, strict=False)
    except msgspec.DecodeError:
        return None  # the sentence itself is still shown
    return errors.OtherRule(
        purpose=rule.purpose,
        uuid=rule.uuid,
        id=rule.id,
        network_id=rule.network_id,
        state=rule.state,
        start_port=start,
        end_port=end,
    )
