"""Labelling beside a run: does the person ever wait, and what does it cost the run?

    python -m tests.benchmarks.queue_beside_run --keys 60 --every 10

Three runs on the same pairs: with nothing beside it, with a full queue that nobody judges, and with a verdict every so
many seconds. Speed is pairs learned per second of wall time, from the second optimizer step on (the first may compile).
The keys go through the workbench, as the Label screen's do, without a screen: a wait is the time from a verdict until
the next comparison can be shown, its own commit included.
"""

import argparse
import json
import os
import platform
import random
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import quantiles

from engine.config import TrainConfig
from engine.events import PairDone, StepDone
from tests.flags import add_json, add_model, flags_of
from tui.compute.loaded_model import ModelChoice
from tui.events import RunChanged, WorkbenchEvent, WorkbenchFailed
from tui.workbench import Workbench

NEVER_ENDS = 1_000_000


class Speed:
    """Counts the pairs that a run has learned from, from its second step on."""

    def __init__(self, workbench: Workbench) -> None:
        self._steps, self._pairs, self._done = 0, 0, 0
        self._from = self._to = 0.0
        self.begun = threading.Event()
        self.stop = workbench.subscribe(self._hear)

    def _hear(self, published: WorkbenchEvent) -> None:
        if isinstance(published, WorkbenchFailed):
            print(f"{published.title}. {published.text}", flush=True)
        match published:
            case RunChanged(_, StepDone()):
                self._steps, self._done = self._steps + 1, 0
                if self._steps == 1:
                    self._from = self._to = time.perf_counter()
                    self.begun.set()
            case RunChanged(_, PairDone(stage="step", done=done)) if self._steps:
                self._pairs, self._done = self._pairs + done - self._done, done
                self._to = time.perf_counter()

    @property
    def pairs_per_second(self) -> float:
        """Pairs learned for each second of wall time."""
        return self._pairs / (self._to - self._from) if self._to > self._from else 0.0


def main(line: Sequence[str] | None = None) -> None:
    """Measure and print."""
    options = parser().parse_args(line)
    with tempfile.TemporaryDirectory() as folder:
        config = TrainConfig(
            epochs=NEVER_ENDS, eval_share=0.0, checkpoint_every=NEVER_ENDS, batch_size=options.batch_size
        )
        label(Path(folder), options)
        alone = run_for(Path(folder), options, config, fill_queue=False)
        idle = run_for(Path(folder), options, config, fill_queue=True)
        beside, waits = run_beside(Path(folder), options, config)
    report(options, alone, idle, beside, waits)


def parser() -> argparse.ArgumentParser:
    """The flags."""
    flags = flags_of(__doc__)
    add_model(flags, ModelChoice().source)
    flags.add_argument("--dtype", default="auto")
    flags.add_argument("--device", default="auto")
    flags.add_argument("--pairs", type=int, default=24, help="pairs that the run learns from")
    flags.add_argument("--keys", type=int, default=60, help="verdicts given beside the run")
    flags.add_argument("--every", type=float, default=10.0, help="seconds from one verdict to the next")
    flags.add_argument("--alone", type=float, default=120.0, help="seconds of each run that nobody labels beside")
    flags.add_argument("--max-new-tokens", default="384")
    flags.add_argument("--batch-size", type=int, default=4)
    add_json(flags)
    return flags


@contextmanager
def opened(folder: Path, options: argparse.Namespace, *, fill_queue: bool) -> Iterator[Workbench]:
    """The workbench with its model, and with a full queue if it is to be filled."""
    choice = ModelChoice(options.model, dtype=options.dtype, device=options.device)
    workbench = Workbench(folder / "space", choice, seed=1)
    try:
        workbench.change_setting("max_new_tokens", options.max_new_tokens)
        workbench.start(fill_queue=fill_queue)
        assert workbench.loading is not None
        workbench.loading.done.result()
        while fill_queue and workbench.ready_count() < workbench.answers.depth:
            time.sleep(0.1)
        yield workbench
    finally:
        workbench.close()


def label(folder: Path, options: argparse.Namespace) -> None:
    """Pairs to learn from."""
    chance = random.Random(1)
    with opened(folder, options, fill_queue=False) as workbench:
        workbench.answers.write_pairs(options.pairs).done.result()
        for each in workbench.open_comparisons(options.pairs):
            workbench.labelling.judge(each.id, chance.choice("ab")).result()


@contextmanager
def training(workbench: Workbench, config: TrainConfig) -> Iterator[Speed]:
    """A run that is under way, until the block ends; the base model answers throughout."""
    speed = Speed(workbench)
    workbench.trainer.start(config)
    assert workbench.trainer.job is not None
    speed.begun.wait()
    yield speed
    speed.stop()
    workbench.trainer.stop()
    workbench.trainer.job.done.result()
    workbench.use_adapter(None).done.result()


def run_for(folder: Path, options: argparse.Namespace, config: TrainConfig, *, fill_queue: bool) -> float:
    """Pairs per second of a run that nobody labels beside."""
    with opened(folder, options, fill_queue=fill_queue) as workbench, training(workbench, config) as speed:
        time.sleep(options.alone)
        return speed.pairs_per_second


def run_beside(folder: Path, options: argparse.Namespace, config: TrainConfig) -> tuple[float, list[float]]:
    """Pairs per second of a run beside a person, and the seconds from each verdict to the next comparison."""
    chance = random.Random(2)
    waits: list[float] = []
    with opened(folder, options, fill_queue=True) as workbench, training(workbench, config) as speed:
        due = time.perf_counter()
        shown, _ = next_shown(workbench, None)
        for _ in range(options.keys):
            due += options.every
            time.sleep(max(due - time.perf_counter(), 0))
            pressed = time.perf_counter()
            workbench.labelling.judge(
                shown, chance.choice("ab"), side="left", layout="side", seconds=options.every
            ).result()
            shown, ready_at = next_shown(workbench, shown)
            waits.append(ready_at - pressed)
        return speed.pairs_per_second, waits


def next_shown(workbench: Workbench, after: int | None) -> tuple[int, float]:
    """The next comparison and when it was there."""
    while (comparison := workbench.next_comparison(after)) is None:
        time.sleep(0.01)
    return comparison.id, time.perf_counter()


def report(options: argparse.Namespace, alone: float, idle: float, beside: float, waits: list[float]) -> None:
    """Print the figures."""
    cuts = quantiles(waits, n=100, method="inclusive")
    figures = {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[2]:.1f}",
        "model": options.model,
        "keys": len(waits),
        "every_s": options.every,
        "longest_wait_ms": round(max(waits) * 1000, 1),
        "key_to_next_p50_ms": round(cuts[49] * 1000, 1),
        "key_to_next_p99_ms": round(cuts[98] * 1000, 1),
        "alone_pairs_per_second": round(alone, 3),
        "full_queue_pairs_per_second": round(idle, 3),
        "beside_pairs_per_second": round(beside, 3),
        "full_queue_share": round(idle / alone, 3),
        "beside_share": round(beside / alone, 3),
    }
    if options.json:
        print(json.dumps(figures))
    else:
        print("\n".join(f"{name:<28} {value}" for name, value in figures.items()))


if __name__ == "__main__":
    main()
