"""The board: every pair of policies that met in a blind trial, their strengths, and what to compare next."""

from collections.abc import Sequence
from typing import ClassVar, Final

from textual import events
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from tui.analysis.bradley_terry import Strength
from tui.analysis.paired_comparison import between
from tui.events import TrialChanged, WorkbenchEvent
from tui.screens.base import PalateScreen
from tui.text.format import count, percent
from tui.text.sanitize import visible_line
from tui.trials.results import Meeting, TrialBoard, board_of, tally_words
from tui.widgets.binding import Binding
from tui.widgets.lists.cells import column, cut

_AIR: Final = 6
"""Columns beside the text: the screen's margins, and a scrollbar."""
_LEAST_NAME: Final = 8
"""Cells of a name that still differs from others."""


class BoardScreen(PalateScreen):
    """Read from the trials each time it is shown."""

    MODE = "compare"
    BINDINGS: ClassVar = [Binding("escape", "back", "back", id="board.back", tooltip="Back to the list of trials.")]

    def __init__(self) -> None:
        super().__init__()
        self._board: TrialBoard | None = None

    def compose_body(self) -> ComposeResult:
        """One text that scrolls."""
        with VerticalScroll(id="board"):
            yield Static("", id="board-text", markup=False)

    def screen_shown(self) -> None:
        """Read every trial again."""
        view = self.workbench
        trials = [(each, view.trial_comparisons(each.id)) for each in view.trials() if not each.sealed]
        policies = [view.model_state.name, *(each.name for each in view.adapters() if each.fits)]
        self._board = board_of(trials, policies)
        self._draw()

    def _draw(self) -> None:
        if self._board is not None:
            self.query_one("#board-text", Static).update(board_text(self._board, self.app.size.width - _AIR))

    def on_resize(self, _event: events.Resize) -> None:
        """Names are cut where it is narrow."""
        self._draw()

    def from_workbench(self, published: WorkbenchEvent) -> None:
        """A trial may have ended."""
        if isinstance(published, TrialChanged) and self.is_current:
            self.screen_shown()

    def action_back(self) -> None:
        """Back to the list."""
        self.dismiss()


def board_text(board: TrialBoard, width: int) -> Content:
    """Strengths, meetings, and the next comparison, in lines of `width` cells at most."""
    parts: list[Content] = []
    if board.board is not None:
        parts += [_head("strength, 95 % interval (Bradley–Terry; 1 more is a win rate of 73 %)")]
        parts += [_strength_line(each, width) for each in board.board.strengths] + [Content("")]
    if board.meetings:
        parts += [_head("who met whom"), *_meeting_lines(board.meetings, width), Content("")]
    else:
        parts.append(Content("No trial was opened yet. Press esc, then N, and judge one."))
    if board.meetings and board.board is None:
        parts.append(Content.styled("Strengths are shown once three policies have met.", "$quiet"))
    if board.by_programs:
        words = f"{count(board.by_programs, 'trial')} judged by programs left out: they say nothing of your taste."
        parts.append(Content.styled(words, "$quiet"))
    if board.next_match:
        first, second = (visible_line(each, 32) for each in board.next_match)
        parts.append(Content.assemble(("compare next  ", "$quiet"), (f"{first} and {second}", "bold $accent")))
    elif board.meetings:
        parts.append(Content.styled("Every order on the board is settled.", "$quiet"))
    return Content("\n").join(parts)


def _head(words: str) -> Content:
    return Content.styled(words, "bold")


def _strength_line(each: Strength, width: int) -> Content:
    figures = f"{each.value:>+6.2f}  "
    about = f"{f'{each.low:+.2f} to {each.high:+.2f}':<18}{count(each.games, 'verdict')}"
    name = min(30, width - len(figures) - len(about))
    return Content.assemble(column(cut(visible_line(str(each.policy)), name - 2), name), figures, (about, "$quiet"))


def _meeting_lines(meetings: Sequence[Meeting], width: int) -> list[Content]:
    """Names get what rates and counts leave, both the same; where that is next to nothing, the counts are left out."""
    rates = [f"{percent(each.tally.win_rate)} ({between(each.tally.interval)})" for each in meetings]
    counts = [tally_words(each.tally) for each in meetings]
    rate = max(map(len, rates)) + 2
    name = (width - rate - max(map(len, counts)) - len(" · ") - 2) // 2
    if name < _LEAST_NAME:
        counts, name = [""] * len(counts), (width - rate - len(" · ") - 2) // 2
    name = min(name, 22)
    lines = []
    for each, rate_words, count_words in zip(meetings, rates, counts, strict=True):
        names = " · ".join(cut(visible_line(side), name) for side in (each.first, each.second))
        head = column(names, 2 * name + len(" · ") + 2) + f"{rate_words:<{rate}}"
        lines.append(Content.assemble(head, (count_words, "$quiet")))
    return lines
