"""Who cannot connect, and which routers that concerns: from rows of the sections and log lines."""

import re
from collections.abc import Iterable

from tui.cloud.models import Router
from tui.session.diagnosing import Question
from tui.session.session import Session
from tui.session.verifying import is_standby
from tui.session.views import NetworkRow, OwnerKey, network_rows


def about_user(session: Session, user: str, owner: OwnerKey) -> Question:
    """Why `user` of the account `owner` cannot connect: by any VPN of the account."""
    rows = [
        row
        for row in network_rows(session.inventory)
        if row.owner_key == owner and row.vpn is not None
    ]
    routers = [router for row in rows for router in row.routers]
    return Question(routers=working(routers), user=user)


def about_place(row: NetworkRow) -> Question:
    """Why people cannot connect to the VPN of a network or VPC."""
    return Question(routers=working(row.routers))


def about_client(router: Router, user: str = "", client: str = "") -> Question:
    """Why somebody cannot connect through `router`: a session, or a line of its log."""
    return Question(routers=(router,), user=user, client=client)


def working(routers: Iterable[Router]) -> tuple[Router, ...]:
    """Those that people connect through: without the one of a pair that stands by, unless there is
    no other."""
    known = tuple(dict.fromkeys(routers))
    carrying = tuple(each for each in known if not is_standby(each))
    return carrying or known


def either(words: Iterable[str]) -> str:
    """A filter of the logs that keeps lines with any of `words`."""
    known = [re.escape(word).replace("/", r"\/") for word in dict.fromkeys(words) if word]
    return f"/{'|'.join(known)}/" if known else ""
