"""The processes that compute a run together. Most runs have one; `engine.distributed.ranks` has several."""

from collections.abc import Mapping, Sequence
from typing import Protocol, TypeVar

from engine.chat import EncodedPair
from engine.dpo import PairScore
from engine.schedule import passes_at_once
from engine.training.learner import Learner

T = TypeVar("T")


class Peers(Protocol):
    """The processes of a run. Each of them takes the same steps and calls every method in the same order.

    What one of them computes, all of them know afterwards, so that they hold the same weights and the same state.
    """

    @property
    def count(self) -> int:
        """How many processes there are."""
        ...

    @property
    def is_first(self) -> bool:
        """Whether this process writes the run's files."""
        ...

    def agree_on_scoring(self, learner: Learner) -> None:
        """Make sure that all score pairs by one method, before the first pair.

        Raises:
            RunInterrupted: they cannot.
        """
        ...

    def known(
        self, known: Mapping[str, tuple[float, float]], cache_keys: Mapping[str, str]
    ) -> dict[str, tuple[float, float]]:
        """Reference logps from earlier runs, by the keys of pairs. `cache_keys`: pair key → its key in `known`."""
        ...

    def score_references(self, learner: Learner, pairs: Sequence[EncodedPair]) -> None:
        """Compute and keep the reference logps of at most `count` pairs. See `Learner.score_reference` for errors."""
        ...

    def learn(
        self,
        learner: Learner,
        groups: Sequence[Sequence[EncodedPair]],
        batch: Sequence[EncodedPair],
        step: int,
    ) -> list[PairScore]:
        """Add the gradients of at most `count` groups, in their order. See `Learner.learn` for errors."""
        ...

    def evaluate(self, learner: Learner, pairs: Sequence[EncodedPair], batch: Sequence[EncodedPair]) -> list[PairScore]:
        """Score at most `count` evaluation pairs. See `Learner.evaluate` for errors."""
        ...

    def check_equal(self, learner: Learner) -> None:
        """Compare the weights of all processes.

        Raises:
            RunInterrupted: they differ.
        """
        ...


class Alone:
    """The one process of a run that has no others."""

    count = 1
    is_first = True

    def agree_on_scoring(self, learner: Learner) -> None:
        """See `Peers`."""

    def known(
        self, known: Mapping[str, tuple[float, float]], cache_keys: Mapping[str, str]
    ) -> dict[str, tuple[float, float]]:
        """See `Peers`."""
        return {key: known[cache_key] for key, cache_key in cache_keys.items() if cache_key in known}

    def score_references(self, learner: Learner, pairs: Sequence[EncodedPair]) -> None:
        """See `Peers`."""
        for pair in pairs:
            learner.score_reference(pair)

    def learn(
        self,
        learner: Learner,
        groups: Sequence[Sequence[EncodedPair]],
        batch: Sequence[EncodedPair],
        step: int,
    ) -> list[PairScore]:
        """See `Peers`."""
        scores: list[PairScore] = []
        for group in groups:  # a comprehension is a frame of its own, which an error's traceback would hold
            scores += learner.learn(group, batch, step)
        return scores

    def evaluate(self, learner: Learner, pairs: Sequence[EncodedPair], batch: Sequence[EncodedPair]) -> list[PairScore]:
        """See `Peers`."""
        return [learner.evaluate(pair, batch) for pair in pairs]

    def check_equal(self, learner: Learner) -> None:
        """See `Peers`."""


def rounds(parts: Sequence[T], count: int) -> list[Sequence[T]]:
    """The parts, `count` at a time: what the processes do at once."""
    return [parts[start : start + count] for start in range(0, len(parts), count)]


def sharing_words(groups: Sequence[int], count: int) -> str:
    """How well `count` processes share the groups of pairs of each step, as a sentence.

    >>> sharing_words([2, 2, 1], 2)
    '2 processes share the passes of each step: 1.7 passes at once.'
    >>> sharing_words([1, 1], 2)
    'Each step has one pass, so 1 of 2 processes waits. A larger batch (--batch-size) gives all of them work.'
    """
    at_once = passes_at_once(groups, count)
    if max(groups) == 1:
        waiting = f"{count - 1} of {count} processes {'waits' if count == 2 else 'wait'}"
        return f"Each step has one pass, so {waiting}. A larger batch (--batch-size) gives all of them work."
    more = "" if at_once > 0.8 * count else " A larger batch (--batch-size) gives them more to share."
    return f"{count} processes share the passes of each step: {at_once:.1f} passes at once.{more}"
