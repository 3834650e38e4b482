"""A server whose pages arrive when a test says so."""

import asyncio
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

import httpx

from tui.cloud.endpoint import Keys
from tui.safety.secret import Secret
from tui.session.session import Session
from tui.settings.model import Profile

Row = dict[str, Any]
Rows = list[Row]
Form = dict[str, str]
KEYS = {
    "listNetworks": "network",
    "listVPCs": "vpc",
    "listPublicIpAddresses": "publicipaddress",
    "listRemoteAccessVpns": "remoteaccessvpn",
    "listVpnUsers": "vpnuser",
    "listRouters": "router",
    "listZones": "zone",
    "listUsers": "user",
    "listProjects": "project",
    "listHosts": "host",
    "listFirewallRules": "firewallrule",
    "listPortForwardingRules": "portforwardingrule",
    "listVpnCustomerGateways": "vpncustomergateway",
    "listVpnConnections": "vpnconnection",
}


class HeldCloud:
    """Lists that can be held back: `hold` a command, then `let_go` one page after the other."""

    def __init__(self) -> None:
        self.rows: dict[str, Rows] = {}
        self.of_projects: dict[str, Rows] = {}
        """What is shown only with `projectid=-1`."""
        self.fails: dict[str, httpx.Response | Exception] = {}
        self.asked: list[tuple[str, Form]] = []
        self.held: dict[str, asyncio.Queue[None]] = {}

    def hold(self, command: str) -> Callable[[], None]:
        """Answer nothing to `command` but one call each time that what is returned is called."""
        queue: asyncio.Queue[None] = asyncio.Queue()
        self.held[command] = queue
        return lambda: queue.put_nowait(None)

    def questions(self, command: str) -> list[Form]:
        """The parameters of every call of `command`."""
        return [form for asked, form in self.asked if asked == command]

    def session(self, **profile: Any) -> Session:
        """A session on this cloud, with two rows to a page."""
        fields: dict[str, Any] = {
            "name": "prod",
            "url": "http://cloud.test/client/api",
            "page_size": 2,
        }
        return Session(
            Profile(**(fields | profile)),
            Keys("api-key-of-a-test", Secret("secret-key-of-a-test")),
            transport=httpx.MockTransport(self._handle),
        )

    async def _handle(self, request: httpx.Request) -> httpx.Response:
        form = dict(parse_qsl(request.content.decode(), keep_blank_values=True))
        command = form["command"]
        self.asked.append((command, form))
        if command in self.held:
            await self.held[command].get()
        failure = self.fails.get(command)
        if isinstance(failure, Exception):
            raise failure
        if failure is not None:
            return failure
        of_projects = form.get("projectid") == "-1"
        rows = (self.of_projects if of_projects else self.rows).get(command, [])
        size, page = int(form.get("pagesize", 500)), int(form.get("page", 1))
        shown = rows[(page - 1) * size : page * size]
        inner: dict[str, Any] = {"count": len(rows), KEYS.get(command, "x"): shown} if shown else {}
        return httpx.Response(200, json={f"{command.lower()}response": inner})


def refusal(code: int, text: str) -> httpx.Response:
    """A refused call."""
    body = {"errorcode": code, "errortext": text, "uuidList": [], "cserrorcode": 4350}
    return httpx.Response(code, content=json.dumps({"errorresponse": body}).encode())


async def turns(reached: Callable[[], bool]) -> None:
    """Let other tasks run until `reached`; a test that is right never comes near the limit."""
    for _ in range(2000):
        if reached():
            return
        await asyncio.sleep(0.005)
    raise AssertionError("not reached")
