"""A form for the keyboard: rows with a cursor, where letters stay keys until a field is opened.

`enter` (or a digit) opens a field, and in it letters are text; `enter` or `esc` leaves it. What is typed is checked at
every key and the error stands beside it. A choice turns with `←` and `→`.
"""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Static

from engine.config import Setting
from tui.errors import KNOWN_ERRORS
from tui.visible import visible, visible_line


def plain(value: Any) -> str:
    """A setting's value as a person would type it: 5e-5 rather than 5e-05.

    >>> plain(5e-5), plain(0.1), plain(None)
    ('5e-5', '0.1', 'none')
    """
    if value is None:
        return "none"
    if isinstance(value, float):
        return f"{value:g}".replace("e-0", "e-").replace("e+0", "e+")
    return str(value)


def _key(keys: str, action: str, word: str, id: str, tooltip: str, *, show: bool = True, shown_as: str = "") -> Binding:
    """A key of the form. It has priority, since only then is it done before the next key that was typed ahead."""
    return Binding(
        keys, action, word, show=show, key_display=shown_as or None, priority=True, id=f"form.{id}", tooltip=tooltip
    )


class FormRow(Horizontal, can_focus=True):
    """One line of a form: a label, a value, and a remark that an error takes the place of."""

    class Changed(Message):
        """The value or the error of `row` is now another one."""

        def __init__(self, row: "FormRow") -> None:
            super().__init__()
            self.row = row

    class Pressed(Message):
        """The action of `row` is asked for."""

        def __init__(self, row: "FormRow") -> None:
            super().__init__()
            self.row = row

    class Focused(Message):
        """The cursor is now on `row`."""

        def __init__(self, row: "FormRow") -> None:
            super().__init__()
            self.row = row

    def __init__(self, key: str, label: str, help: str) -> None:
        super().__init__(id=f"row-{key.replace('_', '-')}")
        self.key, self.label, self.help = key, label, help
        self.error: str | None = None

    def compose(self) -> ComposeResult:
        """Label, value, remark."""
        yield Static(Content(self.label), classes="row--label", markup=False)
        yield Static("", classes="row--value", markup=False)
        yield Static("", classes="row--remark", markup=False)

    def on_mount(self) -> None:
        """Show the first value."""
        self.show()

    def on_focus(self) -> None:
        """Tell that the cursor is here."""
        self.post_message(self.Focused(self))

    def value_text(self) -> str:
        """The value as it is shown."""
        return ""

    def remark(self) -> str:
        """What stands beside the value when there is no error: the sentence, where there is room for it."""
        return self.help.partition("\n")[0]

    @property
    def changed(self) -> bool:
        """Is the value another one than the default?"""
        return False

    def show(self) -> None:
        """Draw value and remark."""
        if not self.query(".row--value"):
            return  # not composed yet; on_mount will draw it
        self.set_class(self.error is not None, "-error")
        self.set_class(self.changed, "-changed")
        self.query_one(".row--value", Static).update(Content(visible_line(self.value_text())))
        self.query_one(".row--remark", Static).update(Content(visible(self.error or self.remark())))


class ActionRow(FormRow):
    """A row that does something on `enter`."""

    BINDINGS = [_key("enter", "press", "go", "press", "Do what the row says.", show=False)]

    def __init__(self, key: str, label: str, help: str, remark: str = "") -> None:
        super().__init__(key, label, help)
        self._remark = remark

    def remark(self) -> str:
        """The words beside the action."""
        return self._remark

    def set_remark(self, remark: str, *, error: str | None = None) -> None:
        """Say something else beside the action; `error` says why it cannot be done."""
        if (remark, error) != (self._remark, self.error):
            self._remark, self.error = remark, error
            self.show()

    def action_press(self) -> None:
        """Ask for the action."""
        self.post_message(self.Pressed(self))

    def on_click(self) -> None:
        """A click on the row does it too."""
        self.action_press()


class ChoiceRow(FormRow):
    """A row that takes one of a few values."""

    BINDINGS = [
        _key("left", "turn(-1)", "before", "before", "The choice before.", show=False),
        _key("right,space,enter", "turn(1)", "next choice", "next", "The next choice.", shown_as="←→"),
        _key("backspace", "reset", "default", "default-choice", "Back to the default.", show=False),
    ]

    def __init__(
        self, key: str, label: str, help: str, choices: Sequence[tuple[Any, str]], *, default: Any = None
    ) -> None:
        """`choices` are (value, words); `default` is the value that stands first and after `backspace`."""
        super().__init__(key, label, help)
        self.choices = tuple(choices)
        self.default = self.choices[0][0] if default is None else default
        self.value = self.default

    def value_text(self) -> str:
        """The words of the choice, between arrows when there is more than one."""
        words = dict(self.choices).get(self.value, "")
        return f"‹ {words} ›" if len(self.choices) > 1 else words

    @property
    def changed(self) -> bool:
        """Is the choice another one than the default?"""
        return bool(self.value != self.default)

    def remark(self) -> str:
        """The default, where the choice is another one."""
        return f"default {dict(self.choices)[self.default]}" if self.changed else super().remark()

    def set_choices(self, choices: Sequence[tuple[Any, str]]) -> None:
        """Offer other choices; one that is gone gives way to the first."""
        if tuple(choices) == self.choices:
            return
        self.choices = tuple(choices)
        if self.value not in dict(self.choices):
            self.value = self.default = self.choices[0][0]
        self.show()

    def action_turn(self, by: int) -> None:
        """Take the choice `by` places further, round and round."""
        values = [value for value, _ in self.choices]
        self._take(values[(values.index(self.value) + by) % len(values)])

    def action_reset(self) -> None:
        """Take the default."""
        self._take(self.default)

    def _take(self, value: Any) -> None:
        if value != self.value:
            self.value = value
            self.show()
            self.post_message(self.Changed(self))


