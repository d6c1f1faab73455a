"""The whole loop through the coordinator, with a tiny random model and no screen."""

import json
import re
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM

from db import checkpoints as db_checkpoints
from db import reference_logps as db_reference_logps
from db.errors import WorkspaceBusy
from db.interchange.sources import Source
from db.runs import create_run
from engine.config import SamplingConfig, TrainConfig
from engine.errors import TrainingError
from engine.events import PairDone, ReferenceScored, RunPlanned, StepDone
from engine.training.save_adapter import save_checked
from tests.engine.sources.test_hub import FakeHub, hub, published  # noqa: F401
from tests.tiny import save_tiny
from tui.compute.loaded_model import ModelChoice
from tui.compute.scheduler import Priority
from tui.errors import WorkbenchError
from tui.events import RunChanged, VerdictStored, WorkbenchEvent, WorkbenchFailed
from tui.machine.monitor import MachineMonitor
from tui.training.reference_prefetch import REST_S
from tui.workbench import Workbench

SHORT = SamplingConfig(max_new_tokens=12)
QUICK = TrainConfig(epochs=2, batch_size=2, lora_r=4, lora_alpha=8, lora_dropout=0.0, eval_share=0.2)


@pytest.fixture(scope="module")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny(tmp_path_factory.mktemp("model"))


@pytest.fixture
def open_workbench(tmp_path: Path, model_folder: Path) -> Iterator[Callable[[], Workbench]]:
    opened: list[Workbench] = []

    def open_it() -> Workbench:
        workbench = Workbench(tmp_path / "space", ModelChoice(str(model_folder), dtype="float32"), seed=7)
        opened.append(workbench)
        workbench.answers.sampling = SHORT
        workbench.start(fill_queue=False)
        assert workbench.loading is not None
        workbench.loading.done.result(timeout=60)
        return workbench

    yield open_it
    for each in opened:
        each.close()


def judge_all(workbench: Workbench, verdict: str = "a") -> int:
    judged = 0
    while (comparison := workbench.next_comparison()) is not None and judged < 50:
        workbench.labelling.judge(comparison.id, verdict, side="left", layout="side", seconds=3.0).result(timeout=60)
        judged += 1
    return judged


def train(workbench: Workbench, config: TrainConfig = QUICK, **more: str) -> int:
    run = workbench.trainer.start(config, **more)
    assert workbench.trainer.job is not None
    workbench.trainer.job.done.result(timeout=120)
    return run


def test_a_new_workspace_has_the_questions(open_workbench: Callable[[], Workbench]) -> None:
    workbench = open_workbench()
    assert [(each.name, each.held_out, each.prompts) for each in workbench.prompt_sets()] == [
        ("science", False, 200),
        ("science, held out", True, 80),
    ]
    assert workbench.status().model_state == "ready"


def test_the_loop(open_workbench: Callable[[], Workbench]) -> None:
    workbench = open_workbench()
    workbench.answers.write_pairs(8).done.result(timeout=60)
    assert workbench.ready_count() == 8
    assert judge_all(workbench) == 8

    run = train(workbench)
    row = workbench.run(run)
    assert (row.status, row.error) == ("finished", None)
    assert row.train_pairs + row.eval_pairs == 8
    first = {each.name: each.value for each in workbench.run_metrics(run) if each.step == 1}
    assert first["loss"] == pytest.approx(0.693147, abs=1e-5)

    in_use = workbench.loaded_model.in_use
    assert in_use is not None
    assert in_use.manifest.run == run
    assert in_use.manifest.id == row.adapter

    trial = workbench.start_side_by_side(num_questions=3)
    assert workbench.side_by_side.job is not None
    workbench.side_by_side.job.done.result(timeout=60)
    shown = workbench.trial_comparisons(trial)
    assert len(shown) == 3
    assert all(each.prompt.held_out for each in shown)
    assert (shown[0].a.model_kind, shown[0].b.model_kind) == ("base", "adapter")


