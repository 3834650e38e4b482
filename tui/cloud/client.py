"""The client: one cloud, one identity. Nothing here imports httpx until the first call."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Final, TypeVar

import msgspec

from tui.cloud.authentication import Authentication, Dressed, KeySigning, SessionLogin
from tui.cloud.calls import GIVEN_UP, Call, is_read, masked
from tui.cloud.clock import Clock, ServerTime, clock_words
from tui.cloud.endpoint import Endpoint, Identity, Keys, Parameter, wire_parameters
from tui.cloud.errors import (
    CloudError,
    Credentials,
    Network,
    NotCloudStack,
    OutcomeUnknown,
    ReadOnly,
    SessionExpired,
)
from tui.cloud.jobs import (
    LOST_REPLY_PATIENCE,
    check_job_id,
    find_lost,
    new_job_id,
    wait_for_job,
)
from tui.cloud.lanes import Lanes
from tui.cloud.listings import APIS, Listing
from tui.cloud.models.jobs import Job, Submitted
from tui.cloud.models.servers import Api
from tui.cloud.pages import Page
from tui.cloud.permissions import Permissions
from tui.cloud.reading import ListReader, Told
from tui.cloud.replies import JobTicket, inner_object
from tui.cloud.retries import Retries, is_overload, pause_of
from tui.cloud.wire import decode

if TYPE_CHECKING:
    import httpx

    from tui.cloud.exchange import Exchange, Reply

T = TypeVar("T")

_LEAVING: Final = 2.0
"""Seconds that logging out may take."""


class CloudClient:
    """Calls one CloudStack as one user.

    At most `endpoint.max_calls` exchanges run at a time. Reads are repeated when the link or the
    server falters, changes never are. Every method may be cancelled and then frees its place.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        credentials: Identity,
        *,
        transport: "httpx.AsyncBaseTransport | None" = None,
        on_call: Callable[[Call], None] | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.endpoint = endpoint
        self._clock = clock or Clock()
        self._server_time = ServerTime(self._clock)
        self._authentication: Authentication = (
            KeySigning(credentials, self._server_time)
            if isinstance(credentials, Keys)
            else SessionLogin(credentials, self._clock)
        )
        self._transport = transport
        self._on_call = on_call
        self._exchange: Exchange | None = None
        self._opening = asyncio.Lock()
        self._lanes = Lanes(endpoint.max_calls, self._clock)
        self._lists = ListReader(endpoint.page_size, endpoint.max_calls, self._lanes.learn)
        self._round_trip: float | None = None
        self.permissions = Permissions(self._api, self._clock)
        """What the role may do, remembered."""

    # -- what is known of the link -------------------------------------------------------------

    @property
    def clock_offset(self) -> float | None:
        """Seconds by which the server's clock is ahead of ours; None before the first reply."""
        return self._server_time.offset

    @property
    def round_trip(self) -> float | None:
        """Seconds from sending the last call to the head of its reply; None before the first."""
        return self._round_trip

    # -- calls ---------------------------------------------------------------------------------

    async def call(self, command: str, **parameters: Parameter) -> msgspec.Raw:
        """Call `command` and return the inner object of the reply, as JSON of harmless text.

        Reads are repeated where that can help. Raises a `CloudError`.
        """
        self._refuse_change(command)
        if not is_read(command):
            return await self._change(command, parameters)
        return (await self._ask(command, parameters)).inner

    async def single(
        self, command: str, key: str, kind: type[T], **parameters: Parameter
    ) -> T | None:
        """Call `command` and return the object under `key` of the reply; None if there is none.

        For example `single("listCapabilities", "capability", Capability)`.
        """
        members = msgspec.json.decode(
            await self.call(command, **parameters), type=dict[str, msgspec.Raw]
        )
        if key not in members:
            return None
        try:
            return decode(members[key], kind)
        except msgspec.DecodeError as error:
            raise NotCloudStack(
                f"The answer of {command} cannot be read", oddity="content", command=command
            ) from error

    def pages(
        self, listing: Listing[T], *, first: int = 0, patient: bool = False, **parameters: Parameter
    ) -> AsyncGenerator[Page[T], None]:
        """Yield the pages of a list as they arrive, up to three asked for at a time.

        The first page has `first` rows, the others more and more; without it all have as many as
        the profile says. A `patient` reading lets every other call go before its pages after the
        first.

        Leaving the loop early: wrap it in `contextlib.aclosing` so that what is under way is
        cancelled at once.
        """
        later = self._ask_patiently if patient else self._ask
        return self._lists.pages(self._ask, listing, parameters, first, later)

    async def fetch(self, listing: Listing[T], **parameters: Parameter) -> list[T]:
        """Return the whole list, in the server's order."""
        pages = [page async for page in self._lists.pages(self._ask, listing, parameters)]
        pages.sort(key=lambda page: page.number)
        return [row for page in pages for row in page.rows]

    async def submit(
        self, command: str, *, job_id: str | None = None, **parameters: Parameter
    ) -> Submitted:
        """Start an asynchronous command and return its job, without waiting for it.

        The job gets `job_id` (a lower-case UUID, or one is made), so that it can be asked for
        when the reply is lost: then it is looked for, for a minute, before `OutcomeUnknown`.
        Raises another `CloudError` where the server refuses, and `Network` with a phase before
        `send` where nothing was sent.
        """
        self._refuse_change(command)
        own = check_job_id(job_id) if job_id is not None else new_job_id()
        try:
            raw = (await self._once(command, {**parameters, "customjobid": own})).inner
        except (Network, NotCloudStack) as loss:
            if not loss.maybe_done:
                raise
            try:
                job = await find_lost(own, command, self._job_once, self._clock, loss.text)
            except OutcomeUnknown as unknown:
                raise unknown from loss
            return Submitted(job.job_id or own, recovered=True)
        ticket = decode(raw, JobTicket)
        if not ticket.jobid:
            raise ValueError(f"{command} starts no job: use call")
        return Submitted(ticket.jobid, ticket.id)

    async def job(self, job_id: str) -> Job:
        """Ask for a job of any process. Raises `JobUnknown` where the server has none."""
        raw = await self.call("queryAsyncJobResult", jobid=job_id)
        return decode(raw, Job)

    async def wait(self, job_id: str, on_poll: Callable[[Job], None] | None = None) -> Job:
        """Wait until the job has ended well and return it; `on_poll` gets every answer.

        Raises `JobFailed`, `JobCancelled`, `JobUnknown`, or `OutcomeUnknown` where the server
        stops answering for two minutes. Cancelling the wait leaves the job alone.
        """
        return await wait_for_job(job_id, self._job_once, self._clock, on_poll)

    async def recover(self, job_id: str, command: str, sent_ago: float) -> Job:
        """Find the job of a call of another run of this program, sent `sent_ago` seconds ago, of
        which nobody knows whether it arrived; returns it as it is, pending or ended.

        Raises `OutcomeUnknown`, with `job_missing` once the server has said for a minute after the
        sending that it has no such job.
        """
        left = max(0.0, LOST_REPLY_PATIENCE - sent_ago)
        loss = "csvpn ended before it came"
        return await find_lost(job_id, command, self._job_once, self._clock, loss, left)

    async def run(self, command: str, *, job_id: str | None = None, **parameters: Parameter) -> Job:
        """Start an asynchronous command and wait for it: `submit`, then `wait`."""
        submitted = await self.submit(command, job_id=job_id, **parameters)
        return await self.wait(submitted.job_id)

    async def allowed(self, command: str) -> bool:
        """Whether the role may use `command`; `permissions.allowance` says why not."""
        return (await self.permissions.allowance(command)).allowed

    async def aclose(self) -> None:
        """Log out where there is a session, and close the connections."""
        if self._exchange is None:
            return
        with suppress(CloudError, TimeoutError):
            async with asyncio.timeout(_LEAVING):
                await self._authentication.leave(self._post)
        await self._exchange.aclose()

    # -- how -----------------------------------------------------------------------------------

    async def _ask(
        self, command: str, parameters: Mapping[str, Parameter], *, urgent: bool = True
    ) -> Told:
        """A read, tried again where that can help."""
        return await Retries(self._clock).run(lambda: self._read(command, parameters, urgent))

    async def _ask_patiently(self, command: str, parameters: Mapping[str, Parameter]) -> Told:
        return await self._ask(command, parameters, urgent=False)

    def _refuse_change(self, command: str) -> None:
        if self.endpoint.read_only and not is_read(command):
            raise ReadOnly(f"{command} is refused: this is read-only", command=command)

    async def _change(self, command: str, parameters: Mapping[str, Parameter]) -> msgspec.Raw:
        """The only try of a change that has no job of ours to ask for."""
        try:
            return (await self._once(command, parameters)).inner
        except (Network, NotCloudStack) as loss:
            if not loss.maybe_done:
                raise
            raise OutcomeUnknown(
                f"{command} was sent and its reply lost ({loss.text})", job_id="", command=command
            ) from loss

    async def _api(self, command: str) -> Api | None:
        rows = await self.fetch(APIS, name=command)
        return next((api for api in rows if api.name == command), None)

    async def _job_once(self, job_id: str) -> Job:
        return decode((await self._read("queryAsyncJobResult", {"jobid": job_id})).inner, Job)

    async def _read(
        self, command: str, parameters: Mapping[str, Parameter], urgent: bool = True
    ) -> Told:
        """One try of a read, with a second where only now we know how to say who we are."""
        clock_was_known = self.clock_offset is not None
        try:
            return await self._once(command, parameters, urgent)
        except SessionExpired:
            return await self._once(command, parameters, urgent)
        except Credentials as error:
            if error.code != 401 or clock_was_known or not clock_words(self.clock_offset):
                raise
            # Signed by the server's clock now.
            return await self._once(command, parameters, urgent)

    async def _once(
        self, command: str, parameters: Mapping[str, Parameter], urgent: bool = True
    ) -> Told:
        """One exchange."""
        form = {**wire_parameters(parameters), "command": command, "response": "json"}
        async with self._lanes.lane(urgent=urgent):
            by_our_clock = self.clock_offset is None
            dressed = await self._authentication.dress(form, self._post)
            began = self._clock.monotonic()
            try:
                inner = await self._post(command, dressed.form, dressed.headers, masked(parameters))
            except Credentials as error:
                self._authentication.forget(dressed.session)
                raise self._who(error, dressed, by_our_clock) from error
            except CloudError as error:
                if is_overload(error):
                    self._lanes.refused(pause_of(error))
                raise
            return Told(inner, self._clock.monotonic() - began)

    def _who(self, error: Credentials, dressed: Dressed, by_our_clock: bool) -> Credentials:
        """`error`, saying what we know of why we were refused."""
        if error.code != 401:
            return error
        if dressed.session:
            return SessionExpired(
                f"The session is over: {error.text}",
                command=error.command,
                status=error.status,
                code=error.code,
            )
        difference = clock_words(self.clock_offset)
        if not difference:
            return error
        text = f"{error.text}; this machine's clock is {difference}"
        remedy = (
            "Set this machine's clock: a signed request is good for ten minutes only."
            if by_our_clock
            else f"The clock was allowed for, so it is not that. {error.remedy}"
        )
        return Credentials(
            text,
            command=error.command,
            status=error.status,
            code=error.code,
            cserrorcode=error.cserrorcode,
            remedy=remedy,
        )

    async def _post(
        self,
        command: str,
        form: Mapping[str, str],
        headers: Mapping[str, str],
        shown: Mapping[str, str] | None = None,
    ) -> msgspec.Raw:
        """Post `form` as it is and return the inner object. Takes no place of its own."""
        exchange = await self._opened()
        started, began = self._clock.wall(), self._clock.monotonic()
        reply: Reply | None = None
        failure = ""
        inner: msgspec.Raw | None = None
        try:
            reply = await exchange.post(command, form, headers)
            self._server_time.learn(reply.date, started, started + reply.seconds)
            self._round_trip = reply.seconds
            self._authentication.absorb(reply.cookies)
            inner = inner_object(reply, command)
            return inner
        except CloudError as error:
            failure = error.text
            raise
        except asyncio.CancelledError:
            failure = GIVEN_UP
            raise
        finally:
            if self._on_call is not None:
                ticket = decode(inner, JobTicket) if inner is not None else JobTicket()
                self._on_call(
                    Call(
                        command=command,
                        parameters=dict(shown or {}),
                        started=started,
                        ms=(self._clock.monotonic() - began) * 1000,
                        status=reply.status if reply is not None else 0,
                        error=failure,
                        job_id=ticket.jobid,
                    )
                )

    async def _opened(self) -> "Exchange":
        if self._exchange is None:
            async with self._opening:
                if self._exchange is None:
                    # Loading httpx and the list of authorities takes a tenth of a second.
                    self._exchange = await asyncio.to_thread(_open, self.endpoint, self._transport)
        return self._exchange


def _open(endpoint: Endpoint, transport: "httpx.AsyncBaseTransport | None") -> "Exchange":
    from tui.cloud.exchange import Exchange

    return Exchange(endpoint, transport)
