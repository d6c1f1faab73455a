"""The base model and its adapters, as the scheduler's jobs use them.

Everything here that touches the model runs on the compute thread. The engine's modules that need torch are imported
inside functions, so that the first paint of the app does not wait for it.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from adapters.compatibility import check_fits
from adapters.errors import AdapterError
from adapters.manifest import Adapter
from db import models as db_models
from db.settings import use_adapter
from engine.errors import EngineError, ModelError
from engine.events import Notice, Progress, SourceReady
from engine.sources.default_model import DEFAULT_SOURCE
from engine.sources.packages import require_packages
from engine.sources.prepare import prepare_source
from tui.compute.scheduler import WorkSteps
from tui.errors import title_of
from tui.events import ModelChanged, WorkbenchEvent, WorkbenchFailed
from tui.snapshots import LoadState, ModelState
from tui.workspace.workspace import Workspace

if TYPE_CHECKING:
    from engine.model import BaseModel


logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class ModelChoice:
    """The base model to load, and how; `dtype` and `device` may be "auto"."""

    source: str = ""
    """A Hub id, a folder or a GGUF file; empty for the model that the workspace used last."""
    dtype: str = "auto"
    device: str = "auto"
    trust_remote_code: bool = False

    def resolved(self, last: str | None) -> ModelChoice:
        """The choice with a source: its own, else `last`, else the default model."""
        return replace(self, source=self.source or last or DEFAULT_SOURCE)

    @property
    def name(self) -> str:
        """A short name for screens: the last part of an id or a path."""
        return Path(self.source).name.removesuffix(".gguf") or self.source


class LoadedModel:
    """Holds the one base model in memory and knows which adapter is in use."""

    def __init__(self, workspace: Workspace, choice: ModelChoice, publish: Callable[[WorkbenchEvent], None]) -> None:
        self.choice = choice
        self.base: BaseModel | None = None
        self.in_use: Adapter | None = None
        self.state = LoadState.COLD
        self.detail = ""
        self.error: tuple[str, str] | None = None
        self._workspace = workspace
        self._publish = publish
        self._attached: list[str] = []
        """PEFT's names of the adapters that were attached here, the one that was used last at the end."""
        self._held: Counter[str] = Counter()

    @property
    def snapshot(self) -> ModelState:
        """The state of the model for screens."""
        used = self.in_use.manifest.name if self.in_use else None
        return ModelState(self.choice.name, self.state, self.detail, used, self.error)

    def gpu_ids(self) -> tuple[str, ...]:
        """The ids of the GPUs that hold the model, as the driver knows them; empty without a model or a GPU."""
        return self.base.gpu_ids() if self.base is not None else ()

    def leave_unused(self) -> None:
        """Say that the model is not loaded, since servers answer. Loading it later changes that."""
        self._become(LoadState.UNUSED)

    # -- on the compute thread ----------------------------------------------------------------------------------

    def load_steps(self) -> WorkSteps:
        """Fetch and load the base model, then the adapter that was in use when it was last loaded."""
        try:
            require_packages()
            yield from self._prepare_and_load()
        except EngineError as error:
            self._fail(error)
            return
        except OSError as error:
            logger.exception("The model could not be prepared")
            self._fail(
                ModelError(f"{self.choice.name} could not be read or stored: {error}. Fix that, then start again.")
            )
            return
        self._attach_last_adapter()
        self._become(LoadState.READY)
        self._workspace.keep_setting("model", self.choice.source)

    def use_steps(self, adapter: Adapter | None) -> WorkSteps:
        """Put `adapter` (None for the base alone) in use, now and at the next start."""
        base = self.required()
        if adapter is not None:
            self.attach(adapter)
        self.in_use = adapter
        self._workspace.write(use_adapter, base.fingerprint, adapter and adapter.manifest.id).result()
        self._publish(ModelChanged())
        yield

    def required(self) -> BaseModel:
        """The loaded base model.

        Raises:
            ModelError: it is not loaded; after a failure the message is that of the failure.
        """
        if self.base is None:
            if self.state is LoadState.UNUSED:
                name = self.choice.name
                raise ModelError(f"The model {name} is not loaded, since servers answer. Press T, which loads it.")
            raise ModelError(self.error[1] if self.error else f"The model {self.choice.name} is not loaded yet.")
        return self.base

    def unload(self, name: str) -> None:
        """Unload the adapter with this internal name, if it is loaded."""
        if self.base is not None and name in self.base.loaded_adapters():
            self.base.unload_adapter(name)

    def attach(self, adapter: Adapter) -> str:
        """Load `adapter` into the base model unless it is loaded already; returns PEFT's name for it.

        Raises:
            AdapterError: it is damaged or was made for another base model.
            EngineError: PEFT cannot load it.
        """
        base, name = self.required(), adapter.manifest.id
        if name not in base.loaded_adapters():
            check_fits(adapter, base.fingerprint)
            self._workspace.registry.verify(name)
            self._unload_unused()
            base.load_adapter(name, adapter.folder)
        if name in self._attached:
            self._attached.remove(name)
        self._attached.append(name)
        return name

    @contextmanager
    def using(self, adapter: Adapter) -> Iterator[str]:
        """Attach `adapter`, and keep it in memory inside. Gives and raises what `attach` does."""
        name = self.attach(adapter)
        self._held[name] += 1
        try:
            yield name
        finally:
            self._held[name] -= 1

    def _unload_unused(self) -> None:
        """Unload the adapters that are neither in use nor held by a job, but for the one that was used last.

        An adapter takes 168 MB of the device at 8 billion weights and rank 16. Two policies that answer in turn would
        be read from the disk at every turn if the last one left as well.
        """
        base = self.required()
        kept = {self.in_use.manifest.id} if self.in_use else set()
        kept |= {name for name, count in self._held.items() if count} | set(self._attached[-1:])
        for name in [each for each in self._attached if each not in kept]:
            self._attached.remove(name)
            if name in base.loaded_adapters():
                base.unload_adapter(name)

    def model_row(self, adapter: Adapter | None) -> int:
        """The database's id of the policy made of the base and `adapter`."""
        base = self.required()
        base_row = self._workspace.write(
            db_models.ensure_model,
            kind="base",
            name=self.choice.name,
            source=base.source,
            fingerprint=base.fingerprint,
        ).result()
        if adapter is None:
            return base_row
        manifest = adapter.manifest
        return self._workspace.write(
            db_models.ensure_model,
            kind="adapter",
            name=manifest.name,
            source=manifest.id,
            fingerprint=manifest.checksum,
            parent=base_row,
        ).result()

    def _prepare_and_load(self) -> WorkSteps:
        location = ""
        self._become(LoadState.PREPARING)
        choice = self.choice
        for event in prepare_source(choice.source, trust_remote_code=choice.trust_remote_code):
            match event:
                case Progress():
                    self._become(LoadState.PREPARING, loading_words(event))
                case Notice():
                    logger.info(event.text)
                case SourceReady():
                    location = event.location
            yield
        self._become(LoadState.LOADING)
        yield
        from engine.model import load_base  # torch is imported here, on the compute thread, after the first paint

        self.base = load_base(
            location,
            source=choice.source,
            dtype=choice.dtype,
            device=choice.device,
            trust_remote_code=choice.trust_remote_code,
        )
        yield

    def _attach_last_adapter(self) -> None:
        """Attach the adapter in use from the last time. If that fails, publish the error; the base model answers."""
        kept = self._workspace.setting("adapters_in_use", {}).get(self.required().fingerprint)
        if kept is None:
            return
        try:
            adapter = self._workspace.registry.get(kept)
            self.attach(adapter)
        except (AdapterError, EngineError) as error:
            self._publish(
                WorkbenchFailed("The adapter in use cannot be loaded", f"{error} The base model answers for now.")
            )
        else:
            self.in_use = adapter

    def _become(self, state: LoadState, detail: str = "") -> None:
        self.state, self.detail = state, detail
        self._publish(ModelChanged())

    def _fail(self, error: EngineError) -> None:
        self.error = (title_of(error), str(error))
        self._become(LoadState.FAILED)
        self._publish(WorkbenchFailed(*self.error))


def loading_words(event: Progress) -> str:
    """The progress of a preparation in words: "downloading 42 of 98 MB"."""
    if event.unit == "bytes":
        event = replace(event, done=event.done // 10**6, total=event.total and event.total // 10**6, unit="MB")
    of = f" of {event.total}" if event.total else ""
    return f"{event.stage} {event.done}{of} {event.unit}"
