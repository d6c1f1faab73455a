"""The judges: models and programs that judge in a person's place, what each is worth, and what they may do."""

import asyncio
from functools import partial
from typing import ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import OptionList

from tui.errors import KNOWN_ERRORS
from tui.events import JudgesChanged, ModelChanged, WorkbenchEvent
from tui.judges.figures import slips, sureness
from tui.judges.format import figure_lines, list_record, progress_words, verdict_of
from tui.judges.judgement import NO_PERSON
from tui.judges.records import JudgeView
from tui.judges.service import NewJudge
from tui.screens.base import PalateScreen
from tui.screens.dialog import AskText
from tui.screens.external_editor import edit_text
from tui.screens.list_changes import ask_to_remove, try_to
from tui.screens.pairs.review import ReviewScreen
from tui.screens.picker import Pick
from tui.screens.single_dismiss import leads_away_once
from tui.text.sanitize import visible, visible_line
from tui.widgets.binding import Binding, Writing
from tui.widgets.lists.cells import column, cut
from tui.widgets.lists.list_with_page import ListWithPage, page_keys
from tui.workspace.settings import AT, BASE

_ABOUT: Final = (
    "A judge is a model or a program that judges pairs as you would. It is measured on pairs that you judged and it "
    "never saw, before it may decide a trial."
)
_EMPTY: Final = "No judge yet. Press a to add one."
_LABEL: Final = 22
_NARROW, _WIDE = 24, 48
"""Cells of a judge's model and place, with the space behind them."""


