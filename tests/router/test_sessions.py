"""Who is connected: every recorded state, and what must not be mistaken for something else."""

import asyncio
from typing import Any

import msgspec
import pytest

from tests.router.recorded import STATES, RecordedRouter, output, recording
from tui.router import commands
from tui.router.errors import CommandFailed
from tui.router.ipsec_facts import ChildSa, IkeSa, Ipsec
from tui.router.output import Output
from tui.router.session_facts import L2tpSession, L2tpTunnel, PppProcess, PppRecord
from tui.router.sessions import (
    RouterSession,
    SessionFacts,
    is_inside,
    joined,
    sessions,
    sessions_of,
)
from tui.router.survey import Answer, Survey, Unanswered
from tui.router.system_facts import VpnProcess

POOL = "10.1.2.2-10.1.2.8"


def survey_of(state: str) -> Survey:
    answers = recording(state)["answers"]
    return Survey(
        state,
        {
            name: Answer(name=name, status=each["rc"], stdout=each["stdout"], stderr=each["stderr"])
            for name, each in answers.items()
        },
    )


async def found_in(state: str, **changed: Output) -> tuple[RouterSession, ...]:
    return await sessions(RecordedRouter(state, changed), pool=POOL)


EXPECTED: dict[str, list[tuple[str, str, str, bool]]] = {
    "cleartext_session": [("alice", "ppp0", "203.0.113.77", False)],
    "deleted_daemons_left": [("alice", "ppp0", "203.0.113.77", False)],
    "forward_off": [
        ("alice", "ppp0", "203.0.113.77", False),
        ("bob", "ppp1", "203.0.113.99", False),
    ],
    "fresh": [],
    "ghost_user": [
        ("alice", "ppp0", "203.0.113.77", False),
        ("bob", "ppp1", "203.0.113.99", False),
    ],
    "ipsec_stopped": [("alice", "ppp0", "", True)],
    "one_session": [("alice", "ppp0", "203.0.113.77", False)],
    "orphan_pppd": [("alice", "ppp0", "", True), ("alice", "ppp1", "203.0.113.77", False)],
    "range_not_loaded": [("alice", "ppp0", "203.0.113.77", False)],
    "rebooted": [],
    "two_sessions": [
        ("alice", "ppp0", "203.0.113.77", False),
        ("bob", "ppp1", "203.0.113.99", False),
    ],
    "vpn_idle": [],
    "xl2tpd_killed": [("alice", "ppp0", "", True)],
}


@pytest.mark.parametrize("state", STATES)
async def test_sessions_of_every_state(state: str) -> None:
    found = await found_in(state)
    assert [(s.user, s.interface, s.client_ip, s.is_orphan) for s in found] == EXPECTED[state]
    assert {s.user for s in found if s.without_ipsec} == (
        {"alice"} if state == "cleartext_session" else set()
    )
    assert not any(s.duplicate_of or s.outside_pool for s in found)
    assert sessions_of(survey_of(state), pool=POOL) == found


async def test_a_session_is_told_whole() -> None:
    alice, bob = await found_in("two_sessions")
    assert bob == RouterSession(
        "bob",
        "10.1.2.3",
        "203.0.113.99",
        "ppp1",
        2569,
        False,
        client_port=1701,
        identity="192.168.77.11",
        tunnel=12106,
        session=45029,
        since=1795405991.0,
        bytes_in=1250,
        bytes_out=1232,
        mtu=1280,
        ike_proposal="AES_CBC_256/HMAC_SHA1_96/PRF_HMAC_SHA1/MODP_2048",
        esp_proposal="AES_CBC_256/HMAC_SHA1_96",
        in_udp=True,
    )
    assert bob.is_behind_nat and not alice.is_behind_nat and not alice.in_udp
    assert alice.since == 1795405944.0 and alice.bytes_in == 2090


async def test_a_charon_that_does_not_answer_leaves_open_what_it_alone_knows() -> None:
    class Hung(RecordedRouter):
        async def run(self, command: Any) -> Any:
            if command is commands.IPSEC_STATUSALL:
                await asyncio.sleep(3600)
            if command is commands.IP_LINK_PPP:
                raise CommandFailed(command.name, 1, "no")
            return await super().run(command)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tui.router.sessions.CHARON_SECONDS", 0.01)
        alice, bob = await sessions(Hung("two_sessions"))
    assert (alice.client_ip, bob.client_ip) == ("203.0.113.77", "203.0.113.99")
    assert not alice.without_ipsec and alice.bytes_in is None and alice.esp_proposal == ""
    assert alice.since is not None


async def test_nobody_connected_asks_for_nothing_more() -> None:
    router = RecordedRouter("vpn_idle")
    assert await sessions(router) == ()
    assert set(router.asked) == {"tdbdump", "pgrep_pppd", "l2tp_session", "l2tp_tunnel"}


@pytest.mark.parametrize("name", ["tdbdump", "pgrep_pppd", "l2tp_session", "l2tp_tunnel"])
def test_without_one_of_four_facts_nothing_is_known(name: str) -> None:
    survey = survey_of("two_sessions")
    del survey.answers[name]
    unknown = sessions_of(survey)
    assert isinstance(unknown, Unanswered) and unknown.name == name


def test_the_rest_may_be_missing() -> None:
    survey = survey_of("two_sessions")
    for name in ("ipsec_statusall", "ip_link_ppp", "ps_vpn", "date"):
        del survey.answers[name]
    found = sessions_of(survey)
    assert not isinstance(found, Unanswered)
    assert [(s.user, s.since, s.without_ipsec) for s in found] == [
        ("alice", None, False),
        ("bob", None, False),
    ]


