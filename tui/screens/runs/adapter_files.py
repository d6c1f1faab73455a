"""What leaves or removes the adapter of a shown run: a merged model, an export for PEFT, its files deleted."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Final

from tui.errors import KNOWN_ERRORS
from tui.export.adapter_service import export_adapter
from tui.screens.actions import Actions
from tui.screens.base import PalateScreen
from tui.screens.dialog import AskText, Choose, path_of
from tui.screens.runs.run_actions import AdapterList, ShownRun
from tui.snapshots import AdapterView
from tui.text.sanitize import visible_line
from tui.widgets.binding import Binding, Writing

_MERGE = "Base and adapter as one model, in a new folder; or in one file for llama.cpp, when its name ends in .gguf."

_EXPORT = "The adapter alone in PEFT's own format, with a model card, in a new folder."

_REMOVE = "Its files are deleted. The run, its pairs and figures, and trials stay."

TakePath = Callable[[Path, bool], None]
"""Called with a path, and with whether a file or folder there may be replaced."""

FILE_KEYS: Final = (
    Writing("m", "merge", "merge", id="adapter.merge", tooltip="Write base and adapter as one model."),
    Binding("o", "export", "export", id="adapter.export", tooltip="Write the adapter for PEFT, with a model card."),
    Writing("X", "remove", "remove", id="adapter.remove", tooltip="Delete the adapter's files; the record stays."),
)


class AdapterFiles(Actions):
    """The actions of `FILE_KEYS`."""

    def __init__(self, screen: PalateScreen, run: ShownRun, adapters: AdapterList) -> None:
        self._screen, self._run, self._adapters = screen, run, adapters

    def enabled(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Without an adapter there is nothing to take away."""
        del action, parameters
        return self._adapters.of(self._run()) is not None

    def action_merge(self) -> None:
        """Ask for the folder of the merged model."""
        if adapter := self._adapters.of(self._run()):
            self._ask_path("Merge", _MERGE, adapter, "merged", lambda path, over: self._merge(adapter, path, over))

    def action_export(self) -> None:
        """Ask for the folder of the adapter."""
        if adapter := self._adapters.of(self._run()):
            take: TakePath = lambda path, over: self._export(adapter, path, over)  # noqa: E731
            self._ask_path("Export", _EXPORT, adapter, "adapter", take)

    def action_remove(self) -> None:
        """Ask whether the adapter shall be removed."""
        adapter = self._adapters.of(self._run())
        if adapter is not None:
            answers = (("x", "remove it"),)
            self._screen.app.push_screen(
                Choose(f"Remove {adapter.name}", _REMOVE, answers),
                lambda answer: self._remove(adapter) if answer else None,
            )

    # -- inside --------------------------------------------------------------------------------------------------

    def _ask_path(self, title: str, sentence: str, adapter: AdapterView, ending: str, take: TakePath) -> None:
        name = visible_line(adapter.name, 64)

        def answered(text: str | None) -> None:
            if text is None:
                return
            path = path_of(text)
            if not path.exists():
                take(path, False)
                return
            self._screen.app.push_screen(
                Choose(title, f"{path} is there already.", (("r", "replace it"),)),
                lambda answer: take(path, True) if answer else None,
            )

        place = str(Path.cwd() / f"{name.replace(' ', '-')}-{ending}")
        self._screen.app.push_screen(AskText(f"{title} {name}", sentence, value=place), answered)

    def _merge(self, adapter: AdapterView, path: Path, overwrite: bool) -> None:
        """Begin the merge. The status line shows its progress, and the workbench publishes its end."""
        try:
            self._screen.workbench.adapter_service.merge(adapter.id, path, overwrite=overwrite)
        except KNOWN_ERRORS as error:
            self._screen.palate.tell_error(error)

    def _export(self, adapter: AdapterView, path: Path, overwrite: bool) -> None:
        self._screen.run_worker(self._export_beside(adapter, path, overwrite), name="export")

    async def _export_beside(self, adapter: AdapterView, path: Path, overwrite: bool) -> None:
        """Copy beside the event loop: an adapter can be hundreds of megabytes."""
        try:
            await asyncio.to_thread(export_adapter, self._screen.workbench, adapter.id, path, overwrite=overwrite)
        except KNOWN_ERRORS as error:
            self._screen.palate.tell_error(error)
        else:
            self._screen.palate.tell(f"{adapter.name} is exported", str(path))

    def _remove(self, adapter: AdapterView) -> None:
        try:
            self._screen.workbench.adapter_service.remove(adapter.id)
        except KNOWN_ERRORS as error:
            self._screen.palate.tell_error(error)
        else:
            self._screen.palate.tell(f"{adapter.name} is removed", "Its run, pairs, figures and trials stay.")
        self._screen.screen_shown()
