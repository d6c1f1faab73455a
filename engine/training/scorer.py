"""By which method pairs are scored: the fast one where it takes the model and agrees with the plain one."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

import torch

from engine.chat import EncodedPair
from engine.compat.transformers_private import attention_of
from engine.dropout import Dropout, PairDropout
from engine.errors import TrainingError
from engine.estimates.checkpointing import known_shape, tokens_on_cuda
from engine.llama.attention import attention_kernel
from engine.llama.kernels import Kernels
from engine.llama.scoring import LlamaScorer
from engine.llama.support import support_of
from engine.logps import CompletionScores, score_pair
from engine.model import BaseModel
from engine.out_of_memory import is_out_of_memory
from engine.packing import groups
from engine.schedule import TOKENS_TOGETHER

# The most that the two methods may differ per token, in nats. Two bfloat16 paths were seen 0.004 apart; a wrong mask
# gives more than 0.1.
_AGREES = {"float32": 1e-3}
_AGREES_HALF = 0.05
_SHORT = 32  # tokens of each part of the pair that a device is tried on
_WORTH_COMPILING = 200  # passes of a pair; compiling takes some 15 s and saves some 0.15 s a pass
_WORTH_COMPILING_PARAMETERS = 30_000_000


class ScoringMethod(StrEnum):
    """How pairs go through the model. The figures of one method must not be mixed with those of another.

    Checkpoints and the keys of kept log-probabilities hold these texts.
    """

    FAST_COMPILED = "fast compiled"
    FAST_EAGER = "fast eager"
    PLAIN = "plain"


@dataclass
class Scorer:
    """Scores pairs under any loaded adapter, all by the same method.

    Attributes:
        kernels: the element-wise functions of the fast method; None scores by the plain method.
        why: the reason for the method, in words.
        checkpointing: layers are computed again in the backward pass; the figures are the same to the last bit.
        ld_alpha: weight of the tokens by which a completion is longer than the other one.
    """

    base: BaseModel
    kernels: Kernels | None
    why: str
    checkpointing: bool = False
    ld_alpha: float = 1.0

    def __post_init__(self) -> None:
        self._models: dict[str | None, LlamaScorer] = {}

    @property
    def method(self) -> ScoringMethod:
        """The method by which all pairs are scored."""
        if self.kernels is None:
            return ScoringMethod.PLAIN
        return ScoringMethod.FAST_COMPILED if self.kernels.compiled else ScoringMethod.FAST_EAGER

    @property
    def attention_kernel(self) -> str:
        """The name of what computes attention; the last bits depend on it."""
        if self.kernels is None:
            return attention_of(self.base.hf_model)
        shape = known_shape(self.base.hf_model.config)
        width = 128 if shape is None else shape.attention // shape.heads
        return str(attention_kernel(self.base.device, self.base.hf_model.dtype, width=width))

    @property
    def tokens_together(self) -> int | None:
        """How many tokens of short pairs share a pass: a gradient's sum, and so its last bits, depend on it.

        None where each pair has a pass of its own.
        """
        if self.kernels is None:
            return None
        return self._tokens_on_cuda if self.base.device.startswith("cuda") else TOKENS_TOGETHER

    @cached_property
    def _tokens_on_cuda(self) -> int:
        return tokens_on_cuda(known_shape(self.base.hf_model.config), dtype=self.base.dtype, device=self.base.device)

    def groups(self, pairs: Sequence[EncodedPair]) -> list[list[EncodedPair]]:
        """The pairs in the groups that one pass takes; the plain method takes one pair at a time."""
        together = self.tokens_together
        return [[pair] for pair in pairs] if together is None else groups(pairs, together)

    def score(self, policy: str | None, pair: EncodedPair) -> CompletionScores:
        """Score a pair inside `base.policy(policy)`. It scores the same, to the last bit, alone or in a group."""
        return self.score_group(policy, [pair])[0]

    def score_group(
        self,
        policy: str | None,
        pairs: Sequence[EncodedPair],
        *,
        dropout: Dropout | None = None,
        squares: bool = False,
    ) -> list[CompletionScores]:
        """Score a group inside `base.policy(policy)`.

        Args:
            dropout: what LoRA drops in the fast method, nothing without it. In the plain method the mode of PEFT's
                modules turns it on, and they draw from the global generator, which a `PairDropout` seeds.
            squares: whether `CompletionScores.squares` is computed; no other figure depends on it.
        """
        if self.kernels is None:
            seeds = dropout.seeds if isinstance(dropout, PairDropout) else [None] * len(pairs)
            return [self._score_plain(pair, seed, squares) for pair, seed in zip(pairs, seeds, strict=True)]
        if policy not in self._models:
            self._models[policy] = LlamaScorer(self.base.hf_model, policy, self.kernels)
        model = self._models[policy]
        again, weight = self.checkpointing, self.ld_alpha
        return model.score(
            pairs, self.base.device, dropout=dropout, checkpointing=again, ld_alpha=weight, squares=squares
        )

    def _score_plain(self, pair: EncodedPair, seed: int | None, squares: bool) -> CompletionScores:
        if seed is not None:
            torch.manual_seed(seed)
        again, weight = self.checkpointing, self.ld_alpha
        return score_pair(
            self.base.model, pair, self.base.device, checkpointing=again, ld_alpha=weight, squares=squares
        )


def choose_scorer(base: BaseModel, adapters: list[str], probe: EncodedPair, passes: int, asked: str) -> Scorer:
    """The fastest scorer that is right for this model and these adapters.

    Args:
        adapters: every adapter under which pairs will be scored.
        probe: a pair on which both methods are compared.
        passes: how many pairs will be scored in all; a short run does not gain by compiling.
        asked: "auto", "eager", "compiled" or "plain".

    Raises:
        TrainingError: compiled functions are asked for, and the C++ compiler of a CPU's machine fails.
    """
    if base.shards > 1:
        why = "each device holds a share of the base's layers, and the fast one reads whole weights"
        return Scorer(base, None, f"Pairs are scored by the plain, slower method: {why}.")
    if asked == "plain":
        return Scorer(base, None, "Pairs are scored by the plain method, as asked for.")
    if reason := _unsupported(base, adapters):
        return Scorer(base, None, f"Pairs are scored by the plain, slower method: {reason}.")
    scorer = _fast(base, passes, asked)
    try:
        apart = _nats_apart(base, scorer, probe)
        _try_gradient(base, scorer, adapters, probe)
    except (NotImplementedError, RuntimeError, TypeError, ValueError) as error:
        if is_out_of_memory(error):
            raise
        if base.device == "cpu" and scorer.method is ScoringMethod.FAST_COMPILED:
            return _not_compiled(base, adapters, probe, asked, error)
        if base.device == "cpu":
            raise
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        return Scorer(base, None, f"Pairs are scored by the plain, slower method: the fast one fails here: {reason}")
    allowed = _AGREES.get(base.dtype, _AGREES_HALF)
    if not apart <= allowed:
        reason = f"the fast one differs from it by {apart:.2g} nats per token on this model, more than {allowed:g}"
        return Scorer(base, None, f"Pairs are scored by the plain, slower method: {reason}.")
    return scorer


def _unsupported(base: BaseModel, adapters: list[str]) -> str | None:
    """Why the fast method does not support the model or an adapter; None where it supports all of them."""
    found = (support_of(base.hf_model, adapter).scoring for adapter in (None, *adapters))
    return next((reason for reason in found if reason is not None), None)


def _fast(base: BaseModel, passes: int, asked: str) -> Scorer:
    compiler = shutil.which("g++") or shutil.which("clang++") or shutil.which("c++")
    if asked == "eager":
        return Scorer(base, Kernels(compiled=False), "Pairs are scored by the fast method, not compiled, as asked for.")
    if base.device == "cpu" and compiler is None:
        return Scorer(base, Kernels(compiled=False), "Nothing is compiled: there is no C++ compiler on this machine.")
    worth = passes >= _WORTH_COMPILING and base.parameters >= _WORTH_COMPILING_PARAMETERS
    if asked == "auto" and base.device != "cpu":
        return Scorer(base, Kernels(compiled=False), "Nothing is compiled: the kernels that torch has here are taken.")
    if asked == "auto" and not worth:
        return Scorer(base, Kernels(compiled=False), "Nothing is compiled: this run is too short to gain by it.")
    return Scorer(base, Kernels(compiled=True), "The element-wise work is compiled; the first pairs take longer.")


def _not_compiled(base: BaseModel, adapters: list[str], probe: EncodedPair, asked: str, error: Exception) -> Scorer:
    """The scorer where compiling failed with `error`; see `choose_scorer`."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    why = f"the C++ compiler here fails: {next((line for line in lines if 'error:' in line), lines[0]).strip()}"
    if asked == "compiled":
        raise TrainingError(
            f"Pairs cannot be scored by compiled functions (--scoring compiled), as {why.rstrip('.')}. Repair the "
            "compiler, or choose --scoring auto."
        ) from error
    scorer = choose_scorer(base, adapters, probe, 0, "eager")
    if scorer.method is ScoringMethod.FAST_EAGER:
        scorer.why = f"Nothing is compiled: {why}"
    return scorer


