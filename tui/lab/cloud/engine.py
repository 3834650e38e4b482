"""The lab's management server: takes a call, checks it in the server's order, answers it."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Mapping

from tui.lab.cloud import binding
from tui.lab.cloud.audit import Audit
from tui.lab.cloud.authentication import BAD_SIGNATURE, Authentication, Session
from tui.lab.cloud.call import Body, Call, Caller, Deferred, Handler, Rows
from tui.lab.cloud.catalogue import Catalogue, Command, catalogue
from tui.lab.cloud.commands import HANDLERS
from tui.lab.cloud.errors import MASKED, Refusal, unverified
from tui.lab.cloud.jobs import Jobs
from tui.lab.cloud.provisioning import Provisioning
from tui.lab.cloud.scope import page_of
from tui.lab.cloud.simulator import Simulator
from tui.lab.cloud.world import World

SECOND_FACTOR = "validateUserTwoFactorAuthenticationCode"
PARALLEL_LISTS = 3
"""How many expensive lists the server really works on at once (contract/README.md, Cost)."""


class Pace:
    """How long things take, in seconds. `speed` divides the life-like times; 0 means at once."""

    def __init__(self, *, job: float, router: float, transaction: float, network: float) -> None:
        self.job = job
        """What a job takes beside the work on routers."""
        self.router = router
        """What a router takes for one command."""
        self.transaction = transaction
        """How long a create command holds its database transaction: the window of a race."""
        self.network = network
        """What `listNetworks` takes per network."""


class Cloud:
    """One lab cloud: world, jobs, sessions, routers."""

    def __init__(self, world: World, pace: Pace) -> None:
        self.world = world
        self.pace = pace
        self.catalogue: Catalogue = catalogue()
        self.authentication = Authentication(world)
        self.jobs = Jobs(lambda: self.pace.job)
        self.simulator = Simulator()
        self.audit = Audit(world)
        self.routers = Provisioning(world, self.simulator, lambda: self.pace.router)
        self._expensive = asyncio.Semaphore(PARALLEL_LISTS)

    async def aclose(self) -> None:
        """End all running jobs."""
        await self.jobs.aclose()

    async def answer(
        self, parameters: Mapping[str, str], session: Session | None, cookies: Mapping[str, str]
    ) -> tuple[str, Body]:
        """Name of the envelope and inner object of the reply. Raises `Refusal`.

        Order of the checks: credentials, the command's existence, role, signature, parameters.
        """
        name = parameters.get("command")
        binding.refuse_control_characters(parameters)
        if session is not None:
            caller = self.authentication.caller_of_session(session, cookies, parameters)
        else:
            caller = self.authentication.known_by_key(parameters)
        if name is None:
            raise unverified(BAD_SIGNATURE, envelope="null")
        command = self.catalogue.commands.get(name)
        if command is None:
            raise unverified(BAD_SIGNATURE, envelope="errorresponse")
        if not self.catalogue.allows(command, caller.account, caller.role):
            raise Refusal(
                432,
                f"The API [{name}] does not exist or is not available for the account for user "
                f"id [{uuid.uuid4()}].",
                envelope="errorresponse",
            )
        if session is None:
            self.authentication.check_signature(caller, parameters)
        try:
            return f"{name.lower()}response", await self._carry_out(command, caller, parameters)
        except Refusal as refusal:
            if refusal.status in (530, 534) and not caller.is_root and not refusal.plain:
                raise Refusal(refusal.status, MASKED, refusal.code) from refusal
            raise

    async def _carry_out(
        self, command: Command, caller: Caller, parameters: Mapping[str, str]
    ) -> Body:
        lower = {name.lower(): value for name, value in parameters.items()}
        things = binding.bind(command, lower, self.world)
        call = Call(self, caller, command, lower, things)
        handler: Handler = HANDLERS[command.name]
        page = page_of(call) if any(p.name == "pagesize" for p in command.parameters) else (0, None)
        outcome = await handler(call)
        if isinstance(outcome, Rows):
            return await self._page(call, outcome, *page)
        if isinstance(outcome, Deferred):
            return self._defer(call, outcome)
        return outcome

    async def _page(self, call: Call, rows: Rows, first: int, size: int | None) -> Body:
        total = len(rows.things)
        body: Body = {"count": total, **rows.extra} if total else dict(rows.extra)
        if call.boolean("retrieveonlyresourcecount"):
            return {"count": total}
        shown = rows.things[first:] if size is None else rows.things[first : first + size]
        if rows.cost and shown:
            async with self._expensive:
                await asyncio.sleep(rows.cost * len(shown))
        if shown:
            body[rows.key] = [rows.draw(thing) for thing in shown]
        return body

    def _defer(self, call: Call, deferred: Deferred) -> Body:
        job_id = self.jobs.check_id(call.optional("customjobid"))
        follow = self.audit.follow(call, deferred.trail, deferred.account)

        async def work() -> Body:
            with follow:
                result = await deferred.work()
            for row in result.values():
                # Routers and VMs name their latest job, which at that moment still runs.
                if isinstance(row, dict) and deferred.instance and "nic" in row:
                    row |= {"jobid": job_id, "jobstatus": 0}
            return result

        self.jobs.submit(
            job_id,
            call.caller,
            _java_class(call.command),
            work,
            instance=deferred.instance,
            queue=deferred.queue,
        )
        body: Body = {"jobid": job_id}
        if deferred.object_id:
            body = {"id": deferred.object_id, **body}
        return body


def _java_class(command: Command) -> str:
    prefix = "" if command.java_class.startswith("com.") else "org.apache.cloudstack.api.command."
    return prefix + command.java_class


def error_body(refusal: Refusal, command: str | None) -> tuple[str, Body]:
    """Envelope and inner object of a refused call (recording 01)."""
    envelope = refusal.envelope or (f"{command.lower()}response" if command else "null")
    body: Body = {"uuidList": [], "errorcode": refusal.status}
    if refusal.code is not None:
        body["cserrorcode"] = refusal.code
    body["errortext"] = refusal.text
    return envelope, body
