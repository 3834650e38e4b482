"""Plays recorded exchanges to a lab and says where its answers differ.

Identifiers, times, keys and internal numbers are brought to one form first: two servers cannot
agree on those. Everything else of a reply is compared: status, envelope, error code and text, the
outcome of jobs, every field of every row.
"""

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import httpx

from tui.lab.cloud.authentication import sign
from tui.lab.lab import Lab, open_lab

CONTRACT: Final = Path(__file__).parent.parent / "recordings" / "contract"
Json = dict[str, Any]

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_NUMBER = re.compile(
    r"(\[(?:Host|DataCenter|RemoteAccessVPNServiceProvider):|\"(?:id|networkId|dataCenterId)\":"
    r"|(?:Host|id=|id=\[|ID=|ID: |zone|Id:|domain|account) ?)\d+"
)
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+0000")
_LINK_LOCAL = re.compile(r"169\.254\.(?!0\.1\b)\d+\.\d+")
_ROUTER = re.compile(r"r-\d+-VM")

UNSTABLE: Final = frozenset(
    # What lies in the nature of another server: identifiers, keys, times, counters, hardware.
    [
        "presharedkey",
        "sessionkey",
        "apikey",
        "linklocalip",
        "linklocalmacaddress",
        "publicmacaddress",
        "macaddress",
        "guestmacaddress",
        "hostname",
        "hostid",
        "hostcontrolstate",
        "receivedbytes",
        "sentbytes",
        "broadcasturi",
        "isolationuri",
        "vlan",
        "completed",
        "lastupdated",
        "created",
        "allocated",
        "jobinstanceid",
        "cpuused",
        "networkkbsread",
        "networkkbswrite",
        "diskkbsread",
        "diskkbswrite",
        "memorykbs",
        "memoryintfreekbs",
        "memorytargetkbs",
        "diskioread",
        "diskiowrite",
        "version",
        "userid",
        "instancename",
    ]
)
NOT_MADE: Final = frozenset(
    # Fields that the lab leaves out because nothing reads them.
    [
        "managementserverid",
        "managementservername",
        "readonlydetails",
        "pooltype",
        "bootmode",
        "boottype",
        "arch",
        "gputotal",
        "apikeyaccess",
        "extensionspath",
        "apilimitinterval",
        "apilimitmax",
        "instancesdisksstatsretentionenabled",
        "instancesdisksstatsretentiontime",
        "sharedfsvmmincpucount",
        "sharedfsvmminramsize",
    ]
)


def exchanges(name: str) -> list[Json]:
    """The exchanges of `NAME-….json`."""
    (path,) = CONTRACT.glob(f"{name}-*.json")
    found: list[Json] = json.loads(path.read_text("utf-8"))["exchanges"]
    return found


def plain(value: Any) -> Any:
    """A value with everything unstable replaced or left out."""
    if isinstance(value, dict):
        return {
            key: plain(inner)
            for key, inner in value.items()
            if key not in UNSTABLE and key not in NOT_MADE
        }
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    if isinstance(value, str):
        value = _LINK_LOCAL.sub("169.254.N.N", value)
        text = _ROUTER.sub("r-N-VM", _TIME.sub("TIME", _UUID.sub("UUID", value)))
        return _NUMBER.sub(lambda match: f"{match[1]}N", text)
    return value


