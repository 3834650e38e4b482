"""The lab against the recordings: every exchange, in order, has to be answered the same way."""

import asyncio
import json
import random
from collections.abc import Callable
from itertools import groupby
from pathlib import Path
from typing import Final

import pytest

from tests.lab.preparations import PREPARATIONS
from tests.lab.replaying import CONTRACT, Bench, Json, bench, compare, exchanges, plain

HISTORY = "lists the events of everything that the recorded server had done before"
EXCEPTIONS: Final[dict[tuple[str, int], tuple[str, str]]] = {
    # What cannot agree: where, why, and which part of the reply may differ.
    ("06", 21): (HISTORY, ".listeventsresponse"),
    ("10", 5): (HISTORY, ".listeventsresponse"),
    ("18", 20): ("the real server picks a guest address at random", ".jobresult.virtualmachine"),
    ("14", 7): ("a pair elects its primary in its own time", ".jobresult.router.redundantstate"),
    ("14", 12): ("a pair elects its primary in its own time", ".listroutersresponse.router"),
    ("14", 15): ("a pair elects its primary in its own time", ".jobresult.router.redundantstate"),
}
ALONE: Final = ("03", "05", "06", "07", "08", "09", "10", "11", "14", "15", "16", "18")


def unexplained(name: str, position: int, differences: list[str]) -> list[str]:
    """The differences that no exception covers."""
    _, place = EXCEPTIONS.get((name, position), ("", "nowhere"))
    return [
        f"{name} exchange {position}: {text}" for text in differences if not text.startswith(place)
    ]


async def prepare(bench: Bench, name: str, position: int) -> None:
    for preparation in PREPARATIONS.get(name, {}).get(position, ()):
        await preparation(bench)


@pytest.mark.parametrize("name", ALONE)
async def test_recording(name: str, tmp_path: Path) -> None:
    wrong: list[str] = []
    async with bench(tmp_path) as lab:
        for position, exchange in enumerate(exchanges(name)):
            await prepare(lab, name, position)
            wrong += unexplained(name, position, await lab.differences(exchange))
    assert not wrong, "\n".join(wrong[:20])


async def test_exceptions_are_needed(tmp_path: Path) -> None:
    """An exception that covers nothing hides what will go wrong later."""
    for name in sorted({name for name, _ in EXCEPTIONS}):
        async with bench(tmp_path) as lab:
            for position, exchange in enumerate(exchanges(name)):
                await prepare(lab, name, position)
                differences = await lab.differences(exchange)
                assert bool(differences) == ((name, position) in EXCEPTIONS), (name, position)


async def at_once(lab: Bench, group: list[Json]) -> list[str]:
    """Send what was sent at the same moment together, then look at the jobs."""
    calls = [x for x in group if x["request"]["command"] != "queryAsyncJobResult"]
    answers = await asyncio.gather(*(lab.send(call) for call in calls))
    wrong: list[str] = []
    for call, answer in zip(calls, answers, strict=True):
        wrong += await lab.differences(call, answer)
    for job in group:
        if job["request"]["command"] == "queryAsyncJobResult":
            wrong += await lab.differences(job)
    return wrong


async def test_two_admins_at_once(tmp_path: Path) -> None:
    """19: exchanges with the same note were sent at the same moment."""
    wrong: list[str] = []
    async with bench(tmp_path) as lab:
        # Long enough for the second call to meet the first one half-way.
        lab.lab.cloud.pace.job, lab.lab.cloud.pace.router = 0.03, 0.03
        lab.lab.cloud.pace.transaction = 0.03
        numbered = enumerate(exchanges("19"))
        for note, group in groupby(numbered, key=_moment(exchanges("19"))):
            members = list(group)
            await prepare(lab, "19", members[0][0])
            if note is None:
                for position, exchange in members:
                    differences = await lab.differences(exchange)
                    wrong += unexplained("19", position, differences)
            else:
                differences = await at_once(lab, [exchange for _, exchange in members])
                wrong += unexplained("19", members[0][0], differences)
    assert not wrong, "\n".join(wrong[:20])


