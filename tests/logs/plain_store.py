"""The order of lines as `tui.logs.merge` describes it, in its plainest form: one list, sorted."""

from tui.logs.copies import CopyFinder, CopyWatch
from tui.logs.merge import BEGINNING, LogBlock, PlacedLine, order_of, placed

SAME_MOMENT = 2.0


class PlainStore:
    """What `LogStore` has to do, line by line. Nothing is ever dropped."""

    def __init__(self) -> None:
        self.lines: list[PlacedLine] = []
        self.ends: dict[tuple[str, str], float] = {}
        self.starts: dict[tuple[str, str], float] = {}
        self.sources: dict[str, set[str]] = {}
        self.finders: dict[str, CopyFinder] = {}

    def add(self, block: LogBlock) -> int:
        """Lines after those of the same log; how many do not stand at the end."""
        log = block.origin.log
        kept = placed(block, self.ends.get(log, BEGINNING))
        if not kept:
            return 0
        self.mark_copies(kept)
        self.ends[log] = kept[-1].at
        self.starts.setdefault(log, kept[0].at)
        last = self.lines[-1].at if self.lines else BEGINNING
        if kept[0].at >= last - SAME_MOMENT:
            for line in kept:
                line.at = max(line.at, last)
            self.lines += kept
            return 0
        self.lines = sorted(self.lines + kept, key=order_of)
        return sum(line.at < last for line in kept)

    def add_earlier(self, block: LogBlock) -> None:
        """Lines before those of the same log."""
        log = block.origin.log
        kept = placed(block)
        if not kept:
            return
        for line in kept:
            line.at = min(line.at, self.starts.get(log, float("inf")))
        self.mark_copies(kept)
        self.starts[log] = kept[0].at
        self.ends.setdefault(log, kept[-1].at)
        self.lines = sorted(kept + self.lines, key=order_of)

    def mark_copies(self, kept: list[PlacedLine]) -> None:
        """Mark lines that another log of the router has too."""
        router, source = kept[0].origin.log
        if source not in CopyWatch.OVERLAPPING:
            return
        sources = self.sources.setdefault(router, set())
        sources.add(source)
        if len(sources) < 2:
            return
        finder = self.finders.get(router)
        if finder is None:
            finder = self.finders[router] = CopyFinder()
            for line in self.lines:
                if line.origin.router == router and line.origin.source in sources:
                    finder.note(line)
        for line in kept:
            finder.note(line)
