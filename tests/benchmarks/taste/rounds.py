"""Verdicts in rounds: each round's answers come from the adapter of the rounds before, as in Palate's loop.

Of several answers to a question, two are asked: by chance, or by what the latest adapter or their words say.
"""

import random
from collections.abc import Callable, Sequence
from itertools import combinations, pairwise

from engine.config import TrainConfig
from engine.model import BaseModel
from engine.preference import Message, PreferencePair
from engine.training.margins import score_margins
from tests.benchmarks.taste.answers import Answer, Answered, Writer
from tests.benchmarks.taste.arms import Arm
from tests.benchmarks.taste.plan import Cell
from tui.text.similarity import likeness

Prompt = tuple[Message, ...]
Judge = Callable[[Answered, int], list[PreferencePair]]
"""Verdicts on pairs of answers; the number is the place of the first question among all."""
Train = Callable[[Sequence[PreferencePair]], str]
"""Trains an adapter on all verdicts so far, and gives its name."""


def judged_in_rounds(writer: Writer, cell: Cell, arm: Arm, judge: Judge, train: Train) -> list[PreferencePair]:
    """The verdicts of all rounds. The adapter of a round is unloaded once the next one's answers are written."""
    ends = [round(cell.verdicts * (place + 1) / arm.rounds) for place in range(arm.rounds)]
    pairs: list[PreferencePair] = []
    for start, end in pairwise([0, *ends]):
        adapter = train(pairs) if pairs else None
        answered = writer.part(cell.seed, start, end, arm.candidates, adapter)
        chosen = [
            asked(writer.base, arm.order, prompt, answers, adapter, f"{cell.seed} {start + place}")
            for place, (prompt, answers) in enumerate(zip(answered.prompts, answered.answers, strict=True))
        ]
        if adapter is not None:
            writer.base.unload_adapter(adapter)
        pairs += judge(Answered(answered.prompts, tuple(chosen)), start)
    return pairs


def asked(
    base: BaseModel, order: str, prompt: Prompt, answers: Sequence[Answer], adapter: str | None, chance: str
) -> tuple[Answer, Answer]:
    """The two answers that are asked. Equal ones never are, where there are others; without an adapter, and with the
    order "random", chance decides."""
    every = list(combinations(range(len(answers)), 2))
    allowed = [(i, j) for i, j in every if answers[i].text != answers[j].text] or every
    i, j = random.Random(chance).choice(allowed)
    if order == "different":
        i, j = min(allowed, key=lambda pair: likeness(answers[pair[0]].text, answers[pair[1]].text))
    elif order in ("certain", "margin") and adapter is not None:
        rewards = rewards_of(base, prompt, answers, adapter)
        gaps = {pair: abs(rewards[pair[0]] - rewards[pair[1]]) for pair in allowed if set(pair) <= rewards.keys()}
        if gaps:
            i, j = (max if order == "certain" else min)(gaps, key=gaps.__getitem__)
    return answers[i], answers[j]


def rewards_of(base: BaseModel, prompt: Prompt, answers: Sequence[Answer], adapter: str) -> dict[int, float]:
    """The reward of each answer, less that of the first one; without those that a run would leave out."""
    first = answers[0]
    pairs = [
        PreferencePair(str(place), prompt, each.text, first.text, each.cut, first.cut)
        for place, each in enumerate(answers)
        if each.text != first.text
    ]
    found = {place: 0.0 for place, each in enumerate(answers) if each.text == first.text}
    for event in score_margins(base, pairs, adapter=adapter, config=TrainConfig()):
        found[int(event.key)] = event.margin
    return found
