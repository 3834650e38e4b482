"""The command log and the line for CloudMonkey."""

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.cloud.calls import as_cloudmonkey, is_read, masked
from tui.cloud.endpoint import Endpoint, Login, Parameter, wire_parameters
from tui.cloud.permissions import USED_COMMANDS
from tui.safety.secret import MASK, Secret
from tui.settings.model import Profile

plain = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=30)


def test_the_line_is_what_a_person_would_type() -> None:
    parameters: dict[str, Parameter] = {
        "publicipid": "eaccad93-3905-4e5f-a722-2f1eaed33ef2",
        "iprange": "10.1.2.1-10.1.2.8",
        "openfirewall": True,
        "account": None,
        "customjobid": "0504a483-2425-49f4-833f-07ea2ba1dff5",
    }
    assert as_cloudmonkey("createRemoteAccessVpn", parameters) == (
        "cmk create remoteaccessvpn publicipid=eaccad93-3905-4e5f-a722-2f1eaed33ef2 "
        "iprange=10.1.2.1-10.1.2.8 openfirewall=true"
    )
    assert as_cloudmonkey("listVPCs", {}) == "cmk list vpcs"


@pytest.mark.parametrize("value", [Secret("Winter2026x"), "Winter2026x"])
def test_a_password_is_never_in_the_line_or_the_log(value: Parameter) -> None:
    parameters: dict[str, Parameter] = {"username": "alice", "password": value}
    line = as_cloudmonkey("addVpnUser", parameters)
    assert line == "cmk add vpnuser username=alice password='<password>'"
    assert masked(parameters) == {"username": "alice", "password": MASK}


def test_a_secret_is_masked_under_any_name() -> None:
    assert masked({"anything": Secret("Winter2026x")}) == {"anything": MASK}
    assert "Winter" not in as_cloudmonkey("x", {"anything": Secret("Winter2026x")})


@given(st.dictionaries(st.sampled_from(["name", "displaytext", "reason"]), plain))
def test_a_shell_gives_every_value_back(values: dict[str, str]) -> None:
    words = shlex.split(as_cloudmonkey("createNetworkACL", values))
    assert words[:3] == ["cmk", "create", "networkacl"]
    assert words[3:] == [f"{name}={value}" for name, value in values.items()]


def test_lists_and_tags() -> None:
    parameters: dict[str, Parameter] = {
        "cidrlist": ["192.0.2.0/24", "198.51.100.0/24"],
        "tags": [{"key": "csvpn.note", "value": "by hand"}],
        "resourceids": (),
    }
    assert wire_parameters(parameters) == {
        "cidrlist": "192.0.2.0/24,198.51.100.0/24",
        "tags[0].key": "csvpn.note",
        "tags[0].value": "by hand",
        "resourceids": "",
    }
    line = as_cloudmonkey("createTags", parameters)
    assert "'tags[0].value'='by hand'" in line


def test_parameters_on_the_wire() -> None:
    assert wire_parameters(
        {"a": True, "b": False, "c": 12, "d": None, "e": Secret("s"), "f": "x y"}
    ) == {"a": "true", "b": "false", "c": "12", "e": "s", "f": "x y"}


def test_reads_and_changes() -> None:
    for command in ("listNetworks", "getUser", "queryAsyncJobResult", "listApis"):
        assert is_read(command)
    for command in (
        "createRemoteAccessVpn",
        "listen",
        "getUploadParamsForVolume",
        "updateConfiguration",
        "list",
        "delistNetworks",
        "listNetworks&command=deleteNetwork",
        "",
    ):
        assert not is_read(command)
    assert sum(not is_read(command) for command in USED_COMMANDS) == 11


@pytest.mark.parametrize(
    ("domain", "wire"),
    [
        ("/", ""),
        ("", ""),
        ("ROOT", ""),
        ("/ROOT/", ""),
        ("/customers", "/customers"),
        ("customers", "/customers"),
        ("ROOT/customers/acme", "/customers/acme"),
        (" /customers/ ", "/customers"),
        ("rooted", "/rooted"),
    ],
)
def test_domains_with_and_without_the_slash(domain: str, wire: str) -> None:
    assert Login("u", Secret("p"), domain).wire_domain == wire


def test_an_endpoint_of_a_profile() -> None:
    profile = Profile(name="prod", url="https://c/client/api", ca_file="/ca.pem", max_calls=2)
    endpoint = Endpoint.of_profile(profile, read_only=True)
    assert endpoint == Endpoint(
        url="https://c/client/api", ca_file="/ca.pem", max_calls=2, read_only=True
    )
