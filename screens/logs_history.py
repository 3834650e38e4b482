"""What was written before the lines that are there: fetched when somebody goes on upwards."""

from textual import on, work
from textual.message import Message

from screens.logs_reading import ReadingLogs
from tui.logs.merge import LogBlock
from tui.router.errors import RouterError
from tui.session.logfeed import LogFeed
from tui.widgets.logview import LogView


class HistoryLogs(ReadingLogs):
    """Asks every log that is followed for the lines before its first."""

    class EarlierCame(Message):
        """Every log has answered."""

        def __init__(self, feed: LogFeed, blocks: list[LogBlock], problems: list[str]) -> None:
            super().__init__()
            self.feed = feed
            self.blocks = blocks
            self.problems = problems

    def __init__(self) -> None:
        super().__init__()
        self.is_looking_back = False

    @on(LogView.TopReached)
    def _top_reached(self, event: LogView.TopReached) -> None:
        event.stop()
        feed = self.feed
        if feed is None or self.is_looking_back or not len(self.intake.store):
            return
        if self.intake.store.is_full:
            self.notify("There is no room for older lines. A log that is saved shows all of them.")
            return
        self.is_looking_back = True
        self.show_pill()
        self._look_back(feed)

    @work(group="earlier", exclusive=True, exit_on_error=False)
    async def _look_back(self, feed: LogFeed) -> None:
        blocks: list[LogBlock] = []
        problems: list[str] = []
        for router, sources in feed.choices:
            for source in sources:
                try:
                    came = await feed.earlier(router, source)
                except RouterError as error:
                    problems.append(f"{router.name} {source}: {error.what}. {error.remedy}")
                    continue
                if came.block is not None:
                    blocks.append(came.block)
                elif came.why_none:
                    problems.append(f"{router.name} {source}: {came.why_none}")
        self.post_message(self.EarlierCame(feed, blocks, problems))

    @on(EarlierCame)
    def _earlier_came(self, event: EarlierCame) -> None:
        event.stop()
        self.is_looking_back = False
        if event.feed is not self.feed:
            return
        if event.blocks:
            place = self.place()
            self.intake.take_earlier(event.blocks)
            self.show_list(place)
            self.lines_changed()
        else:
            self.notify("\n".join(event.problems), title="No older lines")
        self.show_pill()

    def pill_words(self) -> str:
        if self.is_looking_back:
            return "▲ asking for older lines …"
        return super().pill_words()
