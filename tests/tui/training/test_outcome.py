"""A machine without room or memory interrupts a run; with room again it ends in the adapter it would have had."""

import gc
import itertools
import sqlite3
import weakref
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

import engine.checkpoint
import engine.lora
import engine.preparation
from db import checkpoints as db_checkpoints
from db import runs as db_runs
from db.runs import run_pairs
from db.verdicts import run_preference_pairs
from engine.chat import LeftOut
from engine.config import TrainConfig
from engine.errors import NonFiniteLoss
from engine.preference import pairs_fingerprint
from engine.training.learner import Learner
from tests.engine.training.test_outages import room_for
from tests.peft_folders import lora_folder
from tests.tiny import save_tiny
from tests.tui.test_workbench import SHORT, judge_all, told_figures, train, weights_of
from tui.compute.loaded_model import ModelChoice
from tui.errors import WorkbenchError
from tui.events import RunEnded, WorkbenchEvent, WorkbenchFailed
from tui.training.outcome import LESS_MEMORY, fell_to_memory
from tui.training.pair_sets import preference_pair
from tui.workbench import Workbench

CONFIG = TrainConfig(epochs=3, batch_size=2, lora_r=4, lora_alpha=8, eval_share=0.2, checkpoint_every=2)
Break = Callable[[pytest.MonkeyPatch], None]


@pytest.fixture(scope="module")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny(tmp_path_factory.mktemp("model"))


@pytest.fixture
def workbench(tmp_path: Path, model_folder: Path) -> Iterator[Workbench]:
    workbench = opened(tmp_path, model_folder)
    workbench.answers.write_pairs(8).done.result(timeout=60)
    judge_all(workbench)
    yield workbench
    workbench.close()


def opened(folder: Path, model: Path, dtype: str = "float32") -> Workbench:
    workbench = Workbench(folder / "space", ModelChoice(str(model), dtype=dtype), seed=7)
    workbench.answers.sampling = SHORT
    workbench.start(fill_queue=False)
    assert workbench.loading is not None
    workbench.loading.done.result(timeout=60)
    return workbench


def resume(workbench: Workbench, run: int) -> None:
    workbench.trainer.resume(run)
    assert workbench.trainer.job is not None
    workbench.trainer.job.done.result(timeout=120)


def on_call(number: int, original: Callable[..., Any], instead: Callable[..., Any]) -> Callable[..., Any]:
    """The function, but for its call of this number."""
    calls = 0

    def counted(*args: Any, **kwargs: Any) -> Any:
        nonlocal calls
        calls += 1
        return instead(*args, **kwargs) if calls == number else original(*args, **kwargs)

    return counted


def no_room_for_a_checkpoint(patch: pytest.MonkeyPatch) -> None:
    def full(*args: Any) -> None:
        with room_for(5_000):
            torch.save(*args)

    patch.setattr(engine.checkpoint.torch, "save", on_call(3, torch.save, full), raising=True)


def no_room_for_the_adapter(patch: pytest.MonkeyPatch) -> None:
    original = engine.lora.save_file

    def full(*args: Any, **kwargs: Any) -> None:
        with room_for(5_000):
            original(*args, **kwargs)

    patch.setattr(engine.lora, "save_file", full)


