"""One list of a profile: its rows by id, how old they are, and whether more are on their way."""

import time
from collections.abc import Mapping
from enum import StrEnum
from typing import Generic, TypeVar

from tui.cloud.errors import CloudError

T = TypeVar("T")


class Kind(StrEnum):
    """The lists."""

    ZONES = "zones"
    NETWORKS = "networks"
    VPCS = "VPCs"
    ADDRESSES = "addresses"
    VPNS = "VPNs"
    USERS = "VPN users"
    ROUTERS = "routers"
    GATEWAYS = "customer gateways"
    CONNECTIONS = "site-to-site connections"


class Shelf(Generic[T]):
    """One list: rows by id, how many the server says there are, when they were asked for.

    Rows come from a complete answer, from the pages of one that is on its way, from questions for
    single rows, and from what was kept on disk. Those of the disk are `remembered` until the server
    has told of them: they are good to look at, and for nothing else.
    """

    def __init__(self) -> None:
        self.rows: dict[str, T] = {}
        self.total: int | None = None
        self.fetched: float | None = None
        """Monotonic seconds of the last complete answer of this run."""
        self.listed: float | None = None
        """Seconds since the epoch of the last complete answer, of an earlier run perhaps."""
        self.cost = 0.0
        """Seconds that the server took for its last complete answer."""
        self.is_outdated = False
        """Whether the last complete answer was one to a question that is not the right one now."""
        self.error: CloudError | None = None
        self.remembered: set[str] = set()
        """Keys of rows that are known from the disk only."""
        self.changes = 0
        """How often rows came or went: tells whether what was made from them is still right."""
        self._asked = 0
        """How many questions there were."""
        self._answered = 0
        """The newest question whose answer is here."""
        self._under_way: dict[int, float] = {}
        """Questions without an answer, and when they were asked."""
        self._looked_at: dict[str, tuple[float, T | None]] = {}
        """Rows that were asked for one by one, and when: None for one that is gone."""
        self._came: dict[str, float] = {}
        """When a row came with a page of an answer that is not complete."""

    @property
    def loading(self) -> bool:
        """Whether an answer is awaited."""
        return bool(self._under_way)

    @property
    def is_known(self) -> bool:
        """Whether there is anything to show: an answer of the server, or rows of an earlier run."""
        return self.fetched is not None or bool(self.remembered)

    @property
    def age(self) -> float | None:
        """Seconds since the last complete answer, of an earlier run perhaps; None without one."""
        if self.fetched is not None:
            return time.monotonic() - self.fetched
        return None if self.listed is None else max(0.0, time.time() - self.listed)

    def ask(self) -> int:
        """Begin a question; returns its number."""
        self._asked += 1
        self._under_way[self._asked] = time.monotonic()
        return self._asked

    def take_page(self, question: int, rows: Mapping[str, T], total: int) -> None:
        """Add rows that have come, unless a newer question was answered meanwhile."""
        if question > self._answered:
            self.changes += 1
            self.rows.update(rows)
            self.remembered.difference_update(rows)
            self._came.update(dict.fromkeys(rows, time.monotonic()))
            self.total = total

    def settle(
        self, question: int, rows: dict[str, T], error: CloudError | None = None, cost: float = 0.0
    ) -> None:
        """Replace the rows by all of the answer, or note why it failed.

        Nothing happens when a newer question was answered before: its rows are the fresher ones.
        Rows that were asked for one by one since the question began stay as they are.
        """
        if question <= self._answered:
            return
        self._answered = question
        self.error = error
        if error is not None:
            return
        began = self._under_way.get(question, 0.0)
        for key, (when, row) in self._looked_at.items():
            if when >= began and row is not None:
                rows[key] = row
            elif when >= began:
                rows.pop(key, None)
        self.changes += 1
        self.is_outdated = False
        self.rows, self.total = rows, len(rows)
        self.fetched, self.listed = time.monotonic(), time.time()
        self.cost = cost
        self.remembered.clear()
        self._looked_at.clear()
        self._came.clear()

    def leave(self, question: int) -> None:
        """End a question, answered or not."""
        self._under_way.pop(question, None)

    def recall(self, rows: dict[str, T], listed: float, cost: float) -> None:
        """Show what an earlier run knew, until the server tells; nothing once it has."""
        if self.fetched is None and not self.rows:
            self.rows, self.listed, self.cost = rows, listed, cost
            self.remembered = set(rows)
            self.changes += 1

    def put(self, key: str, row: T) -> None:
        """Take in the answer to the question for one row."""
        if self.total is not None and key not in self.rows:
            self.total += 1
        self.changes += 1
        self.rows[key] = row
        self.remembered.discard(key)
        self._looked_at[key] = (time.monotonic(), row)

    def drop(self, key: str) -> None:
        """Take out a row that the server does not know any more."""
        if self.rows.pop(key, None) is not None and self.total is not None:
            self.total -= 1
        self.changes += 1
        self.remembered.discard(key)
        self._looked_at[key] = (time.monotonic(), None)

    def age_of(self, key: str) -> float | None:
        """Seconds since the server has told of a row; None for one that is only remembered."""
        if key in self.remembered:
            return None
        times = [self.fetched, self._came.get(key)]
        if key in self._looked_at:
            times.append(self._looked_at[key][0])
        known = [each for each in times if each is not None]
        return time.monotonic() - max(known) if known else None

    def is_older_than(self, seconds: float) -> bool:
        """Whether the last complete answer is older, or there was none; not while one is coming."""
        if self.loading:
            return False
        return self.fetched is None or time.monotonic() - self.fetched >= seconds