class JudgesScreen(PalateScreen):
    """The list above, the marked judge with its rubric below."""

    AUTO_FOCUS = "CursorList"
    BINDINGS: ClassVar = [
        Writing("t", "try", "measure", id="judges.try", tooltip="Measure the marked judge on 100 pairs of yours."),
        Writing("a", "add", "add", id="judges.add", tooltip="Add a judge: its name, and the model that judges."),
        Writing("e", "rubric", "rubric", id="judges.rubric", tooltip="Edit its rubric; then measure it again."),
        Writing("w", "slips", "look again", id="judges.slips", tooltip="Open the pairs where it surely disagrees."),
        Writing("o", "sort", "sort queue", id="judges.sort", tooltip="Ask first what it is least sure of."),
        Writing("s", "stop", "stop", id="judges.stop", tooltip="Stop the judge at work; what it judged stays."),
        Writing("x", "remove", "remove", id="judges.remove", tooltip="Offer the marked judge no longer."),
        *page_keys("judges"),
        Binding("escape", "back", "back", id="judges.back", tooltip="Back to where you came from."),
    ]

    def __init__(self, mode: str) -> None:
        """Come from the screen of `mode`."""
        super().__init__()
        self.MODE = mode
        self._list: ListWithPage[JudgeView] = ListWithPage(_ABOUT, _EMPTY)
        self._slips: dict[int, list[tuple[int, str]]] = {}
        """Judge → the pairs on which it surely chose the other answer, each with what to say of it."""

    def compose_body(self) -> ComposeResult:
        """A sentence, the list, and the marked judge."""
        yield self._list

    # -- what is shown -------------------------------------------------------------------------------------------

    def screen_shown(self) -> None:
        """Read the list again: it may have changed elsewhere."""
        rows = {str(each.row.id): each for each in self.workbench.judges.listed()}
        self._slips = {each.row.id: self._find_slips(each) for each in rows.values()}
        self._list.show(rows, partial(_line, width=_NARROW if self.stacked else _WIDE))
        self._draw()

    def from_workbench(self, published: WorkbenchEvent) -> None:
        """A judge at work makes progress."""
        if isinstance(published, JudgesChanged | ModelChanged) and self.is_current:
            self.screen_shown()

    @on(OptionList.OptionHighlighted)
    def _draw(self) -> None:
        self._list.show_page(self._about)
        self.refresh_bindings()

    def _about(self, marked: JudgeView) -> Content:
        progress = self.workbench.judges.progress
        lines = [Content.styled(progress_words(progress), "bold $accent")] if progress is not None else []
        if failure := self.workbench.judges.failure:
            lines += [Content.styled(visible(failure), "$error"), Content("")]
        for name, words, stands_out in figure_lines(marked, self.workbench.judges.own_agreement()):
            lines.append(Content.assemble((name.ljust(_LABEL), "$quiet"), (words, "$warning" if stands_out else "")))
        lines += [Content(""), Content(visible(verdict_of(marked))), Content.styled(NO_PERSON, "$quiet")]
        if marked.row.kind == "model":
            head = f"rubric, with {len(marked.examples)} of your verdicts as examples"
            lines += [Content(""), Content.styled(head, "bold"), Content(visible(marked.row.rubric.rstrip("\n")))]
        return Content("\n").join(lines)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Dim what needs a judge, or a judge at work."""
        marked = self._list.marked
        works = self.is_mounted and self.workbench.judges.progress is not None
        match action:
            case "stop":
                return True if works else None
            case "try" | "sort":
                return True if marked is not None and not works else None
            case "rubric":
                return True if marked is not None and marked.row.kind == "model" else None
            case "slips":
                return True if marked is not None and self._slips.get(marked.row.id) else None
            case "remove":
                return True if marked is not None else None
        return super().check_action(action, parameters)

    # -- keys ----------------------------------------------------------------------------------------------------

    def action_back(self) -> None:
        """Back to where the person came from."""
        self.dismiss()

    def action_page(self, by: int) -> None:
        """Scroll the marked judge's page."""
        self._list.scroll_page(by)

    @on(OptionList.OptionSelected)
    def action_try(self) -> None:
        """Measure the marked judge, beside everything else."""
        if (marked := self._list.marked) is not None and self.workbench.judges.progress is None:
            try_to(self, lambda: self.workbench.judges.begin_measuring(marked))

    def action_sort(self) -> None:
        """Let the marked judge judge the queue, and ask the least sure pairs first from now on."""
        if (marked := self._list.marked) is not None:
            try_to(self, lambda: self._sort(marked))

    def _sort(self, marked: JudgeView) -> None:
        self.workbench.judges.begin_sorting(marked)
        self.workbench.change_setting("order", "judge")
        self.palate.tell(
            "The queue is sorted", "The pairs that the judge is least sure of come first. The setting order ends it."
        )

    def action_stop(self) -> None:
        """Stop the judge at work."""
        self.workbench.judges.stop()

    def action_slips(self) -> None:
        """Open the pairs on which the judge surely chose the other answer."""
        if (marked := self._list.marked) is not None and (found := self._slips.get(marked.row.id)):
            self.app.push_screen(ReviewScreen(found))

    def _find_slips(self, marked: JudgeView) -> list[tuple[int, str]]:
        rows = slips(self.workbench.judges.measured(marked.row))
        name = visible_line(marked.name, 24)
        return [(each.comparison, f"{name} chose the other one, {sureness(each):.2f} sure") for each in rows]

    @leads_away_once
    def action_remove(self) -> None:
        """Ask, then offer the marked judge no longer."""
        marked = self._list.marked
        if marked is None:
            return
        sentence = f"{visible_line(marked.name, 40)} is offered no longer. Its verdicts stay."
        ask_to_remove(self, "judge", sentence, lambda: self.workbench.judges.remove(marked.name))

    # -- adding, and the rubric ----------------------------------------------------------------------------------

    @leads_away_once
    def action_add(self) -> None:
        """Ask for a name, then for the model that judges."""
        ask = AskText("Add a judge", "A name for it.", placeholder="mine")
        self.app.push_screen(ask, lambda name: self._ask_place(name) if name is not None else None)

    def _ask_place(self, name: str) -> None:
        models = {f"{BASE}{AT}{each.name}": each.server.model for each in self.workbench.servers.all()}
        models[BASE] = "the base model here"
        offered = sorted(self.workbench.policies(), key=lambda each: (each.needs_model, each.word not in models))
        places = [
            (each.word, Content(visible_line(": ".join(filter(None, (each.label, models.get(each.word)))), 56)))
            for each in offered
        ]
        sentence = "The policy that judges. A server is added, and allowed, with V."
        self.app.push_screen(Pick("Add a judge", sentence, places), lambda policy: self._add(name, policy))

    def _add(self, name: str, policy: str | None) -> None:
        if policy is not None:
            self.run_worker(self._add_beside(NewJudge(name=name, policy=policy)), name="add a judge")

    async def _add_beside(self, new: NewJudge) -> None:
        """Add it on a thread: its first rubric counts every choice."""
        try:
            await asyncio.to_thread(self.workbench.judges.add, new)
        except KNOWN_ERRORS as error:
            self.palate.tell_error(error)
        if self.is_mounted:
            self.screen_shown()

    def action_rubric(self) -> None:
        """Open the rubric in the person's editor."""
        if (marked := self._list.marked) is not None:
            self.run_worker(self._edit_rubric(marked), name="rubric")

    async def _edit_rubric(self, marked: JudgeView) -> None:
        try:
            edited = await edit_text(self.app, marked.row.rubric)
            if edited.text.strip() != marked.row.rubric.strip():
                self.workbench.judges.change_rubric(marked.name, edited.text)
        except (*KNOWN_ERRORS, OSError) as error:
            self.palate.tell_error(error)  # the file stays where it is, and an error of the editor names it
            return
        edited.forget()
        self.screen_shown()


def _line(each: JudgeView, width: int) -> Content:
    record = list_record(each)
    may = ("decides trials", "$success") if record["trials"] == "yes" else ("no trials", "$quiet")
    kappa = f"κ {record['κ']}" if record["pairs"] else "not measured"
    name = column(cut(record["name"], 12), 13)
    where = record["model"] if record["where"] == "here" else f"{record['model']}, {record['where']}"
    where = column(cut(where, width - 2), width)
    return Content.assemble((name, "bold"), where, f"{kappa:<23}", may)
