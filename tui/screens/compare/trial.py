"""A blind trial being judged: Label's panes, keys and undo, with the names sealed."""

import asyncio
from concurrent.futures import Future
from typing import ClassVar

from textual.app import ComposeResult
from textual.content import Content

from db.pair_rows import ComparisonRow
from db.run_rows import TrialRow
from tui.errors import KNOWN_ERRORS, begun
from tui.events import AnswersGrowing, TrialChanged, WorkbenchEvent
from tui.screens.base import PalateScreen
from tui.screens.dialog import AskText, Choose
from tui.screens.pairs.keys import FEED_KEYS, NOTE_KEY, REASON_KEY, VERDICT_KEYS, VIEW_KEYS
from tui.screens.pairs.pair_feed import PairFeed
from tui.screens.pairs.pair_screen import PairScreen
from tui.snapshots import LoadState
from tui.text.format import count
from tui.widgets.binding import Binding, Writing


class TrialScreen(PairScreen):
    """Judges one trial. A person can leave at any time and continue later: every verdict is on the disk."""

    MODE = "compare"
    BINDINGS: ClassVar = [
        *VERDICT_KEYS,
        *FEED_KEYS,
        *VIEW_KEYS,
        NOTE_KEY,
        REASON_KEY,
        Writing(
            "enter", "finish", "result", priority=True, id="trial.finish", tooltip="End it, show names and result."
        ),
        Writing(
            "B", "unseal", "break seal", priority=True, id="trial.unseal", tooltip="Show the names before the end."
        ),
        Binding(
            "escape", "leave", "leave", id="trial.leave", tooltip="Leave it for now; it continues where you left it."
        ),
    ]

    def __init__(self, trial: int) -> None:
        super().__init__()
        self._trial = trial
        self._goes_on = False
        self.feed = PairFeed(self, TrialPairs(self, trial))
        self.take_actions(self.feed)

    def compose_body(self) -> ComposeResult:
        """The panes, and the sentence that replaces them while there is no pair."""
        yield from self.feed.compose()

    @property
    def row(self) -> TrialRow:
        """The trial at this moment."""
        return self.workbench.trial(self._trial)

    @property
    def pair(self) -> ComparisonRow | None:
        """The pair that is open on this screen."""
        return self.feed.pair

    @property
    def shown_pair(self) -> ComparisonRow | None:
        """The pair that is open on this screen."""
        return self.feed.pair

    # -- news ----------------------------------------------------------------------------------------------------

    def screen_shown(self) -> None:
        """Its answers are waited for while one sits here."""
        if not self.row.sealed:
            self.dismiss()
            return
        if not self.row.served and self.row.done < self.row.total:
            self.workbench.ensure_model()
        self.workbench.blind_trials.attend(self._trial)
        self.feed.refresh()

    def on_screen_suspend(self) -> None:
        """Nobody sits here now."""
        self.workbench.blind_trials.attend(None)

    def changed_elsewhere(self) -> None:
        """The fate of the pair on the screen is published by itself; a reader is not disturbed."""
        self.feed.look_for_a_pair()

    def from_workbench(self, published: WorkbenchEvent) -> None:
        """A pair of this trial may be written now. Answers never grow on this screen."""
        if isinstance(published, TrialChanged) and published.trial == self._trial:
            self.feed.look_for_a_pair()
        elif not isinstance(published, AnswersGrowing):
            self.feed.hear(published)

    def judged(self, pair: ComparisonRow, words: Content) -> None:
        """The next pair; and once the verdicts settle which policy is better, the offer to end."""
        self.feed.show_next(after=pair.id, note=words)
        if self.pair is not None and self.is_active and not self._goes_on and self._is_settled():
            self._goes_on = True  # asked once
            sentence = "Your verdicts so far settle which is better, by the rule for looking early."
            answers = (("r", "show the names and the result"), ("g", "continue to the end"))
            self.app.push_screen(Choose("Settled", sentence, answers), self._settled_answered)

    # -- keys ----------------------------------------------------------------------------------------------------

    @property
    def _complete(self) -> bool:
        trial = self.row
        return self.pair is None and trial.done == trial.total

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A note needs a pair, the result needs all of them or an early end, and the seal breaks only before that."""
        if action == "note":
            return True if self.pair is not None else None
        if action == "finish":
            return self._complete or self._goes_on
        if action == "unseal":
            return not self._complete
        return super().check_action(action, parameters)

    def action_note(self) -> None:
        """Keep a few words with the pair on the screen."""
        pair = self.pair
        if pair is None:
            return
        there = self.workbench.comparison_notes(self._trial).get(pair.id, "")
        sentence = "Kept with this pair; it can be read on the result page."
        ask = AskText("Note", sentence, value=there, may_be_empty=True)
        self.app.push_screen(ask, lambda text: self._keep_note(pair.id, text) if text is not None else None)

    def _keep_note(self, pair: int, text: str) -> None:
        self.run_worker(self._store_note(pair, text), name="note")

    async def _store_note(self, pair: int, text: str) -> None:
        noted = begun(lambda: self.workbench.blind_trials.note_comparison(pair, text))
        if await self.commit(asyncio.wrap_future(noted)):
            self.view.note("noted")

    def action_leave(self) -> None:
        """Back to the list; the trial stays as it is."""
        self.dismiss()

    def action_finish(self) -> None:
        """End the trial and show what it says; ask first while pairs wait, since this enter may be that of a reason."""
        if self._complete:
            self._finish()
            return
        sentence = "Pairs are still to be judged. The names are shown, and the trial ends here."
        answers = (("r", "show the names and the result"), ("g", "continue to the end"))
        self.app.push_screen(Choose("End the trial", sentence, answers), self._settled_answered)

    def _finish(self) -> None:
        self.run_worker(self._open(), name="open")

    def action_unseal(self) -> None:
        """Ask, since names that were seen cannot be unseen."""
        trial = self.row
        judged = f"{trial.judged} of {count(trial.total - trial.same, 'pair')} are judged"
        sentence = f"{judged}. Breaking the seal shows the names and ends the trial here, and that is recorded."
        answers = (("b", "break the seal"),)
        self.app.push_screen(Choose("Break the seal", sentence, answers), self._unseal_answered)

    def _unseal_answered(self, answer: str | None) -> None:
        if answer:
            self._finish()

    async def _open(self) -> None:
        try:
            await asyncio.wrap_future(self.workbench.blind_trials.open(self._trial))
        except KNOWN_ERRORS as error:
            self.palate.tell_error(error)
            return
        if self.is_active:  # from another screen, the result is in the list of trials
            from tui.screens.compare.trial_result import (
                TrialResultScreen,  # scipy takes its time, and judging needs none of it
            )

            self.app.switch_screen(TrialResultScreen(self._trial))

    # -- settled before the end ----------------------------------------------------------------------------------

    def _settled_answered(self, answer: str | None) -> None:
        self.refresh_bindings()
        if answer == "r":
            self._finish()

    def _is_settled(self) -> bool:
        trial = self.row
        if not trial.may_end_early:
            return False
        from tui.trials.results import result_of  # scipy takes its time, and most trials never ask

        return result_of(trial, self.workbench.trial_comparisons(self._trial)).conclusion.settled


class TrialPairs:
    """The pairs of one trial."""

    def __init__(self, screen: PalateScreen, trial: int) -> None:
        self._screen, self._trial = screen, trial

    def next_pair(self, after: int | None) -> ComparisonRow | None:
        """The next pair, not `after` if there is another one."""
        return self._screen.workbench.blind_trials.next(self._trial, after)

    def position_of(self, pair: ComparisonRow) -> tuple[int, int]:
        """How many pairs were judged and this one, of all that are asked."""
        return self._screen.workbench.blind_trials.place(pair)

    def why_empty(self) -> Content:
        """Everything is judged, or answers are still being written."""
        workbench = self._screen.workbench
        trial, model = workbench.trial(self._trial), workbench.model_state
        title, sentence = "Writing the next answers…", "They appear here by themselves; nothing to press."
        if trial.status == "failed":
            title, sentence = "This trial is over", "The model has no room to answer any of its prompts; esc leaves."
        elif trial.done == trial.total:
            title = "Every pair is judged"
            sentence = "enter shows the names and the result. u takes the last verdict back."
        elif problem := workbench.blind_trials.problems.get(self._trial):
            title, sentence = problem[0], f"{problem[1]} Opened again, the trial tries again; esc leaves."
        elif trial.served:
            pass
        elif model.state is LoadState.FAILED:
            title, sentence = "No model", "Its answers cannot be written. Your verdicts are kept; press esc to leave."
        elif not model.is_ready:
            title = model.detail or "Loading the model…"
        return Content.assemble((title, "bold"), "\n\n", (sentence, "$quiet"))

    def take_back(self) -> Future[int | None]:
        """Undo the newest verdict of this trial alone."""
        return self._screen.workbench.blind_trials.undo(self._trial)
