"""How well a policy predicts a small general text: cross-entropy before and after a run shows what the run forgot.

The text, `engine/data/general_text.txt`, was written for this purpose: ten paragraphs of plain English prose, 1,500
words, that no pair is about. The measure is that of PEFT's comparison of methods (huggingface/peft, pull request 2925).
"""

import math
from collections.abc import Sequence
from importlib.resources import files
from typing import Any

import torch

from engine.chat import EncodedPair
from engine.limits import limits_of

_LONGEST = 256
"""Tokens of a paragraph that are scored at most, with the one before it."""


def general_text_pairs(tokenizer: Any) -> list[EncodedPair]:
    """The paragraphs, two in each pair, because that is what a pass takes. Each is scored behind one first token."""
    start = next(each for each in (tokenizer.bos_token_id, tokenizer.eos_token_id, 0) if each is not None)
    room = min(_LONGEST, limits_of(tokenizer).length or _LONGEST) - 1
    paragraphs = files("engine").joinpath("data", "general_text.txt").read_text(encoding="utf-8").split("\n\n")
    ids = [tuple(tokenizer(each.strip(), add_special_tokens=False)["input_ids"][:room]) for each in paragraphs]
    return [
        EncodedPair(f"general text {place}", (start,), *two)
        for place, two in enumerate(zip(ids[::2], ids[1::2], strict=True))
    ]


def forgotten_words(before: float, after: float) -> str:
    """What a run did to the general text, as a sentence. From 3.1 to 3.15 nats, 1 − e^−0.05 is 4.9 %."""
    change = after - before
    words = f"General text: {before:.3f} nats a token before the run, {after:.3f} after it ({change:+.3f})"
    if change <= 0:
        return f"{words}; nothing was forgotten that it shows."
    return f"{words}; the run made a token of it {-math.expm1(-change):.1%} less likely."


def nats_per_token(logps: Sequence[torch.Tensor], pairs: Sequence[EncodedPair]) -> float:
    """The cross-entropy in nats a token, from the logps of both paragraphs of each pair, (2,) each."""
    tokens = sum(len(pair.chosen_ids) + len(pair.rejected_ids) for pair in pairs)
    return -sum(float(each.sum()) for each in logps) / tokens
