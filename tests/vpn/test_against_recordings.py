"""The rules against what a real management server answered, exchange by exchange."""

import json
from pathlib import Path
from typing import Any, Final

import pytest

from tui.vpn.cidrs import parse_sources
from tui.vpn.findings import Finding, errors
from tui.vpn.overlaps import Kind, Neighbour, check_range
from tui.vpn.ports import Forwarding, IngressRule, conflicts
from tui.vpn.ranges import from_api, parse_range
from tui.vpn.users import check_limit, check_name, check_password, check_taken

CONTRACT: Final = Path(__file__).parent.parent / "recordings" / "contract"
ACME_PROD: Final = Neighbour(Kind.OWN_NETWORK, "acme-prod", "10.10.1.0/24")


def exchanges(name: str, command: str) -> list[tuple[int, dict[str, str], int, str]]:
    """(position, request, status, error text or "") of each call of `command`."""
    recording = json.loads((CONTRACT / name).read_text())
    return [
        (position, one["request"], one["status"], _error_text(one["body"]))
        for position, one in enumerate(recording["exchanges"])
        if one["request"]["command"] == command
    ]


def _error_text(body: dict[str, Any]) -> str:
    (inner,) = body.values()
    return str(inner.get("errortext", ""))


RANGES: Final = [
    (request["iprange"], text)
    for _, request, _, text in exchanges("06-enable-vpn.json", "createRemoteAccessVpn")
    if "iprange" in request
]
USERS: Final = exchanges("08-vpn-users.json", "addVpnUser")
RULES: Final = exchanges("09-firewall.json", "createFirewallRule")


@pytest.mark.parametrize(("typed", "refusal"), RANGES)
def test_ranges(typed: str, refusal: str) -> None:
    check = check_range(typed, [ACME_PROD])
    server_says = [finding.server_says for finding in check.findings if finding.server_says]
    assert server_says == ([refusal] if refusal else [])
    if not refusal:
        assert check.range is not None


def test_ranges_as_the_server_answered_them() -> None:
    recording = json.loads((CONTRACT / "06-enable-vpn.json").read_text())
    asked: str | None = None
    compared = 0
    for one in recording["exchanges"]:
        if one["request"]["command"] == "createRemoteAccessVpn":
            asked = one["request"].get("iprange", "10.1.2.1-10.1.2.8")
        answer = one["body"].get("queryasyncjobresultresponse", {}).get("jobresult", {})
        if asked and "remoteaccessvpn" in answer:
            assert from_api(answer["remoteaccessvpn"]["iprange"]) == parse_range(asked)
            assert parse_range(asked).pool == answer["remoteaccessvpn"]["iprange"]
            compared += 1
            asked = None
    assert compared >= 6


@pytest.mark.parametrize(("position", "request_", "status", "text"), USERS)
def test_names_and_passwords(
    position: int, request_: dict[str, str], status: int, text: str
) -> None:
    findings = [check_name(request_["username"]), check_password(request_["password"])]
    expected = next((one.server_says for one in findings if one), "")
    by_form = text.startswith(("Username [", "Password has", "Invalid value provided"))
    assert expected == (text if by_form else ""), position
    assert bool(expected) == (status == 431 and "already added" not in text)


def test_the_other_refusals_of_users() -> None:
    texts = {text.split(" for account")[0] for _, _, _, text in USERS}
    limits = {text.split(" to Account")[0] for _, _, status, text in USERS if status == 532}
    taken = check_taken("alice", ["alice"])
    full = check_limit(8)
    assert taken is not None
    assert full is not None
    assert taken.server_says.split(" for account")[0] in texts
    assert {full.server_says.split(" to Account")[0]} == limits


@pytest.mark.parametrize(
    ("position", "request_", "status", "text"), [one for one in RULES if "cidrlist" in one[1]]
)
def test_sources(position: int, request_: dict[str, str], status: int, text: str) -> None:
    findings: tuple[Finding, ...] = errors(parse_sources(request_["cidrlist"]).findings)
    refused = {finding.server_says for finding in findings if finding.server_says}
    assert refused == ({text} if text.startswith("Source CIDRs") else set()), position
    if findings and not refused:
        assert findings[0].code == "cidr-ipv6"


def test_conflicts() -> None:
    """Recording 07, in its order: a narrow rule, a wide one, port forwarding."""
    enabled = [
        (status, text)
        for _, request, status, text in exchanges("07-port-conflicts.json", "createRemoteAccessVpn")
        if request.get("openfirewall") != "false"
    ]
    narrow = IngressRule("narrow", "udp", 500, 500, ("198.51.100.0/24",))
    wide = IngressRule("wide", "udp", 1, 65535, ("0.0.0.0/0",))
    taken = Forwarding("pf", "udp", 4500, 4500, "web-1")
    foreseen = [conflicts([narrow]), conflicts([wide]), conflicts([], [taken]), conflicts([])]
    assert [bool(found) for found in foreseen] == [status == 537 for status, _ in enabled]
    for found, (_, text) in zip(foreseen, enabled, strict=True):
        if found:
            beginning, end = found[0].finding.server_says.split("…")
            assert text.startswith(beginning)
            assert text.endswith(end)
