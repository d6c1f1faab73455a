"""The board: every pair of policies that met in a blind trial, their strengths, and what to compare next."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from tui.published import Published, TrialChanged
from tui.screens.base import PalateScreen
from tui.strengths import Strength
from tui.trial_results import Meeting, TrialBoard, between, board_of, percent, tally_words
from tui.visible import visible_line
from tui.words import count


class BoardScreen(PalateScreen):
    """Read from the trials each time it is shown."""

    MODE = "compare"
    CSS_PATH = ["base.tcss", "trial.tcss"]
    BINDINGS: ClassVar = [Binding("escape", "back", "back", id="board.back", tooltip="Back to the list of trials.")]

    def compose_body(self) -> ComposeResult:
        """One text that scrolls."""
        with VerticalScroll(id="board"):
            yield Static("", id="board-text", markup=False)

    def screen_shown(self) -> None:
        """Read every trial again."""
        view = self.workbench
        trials = [(each, view.trial_comparisons(each.id)) for each in view.trials() if not each.sealed]
        policies = [view.status().model_name, *(each.name for each in view.adapters() if each.fits)]
        self.query_one("#board-text", Static).update(board_text(board_of(trials, policies)))

    def from_workbench(self, published: Published) -> None:
        """A trial may have ended."""
        if isinstance(published, TrialChanged) and self.is_current:
            self.screen_shown()

    def action_back(self) -> None:
        """Back to the list."""
        self.dismiss()


def board_text(board: TrialBoard) -> Content:
    """Strengths, meetings, and the next comparison."""
    parts: list[Content] = []
    if board.board is not None:
        parts += [_head("strength, 95 % interval (Bradley–Terry; 1 more is a win rate of 73 %)")]
        parts += [_strength_line(each) for each in board.board.strengths] + [Content("")]
    if board.meetings:
        parts += [_head("who met whom"), *(_meeting_line(each) for each in board.meetings), Content("")]
    else:
        parts.append(Content("No trial was opened yet. Press esc, then N, and judge one."))
    if board.meetings and board.board is None:
        parts.append(Content.styled("Strengths are told once three policies have met.", "$quiet"))
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


def _strength_line(each: Strength) -> Content:
    interval = f"{each.low:+.2f} to {each.high:+.2f}"
    games = count(each.games, "verdict")
    name = visible_line(str(each.policy), 28)
    return Content.assemble(f"{name:<30}{each.value:>+6.2f}  ", (f"{interval:<18}{games}", "$quiet"))


def _meeting_line(each: Meeting) -> Content:
    names = f"{visible_line(each.first, 22)} · {visible_line(each.second, 22)}"
    rate = f"{percent(each.tally.win_rate)} ({between(each.tally.interval)})"
    return Content.assemble(f"{names:<48}{rate:<22}", (f"{tally_words(each.tally)}", "$quiet"))
