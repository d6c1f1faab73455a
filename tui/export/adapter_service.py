"""Adds, exports, merges, renames and removes adapters."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from adapters.compatibility import check_fits
from adapters.manifest import MANIFEST_FILE, Adapter
from adapters.peft_format import CONFIG_FILE, WEIGHTS_FILE
from adapters.servable import check_servable, served_name
from adapters.storage import copy_private, write_private
from db import models as db_models
from db import prompts as db_prompts
from db import runs as db_runs
from db import verdicts as db_verdicts
from engine.errors import AdapterLoadError, EngineError
from engine.events import Event, ModelMerged, Progress
from engine.preference import AS_TEMPLATE, Message
from engine.requests import GenerationRequest
from tui.compute.scheduler import Job, Priority, WorkSteps
from tui.compute.services import Services
from tui.errors import InputError, WorkbenchError
from tui.events import AdapterMerged, ModelChanged, RunChanged
from tui.export.dependents import check_removable, queue_settings_naming
from tui.export.model_card import Card, merged_words, run_of
from tui.export.output_path import FOLDER_DTYPES, GGUF_DTYPES, check_place, placed
from tui.generation.completion_writer import why_unanswerable
from tui.reader import WorkspaceReader
from tui.text.sanitize import visible_line
from tui.workspace.export_list import note_export
from tui.workspace.settings import AT
from tui.workspace.settings_store import change_setting, stored_settings

GGUF = ".gguf"
CARD = "README.md"
_JOB = "merge"
_PROMPTS_TRIED = 20
_ANY_PROMPT = (Message(role="user", content="Why is the sky blue?"),)


def export_adapter(view: WorkspaceReader, name: str, target: Path, *, overwrite: bool = False) -> Adapter:
    """Copy an adapter into the folder `target` in PEFT's own format, with a model card; returns the adapter.

    Raises:
        AdapterError: there is no such adapter, or its weights are not those that were published.
        InputError: `target` cannot be written, or exists already.
    """
    target = target.absolute()
    adapter = copy_with_card(view, name, target, target.name, overwrite=overwrite)
    note_export(view.folder, target, "adapter", adapter.manifest.id)
    return adapter


def copy_with_card(view: WorkspaceReader, name: str, target: Path, called: str, *, overwrite: bool = False) -> Adapter:
    """The same for a folder that does not stay; its card says how to load it as `called`."""
    registry = view.workspace.registry
    adapter = registry.verify(registry.get(name).manifest.id)
    with placed(target, overwrite=overwrite) as folder:
        folder.mkdir(mode=0o700)
        for file in (CONFIG_FILE, WEIGHTS_FILE, MANIFEST_FILE):
            copy_private(adapter.folder / file, folder / file)
        write_private(folder / CARD, Card(view, adapter, called).text().encode())
    return adapter


class AdapterService:
    """Adds and merges adapters, both with the compute thread, and renames and removes them."""

    def __init__(self, services: Services) -> None:
        self._workspace, self._scheduler = services.workspace, services.scheduler
        self._loaded_model, self._publish = services.loaded_model, services.publish
        self._starting = threading.Lock()
        self.doing: str | None = None
        """The progress of a merge, in words for the status line; None without one."""

    def write_gguf(self, name: str, folder: Path) -> Path:
        """Write an adapter alone as a GGUF file into a folder, and return its path. The caller's thread waits.

        Raises:
            AdapterError: there is no such adapter, or servers cannot load it.
            ModelError: no base model is loaded.
            MergeError: it has no place in a GGUF file.
            InputError: the folder is not there.
        """
        from engine.export.gguf_writer import write_adapter_gguf  # imports torch

        registry = self._workspace.registry
        adapter = registry.verify(registry.get(name).manifest.id)
        base = self._loaded_model.required()
        check_fits(adapter, base.fingerprint, base_source=self._loaded_model.choice.source)
        check_servable(adapter)
        if not folder.is_dir():
            raise InputError(f"{folder} is no folder. Name one that is there.")
        target = folder.absolute() / f"{served_name(adapter)}.gguf"
        with placed(target, overwrite=True) as part:
            write_adapter_gguf(base.hf_model.config, adapter.folder, part, name=adapter.manifest.name)
        note_export(self._workspace.folder, target, "adapter", adapter.manifest.id)
        return target

    # -- adding ------------------------------------------------------------------------------------------------

    def add(self, folder: Path, name: str) -> Adapter:
        """Add a PEFT LoRA folder, after one full check on the loaded base model. The caller's thread waits for it.

        Raises:
            AdapterError: Palate cannot use the adapter, or the name is taken.
            ModelError: no base model is loaded, or the adapter does not work with it.
        """
        base = self._loaded_model.required()
        return self._workspace.registry.add(folder, name, base.source, base.fingerprint, check=self._check)

    def _check(self, copy: Path, folder: Path) -> list[str]:
        """Check a copy of the adapter in `folder` on the compute thread; returns sentences about it."""
        found: list[tuple[str, ...] | EngineError] = []
        steps = self._check_steps(copy, folder, found.append)
        self._scheduler.submit("adapter check", steps, lambda: Priority.WAITED_FOR).done.result()
        (result,) = found
        if isinstance(result, EngineError):
            raise AdapterLoadError(str(result).replace(str(copy), str(folder))) from result
        return list(result)

    def _check_steps(
        self, copy: Path, folder: Path, tell: Callable[[tuple[str, ...] | EngineError], None]
    ) -> WorkSteps:
        """Check the copy. `tell` gets the sentences or the error, which is the caller's alone and no job's end."""
        from engine.adapter_check import AdapterCheck  # imports torch

        check = AdapterCheck(self._loaded_model.required(), copy, folder)
        try:
            yield from check.steps()
        except EngineError as error:
            tell(error)
        else:
            tell(check.notes)

    # -- merging -----------------------------------------------------------------------------------------------

    def merge(self, name: str, target: Path, *, dtype: str = "auto", overwrite: bool = False) -> Job:
        """Write base and adapter as one model: a folder, or one file where `target` ends in .gguf.

        The job's `done` resolves at the end. `AdapterMerged` is published with the measured differences.

        Raises:
            AdapterError: there is no such adapter, it is damaged, or made for another base model.
            InputError: `target` cannot be written or exists already, or `dtype` is not one for it.
            ModelError: no base model is loaded.
            WorkbenchError: another merge is in progress.
        """
        target = target.absolute()
        allowed = GGUF_DTYPES if _is_gguf(target) else FOLDER_DTYPES
        if dtype not in allowed:
            raise InputError(f"--dtype is {dtype!r}; for {target.name} it can be {', '.join(allowed)}.")
        check_place(target, overwrite=overwrite)
        adapter = self._workspace.registry.get(name)
        check_fits(adapter, self._loaded_model.required().fingerprint, base_source=self._loaded_model.choice.source)
        self._workspace.registry.verify(adapter.manifest.id)
        with self._starting:
            if self._scheduler.busy_with(_JOB):
                raise WorkbenchError("Another adapter is being merged. Wait for its end.")
            self.doing = f"merging {visible_line(adapter.manifest.name, 24)}"
            job = self._scheduler.submit(
                _JOB, self._work_steps(adapter, target, dtype, overwrite), lambda: Priority.WAITED_FOR
            )
        job.done.add_done_callback(lambda _: self._over())  # also for a job that ends before its first step
        return job

    def _work_steps(self, adapter: Adapter, target: Path, dtype: str, overwrite: bool) -> WorkSteps:
        merged: ModelMerged | None = None
        try:
            with placed(target, overwrite=overwrite) as part:
                for event in self._events(adapter, part, dtype):
                    self._show_progress(adapter, event)
                    merged = event if isinstance(event, ModelMerged) else merged
                    yield
                assert merged is not None
                if not _is_gguf(target):
                    card = Card(WorkspaceReader(self._workspace), adapter, target.name, merged)
                    write_private(part / CARD, card.text().encode())
        finally:
            self._over()
        name = visible_line(adapter.manifest.name, 64)
        self._log_to_run(adapter, f"Its adapter was merged into {target} ({merged.dtype}).")
        note_export(self._workspace.folder, target, "model", adapter.manifest.id)
        self._publish(AdapterMerged(f"{name} is merged", f"{target}\n{merged_words(merged)}", str(target), merged))

    def _events(self, adapter: Adapter, part: Path, dtype: str) -> Iterator[Event]:
        base, id, trusted = (
            self._loaded_model.required(),
            adapter.manifest.id,
            self._loaded_model.choice.trust_remote_code,
        )
        messages = self._prompt(adapter)
        if _is_gguf(part):
            from engine.export.gguf_writer import merge_into_gguf  # imports torch

            name = f"{self._loaded_model.choice.name} + {adapter.manifest.name}"
            yield from merge_into_gguf(
                base, id, adapter.folder, part, messages, name=name, kind=dtype, trust_remote_code=trusted
            )
        else:
            from engine.export.merge import merge_adapter  # imports torch

            yield from merge_adapter(base, id, adapter.folder, part, messages, dtype=dtype, trust_remote_code=trusted)

    def _prompt(self, adapter: Adapter) -> tuple[Message, ...]:
        """The prompt on which merged and unmerged model are compared.

        It is the first that the adapter was trained on, or a held-out one, which the chat template takes.
        """
        base, connection = self._loaded_model.required(), self._workspace.connection
        run = run_of(WorkspaceReader(self._workspace), adapter)
        pairs = db_verdicts.run_preference_pairs(connection, run.id) if run is not None else []
        held_out = db_prompts.held_out_prompts(connection, 1)
        prompts = [*(each.messages for each in pairs[:_PROMPTS_TRIED]), *(each.messages for each in held_out)]
        asked = ((each, GenerationRequest("", each, 0)) for each in prompts)
        answerable = (each for each, request in asked if why_unanswerable(base, request, AS_TEMPLATE) is None)
        return next(answerable, _ANY_PROMPT)

    def _over(self) -> None:
        if self.doing is not None:
            self.doing = None
            self._publish(ModelChanged())

    def _show_progress(self, adapter: Adapter, event: Event) -> None:
        if isinstance(event, Progress):
            far = f", {event.done} of {event.total} {event.unit}" if event.total else ""
            self.doing = f"merging {visible_line(adapter.manifest.name, 24)}: {event.stage}{far}"
            self._publish(ModelChanged())

    # -- renaming and removing ---------------------------------------------------------------------------------

    def rename(self, name: str, new: str) -> Adapter:
        """Give an adapter another name; trials, answers and the queue's settings follow.

        Raises:
            AdapterError: there is no such adapter, or the new name is not usable or taken.
        """
        adapter = self._workspace.registry.get(name)
        settings = queue_settings_naming(self._workspace, adapter)
        renamed = self._workspace.registry.rename(adapter.manifest.id, new)
        self._workspace.write(db_models.rename_models, renamed.manifest.id, renamed.manifest.name).result()
        for setting in settings:
            _, at, server = str(getattr(stored_settings(self._workspace).source, setting)).partition(AT)
            change_setting(self._workspace, setting, renamed.manifest.name + at + server)
        if self._loaded_model.in_use is not None and self._loaded_model.in_use.manifest.id == renamed.manifest.id:
            self._loaded_model.in_use = renamed
        self._log_to_run(renamed, f"Its adapter {adapter.manifest.name} is called {renamed.manifest.name} from now on.")
        return renamed

    def remove(self, name: str) -> Adapter:
        """Delete an adapter's files; its run, pairs, figures and trials stay, and the run's log records it.

        Raises:
            AdapterError: there is no such adapter, or the disk refuses.
            WorkbenchError: it is still needed, or a merge is in progress. The message says what to do first.
        """
        adapter = self._workspace.registry.get(name)
        if self.doing is not None:
            raise WorkbenchError("An adapter is being merged. Wait for its end.")
        check_removable(self._workspace, adapter)
        self._workspace.registry.remove(adapter.manifest.id)
        self._log_to_run(adapter, f"Its adapter {adapter.manifest.name} ({adapter.manifest.id}) was removed.")
        return adapter

    def _log_to_run(self, adapter: Adapter, words: str) -> None:
        run = run_of(WorkspaceReader(self._workspace), adapter)
        if run is not None:
            self._workspace.write(db_runs.add_log, run.id, "info", words).result()
            self._publish(RunChanged(run.id))
        self._publish(ModelChanged())


def _is_gguf(target: Path) -> bool:
    return target.suffix.lower() == GGUF
