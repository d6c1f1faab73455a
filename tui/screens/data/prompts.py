"""Prompt sets and their prompts: browse, add, move, hold out for trials, release."""

import asyncio
from collections.abc import Awaitable
from typing import Any, ClassVar, Final

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from db.prompt_rows import PromptListRow, SetCounts
from tui.errors import KNOWN_ERRORS
from tui.events import QueueChanged, WorkbenchEvent
from tui.export.forgetting import ForgetPlan, forget_words, remains_words
from tui.screens.base import PalateScreen
from tui.screens.data.prompt_dialogs import ShowPrompt, crossing_question
from tui.screens.data.prompt_set_actions import SET_KEYS, PromptSetActions
from tui.screens.dialog import Choose
from tui.screens.picker import Pick
from tui.screens.single_dismiss import leads_away_once
from tui.text.format import count
from tui.text.sanitize import visible_line
from tui.widgets.binding import Binding, Writing
from tui.widgets.form.line_input import LineInput
from tui.widgets.lists.cursor_list import CursorList
from tui.widgets.lists.prompt_lines import prompt_line, set_lines

_PAGE: Final = 200
_AHEAD: Final = 20
_LETTERS: Final = (
    "similar",
    "add",
    "write",
    "grow",
    "new_set",
    "rename",
    "hold_out",
    "move",
    "remove",
    "forget",
    "find",
)
_EMPTY_SET: Final = "No prompt here. Press a to type one, e to write one in your editor."
_NONE_SIMILAR: Final = "No prompt of this set is nearly the same as another. Press esc to see all of them."
_NOTHING_FOUND: Final = "No prompt of this set matches. Press esc to see all of them."