def _try_gradient(base: BaseModel, scorer: Scorer, adapters: list[str], probe: EncodedPair) -> None:
    """Go through a backward pass of a short pair on a device whose kernels may not have one; its result is dropped."""
    if base.device == "cpu" or not adapters:
        return
    parts = (probe.prompt_ids[:_SHORT], probe.chosen_ids[:_SHORT], probe.rejected_ids[:_SHORT])
    with base.policy(adapters[0], training=True), torch.enable_grad():
        logps = scorer.score(adapters[0], EncodedPair(probe.key, *parts)).logps
        weights = [weight for weight in base.model.parameters() if weight.requires_grad]
        gradients = torch.autograd.grad(logps.sum(), weights, allow_unused=True)
    finite = all(torch.isfinite(each).all() for each in gradients if each is not None)
    if not finite and base.dtype != "float16":  # which a run scales, and this does not
        raise ValueError("a gradient is NaN or infinite.")


def _nats_apart(base: BaseModel, scorer: Scorer, probe: EncodedPair) -> float:
    """The largest difference between the two methods for the base model, in nats per completion token."""
    with torch.no_grad(), base.policy(None):
        plain = score_pair(base.model, probe, base.device)
        fast = scorer.score(None, probe)
    tokens = torch.tensor(plain.tokens, device=plain.logps.device)
    return float(((plain.logps - fast.logps).abs() / tokens).max())
