"""Kill Palate with SIGKILL at moments of a run, and open it again: `python -m tests.killed_palate FOLDER [MOMENT …]`.

A process of its own, so that children can be forked from one that has no threads and has imported torch already. It
prints one JSON object for each moment (by default all): what the next start found, and what came of it.
"""

import argparse
import json
import multiprocessing
import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from click.testing import CliRunner

import engine.checkpoint
import engine.train
from adapters.registry import Registry
from db import checkpoints as db_checkpoints
from db import runs as db_runs
from engine.config import TrainConfig
from engine.events import EvalDone, PairDone, ReferenceScored, RunPlanned, StepDone
from tests.flags import flags_of, path
from tests.tiny import save_tiny
from tui.cli import main as command
from tui.compute.loaded_model import LoadedModel, ModelChoice
from tui.training.trainer import Trainer
from tui.workbench import Workbench

CONFIG = TrainConfig(epochs=3, batch_size=2, lora_r=2, lora_alpha=4, eval_share=0.3, checkpoint_every=2)
PAIRS = 12
fork = multiprocessing.get_context("fork")


def die(*_args: Any, **_kwargs: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def after(event: type, number: int, stage: str | None = None) -> Callable[[], None]:
    """Die as soon as the engine reported the event of this kind for the `number`th time, before it is stored."""

    def arm() -> None:
        original, seen = engine.train.train_dpo, 0

        def watched(*args: Any, **kwargs: Any) -> Iterator[Any]:
            nonlocal seen
            for each in original(*args, **kwargs):
                seen += isinstance(each, event) and getattr(each, "stage", stage) == stage
                if seen == number:
                    die()
                yield each

        engine.train.train_dpo = watched

    return arm


def around(owner: Any, name: str, *, before: bool, at: int = 1) -> Callable[[], None]:
    """Die before or after the `at`th call of a function."""

    def arm() -> None:
        original, calls = getattr(owner, name), 0

        def replaced(*args: Any, **kwargs: Any) -> Any:
            nonlocal calls
            calls += 1
            if before and calls == at:
                die()
            result = original(*args, **kwargs)
            if calls == at:
                die()
            return result

        setattr(owner, name, replaced)

    return arm


MOMENTS: dict[str, Callable[[], None]] = {
    "before the plan is stored": after(RunPlanned, 1),
    "references are scored": after(ReferenceScored, 3),
    "the first step is taken": after(StepDone, 1),
    "a checkpoint is written": around(engine.checkpoint.os, "replace", before=True, at=2),
    "a checkpoint is written and not known": around(db_checkpoints, "set_checkpoint", before=True),
    "training": after(StepDone, 5),
    "evaluation": after(PairDone, 2, "eval"),
    "after an evaluation": after(EvalDone, 1),
    "the adapter is saved": around(engine.train, "save_checked", before=True),
    "the adapter is saved and not published": around(engine.train, "save_checked", before=False),
    "the adapter is published and has no row": around(Registry, "publish", before=False),
    "the row is written and the run has no end": around(db_runs, "set_run_adapter", before=False),
    "the run has its end and its checkpoint": around(Trainer, "_end", before=False),
    "the adapter is about to answer": around(LoadedModel, "use_steps", before=True),
}


def workbench_in(folder: Path) -> Workbench:
    choice = ModelChoice(str(folder.parent / "model"), dtype="float32", device="cpu")
    workbench = Workbench(folder, choice, seed=3)
    workbench.start(fill_queue=False)
    assert workbench.loading is not None
    workbench.loading.done.result()
    return workbench


def run_to_its_end(workbench: Workbench) -> None:
    assert workbench.trainer.job is not None
    workbench.trainer.job.done.result()


def begin(folder: Path, arm: Callable[[], None]) -> None:
    """A run, in a process that dies at a moment or lives to its end."""
    arm()
    workbench = workbench_in(folder)
    workbench.trainer.start(CONFIG, name="taste-1")
    run_to_its_end(workbench)
    workbench.close()


def again(folder: Path, told: Any) -> None:
    """The next start: what it finds, and what one key makes of it."""
    workbench = workbench_in(folder)
    row = workbench.run(1)
    found = row.status
    if workbench.can_resume(row):
        workbench.trainer.resume(1)
        run_to_its_end(workbench)
    row, adapters = workbench.run(1), workbench.adapters()
    recorded = [each.name for each in adapters if each.id == row.adapter and each.in_use]
    told.send({"found": found, "status": row.status, "adapters": [each.name for each in adapters], "in_use": recorded})
    workbench.close()


def child(function: Callable[..., None], *args: Any) -> int:
    process = fork.Process(target=function, args=args)
    process.start()
    process.join()
    assert process.exitcode is not None
    return process.exitcode


def weights(folder: Path) -> bytes:
    (adapter,) = [each for each in (folder / "adapters").iterdir() if not each.name.startswith(".")]
    return (adapter / "adapter_model.safetensors").read_bytes()


def kill_at_moments(folder: Path, moments: Sequence[str]) -> None:
    """One run that lives, then one killed at each moment (all where none is named) and opened again."""
    save_tiny(folder / "model")
    space = folder / "space"
    file = folder / "pairs.jsonl"
    rows = [{"prompt": f"question {n}?", "chosen": "short", "rejected": f"longer {n}"} for n in range(PAIRS)]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert child(lambda: _import(space, file)) == 0
    whole = Path(shutil.copytree(space, folder / "whole"))
    assert child(begin, whole, lambda: None) == 0
    for number, moment in enumerate(moments or MOMENTS):
        killed = Path(shutil.copytree(space, folder / f"killed-{number}"))
        status = child(begin, killed, MOMENTS[moment])
        hearing, telling = fork.Pipe(duplex=False)
        ended = child(again, killed, telling)
        telling.close()
        told = hearing.recv() if ended == 0 else {}
        same = ended == 0 and weights(killed) == weights(whole)
        left = [str(each.relative_to(killed)) for each in (killed / "checkpoints").rglob("*")]
        record = {"moment": moment, "killed": status == -signal.SIGKILL, "same": same, "left": left, **told}
        sys.stdout.write(json.dumps(record) + "\n")


def _import(space: Path, file: Path) -> None:
    CliRunner().invoke(command, ["--workspace", str(space), "import", str(file)], catch_exceptions=False)


def parser() -> argparse.ArgumentParser:
    """The flags."""
    flags = flags_of(__doc__)
    flags.add_argument("folder", type=path, help="an empty folder for model and workspaces")
    flags.add_argument("moments", nargs="*", metavar="MOMENT", choices=[[], *MOMENTS], help="default: all")
    return flags


def main(line: Sequence[str] | None = None) -> None:
    """Read the command line and kill."""
    options = parser().parse_args(line)
    torch.set_num_threads(1)  # a forked child has no other threads
    kill_at_moments(options.folder, options.moments)


if __name__ == "__main__":
    main()
