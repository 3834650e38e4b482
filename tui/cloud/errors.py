"""What can go wrong with the cloud, as one tree.

CloudError
├── Credentials            401; the key, its signature, the clock, or a disabled account
│   ├── LoginRefused       531 on login; user name, password or domain
│   ├── SessionExpired     401 in a session
│   └── TwoFactor          511, or a login that wants a code
├── Permission             432, 531, 401 for an unknown command; the role or the object
├── RateLimited            429; says how many milliseconds to wait
├── Validation             430, 431, 400, 405; a value, or something that is already there
│   └── JobUnknown         431; no such job, or not yet
├── Conflict               537; another rule has the ports, and which
├── InUse                  536
├── Limit                  532, 535; users per VPN account, addresses, …
├── Capacity               533; no free addresses, no host
├── RouterUnreachable      534; the Virtual Router or its host
├── Internal               530
│   └── InternalMasked     530 with the text that hides the reason from anyone but root
├── Maintenance            503 from the management server itself
├── NotCloudStack          HTML, a redirect, half a document, bytes that are no text
│   └── TooLarge           a body beyond the limit
├── Network                name, connection, TLS, proxy, sending, receiving, by phase
├── OutcomeUnknown         a change was sent and the reply was lost: carries the job id
├── ReadOnly               refused here, nothing was sent
├── JobFailed              the call was taken, the job failed; carries the reason as a CloudError
└── JobCancelled           the server gave the job up (status 3)

Each carries what the server said (`text`, cleaned), the HTTP status and the error codes, the
command, and `remedy`: what a person can do about it.
"""

from typing import ClassVar, Final, Literal

import msgspec

Phase = Literal["url", "proxy", "name", "connect", "tls", "send", "receive"]
UNSENT_PHASES: Final = frozenset({"url", "proxy", "name", "connect", "tls"})

Oddity = Literal["markup", "redirect", "truncated", "encoding", "content", "size"]


class CloudError(Exception):
    """The root of the tree. `str` gives `text`."""

    advice: ClassVar[str] = "Try again; if it stays, ask the administrator of the cloud."

    def __init__(
        self,
        text: str,
        *,
        command: str = "",
        status: int = 0,
        code: int = 0,
        cserrorcode: int = 0,
        remedy: str = "",
    ) -> None:
        super().__init__(text)
        self.text = text
        """What happened, in the server's words or ours; one clean line."""
        self.command = command
        """The API command, for example `listNetworks`."""
        self.status = status
        """The HTTP status; 0 where there was no reply."""
        self.code = code
        """CloudStack's `errorcode`; 0 where there was none."""
        self.cserrorcode = cserrorcode
        """CloudStack's `cserrorcode`; 0 where there was none."""
        self.remedy = remedy or self.advice
        """What a person can do, one or two sentences."""
        self.retry_after = 0.0
        """Seconds that the server asks to be left alone (`Retry-After`); 0 where it does not."""

    def explain(self) -> str:
        """`what happened; what to do`, in one line."""
        first, _, rest = self.remedy.partition(" ")
        plain = first[:1] + first[1:].lower() == first
        return f"{self.text.rstrip('.')}; {first.lower() if plain else first} {rest}"

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.text!r}, command={self.command!r}, code={self.code})"


class Credentials(CloudError):
    """The server does not accept who we say we are."""

    advice = (
        "Check the API key and the secret key of the profile, that the account is enabled, and "
        "that this machine's address is one from which the API may be used."
    )


class LoginRefused(Credentials):
    """User name, password or domain are wrong."""

    advice = "Check user name, password and domain (a path like /customers; / is ROOT)."


class SessionExpired(Credentials):
    """The session of a user-name login is over."""

    advice = "Do it again: the next call logs in anew. Nothing was changed."


class TwoFactor(Credentials):
    """The account wants a second factor, which an API session cannot give here."""

    advice = (
        "Use API keys in the profile instead: they are not subject to two-factor login. "
        "They are made in the CloudStack UI under the user's details."
    )


class Permission(CloudError):
    """The role lacks the command, or the object belongs to somebody else."""

    advice = "Ask an administrator to allow the command for your role, or use another profile."


class RateLimited(CloudError):
    """The account has used up its calls for this interval."""

    advice = "Wait a moment and try again; fewer calls at a time (max_calls) avoids it."

    def __init__(
        self,
        text: str,
        *,
        retry_after_ms: int,
        command: str = "",
        status: int = 0,
        code: int = 0,
        cserrorcode: int = 0,
    ) -> None:
        super().__init__(text, command=command, status=status, code=code, cserrorcode=cserrorcode)
        self.retry_after_ms = retry_after_ms
        """Milliseconds to wait, as the server says."""


class Validation(CloudError):
    """A value that the server refuses. Nothing was changed."""

    advice = "Correct the value and try again. Nothing was changed."


class JobUnknown(Validation):
    """There is no job with this id, or the server has not stored it yet."""

    advice = (
        "Jobs are kept for a day. Look at the object itself to see whether the change was made."
    )


