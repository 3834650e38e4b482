"""The command palette over the registry: every action of the section, and where else to go."""

from collections.abc import Awaitable, Callable, Iterator
from functools import partial

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content

from screens.frame import SectionScreen
from tui.actions import Action, actions_on


class ActionCommands(Provider):
    """Actions of the section under the palette, disabled ones with their reason."""

    def _offers(self) -> Iterator[tuple[Action, str, str]]:
        """Action, what it is called here, and its help or the reason against it."""
        section = self.screen
        if not isinstance(section, SectionScreen):
            return
        row = section.name_of_row()
        for action in actions_on(section.SECTION):
            if action.name == "command_palette":
                continue
            title = f"{action.label} {row}" if action.on_row and row else action.label
            reason = section.reason_against(action)
            words = action.help if reason is None else f"Not possible: {reason}"
            yield action, f"{title}  ({action.key})", without_markup(words)

    def _perform(self, action: Action) -> Callable[[], Awaitable[None]]:
        return partial(self.screen.run_action, f"screen.perform('{action.name}')")

    async def discover(self) -> Hits:
        """Everything, before anything is typed."""
        for action, title, words in self._offers():
            yield DiscoveryHit(Content(title), self._perform(action), text=title, help=words)

    async def search(self, query: str) -> Hits:
        """What matches, best first; the help is searched as well, for less."""
        matcher = self.matcher(query)
        for action, title, words in self._offers():
            score = max(matcher.match(title), matcher.match(words) * 0.6)
            if score > 0:
                yield Hit(score, Content(title), self._perform(action), text=title, help=words)


def without_markup(text: str) -> str:
    """`text` with round brackets: Textual reads the palette's help as markup, and its own
    escaping does not survive every text."""
    return text.replace("[", "(").replace("]", ")").replace("\\", "/")
