"""The Label screen on a real pseudo-terminal: from a key to the next pair painted, and what goes over the wire.

    python -m tests.benchmarks.label_latency --verdicts 100

The real app judges prepared pairs (two answers of 150 words) at 120×40 in true colour: as plain text and as rendered
markdown while nothing computes, and as plain text while a run trains. A pair is painted when the frame that holds its
prompt and both answers has come out of the terminal. Bytes of a verdict are everything from its key to the next one,
the lines at the bottom included. Processor time is that of the whole app, beside a run also of the run.
"""

import argparse
import json
import os
import platform
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles

import psutil

from engine.config import TrainConfig
from tests.flags import add_json, add_model, flags_of, path
from tests.label_pairs import fill, mark_of
from tests.label_round import model_stands
from tests.real_terminal import Terminal, environment
from tui.compute.loaded_model import ModelChoice

NEVER_ENDS = 1_000_000
SPARE = 16
"""More pairs than are judged, so that no answer has to be written meanwhile."""
TO_LEARN = 8
"""Pairs that were judged before, for the run."""


@dataclass(frozen=True)
class Way:
    """How the screen is used while it is measured."""

    name: str
    markdown: bool = False
    train: bool = False


WAYS = (Way("plain"), Way("rendered", markdown=True), Way("plain beside a run", train=True))


@dataclass(frozen=True)
class Figures:
    """What one way cost."""

    waits_ms: list[float]
    bytes_each: list[int]
    cpu_ms_each: float
    idle_bytes_per_second: float

    def record(self, way: Way) -> dict[str, object]:
        """As one line of JSON."""
        cuts = quantiles(self.waits_ms, n=100, method="inclusive")
        sizes = quantiles(self.bytes_each, n=100, method="inclusive")
        return {
            "way": way.name,
            "machine": f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}",
            "verdicts": len(self.waits_ms),
            "key_to_painted_p50_ms": round(cuts[49], 1),
            "key_to_painted_p99_ms": round(cuts[98], 1),
            "key_to_painted_max_ms": round(max(self.waits_ms), 1),
            "cpu_ms_each": round(self.cpu_ms_each, 1),
            "bytes_p50": round(sizes[49]),
            "bytes_p99": round(sizes[98]),
            "idle_bytes_per_second": round(self.idle_bytes_per_second, 1),
        }


def main(line: Sequence[str] | None = None) -> None:
    """Measure every way and print."""
    options = parser().parse_args(line)
    if options.app is not None:
        run_app(options.app, options.model, train=options.train)
        return
    for way in WAYS:
        if options.way in ("all", way.name):
            record = measure(way, options).record(way)
            lines = (f"{name:<24} {value}" for name, value in record.items())
            print(json.dumps(record) if options.json else "\n".join(lines) + "\n", flush=True)


def parser() -> argparse.ArgumentParser:
    """The flags."""
    flags = flags_of(__doc__)
    flags.add_argument("--verdicts", type=int, default=100)
    flags.add_argument("--way", choices=["all", *(each.name for each in WAYS)], default="all")
    flags.add_argument("--every", type=float, default=0.5, help="seconds from a painted pair to the next key")
    flags.add_argument("--idle", type=float, default=10.0, help="seconds without a key, for the idle bytes")
    flags.add_argument("--size", default="120x40", help="columns and rows")
    add_model(flags, ModelChoice().source)
    add_json(flags)
    flags.add_argument("--app", type=path, help=argparse.SUPPRESS)
    flags.add_argument("--train", action="store_true", help=argparse.SUPPRESS)
    return flags


def measure(way: Way, options: argparse.Namespace) -> Figures:
    """Judge pairs one way."""
    columns, rows = map(int, options.size.split("x"))
    with tempfile.TemporaryDirectory() as folder:
        space = Path(folder) / "space"
        fill(space, options.verdicts + SPARE, markdown=way.markdown, judged=TO_LEARN if way.train else 0)
        command = [sys.executable, "-m", "tests.benchmarks.label_latency", "--app", str(space)]
        command += ["--model", options.model, *(["--train"] if way.train else [])]
        with Terminal(command, size=(columns, rows), env=environment(OMP_NUM_THREADS="")) as terminal:
            terminal.until(*marks(1), start=0)
            settle(terminal, way)
            idle = len(terminal.during(options.idle)) / options.idle
            app = psutil.Process(terminal.process.pid)
            waits, sizes, before = [], [], sum(app.cpu_times()[:2])
            for number in range(1, options.verdicts + 1):
                wait, size = verdict(terminal, number, options.every)
                waits.append(wait)
                sizes.append(size)
            spent = sum(app.cpu_times()[:2]) - before
            terminal.send("q")
            return Figures(waits, sizes, spent / options.verdicts * 1000, idle)


def marks(number: int) -> list[str]:
    """What has to stand there when this pair is painted."""
    return [mark_of(number, part) for part in ("Q", "L", "R")]


def settle(terminal: Terminal, way: Way) -> None:
    """Wait until the model is loaded, and where a run is wanted until it has made its first step."""
    if way.train:
        terminal.until(" step ", start=0, limit_s=600)
    else:
        while not model_stands(terminal):
            terminal.during(0.5)
    terminal.during(1.0)


def verdict(terminal: Terminal, number: int, every: float) -> tuple[float, int]:
    """Judge pair `number`: milliseconds until the next one is painted, and the bytes up to the next key."""
    start = len(terminal.written)
    pressed = terminal.send("12"[number % 2])
    painted = terminal.until(*marks(number + 1), start=start)
    terminal.during(every)
    return (painted - pressed) * 1000, len(terminal.written) - start


def run_app(folder: Path, model: str, *, train: bool) -> None:
    """The app as `palate` opens it, with a run that begins by itself if one is wanted."""
    from tui.terminal.redirect import log_to, redirect_output
    from tui.workbench import Workbench

    workbench = Workbench(folder, ModelChoice(model))
    try:
        log_to(folder / "logs" / "palate.log")
        with redirect_output(folder / "logs" / "output.log"):
            from tui.app import PalateApp

            if train:
                threading.Thread(target=begin, args=(workbench,), daemon=True).start()
            PalateApp(workbench).run()
    finally:
        workbench.close()


def begin(workbench: "object") -> None:
    """Start a run as soon as the model is there."""
    from tui.workbench import Workbench

    assert isinstance(workbench, Workbench)
    while workbench.loading is None:
        time.sleep(0.05)
    workbench.loading.done.result()
    config = TrainConfig(
        epochs=NEVER_ENDS, eval_share=0.0, checkpoint_every=NEVER_ENDS, batch_size=2, scoring="eager"
    )  # not compiled: that takes a minute, and more Python competes with the screen
    workbench.trainer.start(config)


if __name__ == "__main__":
    main()
