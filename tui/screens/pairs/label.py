"""The Label screen: judging the pairs of the queue, with everything a person may want to do to one of them."""

from concurrent.futures import Future
from typing import ClassVar

from textual.app import ComposeResult
from textual.content import Content

from db.pair_rows import ComparisonRow
from tui.events import WorkbenchEvent
from tui.screens.base import PalateScreen
from tui.screens.dialog import AskText
from tui.screens.pairs.edit_answer import EditAnswer
from tui.screens.pairs.keys import FEED_KEYS, NOTE_KEY, REASON_KEY, VERDICT_KEYS, VIEW_KEYS, pair_key, writing_key
from tui.screens.pairs.new_answers import NewAnswers
from tui.screens.pairs.pair_changes import ask_note, note_of
from tui.screens.pairs.pair_feed import PairFeed
from tui.screens.pairs.pair_screen import PairScreen
from tui.screens.pairs.rank_answers import RankAnswers
from tui.text.sanitize import visible_line
from tui.widgets.pair.verdict_notes import empty_note, judged_words

_RANK = "Two more answers for this prompt; put all four in order by keys."
_NEW_ANSWERS = "Two new answers for this prompt; this pair is skipped."


class LabelScreen(PairScreen):
    """Judge what the queue holds; note, edit, discard, ask for other answers, go back to what was judged before."""

    MODE = "label"
    BINDINGS: ClassVar = [
        *VERDICT_KEYS,
        *FEED_KEYS,
        writing_key("e", "edit", "edit", "edit", "Write an answer better in your editor; it becomes the chosen one."),
        NOTE_KEY,
        REASON_KEY,
        writing_key("g", "new_answers", "new-answers", "new answers", _NEW_ANSWERS),
        writing_key(
            "4", "rank", "rank", "rank four", "Two more answers to this prompt; put all four in order by keys."
        ),
        *VIEW_KEYS,
        pair_key("p", "earlier", "earlier", "earlier", "The pair that was judged before this one."),
        pair_key("n", "later", "later", "later", "The pair that was judged after this one, at last the open one."),
        pair_key("G", "go_to", "go-to", "go to", "Go to a pair by its prompt's number or by words of it."),
        writing_key("X", "say('discard')", "discard", "discard", "Throw the pair away: never asked, never trained on."),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.feed = PairFeed(self, QueuedPairs(self), leave=lambda: self._new_answers.forget())
        self._new_answers = NewAnswers(self, self.feed)
        self.take_actions(self.feed, self._new_answers, EditAnswer(self, self.feed), RankAnswers(self, self.feed))

    def compose_body(self) -> ComposeResult:
        """The panes, and the sentence that replaces them while there is no pair."""
        yield from self.feed.compose()

    @property
    def pair(self) -> ComparisonRow | None:
        """The pair that is open on this screen."""
        return self.feed.pair

    @property
    def shown_pair(self) -> ComparisonRow | None:
        """The pair that is open on this screen."""
        return self.feed.pair

    @property
    def has_text(self) -> bool:
        """Answers that grow can be read as well."""
        return self.feed.pair is not None or self.feed.growing is not None

    # -- news ----------------------------------------------------------------------------------------------------

    def screen_shown(self) -> None:
        """Show the pair again, or the next one. New answers keep growing in their panes."""
        if self._new_answers.replaced is None:
            self.feed.refresh()

    def changed_elsewhere(self) -> None:
        """Show a new pair only if none is shown. An event of its own says if the shown one was judged."""
        self.feed.look_for_a_pair()

    def from_workbench(self, published: WorkbenchEvent) -> None:
        """Show what was published; while new answers are written, only those."""
        if self._new_answers.replaced is None:
            self.feed.hear(published)
        elif self.is_current:
            self._new_answers.hear(published)

    def judged(self, pair: ComparisonRow, words: Content) -> None:
        """Show the next pair."""
        self.feed.show_next(after=pair.id, note=words)

    # -- keys ----------------------------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A note needs a pair."""
        if action == "note" and self.pair is None:
            return None
        return super().check_action(action, parameters)

    def action_note(self) -> None:
        """Ask for the words; they are kept with the pair at once, judged or not."""
        pair = self.pair
        if pair is not None:
            ask_note(self, pair.id, lambda text: self._noted(pair, text))

    def _noted(self, pair: ComparisonRow, text: str) -> None:
        if self.pair is not None and self.pair.id == pair.id:
            self.view.note(f"note: {visible_line(text, 50)}" if text else "no note")

    def action_undo(self) -> None:
        """While new answers are written for a pair that was judged, go back to it; else take the last verdict back."""
        replaced = self._new_answers.judged_pair
        if replaced is not None:
            self._go_to(self.workbench.comparison(replaced), "")
        else:
            self.feed.action_undo()

    # -- other pairs ---------------------------------------------------------------------------------------------

    def action_earlier(self) -> None:
        """Open the pair whose verdict came before that of the one on the screen, or the newest verdict."""
        standing = self.pair.standing if self.pair else None
        self._go_to(self.workbench.judged_before(standing.id if standing else None), "there is no earlier verdict")

    def action_later(self) -> None:
        """Open the pair whose verdict came next; after the newest verdict, the pair that is still open."""
        if self._new_answers.replaced is not None:
            self.feed.show_next(note="the new answers come first, once they are written")
            return
        standing = self.pair.standing if self.pair else None
        later = self.workbench.judged_after(standing.id) if standing else None
        if standing is not None and later is None:
            self.feed.show_next()
        else:
            self._go_to(later, "this is the open pair; p goes to earlier ones")

    def action_go_to(self) -> None:
        """Ask for a number or for words."""
        ask = AskText("Go to", "The number of a prompt in this set, or words of a prompt that has a pair.")
        self.app.push_screen(ask, self._found)

    def _found(self, text: str | None) -> None:
        if text is not None:
            words = visible_line(text, 40)
            self._go_to(self.workbench.find_pair(text, self.pair), f"no pair of a prompt with “{words}”")

    def _go_to(self, pair: ComparisonRow | None, otherwise: str) -> None:
        """Show this pair, with its verdict and note."""
        if self.gate.deciding:
            return
        if pair is None:
            self.view.note(otherwise)
        else:
            note = note_of(self.workbench, pair)
            self.feed.show(pair, judged_words(pair, note, named=self.workbench.names_known(pair.id)))


class QueuedPairs:
    """The pairs of the queue."""

    def __init__(self, screen: PalateScreen) -> None:
        self._screen = screen

    def next_pair(self, after: int | None) -> ComparisonRow | None:
        """The pair to show next, not `after` if there is another one."""
        return self._screen.workbench.next_comparison(after)

    def position_of(self, pair: ComparisonRow) -> tuple[int, int]:
        """The place of the pair's prompt in its set, from 1, and how many the set has."""
        return self._screen.workbench.prompt_position(pair.prompt.id)

    def why_empty(self) -> Content:
        """Why the queue is empty, and what happens or what to press."""
        workbench = self._screen.workbench
        return empty_note(workbench.status(), workbench.labelling_sets())

    def take_back(self) -> Future[int | None]:
        """Undo the newest verdict of all."""
        return self._screen.workbench.labelling.undo()
