"""Which two of several answers to a prompt are asked: those that teach most, by the order of the queue."""

from __future__ import annotations

import logging
import math
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass

from db.prompt_rows import Messages
from engine.config import SamplingConfig, TrainConfig
from engine.errors import MemoryRanOut
from engine.preference import PreferencePair
from engine.thoughts import without_thoughts
from tui.compute.services import Services
from tui.text.similarity import likeness
from tui.workspace.settings import BY_MARGIN, QueueConfig

logger = logging.getLogger(__name__)

TwoPlaces = tuple[int, int]
"""Two answers of a prompt by their places."""


@dataclass(frozen=True)
class Candidate:
    """One answer; `cut` says that the token limit ended it."""

    text: str
    cut: bool


def candidates_of(queue: QueueConfig) -> int:
    """How many answers are written to each prompt: two where the order chooses none of them."""
    return queue.candidates if queue.order in (*BY_MARGIN, "different") else 2


def choose_pair(
    services: Services,
    order: str,
    messages: Messages,
    candidates: Sequence[Candidate],
    allowed: Sequence[TwoPlaces],
    sampling: SamplingConfig,
) -> Generator[TwoPlaces, None, None]:
    """Find the pair among `allowed` (not empty) that teaches most, and yield better and better ones.

    The last one yielded is the choice; if none is yielded, it is the first of `allowed`. The order "different" chooses
    the pair whose answers share the fewest words. "margin" chooses the pair whose rewards under the adapter in use are
    nearest to each other, "certain" the pair whose rewards are farthest apart; without an adapter in use these two
    yield none. The compute thread may turn to other jobs at every yield.
    """
    if len(allowed) > 1 and order == "different":
        texts = [without_thoughts(each.text) for each in candidates]
        yield min(allowed, key=lambda pair: (likeness(texts[pair[0]], texts[pair[1]]), pair))
    if len(allowed) < 2 or order not in BY_MARGIN:
        return
    rewards: dict[int, float] = {}
    for place, reward in _rewards(services, messages, candidates, sampling):
        rewards[place] = reward
        gaps = {(i, j): abs(rewards[i] - rewards[j]) for i, j in allowed if i in rewards and j in rewards}
        if gaps:
            yield (max if order == "certain" else min)(gaps, key=gaps.__getitem__)


def _rewards(
    services: Services, messages: Messages, candidates: Sequence[Candidate], sampling: SamplingConfig
) -> Iterator[tuple[int, float]]:
    """The reward of each answer under the adapter in use, less that of the first one; none without an adapter."""
    loaded = services.loaded_model
    if loaded.in_use is None or loaded.base is None:
        return
    from engine.training.margins import score_margins  # imports torch

    first = candidates[0]
    pairs = [
        PreferencePair(str(place), messages, each.text, first.text, each.cut, first.cut, sampling.thinking)
        for place, each in enumerate(candidates)
        if place and each.text != first.text
    ]
    for place, each in enumerate(candidates):
        if each.text == first.text:
            yield place, 0.0
    try:
        with loaded.using(loaded.in_use) as name:
            for event in score_margins(loaded.base, pairs, adapter=name, config=TrainConfig()):
                if math.isfinite(event.margin):
                    yield int(event.key), event.margin
    except MemoryRanOut as error:  # the choice is among those that were scored
        logger.info("No margins for answers: %s", error)