def _moment(all_of_them: list[Json]) -> Callable[[tuple[int, Json]], str | None]:
    """The note of the moment that an exchange belongs to; a job belongs to the call before it."""
    moments: list[str | None] = []
    for exchange in all_of_them:
        asks_job = exchange["request"]["command"] == "queryAsyncJobResult"
        moments.append(moments[-1] if asks_job else exchange.get("note"))
    return lambda numbered: moments[numbered[0]]


def refused_fields(reply: Json | None) -> Json:
    reply = reply or {}
    keys = ("status", "errorcode", "errortext", "jobstatus", "joberror")
    return {key: reply.get(key) for key in keys}


class Walk:
    """Plays a recorded walk: the state machine as it is."""

    NETWORK: Final = "52bc3fa6-1249-4f07-8aea-4c9e7a6f049c"
    VPC: Final = "cc7c048d-0561-4d5f-9a5c-091184ee2ec5"
    ON: Final = {
        "isolated": "eaccad93-3905-4e5f-a722-2f1eaed33ef2",
        "vpc": "ad9e9af0-cbff-4ec1-b1a1-69baf777ead1",
    }

    def __init__(self, lab: Bench) -> None:
        self.lab = lab

    async def router(self, on: str) -> Json:
        place = {"networkid": self.NETWORK} if on == "isolated" else {"vpcid": self.VPC}
        found = await self.lab.inner("root", command="listRouters", listall="true", **place)
        row: Json = found["router"][0]
        return row

    async def attempt(self, command: str, **parameters: object) -> Json:
        form = {name: str(value) for name, value in parameters.items()}
        status, body = await self.lab.ask("user", command=command, **form)
        inner = next(iter(body.values()))
        reply: Json = {key: inner.get(key) for key in ("errorcode", "errortext")}
        reply["status"] = status
        if status == 200 and "jobid" in inner:
            row = await self.lab.done("user", inner["jobid"])
            result = row.get("jobresult") or {}
            reply["jobstatus"] = row["jobstatus"]
            if "errorcode" in result:
                reply["joberror"] = [result["errorcode"], result["errortext"]]
        return reply

    async def step(self, step: Json) -> Json | None:
        arguments, operation = step.get("args") or {}, step["op"]
        address = self.ON.get(step.get("on", ""), "")
        if operation == "enable":
            return await self.attempt("createRemoteAccessVpn", publicipid=address, **arguments)
        if operation == "disable":
            return await self.attempt("deleteRemoteAccessVpn", publicipid=address)
        if operation == "add":
            return await self.attempt("addVpnUser", **arguments)
        if operation == "remove":
            return await self.attempt("removeVpnUser", **arguments)
        if operation == "fw":
            return await self.attempt("createFirewallRule", ipaddressid=address, **arguments)
        if operation == "delfw":
            return await self._delete_rule(arguments)
        zone = self.lab.lab.world.zone.id
        if operation == "router":
            for command in ("RemoteAccessVpnCfgCommand", "VpnUsersCfgCommand"):
                await self._simulate(command, zone, "enabled:true", "0")
            await self._simulate("SetFirewallRulesCommand", zone, "enabled:true", "0")
            await self.lab.run("root", step["args"], id=(await self.router(step["on"]))["id"])
        else:
            await self._simulate(step["args"], zone, "result:fail", "1")
        return None

    async def _simulate(self, name: str, zone: str, value: str, count: str) -> None:
        await self.lab.inner(
            "root", command="configureSimulator", name=name, zoneid=zone, value=value, count=count
        )

    async def _delete_rule(self, arguments: Json) -> Json:
        keys = ("protocol", "startport", "endport", "cidrlist")
        listed = await self.lab.inner(
            "user", command="listFirewallRules", ipaddressid=self.ON["isolated"]
        )
        for row in listed.get("firewallrule", []):
            if all(str(row.get(key)) == str(arguments[key]) for key in keys):
                return await self.attempt("deleteFirewallRule", id=row["id"])
        return {"status": "rule not there"}

    async def after(self) -> Json:
        ask = self.lab.inner
        vpns = (await ask("user", command="listRemoteAccessVpns", listall="true")).get(
            "remoteaccessvpn", []
        )
        users = (await ask("user", command="listVpnUsers")).get("vpnuser", [])
        rules = (
            await ask("user", command="listFirewallRules", ipaddressid=self.ON["isolated"])
        ).get("firewallrule", [])
        keys = ("protocol", "startport", "endport", "cidrlist", "state")
        places = {address: on for on, address in self.ON.items()}
        return {
            "vpns": sorted([places[v["publicipid"]], v["iprange"], v["state"]] for v in vpns),
            "users": sorted([u["username"], u["state"]] for u in users),
            "rules": sorted(([r.get(key) for key in keys] for r in rules), key=str),
        }


