"""A disk that fills up in a run, in the save of its adapter or in a merge: nothing half-published, and it resumes."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import engine.train
from adapters.registry import Registry
from db.interchange.sources import Source
from engine.errors import EngineError
from tests.killed_palate import CONFIG, PAIRS, weights, workbench_in
from tests.small_disk import fill, small_disk
from tests.tiny import save_tiny
from tui.errors import WorkbenchError
from tui.workbench import Workbench


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small disk with a workspace in it, which holds pairs for a run; the model is on another disk."""
    with small_disk(tmp_path / "small", 48) as disk:
        (disk / "model").symlink_to(save_tiny(tmp_path / "model"))
        rows = [{"prompt": f"question {n}?", "chosen": "short", "rejected": f"longer {n}"} for n in range(PAIRS)]
        file = tmp_path / "pairs.jsonl"
        file.write_text("".join(json.dumps(row) + "\n" for row in rows))
        workbench = Workbench(disk / "space")
        workbench.imports.read(Source(file))
        workbench.close()
        yield disk


def run(workbench: Workbench, *, resume: bool = False) -> str:
    """Run to the end, whatever it is, and give the status that was recorded."""
    if resume:
        workbench.trainer.resume(1)
    else:
        workbench.trainer.start(CONFIG, name="taste-1")
    assert workbench.trainer.job is not None
    workbench.trainer.job.done.exception()
    return workbench.run(1).status


def filling_before(owner: Any, name: str, disk: Path, call: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fill the disk right before a call of a function of the run."""
    original: Callable[..., Any] = getattr(owner, name)
    calls = 0

    def after_filling(*args: Any, **kwargs: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == call:
            fill(disk)
        return original(*args, **kwargs)

    monkeypatch.setattr(owner, name, after_filling)


@pytest.mark.parametrize(
    ("owner", "name", "call"),
    [(engine.train, "save_checkpoint", 2), (engine.train, "save_checked", 1), (Registry, "publish", 1)],
)
def test_a_run_whose_disk_fills_up_resumes_to_the_same_bytes(
    disk: Path, owner: Any, name: str, call: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = tmp_path / "whole"
    shutil.copytree(disk / "space", whole)
    workbench = workbench_in(whole)
    assert run(workbench) == "finished"
    workbench.close()

    with monkeypatch.context() as patch:
        filling_before(owner, name, disk, call, patch)
        workbench = workbench_in(disk / "space")
        status = run(workbench)
        workbench.close()
    assert status == "interrupted"
    assert not list((disk / "space" / "checkpoints").rglob("*.new"))
    assert Registry(disk / "space" / "adapters").list() == ()
    assert Registry(disk / "space" / "adapters").damaged() == ()

    (disk / "filling").unlink()
    workbench = workbench_in(disk / "space")
    assert run(workbench, resume=True) == "finished"
    workbench.close()
    assert weights(disk / "space") == weights(whole)


def test_a_merge_that_does_not_fit_leaves_nothing(disk: Path) -> None:
    workbench = workbench_in(disk / "space")
    assert run(workbench) == "finished"
    fill(disk, leave=64 * 1024)
    before = sorted(disk.rglob("*"))
    failed = workbench.adapter_service.merge("taste-1", disk / "merged").done.exception()
    assert isinstance(failed, (EngineError, WorkbenchError))
    assert "Free some space" in str(failed)
    assert sorted(disk.rglob("*")) == before
    workbench.close()


def test_a_run_and_a_verdict_need_no_room_in_the_temporary_folder(
    disk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with small_disk(tmp_path / "temporary", 1) as temporary:
        fill(temporary)
        for name in ("TMPDIR", "SQLITE_TMPDIR"):
            monkeypatch.setenv(name, str(temporary))
        monkeypatch.setattr("tempfile.tempdir", None)
        workbench = workbench_in(disk / "space")
        assert run(workbench) == "finished"

        workbench.labelling.judge(1, "b").result()
        workbench.close()
