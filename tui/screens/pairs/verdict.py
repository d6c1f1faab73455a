"""One judged pair, opened again: its answers by name, all its verdicts, and the keys to judge it once more."""

from collections.abc import Sequence
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from db.pair_rows import ComparisonRow, CompletionRow, VerdictRow
from tui.events import PairChanged, VerdictStored, WorkbenchEvent
from tui.screens.pairs.keys import REASON_KEY, VERDICT_KEYS, VIEW_KEYS
from tui.screens.pairs.pair_changes import ask_note, take_out
from tui.screens.pairs.pair_screen import PairScreen
from tui.text.format import duration, when
from tui.text.sanitize import visible_line
from tui.widgets.binding import Binding, TextualBinding, Writing
from tui.widgets.lists.verdict_list import verdict_word
from tui.widgets.pair.pair_view import PairView


class VerdictScreen(PairScreen):
    """Opened from the list of verdicts. A verdict given here is added as another one, marked as not blind."""

    MODE = "data"
    BLIND = False
    BINDINGS: ClassVar = [
        Binding("escape,enter", "back", "back", id="verdict.back", tooltip="Back to the list."),
        *VERDICT_KEYS,
        REASON_KEY,
        Writing("t", "take_out", "take out", id="verdict.take-out", tooltip="Take out of training, or put back."),
        Writing("c", "note", "note", id="verdict.note", tooltip="Keep a note with this pair."),
        *VIEW_KEYS,
    ]

    def __init__(self, comparison: int) -> None:
        super().__init__()
        self._comparison = comparison
        self._pair: ComparisonRow | None = None
        self._out = False

    def compose_body(self) -> ComposeResult:
        """The panes, and the pair's history."""
        yield PairView()
        yield Static(id="history")

    @property
    def shown_pair(self) -> ComparisonRow | None:
        """The pair, from when it is painted on."""
        return self._pair

    def screen_shown(self) -> None:
        """Read the pair and its history."""
        pair = self._pair = self.workbench.comparison(self._comparison)
        self.workbench.labelling.names_were_shown(self._comparison)
        self.view.show(pair, position=self.workbench.prompt_position(pair.prompt.id))
        self._draw(pair)
        self.call_after_refresh(self.painted)

    def _draw(self, pair: ComparisonRow) -> None:
        """Name the answers, the present verdict, and those before it."""
        self.view.set_answer_titles(*(self._title(pair, name) for name in ("first", "second")))
        self._out = self.workbench.data.is_out(pair)
        self.view.note(self.standing(pair))
        self.query_one("#history", Static).update(Content("\n").join(map(Content, self._history(pair))))
        self.refresh_bindings()

    def standing(self, pair: ComparisonRow) -> str:
        """The present verdict, and whether it counts for training."""
        words = self.said(pair, pair.standing) if pair.standing else "open"
        return f"{words} · − out of training" if self._out else words

    def said(self, pair: ComparisonRow, verdict: VerdictRow) -> str:
        """A verdict in words."""
        return verdict_in_words(pair, verdict, stacked=self.stacked)

    def _history(self, pair: ComparisonRow) -> list[str]:
        """The pair's note, then all its verdicts and changes, newest first."""
        rows, others = self.workbench.history(pair.id), self.workbench.verdicts_beside(pair.id)
        reasons = self.workbench.reasons.of([row.id for row in (*rows, *(row for row, _ in others))])
        said = [
            (row.at, history_line(pair, row, reasons.get(row.id, ()), by, stacked=self.stacked))
            for row, by in (*((row, "") for row in rows), *others)
        ]
        for row in self.workbench.data.withdrawals(pair.id):
            said.append((row.at, f"{when(row.at)}  {'taken out of' if row.withdrawn else 'put back into'} training"))
        lines = [line for _, line in sorted(said, key=lambda each: each[0], reverse=True)]
        note = self.workbench.data.note(pair.id)
        return [f"note  {visible_line(note, 120)}", *lines] if note else lines

    def _title(self, pair: ComparisonRow, name: str) -> Content:
        answer, letter = (pair.first, pair.first_letter) if name == "first" else (pair.second, pair.second_letter)
        chosen = pair.standing is not None and pair.standing.verdict == letter
        sign = Content.assemble((" ✓", "$success")) if chosen else Content("")
        return Content.assemble(self.view.title_of(name), (f" · {written_by(answer)}", "$quiet"), sign)

    def from_workbench(self, published: WorkbenchEvent) -> None:
        """Draw the pair again after another process judged or changed it."""
        changed = isinstance(published, VerdictStored | PairChanged) and published.comparison == self._comparison
        if changed and not self.gate.deciding:
            self._draw(self.workbench.comparison(self._comparison))

    def on_resize(self, _event: events.Resize) -> None:
        """Panes are named by their place."""
        if self._pair is not None:
            self._draw(self.workbench.comparison(self._comparison))

    # -- keys ----------------------------------------------------------------------------------------------------

    def action_back(self) -> None:
        """Back to the list."""
        self.dismiss(None)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only a pair of labelling, asked for the first time, is ever trained on."""
        if action == "take_out":
            pair = self._pair
            return True if pair is not None and pair.trial is None and pair.repeats is None else None
        return super().check_action(action, parameters)

    def key_label(self, binding: TextualBinding) -> str:
        """What is out can be put back."""
        if binding.action == "take_out" and self._out:
            return "put back"
        return super().key_label(binding)

    def action_take_out(self) -> None:
        """Take the pair out of training, or put it back."""
        self.run_worker(take_out(self, self._comparison, not self._out), name="take out")

    def action_note(self) -> None:
        """Keep a note with the pair."""
        ask_note(self, self._comparison)

    # -- verdicts ------------------------------------------------------------------------------------------------

    def judged(self, pair: ComparisonRow, words: Content) -> None:
        """Show the verdict that the pair has now."""
        del words
        self._draw(self.workbench.comparison(pair.id))


def written_by(answer: CompletionRow) -> str:
    """Who wrote an answer."""
    if answer.source in ("human", "import"):
        return {"human": "you", "import": "imported"}[answer.source]
    return visible_line(answer.model_name or "a model", 32)


def verdict_in_words(pair: ComparisonRow, row: VerdictRow, *, stacked: bool) -> str:
    """A verdict in words, with the side as the pair is shown now."""
    if row.verdict not in ("a", "b"):
        return verdict_word(row.verdict, row.strength)
    first, second = ("first", "second") if stacked else ("left", "right")
    return f"{first if row.verdict == pair.first_letter else second} is {verdict_word(row.verdict, row.strength)}"


def history_line(
    pair: ComparisonRow, row: VerdictRow, reasons: Sequence[str] = (), by: str = "", *, stacked: bool
) -> str:
    """One line of the history: when, who if it was not the owner, what, why, how long, blind or not."""
    who = f"{visible_line(by, 32)}: " if by else ""
    if row.verdict == "undo":
        return f"{when(row.at)}  {who}taken back"
    parts = [who + verdict_in_words(pair, row, stacked=stacked)]
    if reasons:
        parts.append(f"why: {', '.join(visible_line(each, 24) for each in reasons)}")
    if row.seconds is not None:
        parts.append(duration(row.seconds))
    parts.append("blind" if row.blind else "names shown")
    if row.note:
        parts.append(visible_line(row.note, 80))
    return f"{when(row.at)}  {' · '.join(parts)}"