def no_room_for_the_manifest(patch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device", "palate.json")

    patch.setattr("adapters.registry.write_manifest", full)


def no_memory(patch: pytest.MonkeyPatch) -> None:
    def out_of_memory(*_: Any) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")

    learn, calls = Learner.learn, itertools.count(1)
    patch.setattr(Learner, "learn", lambda *args: out_of_memory() if next(calls) >= 7 else learn(*args))


@pytest.mark.parametrize(
    ("breaking", "title"),
    [
        (no_room_for_a_checkpoint, "The disk refused. There is no room left in "),
        (no_room_for_the_adapter, "The disk refused. "),
        (no_room_for_the_manifest, "The adapter could not be saved. "),
        (no_memory, "The memory ran out. CUDA out of memory. Tried to allocate 2.00 GiB. "),
    ],
)
def test_a_run_that_the_machine_let_down_goes_on_to_the_same_adapter(
    workbench: Workbench, monkeypatch: pytest.MonkeyPatch, breaking: Break, title: str
) -> None:
    whole = train(workbench, CONFIG, name="whole")
    loaded = workbench.loaded_model.required().loaded_adapters()
    told: list[WorkbenchEvent] = []
    workbench.subscribe(told.append)
    with monkeypatch.context() as patch:
        breaking(patch)
        run = train(workbench, CONFIG, name="broken")
    row = workbench.run(run)
    assert row.status == "interrupted"
    assert row.error is not None
    assert row.error.startswith(title)
    assert row.error.endswith(f"Then press r in Runs, or use `palate train --resume {run}`, to continue the run.")
    assert fell_to_memory(row.error) == (breaking is no_memory)
    assert workbench.can_resume(row)
    assert workbench.status().run is None
    assert [each.title for each in told if isinstance(each, WorkbenchFailed)] == [f"Run {run}: {title.split('.')[0]}"]
    assert [each.name for each in workbench.trainer.checkpoint_folder(run).iterdir()] == ["checkpoint.pt"]
    assert db_checkpoints.get_checkpoint(workbench.workspace.connection, run) is not None
    assert workbench.loaded_model.required().loaded_adapters() == loaded

    resume(workbench, run)
    assert (workbench.run(run).status, workbench.run(run).error) == ("finished", None)
    assert weights_of(workbench, run) == weights_of(workbench, whole)
    assert told_figures(workbench, run) == told_figures(workbench, whole)
    assert not workbench.trainer.checkpoint_folder(run).exists()


def test_a_run_that_fell_to_memory_goes_on_with_less_to_the_same_adapter(
    workbench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = replace(CONFIG, gradient_checkpointing="off")
    whole = train(workbench, config, name="whole")
    with monkeypatch.context() as patch:
        no_memory(patch)
        run = train(workbench, config, name="broken")
    assert f"use `palate train --resume {run} --gradient-checkpointing on`, to" in (workbench.run(run).error or "")
    workbench.trainer.resume(run, LESS_MEMORY)
    assert workbench.trainer.job is not None
    workbench.trainer.job.done.result(timeout=120)
    row = workbench.run(run)
    assert (row.status, row.config["gradient_checkpointing"]) == ("finished", "on")
    assert weights_of(workbench, run) == weights_of(workbench, whole)
    assert "Resumed with --gradient-checkpointing on." in [line.text for line in workbench.run_log(run)]


@pytest.mark.parametrize("error", [torch.OutOfMemoryError("CUDA out of memory."), ZeroDivisionError("no")])
def test_a_run_that_broke_off_leaves_the_memory_to_the_next_answers(
    workbench: Workbench, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    learners: list[weakref.ref[Learner]] = []

    def breaks(learner: Learner, *_: Any) -> None:
        learners.append(weakref.ref(learner))
        raise type(error)(*error.args)

    monkeypatch.setattr(Learner, "learn", breaks)
    gc.collect()
    gc.disable()
    try:
        workbench.trainer.start(CONFIG)
        job = workbench.trainer.job
        assert job is not None
        job.done.exception(timeout=60)
        workbench.answers.write_pairs(1).done.result(timeout=60)
        assert {each() for each in learners} == {None}
    finally:
        gc.enable()


def fill_up(connection: sqlite3.Connection, *_: Any, **__: Any) -> None:
    """What SQLite really does on a full disk: the database may not grow, and is asked to."""
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.execute(f"PRAGMA max_page_count = {pages}").fetchall()
    connection.execute("CREATE TABLE large AS SELECT randomblob(10000000) AS content")


def test_a_full_database_ends_a_run_as_well_and_its_end_is_recorded_later(
    workbench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = train(workbench, CONFIG, name="whole")
    told: list[WorkbenchEvent] = []
    workbench.subscribe(told.append)
    with monkeypatch.context() as patch:
        patch.setattr(db_checkpoints, "set_checkpoint", fill_up)
        patch.setattr(db_runs, "end_run", fill_up)
        run = train(workbench, CONFIG, name="broken")
    workbench.trainer.stop()  # nothing is alive, and nothing is said to be stopping
    assert workbench.status().run is None
    row = workbench.run(run)
    assert row.status == "interrupted"
    assert row.error is not None
    assert row.error.startswith("The disk is full. There is no room left for ")
    assert workbench.can_resume(row)
    assert [each.status for each in told if isinstance(each, RunEnded)] == ["interrupted"]

    workbench.workspace.write(lambda conn: conn.execute("PRAGMA max_page_count = 1000000").fetchall()).result()
    resume(workbench, run)
    assert "begins again" not in " ".join(each.text for each in workbench.run_log(run))  # its checkpoint is known
    assert workbench.run(run).status == "finished"
    assert weights_of(workbench, run) == weights_of(workbench, whole)


def test_an_adapter_that_was_published_before_the_database_was_full_is_not_trained_again(
    workbench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("tui.training.recorder.db_runs.set_run_adapter", fill_up)
        run = train(workbench, CONFIG)
    assert workbench.run(run).status == "interrupted"
    workbench.workspace.write(lambda conn: conn.execute("PRAGMA max_page_count = 1000000").fetchall()).result()
    with pytest.raises(WorkbenchError, match="had saved its adapter before it was interrupted"):
        workbench.trainer.resume(run)
    assert workbench.run(run).status == "finished"
    assert [each.run for each in workbench.adapters()] == [run]


def test_the_manifest_counts_the_pairs_that_were_trained_on_however_often_the_run_was_left(
    workbench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    encode = engine.preparation.encode_pair
    monkeypatch.setattr(
        "engine.preparation.encode_pair",
        lambda tokenizer, pair, config: (
            LeftOut(pair.key, "it is too long.") if pair.key == "2" else encode(tokenizer, pair, config)
        ),
    )
    whole = train(workbench, CONFIG, name="whole")
    with monkeypatch.context() as patch:
        no_memory(patch)
        left = train(workbench, CONFIG, name="left")
    resume(workbench, left)
    made = {each.manifest.run: each.manifest for each in workbench.workspace.registry.list()}
    trained = [each.comparison for each in run_pairs(workbench.workspace.connection, whole) if each.split == "train"]
    assert workbench.run(whole).pairs == 7
    assert workbench.run(whole).eval_pairs > 0
    assert (made[whole].pairs, made[left].pairs) == (len(trained), len(trained))
    rows = run_preference_pairs(workbench.workspace.connection, whole)
    expected = pairs_fingerprint([preference_pair(row) for row in rows if row.comparison in trained])
    assert made[whole].pairs_fingerprint == made[left].pairs_fingerprint == expected


def test_a_run_that_spoils_itself_has_failed_and_leaves_no_checkpoint(
    workbench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def spoilt(*_: Any) -> None:
        raise NonFiniteLoss("Pair 3 gave a loss of nan.")

    monkeypatch.setattr(Learner, "learn", on_call(7, Learner.learn, spoilt))
    run = train(workbench, CONFIG)
    row = workbench.run(run)
    assert (row.status, row.error) == ("failed", "The loss is no longer a number. Pair 3 gave a loss of nan.")
    assert not workbench.can_resume(row)
    assert not workbench.trainer.checkpoint_folder(run).exists()
    assert db_checkpoints.get_checkpoint(workbench.workspace.connection, run) is None


def test_an_error_that_nobody_foresaw_is_told_and_ends_the_run(
    workbench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr(Learner, "learn", broken)
    run = workbench.trainer.start(CONFIG)
    assert workbench.trainer.job is not None
    assert isinstance(workbench.trainer.job.done.exception(timeout=60), ZeroDivisionError)
    row = workbench.run(run)
    assert (row.status, row.error) == ("failed", "Something unexpected happened. ZeroDivisionError: division by zero")


def test_a_run_resumed_with_another_dtype_can_still_be_resumed_with_its_own(
    workbench: Workbench, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, model_folder: Path
) -> None:
    config = replace(CONFIG, eval_share=0.0)
    with monkeypatch.context() as patch:
        no_memory(patch)
        run = train(workbench, config)
    workbench.close()
    other = opened(tmp_path, model_folder, "bfloat16")
    resume(other, run)
    row = other.run(run)
    assert row.status == "interrupted"
    assert row.error is not None
    assert "dtype" in row.error
    assert "differ. Resume with the settings, the model and the pairs that the run began with." in row.error
    other.close()
    again = opened(tmp_path, model_folder)
    resume(again, run)
    assert again.run(run).status == "finished"
    again.close()


def test_an_adapter_whose_name_was_taken_meanwhile_gets_another(
    workbench: Workbench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    learn = Learner.learn

    def after_another(*args: Any) -> Any:
        workbench.workspace.registry.add(lora_folder(tmp_path / "lora"), "Short", "elsewhere", "f")
        return learn(*args)

    monkeypatch.setattr(Learner, "learn", on_call(2, learn, after_another))
    run = workbench.trainer.start(CONFIG, name="short")
    assert workbench.trainer.job is not None
    workbench.trainer.job.done.result(timeout=120)
    assert workbench.run(run).status == "finished"
    assert [each.name for each in workbench.adapters() if each.run == run] == ["short-1"]
    assert "Another adapter took the name short during the run" in "".join(line.text for line in workbench.run_log(run))
