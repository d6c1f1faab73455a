"""Preference pairs, from which a run learns, their split by prompt, and their fingerprint. No torch here."""

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Literal, TypedDict

from engine.questions import count_questions

AS_TEMPLATE, ON, OFF = "template", "on", "off"
"""How a chat template's switch for thoughts is set."""

Outcome = Literal["better", "much", "tie", "both_bad", "both_good"]
"""What a verdict said of a pair: chosen is better or much better, neither is, or both answers are bad or good."""
DECISIVE: tuple[Outcome, ...] = ("better", "much")
UNPAIRED: tuple[Outcome, ...] = ("both_bad", "both_good")


class Message(TypedDict):
    """One turn of a conversation: `role` is "system", "user" or "assistant"."""

    role: str
    content: str


@dataclass(frozen=True)
class PreferencePair:
    """A prompt, its chosen answer and its rejected one.

    `key` names the pair in events and is unique within a run. A system prompt is part of `prompt`, because the policy
    read it. Where the verdict prefers none, chosen and rejected are in no order. `chosen_cut` and `rejected_cut` say
    that the token limit, not the model, ended an answer. `thinking` is how the template's switch for thoughts was set
    while the answers were written: template, on or off. `edited` says that the person wrote the chosen answer.
    `question` names the ranking that the pair belongs to; its pairs weigh as one together, see `engine.questions`.
    `chosen_foreign` and `rejected_foreign` say that an answer was imported or written on a server.
    """

    key: str
    prompt: tuple[Message, ...]
    chosen: str
    rejected: str
    chosen_cut: bool = False
    rejected_cut: bool = False
    thinking: str = AS_TEMPLATE
    outcome: Outcome = "better"
    edited: bool = False
    question: str | None = None
    chosen_foreign: bool = False
    rejected_foreign: bool = False

    @property
    def is_foreign(self) -> bool:
        """Whether the policy did not write both answers."""
        return self.chosen_foreign or self.rejected_foreign


LEAST_TO_SPLIT = 50
"""From so many pairs on (a ranking counts once), a run keeps some aside unless its settings say how many.

Fewer could not choose a step."""
_SHARE_KEPT = 0.1
_MOST_KEPT = 200


def share_kept(pairs: int) -> float:
    """The share of the prompts that a run on so many pairs keeps aside to measure on.

    None of fewer than 50 pairs, a tenth from there on, and of more than 2,000 pairs about 200.
    """
    return 0.0 if pairs < LEAST_TO_SPLIT else min(_SHARE_KEPT, _MOST_KEPT / pairs)


@dataclass(frozen=True)
class Split:
    """Which prompts are kept for evaluation and which are trained on, as the settings of these names say.

    Attributes:
        eval_share: share of the prompts kept aside, 0 to below 1. Of 20 prompts, 0.1 keeps 2. None takes `share_kept`.
        eval_fold: which of the shares of that size is kept, from 0; one that would begin behind the last prompt keeps
            none.
        train_share: share of the other prompts that is trained on, above 0 to 1, rounded up.
    """

    eval_share: float | None = None
    eval_fold: int = 0
    train_share: float = 1.0

    def places(self, prompts: int, share: float) -> tuple[range, list[int]]:
        """The places of the prompts for evaluation and of those to train on, among so many in their order."""
        start, end = (_rounded_down(prompts * share * fold) for fold in (self.eval_fold, self.eval_fold + 1))
        kept = range(start, min(prompts, end))
        others = [place for place in range(prompts) if place not in kept]
        return kept, others[: math.ceil(len(others) * self.train_share)]


def _rounded_down(value: float) -> int:
    """A third of 100, three times, is 100, and a product of floats may be a little less."""
    return int(value + 1e-9)


def split_by_prompt(
    pairs: Sequence[PreferencePair], split: "Split | float | None", seed: int
) -> tuple[tuple[PreferencePair, ...], tuple[PreferencePair, ...]]:
    """Divide pairs into those to train on and those to evaluate on; a prompt is never on both sides.

    A hash of the seed and their text orders the prompts, and the first `eval_share` of them (rounded down) are for
    evaluation. So the split does not depend on the order of the pairs, and a later run on more pairs seldom trains on a
    prompt that an earlier run evaluated on.

    Args:
        split: the shares; a number alone is an `eval_share`.

    Returns:
        (train, eval), each in the order of `pairs`.
    """
    split = split if isinstance(split, Split) else Split(split)
    digests = [prompt_digest(pair.prompt, str(seed)) for pair in pairs]
    prompts = sorted(set(digests))
    share = share_kept(count_questions(pairs)) if split.eval_share is None else split.eval_share
    kept, trained = ({prompts[place] for place in places} for places in split.places(len(prompts), share))
    train = tuple(pair for pair, digest in zip(pairs, digests, strict=True) if digest in trained)
    evaluation = tuple(pair for pair, digest in zip(pairs, digests, strict=True) if digest in kept)
    return train, evaluation


@dataclass(frozen=True)
class PairsByPrompt:
    """How many pairs each prompt has, in the order in which `split_by_prompt` keeps prompts for evaluation.

    A ranking counts as one pair.
    """

    counts: tuple[int, ...]

    @classmethod
    def of(cls, pairs_of_digest: Mapping[str, int]) -> "PairsByPrompt":
        """From the number of pairs of each `prompt_digest`, salted with the seed of the split."""
        return cls(tuple(pairs_of_digest[digest] for digest in sorted(pairs_of_digest)))

    def split(self, split: Split | float | None) -> tuple[int, int]:
        """How many pairs `split_by_prompt` gives to train on and to evaluate on with these shares of the prompts."""
        split = split if isinstance(split, Split) else Split(split)
        share = share_kept(sum(self.counts)) if split.eval_share is None else split.eval_share
        kept, trained = split.places(len(self.counts), share)
        return sum(self.counts[place] for place in trained), sum(self.counts[place] for place in kept)


def prompt_digest(prompt: Sequence[Message], salt: str = "") -> str:
    """The SHA-256 of a prompt's messages and a salt, in hex."""
    text = json.dumps([salt, [[message["role"], message["content"]] for message in prompt]], ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def pairs_fingerprint(pairs: Sequence[PreferencePair]) -> str:
    """The SHA-256, in hex, of the content of these pairs; their order, keys and rankings do not count."""
    lines = []
    for pair in pairs:
        content = asdict(pair)
        del content["key"], content["question"]
        if pair.thinking == AS_TEMPLATE:
            del content["thinking"]  # fingerprints are older than this setting
        if pair.outcome == "better":
            del content["outcome"]  # and older than other outcomes
        if not pair.edited:
            del content["edited"]  # and than the weight of edits
        for name in ("chosen_foreign", "rejected_foreign"):
            if not content[name]:
                del content[name]  # and than WPO
        lines.append(json.dumps(content, sort_keys=True, ensure_ascii=False))
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()
