"""The page of models: which one answers and is trained, and another one with the memory that it would take."""

import asyncio
from typing import ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList, Static

from tui.screens.base import PalateScreen
from tui.screens.dialog import AskText, Choose
from tui.screens.servers import ServersScreen
from tui.screens.single_dismiss import leads_away_once
from tui.text.sanitize import visible, visible_line
from tui.training.model_memory import memory_needs
from tui.widgets.binding import Binding
from tui.widgets.lists.cells import column
from tui.widgets.lists.cursor_list import CursorList
from tui.workspace.bundled_prompts import DEFAULT_MODEL

_ABOUT: Final = (
    "One base model answers and is trained. Adapters belong to the model on which they were trained; those of another "
    "model stay, and come back with it."
)
_ASK: Final = "A Hub id such as Qwen/Qwen3-0.6B, a folder with a model, or a .gguf file. Nothing is downloaded yet."
_LABEL: Final = 24


class ModelsScreen(PalateScreen):
    """The default model, another one, or a server."""

    WATCHABLE = False
    AUTO_FOCUS = "CursorList"
    BINDINGS: ClassVar = [Binding("escape", "back", "back", id="models.back", tooltip="Back; nothing was changed.")]

    def __init__(self, mode: str) -> None:
        """Come from the screen of `mode`."""
        super().__init__()
        self.MODE = mode

    def compose_body(self) -> ComposeResult:
        """A sentence, and the list."""
        with Vertical(id="models"):
            yield Static(Content(_ABOUT), id="about", markup=False)
            yield CursorList()

    def screen_shown(self) -> None:
        """The model that is used is marked."""
        used = self.workbench.model_source
        rows = [
            (DEFAULT_MODEL, "small, without an account; shows the loop"),
            ("another", "a Hub id, a folder or a GGUF file"),
            ("server", "answers from elsewhere; training is here"),
        ]
        if used != DEFAULT_MODEL:
            rows.insert(1, (used, "in use"))
        self.query_one(CursorList).show((key, _line(key, words, used)) for key, words in rows)

    @on(OptionList.OptionSelected)
    @leads_away_once
    def chosen(self, event: OptionList.OptionSelected) -> None:
        """Enter on a row."""
        match str(event.option_id):
            case "another":
                self.app.push_screen(AskText("Another model", _ASK, placeholder="Qwen/Qwen3-0.6B"), self._looked_up)
            case "server":
                self.app.push_screen(ServersScreen(self.MODE))
            case source if source == self.workbench.model_source:
                self.palate.tell("This model is in use", "Choose another one to change it.")
            case source:
                self._looked_up(source)

    def _looked_up(self, source: str | None) -> None:
        if source is not None:
            self.run_worker(self._offer(source), name="model")

    async def _offer(self, source: str) -> None:
        """Say what the model takes, and restart with it if the person says so."""
        needs = ["It is on this machine or comes from the package index (98 MB)."]
        if source != DEFAULT_MODEL:
            self.palate.tell("Looking up its sizes", visible_line(source, 60))
            needs = await asyncio.to_thread(lambda: list(memory_needs(source)))
        if self.workbench.run_progress is not None:
            self.palate.tell("A run is in progress", "Wait for its end, or stop it; then choose another model.")
            return
        sentence = "\n\n".join([visible_line(source, 64), *needs])
        answers = (("r", "restart Palate with it; what you judged is saved"),)
        answer = await self.app.push_screen_wait(Choose("Another model", sentence, answers))
        if answer == "r":
            self.palate.restart_with(source)

    def action_back(self) -> None:
        """Back to the settings."""
        self.dismiss()


def _line(key: str, words: str, used: str) -> Content:
    name = {"another": "another model …", "server": "a server …"}.get(key, visible(key))
    mark = ("✓ ", "$success") if key == used else "  "
    return Content.assemble(mark, column(visible_line(name, _LABEL), _LABEL + 2), (words, "$quiet"))
