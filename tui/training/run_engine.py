"""What computes a run: the engine in this process, or processes of its own on the devices that its settings name."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from engine.config import TrainConfig
from engine.devices import named_devices
from engine.distributed.sharding import check_sharding
from engine.events import Event
from tui.compute.loaded_model import LoadedModel
from tui.compute.scheduler import Priority
from tui.compute.services import Services
from tui.errors import WorkbenchError
from tui.training.pair_sets import preference_pair
from tui.training.recovery import checkpoint_folder
from tui.training.run_request import RunRequest, RunRequests
from tui.training.run_task import RunTask

if TYPE_CHECKING:
    from engine.distributed.job import WorkerJob
    from engine.distributed.launch import DeviceRun
    from engine.distributed.link import Wish

_AHEAD = 8
"""How many events a run on other devices may be ahead of what is stored and shown of it."""

Known = Mapping[str, tuple[float, float]]


class RunEngine:
    """Computes the run of `task`, one of `at_once` runs that compute at the same time on different devices."""

    def __init__(self, services: Services, task: RunTask, requests: RunRequests, at_once: int = 1) -> None:
        self._services, self._task, self._requests = services, task, requests
        self._at_once = at_once
        self._loaded_model = services.loaded_model
        self._elsewhere: DeviceRun | None = None
        self._is_over = False

    @property
    def reasons(self) -> tuple[str, ...]:
        """Device and number format of the run, as sentences; empty where processes of its own report theirs."""
        return () if self._task.config.devices else self._loaded_model.required().reasons

    @property
    def is_starting(self) -> bool:
        """Whether processes of its own are still loading the model. Nothing is lost if they end."""
        return self._elsewhere is not None and not self._elsewhere.has_begun

    @property
    def waits(self) -> bool:
        """Whether the run computes elsewhere and its next event is not there yet."""
        return self._elsewhere is not None and not self._is_over and not self._elsewhere.is_ready

    def consumed(self) -> None:
        """Say that the latest event is stored and shown, so that a run elsewhere continues."""
        if self._elsewhere is not None:
            self._elsewhere.consumed()

    def priority(self, usual: Priority, *, sampling: bool) -> Priority:
        """`usual`, unless the run computes elsewhere: then the job sleeps while there is no new event.

        If the run uses other devices than the model, its events go first. If its processes were lost, the job is woken
        to end.
        """
        if self._task.config.devices is None or sampling or self._is_over:
            return usual
        if self._elsewhere is None:
            return Priority.FIRST  # starting processes takes no compute time here
        if self._elsewhere.is_lost:
            return Priority.RUN
        if self.waits and not self._elsewhere.owes_word:
            return Priority.ASLEEP
        return usual if self._elsewhere.takes_turns or usual is Priority.ASLEEP else Priority.FIRST

    def events(self, folder: Path, known: Known, *, samples: bool) -> Generator[Event, None, None]:
        """The engine's events of the run, which saves the adapter `folder.name` in `folder`.

        Args:
            samples: whether samples are taken of its policy.

        Raises:
            SettingError: this machine lacks one of the devices.
        """
        task = self._task
        with self._loaded_model.using(task.parent) if task.parent else nullcontext() as start:
            if task.config.devices is None:
                yield from self._here(folder, known, start)
            else:
                yield from self._on_devices(folder, task.config.devices, known, samples)

    def _here(self, folder: Path, known: Known, start: str | None) -> Generator[Event, None, None]:
        from engine.train import train_dpo  # imports torch

        yield from train_dpo(
            self._loaded_model.required(),
            [preference_pair(row) for row in self._task.rows],
            self._task.config,
            adapter=folder.name,
            folder=folder,
            start=start,
            stop=lambda: self._requests.now is RunRequest.STOP,
            known_reference=known,
            checkpoint_folder=self._checkpoints,
            checkpoint_now=lambda: self._requests.now.needs_checkpoint,
            resume=self._task.resumed,
        )

    def _on_devices(self, folder: Path, named: str, known: Known, samples: bool) -> Generator[Event, None, None]:
        from engine.devices import find_devices
        from engine.distributed.launch import DeviceRun

        job = self._job(folder, find_devices(named), samples)
        self._elsewhere = DeviceRun(job, self._checkpoints, self._services.scheduler.wake)
        try:
            yield from self._elsewhere.events(self._wish, known, partial(self._take_policy, folder.name))
        finally:
            self._is_over = True

    @property
    def _checkpoints(self) -> Path:
        return checkpoint_folder(self._services.workspace, self._task.run)

    def _job(self, folder: Path, devices: tuple[str, ...], samples: bool) -> WorkerJob:
        from engine.devices import is_among, threads_each
        from engine.distributed.job import WorkerJob
        from engine.distributed.sharding import is_sharded

        task, base, parent = self._task, self._loaded_model.required(), self._task.parent
        # Several runs at once take no turns: while the compute thread waits for one of them, the others would wait too.
        shares = any(is_among(each, devices) for each in base.devices)
        takes_turns = shares and self._at_once == 1
        return WorkerJob(
            location=base.location,
            source=base.source,
            dtype=base.dtype,
            trust_remote_code=self._loaded_model.choice.trust_remote_code,
            devices=devices,
            threads=threads_each(devices * self._at_once),
            pairs=tuple(preference_pair(row) for row in task.rows),
            config=task.config,
            adapter=folder.name,
            folder=str(folder),
            start=(parent.manifest.id, str(parent.folder)) if parent else None,
            checkpoint_folder=str(self._checkpoints),
            resume=task.resumed,
            samples=samples,
            ahead=0 if takes_turns else _AHEAD,
            shard=is_sharded(task.config, base, devices),
        )

    def _wish(self) -> Wish:
        from engine.distributed.link import Wish

        if self._requests.now is RunRequest.STOP:
            return Wish.STOP
        return Wish.CHECKPOINT if self._requests.now.needs_checkpoint else Wish.NOTHING

    def _take_policy(self, name: str, folder: Path | None) -> None:
        """Load the policy in `folder` in place of an older one, for samples; None unloads it."""
        self._loaded_model.unload(name)
        if folder is not None:
            self._loaded_model.required().load_adapter(name, folder)


def run_cards(loaded_model: LoadedModel, devices: str | None) -> tuple[str, ...]:
    """The ids of the cards that a run computes on, from the devices of its settings."""
    if devices is None:
        return loaded_model.gpu_ids()
    from engine.devices import find_devices
    from engine.precision import gpu_ids

    return tuple(id for device in find_devices(devices) for id in gpu_ids(device))


def check_devices(loaded_model: LoadedModel, config: TrainConfig) -> None:
    """Check that a run can compute on the devices that its settings name.

    Raises:
        SettingError: this machine lacks one of them, or they cannot share the model as asked.
        WorkbenchError: the model is spread over GPUs, since none holds it, and each process of a run would load all.
    """
    named = named_devices(config.devices)
    check_sharding(config, loaded_model.required().dtype, named)
    if named and len(loaded_model.required().devices) > 1:
        raise WorkbenchError(
            f"The model is spread over {', '.join(loaded_model.required().devices)}, and each process on --devices "
            "would load all of it. Leave devices out: the run then computes where the model is."
        )
