"""Samples of a run: at step 0 and every evaluation, always of the same prompts, and without a trace in the run."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from engine.config import SamplingConfig, TrainConfig
from engine.events import PairDone, StepDone
from tests.tiny import save_tiny
from tui.compute.loaded_model import ModelChoice
from tui.errors import InputError, WorkbenchError
from tui.events import RunChanged, RunEnded, SamplesStored, WorkbenchEvent
from tui.training.pair_sets import PairSet
from tui.workbench import Workbench

CONFIG = TrainConfig(
    epochs=4, batch_size=2, lora_r=4, lora_alpha=8, lora_dropout=0.1, learning_rate=1e-3, eval_share=0.3
)


@pytest.fixture(scope="module")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny(tmp_path_factory.mktemp("model"))


@pytest.fixture
def open_workbench(tmp_path: Path, model_folder: Path) -> Iterator[Callable[[], Workbench]]:
    made: list[Workbench] = []

    def open_it() -> Workbench:
        workbench = Workbench(tmp_path / "space", ModelChoice(str(model_folder), "float32", "cpu"), seed=3)
        made.append(workbench)
        workbench.start(fill_queue=False)
        assert workbench.loading is not None
        workbench.loading.done.result(timeout=60)
        workbench.answers.sampling = SamplingConfig(max_new_tokens=12)
        return workbench

    yield open_it
    for workbench in made:
        workbench.close()


def judged(workbench: Workbench, pairs: int = 8) -> Workbench:
    workbench.answers.write_pairs(pairs).done.result(timeout=60)
    while (row := workbench.next_comparison()) is not None and row.standing is None:
        workbench.labelling.judge(row.id, "a", strength=1 + row.id % 2).result()
    return workbench


def train(workbench: Workbench, config: TrainConfig = CONFIG, **more: object) -> int:
    run = workbench.trainer.start(config, **more)  # type: ignore[arg-type]
    assert workbench.trainer.job is not None
    workbench.trainer.job.done.result(timeout=120)
    return run


def weights(workbench: Workbench, run: int) -> bytes:
    folder = next(view.folder for view in workbench.adapters() if view.run == run)
    return (Path(folder) / "adapter_model.safetensors").read_bytes()


def test_the_same_prompts_answer_at_every_evaluation_and_leave_no_trace_in_the_run(
    open_workbench: Callable[[], Workbench],
) -> None:
    workbench = judged(open_workbench())
    workbench.change_setting("samples", "0")
    without = train(workbench)
    assert workbench.run_samples(without) == []
    workbench.change_setting("samples", "3")
    workbench.change_setting("sample_tokens", "5")
    stored: list[int] = []
    workbench.subscribe(lambda told: stored.append(told.step) if isinstance(told, SamplesStored) else None)
    sampled = train(workbench)
    rows = workbench.run_samples(sampled)
    evaluated = sorted({row.step for row in workbench.run_metrics(sampled) if row.name == "eval_loss"})
    assert len(evaluated) == 4
    assert stored == [0, *evaluated]
    prompts = sorted({row.prompt for row in rows})
    assert len(prompts) == 3
    assert {(row.prompt, row.step) for row in rows} == {(each, step) for each in prompts for step in stored}
    assert max(row.tokens for row in rows) <= 5
    assert workbench.run_log(sampled)[-1].text.startswith("Samples took")
    assert len({row.text for row in rows}) > len(prompts)  # what it answers changes as it learns
    assert weights(workbench, sampled) == weights(workbench, without)
    assert [row.value for row in workbench.run_metrics(sampled) if row.name == "eval_loss"] == [
        row.value for row in workbench.run_metrics(without) if row.name == "eval_loss"
    ]


def test_a_run_counts_its_references_and_its_samples_and_says_that_it_saves(
    open_workbench: Callable[[], Workbench],
) -> None:
    workbench = judged(open_workbench())
    workbench.change_setting("samples", "3")
    told: list[str] = []

    def listen(published: WorkbenchEvent) -> None:
        if isinstance(published, RunChanged) and (progress := workbench.run_progress) is not None:
            words = f"{progress.step}/{progress.total_steps} {progress.doing}"
            told.extend([words] if words not in told[-1:] else [])

    workbench.subscribe(listen)
    train(workbench, replace(CONFIG, epochs=1))
    assert told[-1].startswith("3/3")
    begin, end = told.index("0/3 reference 1/8"), told.index("3/3 saving the adapter")
    assert told[begin : begin + 8] == [f"0/3 reference {at}/8" for at in range(1, 9)]
    assert told[begin - 4 : begin] == [*(f"0/3 sampling answers {at}/3" for at in range(3)), "0/3 reference 0/8"]
    assert [each for each in told if each.startswith("3/3 sampling")] == [
        f"3/3 sampling answers {at}/3" for at in range(3)
    ]
    assert told.index("3/3 evaluating 2/2") < told.index("3/3 sampling answers 0/3") < end


def test_a_run_that_was_left_takes_the_samples_of_one_that_was_not(open_workbench: Callable[[], Workbench]) -> None:
    workbench = judged(open_workbench())
    whole = train(workbench, name="whole")
    expected = [replace(row) for row in workbench.run_samples(whole)]
    second = expected[1].step
    reached = threading.Event()

    def listen(published: WorkbenchEvent) -> None:
        event = published.event if isinstance(published, RunChanged) else None
        if isinstance(event, StepDone) and event.step == second + 1:
            reached.set()

    unsubscribe = workbench.subscribe(listen)
    left = workbench.trainer.start(CONFIG, name="left")
    assert reached.wait(60)
    unsubscribe()
    workbench.close()
    again = open_workbench()
    assert again.run(left).status == "interrupted"
    again.workspace.write(_shift_prompts).result()  # held-out prompts may go; the run keeps to its own
    again.trainer.resume(left)
    assert again.trainer.job is not None
    again.trainer.job.done.result(timeout=120)
    assert again.run_samples(left) == expected
    assert weights(again, left) == weights(again, whole)


def _shift_prompts(connection) -> None:  # type: ignore[no-untyped-def]
    connection.execute("UPDATE prompts SET set_id = 1 WHERE id = (SELECT min(prompt) FROM run_samples)")


def test_without_evaluation_pairs_samples_are_taken_every_epoch(open_workbench: Callable[[], Workbench]) -> None:
    workbench = judged(open_workbench())
    run = train(workbench, replace(CONFIG, eval_share=0.0, epochs=2))
    assert sorted({row.step for row in workbench.run_samples(run)}) == [0, 4, 8]


def test_a_run_that_is_stopped_waits_for_no_sample(open_workbench: Callable[[], Workbench]) -> None:
    workbench = judged(open_workbench())
    workbench.change_setting("sample_tokens", "400")

    def listen(published: WorkbenchEvent) -> None:
        event = published.event if isinstance(published, RunChanged) else None
        if isinstance(event, PairDone) and event.stage == "eval":
            workbench.trainer.stop()

    workbench.subscribe(listen)
    run = train(workbench)
    assert workbench.run(run).status == "stopped"
    assert {row.step for row in workbench.run_samples(run)} == {0}


def test_a_prompt_that_is_too_long_ends_the_samples_and_not_the_run(open_workbench: Callable[[], Workbench]) -> None:
    workbench = judged(open_workbench())
    workbench.change_setting("system", "word " * 4000)
    run = train(workbench)
    assert workbench.run(run).status == "finished"
    assert workbench.run_samples(run) == []
    (warning,) = [row.text for row in workbench.run_log(run) if row.text.startswith("No samples")]
    assert "Shorten the prompt" in warning


def test_a_run_takes_the_pairs_that_are_asked_for_and_keeps_which(open_workbench: Callable[[], Workbench]) -> None:
    workbench = judged(open_workbench(), 10)
    strong = PairSet(strong=True)
    assert workbench.previews.preview(CONFIG, strong).pairs == 5
    assert workbench.previews.preflight(replace(CONFIG, eval_share=0.0), strong).train == 5
    run = train(workbench, pairs=strong)
    row = workbench.run(run)
    chosen = {"name": None, "prompt_set": None, "since": None, "strong": True, "verdicts_of": []}
    assert (row.pairs, row.pair_set) == (5, chosen)
    nothing = PairSet(since="2999-01-01")
    words = "A run needs at least 4 preference pairs, there are 0 in “since 2999-01-01”. Choose more pairs."
    assert workbench.previews.preview(CONFIG, nothing).problem == words
    with pytest.raises(WorkbenchError, match="there are 0 in “since 2999-01-01”"):
        workbench.trainer.start(CONFIG, pairs=nothing)
    gone = PairSet(prompt_set="gone")
    assert "There is no prompt set 'gone'" in str(workbench.previews.preview(CONFIG, gone).problem)
    with pytest.raises(InputError, match="There is no prompt set 'gone' for labelling"):
        workbench.trainer.start(CONFIG, pairs=gone)


def test_a_run_is_offered_when_enough_pairs_came_and_its_end_is_told(open_workbench: Callable[[], Workbench]) -> None:
    workbench = judged(open_workbench())
    assert workbench.status().offer == 0
    workbench.change_setting("offer_run_every", "8")
    assert workbench.status().offer == 8
    ended: list[RunEnded] = []
    workbench.subscribe(lambda told: ended.append(told) if isinstance(told, RunEnded) else None)
    train(workbench, name="first")
    assert [(each.name, each.status) for each in ended] == [("first", "finished")]
    assert workbench.status().offer == 0
    judged(workbench, 7)
    assert workbench.status().offer == 0
    judged(workbench, 1)
    assert workbench.status().offer == 8
    workbench.change_setting("offer_run_every", "0")
    assert workbench.status().offer == 0
