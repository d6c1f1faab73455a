"""Killed with SIGKILL at random moments and resumed each time: the bytes of the run that was never killed."""

import json
from pathlib import Path

import pytest

from tests.starting import run


@pytest.mark.parametrize(("kills", "places"), [(4, 2), pytest.param(20, 8, marks=pytest.mark.long)])
def test_kills_leave_the_adapter_byte_for_byte_as_it_was(tmp_path: Path, kills: int, places: int) -> None:
    done = run(["-m", "tests.killed_run", str(tmp_path), str(kills), "7"])
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["kills"] == kills
    assert len(set(told["steps"])) >= places  # killed all over the run, not always at one place