def test_a_run_keeps_what_the_machine_did_beside_its_steps(
    open_workbench: Callable[[], Workbench], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(MachineMonitor, "every_s", 0.001)
    workbench = open_workbench()
    workbench.answers.write_pairs(8).done.result(timeout=60)
    judge_all(workbench)
    run = train(workbench)
    kept = {(each.step, each.name): each.value for each in workbench.run_metrics(run)}
    assert kept[1, "tokens_per_second"] > 0
    assert {"machine/cpu_use", "machine/memory", "machine/memory_left"} <= {name for _, name in kept}
    assert min(step for step, name in kept if name == "machine/memory") >= 1
    assert workbench.machine_readings()[-1].memory == pytest.approx(kept[1, "machine/memory"], rel=0.9)
    for each in [each for each in threading.enumerate() if each.name == "palate-machine"]:
        each.join(60)
        assert not each.is_alive()


def test_references_are_scored_while_nothing_else_is_to_do(
    open_workbench: Callable[[], Workbench], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.training.reference_prefetch.REST_S", 0.0)
    workbench = open_workbench()
    workbench.answers.write_pairs(8).done.result(timeout=60)
    judge_all(workbench)
    workbench.references.wake()
    done = threading.Event()
    workbench.scheduler.submit("after", iter_once(done), lambda: Priority.IDLE)
    assert done.wait(timeout=60)
    events: list[WorkbenchEvent] = []
    workbench.subscribe(events.append)
    train(workbench, TrainConfig())
    assert any(isinstance(each, RunChanged) and isinstance(each.event, StepDone) for each in events)
    assert not any(isinstance(each, RunChanged) and isinstance(each.event, ReferenceScored) for each in events)


def test_references_are_not_scored_while_a_verdict_is_painted(open_workbench: Callable[[], Workbench]) -> None:
    references = open_workbench().references
    references.wake()
    assert references._priority() == Priority.ASLEEP
    references._rests_until -= REST_S
    assert references._priority() == Priority.IDLE


def test_references_that_fail_are_left_to_the_run(
    open_workbench: Callable[[], Workbench], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise TrainingError("The C++ compiler here fails.")

    references = open_workbench().references
    monkeypatch.setattr("engine.training.reference.score_references", fail)
    monkeypatch.setattr(references, "_has_new_pairs", True)
    caplog.set_level("INFO")
    assert list(references._work_steps()) == [None]
    assert "References are not scored in advance: The C++ compiler here fails." in caplog.text


def test_references_wait_for_a_few_pairs(
    open_workbench: Callable[[], Workbench], monkeypatch: pytest.MonkeyPatch
) -> None:
    workbench = open_workbench()
    begun: list[str] = []
    monkeypatch.setattr(workbench.scheduler, "submit", lambda name, *_: begun.append(name))
    newest = iter([0, 1, 7, 8, 9, 15, 16])
    monkeypatch.setattr("tui.training.reference_prefetch.db_verdicts.newest_verdict", lambda _: next(newest))
    for _ in range(7):
        workbench.references.wake()
    assert begun == ["references"] * 3  # at 0, at 8 and at 16: an undo is a row as well


def iter_once(done: threading.Event) -> Iterator[None]:
    """A job that tells that its turn came, after all that came before it and is as urgent."""
    done.set()
    yield


def test_a_run_that_waited_gives_the_same_adapter_and_others_work_meanwhile(
    open_workbench: Callable[[], Workbench],
) -> None:
    workbench = open_workbench()
    workbench.answers.write_pairs(8).done.result(timeout=60)
    judge_all(workbench)
    undisturbed = weights_of(workbench, train(workbench))
    waits = threading.Event()

    def listen(published: WorkbenchEvent) -> None:
        if isinstance(published, RunChanged) and isinstance(published.event, StepDone) and published.event.step == 1:
            workbench.trainer.pause()
        progress = workbench.status().run
        if progress is not None and progress.phase == "paused":
            waits.set()

    stop_listening = workbench.subscribe(listen)
    run = workbench.trainer.start(QUICK)
    assert waits.wait(timeout=60)
    stop_listening()
    assert workbench.trainer.checkpoint_folder(run).is_dir()
    workbench.answers.write_pairs(1).done.result(timeout=60)
    assert workbench.trainer.job is not None
    assert not workbench.trainer.job.done.done()
    workbench.trainer.go_on()
    workbench.trainer.job.done.result(timeout=120)
    assert weights_of(workbench, run) == undisturbed


def test_a_run_that_waits_can_be_stopped_and_left(open_workbench: Callable[[], Workbench]) -> None:
    workbench = open_workbench()
    workbench.answers.write_pairs(8).done.result(timeout=60)
    judge_all(workbench)
    for act, status in (
        (lambda each: each.trainer.stop(), "stopped"),
        (lambda each: each.trainer.leave(), "interrupted"),
    ):
        waits = threading.Event()

        def listen(published: WorkbenchEvent, waits: threading.Event = waits) -> None:
            if isinstance(published, RunChanged) and isinstance(published.event, StepDone):
                workbench.trainer.pause()
            progress = workbench.status().run
            if progress is not None and progress.phase == "paused":
                waits.set()

        stop_listening = workbench.subscribe(listen)
        run = workbench.trainer.start(QUICK)
        assert waits.wait(timeout=60)
        stop_listening()
        act(workbench)
        assert workbench.trainer.job is not None
        workbench.trainer.job.done.result(timeout=60)
        assert workbench.run(run).status == status


def weights_of(workbench: Workbench, run: int) -> bytes:
    """The bytes of the adapter that a run made."""
    adapter = workbench.run(run).adapter
    assert adapter is not None
    return (workbench.workspace.registry.get(adapter).folder / "adapter_model.safetensors").read_bytes()


def test_closed_and_opened_again_everything_is_there(open_workbench: Callable[[], Workbench]) -> None:
    first = open_workbench()
    first.answers.write_pairs(6).done.result(timeout=60)
    judge_all(first)
    train(first)
    adapter = first.loaded_model.in_use
    counts = first.counts()
    first.close()

    second = open_workbench()
    assert second.counts() == counts
    assert second.loaded_model.in_use == adapter
    assert [each.status for each in second.runs()] == ["finished"]


@pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing`:FutureWarning")  # PEFT's own, of transformers
def test_peft_loads_the_adapter_and_gives_the_same_logits(
    open_workbench: Callable[[], Workbench], model_folder: Path
) -> None:
    workbench = open_workbench()
    workbench.answers.write_pairs(6).done.result(timeout=60)
    judge_all(workbench)
    train(workbench)
    adapter = workbench.loaded_model.in_use
    assert adapter is not None
    ids = torch.arange(3, 40).unsqueeze(0)
    base = workbench.loaded_model.required()
    with torch.no_grad(), base.policy(adapter.manifest.id):
        ours = base.model(input_ids=ids).logits
    plain = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(model_folder), adapter.folder).eval()
    with torch.no_grad():
        theirs = plain(input_ids=ids).logits
    torch.testing.assert_close(ours, theirs, atol=1e-5, rtol=1e-5)


def test_training_goes_on_from_an_adapter(open_workbench: Callable[[], Workbench]) -> None:
    workbench = open_workbench()
    workbench.answers.write_pairs(6).done.result(timeout=60)
    judge_all(workbench)
    train(workbench, name="first")
    run = train(workbench, name="second", from_adapter="first")
    second = next(each for each in workbench.adapters() if each.name == "second")
    assert second.lineage == ("first", "second")
    assert second.run == run
    assert second.in_use
    first_loss = next(each.value for each in workbench.run_metrics(run) if each.step == 1 and each.name == "loss")
    assert first_loss == pytest.approx(0.693147, abs=1e-5)  # against the adapter it started from


def test_what_is_published_was_stored_before(open_workbench: Callable[[], Workbench]) -> None:
    workbench = open_workbench()
    workbench.answers.write_pairs(6).done.result(timeout=60)
    missing: list[WorkbenchEvent] = []

    def check(published: WorkbenchEvent) -> None:
        match published:
            case VerdictStored(comparison, verdict):
                standing = workbench.comparison(comparison).standing
                stored = standing.verdict if standing else "undo"
                if stored != verdict:
                    missing.append(published)
            case RunChanged(run, StepDone() as event):
                if workbench.run(run).step != event.step:
                    missing.append(published)

    workbench.subscribe(check)
    comparison = workbench.next_comparison()
    assert comparison is not None
    workbench.labelling.judge(comparison.id, "tie").result(timeout=60)
    assert workbench.labelling.undo().result(timeout=60) == comparison.id
    judge_all(workbench)
    train(workbench)
    assert missing == []


def test_labelling_goes_on_while_a_run_trains(open_workbench: Callable[[], Workbench]) -> None:
    workbench = open_workbench()
    workbench.answers.write_pairs(8).done.result(timeout=60)
    judge_all(workbench)
    alone = train(workbench, name="alone")

    grew: list[int] = []
    started = threading.Event()

    def watch(published: WorkbenchEvent) -> None:
        if isinstance(published, RunChanged) and isinstance(published.event, StepDone):
            started.set()
            grew.append(workbench.ready_count())

    workbench.subscribe(watch)
    run = workbench.trainer.start(QUICK, name="beside")
    assert started.wait(60)
    workbench.answers.write_pairs(4).done.result(timeout=60)
    assert workbench.trainer.job is not None
    workbench.trainer.job.done.result(timeout=120)
    assert workbench.ready_count() == 4
    adapters = {each.name: Path(each.folder) / "adapter_model.safetensors" for each in workbench.adapters()}
    assert adapters["alone"].read_bytes() == adapters["beside"].read_bytes()
    assert workbench.run(run).step == workbench.run(alone).step


def test_too_few_pairs_is_said_before_a_run(open_workbench: Callable[[], Workbench]) -> None:
    workbench = open_workbench()
    preview = workbench.previews.preview(QUICK)
    assert preview.problem == "A run needs at least 4 preference pairs, there are 0. Judge 4 more."
    with pytest.raises(WorkbenchError, match="at least 4 preference pairs, there are 0"):
        workbench.trainer.start(QUICK)
    assert workbench.runs() == []


def test_stop_keeps_what_was_trained(open_workbench: Callable[[], Workbench]) -> None:
    workbench = open_workbench()
    workbench.answers.write_pairs(6).done.result(timeout=60)
    judge_all(workbench)
    workbench.subscribe(
        lambda published: (
            workbench.trainer.stop()
            if isinstance(published, RunChanged) and isinstance(published.event, StepDone)
            else None
        )
    )
    run = train(workbench, TrainConfig(epochs=50, batch_size=1, lora_r=2, lora_alpha=4, eval_share=0.0))
    row = workbench.run(run)
    assert row.status == "stopped"
    assert row.adapter is not None
    assert 1 <= row.step < 10


@pytest.mark.parametrize("when", ["while it learns", "while it is saved"])
def test_stop_and_discard_leaves_the_record_and_no_adapter(
    open_workbench: Callable[[], Workbench], monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    workbench = open_workbench()
    workbench.answers.write_pairs(6).done.result(timeout=60)
    judge_all(workbench)
    loaded = workbench.loaded_model.required().loaded_adapters()

    def listen(published: WorkbenchEvent) -> None:
        if isinstance(published, RunChanged) and isinstance(published.event, StepDone):
            workbench.trainer.stop(discard=True)

    def save(*args: Any) -> None:
        workbench.trainer.stop(discard=True)
        save_checked(*args)

    if when == "while it learns":
        workbench.subscribe(listen)
    else:
        monkeypatch.setattr("engine.train.save_checked", save)
    run = train(workbench, replace(QUICK, eval_share=0.0, checkpoint_every=1))
    row = workbench.run(run)
    assert (row.status, row.adapter, row.error) == ("stopped", None, None)
    assert row.step == (1 if when == "while it learns" else 6)
    assert workbench.adapters() == []
    assert workbench.loaded_model.required().loaded_adapters() == loaded
    assert not workbench.trainer.checkpoint_folder(run).exists()
    assert workbench.run_log(run)[-1].text.endswith("what it had learned was discarded, as asked.")


def test_a_run_that_was_left_is_resumed_to_the_same_adapter(open_workbench: Callable[[], Workbench]) -> None:
    config = TrainConfig(epochs=4, batch_size=2, lora_r=4, lora_alpha=8, eval_share=0.2)
    workbench = open_workbench()
    workbench.answers.write_pairs(6).done.result(timeout=60)
    judge_all(workbench)
    whole = train(workbench, config, name="whole")
    stepped = threading.Event()
    unsubscribe = workbench.subscribe(
        lambda published: (
            stepped.set()
            if isinstance(published, RunChanged) and isinstance(published.event, StepDone) and published.event.step == 3
            else None
        )
    )
    left = workbench.trainer.start(config, name="left")
    assert stepped.wait(60)
    unsubscribe()
    workbench.close()

    again = open_workbench()
    row = again.run(left)
    assert row.status == "interrupted"
    assert again.can_resume(row)
    assert again.status().run is None
    judge_some = again.answers.write_pairs(2)
    judge_some.done.result(timeout=60)
    judge_all(again)  # verdicts that came later are none of this run's
    told: list[tuple[type, int, str]] = []

    def tell(published: WorkbenchEvent) -> None:
        alive = again.trainer.progress
        if isinstance(published, RunChanged) and alive is not None:
            told.append((type(published.event), alive.step, alive.phase))

    again.subscribe(tell)
    again.trainer.resume(left)
    assert again.trainer.job is not None
    again.trainer.job.done.result(timeout=120)

    assert told[0] == (type(None), 3, "resuming")  # where it goes on is known before anything is computed
    assert next(each for each in told if each[0] is RunPlanned) == (RunPlanned, 3, "resuming")
    assert next(each for each in told if each[0] is PairDone) == (PairDone, 3, "training")
    assert again.run(left).status == "finished"
    assert not again.can_resume(again.run(left))
    adapters = {each.name: Path(each.folder) / "adapter_model.safetensors" for each in again.adapters()}
    assert adapters["left"].read_bytes() == adapters["whole"].read_bytes()
    assert told_figures(again, left) == told_figures(again, whole)
    assert again.run_margins(left) == again.run_margins(whole)


@pytest.mark.parametrize("when", ["before its pairs are looked at", "while references are scored", "after two steps"])
def test_a_run_without_a_checkpoint_begins_again_to_the_same_adapter(
    open_workbench: Callable[[], Workbench], when: str
) -> None:
    config = TrainConfig(epochs=2, batch_size=2, lora_r=4, lora_alpha=8, eval_share=0.2, checkpoint_every=50)
    workbench = open_workbench()
    workbench.answers.write_pairs(6).done.result(timeout=60)
    judge_all(workbench)
    reached = threading.Event()

    def listen(published: WorkbenchEvent) -> None:
        event = published.event if isinstance(published, RunChanged) else None
        scored = isinstance(event, ReferenceScored) and event.done == 2
        if scored if when.startswith("while") else isinstance(event, StepDone) and event.step == 2:
            reached.set()
            if scored:
                workbench.trainer.leave(0)  # as a take-over does
            else:
                workbench.trainer.job = None  # nobody asks for a checkpoint: as a kill would leave it

    unsubscribe = workbench.subscribe(listen)
    if when.startswith("before"):
        workbench.trainer._begin = lambda _: None  # type: ignore[method-assign]  # killed before its first turn
        left = workbench.trainer.start(config, name="left")
    else:
        left = workbench.trainer.start(config, name="left")
        assert reached.wait(60)
    unsubscribe()
    workbench.close()

    again = open_workbench()
    assert db_checkpoints.get_checkpoint(again.workspace.connection, left) is None
    references = db_reference_logps.count_references(again.workspace.connection)
    assert (references > 0) == (not when.startswith("before"))
    assert again.can_resume(again.run(left))
    again.answers.write_pairs(2).done.result(timeout=60)
    judge_all(again)  # verdicts that came later are none of this run's
    again.trainer.resume(left)
    assert again.trainer.job is not None
    again.trainer.job.done.result(timeout=120)
    assert again.run(left).status == "finished"
    assert "begins again from its start" in " ".join(each.text for each in again.run_log(left))
    again.labelling.undo().result()
    again.labelling.undo().result()
    whole = train(again, config, name="whole")
    adapters = {each.name: Path(each.folder) / "adapter_model.safetensors" for each in again.adapters()}
    assert adapters["left"].read_bytes() == adapters["whole"].read_bytes()
    assert told_figures(again, left) == told_figures(again, whole)
    assert again.run_margins(left) == again.run_margins(whole)
    assert again.run(left).pairs == again.run(whole).pairs


def told_figures(workbench: Workbench, run: int) -> list[tuple[int, str, float | None]]:
    """The figures of a run but for those that measure time or the machine."""
    rows = [each for each in workbench.run_metrics(run) if "per_second" not in each.name]
    return [(each.step, each.name, each.value) for each in rows if not each.name.startswith("machine/")]


def test_the_name_offered_is_neither_an_adapter_s_nor_another_run_s(open_workbench: Callable[[], Workbench]) -> None:
    workbench = open_workbench()
    assert workbench.previews.preview(TrainConfig()).name == "taste-1"
    base = workbench.loaded_model.model_row(None)
    workbench.workspace.write(create_run, name="Taste-1", config={}, versions={}, base_model=base).result()
    assert workbench.previews.preview(TrainConfig()).name == "taste-2"


def test_a_run_that_ended_cannot_be_resumed(open_workbench: Callable[[], Workbench]) -> None:
    workbench = open_workbench()
    workbench.answers.write_pairs(4).done.result(timeout=60)
    judge_all(workbench)
    run = train(workbench)
    with pytest.raises(WorkbenchError, match="is finished; only an interrupted run"):
        workbench.trainer.resume(run)


def test_the_reference_is_computed_once_for_both_runs(open_workbench: Callable[[], Workbench]) -> None:
    workbench = open_workbench()
    workbench.answers.write_pairs(4).done.result(timeout=60)
    judge_all(workbench)
    scored: list[int] = []
    workbench.subscribe(
        lambda news: (
            scored.append(news.run)
            if isinstance(news, RunChanged) and isinstance(news.event, ReferenceScored)
            else None
        )
    )
    first, second = train(workbench, name="one"), train(workbench, name="two")
    assert scored == [first] * 4
    assert told_figures(workbench, first) == told_figures(workbench, second)


def test_a_second_owner_is_refused(open_workbench: Callable[[], Workbench], tmp_path: Path) -> None:
    open_workbench()
    with pytest.raises(WorkspaceBusy, match="in use by process"):
        Workbench(tmp_path / "space")


@pytest.mark.parametrize(
    ("source", "words"), [("/nowhere/at/all", "/nowhere/at/all"), ("", "Not a directory.*XDG_CACHE_HOME")]
)
def test_a_model_that_cannot_be_had_is_told_and_labelling_what_is_there_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, words: str
) -> None:
    (tmp_path / "file").write_text("no folder for models")
    monkeypatch.setattr("platformdirs.user_cache_dir", lambda name: str(tmp_path / "file" / name))
    told: list[WorkbenchFailed] = []
    workbench = Workbench(tmp_path / "space", ModelChoice(source))
    try:
        workbench.subscribe(lambda news: told.append(news) if isinstance(news, WorkbenchFailed) else None)
        workbench.start()
        assert workbench.loading is not None
        workbench.loading.done.result(timeout=60)
        assert workbench.status().model_state == "failed"
        assert len(told) == 1
        assert re.search(words, told[0].text)
        preview = workbench.previews.preview(QUICK)
        assert preview.problem is not None
    finally:
        workbench.close()


def test_a_hub_model_with_code_of_its_own_is_loaded_when_it_is_trusted(
    hub: FakeHub,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for place in ("transformers.dynamic_module_utils", "transformers.utils.hub"):
        monkeypatch.setattr(f"{place}.HF_MODULES_CACHE", str(tmp_path / "modules"))
    monkeypatch.setattr("sys.path", [*sys.path])
    folder = save_tiny(tmp_path / "tiny")
    config = json.loads((folder / "config.json").read_text())
    config["auto_map"] = {"AutoModelForCausalLM": "own.Own"}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "own.py").write_text(
        "from transformers import LlamaForCausalLM\n\n\nclass Own(LlamaForCausalLM):\n    ...\n"
    )
    hub.models["owner/coded"] = published(folder)
    choice = ModelChoice("owner/coded", dtype="float32", trust_remote_code=True)
    with closing(Workbench(tmp_path / "space", choice)) as workbench:
        workbench.start(fill_queue=False)
        assert workbench.loading is not None
        workbench.loading.done.result(timeout=60)
        assert workbench.loaded_model.error is None
        assert type(workbench.loaded_model.required().hf_model).__name__ == "Own"


def test_pairs_go_out_and_come_in(open_workbench: Callable[[], Workbench], tmp_path: Path) -> None:
    workbench = open_workbench()
    workbench.answers.write_pairs(4).done.result(timeout=60)
    judge_all(workbench)
    file = tmp_path / "pairs.jsonl"
    assert workbench.export_pairs(file).pairs == 4
    records = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    assert all(set(each) == {"prompt", "chosen", "rejected"} for each in records)
    again = workbench.imports.read(Source(file), set_name="back")
    assert (again.taken, [(each.reason, each.count) for each in again.left_out]) == (0, [("known already", 4)])


def test_held_out_questions_never_become_pairs(open_workbench: Callable[[], Workbench], tmp_path: Path) -> None:
    workbench = open_workbench()
    file = tmp_path / "held.txt"
    file.write_text("What is the tide table for?\n", encoding="utf-8")
    workbench.add_prompts(file, set_name="mine", held_out=True).result(timeout=60)
    pairs = tmp_path / "pairs.jsonl"
    record = {"prompt": "What is the tide table for?", "chosen": "Boats.", "rejected": "Cheese."}
    pairs.write_text(json.dumps(record) + "\n", encoding="utf-8")
    done = workbench.imports.read(Source(pairs), set_name="sneaky")
    assert (done.taken, done.left_out[0].reason) == (0, "the question is held out for trials")
    assert workbench.previews.preview(QUICK).pairs == 0
