"""The files for Linux, read by the programs that they are for, where Debian has them here.

NetworkManager (`nmcli --offline`), strongSwan's starter (which reads ipsec.conf before it starts a
daemon; it is given /bin/true for one), xl2tpd (which reads its file before it listens), pppd
(`dryrun`), and sh. No tunnel is set up. The keys of the plugin NetworkManager-l2tp and
ipsec.secrets are compared with their source and manual only: nothing reads them without a daemon.
"""

import base64
import os
import re
import select
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.vpn.kits.settings import HOSTILE, NAMES, OPEN, PLAIN, hostile, run, text_of, tool, values
from tui.vpn.kits import linux
from tui.vpn.kits.choices import ASKED, LEFT_OUT
from tui.vpn.kits.escaping import ipsec_secret, ppp_word
from tui.vpn.kits.settings import KitSettings

quickly = settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])

one_at_a_time = pytest.mark.xdist_group("strongswan starter")
"""A second starter would see that one is running."""

PLUGIN_KEYS: Final = {
    "gateway", "user", "user-auth-type", "password-flags", "ipsec-enabled", "machine-auth-type",
    "ipsec-psk-flags", "ipsec-ike", "ipsec-esp", "mtu", "mru", "refuse-pap", "refuse-chap",
    "refuse-mschap", "refuse-eap",
}  # fmt: skip
"""From nm-l2tp-service.c: what we use of its `valid_properties`."""


def unescaped(value: str) -> str:
    """A value of a keyfile as GKeyFile reads it."""
    signs = {"s": " ", "n": "\n", "t": "\t", "r": "\r", "\\": "\\"}
    return re.sub(r"\\(.)", lambda found: signs[found.group(1)], value)


def sections(keyfile: str) -> dict[str, dict[str, str]]:
    """What NetworkManager has written, which is plain by then."""
    found: dict[str, dict[str, str]] = {}
    here: dict[str, str] = {}
    for line in keyfile.split("\n"):
        if line.startswith("[") and line.endswith("]"):
            found[line[1:-1]] = here = {}
        elif "=" in line:
            name, _, value = line.partition("=")
            here[name] = unescaped(value)
    return found


def through_nmcli(keyfile: str) -> dict[str, dict[str, str]]:
    """A keyfile read and written again by NetworkManager."""
    changed = run(
        tool("nmcli"), "--offline", "connection", "modify", "connection.zone", "", given=keyfile
    )
    return sections(changed.stdout)


@quickly
@given(values, values, values, st.sampled_from(NAMES))
def test_networkmanager_reads_the_file(user: str, key: str, password: str, network: str) -> None:
    given_settings = hostile(user, key, password, network)
    read = through_nmcli(linux.connection_file(given_settings))
    assert read["connection"]["id"] == given_settings.label
    assert read["vpn"]["service-type"] == "org.freedesktop.NetworkManager.l2tp"
    assert read["vpn"]["user"] == user
    assert read["vpn-secrets"]["ipsec-psk"] == key
    assert read["vpn-secrets"]["password"] == password
    assert read["ipv4"]["never-default"] == "true"
    assert read["ipv4"]["route1"].split(",")[0] == "10.1.1.0/24"
    assert read["ipv4"]["dns-search"] == "cs1cloud.internal;"


def test_secrets_that_are_not_shown_are_asked_for() -> None:
    read = through_nmcli(linux.connection_file(PLAIN))
    assert "vpn-secrets" not in read
    assert (read["vpn"]["password-flags"], read["vpn"]["ipsec-psk-flags"]) == ("1", "1")
    left_out = msgspec.structs.replace(PLAIN, key_place=LEFT_OUT, password_place=LEFT_OUT)
    read = through_nmcli(linux.connection_file(left_out))
    assert (read["vpn"]["password-flags"], read["vpn"]["ipsec-psk-flags"]) == ("2", "2")
    assert set(linux.vpn_items(OPEN)) == PLUGIN_KEYS
    nobody = msgspec.structs.replace(OPEN, user_place=ASKED)
    assert set(linux.vpn_items(nobody)) == PLUGIN_KEYS - {"user"}


