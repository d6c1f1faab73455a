"""Holds a run at one step until a test says so: a test that has to meet a run in its midst needs no long run then.

`python -m tests.gate WORDS` is `palate WORDS`, with a gate if the environment names one.
"""

import os
import runpy
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import engine.train
from engine.events import ReferenceScored, StepDone

VARIABLE = "TEST_GATE"
"""Step and file, with a colon between them."""
LOOK_EVERY_S = 0.01


class Gate:
    """A gate on the side of the test: a run comes to `step` (0: its first reference) and waits there.

    A run that is asked for a checkpoint or for its end passes, and waits again after its next step if it then goes on.
    So a run is still alive when it hears what the test asks of it, however busy the machine is.
    """

    def __init__(self, folder: Path, step: int) -> None:
        self._path, self._step = folder / f"gate-{step}", step

    @property
    def environment(self) -> dict[str, str]:
        """For the process that trains."""
        return {VARIABLE: f"{self._step}:{self._path}"}

    def open(self) -> None:
        """Let the run go on to its end."""
        self._path.touch()


def keep() -> None:
    """Where the environment names a gate, every run of this process waits there."""
    if VARIABLE not in os.environ:
        return
    step, _, path = os.environ.pop(VARIABLE).partition(":")
    original = engine.train.train_dpo

    def gated(*args: Any, **more: Any) -> Iterator[Any]:
        with closing(original(*args, **more)) as events:
            for event in events:
                yield event
                if reached(event) >= int(step):
                    _wait(Path(path), more["checkpoint_now"], more["stop"])

    engine.train.train_dpo = gated  # type: ignore[assignment]


def reached(event: object) -> int:
    """The step that an event tells of: 0 while references are scored, -1 where it tells of none."""
    return event.step if isinstance(event, StepDone) else 0 if isinstance(event, ReferenceScored) else -1


def _wait(opened: Path, *asked: Callable[[], bool]) -> None:
    while not (opened.exists() or any(each() for each in asked)):
        time.sleep(LOOK_EVERY_S)


if __name__ == "__main__":
    keep()
    runpy.run_module("tui", run_name="__main__", alter_sys=True)
