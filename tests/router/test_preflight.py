"""What a router says before it gets a VPN, from the recorded states."""

import pytest

from tests.router.recorded import RecordedRouter, output
from tui.router.output import Output
from tui.router.preflight import look
from tui.vpn.preflight_facts import Disk, Memory, Unasked

RECORDED_AT = float(output("fresh", "date").text)


async def test_a_router_that_never_had_a_vpn() -> None:
    said = await look(RecordedRouter("fresh"), lambda: RECORDED_AT - 3)
    assert said.forwards is True
    assert said.addresses == ("10.1.1.1", "169.254.77.42", "203.0.113.10")
    assert said.clock_ahead == pytest.approx(3, abs=0.001)
    assert said.disks == (Disk("/", 6249086976, 4970184704),), "those in memory are left out"
    assert said.memory == Memory(2060406784, 1805201408)
    assert (said.daemons, said.has_key, said.range, said.logins) == ((), False, "", ())


@pytest.mark.parametrize(
    ("state", "daemons", "has_key", "pool", "logins"),
    [
        ("vpn_idle", ("charon", "xl2tpd"), True, "10.1.2.2-10.1.2.8", ("alice", "bob")),
        ("deleted_daemons_left", ("charon", "xl2tpd"), True, "", ("alice", "bob")),
        ("rebooted", (), True, "", ("alice", "bob")),
        ("xl2tpd_killed", ("charon",), True, "10.1.2.2-10.1.2.8", ("alice", "bob")),
        ("ipsec_stopped", ("xl2tpd",), True, "10.1.2.2-10.1.2.8", ("alice", "bob")),
    ],
)
async def test_what_earlier_vpns_leave(
    state: str, daemons: tuple[str, ...], has_key: bool, pool: str, logins: tuple[str, ...]
) -> None:
    said = await look(RecordedRouter(state), lambda: 0.0)
    assert (said.daemons, said.has_key, said.range, said.logins) == (
        daemons,
        has_key,
        pool,
        logins,
    )


async def test_forwarding_that_is_off() -> None:
    assert (await look(RecordedRouter("forward_off"), lambda: 0.0)).forwards is False


async def test_a_command_that_fails_leaves_its_own_fact_open() -> None:
    broken = {
        "ip_addr": Output(1, b"", b"no such thing"),
        "sysctl": Output(0, b"net.core.rmem_max = 1\n"),
        "pgrep_charon": Output(2, b"", b"broken"),
    }
    said = await look(RecordedRouter("fresh", broken), lambda: RECORDED_AT)
    assert isinstance(said.addresses, Unasked) and "no such thing" in said.addresses.why
    assert isinstance(said.forwards, Unasked) and "not named" in said.forwards.why
    assert isinstance(said.daemons, Unasked)
    assert said.has_key is False and said.clock_ahead == pytest.approx(0)


async def test_every_command_is_asked_once() -> None:
    router = RecordedRouter("fresh")
    await look(router, lambda: 0.0)
    assert len(router.asked) == len(set(router.asked)) == 10
    assert router.asked[-1] == "date", "alone, so that only the way there and back blurs it"