class OtherRule(msgspec.Struct, frozen=True):
    """The rule that is in the way, as a conflict names it."""

    purpose: str
    """`Firewall`, `PortForwarding`, `Vpn`, `StaticNat` or `LoadBalancing`."""
    uuid: str
    id: int
    """The server's internal number of it."""
    network_id: int
    """The server's internal number of its network."""
    state: str
    start_port: int
    end_port: int


class Conflict(CloudError):
    """Another rule on the same address has the ports."""

    advice = "Remove or narrow the rule that is in the way, then try again. Nothing was changed."

    def __init__(
        self,
        text: str,
        *,
        other: OtherRule | None = None,
        start_port: int | None = None,
        end_port: int | None = None,
        command: str = "",
        status: int = 0,
        code: int = 0,
        cserrorcode: int = 0,
        remedy: str = "",
    ) -> None:
        super().__init__(
            text,
            command=command,
            status=status,
            code=code,
            cserrorcode=cserrorcode,
            remedy=remedy,
        )
        self.other = other
        """The rule in the way; None where the text does not name it."""
        self.start_port = start_port
        self.end_port = end_port
        """The ports that were asked for; None where the text does not say."""


class InUse(CloudError):
    """The object is used by something else."""

    advice = "Remove what uses it first."


class Limit(CloudError):
    """A limit of the account or domain is reached."""

    advice = "Remove what is no longer needed, or ask an administrator to raise the limit."


class Capacity(CloudError):
    """The zone has nothing left to give."""

    advice = "Ask the administrator of the cloud for more public addresses or capacity."


class RouterUnreachable(CloudError):
    """CloudStack could not configure the Virtual Router."""

    advice = (
        "Look at the router's state: start it if it is stopped, then do the same again, which "
        "is safe. The log of the router may say more."
    )


class Internal(CloudError):
    """The management server failed."""


class InternalMasked(Internal):
    """The management server failed and hides the reason from anyone but root."""

    advice = (
        "CloudStack shows the reason to root only: ask the administrator to look for this time "
        "and account in the management server's log."
    )


class Maintenance(CloudError):
    """The management server takes no new jobs."""

    advice = "Wait until the maintenance is over; reading still works. Nothing was changed."


class NotCloudStack(CloudError):
    """What answered is not the CloudStack API."""

    advice = (
        "Check the URL of the profile: it ends in /client/api, usually on port 8080 or 8443. A "
        "proxy or a login page in between gives this as well."
    )

    def __init__(
        self, text: str, *, oddity: Oddity, command: str = "", status: int = 0, remedy: str = ""
    ) -> None:
        super().__init__(text, command=command, status=status, remedy=remedy)
        self.oddity = oddity

    @property
    def maybe_done(self) -> bool:
        """Whether a change may have reached CloudStack behind whatever answered."""
        return self.oddity != "redirect" and not 400 <= self.status < 500


class TooLarge(NotCloudStack):
    """The body is larger than the limit; it was not read to the end."""

    advice = "Ask for smaller pages (page_size in the profile)."


class Network(CloudError):
    """No reply: says in which phase, and so whether the request can have arrived."""

    advice = "Check the address and the network, then try again."

    def __init__(
        self,
        text: str,
        *,
        phase: Phase,
        timed_out: bool = False,
        command: str = "",
        remedy: str = "",
    ) -> None:
        super().__init__(text, command=command, remedy=remedy)
        self.phase: Phase = phase
        self.timed_out = timed_out

    @property
    def maybe_done(self) -> bool:
        """Whether the request may have arrived: it was being sent or had been."""
        return self.phase not in UNSENT_PHASES


class OutcomeUnknown(CloudError):
    """A change was sent, its reply was lost, and asking for its job has not settled it."""

    advice = "Do not repeat it yet: look at the object first, or ask for the job again by its id."

    def __init__(
        self,
        text: str,
        *,
        job_id: str,
        command: str = "",
        remedy: str = "",
        job_missing: bool = False,
    ) -> None:
        super().__init__(text, command=command, remedy=remedy)
        self.job_id = job_id
        """The job id that we chose for it, good for asking again from any process; "" for a command
        that has no job."""
        self.job_missing = job_missing
        """The server was asked for as long as it may take, and has no such job. What is left is to
        look whether the effect is there."""


class ReadOnly(CloudError):
    """Refused here because the profile or the program is read-only; nothing was sent."""

    advice = "Start without --read-only, or set read_only = false in the profile."


class JobFailed(CloudError):
    """The job ended with an error."""

    def __init__(self, reason: CloudError, *, job_id: str, command: str = "") -> None:
        super().__init__(
            reason.text,
            command=command,
            code=reason.code,
            cserrorcode=reason.cserrorcode,
            remedy=reason.remedy,
        )
        self.reason = reason
        """The same failure as the class it would have had on a call, for example
        `RouterUnreachable`."""
        self.job_id = job_id


class JobCancelled(CloudError):
    """The server gave the job up; what it had done by then stays."""

    advice = "Look at the object to see what was done, then do it again."

    def __init__(self, text: str, *, job_id: str, command: str = "") -> None:
        super().__init__(text, command=command)
        self.job_id = job_id
