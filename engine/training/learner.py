"""The adapter in training: a group of pairs or an optimizer step a call, which sets and restores all global state."""

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch

from engine.chat import EncodedPair
from engine.config import TrainConfig
from engine.dpo import PairScore
from engine.dropout import Dropout, DropoutRule, PairDropout, SequenceDropout, pair_seed
from engine.errors import NonFiniteLoss, TrainingError
from engine.estimates.checkpointing import known_shape
from engine.logps import CompletionScores
from engine.model import BaseModel
from engine.outcomes import NO_THRESHOLDS, Thresholds
from engine.questions import count_questions, weight_in
from engine.training.objective import pair_loss
from engine.training.random_state import OwnRandomState
from engine.training.scorer import Scorer

_FLOAT16_SCALE = 1024.0  # float16 has no value between 0 and 6e-8, and gradients of single tokens are that small


class Learner:
    """One adapter with its optimizer, its random state and the log-probabilities of its reference.

    Attributes:
        parameters: the trained tensors by name, float32.
        shape: the base model's sizes, None where its config does not name them.
        reference: pair key → reference logps (chosen, rejected), filled by `score_reference`.
        busy_s: seconds that this run has computed, without other jobs between its turns.
        thresholds: of the ordinal loss, from all pairs of the run.
        dropout_rule: what decides the inputs that LoRA drops.
    """

    def __init__(
        self,
        scorer: Scorer,
        adapter: str,
        config: TrainConfig,
        reference_adapter: str | None = None,
        thresholds: Thresholds = NO_THRESHOLDS,
    ) -> None:
        base = scorer.base
        self.scorer = scorer
        self.base: BaseModel = base
        self.adapter = adapter
        self.config = config
        self.reference_adapter = reference_adapter
        self.thresholds = thresholds
        self.parameters = adapter_parameters(base.model, adapter)
        self.shape = known_shape(base.hf_model.config)
        self.started_from = self.weights()
        self.reference: dict[str, tuple[float, float]] = {}
        self.busy_s = 0.0
        self.random_state = OwnRandomState(config.seed)
        self.dropout_rule = DropoutRule.BY_PAIR
        self._scale = _FLOAT16_SCALE if base.dtype == "float16" else 1.0
        self.optimizer = torch.optim.AdamW(
            _parameter_groups(self.parameters, config.lora_plus_ratio),
            lr=config.learning_rate,
            weight_decay=config.weight_decay,
            fused=True,
        )

    # -- turns ---------------------------------------------------------------------------------------------------

    @contextmanager
    def turn(self, policy: str | None, *, learning: bool = False) -> Iterator[None]:
        """Set everything global that this run depends on, and restore all of it at the end."""
        started = time.perf_counter()
        with (
            self.random_state.swapped_in(),
            torch.set_grad_enabled(learning),
            torch.autocast(torch.device(self.base.device).type, enabled=False),
            self.base.policy(policy, training=learning),
        ):
            yield
        self.busy_s += time.perf_counter() - started

    def score_reference(self, pair: EncodedPair) -> tuple[float, float]:
        """Compute and keep a pair's reference logps, by the same code as training.

        Raises:
            NonFiniteLoss: one of them is NaN or infinite, such as of a long answer in float16; neither is kept.
        """
        return self.keep_reference(pair, *self.reference_logps(pair))

    def reference_logps(self, pair: EncodedPair) -> tuple[float, float]:
        """A pair's reference logps, by the same code as training; they are not kept."""
        with self.turn(self.reference_adapter):
            chosen, rejected = self.scorer.score(self.reference_adapter, pair).logps.tolist()
        return chosen, rejected

    def keep_reference(self, pair: EncodedPair, chosen: float, rejected: float) -> tuple[float, float]:
        """Keep a pair's reference logps. See `score_reference` for errors."""
        if not (math.isfinite(chosen) and math.isfinite(rejected)):
            raise NonFiniteLoss(
                f"The reference gives the answers of pair {pair.key} log-probabilities of {chosen} and {rejected} "
                f"in {self.base.dtype}. Choose another number format (--dtype), such as float32, or leave the pair out."
            )
        self.reference[pair.key] = (chosen, rejected)
        return self.reference[pair.key]

    def learn(self, group: Sequence[EncodedPair], batch: Sequence[EncodedPair], step: int) -> list[PairScore]:
        """Add a group's share of the step's gradient, as `add_gradient` does.

        Raises:
            NonFiniteLoss: a loss is NaN or infinite. The error names the pair, and the gradients are dropped.
        """
        found = self.add_gradient(group, batch, step)
        self.check_finite(found)
        return found

    def add_gradient(self, group: Sequence[EncodedPair], batch: Sequence[EncodedPair], step: int) -> list[PairScore]:
        """Add a group's share of the step's gradient: that of its pairs' losses ÷ the questions in the step's `batch`.

        A pair of a ranking has 1/n of the weight of a pair that was asked alone, for n pairs of that ranking. Steps
        count from 0. Losses that are NaN or infinite are found by `check_finite`.
        """
        with self.turn(self.adapter, learning=True):
            held = self._held(group)
            foreign, dropout = any(pair.is_foreign for pair in group), self._dropout(group, step)
            scores = self.scorer.score_group(self.adapter, group, dropout=dropout, squares=foreign)
            losses = torch.stack(
                [
                    pair_loss(*each, batch, self.config, self.thresholds, weigh=True)
                    for each in zip(group, scores, held, strict=True)
                ]
            )
            (self._weighted(losses, group, batch).sum() * (self._scale / count_questions(batch))).backward()  # type: ignore[no-untyped-call]
            return self._pair_scores(group, scores, losses)

    def _weighted(
        self, losses: torch.Tensor, group: Sequence[EncodedPair], batch: Sequence[EncodedPair]
    ) -> torch.Tensor:
        weights = [weight_in(pair, batch) for pair in group]
        return losses if all(weight == 1 for weight in weights) else losses * losses.new_tensor(weights)

    def _dropout(self, group: Sequence[EncodedPair], step: int) -> Dropout:
        if self.dropout_rule is DropoutRule.IN_SEQUENCE:
            return SequenceDropout()
        return PairDropout(tuple(pair_seed(self.config.seed, step, pair) for pair in group))

    def check_finite(self, scores: Sequence[PairScore]) -> None:
        """Raise `NonFiniteLoss` for the first loss that is NaN or infinite, and drop the gradients."""
        for score in scores:
            if not math.isfinite(score.loss):
                self.optimizer.zero_grad()
                raise NonFiniteLoss(
                    f"Pair {score.key} gave a loss of {score.loss}. Check its answers, lower the learning rate, or "
                    "train in float32 (--dtype)."
                )

    def step(self, learning_rate: float) -> float:
        """Clip the gradient, take one optimizer step, and return the gradient's norm before clipping.

        Raises:
            NonFiniteLoss: the gradient is NaN or infinite; the weights do not change.
        """
        with self.turn(self.adapter, learning=True):
            self._unscale()
            norm = torch.nn.utils.clip_grad_norm_(self.parameters.values(), self.config.max_grad_norm).item()
            if math.isfinite(norm):
                for group in self.optimizer.param_groups:
                    group["lr"] = learning_rate * group.get("times", 1.0)
                self.optimizer.step()
            self.optimizer.zero_grad()
        if not math.isfinite(norm):
            raise NonFiniteLoss(
                f"The gradient's norm is {norm}. Lower the learning rate, or train in float32 (--dtype)."
            )
        return norm

    def _unscale(self) -> None:
        for parameter in self.parameters.values():
            if self._scale != 1 and parameter.grad is not None:
                parameter.grad /= self._scale

    def evaluate(self, pair: EncodedPair, batch: Sequence[EncodedPair]) -> PairScore:
        """Score a pair of the evaluation's `batch` under the policy, without dropout and without a gradient.

        Raises:
            NonFiniteLoss: its loss is NaN or infinite.
        """
        found = self.score_evaluation(pair, batch)
        self.check_finite([found])
        return found

    def score_evaluation(self, pair: EncodedPair, batch: Sequence[EncodedPair]) -> PairScore:
        """The same without an error for a loss that is NaN or infinite."""
        with self.turn(self.adapter):
            (held,) = self._held([pair])
            scores = self.scorer.score(self.adapter, pair)
            loss = pair_loss(pair, scores, held, batch, self.config, self.thresholds)
            return self._pair_scores([pair], [scores], loss[None])[0]

    def score_text(self, pair: EncodedPair) -> torch.Tensor:
        """The policy's logps of both texts of a pair, (2,), without dropout and without a gradient."""
        with self.turn(self.adapter):
            return self.scorer.score(self.adapter, pair).whole.cpu()

    def _held(self, group: Sequence[EncodedPair]) -> tuple[torch.Tensor, ...]:
        """The reference logps of each pair, (2,): brought to the device at once, before it has work to wait for."""
        return torch.tensor([self.reference[pair.key] for pair in group], device=self.base.device).unbind()

    def _pair_scores(
        self, group: Sequence[EncodedPair], scores: Sequence[CompletionScores], losses: torch.Tensor
    ) -> list[PairScore]:
        """The pairs' figures as plain numbers, read from the device at once, because each reading waits for it."""
        columns = [
            torch.cat([loss[None], each.logps, each.entropy, each.mean_logits, each.top1])
            for loss, each in zip(losses.detach().float(), scores, strict=True)
        ]
        found = []
        for pair, each, row in zip(group, scores, torch.stack(columns).tolist(), strict=True):
            loss, *others = row
            logps, entropy, mean_logits, top1 = zip(others[::2], others[1::2], strict=True)
            reference = self.reference[pair.key]
            hits = int(top1[0]), int(top1[1])
            figures = (loss, logps, reference, each.tokens, entropy, mean_logits, hits)
            found.append(PairScore(pair.key, *figures, outcome=pair.outcome, question=pair.question))
        return found

    # -- weights -------------------------------------------------------------------------------------------------

    def weights(self) -> dict[str, torch.Tensor]:
        """A copy of the trained tensors, on the CPU."""
        return {name: parameter.detach().cpu().clone() for name, parameter in self.parameters.items()}

    def set_weights(self, weights: Mapping[str, torch.Tensor]) -> None:
        """Put a copy from `weights` into the adapter."""
        with torch.no_grad():
            for name, parameter in self.parameters.items():
                parameter.copy_(weights[name])

    def gradients(self) -> dict[str, torch.Tensor]:
        """A copy of the gradients of the unfinished step so far, on the CPU."""
        found = {name: parameter.grad for name, parameter in self.parameters.items()}
        return {name: gradient.cpu().clone() for name, gradient in found.items() if gradient is not None}

    def set_gradients(self, gradients: Mapping[str, torch.Tensor]) -> None:
        """Put a copy from `gradients` into the adapter."""
        for name, parameter in self.parameters.items():
            parameter.grad = gradients[name].to(parameter.device) if name in gradients else None

    def changed_parameters(self) -> int:
        """How many trained values differ from those the run started with."""
        return sum(int((self.started_from[name] != now).sum()) for name, now in self.weights().items())