@quickly
@given(st.sampled_from(HOSTILE), st.sampled_from(NAMES))
def test_the_commands_make_the_same_connection(tmp_path: Path, user: str, network: str) -> None:
    """Run by a real shell, with an `nmcli` before the real one that works without the daemon."""
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir(exist_ok=True)
    stub = bin_folder / "nmcli"
    stub.write_text(
        f'#!/bin/sh\n[ "$1" = --ask ] || exec {tool("nmcli")} --offline "$@"\n'
        f'for word; do printf "<%s>" "$word"; done > {tmp_path}/up\n'
    )
    stub.chmod(0o755)
    chosen = hostile(user, "the key", "the password", network)
    script = linux.nmcli_script(chosen)
    assert "the key" not in script and "the password" not in script
    done = subprocess.run(
        ["/bin/sh", "-c", script],
        capture_output=True, encoding="utf-8", check=True, timeout=30,
        env={"PATH": f"{bin_folder}:/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
    )  # fmt: skip
    read = sections(done.stdout)
    assert read["connection"]["id"] == chosen.label
    assert read["vpn"]["user"] == user
    same = {"service-type", *PLUGIN_KEYS} - {"user", "password-flags", "ipsec-psk-flags"}
    in_the_file = through_nmcli(linux.connection_file(chosen))
    assert {k: read["vpn"][k] for k in same} == {k: in_the_file["vpn"][k] for k in same}
    assert read["ipv4"] == in_the_file["ipv4"]
    assert (tmp_path / "up").read_text() == f"<--ask><connection><up><{chosen.label}>"


def starter_says(config: str, folder: Path) -> list[str]:
    """What strongSwan's starter says about ipsec.conf, until it would start the daemon."""
    starter = Path("/usr/lib/ipsec/starter")
    if not starter.exists() or os.geteuid() != 0:
        pytest.skip("strongswan-starter is not installed, or this is not root")
    path = folder / "ipsec.conf"
    path.write_text(config)
    command = [str(starter), "--nofork", "--debug-all", "--daemon", "../../../bin/true"]
    return output_until(
        [*command, "--conf", str(path)], lambda line: "Attempting to start" in line, "starter"
    )


def output_until(command: list[str], ends: Callable[[str], bool], what: str) -> list[str]:
    """The lines of a program up to one, after which the program is ended."""
    lines: list[str] = []
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL
    ) as process:
        assert process.stdout is not None
        descriptor = process.stdout.fileno()
        pending = b""
        until = time.monotonic() + 20
        try:
            while time.monotonic() < until:
                if not select.select([descriptor], [], [], 0.5)[0]:
                    continue
                piece = os.read(descriptor, 65536)
                if not piece:
                    return lines
                *whole, pending = (pending + piece).split(b"\n")
                lines += [line.decode() for line in whole]
                if any(ends(line) for line in lines):
                    return lines
        finally:
            process.kill()
    raise AssertionError(f"{what} never came so far: {lines}")


@one_at_a_time
def test_strongswan_loads_the_connection(tmp_path: Path) -> None:
    said = starter_says("config setup\n\n" + linux.ipsec_conf(PLAIN), tmp_path)
    assert "Loading conn 'acme-prod'" in said
    assert not any("error" in line or "unknown" in line for line in said), said
    assert "  keyexchange=ikev1" in said and "  right=203.0.113.10" in said
    broken = linux.ipsec_conf(PLAIN).replace("rightprotoport", "rightprotport")
    said = starter_says("config setup\n\n" + broken, tmp_path)
    assert any("unknown keyword 'rightprotport'" in line for line in said)


@one_at_a_time
def test_strongswan_loads_it_for_any_network(tmp_path: Path) -> None:
    chosen = [msgspec.structs.replace(PLAIN, network=network) for network in NAMES]
    by_label = {each.label: linux.ipsec_conf(each) for each in chosen}
    said = starter_says("config setup\n\n" + "\n".join(by_label.values()), tmp_path)
    assert sum(line.startswith("Loading conn '") for line in said) == len(by_label)
    assert not any("error" in line for line in said), said


def xl2tpd_says(config: str, folder: Path) -> list[str]:
    """What xl2tpd says about its file, until it would serve."""
    path = folder / "xl2tpd.conf"
    path.write_text(config)
    command = [tool("xl2tpd"), "-D", "-c", str(path)]
    command += ["-p", str(folder / "pid"), "-C", str(folder / "control")]
    ends = ("Listening on", "Unable to", "not load")
    return output_until(command, lambda line: any(end in line for end in ends), "xl2tpd")