def pppd(number: int, user: str, inner: str = "10.1.2.2") -> tuple[PppRecord, PppProcess]:
    """A login on ppp`number`, with tunnel and session of the same number."""
    record = PppRecord(100 + number, f"ppp{number}", user, "10.1.2.1", inner)
    return record, PppProcess(100 + number, number, number, inner)


def facts_of(
    *logins: tuple[PppRecord, PppProcess],
    ports: dict[int, int] | None = None,
    remote: str = "198.51.100.7",
    **more: Any,
) -> SessionFacts:
    numbers = [process.tunnel for _, process in logins]
    return SessionFacts(
        records=tuple(record for record, _ in logins),
        processes=tuple(process for _, process in logins),
        live=tuple(L2tpSession(number, number) for number in numbers),
        tunnels=tuple(L2tpTunnel(n, remote, (ports or {}).get(n, 1701)) for n in numbers),
        **more,
    )


def association(number: int, port: int = 1701, state: str = "INSTALLED") -> ChildSa:
    return ChildSa(
        number, state, True, 0, 0, "198.51.100.7", remote_port=port, proposal=f"P{number}",
        ike=number,
    )  # fmt: skip


def charon(*children: ChildSa) -> Ipsec:
    associations = tuple(
        IkeSa(each.number, "ESTABLISHED", "", "203.0.113.10", each.remote, f"10.0.0.{each.number}")
        for each in children
    )
    return Ipsec(True, (), associations, children)


def test_the_same_user_twice_is_marked_from_the_second_on() -> None:
    facts = facts_of(pppd(0, "bob"), pppd(1, "bob", "10.1.2.3"), pppd(2, "bobby", "10.1.2.4"))
    assert [(s.user, s.duplicate_of) for s in joined(facts)] == [
        ("bob", 0),
        ("bob", 100),
        ("bobby", 0),
    ]


def test_what_is_left_over_makes_no_duplicate() -> None:
    facts = facts_of(pppd(0, "bob"), pppd(1, "bob"))
    facts = msgspec.structs.replace(facts, live=(L2tpSession(1, 1),))
    assert [(s.is_orphan, s.duplicate_of) for s in joined(facts)] == [(True, 0), (False, 0)]


def test_clients_behind_one_nat_are_told_apart_by_their_port() -> None:
    facts = facts_of(
        pppd(0, "alice"),
        pppd(1, "bob", "10.1.2.3"),
        ports={0: 40001, 1: 40002},
        ipsec=charon(association(7, 40002), association(8, 40001)),
    )
    assert [(s.user, s.identity) for s in joined(facts)] == [
        ("alice", "10.0.0.8"),
        ("bob", "10.0.0.7"),
    ]


def test_clients_with_the_same_port_are_told_apart_by_their_order() -> None:
    facts = facts_of(
        pppd(0, "alice"),
        pppd(1, "bob", "10.1.2.3"),
        ipsec=charon(association(7), association(8)),
    )
    assert [s.esp_proposal for s in joined(facts)] == ["P7", "P8"]


def test_one_association_serves_two_sessions_of_a_client() -> None:
    facts = facts_of(pppd(0, "a"), pppd(1, "b"), ipsec=charon(association(7)))
    assert not any(s.without_ipsec for s in joined(facts))


@pytest.mark.parametrize(
    "ipsec",
    [
        Ipsec(running=False),
        charon(),
        charon(association(7, state="DELETING")),
        charon(msgspec.structs.replace(association(7), connection="vpn-198.51.100.7")),
        charon(msgspec.structs.replace(association(7), remote="198.51.100.70")),
    ],
)
def test_a_session_without_an_association_is_in_the_clear(ipsec: Ipsec) -> None:
    assert [s.without_ipsec for s in joined(facts_of(pppd(0, "bob"), ipsec=ipsec))] == [True]


def test_ten_interfaces_are_in_their_order() -> None:
    found = joined(facts_of(*(pppd(n, f"u{n}", f"10.1.2.{n + 2}") for n in (10, 2, 0))))
    assert [s.interface for s in found] == ["ppp0", "ppp2", "ppp10"]


def test_a_client_that_chose_its_own_address_is_marked() -> None:
    facts = facts_of(pppd(0, "alice"), pppd(1, "bob", "10.1.2.200"))
    assert [s.outside_pool for s in joined(facts, pool=POOL)] == [False, True]
    assert not any(s.outside_pool for s in joined(facts))


@pytest.mark.parametrize(
    ("address", "pool", "inside"),
    [
        ("10.1.2.2", POOL, True),
        ("10.1.2.8", POOL, True),
        ("10.1.2.9", POOL, False),
        ("10.1.2.9", "10.1.2.9", True),
        ("10.1.2.9", "a-b", True),
        ("", POOL, True),
    ],
)
def test_addresses_of_a_range(address: str, pool: str, inside: bool) -> None:
    assert is_inside(address, pool) is inside


def test_a_start_in_words_of_another_zone_is_not_believed() -> None:
    process = VpnProcess(100, 1, 1_000_000.0, 60, 0, 1, "/usr/sbin/pppd")
    utc = facts_of(pppd(0, "bob"), started=(process,), clock=1_000_061.0)
    assert joined(utc)[0].since == 1_000_000.0
    other = facts_of(pppd(0, "bob"), started=(process,), clock=1_007_260.0)
    assert joined(other)[0].since == 1_007_200.0


async def test_a_record_whose_pppd_was_killed_is_nobody() -> None:
    found = await found_in("two_sessions", pgrep_pppd=Output(1, b""))
    assert found == ()
    one = output("two_sessions", "pgrep_pppd").stdout.splitlines(keepends=True)[1]
    assert [s.user for s in await found_in("two_sessions", pgrep_pppd=Output(0, one))] == ["bob"]
