"""Reference log-probabilities before a run, and the keys under which they are stored: no pair is scored twice."""

import hashlib
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

import torch

from engine.chat import EncodedPair, LeftOut, encode_pair
from engine.config import TrainConfig
from engine.events import ReferenceScored
from engine.model import BaseModel
from engine.out_of_memory import NO_ROOM_FOR_A_PAIR, memory_in_words
from engine.preference import PreferencePair, split_by_prompt
from engine.questions import Asked, count_questions
from engine.schedule import pairs_per_step, planned_steps
from engine.training.environment import graphics_card
from engine.training.learner import adapter_parameters
from engine.training.scorer import Scorer, choose_scorer


def passes_of(train: Sequence[Asked], config: TrainConfig) -> int:
    """How many pairs a run scores in all, about, its reference pass included."""
    questions = count_questions(train)
    pairs = planned_steps(questions, config) * pairs_per_step(config)
    return round(pairs * len(train) / questions) + len(train)


def score_references(
    base: BaseModel, pairs: Sequence[PreferencePair], config: TrainConfig, known: Mapping[str, tuple[float, float]]
) -> Iterator[ReferenceScored]:
    """Score pairs under the base model, as a later run from the base with this `config` will.

    Pairs that the run would leave out are skipped, and so are those whose key is in `known`.

    Yields:
        One event for each scored pair, with the keys that the run will look for. It leaves out log-probabilities that
        are NaN or infinite; a run raises an error for them.

    Raises:
        MemoryRanOut: there is no memory for a pair.
        TrainingError: see `choose_scorer`.
    """
    encoded = _encoded(base, pairs, config)
    longest = encode_pair(base.tokenizer, max(pairs, key=_letters), config) if pairs else None
    if not isinstance(longest, EncodedPair):
        return
    train, _ = split_by_prompt(pairs, config.split, config.seed)
    with memory_in_words(NO_ROOM_FOR_A_PAIR):
        scorer = choose_scorer(base, [], longest, passes_of(train, config), config.scoring)
    scorer.ld_alpha = config.ld_alpha
    keys = ReferenceKeys(scorer, None)
    for done, pair in enumerate(encoded, start=1):
        key = keys.key(pair)
        if key not in known:
            chosen, rejected = _base_logps(base, scorer, pair)
            logps = {pair.key: (chosen, rejected)} if math.isfinite(chosen + rejected) else {}
            yield ReferenceScored(done, len(pairs), logps, dict.fromkeys(logps, key))


def _base_logps(base: BaseModel, scorer: Scorer, pair: EncodedPair) -> tuple[float, float]:
    kind = torch.device(base.device).type
    with (
        memory_in_words(NO_ROOM_FOR_A_PAIR),
        base.policy(None),
        torch.no_grad(),
        torch.autocast(kind, enabled=False),
    ):
        chosen, rejected = scorer.score(None, pair).logps.tolist()
    return chosen, rejected


def _encoded(base: BaseModel, pairs: Sequence[PreferencePair], config: TrainConfig) -> Iterator[EncodedPair]:
    for pair in pairs:
        encoded = encode_pair(base.tokenizer, pair, config)
        if not isinstance(encoded, LeftOut):
            yield encoded


def _letters(pair: PreferencePair) -> int:
    return len(pair.chosen) + len(pair.rejected) + sum(len(message["content"]) for message in pair.prompt)


class ReferenceKeys:
    """Keys of the log-probabilities that one scorer gives under one reference: an adapter, or None for the base.

    A key holds for exactly the same numbers: the same token ids and boundary, base weights, reference adapter, dtype,
    device, method of scoring, machine and version of torch, weight of the tokens by which an answer is longer, and on a
    graphics card its name, its libraries and the attention kernel. The batch of a pair is not part of it, since a pair
    scores the same in every batch.
    """

    def __init__(self, scorer: Scorer, adapter: str | None) -> None:
        self._scorer, self._adapter = scorer, adapter

    def key(self, pair: EncodedPair) -> str:
        """The key of a pair, SHA-256 in hex."""
        tokens = json.dumps([pair.prompt_ids, pair.chosen_ids, pair.rejected_ids])
        return hashlib.sha256((self._common + tokens).encode()).hexdigest()

    @cached_property
    def _common(self) -> str:
        base = self._scorer.base
        path = [
            self._scorer.method,
            torch.backends.cpu.get_cpu_capability(),
            torch.get_num_threads(),
            torch.__version__,
        ]
        if self._scorer.ld_alpha != 1:  # keys are older than this setting
            path.append(f"ld_alpha {self._scorer.ld_alpha!r}")
        if card := graphics_card(base.device):
            path += [*card.values(), self._scorer.attention_kernel]
        return json.dumps([base.fingerprint, base.dtype, base.device, self._adapter_digest(), *path])

    def _adapter_digest(self) -> str:
        if self._adapter is None:
            return "base"
        digest = hashlib.sha256()
        for name, value in sorted(adapter_parameters(self._scorer.base.model, self._adapter).items()):
            place = ".".join(part for part in name.split(".") if part != self._adapter)
            digest.update(place.encode() + value.detach().cpu().numpy().tobytes())
        return digest.hexdigest()