def test_xl2tpd_loads_its_file(tmp_path: Path) -> None:
    said = "\n".join(xl2tpd_says(linux.xl2tpd_conf(PLAIN), tmp_path))
    assert "parse_config" not in said and "load config" not in said, said
    said = "\n".join(xl2tpd_says(linux.xl2tpd_conf(PLAIN) + "max-connections = 3\n", tmp_path))
    assert "Unknown field 'max-connections'" in said


def pppd_says(options: str, folder: Path) -> tuple[int, str]:
    """How pppd ends with these options, without a line to speak over, and what it says."""
    path = folder / "options"
    path.write_text(options)
    pppd = tool("pppd")
    if not os.access(pppd, os.X_OK):
        pytest.skip("pppd may not be run by this user")
    done = run(pppd, "dryrun", "notty", "file", path, ok=False)
    return done.returncode, done.stdout + done.stderr


UNDERSTOOD: Final = (0, 4)
"""pppd's exit codes for: fine, and: the kernel has no PPP. Options are read before that."""


@pytest.mark.parametrize("chosen", [PLAIN, msgspec.structs.replace(PLAIN, split=False)])
def test_pppd_understands_its_options(chosen: KitSettings, tmp_path: Path) -> None:
    code, said = pppd_says(linux.ppp_options(chosen), tmp_path)
    assert code in UNDERSTOOD and "unrecognized" not in said, said
    code, said = pppd_says(linux.ppp_options(chosen) + "bogus\n", tmp_path)
    assert code == 2 and "unrecognized option 'bogus'" in said


@quickly
@given(values)
def test_pppd_reads_a_word_as_it_was_meant(tmp_path: Path, value: str) -> None:
    """The reader of words is the same for options and for secrets; that of a file that is not there
    is repeated by pppd."""
    _, said = pppd_says(f"file {ppp_word(value)}\n", tmp_path)
    if not value.startswith("/"):
        assert f"Can't open options file {value}:" in said


@quickly
@given(values, values)
def test_secrets_are_one_line_each(user: str, password: str) -> None:
    chosen = hostile(user, "key", password)
    assert linux.chap_secrets(chosen) == f"{ppp_word(user)} * {ppp_word(password)} *\n"
    assert linux.ppp_options(chosen).splitlines()[-1] == f"name {ppp_word(user)}"


@given(values)
def test_the_key_for_strongswan_is_plain_or_base64(key: str) -> None:
    spelled = ipsec_secret(key)
    if spelled.startswith("0s"):
        assert base64.b64decode(spelled[2:]).decode() == key
    else:
        assert spelled == f'"{key}"' and re.fullmatch(r"[\w.@%+=:,/-]+", key)


def test_lines_without_a_secret_are_comments() -> None:
    assert linux.ipsec_secrets(PLAIN).startswith("# ")
    assert linux.chap_secrets(PLAIN).startswith("# ")
    assert linux.ipsec_secrets(OPEN) == '%any 203.0.113.10 : PSK "kHjhsd76KJHkjhsdUU34kjhs"\n'
    named = {each.name: each.secrets for each in linux.artefacts(OPEN)}
    assert named["linux/acme-prod.nmconnection"] == ("key", "password")
    assert named["linux/ipsec.secrets"] == ("key",)
    assert named["linux/chap-secrets"] == ("password",)
    assert named["linux/nmcli.sh"] == ()


def test_routes_come_with_this_connection_only(tmp_path: Path) -> None:
    script = text_of(linux.artefacts(PLAIN), "linux/ip-up")
    stub = script.replace("ip route", "echo ip route")
    for name, routes in (("other", ""), ("acme-prod", "ip route replace 10.1.1.0/24 dev ppp7\n")):
        done = subprocess.run(
            ["/bin/sh", "-c", stub],
            capture_output=True, encoding="utf-8", check=True, timeout=30,
            env={"PATH": "/usr/bin:/bin", "PPP_IPPARAM": name, "PPP_IFACE": "ppp7"},
        )  # fmt: skip
        assert done.stdout == routes
    everything = linux.artefacts(msgspec.structs.replace(PLAIN, split=False))
    assert not any(each.name == "linux/ip-up" for each in everything)
