"""What the process that waits costs: `python -m tests.benchmarks.leaving [STARTS]`, on a quiet machine.

Prints the time to the first paint with it and without it, in turns, and its processor time and memory while the app
is open.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import pexpect
import psutil

from tests.flags import flags_of
from tests.leaving import ENVIRONMENT, LONG_RUN, make_workspace, words

DIRECT = "import sys; from tui.cli import main; main(sys.argv[1:], prog_name='palate')"
"""The app without a process that waits for it."""


def start(space: Path, *, direct: bool) -> tuple["pexpect.spawn[str]", float]:
    """The app, and the seconds until its first screen stood."""
    line = words(space)
    if direct:
        line = ["-c", DIRECT, *line[2:]]
    began = time.perf_counter()
    app = pexpect.spawn(sys.executable, line, env=ENVIRONMENT, dimensions=(40, 120), encoding="utf-8", timeout=120)
    app.expect("ompare")  # the letter before it is a key, and in another colour
    return app, time.perf_counter() - began


def leave(app: "pexpect.spawn[str]") -> None:
    app.expect(r"\d+ ready")
    app.send("q")
    app.expect(pexpect.EOF)
    app.close()


def measure(starts: int) -> None:
    """Start the app so often each way, in turns, and print."""
    with tempfile.TemporaryDirectory() as place:
        space = Path(place) / "space"
        make_workspace(space, LONG_RUN)
        seconds: dict[bool, list[float]] = {True: [], False: []}
        for number in range(2 * starts):
            app, took = start(space, direct=number % 2 == 0)
            seconds[number % 2 == 0].append(took)
            if number == 2 * starts - 1:
                app.expect(r"\d+ ready")
                waiting = psutil.Process(app.pid)
                used, memory = waiting.cpu_times(), waiting.memory_full_info()
                print(f"the waiting process: {used.user + used.system:.2f} s, {memory.uss / 1e6:.1f} MB of its own")
            leave(app)
        for direct, found in seconds.items():
            name = "without" if direct else "with"
            print(f"first paint {name} it: median {statistics.median(found):.3f} s of {len(found)}")


def parser() -> argparse.ArgumentParser:
    """The flags."""
    flags = flags_of(__doc__)
    flags.add_argument("starts", type=int, nargs="?", default=10, help="starts each way")
    return flags


def main(line: Sequence[str] | None = None) -> None:
    """Measure so many starts."""
    measure(parser().parse_args(line).starts)


if __name__ == "__main__":
    main()
