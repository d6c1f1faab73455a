"""Prompts that are answered together, with the answers that are there so far."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from itertools import combinations

from db.prompt_rows import AskedOf, PromptRow
from tui.generation.answer_sources import AnswerSources
from tui.generation.candidates import TwoPlaces
from tui.generation.completion_writer import Completed


@dataclass
class PairBatch:
    """Prompts that are answered together, by `candidates` answers each, of which the order `order` chooses two.

    `streams`: what is written so far is published. `joining`: prompts that the caller adds at a `Boundary`, as many as
    its `room`. `again`: how many pairs the prompt has already; such a batch holds one prompt, for which a person asked,
    and its pair goes to the front of the queue.
    """

    sources: AnswerSources
    asked_of: AskedOf
    prompts: list[PromptRow]
    nearly_equal: float
    streams: bool
    again: int = 0
    candidates: int = 2
    order: str = "in-order"
    random_share: float = 0.0
    joining: deque[PromptRow] = field(default_factory=deque)
    side_seeds: dict[int, int] = field(default_factory=dict)
    completed: dict[tuple[int, int], Completed] = field(default_factory=dict)
    """(prompt, number of its answer) → answer. The first source writes the even numbers, the second the odd ones."""
    stored: set[int] = field(default_factory=set)

    @property
    def without_pair(self) -> list[PromptRow]:
        """The prompts that have no pair yet."""
        return [each for each in self.prompts if each.id not in self.stored]

    def answers(self, prompt: int) -> list[Completed] | None:
        """All answers to a prompt, when they are there."""
        found = [self.completed.get((prompt, index)) for index in range(self.candidates)]
        whole = [each for each in found if each is not None]
        return whole if len(whole) == self.candidates else None

    @property
    def places(self) -> list[TwoPlaces]:
        """The pairs of answers that may be asked: any two if both sources are alike, else one of each source."""
        every = combinations(range(self.candidates), 2)
        return [(i, j) for i, j in every if self.sources.alike or (i + j) % 2] if self.candidates > 2 else [(0, 1)]
