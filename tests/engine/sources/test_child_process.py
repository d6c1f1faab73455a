"""Child processes: progress, failure and ending."""

import os
import time
from collections.abc import Generator, Iterator

import pytest

from engine.events import Progress
from engine.sources.child_process import ChildFailed, run_child


def drain(events: Generator[Progress, None, tuple[str, ...]]) -> tuple[list[Progress], tuple[str, ...]]:
    """All events, and what the generator returned."""
    seen: list[Progress] = []

    def collect() -> Iterator[tuple[str, ...]]:
        yield (yield from events)  # type: ignore[misc]

    for item in collect():
        if isinstance(item, tuple):
            return seen, item
        seen.append(item)
    raise AssertionError


def test_progress_lines_become_events_and_other_lines_are_returned() -> None:
    code = "print('hello'); print('Progress 3 of 10'); print('  Progress 5 of 0'); print('bye')"
    events, lines = drain(run_child(["-c", code], stage="Working", unit="steps"))
    assert events == [
        Progress("Working", 0, None, "steps"),
        Progress("Working", 3, 10, "steps"),
        Progress("Working", 5, None, "steps"),
    ]
    assert lines == ("hello", "bye")


def test_a_failure_brings_the_last_words() -> None:
    code = "import sys; sys.stderr.write('ERROR: no such thing\\nand a hint\\n'); sys.exit(3)"
    with pytest.raises(ChildFailed) as caught:
        drain(run_child(["-c", code], stage="x"))
    assert (caught.value.returncode, caught.value.last_line) == (3, "ERROR: no such thing")
    with pytest.raises(ChildFailed) as caught:
        drain(run_child(["-c", "raise ValueError('of this')"], stage="x"))
    assert caught.value.last_line == "ValueError: of this"
    with pytest.raises(ChildFailed) as caught:
        drain(run_child(["-c", "import os; os._exit(4)"], stage="x"))
    assert "code 4" in caught.value.last_line


def test_closing_ends_a_child_that_would_run_for_minutes() -> None:
    code = "import os, time; print(f'Progress {os.getpid()} of 1', flush=True); time.sleep(300)"
    events = run_child(["-c", code], stage="x")
    next(events)
    pid = next(events).done
    started = time.perf_counter()
    events.close()
    assert time.perf_counter() - started < 60
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_the_project_is_importable_from_anywhere(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    monkeypatch.chdir(str(tmp_path))
    assert drain(run_child(["-c", "import engine.sources.child_process; print('found')"], stage="x"))[1] == ("found",)
