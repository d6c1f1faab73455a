"""The keys that act on a run, for every screen that shows one: use its adapter, use none, resume it."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar, Final

from textual.binding import Binding

from db.run_rows import RunRow
from tui.errors import KNOWN_ERRORS
from tui.export.adapter_service import export_adapter
from tui.screens.base import PalateScreen
from tui.screens.dialog import AskText, Choose, path_of
from tui.snapshots import AdapterView
from tui.text.sanitize import visible_line

_MERGE = "Base and adapter as one model, in a new folder; or in one file for llama.cpp, when its name ends in .gguf."

_EXPORT = "The adapter alone in PEFT's own format, with a model card, in a new folder."

_REMOVE = "Its files are deleted. The run, its pairs and figures, and trials stay."

TakePath = Callable[[Path, bool], None]
"""What is done with a path, and whether something that stands there may be replaced."""

SHELF_KEYS: Final = (
    Binding("f", "train_on", "train on", id="run.train-on", tooltip="Open Train, to go on from this run's adapter."),
    Binding("c", "note", "note", id="run.note", tooltip="Keep a note with this run."),
    Binding("t", "tag", "tags", id="run.tag", tooltip="Keep tags with this run, to filter by."),
    Binding("n", "rename", "rename", id="run.rename", tooltip="Give this run (and its adapter) another name."),
    Binding("a", "archive", "archive", id="run.archive", tooltip="Put this run away, or bring it back."),
)
"""A screen that lists them among its own bindings gives them their place in the key line."""


ADAPTER_KEYS: Final = (
    Binding("U", "use", "use adapter", id="adapter.use", tooltip="Use this run's adapter from now on."),
    Binding("r", "resume", "resume", id="run.resume", tooltip="Go on with this interrupted run, exactly."),
    Binding("B", "use_base", "base", id="adapter.base", tooltip="Use no adapter: the base model answers."),
)
"""A screen that lists them among its own bindings gives them their place in the key line."""


class RunKeys(PalateScreen):
    """A screen with `U` (use the shown run's adapter), `B` (use none, the base model) and `r` (resume the run)."""

    BINDINGS = list(ADAPTER_KEYS)

    def __init__(self) -> None:
        super().__init__()
        self._adapters: list[AdapterView] = []

    def read_adapters(self) -> None:
        """Read the adapters again. Keys are checked at every press, so they look at what was read, not at the disk."""
        self._adapters = self.workbench.adapters()

    def shown_run(self) -> RunRow | None:
        """The run whose adapter is meant, as it was last read."""
        raise NotImplementedError

    def adapter_of(self, run: RunRow | None) -> AdapterView | None:
        """What a run made, if it is still there."""
        return self.adapter(run.adapter) if run is not None else None

    def adapter(self, id: str | None) -> AdapterView | None:
        """The adapter with this id, if it is there."""
        return next((view for view in self._adapters if view.id == id), None)

    def adapter_in_use(self) -> AdapterView | None:
        """The adapter that answers now; None when the base model does."""
        return next((view for view in self._adapters if view.in_use and view.fits), None)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Using what is in use already does nothing."""
        if action == "use":
            adapter = self.adapter_of(self.shown_run())
            return adapter is not None and not adapter.in_use
        if action == "use_base":
            return self.adapter_in_use() is not None
        if action == "resume":
            run = self.shown_run()
            return run is not None and run.status == "interrupted" and self.workbench.can_resume(run)
        return super().check_action(action, parameters)

    def action_use(self) -> None:
        """Use the adapter of the shown run."""
        adapter = self.adapter_of(self.shown_run())
        if adapter is not None:
            self._use(adapter.id)

    def action_resume(self) -> None:
        """Let the shown run go on from its checkpoint."""
        run = self.shown_run()
        if run is None:
            return
        try:
            self.workbench.resume_run(run.id)
        except KNOWN_ERRORS as error:
            self.palate.tell_error(error)
        self.refresh_bindings()

    def action_use_base(self) -> None:
        """Use no adapter."""
        self._use(None)

    def _use(self, adapter: str | None) -> None:
        try:
            self.workbench.use_adapter(adapter)
        except KNOWN_ERRORS as error:
            self.palate.tell_error(error)
        self.refresh_bindings()


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
            self.workbench.adapter_service.merge(adapter.id, path, overwrite=overwrite)
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
            self.workbench.adapter_service.remove(adapter.id)
        except KNOWN_ERRORS as error:
            self.palate.tell_error(error)
        else:
            self.palate.tell(f"{adapter.name} is removed", "Its run, pairs, figures and trials stay.")
        self.screen_shown()


class RunLabelKeys(RunKeys):
    """A screen of Runs: what `RunKeys` has, and the keys that keep order among runs."""

    BINDINGS: ClassVar = list(SHELF_KEYS)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Without a run there is nothing to keep; a live run is not put away."""
        run = self.shown_run()
        if action in ("note", "tag", "rename"):
            return run is not None
        if action == "archive":
            return run is not None and run.status != "running"
        if action == "train_on":
            adapter = self.adapter_of(run)
            return adapter is not None and adapter.fits
        return super().check_action(action, parameters)

    def key_label(self, binding: Binding) -> str:
        """What was put away is brought back with the same key."""
        run = self.shown_run()
        return "bring back" if binding.action == "archive" and run is not None and run.archived else binding.description

    # -- acts ----------------------------------------------------------------------------------------------------

    def action_note(self) -> None:
        """Ask for the note."""
        self._ask(
            "Note", "Say what this run was for; an empty line takes the note away.", lambda run: run.note, self._note
        )

    def action_tag(self) -> None:
        """Ask for the tags."""
        sentence = "Words apart by spaces. In the table, tag:word shows the runs that have it."
        self._ask("Tags", sentence, lambda run: " ".join(run.tags), self._tag)

    def action_rename(self) -> None:
        """Ask for the name."""
        sentence = "Its adapter is renamed as well, where it has the run's name."
        self._ask("Name", sentence, lambda run: run.name, self._rename, may_be_empty=False)

    def _ask(
        self,
        title: str,
        sentence: str,
        value: Callable[[RunRow], str],
        keep: Callable[[int, str], None],
        *,
        may_be_empty: bool = True,
    ) -> None:
        run = self.shown_run()
        if run is None:
            return

        def answered(text: str | None) -> None:
            if text is not None and text != value(run):
                self._try(keep, run.id, text)

        title = f"{title} of run {run.id} · {visible_line(run.name, 40)}"
        self.app.push_screen(AskText(title, sentence, value=value(run), may_be_empty=may_be_empty), answered)

    def _note(self, run: int, text: str) -> None:
        self.workbench.run_labels.note(run, text)

    def _tag(self, run: int, text: str) -> None:
        self.workbench.run_labels.tag(run, [text])

    def _rename(self, run: int, text: str) -> None:
        self.workbench.run_labels.rename(run, text)

    def action_archive(self) -> None:
        """Put the run away, or bring it back."""
        run = self.shown_run()
        if run is not None and self._try(self.workbench.run_labels.archive, run.id, not run.archived):
            words = (
                "is in the list again." if run.archived else "is put away. In the table, A shows it; a brings it back."
            )
            self.palate.tell("Archive", f"Run {run.id} {words}")

    def _try(self, act: Callable[..., None], *args: object) -> bool:
        """Do it; what cannot be done is told."""
        try:
            act(*args)
        except KNOWN_ERRORS as error:
            self.palate.tell_error(error)
            return False
        return True

    async def action_train_on(self) -> None:
        """Open Train with this run's adapter as the start."""
        from tui.screens.runs.train import open_train  # the Train screen shows runs too

        adapter = self.adapter_of(self.shown_run())
        if adapter is None:
            return
        palate = self.palate
        if palate.workbench.run_progress is not None:
            palate.tell("A run is alive", "Wait for its end, or stop it on the Train screen, before you start another.")
            return
        (await open_train(palate)).take_start(adapter)
