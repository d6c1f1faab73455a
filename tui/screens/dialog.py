"""Small dialogs over a screen: one question, answered by a key or a line of text."""

from collections.abc import Sequence
from pathlib import Path
from typing import Generic

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from tui.screens.single_dismiss import Answer, SingleDismiss
from tui.text.sanitize import visible
from tui.widgets.binding import Binding
from tui.widgets.form.line_input import LineInput


class Dialog(SingleDismiss[Answer], ModalScreen[Answer], Generic[Answer]):
    """A question in a frame. Escape goes back without an answer and never destroys anything."""

    AUTO_FOCUS = "Input"
    BINDINGS = [Binding("escape", "leave", "Back", id="dialog.back", tooltip="Back, nothing changed.")]

    def __init__(self, title: str) -> None:
        super().__init__()
        self._title = visible(title)

    def compose(self) -> ComposeResult:
        """The frame, its title, and what the subclass puts in it."""
        with Vertical(id="dialog") as frame:
            frame.border_title = Content(self._title)
            yield from self.compose_question()

    def compose_question(self) -> ComposeResult:
        """The widgets of this question."""
        raise NotImplementedError

    def action_leave(self) -> None:
        """Back without an answer."""
        self.dismiss(None)


class AskText(Dialog[str | None]):
    """Asks for one line of text. The answer is None when the person goes back, or leaves the line empty (unless that
    may be)."""

    def __init__(
        self,
        title: str,
        sentence: str,
        *,
        value: str = "",
        placeholder: str = "",
        may_be_empty: bool = False,
        select: bool = True,
    ) -> None:
        """`select`: the first key replaces the value. Without it the cursor is behind the value."""
        super().__init__(title)
        self._may_be_empty, self._select = may_be_empty, select
        self._sentence = visible(sentence)
        self._value = value
        self._placeholder = placeholder

    def compose_question(self) -> ComposeResult:
        """A sentence, the line to type in, and the two keys."""
        yield Static(Content(self._sentence), id="sentence")
        yield LineInput(self._value, placeholder=self._placeholder, select=self._select)
        yield Static(Content.assemble(("enter", "bold $accent"), " ok   ", ("esc", "bold $accent"), " back"), id="hint")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter answers; an empty line goes back, unless it is an answer."""
        text = event.value.strip()
        self.dismiss(text if text or self._may_be_empty else None)


class Choose(Dialog[str | None]):
    """A question with a few answers, each on its own key. The answer is that key, None when the person goes back."""

    def __init__(self, title: str, sentence: str, answers: Sequence[tuple[str, str]]) -> None:
        super().__init__(title)
        self._sentence = visible(sentence)
        self._answers = answers

    def compose_question(self) -> ComposeResult:
        """The sentence, and a line for each answer."""
        yield Static(Content(self._sentence), id="sentence")
        lines = [Content.assemble((key, "bold $accent"), "  ", words) for key, words in self._answers]
        yield Static(Content("\n").join(lines))
        yield Static(Content.assemble(("esc", "bold $accent"), " back"), id="hint")

    def on_key(self, event: events.Key) -> None:
        """A key that is an answer answers."""
        if event.character in [key for key, _ in self._answers]:
            event.stop()
            self.dismiss(event.character)


def path_of(text: str) -> Path:
    """The path a person typed, with `~` resolved and quotes of a pasted path taken off."""
    text = text.strip()
    if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"":
        text = text[1:-1]
    return Path(text).expanduser()
