"""Ranking answers by keys: three or four to one prompt, in a grid, from the best to the worst."""

import asyncio
import time
from collections.abc import Sequence
from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.containers import Container
from textual.content import Content

from db.pair_rows import ComparisonRow, CompletionRow
from tui.analysis.places import Places
from tui.errors import KNOWN_ERRORS
from tui.screens.base import PalateScreen
from tui.screens.pairs.reading_clock import ReadingClock
from tui.screens.pairs.verdict_gate import SETTLE_S
from tui.widgets.binding import Binding
from tui.widgets.pair.prompt_pane import PromptPane
from tui.widgets.pair.text_pane import TextPane

MOST_RANKED: Final = 4
_HELP: Final = "Press the best answer's number first, then the next."


def _key(
    keys: str, action: str, id: str, word: str, tooltip: str, *, show: bool = True, writes: bool = False
) -> Binding:
    """A key of the ranking. It has priority, as those of a pair have."""
    shown_as = "1-4" if id == "first" else None
    return Binding(keys, action, word, show=show, key_display=shown_as, priority=True, id=f"ranking.{id}",
                   tooltip=tooltip, writes=writes)  # fmt: skip


class RankingScreen(PalateScreen):
    """The answers in panes; the ranking is stored with `enter`, and one undo takes it back."""

    WATCHABLE = False
    AUTO_FOCUS = ""
    BINDINGS: ClassVar = [
        _key("1", "place(0)", "first", "best first", "The first answer is the best of the others."),
        _key(
            "2",
            "place(1)",
            "second",
            "best first",
            "The second answer is the best of the others.",
            show=False,
        ),
        _key("3", "place(2)", "third", "best first", "The third answer is the best of the others.", show=False),
        _key(
            "4",
            "place(3)",
            "fourth",
            "best first",
            "The fourth answer is the best of the others.",
            show=False,
        ),
        _key("equals_sign,0", "beside", "equal", "as good", "The next answer is as good as the one before."),
        _key("backspace,u", "take_back", "back", "take back", "Take back the last place."),
        _key("enter", "save", "save", "save", "Store it; answers without a place stay undecided.", writes=True),
        _key("tab", "mark(1)", "mark", "one pane", "Give one answer more room, and scroll it alone."),
        _key("j,down", "scroll(1)", "down", "down", "Scroll down.", show=False),
        _key("k,up", "scroll(-1)", "up", "up", "Scroll up.", show=False),
        _key("m", "raw", "raw", "raw", "Rendered markdown, or the text as it was written.", show=False),
        _key("escape", "leave", "leave", "leave", "Back, without a ranking."),
    ]

    def __init__(self, pairs: Sequence[ComparisonRow], answers: Sequence[CompletionRow]) -> None:
        """`answers` are those of `pairs`, which ask one prompt, in the order in which they are shown."""
        super().__init__()
        self._pairs, self._answers = pairs, answers
        self._places = Places(len(answers))
        self._beside = False
        self._marked: int | None = None
        self._rendered = True
        self._painted_at: float | None = None
        self._saving = False
        self.clock = ReadingClock()

    def compose_body(self) -> ComposeResult:
        """The prompt, the answers, and what the keys did so far."""
        yield PromptPane(id="prompt")
        with Container(id="ranked"):
            for place in range(len(self._answers)):
                yield TextPane(id=f"answer-{place}")

    def on_mount(self) -> None:
        """Show the texts; from the first painting on, they are read."""
        prompt = self._pairs[0].prompt
        self.query_one(PromptPane).ask("best first", prompt.messages, rendered=True, note=prompt.field or "")
        self._draw()
        self.call_after_refresh(self._painted)

    def _painted(self) -> None:
        self._painted_at = time.monotonic()
        self.clock.resume(self._painted_at)

    def _draw(self) -> None:
        ranks = self._places.ranks if self._places.decides or len(self._places.order) == 1 else {}
        for place, answer in enumerate(self._answers):
            pane = self.query_one(f"#answer-{place}", TextPane)
            rank = ranks.get(place)
            title = Content.assemble((str(place + 1), "bold"), "" if rank is None else (f" · place {rank}", "$success"))
            pane.show(title, answer.text, rendered=self._rendered, cut=answer.cut)
            pane.set_class(place == self._marked, "-marked")
        said = _HELP if not self._places.order else "enter saves" if self._places.decides else "and the next one?"
        said = "as good as the one before: which?" if self._beside else said
        self.query_one(f"#answer-{len(self._answers) - 1}", TextPane).set_note(said)
        self.refresh_bindings()

    # -- keys ----------------------------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only the keys that do something now."""
        match action:
            case "place":
                return int(str(parameters[0])) < len(self._answers)
            case "beside" | "take_back":
                return bool(self._places.order) or None
            case "save":
                return (self._places.decides and not self._saving) or None
        return super().check_action(action, parameters)

    def action_place(self, answer: int) -> None:
        """Give an answer the next place. A key from before the answers were painted does not count."""
        self.clock.touch(time.monotonic())
        if self._painted_at is None or self.palate.key_pressed_at < self._painted_at + SETTLE_S:
            return
        self._places = self._places.put(answer, beside=self._beside)
        self._beside = False
        self._draw()

    def action_beside(self) -> None:
        """The next answer gets the place of the one before."""
        self._beside = not self._beside
        self._draw()

    def action_take_back(self) -> None:
        """Take the last place back."""
        self._places, self._beside = self._places.take_back(), False
        self._draw()

    def action_mark(self, by: int) -> None:
        """Mark the next pane, which gets more room where panes stack; behind the last one, none."""
        at = -1 if self._marked is None else self._marked
        self._marked = at + by if at + by < len(self._answers) else None
        self._draw()

    def action_scroll(self, by: int) -> None:
        """Scroll the marked answer, or all of them."""
        self.clock.touch(time.monotonic())
        for place in range(len(self._answers)) if self._marked is None else (self._marked,):
            self.query_one(f"#answer-{place}", TextPane).scroll_relative(y=by, animate=False)

    def action_raw(self) -> None:
        """Show markdown, or the text as it was written."""
        self._rendered = not self._rendered
        self._draw()

    def action_leave(self) -> None:
        """Back; nothing is stored."""
        self.dismiss()

    def action_save(self) -> None:
        """Store the ranking and go back."""
        if not self._saving:
            self._saving = True
            self.run_worker(self._save(), name="ranking")

    async def _save(self) -> None:
        ranks = {self._answers[place].id: rank for place, rank in self._places.ranks.items()}
        seconds = self.clock.seconds(time.monotonic())
        pairs, answers = [pair.id for pair in self._pairs], [answer.id for answer in self._answers]
        layout = "stacked" if self.stacked else "grid"
        try:
            stored = self.workbench.labelling.rank_answers(pairs, answers, ranks, layout=layout, seconds=seconds)
            await asyncio.wrap_future(stored)
        except KNOWN_ERRORS as error:
            self._saving = False
            self.palate.tell_error(error)
        else:
            self.dismiss()
