"""A run on several devices is left in each way of docs/leaving.md: it ends the same, and no process of it stays."""

import os
import signal
from dataclasses import replace
from pathlib import Path

import pexpect
import pytest
from click.testing import CliRunner

from tests.leaving import (
    adapter_bytes,
    closed_cleanly,
    end,
    is_alive,
    make_workspace,
    owner,
    palate,
    press_until,
    run_row,
    spawn,
)
from tests.leaving import until as until_there
from tests.small_disk import fill, small_disk
from tests.tiny import save_tiny
from tests.tui.training.test_devices import ALONE, CONFIG, ended, reach, until
from tests.tui.training.test_devices import descendants as processes
from tests.tui.training.test_devices import prepared as prepared  # a fixture
from tui.cli import main as command
from tui.compute.loaded_model import ModelChoice
from tui.workbench import Workbench

pytestmark = [pytest.mark.xdist_group("devices"), pytest.mark.long]
EPOCHS = "60"


def step(space: Path) -> int:
    return int((run_row(space) or {"step": 0})["step"])


def status(space: Path) -> str:
    return str((run_row(space) or {"status": ""})["status"])


def test_a_run_on_two_devices_is_left_by_signal_key_and_take_over_and_ends_the_same(tmp_path: Path) -> None:
    alone, space = tmp_path / "alone" / "space", tmp_path / "both" / "space"
    for each in (alone, space):
        each.parent.mkdir()
        make_workspace(each)
    palate(alone, "train", "--epochs", EPOCHS)
    expected = adapter_bytes(alone)

    spawned = spawn(space, "train", "--epochs", EPOCHS, "--devices", "cpu,cpu")
    until(lambda: spawned_step(space, spawned) >= 3)
    found = processes(owner(space) or 0)
    assert len(found) == 3  # the launcher and its two workers
    spawned.kill(signal.SIGTERM)
    until_there(lambda: not spawned.isalive(), spawned)
    assert (status(space), [pid for pid in found if is_alive(pid)]) == ("interrupted", [])
    assert closed_cleanly(space)

    first = spawn(space)
    try:
        resume_in(first, space)
        left = step(space)
        until(lambda: read(first) and step(space) > left)
        second = spawn(space, "--take-over")  # the first writes a checkpoint and leaves, the second resumes
        until_there(lambda: not read(first) or not first.isalive(), second)
        until_there(lambda: status(space) == "running" and owner(space) is not None, second)
        left = step(space)
        until(lambda: read(second) and step(space) > left)
        second.send("q")
        second.expect("continue without a terminal")
        second.send("g")
        second.expect(pexpect.EOF)
        until(lambda: owner(space) is None)
    finally:
        end(owner(space))
    assert status(space) == "finished"
    assert adapter_bytes(space) == expected
    assert closed_cleanly(space)


def read(app: "pexpect.spawn[str]") -> bool:
    """Read what the app draws, or it would stall."""
    if not app.closed and app.isalive():
        app.expect([pexpect.TIMEOUT, pexpect.EOF], timeout=0.02)
    return True


def spawned_step(space: Path, app: "pexpect.spawn[str]") -> int:
    read(app)
    return step(space)


def resume_in(app: "pexpect.spawn[str]", space: Path) -> None:
    """Resume the interrupted run on the Runs screen."""
    app.expect(r"\d+ ready")
    app.send("R")
    until_there(lambda: press_until(app, "r", lambda: status(space) == "running"), app)


def test_a_full_disk_interrupts_a_run_on_two_devices_which_resumes_to_the_same_bytes(
    prepared: Path, tmp_path: Path
) -> None:
    save_tiny(tmp_path / "model")

    def opened(space: Path) -> Workbench:
        workbench = Workbench(space, ModelChoice(str(tmp_path / "model"), dtype="float32", device="cpu"), seed=3)
        workbench.start(fill_queue=False)
        assert workbench.loading is not None
        workbench.loading.done.result()
        return workbench

    def imported(space: Path) -> Workbench:
        words = ["--workspace", str(space), "import", str(prepared / "pairs.jsonl")]
        CliRunner().invoke(command, words, catch_exceptions=False)
        return opened(space)

    whole = imported(tmp_path / "whole")
    expected = ended(whole, whole.trainer.start(replace(ALONE, epochs=30), name="alone"))
    whole.close()
    with small_disk(tmp_path / "small", 48) as disk:
        workbench = imported(disk / "space")
        run = workbench.trainer.start(replace(CONFIG, epochs=30), name="both")
        reach(workbench, 3)
        filling = fill(disk)
        until(lambda: workbench.run_progress is None)
        filling.unlink()
        job = workbench.trainer.job
        assert job is not None
        job.done.exception()
        assert not workers_here()
        workbench.close()
        workbench = opened(disk / "space")
        row = workbench.run(run)
        assert row.status == "interrupted", row.error
        workbench.trainer.resume(run)
        assert ended(workbench, run) == expected
        workbench.close()


def workers_here() -> list[int]:
    """The processes of runs that this process started."""
    return [pid for pid in processes(os.getpid()) if b"engine.worker" in Path(f"/proc/{pid}/cmdline").read_bytes()]
