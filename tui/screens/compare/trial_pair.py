"""One comparison of an opened trial, with its names: read, noted, and perhaps moved into labelling."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

from db.pair_rows import ComparisonRow
from db.run_rows import TrialRow
from tui.errors import KNOWN_ERRORS
from tui.screens.compare.side_by_side import SideBySideScreen
from tui.screens.dialog import AskText, Choose
from tui.text.format import UNDECIDED_WORDS, when
from tui.text.sanitize import visible_line
from tui.trials.blind import MOVED_TO
from tui.widgets.binding import Binding, Writing


class TrialPairScreen(SideBySideScreen):
    """Goes through the comparisons of a trial in the order and with the filter of its result page."""

    BINDINGS: ClassVar = [
        *SideBySideScreen.BINDINGS[:2],
        Writing("c", "note", "note", id="pair.note", tooltip="Keep a note with this comparison."),
        Writing(
            "M", "move", "move", id="pair.move", tooltip="Move the prompt into labelling, so that it is trained on."
        ),
        Binding("escape", "back", "back", id="pair.back", tooltip="Back to the result."),
    ]

    def __init__(self, trial: int, comparisons: Sequence[int], at: int) -> None:
        super().__init__(trial)
        self._ids = list(comparisons)
        self._at = at

    def _read(self) -> None:
        by_id = {each.id: each for each in self.workbench.trial_comparisons(self._trial)}
        self._pairs = [by_id[each] for each in self._ids]
        self._draw()

    def _draw_pair(self, _trial: TrialRow) -> None:
        pair = self._pairs[self._at]
        if pair.id != self._shown:
            self._shown = pair.id
            self.view.show(replace(pair, flipped=False), position=(self._at + 1, len(self._pairs)))
        self.view.note(self._about(pair))

    def _about(self, pair: ComparisonRow) -> str:
        note = self.workbench.comparison_notes(self._trial).get(pair.id)
        parts = [verdict_words(self._row(), pair)]
        moved = [each for each in self.workbench.moved_prompts(self._trial) if each.comparison == pair.id]
        if moved:
            parts.append(f"moved into {visible_line(moved[0].to_set, 20)} {when(moved[0].at)}")
        return " · ".join([*parts, visible_line(note, 60)] if note else parts)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only a prompt that is still held out can be moved."""
        if action == "move":
            return True if self._pairs and self._pairs[self._at].prompt.held_out else None
        return super().check_action(action, parameters)

    # -- keys ----------------------------------------------------------------------------------------------------

    def action_note(self) -> None:
        """Ask for the words."""
        pair = self._pairs[self._at].id
        there = self.workbench.comparison_notes(self._trial).get(pair, "")
        sentence = "Kept with this comparison. An empty line takes the note off."
        ask = AskText("Note", sentence, value=there, may_be_empty=True)
        self.app.push_screen(ask, lambda text: self._keep(pair, text))

    def _keep(self, pair: int, text: str | None) -> None:
        if text is not None:
            self.run_worker(self._store_note(pair, text), name="note")

    async def _store_note(self, pair: int, text: str) -> None:
        try:
            await asyncio.wrap_future(self.workbench.blind_trials.note_comparison(pair, text))
        except KNOWN_ERRORS as error:
            self.palate.tell_error(error)
        self._draw()

    def action_move(self) -> None:
        """Say what it means first."""
        pair = self._pairs[self._at]
        verdict = (
            "your verdict becomes a preference pair that runs train on"
            if self._row().judge is None
            else "the pair waits there for a verdict of your own: the program's is kept beside it"
        )
        sentence = (
            f"The question goes into the set {MOVED_TO!r} for labelling, and {verdict}. It is not held out any more: "
            "no later trial asks it. The trial keeps its figures, and the move is recorded."
        )
        choose = Choose("Move into labelling", sentence, (("m", "move it"),))
        self.app.push_screen(choose, lambda answer: self._moved(pair.id) if answer else None)

    def _moved(self, pair: int) -> None:
        self.run_worker(self._move(pair), name="move")

    async def _move(self, pair: int) -> None:
        try:
            verdict = await asyncio.wrap_future(self.workbench.blind_trials.move_to_labelling(pair))
        except KNOWN_ERRORS as error:
            self.palate.tell_error(error)
            return
        trained = "It is a preference pair now." if verdict else "It gives no preference pair yet."
        self.palate.tell("Moved", f"The question is in the set {MOVED_TO!r}, for labelling. {trained}")
        self._read()


def verdict_words(trial: TrialRow, pair: ComparisonRow) -> str:
    """What was said, with the winner's name."""
    if pair.same:
        return "both answers are the same: a tie"
    verdict = pair.standing
    if verdict is None:
        return "not judged"
    blind = "" if verdict.blind else " (not blind, left out)"
    if verdict.verdict in ("a", "b"):
        name = trial.model_a_name if verdict.verdict == "a" else trial.model_b_name
        who = "you" if trial.judge is None else "the program"
        return f"{who} chose {visible_line(name, 24)}{', much better' if verdict.strength > 1 else ''}{blind}"
    return (UNDECIDED_WORDS | {"tie": "a tie"})[verdict.verdict] + blind
