"""Killed with SIGKILL at twenty random moments and resumed each time: the bytes of the run that was never killed."""

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_twenty_kills_leave_the_adapter_byte_for_byte_as_it_was(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.killed_run", str(tmp_path), "20", "7"]
    threads = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=ROOT, env=threads, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["kills"] == 20
    assert len(set(told["steps"])) >= 8  # killed all over the run, not always at one place
