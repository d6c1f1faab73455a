"""The run that a worker computes, in a file that only this user can read and that is deleted once all have read it."""

import json
import os
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from engine.config import TrainConfig
from engine.preference import PreferencePair


@dataclass(frozen=True, kw_only=True)
class WorkerJob:
    """One run on several devices.

    Attributes:
        location, source, dtype, trust_remote_code: the base model, as `load_base` takes it.
        devices: one for each process; `threads` is how many threads each of them has on the processor.
        adapter, folder: PEFT's internal name of the adapter to train, and where it is saved.
        shard: whether the processes share the base's layers.
        start: internal name and folder of the adapter that the run continues; None for the base model.
        checkpoint_folder, resume: as `train_dpo` takes them.
        samples: whether the policy is saved wherever the owner may take samples of it.
        ahead: how many events a worker may be ahead of the owner; 0 where both take turns on one device.
        place: the folder of this run's sockets, for the owner alone; `events`: the file of its events.
    """

    location: str
    source: str
    dtype: str
    trust_remote_code: bool
    devices: tuple[str, ...]
    threads: int
    pairs: tuple[PreferencePair, ...]
    config: TrainConfig
    adapter: str
    folder: str
    start: tuple[str, str] | None
    checkpoint_folder: str
    resume: bool
    samples: bool
    ahead: int
    place: str = ""
    events: str = ""
    shard: bool = False

    @property
    def address(self) -> str:
        """The socket at which the owner waits for its workers."""
        return str(Path(self.place) / "owner")

    @property
    def meeting(self) -> str:
        """The file through which the workers find one another."""
        return str(Path(self.place) / "meeting")

    def write(self, file: Path) -> None:
        """Write the job to a file that only this user can read."""
        with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as text:
            json.dump(asdict(self), text)


def read_job(file: Path) -> WorkerJob:
    """Read what `WorkerJob.write` wrote."""
    read: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    values = {each.name: read[each.name] for each in fields(WorkerJob)}
    values["pairs"] = tuple(PreferencePair(**{**pair, "prompt": tuple(pair["prompt"])}) for pair in read["pairs"])
    values["config"] = TrainConfig(**read["config"])
    values["devices"] = tuple(read["devices"])
    values["start"] = None if read["start"] is None else tuple(read["start"])
    return WorkerJob(**values)
