"""Several processes compute one run: each takes every n-th group of pairs, and has the model, or a share of its layers.

The groups are those that one process forms. A group's gradient goes to all processes, and each adds the gradients in
the order of the groups, as one process does. So any number of processes takes the same steps, and a run may change
their number whenever it is resumed. On processors in float32, with the same number of threads, all bits are the same.
"""

import hashlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import torch
import torch.distributed as dist

from engine.chat import EncodedPair
from engine.dpo import PairScore
from engine.dropout import DropoutRule
from engine.errors import CheckpointMisfit, MemoryRanOut, PeerLost, RunInterrupted
from engine.out_of_memory import free_after, is_out_of_memory
from engine.training.learner import Learner

Known = Mapping[str, tuple[float, float]]
_SCORE_WIDTH = 11
_NO_ROOM_FOR_A_SHARE = (
    "The memory of one of the devices that share the model ran out. Resume with --gradient-checkpointing on, or "
    "shorten the longest pairs (--max-length)."
)
_STATUS_FINE, _STATUS_NO_MEMORY = 0.0, 1.0


class Ranks:
    """The processes of a run that `torch.distributed` connects; see `engine.training.peers.Peers`.

    Attributes:
        rank: the number of this process, from 0; count: how many there are.
        look_up: how the first process finds reference logps from earlier runs, by their keys.
    """

    def __init__(self, rank: int, count: int, look_up: Callable[[Sequence[str]], Known]) -> None:
        self.rank, self.count = rank, count
        self._look_up = look_up

    @property
    def is_first(self) -> bool:
        """Whether this process writes the run's files."""
        return self.rank == 0

    def agree(self, wanted: bool) -> bool:
        """What the first process wants; all call this at the same point of the run."""
        answer = torch.tensor([int(wanted)])
        self._broadcast(answer, 0)
        return bool(answer.item())

    # -- before the first pair -----------------------------------------------------------------------------------

    def agree_on_scoring(self, learner: Learner) -> None:
        """Make sure that all score pairs by one method; if one has little memory, all compute layers twice.

        Raises:
            CheckpointMisfit: the run began with a dropout that depends on the order of its pairs.
            RunInterrupted: the processes differ in how they score.
        """
        scorer = learner.scorer
        if learner.dropout_rule is DropoutRule.IN_SEQUENCE:
            raise CheckpointMisfit(
                "This run began with an earlier version of Palate, which draws its dropout in the order of the pairs. "
                "Resume it on one device, without --devices."
            )
        scorer.checkpointing = any(self._gathered(int(scorer.checkpointing)))
        facts = f"{scorer.method} {scorer.attention_kernel} {scorer.tokens_together} {learner.base.fingerprint}"
        if len(set(self._gathered(_number_of(facts)))) > 1:
            raise RunInterrupted(
                "The devices of this run do not score pairs in the same way, so their gradients cannot be added. "
                "Choose devices of one type, or one device."
            )
        self.check_equal(learner)

    def known(self, known: Known, cache_keys: Mapping[str, str]) -> dict[str, tuple[float, float]]:
        """What the first process finds; see `Peers`. `known` is empty here: the owner, another process, is asked."""
        del known
        keys = list(cache_keys)
        found = torch.full((len(keys), 2), float("nan"), dtype=torch.float64)
        if self.is_first and keys:
            held = self._look_up(list(cache_keys.values()))
            for row, key in enumerate(keys):
                if cache_keys[key] in held:
                    found[row] = torch.tensor(held[cache_keys[key]], dtype=torch.float64)
        self._broadcast(found, 0)
        rows = found.tolist()
        return {key: (chosen, rejected) for key, (chosen, rejected) in zip(keys, rows, strict=True) if chosen == chosen}

    def score_references(self, learner: Learner, pairs: Sequence[EncodedPair]) -> None:
        """See `Peers`."""
        with _measured(learner):
            scored = self._exchanged(
                [[pair] for pair in pairs],
                2,
                lambda part: [learner.reference_logps(part[0])],
                in_step=learner.base.shards > 1,
            )
        for pair, (chosen, rejected) in zip(pairs, scored, strict=True):
            learner.keep_reference(pair, chosen, rejected)

    # -- steps ---------------------------------------------------------------------------------------------------

    def learn(
        self,
        learner: Learner,
        groups: Sequence[Sequence[EncodedPair]],
        batch: Sequence[EncodedPair],
        step: int,
    ) -> list[PairScore]:
        """See `Peers`. Where memory runs out on one device, all raise an error for it."""

        def learned(group: Sequence[EncodedPair]) -> list[tuple[float, ...]]:
            return [_row_of(score) for score in learner.add_gradient(group, batch, step)]

        with _measured(learner):
            before = _take_gradients(learner)
            rows = self._exchanged(groups, _SCORE_WIDTH, learned, in_step=learner.base.shards > 1)
            own = _take_gradients(learner)
            _put_gradients(learner, before)
            for source in range(len(groups)):
                self._add_from(learner, own, source)
        pairs = [pair for group in groups for pair in group]
        scores = [_score_of(pair, row, learner) for pair, row in zip(pairs, rows, strict=True)]
        learner.check_finite(scores)
        return scores

    def evaluate(self, learner: Learner, pairs: Sequence[EncodedPair], batch: Sequence[EncodedPair]) -> list[PairScore]:
        """See `Peers`."""

        def evaluated(part: Sequence[EncodedPair]) -> list[tuple[float, ...]]:
            return [_row_of(learner.score_evaluation(part[0], batch))]

        with _measured(learner):
            parts = [[pair] for pair in pairs]
            rows = self._exchanged(parts, _SCORE_WIDTH, evaluated, in_step=learner.base.shards > 1)
        scores = [_score_of(pair, row, learner) for pair, row in zip(pairs, rows, strict=True)]
        learner.check_finite(scores)
        return scores

    def check_equal(self, learner: Learner) -> None:
        """Compare the weights of all processes, by the sum of their bits.

        Raises:
            RunInterrupted: they differ, so that at least one device computes wrongly.
        """
        sums = [value.detach().view(torch.int32).sum(dtype=torch.int64) for value in learner.parameters.values()]
        if len(set(self._gathered(int(torch.stack(sums).sum().item())))) > 1:
            raise RunInterrupted(
                "The devices of this run came to different weights, though they added the same gradients. "
                "Choose devices of one type, or one device (--devices)."
            )

    # -- between processes ---------------------------------------------------------------------------------------

    def _exchanged(
        self,
        parts: Sequence[Sequence[EncodedPair]],
        width: int,
        compute: Callable[[Sequence[EncodedPair]], Sequence[Sequence[float]]],
        *,
        in_step: bool,
    ) -> list[list[float]]:
        """The rows of all parts, one row of `width` numbers a pair. Each process computes the part of its rank.

        With `in_step` a process without a part computes the first one again, so that all make the same passes.

        Raises:
            MemoryError: the memory of a process ran out; all raise it.
            MemoryRanOut: the same with `in_step`, in that process alone.
        """
        own: list[float] = []
        failed: BaseException | None = None
        spare = in_step and self.rank >= len(parts)  # its figures and gradients are dropped
        if self.rank < len(parts) or spare:
            try:
                rows = compute(parts[0 if spare else self.rank])
                own = [number for row in rows for number in row]
            except (RuntimeError, MemoryError) as error:
                if not is_out_of_memory(error):
                    raise
                if in_step:  # the others wait for this one in the midst of a pass
                    raise MemoryRanOut(_NO_ROOM_FOR_A_SHARE) from error
                free_after(error)
                failed = error
        tables = [self._table_from(source, len(part) * width, own, failed) for source, part in enumerate(parts)]
        if any(table[0].item() != _STATUS_FINE for table in tables):
            raise MemoryError("The memory of one of the run's devices ran out.") from failed
        return [row for table in tables for row in table[1:].view(-1, width).tolist()]

    def _table_from(self, source: int, size: int, own: list[float], failed: BaseException | None) -> torch.Tensor:
        table = torch.zeros(1 + size, dtype=torch.float64)
        if source == self.rank:
            if failed is None:
                table[1:] = torch.tensor(own, dtype=torch.float64)
            table[0] = _STATUS_FINE if failed is None else _STATUS_NO_MEMORY
        self._broadcast(table, source)
        return table

    def _add_from(self, learner: Learner, own: Sequence[torch.Tensor | None], source: int) -> None:
        """Add the gradients of process `source` to the step's, as autograd adds a further group's."""
        parameters = list(learner.parameters.values())
        there = torch.tensor([each is not None for each in own], dtype=torch.uint8)
        self._broadcast(there, source)
        meant = [parameter for parameter, is_there in zip(parameters, there.tolist(), strict=True) if is_there]
        if source == self.rank:
            flat = torch.cat([each.flatten() for each in own if each is not None])
        else:
            flat = torch.empty(sum(each.numel() for each in meant), device=parameters[0].device)
        self._broadcast(flat, source)
        parts = torch.split(flat, [each.numel() for each in meant])
        for parameter, part in zip(meant, parts, strict=True):
            gradient = part.view_as(parameter)
            if parameter.grad is None:
                parameter.grad = gradient.clone()
            else:
                parameter.grad += gradient

    def _gathered(self, number: int) -> list[int]:
        """The number of each process, within 64 bits."""
        if self.count == 1:
            return [number]
        found = [torch.zeros(1, dtype=torch.int64) for _ in range(self.count)]
        with _connected():
            dist.all_gather(found, torch.tensor([number], dtype=torch.int64))
        return [int(each.item()) for each in found]

    def _broadcast(self, values: torch.Tensor, source: int) -> None:
        if self.count > 1 and values.numel():
            with _connected():
                dist.broadcast(values, source)


