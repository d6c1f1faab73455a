"""A blind trial through the coordinator, with a tiny random model and no screen."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from adapters.errors import AdapterError
from db import prompts as db_prompts
from db.errors import NotAllowed
from engine.config import SamplingConfig, TrainConfig
from tests.engine.test_thoughts import SWITCHED
from tests.tiny import save_tiny
from tui.compute.loaded_model import ModelChoice
from tui.errors import WorkbenchError
from tui.events import TrialChanged, WorkbenchEvent, WorkbenchFailed, WorkbenchNotice
from tui.trials.blind import TrialPlan
from tui.trials.results import board_of, result_of, sentence
from tui.workbench import Workbench

SHORT = SamplingConfig(max_new_tokens=8)
GREEDY = SamplingConfig(max_new_tokens=8, temperature=0)
QUICK = TrainConfig(
    epochs=3, batch_size=2, lora_r=4, lora_alpha=8, lora_dropout=0.0, eval_share=0.0, learning_rate=5e-3
)
Open = Callable[..., Workbench]


@pytest.fixture(scope="module")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny(tmp_path_factory.mktemp("model"))


@pytest.fixture
def open_workbench(tmp_path: Path, model_folder: Path) -> Iterator[Open]:
    opened: list[Workbench] = []

    def open_it(model: Path = model_folder) -> Workbench:
        workbench = Workbench(tmp_path / "space", ModelChoice(str(model), dtype="float32"), seed=7)
        opened.append(workbench)
        workbench.answers.sampling = SHORT
        workbench.start(fill_queue=False)
        assert workbench.loading is not None
        workbench.loading.done.result(timeout=60)
        return workbench

    yield open_it
    for each in opened:
        each.close()


@pytest.fixture
def workbench(open_workbench: Open) -> Workbench:
    """With an adapter called tuned."""
    made = open_workbench()
    made.answers.write_pairs(6).done.result(timeout=60)
    while (comparison := made.next_comparison()) is not None:
        made.labelling.judge(comparison.id, "a").result(timeout=60)
    made.trainer.start(QUICK, name="tuned")
    assert made.trainer.job is not None
    made.trainer.job.done.result(timeout=120)
    return made


def write_all(workbench: Workbench) -> None:
    workbench.blind_trials.wake()
    for job in workbench.blind_trials.jobs.values():
        job.done.result(timeout=60)


def begin(workbench: Workbench, **more: object) -> int:
    trial = workbench.blind_trials.start(TrialPlan(**{"policy": "tuned", "num_prompts": 6, "sampling": SHORT, **more}))
    write_all(workbench)
    return trial


def judge_all(workbench: Workbench, trial: int, verdict: str = "b", limit: int = 99) -> int:
    judged = 0
    while judged < limit and (pair := workbench.blind_trials.next(trial)) is not None:
        workbench.labelling.judge(pair.id, verdict, side="left", layout="side", seconds=2.0).result(timeout=60)
        judged += 1
    return judged


def test_a_trial_from_start_to_result(workbench: Workbench) -> None:
    told: list[WorkbenchEvent] = []
    workbench.subscribe(told.append)
    trial = begin(workbench, num_prompts=6, repeats=2)
    row = workbench.trial(trial)
    assert (row.status, row.sealed, row.done, row.total) == ("running", True, 6, 6)
    pairs = workbench.trial_comparisons(trial)
    assert len(pairs) == 8, "six and two that are asked again"
    assert {(each.a.model_kind, each.b.model_kind) for each in pairs} == {("base", "adapter")}
    assert all(each.prompt.held_out for each in pairs)
    assert all(each.a.seed == each.b.seed for each in pairs), "both draw from the same stream"
    assert {type(each).__name__ for each in told} == {"TrialChanged"}, "no answer streams"
    judge_all(workbench, trial)
    workbench.blind_trials.open(trial).result(timeout=60)
    row = workbench.trial(trial)
    assert (row.status, row.broken) == ("finished", False)
    result = result_of(row, workbench.trial_comparisons(trial))
    assert result.tally.wins == 6 - result.same
    assert (result.agreement.same, result.agreement.pairs, result.open) == (2, 2, 0)
    assert TrialChanged(trial, 6, 6) in told


def test_a_system_prompt_is_a_rival_of_its_own(workbench: Workbench) -> None:
    trial = begin(workbench, num_prompts=6, against="tuned", against_system="Answer in one word.")
    row = workbench.trial(trial)
    assert (row.against_system, row.model_a_name, row.model_b_name) == (
        "Answer in one word.",
        "prompted tuned",
        "tuned",
    )
    pairs = workbench.trial_comparisons(trial)
    systems = {tuple((each.sampling or {}).get("system") for each in (pair.a, pair.b)) for pair in pairs}
    assert systems == {("Answer in one word.", None)}
    assert any(not each.same for each in pairs), "one model answers otherwise under the prompt"
    judge_all(workbench, trial, "a")
    workbench.blind_trials.open(trial).result(timeout=60)
    opened = workbench.trial(trial)
    assert board_of([(opened, workbench.trial_comparisons(trial))], []).meetings[0].first == "prompted tuned"
    with pytest.raises(NotAllowed, match="different system prompts"):
        workbench.blind_trials.move_to_labelling(pairs[0].id).result(timeout=60)
    with pytest.raises(WorkbenchError, match="compared with itself"):
        workbench.blind_trials.start(TrialPlan(policy="tuned", against="tuned", num_prompts=2, sampling=SHORT))


def test_left_half_way_it_goes_on_after_a_restart(workbench: Workbench, open_workbench: Open) -> None:
    trial = workbench.blind_trials.start(TrialPlan(policy="tuned", num_prompts=12, sampling=SHORT))
    workbench.close()  # whatever is written by now is on the disk
    done = 0

    again = open_workbench()
    written = again.trial(trial).done
    assert written < 12
    write_all(again)
    assert again.trial(trial).done == 12
    done += judge_all(again, trial, limit=5)
    seeds = [(each.prompt.id, each.a.seed, each.flipped) for each in again.trial_comparisons(trial)]
    again.close()

    later = open_workbench()
    assert later.trial(trial).judged == done
    assert [(each.prompt.id, each.a.seed, each.flipped) for each in later.trial_comparisons(trial)] == seeds
    done += judge_all(later, trial)
    assert done == 12 - later.trial(trial).same


def test_several_samples_of_each_prompt(workbench: Workbench) -> None:
    trial = begin(workbench, num_prompts=3, samples=2)
    pairs = workbench.trial_comparisons(trial)
    assert len(pairs) == 6
    seeds = {(each.prompt.id, each.a.seed) for each in pairs}
    assert len(seeds) == 6, "each sample has its own seed"
    judge_all(workbench, trial)
    assert result_of(workbench.trial(trial), pairs).open == 6, "what was read before the verdicts"
    assert result_of(workbench.trial(trial), workbench.trial_comparisons(trial)).tally.prompts == 3


def test_two_policies_that_write_the_same_are_never_asked_and_tie(workbench: Workbench) -> None:
    folder = Path(next(each.folder for each in workbench.adapters() if each.name == "tuned"))
    workbench.adapter_service.add(folder, name="twin")
    trial = begin(workbench, against="twin", sampling=GREEDY, num_prompts=4)
    assert workbench.blind_trials.next(trial) is None
    row = workbench.trial(trial)
    assert (row.done, row.same) == (4, 4)
    result = result_of(row, workbench.trial_comparisons(trial))
    assert (result.tally.ties, result.open) == (4, 0)
    assert not result.conclusion.settled


def test_a_second_trial_takes_prompts_that_were_not_met(workbench: Workbench) -> None:
    first, second = begin(workbench, num_prompts=10), begin(workbench, num_prompts=10)
    asked = [{each.prompt.id for each in workbench.trial_comparisons(trial)} for trial in (first, second)]
    assert asked[0] & asked[1] == set()
    assert workbench.unmet_prompts(workbench.trial(first)) == 60


def test_undo_stays_within_the_trial_and_ends_with_the_seal(workbench: Workbench) -> None:
    trial = begin(workbench, num_prompts=4)
    assert workbench.blind_trials.undo(trial).result(timeout=60) is None
    pair = workbench.blind_trials.next(trial)
    assert pair is not None
    judge_all(workbench, trial, limit=1)
    assert workbench.blind_trials.undo(trial).result(timeout=60) == pair.id
    assert workbench.counts().total == 6, "labelling is as it was"
    judge_all(workbench, trial, limit=1)
    workbench.blind_trials.open(trial).result(timeout=60)
    assert workbench.trial(trial).broken
    with pytest.raises(NotAllowed, match="names were shown"):
        workbench.blind_trials.undo(trial).result(timeout=60)


def test_what_cannot_start_is_said_in_words(workbench: Workbench) -> None:
    plans = workbench.blind_trials
    with pytest.raises(WorkbenchError, match="would be compared with itself"):
        plans.start(TrialPlan(policy="tuned", against="tuned", sampling=SHORT))
    with pytest.raises(WorkbenchError, match="99 prompts were asked for, 80 are held out"):
        plans.start(TrialPlan(policy="tuned", num_prompts=99, sampling=SHORT))
    with pytest.raises(AdapterError, match="nobody"):
        plans.start(TrialPlan(policy="nobody", sampling=SHORT))
    assert workbench.trials() == []


def test_another_base_model_is_not_taken_for_the_trials_own(
    workbench: Workbench, open_workbench: Open, tmp_path: Path
) -> None:
    trial = workbench.blind_trials.start(TrialPlan(policy="tuned", num_prompts=40, sampling=SHORT))
    workbench.close()
    other = open_workbench(save_tiny(tmp_path / "other", seed=3))
    told: list[WorkbenchEvent] = []
    other.subscribe(told.append)
    done = other.trial(trial).done
    assert done < 40
    write_all(other)
    assert other.trial(trial).done == done
    (failed,) = [each for each in told if isinstance(each, WorkbenchFailed)]
    assert "Start Palate with --model" in failed.text


def test_a_removed_adapter_is_told_once_and_the_lane_lives(workbench: Workbench) -> None:
    trial = begin(workbench, num_prompts=2)
    told: list[WorkbenchEvent] = []
    workbench.subscribe(told.append)
    view = next(each for each in workbench.adapters() if each.name == "tuned")
    workbench.use_adapter(None).done.result(timeout=60)
    doomed = workbench.blind_trials.start(TrialPlan(policy="tuned", num_prompts=40, sampling=SHORT))
    workbench.workspace.registry.remove(view.id)
    write_all(workbench)
    write_all(workbench)
    failures = [each for each in told if isinstance(each, WorkbenchFailed)]
    assert len(failures) == 1
    assert f"Trial {doomed} waits for its answers" in failures[0].text
    assert judge_all(workbench, trial) > 0


# -- prompts that the model has no room for ----------------------------------------------------------------------


LONG = "word " * 200
"""1,000 bytes, and the tiny model reads 512."""
AROUND_A_QUESTION = 19
"""Tokens of the chat template."""


def held_out(workbench: Workbench, folder: Path, *questions: str) -> int:
    """A held-out set of these questions; gives its id."""
    (folder / "mine.txt").write_text("\n".join(questions) + "\n", encoding="utf-8")
    workbench.add_prompts(folder / "mine.txt", set_name="mine", held_out=True).result(timeout=60)
    return next(each.id for each in workbench.prompt_sets() if each.name == "mine")


def notices(heard: list[WorkbenchEvent]) -> list[str]:
    assert not [each for each in heard if isinstance(each, WorkbenchFailed)]
    return [each.text for each in heard if isinstance(each, WorkbenchNotice)]


def test_prompts_that_are_too_long_are_left_out_and_named(workbench: Workbench, tmp_path: Path) -> None:
    mine = held_out(workbench, tmp_path, f"First {LONG}?", "Short?", f"Second {LONG}?", "Brief?")
    heard: list[WorkbenchEvent] = []
    workbench.subscribe(heard.append)
    trial = begin(workbench, num_prompts=4, prompt_set=mine, samples=2, repeats=1)
    row = workbench.trial(trial)
    assert (row.status, row.num_questions, row.done, row.total) == ("running", 2, 4, 4)
    (told,) = notices(heard)
    assert told.startswith(f"Trial {trial} leaves out 2 prompts. It continues with the others. “")
    assert "“First word" in told
    assert "“Second word" in told
    assert "tokens and the model reads 512" in told
    assert judge_all(workbench, trial) == 5
    workbench.blind_trials.open(trial).result(timeout=60)
    assert workbench.trial(trial).status == "finished"


def test_a_prompt_that_is_too_long_with_thoughts_off_alone_is_left_out_where_they_are_off(
    workbench: Workbench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workbench.loaded_model.required().tokenizer, "chat_template", SWITCHED)
    mine = held_out(workbench, tmp_path, "Short?", "y" * 485)
    heard: list[WorkbenchEvent] = []
    workbench.subscribe(heard.append)
    trial = begin(workbench, num_prompts=2, prompt_set=mine, sampling=SamplingConfig(max_new_tokens=8, thinking="off"))
    assert (workbench.trial(trial).status, workbench.trial(trial).num_questions) == ("running", 1)
    (told,) = notices(heard)
    assert told.startswith(f"Trial {trial} leaves out 1 prompt.")


def test_a_trial_of_nothing_but_prompts_that_are_too_long_is_over(workbench: Workbench, tmp_path: Path) -> None:
    mine = held_out(workbench, tmp_path, f"First {LONG}?", f"Second {LONG}?")
    heard: list[WorkbenchEvent] = []
    workbench.subscribe(heard.append)
    trial = begin(workbench, num_prompts=2, prompt_set=mine)
    row = workbench.trial(trial)
    assert (row.status, row.sealed) == ("failed", False)
    (told,) = notices(heard)
    assert "None is left, and the trial is over." in told
    assert "nothing" in sentence(result_of(row, []))


def test_a_side_by_side_leaves_out_what_is_too_long(workbench: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[WorkbenchEvent] = []
    workbench.subscribe(heard.append)
    monkeypatch.setattr(workbench.loaded_model.required(), "context_length", 80)
    questions = [each.first_line for each in db_prompts.held_out_prompts(workbench.workspace.connection, 8)]
    fits = sum(len(each.encode()) + AROUND_A_QUESTION < 80 for each in questions)
    assert 0 < fits < 8
    trial = workbench.start_side_by_side(num_questions=8)
    assert workbench.side_by_side.job is not None
    workbench.side_by_side.job.done.result(timeout=60)
    row = workbench.trial(trial)
    assert (row.status, row.num_questions, row.done) == ("finished", fits, fits)
    (told,) = notices(heard)
    assert f"leaves out {8 - fits} prompts" in told
