"""Choosing a filter for a list instead of typing it: first which, then its value."""

import sqlite3
from collections.abc import Iterable
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import OptionList, Static

from tui.data_query import FILTERS, FLAGS, filter_values
from tui.query import Term
from tui.screens.dialog import AskText, Dialog
from tui.screens.dismissing import leads_away_once
from tui.visible import visible, visible_line
from tui.widgets.cursor_list import CursorList


class Pick(Dialog[str]):
    """A list to choose one row of; the answer is its key."""

    CSS_PATH: ClassVar[Any] = ["dialog.tcss", "../widgets/cursor_list.tcss"]
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


class FilterPicker(Pick):
    """The filters of the Data screen. The answer is a piece of a query, such as `verdict:tie`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        every = FILTERS | FLAGS
        width = max(map(len, every))
        rows = [(name, Content.assemble(f"{name:<{width}}  ", (words, "$quiet"))) for name, words in every.items()]
        super().__init__("Filter", "", rows)
        self._connection = connection

    def picked(self, name: str) -> None:
        """A flag is whole; other filters need a value, chosen or typed."""
        if name in FLAGS:
            self.dismiss(name)
            return
        values = filter_values(self._connection, name)
        if values:
            rows = [(str(at), Content(visible_line(value, 60))) for at, value in enumerate(values)]
            pick = Pick(name, "", rows)
            self.app.push_screen(pick, lambda at: self._take(name, None if at is None else values[int(at)]))
        else:
            self.app.push_screen(AskText(name, FILTERS[name]), lambda value: self._take(name, value))

    def _take(self, name: str, value: str | None) -> None:
        if value is not None:
            exact = name in ("set", "field", "policy", "chosen", "run")
            self.dismiss(str(Term(value.replace('"', " "), name, "=" if exact else ":")))