def adapter_parameters(model: torch.nn.Module, adapter: str) -> dict[str, torch.nn.Parameter]:
    """The tensors of one adapter by name; in PEFT the adapter's name is a part of theirs.

    Raises:
        TrainingError: there are none, or one is not float32 (in bfloat16 small steps would be lost in rounding).
    """
    found = {name: value for name, value in model.named_parameters() if adapter in name.split(".")}
    if not found:
        raise TrainingError(
            f"Adapter {adapter!r} has no tensors to train. Choose other target modules (--target-modules)."
        )
    wrong = [name for name, value in found.items() if value.dtype != torch.float32]
    if wrong:
        raise TrainingError(
            f"{len(wrong)} trained tensors are not float32, the first is {wrong[0]}. Load the adapter again."
        )
    return found


def _parameter_groups(parameters: Mapping[str, torch.nn.Parameter], ratio: float) -> list[dict[str, Any]]:
    """All tensors in one group; with another ratio than 1 those of B in a second one with so many times the rate.

    That is LoRA+ (arXiv:2402.12354).
    """
    if ratio == 1:
        return [{"params": list(parameters.values())}]
    of_b = {name for name in parameters if ".lora_B." in name or ".lora_embedding_B." in name}
    return [
        {"params": [value for name, value in parameters.items() if name not in of_b]},
        {"params": [value for name, value in parameters.items() if name in of_b], "times": ratio},
    ]


def trained_values(parameters: Sequence[torch.nn.Parameter]) -> int:
    """How many numbers are trained."""
    return sum(parameter.numel() for parameter in parameters)
