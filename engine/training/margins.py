"""Margins of pairs that nobody has judged yet: how much an adapter prefers one of two answers."""

from collections.abc import Iterator, Sequence

import torch

from engine.chat import EncodedPair, LeftOut, encode_pair
from engine.config import TrainConfig
from engine.events import MarginScored
from engine.logps import score_pair
from engine.model import BaseModel
from engine.out_of_memory import NO_ROOM_FOR_A_PAIR, memory_in_words
from engine.preference import PreferencePair


def score_margins(
    base: BaseModel, pairs: Sequence[PreferencePair], *, adapter: str, config: TrainConfig
) -> Iterator[MarginScored]:
    """Score pairs under a loaded adapter, one in each turn; the reference is the base alone.

    Yields:
        `MarginScored` with β·((policy − reference logps of chosen) − (policy − reference logps of rejected)), which is
        `rewards/margins` of a run with this `config`. A pair that a run would leave out, such as for its length, gets
        none.

    Raises:
        MemoryRanOut: there is no memory for a pair.
    """
    for pair in pairs:
        encoded = encode_pair(base.tokenizer, pair, config)
        if isinstance(encoded, LeftOut):
            continue
        chosen, rejected = _log_ratios(base, encoded, adapter)
        yield MarginScored(pair.key, config.beta * (chosen - rejected))


def _log_ratios(base: BaseModel, pair: EncodedPair, adapter: str) -> tuple[float, float]:
    """Policy minus reference logps of both answers, in nats."""
    logps = []
    for policy in (adapter, None):
        with memory_in_words(NO_ROOM_FOR_A_PAIR), base.policy(policy), torch.no_grad():
            logps.append(score_pair(base.model, pair, base.device).logps)
    chosen, rejected = (logps[0] - logps[1]).tolist()
    return chosen, rejected
