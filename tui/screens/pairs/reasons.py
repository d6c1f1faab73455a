"""Giving reasons for a verdict, on every screen that judges pairs."""

import asyncio
from concurrent.futures import Future
from dataclasses import dataclass

from textual.content import Content

from db.pair_rows import ComparisonRow, VerdictRow
from tui.errors import KNOWN_ERRORS, begun
from tui.screens.actions import Actions
from tui.screens.base import PalateScreen
from tui.screens.pairs.reason_line import EDIT, ReasonLine
from tui.screens.pairs.reason_list import edit_reasons
from tui.text.sanitize import visible_line
from tui.widgets.pair.pair_view import PairView

_NONE = ("skip", "undo")
"""These verdicts say nothing about the answers, so they get no reasons."""


@dataclass(frozen=True)
class GivenVerdict:
    """A verdict of a pair, perhaps still on its way to the disk. `words` say which it is."""

    pair: ComparisonRow
    stored: Future[VerdictRow]
    words: str


class ReasonActions(Actions):
    """`.` opens the line of reasons for the verdict just given, or for that of the pair that was opened again."""

    def __init__(self, screen: PalateScreen) -> None:
        self._screen = screen
        self._given: GivenVerdict | None = None

    def note_given(self, pair: ComparisonRow, stored: Future[VerdictRow], words: Content, verdict: str) -> None:
        """Let the line be about a verdict that was just given on this screen."""
        said = words.plain.removeprefix("✓ saved: ")
        self._given = None if verdict in _NONE else GivenVerdict(pair, stored, said)

    def note_undone(self) -> None:
        """Let the line be about no verdict until the next is given: the last one was taken back."""
        self._given = None

    def action_reasons(self) -> None:
        """Open the line. It opens without a verdict too, so that the keys typed behind the `.` judge nothing."""
        self._open(self._given)

    def open_for(self, pair: ComparisonRow, standing: VerdictRow, words: str) -> None:
        """Open the line for the verdict that a pair has."""
        stored: Future[VerdictRow] = Future()
        stored.set_result(standing)
        self._open(GivenVerdict(pair, stored, words) if standing.verdict not in _NONE else None)

    def _open(self, given: GivenVerdict | None) -> None:
        reasons = self._screen.workbench.reasons
        about = None if given is None else f"{given.words} · {visible_line(given.pair.prompt.first_line, 40)}"
        line = ReasonLine(about, reasons.offered(), self._now(given), reasons.last())
        self._screen.app.push_screen(line, lambda answer: self._answered(given, answer))

    def _now(self, given: GivenVerdict | None) -> tuple[str, ...]:
        """The reasons that the verdict has; one that is not stored yet has none."""
        if given is None or not given.stored.done() or given.stored.exception() is not None:
            return ()
        verdict = given.stored.result().id
        return self._screen.workbench.reasons.of([verdict]).get(verdict, ())

    def _answered(self, given: GivenVerdict | None, answer: tuple[str, ...] | str | None) -> None:
        if answer == EDIT:
            edit_reasons(self._screen)
        elif isinstance(answer, tuple) and given is not None:
            self._screen.run_worker(self._store(given, answer), name="reasons")

    async def _store(self, given: GivenVerdict, names: tuple[str, ...]) -> None:
        """Store the reasons after the verdict. If the verdict was not stored, its own error was shown already."""
        try:
            verdict = await asyncio.wrap_future(given.stored)
        except KNOWN_ERRORS:
            return
        try:
            await asyncio.wrap_future(begun(lambda: self._screen.workbench.reasons.give(verdict, names)))
        except KNOWN_ERRORS as error:
            self._screen.palate.tell_error(error)
            return
        words = ", ".join(visible_line(each, 24) for each in names)
        self._screen.query_one(PairView).note(
            f"{given.words} · why: {words}" if names else f"{given.words} · no reason"
        )
