"""What a trial says, what could fool one, and every comparison in it, lost ones first."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import OptionList, Static

from db.pair_rows import ComparisonRow
from db.run_rows import TrialRow
from tui.analysis.paired_comparison import Outcome, Tally
from tui.errors import KNOWN_ERRORS
from tui.events import VerdictStored, WorkbenchEvent
from tui.screens.base import PalateScreen
from tui.screens.compare.trial_pair import TrialPairScreen
from tui.screens.dialog import AskText
from tui.screens.single_dismiss import leads_away_once
from tui.text.format import count, when
from tui.text.sanitize import visible, visible_line
from tui.trials.results import (
    TrialResult,
    by_reason,
    doubts,
    left_out,
    outcome_of,
    rate_words,
    reason_tally_words,
    result_of,
    sentence,
    tally_words,
)
from tui.widgets.binding import Binding, Writing
from tui.widgets.lists.cursor_list import CursorList

_FILTERS: Final = ("all, lost first", "lost", "won", "tied", "noted", "left out")
_ORDER: Final = {"loss": 0, "tie": 1, "win": 2, None: 3}
_SIGNS: Final = {"win": ("✓ won ", "$success"), "loss": ("× lost", "$error"), "tie": ("= tied", "$quiet")}
_BAR: Final = 41
"""Columns of the bar: an odd number, so that one half has a column of its own."""


class TrialResultScreen(PalateScreen):
    """The result page of an opened trial."""

    MODE = "compare"
    AUTO_FOCUS = "CursorList"
    BINDINGS: ClassVar = [
        Binding("f", "filter", "filter", id="result.filter", tooltip="Lost, won, tied, noted, left out, or all."),
        Writing("c", "note", "note", id="result.note", tooltip="Keep a note with this trial."),
        Binding("escape", "back", "back", id="result.back", tooltip="Back to the list of trials."),
    ]

    def __init__(self, trial: int) -> None:
        super().__init__()
        self._trial = trial
        self._filter = 0
        self._shown: list[int] = []

    def compose_body(self) -> ComposeResult:
        """The figures, and the comparisons below them."""
        yield Static("", id="figures", markup=False)
        yield Static("", id="pairs", markup=False)
        yield CursorList(id="comparisons")

    def screen_shown(self) -> None:
        """Read everything again."""
        self._draw()

    def from_workbench(self, published: WorkbenchEvent) -> None:
        """Another process may judge a pair again."""
        if isinstance(published, VerdictStored) and self.is_current:
            self._draw()

    def _draw(self) -> None:
        trial = self.workbench.trial(self._trial)
        comparisons = self.workbench.trial_comparisons(self._trial)
        notes = self.workbench.comparison_notes(self._trial)
        result = result_of(trial, comparisons, unmet=self.workbench.unmet_prompts(trial))
        moved = len({each.prompt for each in self.workbench.moved_prompts(self._trial)})
        said = [each.standing.id for each in comparisons if each.standing is not None]
        reasons = by_reason(comparisons, self.workbench.reasons.of(said))
        self.query_one("#figures", Static).update(figures(result, moved, reasons, wide=not self.stacked))
        wanted = _FILTERS[self._filter]
        rows = sorted((each for each in comparisons if pair_matches(each, wanted, notes)), key=_place)
        self._shown = [each.id for each in rows]
        head = f"{count(len(rows), 'comparison')}: {wanted}"
        self.query_one("#pairs", Static).update(Content.styled(head, "bold"))
        self.query_one(CursorList).show((str(each.id), pair_line(each, notes.get(each.id, ""))) for each in rows)

    # -- keys ----------------------------------------------------------------------------------------------------

    def action_filter(self) -> None:
        """The next filter that has something to show."""
        self._filter = (self._filter + 1) % len(_FILTERS)
        self._draw()
        if not self._shown and self._filter:
            self.action_filter()

    def action_note(self) -> None:
        """Ask for the words."""
        sentence = "Kept with this trial. An empty line takes the note off."
        ask = AskText("Note", sentence, value=self.workbench.trial(self._trial).note, may_be_empty=True)
        self.app.push_screen(ask, self._keep)

    def _keep(self, text: str | None) -> None:
        if text is not None:
            self.run_worker(self._store(text), name="note")

    async def _store(self, text: str) -> None:
        try:
            await asyncio.wrap_future(self.workbench.blind_trials.note(self._trial, text))
        except KNOWN_ERRORS as error:
            self.palate.tell_error(error)
        self._draw()

    def action_back(self) -> None:
        """Back to the list."""
        self.dismiss()

    @on(OptionList.OptionSelected)
    @leads_away_once
    def open_pair(self, event: OptionList.OptionSelected) -> None:
        """Read one comparison with its names."""
        at = self._shown.index(int(str(event.option_id)))
        self.app.push_screen(TrialPairScreen(self._trial, self._shown, at))


# -- words -----------------------------------------------------------------------------------------------------


def figures(
    result: TrialResult,
    moved: int,
    reasons: Sequence[tuple[str, Mapping[Outcome, int]]] = (),
    *,
    wide: bool,
) -> Content:
    """The sentence, the counts with the bar of the interval, what could fool one, and how it was done."""
    trial, tally = result.trial, result.tally
    colour = {"better": "$success", "worse": "$error"}.get(result.conclusion.word, "$warning")
    lines = [
        Content.styled(visible(sentence(result)), f"bold {colour}"),
        Content(""),
        Content.assemble((f"{visible_line(trial.model_b_name, 24)}  ", "bold"), tally_words(tally)),
        bar(tally) if wide else Content(""),
        Content(rate_words(tally)),
        Content(""),
    ]
    if not wide:
        del lines[3]
    for name, words, stands_out in doubts(result):
        lines.append(Content.assemble((f"{name:<22}", "$quiet"), (words, "$warning" if stands_out else "")))
    for at, each in enumerate(reasons):
        lines.append(Content.assemble((f"{'why' if at == 0 else '':<22}", "$quiet"), reason_tally_words(*each)))
    if trial.against_system is not None:
        lines.append(
            Content.assemble((f"{'the system prompt':<22}", "$quiet"), visible_line(trial.against_system, 400))
        )
    lines.append(Content.styled(how(trial, moved), "$quiet"))
    if trial.note:
        lines.append(Content.assemble(("note  ", "$quiet"), visible_line(trial.note, 200)))
    return Content("\n").join(lines)


def bar(tally: Tally) -> Content:
    """The interval between 0 and 100 %, with the win rate in it and a mark at one half."""
    low, rate, high = (round(each * (_BAR - 1)) for each in (tally.interval.low, tally.win_rate, tally.interval.high))
    cells = ["━" if low <= at <= high else "·" for at in range(_BAR)]
    cells[_BAR // 2] = "┿" if low <= _BAR // 2 <= high else "│"
    cells[rate] = "●"
    parts = [(cell, "$accent" if low <= at <= high else "$quiet") for at, cell in enumerate(cells)]
    return Content.assemble(("lost 0 % ", "$quiet"), *parts, (" 100 % won", "$quiet"))


def how(trial: TrialRow, moved: int) -> str:
    """When and how the trial was done, in one line."""
    sampling = "greedy" if trial.sampling.get("temperature") == 0 else f"temperature {trial.sampling['temperature']:g}"
    parts = [when(trial.created), count(trial.num_questions, "prompt"), sampling]
    if trial.samples > 1:
        parts.append(f"{trial.samples} samples each")
    if trial.judge:
        parts.append(f"judged by {visible_line(trial.judge, 40)}")
    if trial.broken:
        parts.append(f"seal broken after {count(trial.opened_after or 0, 'verdict')}")
    if trial.may_end_early:
        parts.append("could end early")
    if moved:
        parts.append(f"{count(moved, 'prompt')} moved into labelling since")
    return " · ".join(parts)


def pair_matches(pair: ComparisonRow, wanted: str, notes: Mapping[int, str]) -> bool:
    """Does a comparison belong under this filter?"""
    outcome = outcome_of(pair)
    match wanted:
        case "lost" | "won" | "tied":
            return outcome == {"lost": "loss", "won": "win", "tied": "tie"}[wanted]
        case "noted":
            return pair.id in notes
        case "left out":
            return left_out(pair)
    return True


def _place(pair: ComparisonRow) -> tuple[int, int]:
    return _ORDER[outcome_of(pair)], pair.id


def pair_line(pair: ComparisonRow, note: str) -> Content:
    """How it went, the question, and what is particular about it."""
    outcome = outcome_of(pair)
    sign = _SIGNS[outcome] if outcome else ("– open" if not left_out(pair) else "– out ", "$quiet")
    about = []
    if pair.standing is not None and pair.standing.strength > 1:
        about.append("much")
    if pair.same:
        about.append("the same answers")
    if pair.standing is not None and not pair.standing.blind:
        about.append("not blind")
    if pair.repeats is not None:
        about.append("asked again")
    if note:
        about.append(visible_line(note, 60))
    tail = f"  {' · '.join(about)}" if about else ""
    return Content.assemble(sign, "  ", visible_line(pair.prompt.first_line, 100), (tail, "$quiet"))
