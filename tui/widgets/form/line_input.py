"""A line to type in. Pasted text is as untrusted as a file."""

from textual.widgets import Input

from tui.text.sanitize import typed


class LineInput(Input):
    """Textual's line without a blinking cursor (that alone sends 2.5 kB/s over SSH) and without control characters.

    Textual draws a line as it is: a pasted escape sequence would reach the terminal.
    """

    def __init__(self, value: str = "", *, placeholder: str = "", id: str | None = None, select: bool = True) -> None:
        super().__init__(typed(value), placeholder=placeholder, id=id, compact=True, select_on_focus=select)
        self.cursor_blink = False

    def validate_value(self, value: str) -> str:
        """The characters of `value` that the line may hold."""
        return typed(value)
