"""A workspace that earlier code wrote opens with the code of today, and nothing in it is lost.

`tests/old_workspace/schema_14` holds it as text: the code of schema 14 was killed in run 3, which left a checkpoint.
The tests expect what that code reported of the same workspace.
"""

import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import torch
from safetensors.torch import load

from db.connection import APPLICATION_ID, open_database
from db.errors import OlderDatabase
from engine.config import SamplingConfig
from engine.events import StepDone
from tests import old_workspace
from tests.old_workspace.keep import WEIGHTS, keep, opened, processor, random_start
from tests.old_workspace.restore import ENCODED, decoded, facts_of, restore
from tests.old_workspace.sql_text import header_of, rows_of
from tests.tiny import save_tiny
from tui.compute.loaded_model import ModelChoice
from tui.events import RunChanged, WorkbenchEvent
from tui.reader import WorkspaceReader
from tui.trials.results import result_of
from tui.workbench import Workbench
from tui.workspace.workspace import read_workspace

KEPT = Path(old_workspace.__file__).parent / "schema_14"
FACTS = facts_of(KEPT)
RUN = FACTS["run"]
UPGRADED = {"_sqlite_migrations", "verdict_words_data", "verdict_words_idx"}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny(tmp_path_factory.mktemp("model") / "tiny-model")


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """The old code computed on one thread, and the last bits depend on their number."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def left(tmp_path: Path, model: Path) -> Path:
    """The workspace as the killed process left it."""
    return restore(KEPT, tmp_path / "left", model=model, python=sys.executable)


@pytest.fixture(scope="module")
def owner(tmp_path_factory: pytest.TempPathFactory, model: Path) -> Iterator[Workbench]:
    """The workspace opened by its owner. Tests that use it only read."""
    folder = tmp_path_factory.mktemp("space") / "owned"
    workbench = Workbench(restore(KEPT, folder, model=model, python=sys.executable))
    yield workbench
    workbench.close()


@pytest.fixture
def started(left: Path) -> Iterator[Workbench]:
    """The workspace opened by its owner with the model that it remembers."""
    workbench = Workbench(left, ModelChoice(None, "float32", "cpu"), seed=3)
    workbench.start(fill_queue=False)
    assert workbench.loading is not None
    workbench.loading.done.result(timeout=60)
    yield workbench
    workbench.close()


def test_the_text_gives_a_whole_database_with_a_log_beside_it(left: Path) -> None:
    assert (left / "palate.db-wal").stat().st_size > 0
    with opened(left) as conn:
        header = header_of(conn)
        assert (header["application_id"], header["user_version"]) == (APPLICATION_ID, int(KEPT.name.split("_")[1]))
        assert header["journal_mode"] == "wal"
        assert conn.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert conn.execute("PRAGMA foreign_key_check").fetchall() == []
        conn.execute("INSERT INTO verdict_words (verdict_words) VALUES ('integrity-check')")
        assert {name: len(rows) for name, rows in rows_of(conn).items()} == FACTS["rows"]


def test_a_restored_workspace_is_kept_as_the_same_text(left: Path, tmp_path: Path) -> None:
    keep(left, tmp_path / "kept", sys.executable)
    names = [each.relative_to(KEPT) for each in (KEPT / "workspace").rglob("*") if each.is_file()]
    assert len(names) == 8
    for name in names:
        assert content(tmp_path / "kept" / name) == content(KEPT / name), name


def content(file: Path) -> str | bytes:
    """Builds of zlib compress the same bytes to different ones."""
    text = file.read_text(encoding="utf-8")
    return decoded(text) if file.suffix == ENCODED else text


def test_whoever_only_reads_sees_the_killed_run_as_interrupted_once_it_was_upgraded(left: Path) -> None:
    with pytest.raises(OlderDatabase, match="Start `palate` once"), closing(read_workspace(left)) as workspace:
        WorkspaceReader(workspace).run(RUN)
    open_database(left / "palate.db")
    with closing(read_workspace(left)) as workspace:
        run = WorkspaceReader(workspace).run(RUN)
    assert (run.status, run.step, run.total_steps) == ("interrupted", 3, 15)


def test_opening_changes_the_killed_run_and_nothing_else(left: Path) -> None:
    with opened(left) as conn:
        before = rows_of(conn)
    Workbench(left).close()
    with opened(left) as conn:
        now = rows_of(conn)
    # The upgrade is recorded, and the index of words holds a program's verdicts no longer as a person's.
    kept = {name: rows for name, rows in before.items() if name not in UPGRADED}
    assert {name: len(now[name]) for name in kept} == {name: FACTS["rows"][name] for name in kept}
    pairs = [(name, *each) for name, rows in kept.items() for each in zip(rows, now[name], strict=True)]
    changed = [(name, row) for name, row, later in pairs if row != later[: len(row)]]  # schemas may append columns
    assert {name for name, _ in changed} == {"runs", "checkpoints", "clean_close"}
    assert [row[0] for name, row in changed if name == "runs"] == [RUN]
    assert not (left / "adapters" / ".staging" / "a9816b8fe").exists()


def test_runs_are_as_before(owner: Workbench) -> None:
    rows = [(row.id, row.name, row.status, row.step, row.total_steps, row.pairs) for row in owner.runs()]
    assert rows == [
        (3, "killed", "interrupted", 3, 15, 16),
        (2, "second", "finished", 4, 4, 16),
        (1, "taste-1", "finished", 4, 4, 16),
    ]
    assert owner.can_resume(owner.run(RUN))
    assert (owner.run(1).note, list(owner.run(1).tags)) == ("first try", ["short", "warm"])
    assert len(owner.run_log(2)) == 6


def test_curves_samples_and_margins_of_runs_are_as_before(owner: Workbench) -> None:
    history = owner.records.history(2, ["loss", "eval_loss"])
    assert [round(float(loss), 3) for loss in history.series("loss")[1]] == [2.778, 2.757, 2.73, 2.679]
    assert history.last("eval_loss") == pytest.approx(2.703, abs=5e-4)
    assert {row.step for row in owner.run_samples(1)} == {0, 4}
    margins = owner.records.epoch_margins(1)
    assert (margins.known, margins.epochs, len(margins.pairs)) == (16, 1, 5)


@pytest.mark.parametrize(
    ("query", "verdicts"),
    [
        ("adding", list(range(25, 15, -1))),
        ("quotes", [6]),
        ("plain wor", [5]),
        ('note:"a first" trial:1', [28, 27, 26]),
        ("strength:2", [6, 2]),
    ],
)
def test_words_find_verdicts(owner: Workbench, query: str, verdicts: list[int]) -> None:
    assert [row.id for row in owner.data.page(query)] == verdicts


def test_the_export_is_the_same_text(owner: Workbench, tmp_path: Path) -> None:
    done = owner.export_pairs(tmp_path / "pairs.jsonl")
    assert (tmp_path / "pairs.jsonl").read_text() == (KEPT / "export.jsonl").read_text()
    assert done.pairs == 16
    assert sum(done.left_out.values()) == 6


def test_prompts_settings_presets_and_sets_of_pairs_are_as_before(owner: Workbench) -> None:
    assert [(each.name, each.prompts, each.held_out) for each in owner.prompt_sets()] == [
        ("science", 200, False),
        ("science, held out", 80, True),
        ("mine", 6, False),
        ("trial", 4, True),
        ("pairs", 10, False),
    ]
    changed = {each.name: value for each, value in owner.settings() if value != each.default}
    assert changed == {"samples": 2, "sample_tokens": 16}
    assert owner.seed == 1574726877
    assert (owner.presets.get("mild").config.beta, owner.presets.get("mild").config.epochs) == (0.3, 1)
    assert owner.previews.preview(owner.presets.get("mild").config, owner.pair_sets.get("strong")).pairs == 2


def test_trials_are_as_before(owner: Workbench) -> None:
    looked, blind = owner.trials()
    assert (looked.kind, looked.status, len(owner.trial_comparisons(looked.id))) == ("side_by_side", "finished", 2)
    result = result_of(blind, owner.trial_comparisons(blind.id), unmet=owner.unmet_prompts(blind))
    assert (result.tally.wins, result.tally.ties, result.tally.losses) == (2, 1, 0)
    assert result.sentence.startswith("Not settled: about 5 more prompts would settle it at this rate.")
    assert blind.judge == f"{sys.executable} inputs/judge.py"


def test_adapters_load_and_answer(started: Workbench) -> None:
    assert {each.name: each.in_use for each in started.adapters()} == {"second": True, "taste-1": False}
    assert started.model_state.adapter_name == "second"
    trial = started.start_side_by_side(
        adapter="taste-1", against="second", num_questions=2, sampling=SamplingConfig(max_new_tokens=8)
    )
    assert started.side_by_side.job is not None
    started.side_by_side.job.done.result(timeout=60)
    pairs = started.trial_comparisons(trial)
    assert [(pair.a.model_name, pair.b.model_name) for pair in pairs] == [("second", "taste-1")] * 2
    assert all(pair.a.text and pair.b.text for pair in pairs)


def test_the_killed_run_resumes_to_the_adapter_of_the_old_code(started: Workbench) -> None:
    """The numbers are compared on every machine, and the bytes where the old code would have written the same.

    The last bits depend on the processor and on the versions of libraries. A resume reports it where the processor's
    vector instructions, a version, the number of threads or the method of scoring differ. Two processors may still use
    different kernels, so the gradients of the tiny model are compared as well. Tried with the kernels of other
    processors (ATEN_CPU_CAPABILITY, MKL_CBWR): figures moved by 4e-6 and weights by 1.5e-8 at most, and wherever
    the gradients were the same, the adapter was the same.
    """
    if random_start() != FACTS["random_start"]:
        pytest.skip("torch draws other random weights on this processor, so the checkpoint belongs to another run")
    started.trainer.resume(RUN)
    assert started.trainer.job is not None
    started.trainer.job.done.result(timeout=120)
    assert started.run(RUN).status == "finished"
    for name, expected in FACTS["resumed"].items():
        figures = [(row.step, row.value) for row in started.run_metrics(RUN) if row.name == name]
        assert [step for step, _ in figures] == [step for step, _ in expected]
        assert [value for _, value in figures] == pytest.approx([value for _, value in expected], abs=5e-5)
    adapter, old = resumed_adapter(started), content(KEPT / "resumed" / (WEIGHTS + ENCODED))
    torch.testing.assert_close(load(adapter), load(old), rtol=0, atol=1e-6)
    inexact = [row.text for row in started.run_log(RUN) if "not exact" in row.text]
    assert not [text for text in inexact if "threads" in text or "method" in text or "device" in text]
    if not inexact and processor() == FACTS["processor"]:
        assert adapter == old


def test_the_killed_run_left_once_more_resumes_to_the_same_adapter(started: Workbench, left: Path) -> None:
    """The first checkpoint has format 1, the second has format 2, and the run keeps the dropout that it began with."""
    if random_start() != FACTS["random_start"]:
        pytest.skip("torch draws other random weights on this processor, so the checkpoint belongs to another run")
    leave_at(started, 7)
    stored = torch.load(left / "checkpoints" / f"run-{RUN}" / "checkpoint.pt", weights_only=True)
    assert (stored["format"], stored["dropout"], stored["state"]["step"]) == (2, "in sequence", 7)
    started.trainer.resume(RUN)
    assert started.trainer.job is not None
    started.trainer.job.done.result(timeout=120)
    adapter, old = resumed_adapter(started), content(KEPT / "resumed" / (WEIGHTS + ENCODED))
    torch.testing.assert_close(load(adapter), load(old), rtol=0, atol=1e-6)
    if processor() == FACTS["processor"] and not [row for row in started.run_log(RUN) if "not exact" in row.text]:
        assert adapter == old


def leave_at(workbench: Workbench, step: int) -> None:
    """Resume the run, and let it write a checkpoint and end as interrupted after `step`."""

    def listen(published: WorkbenchEvent) -> None:
        event = published.event if isinstance(published, RunChanged) else None
        if isinstance(event, StepDone) and event.step == step:
            workbench.trainer.leave(0)

    unsubscribe = workbench.subscribe(listen)
    workbench.trainer.resume(RUN)
    assert workbench.trainer.job is not None
    workbench.trainer.job.done.result(timeout=120)
    unsubscribe()
    assert workbench.run(RUN).status == "interrupted"


def resumed_adapter(workbench: Workbench) -> bytes:
    folder = next(each.folder for each in workbench.adapters() if each.run == RUN)
    return (Path(folder) / WEIGHTS).read_bytes()
