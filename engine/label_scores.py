"""How likely a model's answer begins with each of several labels, such as those of a judge."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import torch

from engine.chat import encode_openings
from engine.limits import limits_of
from engine.logps import next_token_logps
from engine.model import BaseModel
from engine.out_of_memory import memory_in_words
from engine.preference import OFF, Message
from engine.prompt_cache import PromptCache

NO_ROOM: Final = "There is no memory for a question to the judge. Close other programs, or take a smaller model."


@dataclass(frozen=True)
class LabelScorer:
    """A policy that is asked for labels: the base model with a loaded adapter, or alone (None)."""

    base: BaseModel
    adapter: str | None
    labels: Sequence[str]
    read: PromptCache = field(default_factory=PromptCache)

    def score(self, messages: Sequence[Message]) -> dict[str, float] | None:
        """Log-probabilities in nats of each label as the beginning of the answer, with thoughts turned off.

        One forward pass gives them all, over what comes after the beginning that the prompt before had too.
        None where the prompt is longer than the model reads.

        Raises:
            ModelError: two labels begin with the same token.
            TokenUnknown, TemplateRefused: the prompt cannot be encoded.
            MemoryRanOut: there is no memory for the prompt.
        """
        base = self.base
        ids, tokens = encode_openings(base.tokenizer, messages, self.labels, OFF)
        longest = limits_of(base.tokenizer).length
        if longest is not None and len(ids) >= longest:
            return None
        with memory_in_words(NO_ROOM), base.policy(self.adapter), torch.no_grad():
            logps = next_token_logps(base.model, ids, base.device, self.read)
        return {label: float(logps[token]) for label, token in zip(self.labels, tokens, strict=True)}
