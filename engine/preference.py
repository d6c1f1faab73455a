"""Preference pairs, from which a run learns, their split by prompt, and their fingerprint. No torch here."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TypedDict


class Message(TypedDict):
    """One turn of a conversation: `role` is "system", "user" or "assistant"."""

    role: str
    content: str


@dataclass(frozen=True)
class PreferencePair:
    """A prompt, its chosen answer and its rejected one.

    `key` names the pair in events and is unique within a run. A system prompt is part of `prompt`, because the policy
    read it. `chosen_cut` and `rejected_cut` say that the token limit, not the model, ended an answer.
    """

    key: str
    prompt: tuple[Message, ...]
    chosen: str
    rejected: str
    chosen_cut: bool = False
    rejected_cut: bool = False


def split_by_prompt(
    pairs: Sequence[PreferencePair], eval_share: float, seed: int
) -> tuple[tuple[PreferencePair, ...], tuple[PreferencePair, ...]]:
    """Divide pairs into those to train on and those to evaluate on; a prompt is never on both sides.

    A hash of the seed and their text orders the prompts, and the first `eval_share` of them (rounded down) are for
    evaluation. So the split does not depend on the order of the pairs, and a later run on more pairs seldom trains on a
    prompt that an earlier run evaluated on.

    Args:
        eval_share: share of the prompts, 0 to below 1. Of 20 prompts, 0.1 keeps 2 for evaluation.

    Returns:
        (train, eval), each in the order of `pairs`.
    """
    digests = {prompt_digest(pair.prompt, str(seed)) for pair in pairs}
    kept = set(sorted(digests)[: int(len(digests) * eval_share)])
    train = tuple(pair for pair in pairs if prompt_digest(pair.prompt, str(seed)) not in kept)
    evaluation = tuple(pair for pair in pairs if prompt_digest(pair.prompt, str(seed)) in kept)
    return train, evaluation


def prompt_digest(prompt: Sequence[Message], salt: str = "") -> str:
    """The SHA-256 of a prompt's messages and a salt, in hex."""
    text = json.dumps([salt, [[message["role"], message["content"]] for message in prompt]], ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def pairs_fingerprint(pairs: Sequence[PreferencePair]) -> str:
    """The SHA-256, in hex, of the content of these pairs; their order and their keys do not count."""
    lines = []
    for pair in pairs:
        content = asdict(pair)
        del content["key"]
        lines.append(json.dumps(content, sort_keys=True, ensure_ascii=False))
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()