@contextmanager
def _connected() -> Iterator[None]:
    """Inside, a connection that breaks raises `PeerLost`."""
    try:
        yield
    except RuntimeError as error:
        if is_out_of_memory(error):
            raise
        raise PeerLost(f"Another process of the run does not answer: {str(error).splitlines()[0]}") from error


@contextmanager
def _measured(learner: Learner) -> Iterator[None]:
    """Count the time inside as the run's computing time, waits for other processes included."""
    busy, started = learner.busy_s, time.perf_counter()
    yield
    learner.busy_s = busy + time.perf_counter() - started


def _take_gradients(learner: Learner) -> list[torch.Tensor | None]:
    """Remove the gradients from the adapter and return them."""
    found = [parameter.grad for parameter in learner.parameters.values()]
    _put_gradients(learner, [None] * len(found))
    return found


def _put_gradients(learner: Learner, gradients: Sequence[torch.Tensor | None]) -> None:
    for parameter, gradient in zip(learner.parameters.values(), gradients, strict=True):
        parameter.grad = gradient


def _row_of(score: PairScore) -> tuple[float, ...]:
    """The figures of a score that other processes do not know, in a fixed order."""
    return (score.loss, *score.logps, *score.tokens, *score.entropy, *score.mean_logits, *score.top1)


def _score_of(pair: EncodedPair, row: Sequence[float], learner: Learner) -> PairScore:
    loss, *others = row
    logps, tokens, entropy, mean_logits, top1 = zip(others[::2], others[1::2], strict=True)
    return PairScore(
        pair.key,
        loss,
        logps,
        learner.reference[pair.key],
        (int(tokens[0]), int(tokens[1])),
        entropy,
        mean_logits,
        (int(top1[0]), int(top1[1])),
        outcome=pair.outcome,
        question=pair.question,
    )


def _number_of(text: str) -> int:
    """A hash of a text, 63 bits."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1