async def test_walk(tmp_path: Path) -> None:
    """walk-11: 98 random steps, the reply of each and what the lists say after it."""
    steps = json.loads((CONTRACT / "walk-11.json").read_text("utf-8"))["steps"]
    wrong: list[str] = []
    async with bench(tmp_path) as lab:
        walk = Walk(lab)
        for position, step in enumerate(steps):
            reply = await walk.step(step)
            after = {key: sorted(rows, key=str) for key, rows in step["after"].items()}
            differences = compare(
                after, {k: sorted(v, key=str) for k, v in (await walk.after()).items()}
            )
            if reply is not None:
                differences += compare(
                    plain(refused_fields(step["reply"])), plain(refused_fields(reply))
                )
            wrong += [f"step {position} {step['op']}: {text}" for text in differences]
    assert len(steps) == 98
    assert not wrong, "\n".join(wrong[:20])


USERS: Final = ("alice", "bob", "carol", "dave", "erin", "frank", "grace", "heidi", "ivan", "judy")
RANGES: Final = ("10.3.0.1-10.3.0.20", "10.10.1.40-10.10.1.60", "10.20.1.5-10.20.1.9")
COMMANDS: Final = ("RemoteAccessVpnCfgCommand", "VpnUsersCfgCommand", "SetFirewallRulesCommand")


def random_step(chance: random.Random) -> Json:
    """A step of the kind that the recorded walk is made of."""
    operation = chance.choice(
        ["enable", "disable", "add", "add", "remove", "fw", "delfw", "router", "refuse"]
    )
    step: Json = {"op": operation, "on": chance.choice(["isolated", "vpc"]), "args": {}}
    if operation == "enable":
        more: list[Json] = [{}, {"openfirewall": "false"}, {"iprange": chance.choice(RANGES)}]
        step["args"] = chance.choice(more)
    elif operation in ("add", "remove"):
        step["args"] = {"username": chance.choice(USERS)}
        if operation == "add":
            step["args"]["password"] = chance.choice(["abc", "Winter2026x", "bad pass"])
    elif operation in ("fw", "delfw"):
        port = chance.choice([22, 500, 1701, 4500])
        source = chance.choice(["0.0.0.0/0", "198.51.100.0/24"])
        step["args"] = {"protocol": "udp", "startport": port, "endport": port, "cidrlist": source}
    elif operation == "router":
        step["args"] = chance.choice(["startRouter", "stopRouter", "rebootRouter"])
    else:
        step["args"] = chance.choice(COMMANDS) if operation == "refuse" else {}
    return step


@pytest.mark.parametrize("seed", range(3))
async def test_walks_that_nobody_recorded(seed: int, tmp_path: Path) -> None:
    """Whatever one does, the lab answers as CloudStack: no fault of its own, and what is listed
    as running reached the router."""
    chance = random.Random(seed)
    async with bench(tmp_path) as lab:
        lab.lab.cloud.pace.job = lab.lab.cloud.pace.router = lab.lab.cloud.pace.transaction = 0
        walk = Walk(lab)
        for _ in range(150):
            step = random_step(chance)
            reply = await walk.step(step) or {}
            texts = [reply.get("errortext") or "", str(reply.get("joberror") or "")]
            assert not any("lab:" in text or "Error: " in text for text in texts), (step, reply)
            after = await walk.after()
            assert len(after["users"]) <= 8
            for on, pool, state in after["vpns"]:
                assert state == "Running"
                place = "acme-prod" if on == "isolated" else "acme-vpc"
                states = lab.lab.cloud.routers.states.values()
                (router,) = [s for s in states if s.network == place]
                if router.running:
                    assert router.vpn is not None and router.vpn.pool == pool, step