class PromptsScreen(PalateScreen):
    """The sets above, the prompts of the marked one below."""

    MODE = "data"
    AUTO_FOCUS = "#sets-list"
    BINDINGS: ClassVar = [
        Binding("escape", "back", "back", id="prompts.back", tooltip="Take the filter off, then back to the verdicts."),
        Binding("slash", "find", "find", id="prompts.find", key_display="/", tooltip="Prompts of this set with words."),
        *SET_KEYS,
        Binding("s", "similar", "similar", id="prompts.similar", tooltip="Prompts that are nearly the same."),
        Writing("m", "move", "move", id="prompts.move", tooltip="Move the marked prompt into another set."),
        Writing("x", "remove", "remove", id="prompts.remove", tooltip="Take away a prompt that was never used."),
        Writing("F", "forget", "forget", id="prompts.forget", tooltip="Forget the marked prompt or set for good."),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._sets: list[SetCounts] = []
        self._rows: list[PromptListRow] = []
        self._rows_of: tuple[int, tuple[str, ...], bool] | None = None
        """The set, the words, and whether only similar prompts are listed, that `_rows` answer."""
        self._complete = True
        self._similar = False
        """Only the prompts are listed that are nearly the same as others."""
        self._asked = 0
        self.take_actions(PromptSetActions(self, lambda: self.marked_set, self._run))

    def compose_body(self) -> ComposeResult:
        """Two lists, and a line to search in the second."""
        with Vertical(id="sets-pane") as pane:
            pane.border_title = "prompt sets"
            yield CursorList(id="sets-list")
        with Vertical(id="prompts-pane"):
            yield LineInput(placeholder="words of a prompt", id="words", select=False)
            yield CursorList(id="prompts-list")
            yield Static(id="nothing")

    # -- what is shown -------------------------------------------------------------------------------------------

    def screen_shown(self) -> None:
        """Read everything again: it may have changed elsewhere."""
        self.run_worker(self._read_sets(), name="sets")

    def from_workbench(self, published: WorkbenchEvent) -> None:
        """Prompts came in from elsewhere."""
        if isinstance(published, QueueChanged) and self.is_current:
            self.screen_shown()

    @property
    def marked_set(self) -> SetCounts | None:
        """The set under the mark."""
        key = self.query_one("#sets-list", CursorList).current
        return next((each for each in self._sets if str(each.row.id) == key), None)

    @property
    def marked_prompt(self) -> PromptListRow | None:
        """The prompt under the mark, while the mark is among prompts."""
        prompts = self.query_one("#prompts-list", CursorList)
        at = prompts.highlighted
        return self._rows[at] if prompts.has_focus and at is not None and at < len(self._rows) else None

    async def _read_sets(self) -> None:
        self._sets = await asyncio.to_thread(self.workbench.prompts.sets)
        self.query_one("#sets-list", CursorList).show(set_lines(self._sets))
        await self._read_prompts()

    async def _read_prompts(self, *, more: bool = False) -> None:
        """Show the prompts of the marked set, from the first, or those behind the last that is shown."""
        marked, words = self.marked_set, self.query_one("#words", Input).value.split()
        self._asked += 1
        if marked is None:
            return
        wanted = marked.row.id, tuple(words), self._similar
        more = more and wanted == self._rows_of  # else another set was marked since
        mine, after = self._asked, self._rows[-1].id if more and self._rows else 0
        if self._similar:
            rows = await asyncio.to_thread(self.workbench.prompts.similar_together, marked.row.id)
        else:
            rows = await asyncio.to_thread(
                self.workbench.prompts.prompts, marked.row.id, words=words, after=after, limit=_PAGE
            )
        if mine != self._asked or not self.is_mounted:
            return  # another set or other words were asked for since
        self._complete = self._similar or len(rows) < _PAGE
        shown = self.query_one("#prompts-list", CursorList)
        if more:
            self._rows += rows
            shown.add_options(Option(prompt_line(row), id=str(row.id)) for row in rows)
        else:
            self._rows, self._rows_of = rows, wanted
            shown.show((str(row.id), prompt_line(row)) for row in rows)
        self._draw_captions(marked, bool(words))

    def _draw_captions(self, marked: SetCounts, filtered: bool) -> None:
        pane = self.query_one("#prompts-pane")
        pane.border_title = Content(visible_line(marked.row.name, 60))
        more = "" if self._complete else f"the first {len(self._rows):,}, more as you go down"
        found = count(len(self._rows), "match").replace("matchs", "matches") if filtered and self._complete else more
        if self._similar:
            found = f"nearly the same as others: {count(len(self._rows), 'prompt')}"
        pane.border_subtitle = Content(found) if found else None
        pane.set_class(not self._rows, "-empty")
        none = _NONE_SIMILAR if self._similar else _NOTHING_FOUND if filtered else _EMPTY_SET
        self.query_one("#nothing", Static).update(Content(none))
        self.refresh_bindings()

    @on(OptionList.OptionHighlighted, "#sets-list")
    def _set_marked(self) -> None:
        self.run_worker(self._read_prompts(), name="prompts")

    @on(OptionList.OptionHighlighted, "#prompts-list")
    def _prompt_marked(self, event: OptionList.OptionHighlighted) -> None:
        self.refresh_bindings()
        if not self._complete and event.option_index >= len(self._rows) - _AHEAD:
            self._complete = True  # asked for once
            self.run_worker(self._read_prompts(more=True), name="prompts")

    @on(OptionList.OptionSelected, "#sets-list")
    def _set_opened(self) -> None:
        self.query_one("#prompts-list", CursorList).focus()

    @on(OptionList.OptionSelected, "#prompts-list")
    @leads_away_once
    def _prompt_opened(self, event: OptionList.OptionSelected) -> None:
        self.app.push_screen(ShowPrompt(self.workbench.prompts, int(str(event.option_id))))

    def on_descendant_focus(self, _event: events.DescendantFocus) -> None:
        """What the keys do depends on where the mark is."""
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Letters are letters in the line; a prompt is moved and removed where one is marked."""
        if action in _LETTERS and isinstance(self.focused, Input):
            return False
        if action in ("move", "remove"):
            return True if self.marked_prompt is not None else None
        if action == "forget":
            return True if self.marked_set is not None else None
        return super().check_action(action, parameters)

    # -- finding -------------------------------------------------------------------------------------------------

    def action_similar(self) -> None:
        """List only the prompts that are nearly the same as others, or all again."""
        self._similar = not self._similar
        self.run_worker(self._read_prompts(), name="prompts")

    def action_find(self) -> None:
        """Type words; the list follows every key."""
        self._similar = False
        self.query_one("#words").add_class("-open")
        self.query_one("#words").focus()

    def on_input_changed(self, _event: Input.Changed) -> None:
        """The list follows every key."""
        self.run_worker(self._read_prompts(), name="prompts")

    def on_input_submitted(self, _event: Input.Submitted) -> None:
        """Enter goes to the prompts and keeps the words."""
        self.query_one("#prompts-list").focus()

    def action_back(self) -> None:
        """Take the filter off; without any, back to the verdicts."""
        if self._similar:
            self.action_similar()
            return
        line = self.query_one("#words", Input)
        if line.has_class("-open"):
            line.value = ""
            line.remove_class("-open")
            self.query_one("#prompts-list").focus()
        else:
            self.dismiss(None)

    # -- changing ------------------------------------------------------------------------------------------------

    def action_move(self) -> None:
        """Choose where the marked prompt goes."""
        prompt, here = self.marked_prompt, self.marked_set
        if prompt is None or here is None:
            return
        others = set_lines(each for each in self._sets if each.row.id != here.row.id)
        pick = Pick("Move into", visible_line(prompt.line, 200), others)
        self.app.push_screen(pick, lambda key: self._run(self._move(prompt, here, int(key))) if key else None)

    async def _move(self, prompt: PromptListRow, here: SetCounts, set_id: int) -> None:
        target = next(each for each in self._sets if each.row.id == set_id)

        def move() -> asyncio.Future[Any]:
            return asyncio.wrap_future(self.workbench.prompts.move([prompt.id], set_id))

        if target.row.held_out == here.row.held_out:
            await move()
            return
        meant = await asyncio.to_thread(self.workbench.prompts.crossing, [prompt.id])
        question = crossing_question(target.row.name, meant, target.row.held_out)
        self.app.push_screen(question, lambda key: self._run(move()) if key else None)

    def action_remove(self) -> None:
        """Take away a prompt that was never used; refused for others, with the reason."""
        prompt = self.marked_prompt
        if prompt is not None:
            sentence = visible_line(prompt.line, 200)
            act = lambda key: self._run(self._remove(prompt)) if key else None  # noqa: E731
            self.app.push_screen(Choose("Remove", sentence, (("x", "remove this prompt"),)), act)

    async def _remove(self, prompt: PromptListRow) -> None:
        await asyncio.wrap_future(self.workbench.prompts.remove(prompt.id))

    def action_forget(self) -> None:
        """Say what it takes away, then forget the marked prompt, or the marked set where no prompt is marked."""
        prompt, marked = self.marked_prompt, self.marked_set
        if marked is not None:
            self._run(self._ask_to_forget(str(prompt.id) if prompt is not None else marked.row.name))

    async def _ask_to_forget(self, what: str) -> None:
        plan = await asyncio.to_thread(self.workbench.forgetting.plan, what)
        act = lambda key: self._run(self._forget(plan)) if key else None  # noqa: E731
        title = f"Forget · {visible_line(plan.name, 40)}"
        self.app.push_screen(Choose(title, "\n".join(forget_words(plan)), (("F", "forget for good"),)), act)

    async def _forget(self, plan: ForgetPlan) -> None:
        remains = await asyncio.to_thread(self.workbench.forgetting.forget, plan)
        self.palate.tell(f"Forgotten: {visible_line(plan.name, 40)}", " ".join(remains_words(remains)))

    def _run(self, act: Awaitable[object]) -> None:
        """Do something, tell what it cannot do, and show what it changed."""

        async def work() -> None:
            try:
                await act
            except (*KNOWN_ERRORS, OSError) as error:
                self.palate.tell_error(error)
            await self._read_sets()

        self.run_worker(work(), name="change")
