"""Who calls: API keys with a signature, or a session (recordings 01 and 12)."""

import base64
import hashlib
import hmac
import re
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from tui.lab.cloud import entities as e
from tui.lab.cloud.call import Caller
from tui.lab.cloud.errors import Refusal, unverified
from tui.lab.cloud.world import World

BAD_SIGNATURE = "unable to verify user credentials and/or request signature"
BAD_SESSION = "unable to verify user credentials"
SESSION_SECONDS = 1800
_LEVEL_NUMBER = {"user": "0", "root": "1", "domain-admin": "2", "project": "5"}


def sign(parameters: Mapping[str, str], secret_key: str) -> str:
    """The signature of a request: Java's URL encoding, sorted by raw name, lower case, HMAC-SHA1.

    ApiServer.verifyRequest; `signing-vectors.json` of the contract holds examples.
    """
    pairs = sorted((name, value) for name, value in parameters.items() if name != "signature")
    text = "&".join(f"{name}={quote(value, safe='*').replace('~', '%7E')}" for name, value in pairs)
    digest = hmac.new(secret_key.encode(), text.lower().encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()


def _expired(parameters: Mapping[str, str]) -> bool:
    """Whether a version 3 signature is out of time; a time that cannot be read is."""
    lower = {name.lower(): value for name, value in parameters.items()}
    if lower.get("signatureversion") != "3":
        return False
    try:
        expires = datetime.strptime(lower.get("expires", ""), "%Y-%m-%dT%H:%M:%S%z")
    except ValueError:
        return True
    return expires.timestamp() < time.time()


@dataclass(slots=True)
class Session:
    """A logged-in session: the cookie finds it, the session key has to match."""

    cookie: str
    key: str
    person: str
    last_used: float
    verified: bool


class Authentication:
    """Finds the caller of a request."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._sessions: dict[str, Session] = {}

    def session(self, cookies: Mapping[str, str]) -> Session | None:
        """The live session of a cookie."""
        session = self._sessions.get(cookies.get("JSESSIONID", ""))
        if session and time.monotonic() - session.last_used > SESSION_SECONDS:
            del self._sessions[session.cookie]
            return None
        return session

    def caller_of_session(
        self, session: Session, cookies: Mapping[str, str], parameters: Mapping[str, str]
    ) -> Caller:
        """401 and the end of the session unless cookie and parameter carry its key."""
        key = parameters.get("sessionkey", "")
        if key != session.key or cookies.get("sessionkey") != session.key:
            self._sessions.pop(session.cookie, None)
            raise unverified(BAD_SESSION)
        if not session.verified:
            self._sessions.pop(session.cookie, None)
            raise Refusal(
                511,
                "User 2FA needs to be verified before using the API; log in again and call "
                "validateUserTwoFactorAuthenticationCode first",
            )
        session.last_used = time.monotonic()
        return self._caller(self._world.people[session.person])

    def known_by_key(self, parameters: Mapping[str, str]) -> Caller:
        """The caller that an API key names; the signature is checked later, as the server does."""
        lower = {name.lower(): value for name, value in parameters.items()}
        key = lower.get("apikey", "")
        for person in self._world.people.values():
            if key and hmac.compare_digest(person.api_key.encode(), key.encode()):
                account = self._world.accounts[person.account]
                if person.enabled and account.enabled:
                    return self._caller(person)
        raise unverified(BAD_SIGNATURE)

    def check_signature(self, caller: Caller, parameters: Mapping[str, str]) -> None:
        """401 unless the request is signed with the caller's secret key and is in time."""
        signed = {name: value for name, value in parameters.items() if name.lower() != "signature"}
        given = next((v for n, v in parameters.items() if n.lower() == "signature"), "")
        expected = sign(signed, caller.person.secret_key)
        right = hmac.compare_digest(expected.encode(), given.encode())
        if not (caller.person.secret_key and right) or _expired(parameters):
            raise unverified(BAD_SIGNATURE)

    def log_in(self, parameters: Mapping[str, str]) -> tuple[Session, dict[str, object]]:
        """A new session and the body of `loginresponse`; 531 as recorded otherwise."""
        domain = self._domain(parameters.get("domain", ""))
        username = parameters.get("username", "")
        for person in self._world.people.values():
            account = self._world.accounts[person.account]
            if (
                person.username == username
                and account.domain == domain.id
                and person.enabled
                and account.enabled
                and person.password
                and hmac.compare_digest(
                    person.password.encode(), parameters.get("password", "").encode()
                )
            ):
                return self._start(person, account, domain)
        raise Refusal(
            531,
            f"Failed to authenticate user {username} in domain {domain.number}; please provide "
            f"valid credentials",
            None,
        )

    def log_out(self, session: Session) -> None:
        self._sessions.pop(session.cookie, None)

    def verify_second_factor(self, session: Session, code: str) -> None:
        """Accept any six digits: the lab has no authenticator; 531 otherwise."""
        if not re.fullmatch(r"\d{6}", code):
            raise Refusal(531, "Failed to validate the 2FA code", None)
        session.verified = True

    def _start(
        self, person: e.Person, account: e.Account, domain: e.Domain
    ) -> tuple[Session, dict[str, object]]:
        session = Session(
            cookie="node0" + secrets.token_hex(16),
            key=secrets.token_urlsafe(20),
            person=person.id,
            last_used=time.monotonic(),
            verified=not person.two_factor,
        )
        self._sessions[session.cookie] = session
        body: dict[str, object] = {
            "username": person.username,
            "userid": person.id,
            "domainid": domain.id,
            "timeout": SESSION_SECONDS,
            "account": account.name,
            "firstname": person.first_name,
            "lastname": person.last_name,
            "type": _LEVEL_NUMBER[account.level],
            "timezone": "UTC",
            "timezoneoffset": "0.0",
            "registered": "false",
            "sessionkey": session.key,
            "is2faenabled": "true" if person.two_factor else "false",
            "is2faverified": "true" if session.verified else "false",
            "issuerfor2fa": "CloudStack",
        }
        return session, body

    def _domain(self, path: str) -> e.Domain:
        wanted = "ROOT" + "".join(f"/{part}" for part in path.split("/") if part)
        for domain in self._world.domains.values():
            if domain.path == wanted:
                return domain
        raise Refusal(531, f"Unable to find the domain from the path /{path.strip('/')}/", None)

    def _caller(self, person: e.Person) -> Caller:
        account = self._world.accounts[person.account]
        return Caller(person, account, self._world.roles[account.role])
