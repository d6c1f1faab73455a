"""A form for the keyboard: rows with a cursor, where letters stay keys until a field is opened.

`enter` (or a digit) opens a field, and in it letters are text; `enter` or `esc` leaves it. The text is checked at
every key, and the error is shown beside it. `←` and `→` change a choice.
"""

from textual.containers import VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from engine.config import Setting
from tui.text.format import plain
from tui.text.sanitize import visible
from tui.widgets.form.rows import ChoiceRow, FormRow, form_key
from tui.widgets.form.text_row import SettingInput, TextRow


class Form(VerticalScroll, can_focus=False):
    """Rows one under the other; `↑` and `↓` move the cursor, in a field too."""

    BINDINGS = [
        form_key("up", "move(-1)", "up", "up", "The row above.", show=False),
        form_key("down", "move(1)", "move", "down", "The row below.", shown_as="↑↓"),
        form_key("k", "hop(-1)", "up", "k", "The row above.", show=False),
        form_key("j", "hop(1)", "down", "j", "The row below.", show=False),
        form_key("home,g", "edge(0)", "first", "first", "The first row.", show=False),
        form_key("end,G", "edge(-1)", "last", "last", "The last row.", show=False),
    ]

    class Left(Message):
        """The cursor would move past the last row of `form`."""

        def __init__(self, form: "Form") -> None:
            super().__init__()
            self.form = form

    def __init__(self, *rows: FormRow, id: str | None = None) -> None:
        super().__init__(*rows, id=id)
        self.rows = rows
        """All rows in order. A query would walk the form's hundred widgets, a dozen times a key."""
        self._by_key = {row.key: row for row in rows}

    @property
    def current(self) -> FormRow | None:
        """The row under the cursor."""
        focused = self.screen.focused
        above = () if focused is None else focused.ancestors_with_self
        return next((node for node in above if isinstance(node, FormRow) and node in self.rows), None)

    def row(self, key: str) -> FormRow:
        """The row of `key`. Raises `KeyError` when there is none."""
        return self._by_key[key]

    def wrong(self) -> TextRow | ChoiceRow | None:
        """The first row with an invalid value, after the last typed text is checked."""
        for row in self.rows:
            if isinstance(row, TextRow):
                row.take_field()
        return next((row for row in self.rows if isinstance(row, TextRow | ChoiceRow) and row.problem), None)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """In an open field letters, home and end belong to the text."""
        if action in ("hop", "edge"):
            return not isinstance(self.screen.focused, SettingInput)
        return super().check_action(action, parameters)

    def action_move(self, by: int) -> None:
        """Move the cursor. It stops at both ends, and posts `Left` when it would go past the last row."""
        rows, here = self.rows, self.current
        at = rows.index(here) + by if here is not None else 0
        if at >= len(rows):
            self.post_message(self.Left(self))
        # The screen's own method works at once; a row's `focus` would come after the next key.
        self.screen.set_focus(rows[min(max(at, 0), len(rows) - 1)])

    def action_hop(self, by: int) -> None:
        """Move the cursor by a letter."""
        self.action_move(by)

    def action_edge(self, at: int) -> None:
        """Move the cursor to the first or the last row."""
        self.screen.set_focus(self.rows[at])


class RowHelp(Static):
    """The help of the row under the cursor, below its form: whole, up to six lines."""

    def __init__(self) -> None:
        super().__init__(markup=False)

    def show(self, row: FormRow) -> None:
        """Show the help of `row`."""
        self.update(Content(visible(row.help)))


def setting_row(setting: Setting) -> FormRow:
    """The row of one setting: a choice if the setting has choices, else a checked field."""
    label = setting.name.replace("_", " ")
    if setting.choices:
        words = [(choice, choice) for choice in setting.choices]
        return ChoiceRow(setting.name, label, _sentence(setting), words, default=setting.default)
    return TextRow(setting.name, label, _sentence(setting), setting.parse, setting.default)


def _sentence(setting: Setting) -> str:
    facts = [f"Default {plain(setting.default)}", setting.range]
    return f"{setting.help}\n{' · '.join(fact for fact in facts if fact)}"
