"""How far a policy's answers are from the base's: their length, and how odd the base finds them."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from statistics import fmean

import torch

from engine.chat import EncodedPair, encode_pair
from engine.config import SamplingConfig, TrainConfig
from engine.cross_fit import Drift
from engine.events import CompletionDone, Event, PairDone, PairStage
from engine.generate import generate
from engine.logps import score_pair
from engine.model import BaseModel
from engine.preference import Message, PreferencePair
from engine.requests import GenerationRequest

_SAMPLES = 2


@dataclass(frozen=True)
class DriftMeasure:
    """Two answers to each prompt, scored under the base alone; the seeds make those of all policies comparable."""

    base: BaseModel
    prompts: Sequence[tuple[Message, ...]]
    seed: int
    max_new_tokens: int = 128

    def steps(self, adapter: str | None) -> Generator[Event, None, Drift]:
        """Measure a loaded adapter, or the base where it is None. The events are boundaries for other jobs."""
        sampling = SamplingConfig(max_new_tokens=self.max_new_tokens)
        done: dict[str, CompletionDone] = {}
        for event in generate(self.base, self._requests(), sampling, adapter=adapter):
            if isinstance(event, CompletionDone):
                done[event.key] = event
            yield event
        nats, tokens = 0.0, 0
        for place, prompt in enumerate(self.prompts):
            first, second = (done[f"{place}/{index}"] for index in range(_SAMPLES))
            scored = self._score(PreferencePair("", prompt, first.text, second.text, first.cut, second.cut))
            nats, tokens = nats + scored[0], tokens + scored[1]
            yield PairDone(PairStage.GENERAL_TEXT, place + 1, len(self.prompts))
        return Drift(fmean(each.tokens for each in done.values()), nats / max(tokens, 1))

    def _requests(self) -> list[GenerationRequest]:
        return [
            GenerationRequest(f"{place}/{index}", prompt, self.seed + place * _SAMPLES + index)
            for place, prompt in enumerate(self.prompts)
            for index in range(_SAMPLES)
        ]

    def _score(self, pair: PreferencePair) -> tuple[float, int]:
        """Nats and tokens of both answers; none where an answer is empty or both are the same."""
        encoded = encode_pair(self.base.tokenizer, pair, TrainConfig(max_length=4096))
        if not isinstance(encoded, EncodedPair):
            return 0.0, 0
        with torch.no_grad(), self.base.policy(None):
            scores = score_pair(self.base.model, encoded, self.base.device)
        return -float(scores.logps.sum()), sum(scores.tokens)
