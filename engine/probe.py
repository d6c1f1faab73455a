"""How far an adapter in memory moves the log-probability of each token of a text: a server's figures must match."""

from collections.abc import Sequence

import torch

from engine.chat import LeftOut, encode_pair
from engine.chat_servers.scores import PolicyScores
from engine.config import TrainConfig
from engine.model import BaseModel
from engine.preference import PreferencePair


def pair_ids(base: BaseModel, pair: PreferencePair) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]] | None:
    """The tokens of prompt, chosen and rejected answer as a run scores them; None for a pair that a run leaves out."""
    encoded = encode_pair(base.tokenizer, pair, TrainConfig())
    if isinstance(encoded, LeftOut):
        return None
    return tuple(encoded.prompt_ids), tuple(encoded.chosen_ids), tuple(encoded.rejected_ids)


def score_here(base: BaseModel, ids: Sequence[int], start: int, adapter: str) -> PolicyScores:
    """The log-probabilities of `ids[start:]` under the base and under a loaded adapter."""
    return PolicyScores(_token_logps(base, ids, start, None), _token_logps(base, ids, start, adapter))


def _token_logps(base: BaseModel, ids: Sequence[int], start: int, adapter: str | None) -> tuple[float, ...]:
    row = torch.tensor([list(ids)], device=base.device)  # (1, T)
    with base.policy(adapter) as model, torch.no_grad():
        logits = model(input_ids=row, use_cache=False).logits[0, start - 1 : -1]  # (n, V)
        values = logits.float().log_softmax(-1).gather(-1, row[0, start:, None])[:, 0]
    return tuple(float(each) for each in values)