class Field(Input):
    """The field of a row, shown while it is open. A blinking cursor alone would send 2.5 kB/s over SSH."""

    def __init__(self) -> None:
        super().__init__(compact=True, select_on_focus=False)
        self.cursor_blink = False
        self.display = False


_STARTS: Final = {**{digit: digit for digit in "0123456789"}, "full_stop": ".", "minus": "-"}
"""The keys that start a number, with what they type."""


class TextRow(FormRow):
    """A row that takes typed text, checked at every key.

    `parse` gives the value or raises one of `KNOWN_ERRORS`; `value` keeps the last one that was right.
    """

    BINDINGS = [
        _key("enter", "open", "change", "open", "Open the field; esc leaves it."),
        _key("escape,enter", "close", "leave field", "close", "Leave the field; letters are keys again."),
        _key("backspace", "reset", "default", "default", "Back to the default.", shown_as="⌫"),
        # These have no id: that a number starts a number is nothing to look up or to rebind.
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
        """What was typed, right or wrong."""
        return self.text

    @property
    def changed(self) -> bool:
        """Is the value another one than the default?"""
        return bool(self.value != self.default)

    def remark(self) -> str:
        """The default, where the value is another one."""
        return f"default {plain(self.default)}" if self.changed else super().remark()

    def compose(self) -> ComposeResult:
        """Label, value or field, remark."""
        yield Static(Content(self.label), classes="row--label", markup=False)
        yield Static("", classes="row--value", markup=False)
        yield Field()
        yield Static("", classes="row--remark", markup=False)

    @property
    def field(self) -> Field:
        """What takes the text while it is open."""
        return self.query_one(Field)

    @property
    def is_open(self) -> bool:
        """Is the field open, so that letters are text? The screen knows at once; `has_focus` lags a message behind."""
        return self.screen.focused is self.field

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Inside the field its own keys work; outside there is nothing to leave."""
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
            # The sentence names the command line's flag; here the row's own label says what is meant.
            self.error = str(error).replace(f"--{self.key.replace('_', '-')}", self.label)
        self.show()
        self.post_message(self.Changed(self))

    def settle(self) -> None:
        """Take what stands in the field, in case the message that tells of it is still under way."""
        if self.is_open or self.field.value != self._opened_with:
            self._opened_with = self.field.value
            if self.field.value != self.text:
                self.take(self.field.value)

    def set_default(self, value: Any) -> None:
        """Another default; a value that was the default follows it."""
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
        """Leave the field; what was typed stays, and so does its error."""
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
        """Check what was typed."""
        event.stop()
        self.settle()

    def on_descendant_blur(self) -> None:
        """The field closes whichever way it is left; a terminal that loses its focus leaves it open."""
        if self.app.app_focus and not self.is_open:
            self.field.display = False
            self.query_one(".row--value").display = True


class Form(VerticalScroll, can_focus=False):
    """Rows one under the other; `↑` and `↓` move the cursor, in a field too."""

    BINDINGS = [
        _key("up", "move(-1)", "up", "up", "The row above.", show=False),
        _key("down", "move(1)", "move", "down", "The row below.", shown_as="↑↓"),
        _key("k", "hop(-1)", "up", "k", "The row above.", show=False),
        _key("j", "hop(1)", "down", "j", "The row below.", show=False),
        _key("home,g", "edge(0)", "first", "first", "The first row.", show=False),
        _key("end,G", "edge(-1)", "last", "last", "The last row.", show=False),
    ]

    class Left(Message):
        """The cursor would move past the last row of `form`."""

        def __init__(self, form: "Form") -> None:
            super().__init__()
            self.form = form

    def __init__(self, *rows: FormRow, id: str | None = None) -> None:
        super().__init__(*rows, id=id)

    @property
    def rows(self) -> list[FormRow]:
        """All rows in order."""
        return list(self.query(FormRow))

    @property
    def current(self) -> FormRow | None:
        """The row under the cursor."""
        focused = self.screen.focused
        return next((row for row in self.rows if focused in (row, *row.query(Field))), None)

    def row(self, key: str) -> FormRow:
        """The row of `key`. Raises `KeyError` when there is none."""
        return {row.key: row for row in self.rows}[key]

    def wrong(self) -> TextRow | None:
        """The first row whose value is not right, with what was typed last taken in."""
        for row in self.rows:
            if isinstance(row, TextRow):
                row.settle()
        return next((row for row in self.rows if isinstance(row, TextRow) and row.error), None)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """In an open field letters, home and end belong to the text."""
        if action in ("hop", "edge"):
            return not isinstance(self.screen.focused, Field)
        return super().check_action(action, parameters)

    def action_move(self, by: int) -> None:
        """Move the cursor; it stops at both ends, and tells when it would go past the last row."""
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


def setting_row(setting: Setting) -> FormRow:
    """The row of one setting: a choice where words are to choose from, else a checked field."""
    label = setting.name.replace("_", " ")
    if setting.choices:
        words = [(choice, choice) for choice in setting.choices]
        return ChoiceRow(setting.name, label, _sentence(setting), words, default=setting.default)
    return TextRow(setting.name, label, _sentence(setting), setting.parse, setting.default)


def _sentence(setting: Setting) -> str:
    facts = [f"Default {plain(setting.default)}", setting.range]
    return f"{setting.help}\n{' · '.join(fact for fact in facts if fact)}"
