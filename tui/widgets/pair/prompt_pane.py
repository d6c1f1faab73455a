"""The prompt: a question, or a conversation with its roles, shown from its end."""

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.content import Content

from db.prompt_rows import Message
from tui.text.sanitize import beginning, visible
from tui.widgets.pair.markdown import rendered_lines
from tui.widgets.pair.text_pane import SHOWN_CHARACTERS, SHOWN_LINES, PaneText, TextPane

_INDENT = "  "


class PromptText(PaneText):
    """A question as it is; of a conversation every turn under its role, all before the last one dim."""

    def __init__(self) -> None:
        super().__init__()
        self._messages: tuple[Message, ...] = ()

    def ask(self, messages: Sequence[Message], *, rendered: bool) -> None:
        """Show these messages from now on."""
        self._messages = tuple(messages)
        self.show(prompt_text(messages), rendered=rendered)

    def _shown(self) -> str:
        return prompt_text(self._beginnings()) if len(self._messages) > 1 else super()._shown()

    def _lines(self, shown: str, width: int) -> list[Content]:
        if len(self._messages) <= 1:  # one question, or nothing asked yet
            return super()._lines(shown, width)
        return conversation_lines(self._beginnings(), width, rendered=self._rendered)

    def _beginnings(self) -> list[Message]:
        """The beginning of each turn, as much as fits."""
        share = len(self._messages)
        characters, lines = self._parts * SHOWN_CHARACTERS // share, max(self._parts * SHOWN_LINES // share, 1)
        return [
            Message(role=each["role"], content=beginning(each["content"], characters=characters, lines=lines))
            for each in self._messages
        ]


class PromptPane(TextPane):
    """The frame around the prompt. A conversation is shown from its end, since the answers reply to its last turn."""

    def compose(self) -> ComposeResult:
        """The text."""
        yield PromptText()

    def ask(self, title: str, messages: Sequence[Message], *, rendered: bool, note: str = "") -> None:
        """Show these messages, with `title` in the upper and `note` in the lower border."""
        self.set_titles(title, note)
        self.set_class(len(messages) == 1 and "\n" not in messages[0]["content"].strip(), "-question")
        self.set_class(len(messages) > 1, "-conversation")
        self.query_one(PromptText).ask(messages, rendered=rendered)
        self.anchor(len(messages) > 1)
        if len(messages) == 1 and self.scroll_offset.y:
            self.scroll_home(animate=False)


def conversation_lines(messages: Sequence[Message], width: int, *, rendered: bool) -> list[Content]:
    """Every turn under its role and indented, the last one in full colour, those before it dim."""
    lines: list[Content] = []
    for number, message in enumerate(messages, 1):
        role, text, room = visible(message["role"]), message["content"], max(width - len(_INDENT), 1)
        turn = rendered_lines(text, room) if rendered else Content(visible(text)).wrap(room)
        last = number == len(messages)
        lines += [Content("")] if lines else []
        lines.append(Content.styled(role, "bold $accent" if last else "bold $quiet"))
        lines += [Content(_INDENT) + (line if last else line.stylize("$quiet")) for line in turn]
    return lines


def prompt_text(messages: Sequence[Message]) -> str:
    """The prompt as text: a single question as it is, a conversation with its roles."""
    if len(messages) == 1:
        return messages[0]["content"]
    return "\n\n".join(f"{message['role']}: {message['content']}" for message in messages)
