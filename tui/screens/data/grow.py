"""More prompts like those of a set: a model writes them, and a person takes each or leaves it."""

import asyncio
from dataclasses import dataclass
from typing import ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList, Static

from tui.compute.scheduler import Job
from tui.curation.prompt_sets import added_words
from tui.errors import KNOWN_ERRORS
from tui.events import PromptsGrown, WorkbenchEvent
from tui.generation.prompt_growth import GrowthRequest
from tui.screens.base import PalateScreen
from tui.screens.dialog import AskText
from tui.text.format import count
from tui.text.sanitize import visible, visible_line
from tui.widgets.binding import Binding, Writing
from tui.widgets.lists.cursor_list import CursorList

OPEN, ADDED, DECLINED = "open", "added", "declined"
_SIGNS: Final = {OPEN: (" ", "$quiet"), ADDED: ("✓", "$success"), DECLINED: ("×", "$quiet")}


@dataclass
class Suggestion:
    """A prompt that a model wrote, and what the person said of it."""

    text: str
    state: str = OPEN


class GrowScreen(PalateScreen):
    """The suggestions above, the marked one whole below. Nothing is added but what gets a yes."""

    MODE = "data"
    WATCHABLE = False
    AUTO_FOCUS = "CursorList"
    BINDINGS: ClassVar = [
        Writing("y", "decide(True)", "yes", id="grow.yes", tooltip="Add the marked prompt to the set."),
        Writing("n", "decide(False)", "no", id="grow.no", tooltip="Leave the marked prompt out."),
        Writing("e", "edit", "edit", id="grow.edit", tooltip="Change the marked prompt, then add it."),
        Writing("M", "more", "more", id="grow.more", tooltip="Ask for more prompts."),
        Binding("escape", "back", "back", id="grow.back", tooltip="Back to the prompts; what is open is dropped."),
    ]

    def __init__(self, request: GrowthRequest, set_id: int) -> None:
        """Ask with `request`; the set has the id `set_id`."""
        super().__init__()
        self._request, self._set_id = request, set_id
        self._rows: list[Suggestion] = []
        self._job: Job | None = None
        self._left_out = 0
        self._heard: PromptsGrown | None = None

    def compose_body(self) -> ComposeResult:
        """A line, the list, and the marked prompt whole."""
        with Vertical(id="grow"):
            yield Static("", id="grow-line", markup=False)
            yield CursorList()
            yield Static("", id="grow-whole", markup=False)

    def on_mount(self) -> None:
        """Ask at once."""
        self.action_more()

    def from_workbench(self, published: WorkbenchEvent) -> None:
        """Show what came."""
        if isinstance(published, PromptsGrown):
            self._hear(published)

    def _hear(self, published: PromptsGrown) -> None:
        """Show what came, once."""
        if published is not self._heard and published.set_name == self._request.set_name:
            self._heard = published
            self._rows += [Suggestion(text) for text in published.texts]
            self._left_out += published.left_out
            self._draw()

    # -- drawing -------------------------------------------------------------------------------------------------

    @property
    def is_asking(self) -> bool:
        """Is the model writing?"""
        return self._job is not None and not self._job.done.done()

    @property
    def marked(self) -> Suggestion | None:
        """The suggestion under the cursor."""
        key = self.query_one(CursorList).current
        return None if key is None else self._rows[int(key)]

    def _draw(self) -> None:
        rows = self.query_one(CursorList)
        rows.show((str(place), _line(each)) for place, each in enumerate(self._rows))
        rows.display = bool(self._rows)
        self.query_one("#grow-line", Static).update(self._headline())
        self._draw_whole()

    def _headline(self) -> Content:
        name = visible_line(self._request.set_name, 30)
        parts = [f"more like those of {name}", f"by {visible_line(self._request.server or 'the base model here', 30)}"]
        if added := sum(each.state == ADDED for each in self._rows):
            parts.append(f"{added:,} added")
        if self._left_out:
            parts.append(f"{self._left_out:,} left out, there already or nearly")
        if self.is_asking:
            parts.append("being written …")
        elif not self._rows:
            parts.append("none came; M asks again")
        return Content.styled(" · ".join(parts), "$quiet")

    @on(OptionList.OptionHighlighted)
    def _draw_whole(self) -> None:
        marked = self.marked
        self.query_one("#grow-whole", Static).update(Content(visible(marked.text) if marked else ""))
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only what is open is decided, and one answer is asked for at a time."""
        if not self.is_mounted or not self.query(CursorList):
            return super().check_action(action, parameters)
        if action in ("decide", "edit"):
            return True if self.marked is not None and self.marked.state == OPEN else None
        if action == "more":
            return None if self.is_asking else True
        return super().check_action(action, parameters)

    # -- keys ----------------------------------------------------------------------------------------------------

    def action_more(self) -> None:
        """Ask for prompts; none is like one that was declined here."""
        if self.is_asking:
            return
        if self._request.server is None:
            self.workbench.ensure_model()
        try:
            self._job = self.workbench.growth.ask(self._request, [each.text for each in self._rows])
        except KNOWN_ERRORS as error:
            self.palate.tell_error(error)
        else:
            self.run_worker(self._wait(self._job), name="grow")
        self._draw()

    async def _wait(self, job: Job) -> None:
        """Draw again once the model is done, whether it failed, which a notice says, or not."""
        await asyncio.wait([asyncio.wrap_future(job.done)])
        if (came := self.workbench.growth.came) is not None:
            self._hear(came)  # no event reaches a screen of another mode
        self._draw()

    def action_decide(self, keep: bool) -> None:
        """Add the marked prompt, or leave it out; then go to the next open one."""
        marked = self.marked
        if marked is None or marked.state != OPEN:
            return
        if keep:
            self._take(marked, marked.text)
        else:
            self._mark(marked, DECLINED)

    def action_edit(self) -> None:
        """Change the marked prompt in a line, then add it."""
        marked = self.marked
        if marked is None or marked.state != OPEN:
            return
        ask = AskText("Add a prompt", f"A question for the set {self._request.set_name!r}.", value=marked.text)
        self.app.push_screen(ask, lambda text: self._take(marked, text) if text else None)

    def _take(self, marked: Suggestion, text: str) -> None:
        marked.state = ADDED  # at once, so that a second key does not add it twice
        self.run_worker(self._add(marked, text), name="add")

    async def _add(self, marked: Suggestion, text: str) -> None:
        try:
            added = await asyncio.wrap_future(self.workbench.prompts.add(self._set_id, text, field=self._request.field))
        except KNOWN_ERRORS as error:
            marked.state = OPEN
            self.palate.tell_error(error)
            self._draw()
            return
        if not added.added:
            self.palate.tell("Add a prompt", added_words(added, self._request.set_name))
        marked.text = text
        self._mark(marked, ADDED if added.added else DECLINED)

    def _mark(self, marked: Suggestion, state: str) -> None:
        marked.state = state
        here = self._rows.index(marked)
        later = [*range(here + 1, len(self._rows)), *range(here)]
        self._draw()
        if (goal := next((place for place in later if self._rows[place].state == OPEN), None)) is not None:
            self.query_one(CursorList).highlighted = goal

    def action_back(self) -> None:
        """Back to the prompts; what is still being written is cancelled."""
        if self._job is not None and self.is_asking:
            self.workbench.growth.end(self._job, self._request)
        open_ones = sum(each.state == OPEN for each in self._rows)
        if open_ones:
            self.palate.tell("More prompts", f"{count(open_ones, 'prompt')} without a yes or a no: dropped.")
        self.dismiss()


def _line(each: Suggestion) -> Content:
    sign, colour = _SIGNS[each.state]
    return Content.assemble(
        (sign, colour), "  ", (visible_line(each.text, 400), "$foreground" if each.state == OPEN else "$quiet")
    )
