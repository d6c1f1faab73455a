"""The list of reasons in a dialog: add, rename, remove and move them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from tui.errors import KNOWN_ERRORS
from tui.screens.base import AppInterface, PalateScreen
from tui.screens.dialog import AskText, Dialog
from tui.screens.pairs.reason_line import DIGITS, MORE_DIGITS
from tui.text.format import count
from tui.text.sanitize import visible_line
from tui.widgets.binding import Writing
from tui.widgets.lists.cursor_list import CursorList

if TYPE_CHECKING:
    from tui.curation.reasons import ReasonTags

_HINTS = (("a", "add"), ("r", "rename"), ("x", "remove"), ("K J", "up, down"), ("esc", "back"))


class ReasonList(Dialog[tuple[str, str] | None]):
    """The answer is an act (add or rename) with the reason under the cursor. None: back."""

    AUTO_FOCUS = "CursorList"
    BINDINGS = [
        Writing("a", "ask('add')", "add", id="reason-list.add", tooltip="Add a reason at the end of the list."),
        Writing("r", "ask('rename')", "rename", id="reason-list.rename", tooltip="Rename it, on its verdicts too."),
        Writing("x", "remove", "remove", id="reason-list.remove", tooltip="Take it off the list; verdicts keep it."),
        Writing("K", "move(-1)", "up", id="reason-list.up", tooltip="Move it up, which changes its digit."),
        Writing("J", "move(1)", "down", id="reason-list.down", tooltip="Move it down, which changes its digit."),
    ]

    def __init__(self, reasons: ReasonTags, palate: AppInterface) -> None:
        super().__init__("Reasons")
        self._reasons, self._palate = reasons, palate

    def compose_question(self) -> ComposeResult:
        """The reasons with their digits, and the keys."""
        yield CursorList()
        yield Static("", id="sentence", markup=False)
        hints = [Content.assemble((key, "bold $accent"), f" {word}   ") for key, word in _HINTS]
        yield Static(Content("").join(hints), id="hint")

    def on_mount(self) -> None:
        """Fill the list."""
        self._draw()

    def _draw(self) -> None:
        counts, offered = self._reasons.counts(), self._reasons.offered()
        width = max((len(visible_line(each, 24)) for each in offered), default=0)
        rows = zip(DIGITS + MORE_DIGITS, offered, strict=False)
        self.query_one(CursorList).show((name, _line(digit, name, counts.get(name, 0), width)) for digit, name in rows)
        empty = "" if offered else "The list is empty."
        self.query_one("#sentence", Static).update(empty or "`.` after a verdict opens them, each on its digit.")

    @property
    def _current(self) -> str:
        return self.query_one(CursorList).current or ""

    def action_ask(self, act: str) -> None:
        """Ask for a word."""
        if act == "add" or self._current:
            self.dismiss((act, self._current))

    def action_remove(self) -> None:
        """Take the reason under the cursor off the list."""
        if self._current:
            self._do(partial(self._reasons.remove, self._current))

    def action_move(self, by: int) -> None:
        """Move the reason under the cursor."""
        if self._current:
            self._do(partial(self._reasons.move, self._current, by))

    def _do(self, act: Callable[[], None]) -> None:
        _try(self._palate, act)
        self._draw()


def _line(digit: str, name: str, verdicts: int, width: int) -> Content:
    digit = digit if digit in DIGITS else f".{digit}"
    word = visible_line(name, 24).ljust(width)
    return Content.assemble((f"{digit:>2}  ", "bold $accent"), word, (f"  {count(verdicts, 'verdict'):>14}", "$quiet"))


def edit_reasons(screen: PalateScreen) -> None:
    """Show the list of reasons, and ask for words where one wants to add or rename one."""
    screen.app.push_screen(ReasonList(screen.workbench.reasons, screen.palate), partial(_answered, screen))


def _answered(screen: PalateScreen, answer: tuple[str, str] | None) -> None:
    if answer is None:
        return
    act, name = answer
    reasons = screen.workbench.reasons
    if act == "add":
        ask, store = AskText("Add a reason", "A word or two that say why one answer is better."), reasons.add
    else:
        ask, store = (
            AskText("Rename", "Another word; its verdicts have it too.", value=name),
            partial(reasons.rename, name),
        )
    screen.app.push_screen(ask, partial(_again, screen, store))


def _again(screen: PalateScreen, store: Callable[[str], None], text: str | None) -> None:
    """Store the word, then show the list again."""
    if text is not None:
        _try(screen.palate, partial(store, text))
    edit_reasons(screen)


def _try(palate: AppInterface, act: Callable[[], None]) -> None:
    try:
        act()
    except KNOWN_ERRORS as error:
        palate.tell_error(error)
