"""What one source tells in full, so that another one's share of it need not be read.

auth.log has some of the lines that daemon.log has of charon, `/var/log/messages` some of those that
the journal has of pppd, and that a session has its address is told by charon only where pppd's own
lines are missing. A whole block of lines is passed over in what another source has already told of
all of its time; what is left is joined later, with the same outcome.
"""

from typing import Final, Literal

from tui.logs.fold_source import Source

Topic = Literal["charon", "xl2tpd", "pppd", "session"]
_NOTHING: Final[frozenset[Topic]] = frozenset()


class Coverage:
    """The times that sources have told of in full, by topic."""

    def __init__(self) -> None:
        self._spans: dict[Topic, dict[str, tuple[float, float]]] = {
            "charon": {},
            "xl2tpd": {},
            "pppd": {},
            "session": {},
        }

    def note(self, source: Source) -> None:
        """`source` has told of a block."""
        span = source.span
        if span is None:
            return
        tells: tuple[tuple[Topic, bool], ...] = (
            ("charon", source.has_packets),
            ("xl2tpd", source.has_tunnels),
            ("pppd", source.has_debug),
            ("session", source.has_sessions),
        )
        for topic, is_told in tells:
            if is_told:
                known = self._spans[topic].get(source.name, span)
                self._spans[topic][source.name] = (min(known[0], span[0]), max(known[1], span[1]))

    def told_elsewhere(self, source: Source) -> frozenset[Topic]:
        """Topics that other sources have told in full for all of the block of `source`."""
        span = source.span
        if span is None:
            return _NOTHING
        told: list[Topic] = []
        if not source.has_packets and self._covers("charon", source.name, span):
            told.append("charon")
        if not source.has_tunnels and self._covers("xl2tpd", source.name, span):
            told.append("xl2tpd")
        if not source.has_debug and self._covers("pppd", source.name, span):
            told.append("pppd")
        if self._covers("session", source.name, span):
            told.append("session")
        return frozenset(told)

    def _covers(self, topic: Topic, name: str, span: tuple[float, float]) -> bool:
        return any(
            first <= span[0] and span[1] <= last
            for other, (first, last) in self._spans[topic].items()
            if other != name
        )
