"""`cloud.json`: what the API said, with parts missing."""

import hashlib
import json

import pytest

from tests.diagnose.surveys import cloud_answers, cloud_of
from tui.diagnose.cloud_json import read_cloud
from tui.diagnose.cloud_side import CloudSide

KEY = "a-lab-key-of-nobody"


def read(answers: object) -> CloudSide:
    return read_cloud(json.dumps(answers).encode())


def test_the_recorded_answers_are_read() -> None:
    told = cloud_of("two_sessions")
    assert told.has_vpn
    assert told.public_ip == "203.0.113.10"
    assert told.pool == "10.1.2.2-10.1.2.8"
    assert told.users == ("alice", "bob")
    assert told.guest_cidr == "10.1.1.0/24"
    assert told.router == "r-42-VM"
    assert told.rules is not None
    assert [rule.first for rule in told.rules] == [500, 1701, 4500]
    assert told.psk_sha256 == ""


def test_what_is_there_and_empty_is_none_and_what_lacks_is_not_known() -> None:
    none = cloud_of("fresh")
    assert not none.has_vpn
    assert none.users == ()
    assert none.rules == ()
    nothing = read({})
    assert nothing.users is None
    assert nothing.rules is None
    assert not nothing.has_vpn


def test_an_error_is_not_an_empty_list() -> None:
    answers = cloud_answers("two_sessions")
    answers["listvpnusersresponse"] = {"errorcode": 401, "errortext": "no"}
    assert read(answers).users is None


@pytest.mark.parametrize("name", ["presharedkey", "psksha256", "presharedkeysha256"])
def test_a_key_is_kept_as_its_digest(name: str) -> None:
    digest = hashlib.sha256(KEY.encode()).hexdigest()
    answers = cloud_answers("two_sessions")
    vpn = answers["listremoteaccessvpnsresponse"]["remoteaccessvpn"][0]
    vpn[name] = KEY if name == "presharedkey" else digest.upper()
    assert read(answers).psk_sha256 == digest
    vpn[name] = f"sha256:{digest}"
    assert read(answers).psk_sha256 == digest
    vpn[name] = "<redacted>"
    assert read(answers).psk_sha256 == ""


def test_states_of_users_are_told_apart() -> None:
    answers = cloud_answers("two_sessions")
    users = answers["listvpnusersresponse"]["vpnuser"]
    users[0]["state"], users[1]["state"] = "Add", "Revoke"
    told = read(answers)
    assert told.users == ()
    assert told.adding == ("alice",)


def test_a_rule_without_ports_is_for_all_and_those_of_other_addresses_are_left_out() -> None:
    answers = cloud_answers("two_sessions")
    answers["listfirewallrulesresponse"]["firewallrule"] = [
        {"protocol": "all", "cidrlist": "", "ipaddress": "203.0.113.10"},
        {"protocol": "udp", "startport": 500, "endport": 500, "ipaddress": "203.0.113.11"},
    ]
    rules = read(answers).rules
    assert rules is not None
    assert [(rule.first, rule.last) for rule in rules] == [(1, 65535)]


def test_names_of_answers_may_be_written_otherwise() -> None:
    answers = {name.upper(): answer for name, answer in cloud_answers("two_sessions").items()}
    assert read(answers).has_vpn


@pytest.mark.parametrize("raw", [b"", b"[]", b"{", b"\xff\xfe"])
def test_what_is_no_table_is_refused(raw: bytes) -> None:
    with pytest.raises(ValueError, match=r"cloud\.json"):
        read_cloud(raw)
