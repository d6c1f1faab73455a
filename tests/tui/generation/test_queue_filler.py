"""The queue, with a tiny model and no screen: who answers, what is passed over, what is published, what is kept."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from db import prompts as db_prompts
from db.comparisons import is_flipped
from engine.config import SamplingConfig, TrainConfig
from tests.tiny import save_tiny
from tui.compute.loaded_model import ModelChoice
from tui.compute.scheduler import Priority
from tui.events import AnswersGrowing, ComparisonStored, WorkbenchEvent, WorkbenchNotice
from tui.generation.answer_sources import find_asked_of, find_sources
from tui.workbench import Workbench
from tui.workspace.settings import SourceConfig

SHORT = SamplingConfig(max_new_tokens=12)
QUICK = TrainConfig(epochs=1, batch_size=2, lora_r=4, lora_alpha=8, lora_dropout=0.0, eval_share=0.0)

Open = Callable[..., Workbench]


@pytest.fixture(scope="module")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny(tmp_path_factory.mktemp("model"))


@pytest.fixture
def open_workbench(tmp_path: Path, model_folder: Path) -> Iterator[Open]:
    opened: list[Workbench] = []

    def open_it(*, sampling: SamplingConfig = SHORT, source: SourceConfig | None = None, **queue: Any) -> Workbench:
        workbench = Workbench(tmp_path / "space", ModelChoice(str(model_folder), dtype="float32"), seed=7)
        opened.append(workbench)
        settings = workbench.answers.settings
        kept = replace(settings, sampling=sampling, source=source or settings.source)
        workbench.answers.settings = replace(kept, queue=replace(settings.queue, **queue)) if queue else kept
        workbench.start(fill_queue=False)
        assert workbench.loading is not None
        workbench.loading.done.result(timeout=120)
        return workbench

    yield open_it
    for each in opened:
        each.close()


def write(workbench: Workbench, pairs: int) -> list[WorkbenchEvent]:
    """Write pairs, and give what was published meanwhile."""
    heard: list[WorkbenchEvent] = []
    unsubscribe = workbench.subscribe(heard.append)
    workbench.answers.write_pairs(pairs).done.result(timeout=120)
    unsubscribe()
    return heard


def leave(workbench: Workbench, number: int) -> None:
    """Leave only the last prompts to be asked."""
    workspace, services = workbench.workspace, workbench.services
    asked_of = find_asked_of(find_sources(workbench.answers.settings, services), services)
    for prompt in db_prompts.unasked_prompts(workspace.connection, asked_of)[:-number]:
        workspace.write(db_prompts.pass_over, prompt.id, asked_of, "not needed here").result()


def judge_all(workbench: Workbench) -> None:
    for each in workbench.open_comparisons(100):
        workbench.labelling.judge(each.id, "a").result(timeout=60)


def trained(workbench: Workbench, name: str = "tuned") -> None:
    write(workbench, 4)
    judge_all(workbench)
    workbench.trainer.start(QUICK, name=name)
    assert workbench.trainer.job is not None
    workbench.trainer.job.done.result(timeout=120)


# -- who answers -----------------------------------------------------------------------------------------------


def test_two_policies_answer_against_each_other(open_workbench: Open) -> None:
    workbench = open_workbench()
    trained(workbench)
    answers = workbench.answers
    answers.settings = replace(answers.settings, source=SourceConfig(policy="tuned", against="base"))
    heard = write(workbench, 8)
    pairs = workbench.open_comparisons(10)
    # `palate queue` prints a before b, so neither letter may belong to a policy.
    assert {(each.a.model_kind, each.b.model_kind) for each in pairs} == {("adapter", "base"), ("base", "adapter")}
    assert {each.model_name for pair in pairs for each in (pair.a, pair.b) if each.model_kind == "adapter"} == {"tuned"}
    assert not [each for each in heard if isinstance(each, AnswersGrowing)]  # what is written would tell who writes


def test_two_samplings_answer_against_each_other_under_one_system_prompt(open_workbench: Open) -> None:
    source = SourceConfig(policy="base", against_sampling="temperature=1.5 top_k=0", system="Be brief.")
    workbench = open_workbench(source=source)
    write(workbench, 2)
    pair = workbench.open_comparisons(1)[0]
    first = {**SHORT.record(), "system": "Be brief."}
    second = {**first, "temperature": 1.5, "top_k": 0}
    assert [pair.a.sampling, pair.b.sampling] in ([first, second], [second, first])


def test_an_adapter_that_is_not_there_is_told(open_workbench: Open) -> None:
    workbench = open_workbench(source=SourceConfig(policy="nobody"))
    with pytest.raises(Exception, match="nobody"):
        write(workbench, 1)


# -- answers that grow -----------------------------------------------------------------------------------------


def test_the_first_pair_of_an_empty_queue_is_seen_while_it_is_written(
    open_workbench: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.generation.pair_writer.GROWS_EVERY_S", 0.0)
    workbench = open_workbench(sampling=SamplingConfig(max_new_tokens=60))
    heard = write(workbench, 3)
    stored = [place for place, each in enumerate(heard) if isinstance(each, ComparisonStored)]
    growing = [(place, each) for place, each in enumerate(heard) if isinstance(each, AnswersGrowing)]
    assert growing
    assert all(place < stored[0] for place, _ in growing)  # the others are written unseen
    pair = workbench.open_comparisons(1)[0]
    for _, each in growing:
        assert each.prompt == pair.prompt
        assert each.texts is not None
        shown = (pair.first.text, pair.second.text)
        assert all(whole.startswith(part.rstrip("\ufffd")) for whole, part in zip(shown, each.texts, strict=True))


def test_growing_answers_are_published_four_times_a_second_at_most(
    open_workbench: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    moments = [0.0]

    def a_tenth_later() -> float:
        moments.append(moments[-1] + 0.1)
        return moments[-1]

    monkeypatch.setattr("tui.generation.pair_writer.time", SimpleNamespace(monotonic=a_tenth_later))
    workbench = open_workbench(sampling=SamplingConfig(max_new_tokens=200))
    times: list[float] = []
    workbench.subscribe(lambda each: times.append(moments[-1]) if isinstance(each, AnswersGrowing) else None)
    write(workbench, 1)
    assert len(times) > 2
    assert all(later - earlier >= 0.25 for earlier, later in pairwise(times))


def test_sides_are_shown_as_they_were_while_the_answers_grew(open_workbench: Open) -> None:
    workbench = open_workbench()
    write(workbench, 6)
    pairs = workbench.open_comparisons(10)
    assert [each.flipped for each in pairs] == [is_flipped(each.side_seed) for each in pairs]
    assert len({each.flipped for each in pairs}) == 2


# -- nearly the same -------------------------------------------------------------------------------------------


def test_what_a_model_cannot_tell_apart_is_passed_over_told_and_remembered(
    open_workbench: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.generation.pair_writer.nearly_equal", lambda *_: True)
    workbench = open_workbench()
    leave(workbench, 3)
    heard = write(workbench, 2)
    notices = [each for each in heard if isinstance(each, WorkbenchNotice)]
    assert workbench.ready_count() == 0
    assert len(notices) == 3
    assert notices[0].title == "A prompt was passed over"
    assert "nearly the same answer 5 times" in notices[0].text
    assert workbench.status().prompts_left == 0
    workbench.close()

    monkeypatch.undo()
    again = open_workbench()
    assert not [each for each in write(again, 2) if isinstance(each, WorkbenchNotice)]
    again.answers.sampling = replace(SHORT, temperature=1.3)  # another way of asking
    write(again, 2)
    assert again.ready_count() == 2


def test_each_new_attempt_is_hotter_and_kept_with_its_own_sampling(open_workbench: Open) -> None:
    workbench = open_workbench(sampling=SamplingConfig(max_new_tokens=12, temperature=0.0))  # twice the same answer
    write(workbench, 2)
    for each in workbench.open_comparisons(5):
        assert each.a.sampling is not None
        assert each.b.sampling is not None
        assert each.a.sampling["temperature"] == 0.0
        assert each.b.sampling["temperature"] in (0.625, 0.78125, 0.9765625)


@pytest.mark.parametrize("at_once", [1, 8])  # with one at a time the long one joins while another is answered
def test_a_prompt_that_is_too_long_does_not_hold_up_the_others(
    open_workbench: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr("tui.generation.queue_filler.PROMPTS_AT_ONCE", at_once)
    file = tmp_path / "long.txt"
    file.write_text(f"{'word ' * 200}?\n", encoding="utf-8")  # 1,001 bytes, and the tiny model reads 512
    workbench = open_workbench()
    workbench.add_prompts(file, set_name="mine").result(timeout=60)
    leave(workbench, 3)  # two science questions, and the long one
    heard = write(workbench, 5)
    assert workbench.ready_count() == 2
    notices = [each for each in heard if isinstance(each, WorkbenchNotice)]
    assert len(notices) == 1
    assert "tokens and the model reads 512" in notices[0].text
    assert db_prompts.prompts_left(workbench.workspace.connection, workbench.answers.asked_of) == 0


# -- order, marks, restarts ------------------------------------------------------------------------------------


def asked(workbench: Workbench) -> list[int]:
    return [each.prompt.id for each in workbench.open_comparisons(100)]


def test_shuffled_prompts_go_on_where_they_stood_after_a_restart(open_workbench: Open) -> None:
    first = open_workbench(order="shuffled")
    write(first, 3)
    begun = asked(first)
    first.close()
    second = open_workbench(order="shuffled")
    write(second, 3)
    assert asked(second)[:3] == begun
    assert len(set(asked(second))) == 6
    assert asked(second) != sorted(asked(second))


def test_nobody_goes_before_a_run_where_nobody_waits(open_workbench: Open) -> None:
    answers = open_workbench(depth=6, low_mark=2, high_mark=4).answers
    answers._wanted = True
    assert answers._priority() == Priority.WAITED_FOR
    answers.nobody_waits = True
    assert answers._priority() == Priority.IN_ADVANCE


def test_the_labeller_goes_first_from_the_low_mark_until_the_high_mark(
    open_workbench: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = open_workbench(depth=6, low_mark=2, high_mark=4).answers
    answers._wanted = True
    urgencies = []
    for ready in (6, 3, 2, 1, 2, 3, 4, 3, 2):
        monkeypatch.setattr(answers, "_count", lambda ready=ready: ready)
        urgencies.append(answers._priority())
    assert urgencies == [
        Priority.IN_ADVANCE,
        Priority.IN_ADVANCE,
        Priority.IN_ADVANCE,
        Priority.WAITED_FOR,
        Priority.WAITED_FOR,
        Priority.WAITED_FOR,
        Priority.IN_ADVANCE,
        Priority.IN_ADVANCE,
        Priority.IN_ADVANCE,
    ]


@pytest.mark.parametrize(("at_most", "ready"), [(32, 9), (3, 4)])
def test_new_prompts_join_those_that_are_being_answered(
    open_workbench: Open, monkeypatch: pytest.MonkeyPatch, at_most: int, ready: int
) -> None:
    """One pair is there; one batch, begun with two prompts, writes the other eight, or as many as it may."""
    monkeypatch.setattr("tui.generation.queue_filler.PROMPTS_AT_ONCE", 2)
    monkeypatch.setattr("tui.generation.queue_filler.PROMPTS_IN_ALL", at_most)
    workbench = open_workbench()
    write(workbench, 1)
    answers = workbench.answers
    missing = lambda: 9 - answers._count()  # noqa: E731
    list(answers._answer_some(missing, missing))
    assert len({each.prompt.id for each in workbench.open_comparisons(100)}) == ready
    assert not answers._being_answered


def test_none_joins_a_batch_once_another_way_of_asking_is_set(
    open_workbench: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.generation.queue_filler.PROMPTS_AT_ONCE", 2)
    workbench = open_workbench()
    write(workbench, 1)
    answers = workbench.answers
    missing = lambda: 9 - answers._count()  # noqa: E731
    turns = answers._answer_some(missing, missing)
    next(turns)
    begun = len(answers._being_answered)
    answers.sampling = replace(SHORT, temperature=1.3)
    list(turns)
    assert answers._count() == 1 + begun < 9


def test_what_is_half_written_waits_for_a_run_at_the_high_mark(
    open_workbench: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = open_workbench(depth=6, low_mark=2, high_mark=2).answers
    answers._wanted = True
    turns = answers._answer_some(lambda: 2, lambda: 2)
    next(turns)
    assert answers._priority() == Priority.WAITED_FOR
    monkeypatch.setattr(answers, "_count", lambda: 2)
    assert answers._priority() == Priority.IN_ADVANCE
    turns.close()


def test_a_run_goes_on_as_soon_as_the_high_mark_is_reached(
    open_workbench: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.generation.queue_filler.PROMPTS_AT_ONCE", 2)
    answers = open_workbench(depth=8, low_mark=2, high_mark=2).answers
    answers._wanted = True
    found = [(answers._count(), answers._priority()) for _ in answers._fill(lambda: 8 - answers._count())]
    assert min(ready for ready, priority in found if priority == Priority.IN_ADVANCE) == 2


@pytest.mark.parametrize(("run_waits", "at_once"), [(False, 4), (True, 6)])
def test_while_a_run_waits_as_many_pairs_grow_as_the_queue_is_deep(
    open_workbench: Open, run_waits: bool, at_once: int
) -> None:
    """Two of six are ready: four are missing, and six are written beside one another if that holds a run up."""
    workbench = open_workbench(depth=6, low_mark=3, high_mark=3)
    write(workbench, 2)
    answers = workbench.answers
    answers._wanted = True
    run = workbench.scheduler.submit("run", (None for _ in ()), lambda: Priority.ASLEEP) if run_waits else None
    assert answers._priority() == Priority.WAITED_FOR
    grow = []
    for _ in answers._answer_some(lambda: 6 - answers._count(), answers._room):
        grow.append(len(answers._being_answered) - (answers._count() - 2))
        if answers._priority() == Priority.IN_ADVANCE:
            break
    assert max(grow) == at_once
    if run is not None:
        workbench.scheduler.end(run)


def test_the_queue_is_filled_to_its_depth_and_again_after_verdicts(tmp_path: Path, model_folder: Path) -> None:
    workbench = Workbench(tmp_path / "space", ModelChoice(str(model_folder), dtype="float32"), seed=7)
    try:
        for name, text in (("high_mark", "3"), ("low_mark", "2"), ("depth", "3"), ("max_new_tokens", "8")):
            if name == "high_mark":
                workbench.change_setting("low_mark", "2")
            workbench.change_setting(name, text)
        workbench.start()
        wait_for(lambda: workbench.ready_count() == 3 and not workbench.answers.writing)
        comparison = workbench.next_comparison()
        assert comparison is not None
        workbench.labelling.judge(comparison.id, "a").result(timeout=60)
        wait_for(lambda: workbench.ready_count() == 3 and not workbench.answers.writing)
        assert workbench.counts().total == 1
        workbench.change_setting("depth", "5")
        wait_for(lambda: workbench.ready_count() == 5)
    finally:
        workbench.close()


def test_a_queue_that_is_judged_empty_is_filled_again_beside_a_run(open_workbench: Open) -> None:
    workbench = open_workbench(depth=4, low_mark=2, high_mark=3)
    workbench.answers.wake()
    wait_for(lambda: workbench.ready_count() == 4 and not workbench.answers.writing)
    over = threading.Event()

    def learn() -> Iterator[None]:
        while not over.is_set():
            time.sleep(0.001)
            yield

    run = workbench.scheduler.submit("run", learn(), lambda: Priority.RUN)
    try:
        while (pair := workbench.next_comparison()) is not None and workbench.counts().total < 4:
            workbench.labelling.judge(pair.id, "a").result(timeout=60)
            workbench.answers.wake()
        wait_for(lambda: workbench.ready_count() >= 3)
    finally:
        over.set()
        run.done.result(timeout=60)


def wait_for(predicate: Callable[[], bool], limit_s: float = 60.0) -> None:
    end = time.monotonic() + limit_s
    while not predicate():
        assert time.monotonic() < end, "what the test waits for did not come"
        time.sleep(0.01)


# -- choosing among what is ready ------------------------------------------------------------------------------


def test_the_pair_that_the_adapter_is_least_sure_of_is_asked_first(open_workbench: Open) -> None:
    workbench = open_workbench(order="margin", random_share=0.0)
    trained(workbench)
    write(workbench, 5)
    workbench.margins.wake()
    wait_for(lambda: not workbench.scheduler.busy_with("margins"))
    from db.margin_scores import open_margins

    assert workbench.margins.model is not None
    margins = open_margins(workbench.workspace.connection, workbench.margins.model)
    assert len(margins) == 5
    assert None not in margins.values()
    by_margin = sorted(margins, key=lambda each: abs(margins[each] or 0.0))
    for wanted in by_margin:
        comparison = workbench.next_comparison()
        assert comparison is not None
        assert comparison.id == wanted
        workbench.labelling.judge(comparison.id, "tie").result(timeout=60)


def test_the_pair_whose_answers_differ_most_is_asked_first(open_workbench: Open) -> None:
    from tui.text.similarity import likeness

    workbench = open_workbench(order="different")
    write(workbench, 5)
    shared = {each.id: likeness(each.a.text, each.b.text) for each in workbench.open_comparisons(5)}
    order = sorted(shared, key=lambda each: (shared[each], each))
    first = workbench.next_comparison()
    assert first is not None
    assert first.id == order[0]
    second = workbench.next_comparison(after=first.id)
    assert second is not None
    assert second.id == order[1]


def test_a_random_share_takes_any_of_them_and_stays_with_it(open_workbench: Open) -> None:
    workbench = open_workbench(order="margin", random_share=1.0)
    trained(workbench)
    write(workbench, 8)
    workbench.margins.wake()
    wait_for(lambda: not workbench.scheduler.busy_with("margins"))
    order = []
    for _ in range(8):
        comparison, same = workbench.next_comparison(), workbench.next_comparison()
        assert comparison is not None
        assert comparison == same
        order.append(comparison.id)
        workbench.labelling.judge(comparison.id, "tie").result(timeout=60)
    assert sorted(order) == list(range(min(order), min(order) + 8))
    assert order != sorted(order)


def test_a_pair_comes_again_with_its_sides_swapped(open_workbench: Open) -> None:
    workbench = open_workbench(ask_again=0.5)
    write(workbench, 12)
    for each in workbench.open_comparisons(12):
        workbench.labelling.judge(each.id, "a").result(timeout=60)
    again = workbench.next_comparison()
    assert again is not None
    assert again.repeats is not None
    assert again.flipped != workbench.comparison(again.repeats).flipped
    workbench.labelling.judge(again.id, "b").result(timeout=60)
    assert (workbench.agreement().pairs, workbench.agreement().same) == (1, 0)
    assert workbench.counts().decisive == 12
    assert workbench.previews.preview(QUICK).pairs == 12
