"""Lines to type in, for a text that may be long. Pasted text is as untrusted as a file."""

from textual import events
from textual.message import Message
from textual.widgets import TextArea

from tui.text.sanitize import typed
from tui.widgets.binding import Binding


class TextEditor(TextArea):
    """Textual's editor without a blinking cursor and without control characters. Enter sends, as a chat has it."""

    BINDINGS = [
        Binding("enter", "send", "send", priority=True, id="editor.send", tooltip="Send the text."),
        Binding(
            "ctrl+j",
            "new_line",
            "new line",
            priority=True,
            id="editor.new-line",
            tooltip="Begin a new line.",
        ),
        Binding(
            "escape", "leave", "judge", priority=True, id="editor.leave", tooltip="Leave the text; keys judge again."
        ),
    ]

    class Sent(Message):
        """A person sent the text."""

    class Left(Message):
        """A person left the editor; its text stays."""

    def __init__(self, *, id: str, placeholder: str = "") -> None:
        super().__init__(id=id, compact=True, highlight_cursor_line=False, placeholder=placeholder)
        self.cursor_blink = False

    async def _on_paste(self, event: events.Paste) -> None:
        """Insert what was pasted, line ends included; it never sends."""
        event.stop()
        event.prevent_default()
        if result := self._replace_via_keyboard(typed_lines(event.text), *self.selection):
            self.move_cursor(result.end_location)

    async def _on_key(self, event: events.Key) -> None:
        """A key is one character, and a terminal may send any."""
        if event.character is not None and event.is_printable and typed(event.character) != event.character:
            event.stop()
            event.prevent_default()

    def put(self, text: str) -> None:
        """Replace the text, with the cursor at its end."""
        self.load_text(typed_lines(text))
        self.move_cursor(self.document.end)

    def action_send(self) -> None:
        """Let the screen take the text."""
        self.post_message(self.Sent())

    def action_new_line(self) -> None:
        """Begin a new line."""
        self._replace_via_keyboard("\n", *self.selection)

    def action_leave(self) -> None:
        """Let the screen have its keys back."""
        self.post_message(self.Left())


def typed_lines(text: str) -> str:
    """`text` for an editor: its lines stay, and each is as an input line may be."""
    return "\n".join(typed(line) for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"))
