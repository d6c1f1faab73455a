"""Small dialogs of the prompts' screen: a prompt in whole, and what it means to hold prompts out."""

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from db.prompt_rows import Crossing
from tui.curation.prompt_sets import PromptSets, holding_out_words, release_words
from tui.screens.dialog import Choose, Dialog
from tui.text.sanitize import beginning, visible, visible_line

_LONGEST_TEXT = 20_000


class ShowPrompt(Dialog[None]):
    """One prompt, whole."""

    AUTO_FOCUS = "VerticalScroll"

    def __init__(self, prompts: PromptSets, prompt: int) -> None:
        self._prompt = prompts.prompt(prompt)
        super().__init__(" · ".join(part for part in (self._prompt.set_name, self._prompt.field) if part))

    def compose_question(self) -> ComposeResult:
        """Every message with its role, where there is more than one."""
        several = len(self._prompt.messages) > 1
        with VerticalScroll():
            for message in self._prompt.messages:
                text = beginning(message["content"], characters=_LONGEST_TEXT, lines=400)
                role = f"{message['role']}\n" if several else ""
                yield Static(Content.assemble((role, "$quiet"), visible(text)))
        yield Static(Content.assemble(("esc", "bold $accent"), " back"), id="hint")


def crossing_question(name: str, meant: Crossing, to_trials: bool) -> Choose:
    """What it means to hold prompts out or to give them back, and whether to."""
    if to_trials:
        words, act = holding_out_words(meant), ("h", "hold out")
        return Choose(f"Hold out · {visible_line(name, 40)}", "\n".join(words), (act,))
    return Choose(f"Release · {visible_line(name, 40)}", "\n".join(release_words(meant)), (("h", "release"),))
