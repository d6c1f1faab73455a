"""Choosing a filter for a list instead of typing it: first which, then its value."""

from collections.abc import Iterable

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import OptionList, Static

from tui.screens.dialog import Dialog
from tui.screens.single_dismiss import leads_away_once
from tui.text.sanitize import visible
from tui.widgets.lists.cursor_list import CursorList


class Pick(Dialog[str]):
    """A list to choose one row of; the answer is its key."""

    AUTO_FOCUS = "CursorList"

    def __init__(self, title: str, sentence: str, rows: Iterable[tuple[str, Content]]) -> None:
        super().__init__(title)
        self._sentence = visible(sentence)
        self._rows = list(rows)

    def compose_question(self) -> ComposeResult:
        """A sentence, the rows, and the two keys."""
        if self._sentence:
            yield Static(Content(self._sentence), id="sentence")
        rows = CursorList()
        rows.show(self._rows)
        yield rows
        yield Static(Content.assemble(("enter", "bold $accent"), " ok   ", ("esc", "bold $accent"), " back"), id="hint")

    @leads_away_once
    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Enter answers."""
        event.stop()
        self.picked(str(event.option_id))

    def picked(self, key: str) -> None:
        """A row was chosen."""
        self.dismiss(key)
