"""Run one preparation step as a child process and report its progress. No torch here.

Downloads and conversions run in a child process for three reasons. Closing the generator ends them, which would be
impossible with a thread. Their memory returns to the system. The screens of the parent stay responsive.
"""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Generator, Sequence
from pathlib import Path

from engine.events import Progress

_PROGRESS = re.compile(r"Progress (\d+) of (\d+)")
_ROOT = Path(__file__).resolve().parents[2]
_PATIENCE_S = 5.0  # a child that has not ended by then is killed


class ChildFailed(Exception):
    """A child process ended with an error: `returncode`, and `output` from its stderr."""

    def __init__(self, returncode: int, output: str) -> None:
        super().__init__(f"exit code {returncode}: {output[-2000:]}")
        self.returncode = returncode
        self.output = output

    @property
    def last_line(self) -> str:
        """The last line of its stderr that is not empty, where Python and pip put the reason."""
        lines = [line.strip() for line in self.output.splitlines() if line.strip()]
        errors = [line for line in lines if line.startswith("ERROR:")]
        return (errors or lines or [f"it ended with code {self.returncode} and no message"])[-1]


def run_child(
    arguments: Sequence[str], *, stage: str, unit: str = "bytes"
) -> Generator[Progress, None, tuple[str, ...]]:
    """Run `python ARGUMENTS`, turn its lines `Progress 5 of 10` into events, and return its other lines.

    Closing the generator ends the child. `-m` finds modules of this project from any folder.

    Raises:
        ChildFailed: the child process ended with an error.
    """
    with tempfile.TemporaryFile() as errors:
        child = subprocess.Popen(
            [sys.executable, "-P", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            env=_environment(),
            text=True,
            errors="replace",
        )
        try:
            others = yield from _watch(child, stage, unit)
        finally:
            _end(child)
        if child.returncode:
            errors.seek(0)
            raise ChildFailed(child.returncode, errors.read().decode(errors="replace"))
        return others


def report(done: int, total: int) -> None:
    """Called in a child process: report its progress to the parent."""
    say(f"Progress {done} of {total}")


def say(line: str) -> None:
    """Called in a child process: write one line to the parent at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _watch(child: subprocess.Popen[str], stage: str, unit: str) -> Generator[Progress, None, tuple[str, ...]]:
    """Read the child's lines until it ends."""
    others = []
    yield Progress(stage, 0, None, unit)
    assert child.stdout is not None  # Popen opened it as a pipe
    for line in child.stdout:
        if found := _PROGRESS.search(line):
            total = int(found[2])
            yield Progress(stage, int(found[1]), total or None, unit)
        elif line.strip():
            others.append(line.strip())
    child.wait()
    return tuple(others)


def _environment() -> dict[str, str]:
    """The parent's environment, with this project's packages importable and output unbuffered."""
    paths = [str(_ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "PYTHONUNBUFFERED": "1"}


def _end(child: subprocess.Popen[str]) -> None:
    """End the child process if it still runs, and close its pipe."""
    if child.poll() is None:
        child.terminate()
        try:
            child.wait(_PATIENCE_S)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
    if child.stdout is not None:
        child.stdout.close()
