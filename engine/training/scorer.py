"""Which way pairs are scored: the fast one where it knows the model and agrees with the plain one."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from engine.chat import EncodedPair
from engine.llama.kernels import Kernels
from engine.llama.scoring import FastModel
from engine.llama.support import _odd_adapter, why_not_fast
from engine.logps import CompletionScores, score_pair
from engine.packing import groups
from engine.schedule import TOKENS_TOGETHER

if TYPE_CHECKING:
    from engine.model import BaseModel


# The most that the two ways may differ per token, in nats. Two bfloat16 paths were seen 0.004 apart; a wrong mask
# gives more than 0.1.
_AGREES = {"float32": 1e-3}
_AGREES_HALF = 0.05
_WORTH_COMPILING = 200  # passes of a pair; compiling takes some 15 s and saves some 0.15 s a pass
_WORTH_COMPILING_PARAMETERS = 30_000_000


@dataclass
class Scorer:
    """Scores pairs under any loaded adapter, all by one and the same way.

    Attributes:
        way: "fast compiled", "fast eager" or "plain"; figures of one way are not to be mixed with another's.
        why: the reason, in words.
        checkpointing: layers are computed again in the backward pass; the figures are the same to the last bit.
    """

    base: "BaseModel"
    kernels: Kernels | None
    why: str
    checkpointing: bool = False

    def __post_init__(self) -> None:
        self._models: dict[str | None, FastModel] = {}

    @property
    def way(self) -> str:
        return "plain" if self.kernels is None else f"fast {self.kernels.name}"

    def groups(self, pairs: Sequence[EncodedPair]) -> list[list[EncodedPair]]:
        """The pairs in the groups that one pass takes; the plain way takes one pair at a time."""
        return [[pair] for pair in pairs] if self.kernels is None else groups(pairs, TOKENS_TOGETHER)

    def score(self, policy: str | None, pair: EncodedPair) -> CompletionScores:
        """Score a pair inside `base.policy(policy)`. It scores the same, to the last bit, alone or in a group."""
        return self.score_group(policy, [pair])[0]

    def score_group(
        self, policy: str | None, pairs: Sequence[EncodedPair], *, dropout: bool = False
    ) -> list[CompletionScores]:
        """Score a group inside `base.policy(policy)`; `dropout` turns LoRA's on (in the plain way: its modules')."""
        if self.kernels is None:
            again = self.checkpointing
            return [score_pair(self.base.model, pair, self.base.device, checkpointing=again) for pair in pairs]
        if policy not in self._models:
            self._models[policy] = FastModel(self.base.hf_model, policy, self.kernels)
        model = self._models[policy]
        return model.score(pairs, self.base.device, dropout=dropout, checkpointing=self.checkpointing)


def choose_scorer(base: "BaseModel", adapters: list[str], probe: EncodedPair, passes: int, asked: str) -> Scorer:
    """The fastest scorer that is right for this model and these adapters.

    Args:
        adapters: every adapter that will be scored under.
        probe: a pair on which both ways are compared.
        passes: how many pairs will be scored in all; few are not worth compiling for.
        asked: "auto", "eager", "compiled" or "plain".
    """
    if asked == "plain":
        return Scorer(base, None, "The plain way of scoring was asked for.")
    reason = why_not_fast(base.hf_model) or _odd_adapter(base, adapters)
    if reason is not None:
        return Scorer(base, None, f"The plain, slower way of scoring is used: {reason}.")
    scorer = _fast(base, passes, asked)
    apart = _nats_apart(base, scorer, probe)
    allowed = _AGREES.get(base.dtype, _AGREES_HALF)
    if not apart <= allowed:
        why = f"the fast one is {apart:.2g} nats per token away from it on this model, more than {allowed:g}"
        return Scorer(base, None, f"The plain, slower way of scoring is used: {why}.")
    return scorer


def _fast(base: "BaseModel", passes: int, asked: str) -> Scorer:
    compiler = shutil.which("g++") or shutil.which("clang++") or shutil.which("c++")
    if asked == "eager":
        return Scorer(base, Kernels(compiled=False), "The fast way, not compiled, was asked for.")
    if base.device == "cpu" and compiler is None:
        return Scorer(base, Kernels(compiled=False), "Nothing is compiled: there is no C++ compiler on this machine.")
    worth = passes >= _WORTH_COMPILING and base.parameters >= _WORTH_COMPILING_PARAMETERS
    if asked == "auto" and (base.device != "cpu" or not worth):
        return Scorer(base, Kernels(compiled=False), "Nothing is compiled: this run is too short to gain by it.")
    return Scorer(base, Kernels(compiled=True), "The element-wise work is compiled; the first pairs take longer.")


def _nats_apart(base: "BaseModel", scorer: Scorer, probe: EncodedPair) -> float:
    """The largest difference between the two ways for the base model, in nats per completion token."""
    with torch.no_grad(), base.policy(None):
        plain = score_pair(base.model, probe, base.device)
        fast = scorer.score(None, probe)
    tokens = torch.tensor(plain.tokens, device=plain.logps.device)
    return float(((plain.logps - fast.logps).abs() / tokens).max())
