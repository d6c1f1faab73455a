"""The keys that take a run's adapter away: merge it, export it, remove it."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from textual.binding import Binding

from tui.errors import KNOWN_ERRORS
from tui.published import AdapterView
from tui.screens.dialog import AskText, Choose, path_of
from tui.screens.run_keys import RunKeys
from tui.takeaway import export_adapter
from tui.visible import visible_line

_MERGE = "Base and adapter as one model, in a new folder; or in one file for llama.cpp, when its name ends in .gguf."
_EXPORT = "The adapter alone in PEFT's own format, with a model card, in a new folder."
_REMOVE = "Its files are deleted. The run, its pairs and figures, and trials stay."

TakePath = Callable[[Path, bool], None]
"""What is done with a path, and whether something that stands there may be replaced."""


class AdapterActs(RunKeys):
    """A screen with `m` (merge the shown run's adapter), `o` (export it) and `X` (remove it)."""

    BINDINGS = [
        Binding("m", "merge", "merge", id="adapter.merge", tooltip="Write base and adapter as one model."),
        Binding("o", "export", "export", id="adapter.export", tooltip="Write the adapter for PEFT, with a model card."),
        Binding("X", "remove", "remove", id="adapter.remove", tooltip="Delete the adapter's files; the record stays."),
    ]

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Without an adapter there is nothing to take away."""
        if action in ("merge", "export", "remove"):
            return self.adapter_of(self.shown_run()) is not None
        return super().check_action(action, parameters)

    def action_merge(self) -> None:
        """Ask where the merged model shall stand."""
        if adapter := self.adapter_of(self.shown_run()):
            self._ask_path("Merge", _MERGE, adapter, "merged", lambda path, over: self._merge(adapter, path, over))

    def action_export(self) -> None:
        """Ask where the adapter shall stand."""
        if adapter := self.adapter_of(self.shown_run()):
            take: TakePath = lambda path, over: self._export(adapter, path, over)  # noqa: E731
            self._ask_path("Export", _EXPORT, adapter, "adapter", take)

    def action_remove(self) -> None:
        """Ask whether the adapter shall be removed."""
        adapter = self.adapter_of(self.shown_run())
        if adapter is not None:
            answers = (("x", "remove it"),)
            self.app.push_screen(
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
            self.app.push_screen(
                Choose(title, f"{path} is there already.", (("r", "replace it"),)),
                lambda answer: take(path, True) if answer else None,
            )

        place = str(Path.cwd() / f"{name.replace(' ', '-')}-{ending}")
        self.app.push_screen(AskText(f"{title} {name}", sentence, value=place), answered)

    def _merge(self, adapter: AdapterView, path: Path, overwrite: bool) -> None:
        """Put the merge on the lane; its progress stands on the status line, its end is told by the workbench."""
        try:
            self.workbench.takeaway.merge(adapter.id, path, overwrite=overwrite)
        except KNOWN_ERRORS as error:
            self.palate.tell_error(error)

    def _export(self, adapter: AdapterView, path: Path, overwrite: bool) -> None:
        self.run_worker(self._export_beside(adapter, path, overwrite), name="export")

    async def _export_beside(self, adapter: AdapterView, path: Path, overwrite: bool) -> None:
        """Copy beside the event loop: an adapter can be hundreds of megabytes."""
        try:
            await asyncio.to_thread(export_adapter, self.workbench, adapter.id, path, overwrite=overwrite)
        except KNOWN_ERRORS as error:
            self.palate.tell_error(error)
        else:
            self.palate.tell(f"{adapter.name} is exported", str(path))

    def _remove(self, adapter: AdapterView) -> None:
        try:
            self.workbench.takeaway.remove(adapter.id)
        except KNOWN_ERRORS as error:
            self.palate.tell_error(error)
        else:
            self.palate.tell(f"{adapter.name} is removed", "Its run, pairs, figures and trials stay.")
        self.screen_shown()
