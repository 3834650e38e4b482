"""Programs that were not written for the lab: `cs` from PyPI, and CloudMonkey's way to ask.

CloudMonkey itself is a Go program; what it reads of `listApis`, how it signs and how it waits for
a job is done here as its sources do it (config/cache.go, cmd/network.go).
"""

import base64
import hashlib
import hmac
import json
import signal
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest
from cs import CloudStack, CloudStackApiException

Json = dict[str, Any]
SERVE: Final = (
    "import asyncio; from tui.lab.serve import serve; "
    "asyncio.run(serve('contract', speed=4, routers=False))"
)
SOURCE_NAT: Final = "eaccad93-3905-4e5f-a722-2f1eaed33ef2"


@contextmanager
def served() -> Iterator[Json]:
    """A lab in a process of its own, as `csvpn lab serve` runs it; ended by SIGTERM."""
    with subprocess.Popen([sys.executable, "-c", SERVE], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        try:
            line = process.stdout.readline()
            assert line, "the lab did not start"
            yield json.loads(line)
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 0


@pytest.fixture(scope="module")
def lab() -> Iterator[Json]:
    with served() as announced:
        yield announced


def test_announcement(lab: Json) -> None:
    assert lab["api"].startswith("http://127.0.0.1:")
    assert {"root", "domain-admin", "user", "other-user"} <= set(lab["actors"])
    assert set(lab["actors"]["user"]) >= {"apikey", "secretkey"}
    assert lab["routers"] == []


@pytest.mark.parametrize("method", ["get", "post"])
def test_cs(lab: Json, method: str) -> None:
    keys = lab["actors"]["user"]
    cloud = CloudStack(
        endpoint=lab["api"],
        key=keys["apikey"],
        secret=keys["secretkey"],
        method=method,
        poll_interval=0.05,
    )
    names = {row["name"] for row in cloud.listNetworks(fetch_list=True)}
    assert {"acme-prod", "acme-vpc-web"} <= names
    made = cloud.createRemoteAccessVpn(publicipid=SOURCE_NAT, fetch_result=True)
    assert made["remoteaccessvpn"]["state"] == "Running"
    rules = cloud.listFirewallRules(ipaddressid=SOURCE_NAT)["firewallrule"]
    assert sorted(rule["startport"] for rule in rules) == [500, 1701, 4500]
    added = cloud.addVpnUser(username="alice", password="Winter+2026=", fetch_result=True)
    assert added["vpnuser"]["state"] == "Active"
    with pytest.raises(CloudStackApiException) as refused:
        cloud.addVpnUser(username="alice", password="Winter2026x")
    assert refused.value.error["errorcode"] == 431
    tag = {"key": "csvpn.owner", "value": "ops & co"}
    cloud.createTags(
        resourceids=SOURCE_NAT, resourcetype="PublicIpAddress", tags=[tag], fetch_result=True
    )
    (address,) = cloud.listPublicIpAddresses(id=SOURCE_NAT)["publicipaddress"]
    assert address["tags"] == [tag]
    cloud.deleteTags(resourceids=SOURCE_NAT, resourcetype="PublicIpAddress", fetch_result=True)
    assert cloud.removeVpnUser(username="alice", fetch_result=True)["success"]
    assert cloud.deleteRemoteAccessVpn(publicipid=SOURCE_NAT, fetch_result=True)["success"]


class CloudMonkey:
    """How CloudMonkey asks: GET, `apiKey`, RFC 3339 expiry, SHA-512 tried before SHA-1."""

    def __init__(self, lab: Json, actor: str) -> None:
        self.url, self.keys = lab["api"], lab["actors"][actor]
        self.digest = "sha1"
        self.cache: Json = {}

    def request(self, command: str, *arguments: str, digest: str = "") -> Json:
        expires = datetime.now(UTC) + timedelta(minutes=15)
        form = {
            "command": command,
            **dict(argument.split("=", 1) for argument in arguments),
            "response": "json",
            "signatureversion": "3",
            "expires": expires.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "apiKey": self.keys["apikey"],
        }
        text = "&".join(
            f"{name}={urllib.parse.quote(value, safe='*~')}" for name, value in sorted(form.items())
        )
        mac = hmac.new(
            self.keys["secretkey"].encode(), text.lower().encode(), digest or self.digest
        )
        signature = urllib.parse.quote(base64.b64encode(mac.digest()), safe="")
        try:
            address = f"{self.url}?{text}&signature={signature}"
            with urllib.request.urlopen(address) as reply:  # noqa: S310  on loopback
                body = json.load(reply)
        except urllib.error.HTTPError as error:
            with error:
                body = json.load(error)
        (inner,) = (value for key, value in body.items() if key.endswith("response"))
        assert isinstance(inner, dict)
        return inner

    def sync(self) -> int:
        """`UpdateCache`: a field of another type would end the Go program."""
        reply = self.request("listApis", "listall=true")
        for api in reply["api"]:
            assert isinstance(api["isasync"], bool)
            assert isinstance(api["description"], str)
            verb = api["name"][: next(i for i, c in enumerate(api["name"]) if not c.islower())]
            for argument in api["params"]:
                assert isinstance(argument["required"], bool)
                for key in ("name", "type", "description"):
                    assert isinstance(argument[key], str)
                assert isinstance(argument.get("related", ""), str)
            assert all(isinstance(row, dict) for row in api["response"])
            required = {a["name"] for a in api["params"] if a["required"]}
            self.cache[f"{verb} {api['name'][len(verb) :].lower()}"] = (api, required)
        count = reply["count"]
        assert isinstance(count, int)
        return count

    def run(self, words: str, *arguments: str) -> Json:
        """`cmk WORDS ARGUMENT…` with `asyncblock`, its default."""
        api, required = self.cache[words]
        assert required <= {argument.partition("=")[0] for argument in arguments}
        reply = self.request(api["name"], *arguments)
        if not api["isasync"] or "jobid" not in reply:
            return reply
        for _ in range(400):
            job = self.request("queryAsyncJobResult", f"jobid={reply['jobid']}")
            if job["jobstatus"] != 0:
                result: Json = job["jobresult"]
                return result
        raise TimeoutError(words)


def test_cloudmonkey(lab: Json) -> None:
    monkey = CloudMonkey(lab, "user")
    probe = monkey.request("listApis", "listall=true", digest=hashlib.sha512().name)
    assert probe["errorcode"] == 401, "4.22 knows SHA-1 only; CloudMonkey then falls back to it"
    assert monkey.sync() > 50
    listed = monkey.run("list networks", "keyword=acme-prod")
    assert [row["name"] for row in listed["network"]] == ["acme-prod"]
    api, required = monkey.cache["create remoteaccessvpn"]
    assert required == {"publicipid"}
    # For completion it lists the objects of an argument by the `list` API among its related ones.
    (address,) = [a for a in api["params"] if a["name"] == "publicipid"]
    assert "listPublicIpAddresses" in address["related"].split(",")
    made = monkey.run("create remoteaccessvpn", f"publicipid={SOURCE_NAT}")
    assert made["remoteaccessvpn"]["state"] == "Running"
    again = monkey.run("create remoteaccessvpn", f"publicipid={SOURCE_NAT}")
    assert again["errorcode"] == 431
    assert monkey.run("delete remoteaccessvpn", f"publicipid={SOURCE_NAT}")["success"]
