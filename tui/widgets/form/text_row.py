"""A row of a form whose value is typed, and checked at every key."""

from collections.abc import Callable
from typing import Any, ClassVar, Final

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Input, Static

from tui.errors import KNOWN_ERRORS
from tui.text.format import plain
from tui.text.sanitize import typed
from tui.widgets.binding import Binding
from tui.widgets.form.line_input import LineInput
from tui.widgets.form.rows import FormRow, Remark, form_key


class SettingInput(LineInput):
    """The field of a row, shown while it is open."""

    def __init__(self) -> None:
        super().__init__(select=False)
        self.display = False


_STARTS: Final = {**{digit: digit for digit in "0123456789"}, "full_stop": ".", "minus": "-"}
"""The keys that start a number, with their characters."""


class TextRow(FormRow):
    """A row that takes typed text, checked at every key.

    `parse` gives the value or raises one of `KNOWN_ERRORS`; `value` keeps the last one that was right.
    """

    BINDINGS = [
        form_key("enter", "open", "change", "open", "Open the field; esc leaves it."),
        form_key("escape,enter", "close", "leave field", "close", "Leave the field; letters are keys again."),
        form_key("backspace", "reset", "default", "default", "Back to the default.", shown_as="⌫", writes=True),
        # These have no id: a person need not to look up or rebind digits.
        *(Binding(key, f"start('{text}')", "type", show=False, priority=True) for key, text in _STARTS.items()),
    ]
    STARTS: ClassVar[str] = "0123456789.-"
    """Characters that open the field and start the new value."""

    def __init__(self, key: str, label: str, help: str, parse: Callable[[str], Any], default: Any) -> None:
        super().__init__(key, label, help)
        self._parse = parse
        self.default = default
        self.value = default
        self.text = plain(default)
        self._opened_with = ""

    def value_text(self) -> str:
        """The typed text, right or wrong."""
        return self.text

    @property
    def changed(self) -> bool:
        """Does the value differ from the default?"""
        return bool(self.value != self.default)

    def remark(self) -> str:
        """The default, if the value differs from it."""
        return f"default {plain(self.default)}" if self.changed else super().remark()

    def compose(self) -> ComposeResult:
        """Label, value or field, remark."""
        yield Static(Content(self.label), classes="row--label", markup=False)
        yield Static("", classes="row--value", markup=False)
        yield SettingInput()
        yield Remark("", classes="row--remark", markup=False)

    @property
    def field(self) -> SettingInput:
        """The input that takes the text while the row is open."""
        return self.query_one(SettingInput)

    @property
    def is_open(self) -> bool:
        """Is the field open, so that letters are text? The screen knows this at once, `has_focus` one message later."""
        return self.screen.focused is self.field

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Enable the keys that fit an open or a closed field."""
        match action:
            case "close":
                return self.is_open
            case "open" | "reset":
                return not self.is_open
            case "start":
                return not self.is_open and str(parameters[0]) in self.STARTS
        return super().check_action(action, parameters)

    def take(self, text: str) -> None:
        """Take `text` as if it had been typed, right or wrong."""
        self.text = text
        try:
            self.value, self.error = self._parse(text), None
        except KNOWN_ERRORS as error:
            # The error names the command line's flag; the form shows the row's label instead.
            self.error = str(error).replace(f"--{self.key.replace('_', '-')}", self.label)
        self.show()
        self.post_message(self.Changed(self))

    def take_field(self) -> None:
        """Take the text of the field, whose change message may not have arrived yet."""
        if self.is_open or self.field.value != self._opened_with:
            self._opened_with = self.field.value
            if self.field.value != typed(self.text):  # a line shows no tab; untouched text stays as it is
                self.take(self.field.value)

    def set_default(self, value: Any) -> None:
        """Set another default. A value that was the default changes with it."""
        follows = self.value == self.default and self.error is None and not self.is_open
        self.default = value
        if follows:
            self.value, self.text = value, plain(value)
        self.show()

    # Opening and closing wait for nothing, so that a key typed ahead finds the field open already.

    def action_open(self) -> None:
        """Open the field with the value selected."""
        self._open(self.text)
        self.field.select_all()

    def action_start(self, character: str) -> None:
        """Open the field with this character in place of the value."""
        self._open(character)
        self.field.cursor_position = len(character)
        self.take(character)

    def _open(self, text: str) -> None:
        field = self.field
        field.value = self._opened_with = text
        field.display = True
        self.query_one(".row--value").display = False
        self.screen.set_focus(field)

    def action_close(self) -> None:
        """Leave the field; the typed text and its error stay."""
        self.screen.set_focus(self)

    def action_reset(self) -> None:
        """Take the default."""
        self.field.value = self._opened_with = plain(self.default)
        self.take(plain(self.default))

    def on_click(self) -> None:
        """A click opens the field."""
        if not self.is_open:
            self.action_open()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Check the typed text."""
        event.stop()
        self.take_field()

    def on_descendant_blur(self) -> None:
        """Close the field when it loses the focus, unless the whole terminal does."""
        if self.app.app_focus and not self.is_open:
            self.field.display = False
            self.query_one(".row--value").display = True
