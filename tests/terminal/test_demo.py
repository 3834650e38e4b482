"""The demo as a person drives it, in a real terminal: keys go in, a picture comes out."""

import re

import pytest

from tests.hostile import DANGEROUS
from tests.terminal.conftest import Demo
from tests.terminal.glass import CTRL_Q, CTRL_U, END, ENTER, ESCAPE, HOME, TAB, Glass
from tests.terminal.sequences import left_behind, leftover

pytestmark = pytest.mark.terminal

SECRETS_HIDDEN = "••••••••"


def enable_acme_prod(glass: Glass) -> None:
    """From the networks to an enabled VPN with two new users."""
    glass.see("acme-prod", "20 of 20")
    glass.press("/acme-prod", ENTER)
    glass.see("▸ acme-prod", "1 of 20", without="acme-lab")
    assert "– off" in glass.line_with("▸ acme-prod")
    glass.press("e")
    glass.see("Client range", "Before anything is sent", "checks are fine")
    glass.press(TAB, TAB, "alice", ENTER, ENTER)
    glass.see("already has a VPN user alice", "Client range")
    glass.press(CTRL_U, "nora omar")
    glass.see("nora omar", "5 of 8 used by acme")
    glass.press(ENTER, ENTER)
    glass.see("✔ The VPN is enabled", "203.0.113.10", "nora", "omar")


def leave(glass: Glass, demo: Demo) -> None:
    """Quit as people do; the terminal is as it was, and nothing else was written to it."""
    glass.press(CTRL_Q)
    assert glass.finish() == 0
    output = glass.output.decode()
    assert left_behind(output) == []
    assert glass.is_cooked
    found = DANGEROUS.search(leftover(output))
    assert found is None, repr(found)
    assert not demo.leaves_files


def test_from_the_start_to_an_enabled_vpn_and_somebody_who_connects(demo: Demo) -> None:
    with demo.start("--speed", "4") as glass:
        enable_acme_prod(glass)
        assert glass.text.count(SECRETS_HIDDEN) == 3
        glass.press(END)
        glass.see("r-42-VM: IKE listens on UDP", "L2TP listens", "pre-shared key matches")
        glass.press(HOME)
        glass.see("✔ The VPN is enabled", "✔ The router confirms it")

        glass.press(ESCAPE)
        glass.see("Leave without the passwords?", "nora, omar")
        glass.press(ESCAPE)
        glass.see("p show secrets", without="Leave without")
        glass.press("p")
        glass.see("Pre-shared key", without=SECRETS_HIDDEN)
        password = re.search(r"nora +(\S+)", glass.text)
        assert password is not None and len(password[1]) >= 12
        glass.press(ESCAPE)
        glass.see("▸ acme-prod", "1 of 20")
        assert "✔ running" in glass.line_with("▸ acme-prod")
        assert password[1] not in glass.text

        glass.press("5")
        glass.see("203.0.113.10", "IKE (UDP 500)", "NAT-T (UDP 4500)", "L2TP (UDP 1701)")
        assert "closed" not in glass.text

        glass.press("6")
        glass.see("r-42-VM", "following")
        glass.press("/nora", ENTER)
        glass.see("pppd[", "rcvd [CHAP Response", without=" 0 of")
        glass.press("w")
        glass.see('name = "nora"')
        leave(glass, demo)


def test_ports_that_are_closed_are_opened_from_the_firewall(demo: Demo) -> None:
    with demo.start("--speed", "4") as glass:
        glass.see("acme-lab")
        glass.press("/acme-lab", ENTER)
        glass.see("▸ acme-lab", "1 of 20")
        glass.press("f")
        glass.see("203.0.113.16", "NAT-T (UDP 4500) is closed", "L2TP (UDP 1701) is closed")
        glass.press("o")
        glass.see("Open the VPN ports of 203.0.113.16", "startport=4500")
        glass.press(TAB, ENTER)
        glass.see("✔ NAT-T (UDP 4500) from anywhere", "✔ L2TP (UDP 1701) from anywhere")
        assert "closed" not in glass.text
        leave(glass, demo)


def test_on_a_large_screen_details_stand_beside_the_rows(demo: Demo) -> None:
    with demo.start("--speed", "4", columns=160, rows=48) as glass:
        enable_acme_prod(glass)
        glass.press("p")
        glass.see("Pre-shared key", without=SECRETS_HIDDEN)
        glass.press(ESCAPE)
        glass.see("▸ acme-prod", "10.1.1.0/24", "Source NAT")
        leave(glass, demo)


def test_no_size_breaks_it(demo: Demo) -> None:
    with demo.start() as glass:
        glass.see("acme-prod", "20 of 20")
        glass.press("/prod", ENTER)
        glass.see("▸ acme-prod", "1 of 20")
        for columns, rows in ((40, 10), (160, 48), (20, 5), (80, 24)):
            glass.resize(columns, rows)
            if columns >= 40:
                glass.see("acme-prod", "1 of 20")
        glass.press("e")
        glass.see("Client range", "checks are fine")
        for columns, rows in ((40, 10), (200, 60), (80, 24)):
            glass.resize(columns, rows)
            glass.see("Before anything is sent")
        glass.see("checks are fine")
        glass.press(ESCAPE)
        glass.see("1 of 20")
        for key, words in (("2", "ADDRESS"), ("3", "STATE"), ("4", "USER"), ("6", "r-47-VM")):
            glass.resize(40, 10)
            glass.press(key)
            glass.see(words)
            glass.resize(80, 24)
            glass.see(words)
        leave(glass, demo)


def test_a_demo_to_look_at_changes_nothing(demo: Demo) -> None:
    with demo.start("--read-only") as glass:
        glass.see("READ-ONLY", "acme-prod")
        glass.press("/acme-prod", ENTER)
        glass.see("1 of 20")
        glass.press("e")
        glass.see("Enable is not possible")
        leave(glass, demo)
