"""Palate is killed in every phase of a run: the next start finds the run as it is, and one key ends it the same."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
OVER = (
    "the adapter is published and has no row",
    "the row is written and the run has no end",
    "the run has its end and its checkpoint",
    "the adapter is about to answer",
)
"""From these moments on the run is over, and there is nothing to resume."""


FEW = (
    "a checkpoint is written and not known",
    "training",
    "the adapter is saved and not published",
    "the row is written and the run has no end",
)
"""One moment of each kind: beside a checkpoint, between two, before the adapter is published, after it."""


@pytest.mark.parametrize(
    ("moments", "number"), [(FEW, 4), pytest.param((), 14, marks=pytest.mark.long)], ids=["few", "all"]
)
def test_killed_in_any_phase_a_run_ends_in_the_same_adapter_and_only_one(
    tmp_path: Path, moments: tuple[str, ...], number: int
) -> None:
    command = [sys.executable, "-m", "tests.killed_palate", str(tmp_path), *moments]
    threads = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=ROOT, env=threads, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(told) == number
    for each in told:
        expected = {
            "moment": each["moment"],
            "killed": True,
            "found": "finished" if each["moment"] in OVER else "interrupted",
            "status": "finished",
            "adapters": ["taste-1"],
            "in_use": ["taste-1"],
            "same": True,
            "left": [],
        }
        assert each == expected, done.stderr
