"""Kill a run with SIGKILL at random moments until it is through: `python -m tests.killed_run FOLDER KILLS SEED`.

A process of its own, so that children can be forked from one that has no threads and has imported torch already. It
prints one JSON object: how many kills hit, and from which steps the run went on.
"""

import argparse
import json
import multiprocessing
import random
import sys
import time
from collections.abc import Sequence
from multiprocessing.connection import Connection
from pathlib import Path

import torch

import engine.training.scorer
from engine.checkpoint import FILE
from engine.config import TrainConfig
from engine.events import CheckpointSaved, StepDone
from engine.model import BaseModel, load_base
from engine.preference import Message, PreferencePair
from engine.train import train_dpo
from tests.flags import flags_of, path
from tests.tiny import save_tiny

CONFIG = TrainConfig(
    learning_rate=1e-3, epochs=8, lora_dropout=0.1, lora_r=4, eval_share=0.2, batch_size=3, checkpoint_every=1
)
PAIRS = [
    PreferencePair(
        str(number), (Message(role="user", content=f"question {number}?"),), "short" + "!" * number, f"longer {number}"
    )
    for number in range(14)
]
ADAPTER = "adapter_model.safetensors"
fork = multiprocessing.get_context("fork")


def train(base: BaseModel, folder: Path, told: Connection) -> None:
    """The run, from its checkpoint if there is one; tells after every event the step that was reached."""
    resume = (folder / "c" / FILE).exists()
    step = 0
    for event in train_dpo(
        base, PAIRS, CONFIG, adapter="a1", folder=folder / "adapter", checkpoint_folder=folder / "c", resume=resume
    ):
        step = event.step if isinstance(event, StepDone | CheckpointSaved) else step
        told.send(step)
    told.close()


def live(base: BaseModel, folder: Path, events: int | None, pause_s: float = 0.0) -> int | None:
    """Train in a child, killed `pause_s` after so many events (None: never).

    Returns the step that it was seen at when it was killed, None when it came to its end.
    """
    hearing, telling = fork.Pipe(duplex=False)
    child = fork.Process(target=train, args=(base, folder, telling))
    child.start()
    telling.close()
    step = 0
    try:
        for _ in range(sys.maxsize if events is None else events):
            step = hearing.recv()
        time.sleep(pause_s)
    except EOFError:
        child.join()
        assert child.exitcode == 0
        return None
    child.kill()
    child.join()
    return step


def kill_until_through(folder: Path, kills: int, seed: int) -> None:
    """One run that lives, then runs that are killed until there were enough kills; each must end the same."""
    base = load_base(str(save_tiny(folder / "model")), source="tiny", dtype="float32", device="cpu")
    live(base, folder / "whole", None)
    expected = (folder / "whole" / "adapter" / ADAPTER).read_bytes()
    chance = random.Random(seed)
    steps: list[int] = []
    runs = half_written = 0
    while len(steps) < kills:
        place = folder / f"killed-{runs}"
        step: int | None = 0
        while step is not None:
            enough = len(steps) == kills
            step = live(base, place, None if enough else chance.randint(5, 45), chance.uniform(0, 0.02))
            if step is not None:
                steps.append(step)
                half_written += (place / "c" / (FILE + ".new")).exists()
        runs += 1
        if (place / "adapter" / ADAPTER).read_bytes() != expected:
            raise SystemExit(f"The adapter of run {runs} differs after kills at steps {steps}.")
    sys.stdout.write(
        json.dumps({"kills": len(steps), "runs": runs, "steps": steps, "half_written": half_written}) + "\n"
    )


def parser() -> argparse.ArgumentParser:
    """The flags."""
    flags = flags_of(__doc__)
    flags.add_argument("folder", type=path, help="an empty folder for model and runs")
    flags.add_argument("kills", type=int, help="how many kills must hit")
    flags.add_argument("seed", type=int, help="the seed of their moments")
    return flags


def main(line: Sequence[str] | None = None) -> None:
    """Read the command line and kill."""
    options = parser().parse_args(line)
    torch.set_num_threads(1)  # a forked child has no other threads
    engine.training.scorer.TOKENS_TOGETHER = (
        120  # two of these pairs: a step has places inside it where a run can be left
    )
    kill_until_through(options.folder, options.kills, options.seed)


if __name__ == "__main__":
    main()