class Bench:
    """A lab of the recorded world and the ways to talk to it."""

    def __init__(self, lab: Lab, client: httpx.AsyncClient) -> None:
        self.lab = lab
        self.client = client
        self.ids: dict[str, str] = {}
        """Recorded identifiers to those of the lab."""

    async def ask(self, actor: str, **parameters: str) -> tuple[int, Json]:
        """One signed POST; status and body."""
        who = self.lab.actors[actor]
        form = {
            "response": "json",
            "apikey": who.api_key,
            "signatureversion": "3",
            "expires": time.strftime("%Y-%m-%dT%H:%M:%S+0000", time.gmtime(time.time() + 600)),
            **parameters,
        }
        form["signature"] = sign(form, who.secret_key)
        response = await self.client.post("/client/api", data=form)
        body: Json = response.json()
        return response.status_code, body

    async def inner(self, actor: str, **parameters: str) -> Json:
        """The inner object of a reply that has to succeed."""
        status, body = await self.ask(actor, **parameters)
        assert status == 200, body
        found: Json = next(iter(body.values()))
        return found

    async def done(self, actor: str, job: str) -> Json:
        """A job's last word."""
        for _ in range(2_000):
            row = await self.inner(actor, command="queryAsyncJobResult", jobid=job)
            if row["jobstatus"] != 0:
                return row
            await asyncio.sleep(0.002)
        raise TimeoutError(job)

    async def run(self, actor: str, command: str, **parameters: str) -> Json:
        """A command and its job."""
        reply = await self.inner(actor, command=command, **parameters)
        return await self.done(actor, reply["jobid"])

    def here(self, value: str) -> str:
        """A recorded parameter with the lab's identifiers in it."""
        return ",".join(self.ids.get(part, part) for part in value.split(","))

    async def send(self, exchange: Json) -> tuple[int, Json]:
        """Send the request of an exchange as its actor."""
        request = {name: self.here(str(value)) for name, value in exchange["request"].items()}
        return await self.ask(exchange["as"], **request)

    async def differences(
        self, exchange: Json, answer: tuple[int, Json] | None = None
    ) -> list[str]:
        """Send an exchange (or take its answer) and say how the reply differs."""
        if exchange["request"].get("command") == "queryAsyncJobResult":
            return await self._job_differences(exchange)
        status, body = answer or await self.send(exchange)
        wanted = exchange["body"]
        if status != exchange["status"]:
            return [f"status {status}, recorded {exchange['status']}: {body} {wanted}"]
        self._learn(wanted, body)
        return compare(plain(wanted), plain(body))

    async def _job_differences(self, exchange: Json) -> list[str]:
        """A job that was pending in the recording may be over here: only its end is compared."""
        recorded = next(iter(exchange["body"].values()))
        status, body = await self.send(exchange)
        if status != exchange["status"]:
            return [f"status {status}, recorded {exchange['status']}: {body}"]
        if status != 200:
            return compare(plain(exchange["body"]), plain(body))
        if recorded["jobstatus"] == 0:
            return []
        row = await self.done(exchange["as"], self.here(exchange["request"]["jobid"]))
        self._learn(recorded.get("jobresult"), row.get("jobresult"))
        return compare(plain(recorded), plain(row))

    def _learn(self, recorded: Any, found: Any) -> None:
        """Pair the identifiers of two replies of the same shape."""
        if isinstance(recorded, dict) and isinstance(found, dict):
            for key, value in recorded.items():
                if key in ("id", "jobid") and isinstance(found.get(key), str):
                    self.ids[value] = found[key]
                else:
                    self._learn(value, found.get(key))
        elif isinstance(recorded, list) and isinstance(found, list):
            for left, right in zip(recorded, found, strict=False):
                self._learn(left, right)


_UNORDERED: Final = (
    (".nic", "traffictype"),
    (".service", "name"),
    (".capability", "name"),
    (".provider", "name"),
)
"""Lists in no order that says anything, and what tells their members apart."""


def _ordered(rows: list[Json], key: str) -> list[Json]:
    return sorted(rows, key=lambda row: str(row[key]))


def compare(wanted: Any, found: Any, place: str = "") -> list[str]:
    """Where two values differ, in words."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        said = [
            f"{place}.{key} is missing, recorded {wanted[key]!r:.120}"
            for key in wanted.keys() - found.keys()
        ]
        for key in sorted(wanted.keys() & found.keys()):
            said += compare(wanted[key], found[key], f"{place}.{key}")
        return said
    if isinstance(wanted, list) and isinstance(found, list):
        if len(wanted) != len(found):
            return [f"{place} has {len(found)} rows, recorded {len(wanted)}"]
        for part, key in _UNORDERED:
            if place.endswith(part):
                wanted, found = _ordered(wanted, key), _ordered(found, key)
        return [
            text
            for position, (left, right) in enumerate(zip(wanted, found, strict=True))
            for text in compare(left, right, f"{place}[{position}]")
        ]
    if wanted != found:
        return [f"{place} is {found!r:.200}, recorded {wanted!r:.200}"]
    return []


@asynccontextmanager
async def bench(folder: Path) -> AsyncIterator[Bench]:
    """A lab of the recorded world without routers, and somebody to ask it."""
    async with open_lab("contract", folder, routers=False) as lab:
        lab.cloud.pace.job, lab.cloud.pace.router = 0.004, 0.004
        transport = httpx.ASGITransport(app=lab.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://lab") as client:
            yield Bench(lab, client)
