"""Several answers to a prompt, of which two are asked: by the order of the queue, on a tiny model."""

from collections.abc import Callable
from dataclasses import replace
from itertools import combinations

import pytest

from engine.config import TrainConfig
from engine.preference import Message, PreferencePair
from engine.training.margins import score_margins
from tests.tui.generation.test_queue_filler import SHORT, model_folder, open_workbench, trained, write
from tui.compute.seeds import seed_from
from tui.generation.candidates import Candidate, TwoPlaces, candidates_of, choose_pair
from tui.text.similarity import likeness
from tui.workbench import Workbench
from tui.workspace.settings import QueueConfig, SourceConfig

__all__ = ["model_folder", "open_workbench"]

Open = Callable[..., Workbench]
MESSAGES = (Message(role="user", content="Why is the sky blue?"),)
TEXTS = ("Blue light scatters.", "Because the air scatters blue light most.", "Blue light scatters most.", "No idea.")
EVERY = list(combinations(range(4), 2))


def chosen(workbench: Workbench, order: str, allowed: list[TwoPlaces], texts: tuple[str, ...] = TEXTS) -> TwoPlaces:
    candidates = [Candidate(text, False) for text in texts]
    found = list(choose_pair(workbench.services, order, MESSAGES, candidates, allowed, SHORT))
    return found[-1] if found else allowed[0]


def test_the_adapter_in_use_chooses_by_its_rewards(open_workbench: Open) -> None:
    workbench = open_workbench()
    assert chosen(workbench, "certain", EVERY) == (0, 1), "without an adapter in use there is nothing to choose by"
    trained(workbench)
    base, adapter = workbench.loaded_model.required(), workbench.loaded_model.in_use
    assert adapter is not None
    pairs = [PreferencePair(f"{i} {j}", MESSAGES, TEXTS[i], TEXTS[j]) for i, j in EVERY]
    with workbench.loaded_model.using(adapter) as name:
        scored = score_margins(base, pairs, adapter=name, config=TrainConfig())
        gaps = {pair: abs(event.margin) for pair, event in zip(EVERY, scored, strict=True)}
    assert len(set(gaps.values())) == 6
    assert chosen(workbench, "certain", EVERY) == max(gaps, key=gaps.__getitem__)
    assert chosen(workbench, "margin", EVERY) == min(gaps, key=gaps.__getitem__)
    some = sorted(gaps, key=gaps.__getitem__)[1:4]
    assert chosen(workbench, "certain", some) == some[-1]
    assert chosen(workbench, "margin", some) == some[0]
    assert chosen(workbench, "shuffled", EVERY) == (0, 1)
    like = {(i, j): likeness(TEXTS[i], TEXTS[j]) for i, j in EVERY}
    assert chosen(workbench, "different", EVERY) == min(EVERY, key=lambda pair: (like[pair], pair))
    assert chosen(workbench, "certain", EVERY, ("one", "one", "one", "one")) in EVERY


def test_only_the_two_that_are_asked_are_stored(open_workbench: Open) -> None:
    workbench = open_workbench(source=SourceConfig(policy="base"))
    trained(workbench)
    kept = workbench.answers.settings
    chosen = replace(kept.queue, order="certain", candidates=4, random_share=0.0)
    workbench.answers.settings = replace(kept, queue=chosen)
    count = "SELECT count(*) FROM completions WHERE source = 'model'"
    before = workbench.workspace.connection.execute(count).fetchone()[0]
    write(workbench, 4)
    pairs = workbench.open_comparisons(10)
    assert len(pairs) == 4
    assert workbench.workspace.connection.execute(count).fetchone()[0] == before + 8
    places = []
    for each in pairs:
        seeds = [seed_from(7, each.prompt.id, index, 0, None) for index in range(4)]
        places.append((seeds.index(each.a.seed), seeds.index(each.b.seed)))
    assert any(place != (0, 1) for place in places)


def test_of_two_policies_one_answer_of_each_is_asked(open_workbench: Open) -> None:
    source = SourceConfig(policy="base", against_sampling="temperature=1.5 top_k=0")
    workbench = open_workbench(source=source, order="different", candidates=5)
    write(workbench, 3)
    for each in workbench.open_comparisons(10):
        assert {(one.sampling or {})["temperature"] for one in (each.a, each.b)} == {SHORT.temperature, 1.5}


@pytest.mark.parametrize(("order", "number"), [("in-order", 2), ("judge", 2), ("margin", 4), ("different", 4)])
def test_two_answers_are_written_where_the_order_chooses_none(order: str, number: int) -> None:
    assert candidates_of(replace(QueueConfig(), order=order, candidates=4)) == number
