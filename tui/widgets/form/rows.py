"""The rows of a form: their common base, an action, a value from a dialog, and a choice."""

from collections.abc import Sequence
from typing import Any

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from tui.text.format import whole_words
from tui.text.sanitize import visible, visible_line
from tui.widgets.binding import Binding
from tui.widgets.update_static import update_static


def form_key(
    keys: str,
    action: str,
    word: str,
    id: str,
    tooltip: str,
    *,
    show: bool = True,
    shown_as: str = "",
    writes: bool = False,
) -> Binding:
    """A key of the form. It has priority, so that it acts before the next key that was typed ahead."""
    return Binding(
        keys,
        action,
        word,
        show=show,
        key_display=shown_as or None,
        priority=True,
        id=f"form.{id}",
        tooltip=tooltip,
        writes=writes,
    )


class Remark(Static):
    """The text beside a value: one line of whole words, or as many lines as an error takes."""

    def render(self) -> Content:
        """As much of the text as fits."""
        shown = self.content
        text = shown if isinstance(shown, Content) else Content(str(shown))
        if self.styles.text_wrap != "nowrap":
            return text
        return Content(whole_words(text.plain, max(self.content_size.width, 1)))


class FormRow(Horizontal, can_focus=True):
    """One line of a form: a label, a value, and a remark, which an error replaces."""

    class Changed(Message):
        """The value or the error of `row` changed."""

        def __init__(self, row: "FormRow") -> None:
            super().__init__()
            self.row = row

    class Pressed(Message):
        """The person requests the action of `row`."""

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
        self.clash: str | None = None
        """Why the value does not go with those of other rows; set by the owner of all rows."""

    def compose(self) -> ComposeResult:
        """Label, value, remark."""
        yield Static(Content(self.label), classes="row--label", markup=False)
        yield Static("", classes="row--value", markup=False)
        yield Remark("", classes="row--remark", markup=False)

    def on_mount(self) -> None:
        """Show the first value."""
        self.show()

    def on_focus(self) -> None:
        """Post that the cursor is on this row."""
        self.post_message(self.Focused(self))

    def value_text(self) -> str:
        """The value as text."""
        return ""

    def remark(self) -> str:
        """The text beside the value when there is no error: the first line of the help."""
        return self.help.partition("\n")[0]

    @property
    def changed(self) -> bool:
        """Does the value differ from the default?"""
        return False

    @property
    def problem(self) -> str | None:
        """Why the value cannot be used, in words; None when it can."""
        return self.error or self.clash

    def set_clash(self, words: str | None) -> None:
        """Say that the value does not go with those of other rows, or that it does."""
        if words != self.clash:
            self.clash = words
            self.show()

    def show(self) -> None:
        """Draw value and remark."""
        if not self.query(".row--value"):
            return  # not composed yet; on_mount will draw it
        self.set_class(self.problem is not None, "-error")
        self.set_class(self.changed, "-changed")
        update_static(self.query_one(".row--value", Static), Content(visible_line(self.value_text())))
        update_static(self.query_one(".row--remark", Static), Content(visible(self.problem or self.remark())))


class ActionRow(FormRow):
    """A row that does something on `enter`."""

    BINDINGS = [form_key("enter", "press", "go", "press", "Do what the row says.", show=False, writes=True)]

    def __init__(self, key: str, label: str, help: str, remark: str = "") -> None:
        super().__init__(key, label, help)
        self._remark = remark

    def remark(self) -> str:
        """The words beside the action."""
        return self._remark

    def set_remark(self, remark: str, *, error: str | None = None) -> None:
        """Change the words beside the action; `error` says why the action is not possible."""
        if (remark, error) != (self._remark, self.error):
            self._remark, self.error = remark, error
            self.show()

    def action_press(self) -> None:
        """Request the action."""
        self.post_message(self.Pressed(self))

    def on_click(self) -> None:
        """A click on the row does it too."""
        self.action_press()


class OpenRow(FormRow):
    """A row whose value is chosen in a dialog, which `enter` requests."""

    BINDINGS = [
        form_key("enter,space", "press", "show all", "open-window", "Show what there is to choose from.", writes=True)
    ]

    def __init__(self, key: str, label: str, help: str) -> None:
        super().__init__(key, label, help)
        self._value, self._remark, self._changed = "", "", False

    def value_text(self) -> str:
        """The value from `set_value`."""
        return self._value

    def remark(self) -> str:
        """The words beside the value."""
        return self._remark

    @property
    def changed(self) -> bool:
        """Does the value differ from the default, as `set_value` said?"""
        return self._changed

    def set_value(self, value: str, remark: str, *, changed: bool) -> None:
        """Show this value, with words beside it."""
        if (value, remark, changed) != (self._value, self._remark, self._changed):
            self._value, self._remark, self._changed = value, remark, changed
            self.show()

    def action_press(self) -> None:
        """Request the dialog."""
        self.post_message(self.Pressed(self))

    def on_click(self) -> None:
        """A click on the row does it too."""
        self.action_press()


class ChoiceRow(FormRow):
    """A row that takes one of a few values."""

    BINDINGS = [
        form_key("left", "turn(-1)", "before", "before", "The choice before.", show=False),
        form_key("right,space,enter", "turn(1)", "next choice", "next", "The next choice.", shown_as="←→"),
        form_key("backspace", "reset", "default", "default-choice", "Back to the default.", show=False, writes=True),
    ]

    def __init__(
        self, key: str, label: str, help: str, choices: Sequence[tuple[Any, str]], *, default: Any = None
    ) -> None:
        """`choices` are (value, words); `default` is the value at first and after `backspace`."""
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
        """Does the choice differ from the default?"""
        return bool(self.value != self.default)

    def remark(self) -> str:
        """The default, if the choice differs from it."""
        return f"default {dict(self.choices)[self.default]}" if self.changed else super().remark()

    def set_choices(self, choices: Sequence[tuple[Any, str]]) -> None:
        """Offer other choices. If the current one is gone, the first one replaces it."""
        if tuple(choices) == self.choices:
            return
        self.choices = tuple(choices)
        if self.value not in dict(self.choices):
            self.value = self.default = self.choices[0][0]
        self.show()

    def action_turn(self, by: int) -> None:
        """Take the choice `by` places further; after the last comes the first."""
        values = [value for value, _ in self.choices]
        self.take(values[(values.index(self.value) + by) % len(values)])

    def action_reset(self) -> None:
        """Take the default."""
        self.take(self.default)

    def take(self, value: Any) -> None:
        """Take one of the choices."""
        if value != self.value:
            self.value = value
            self.show()
            self.post_message(self.Changed(self))
