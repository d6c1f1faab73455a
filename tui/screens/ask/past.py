"""Past conversations: found by words as one types, and opened again."""

from collections.abc import Callable
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Input, OptionList, Static

from db.prompt_rows import ConversationRow
from tui.screens.dialog import Dialog
from tui.screens.single_dismiss import leads_away_once
from tui.text.format import count, when
from tui.text.sanitize import visible_line
from tui.widgets.binding import Binding
from tui.widgets.form.line_input import LineInput
from tui.widgets.lists.cells import column
from tui.widgets.lists.cursor_list import CursorList

_NOTHING_YET = "No question was asked yet. Press esc and ask one."
_NOTHING_FOUND = "No conversation has these words."
_WIDE = 110
_TITLE_WIDTHS = (40, 60)
"""Characters of a first question, on a narrow terminal and on a wide one."""


class PastConversations(Dialog[int | None]):
    """A line for words and the conversations that hold them. The answer is the last prompt of one."""

    BINDINGS: ClassVar = [
        Binding("up", "move(-1)", "up", priority=True, id="past.up", tooltip="The conversation above."),
        Binding("down", "move(1)", "down", priority=True, id="past.down", tooltip="The conversation below."),
    ]

    def __init__(self, find: Callable[[str], list[ConversationRow]]) -> None:
        """`find` gives the conversations that hold every one of these words."""
        super().__init__("Past conversations")
        self._conversations_with = find

    def compose_question(self) -> ComposeResult:
        """The words, the list, and the keys."""
        yield LineInput(placeholder="words of a question or an answer")
        yield CursorList()
        yield Static("", id="none", markup=False)
        keys = Content.assemble(
            ("↑↓", "bold $accent"),
            " choose   ",
            ("enter", "bold $accent"),
            " open   ",
            ("esc", "bold $accent"),
            " back",
        )
        yield Static(keys, id="hint")

    def on_mount(self) -> None:
        """Show all of them."""
        self._find("")

    @on(Input.Changed)
    def words_changed(self, event: Input.Changed) -> None:
        """Find them again."""
        self._find(event.value)

    def _find(self, words: str) -> None:
        found = self._conversations_with(words)
        listed = self.query_one(CursorList)
        width = _TITLE_WIDTHS[self.app.size.width >= _WIDE]
        listed.show((str(each.prompt.id), conversation_line(each, width)) for each in found)
        listed.display = bool(found)
        nothing = self.query_one("#none", Static)
        nothing.display = not found
        nothing.update(Content(_NOTHING_FOUND if words.strip() else _NOTHING_YET))

    def action_move(self, by: int) -> None:
        """Move the cursor of the list; the line keeps the keys."""
        listed = self.query_one(CursorList)
        if listed.option_count:
            listed.highlighted = min(max((listed.highlighted or 0) + by, 0), listed.option_count - 1)

    @on(Input.Submitted)
    @leads_away_once
    def open_chosen(self) -> None:
        """The conversation under the cursor."""
        chosen = self.query_one(CursorList).current if self.query_one(CursorList).display else None
        if chosen is not None:
            self.dismiss(int(chosen))

    @on(OptionList.OptionSelected)
    @leads_away_once
    def open_clicked(self, event: OptionList.OptionSelected) -> None:
        """A click opens as well."""
        self.dismiss(int(str(event.option_id)))


def conversation_line(row: ConversationRow, width: int) -> Content:
    """One conversation in the list: its first question in `width` cells, its turns, and when it was asked last."""
    title = column(visible_line(row.title, width), width + 1)
    return Content.assemble(title, (f"{count(row.turns, 'turn'):<10}{when(row.at)}", "$quiet"))
