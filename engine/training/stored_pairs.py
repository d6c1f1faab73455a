"""Encoded pairs in a checkpoint: a few tensors and lists, for torch reads millions of single numbers slowly.

keys, moved, shortened   a list each, with one entry a pair
outcomes, edited         the same; a checkpoint without them has pairs whose chosen answer is better, and no edit
questions                the same; in a checkpoint without them every pair weighs as one of its own
lengths                  (pairs, 3) int32: tokens of prompt, chosen and rejected
tokens                   int32: the ids of all three parts of each pair in turn
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any

import torch

from engine.chat import EncodedPair
from engine.preference import PreferencePair
from engine.preparation import PreparedPairs, pairs_digest


def stored_run_pairs(prepared: PreparedPairs) -> dict[str, Any]:
    """All pairs of a run and the reasons of those left out, as a checkpoint holds them."""
    return {
        "train": stored_pairs(prepared.train),
        "evaluation": stored_pairs(prepared.evaluation),
        "left_out": dict(prepared.left_out),
    }


def run_pairs_of(stored: Mapping[str, Any], given: Sequence[PreferencePair], train_share: float) -> PreparedPairs:
    """The pairs of a run from a checkpoint; `given` are those with which the run is resumed.

    These may be with or without those that were left out at its start, and those that are not in its `train_share`.
    Only the digest is of `given`.
    """
    left_out = {pair.key: stored["left_out"][pair.key] for pair in given if pair.key in stored["left_out"]}
    taken = {*stored["train"]["keys"], *stored["evaluation"]["keys"]}
    used = [each for each in given if each.key in taken or (train_share == 1 and each.key not in left_out)]
    digest = pairs_digest(used)
    train, evaluation = (_with_origins(pairs_of(stored[part]), given) for part in ("train", "evaluation"))
    return PreparedPairs(train, evaluation, left_out, digest)


def _with_origins(pairs: Sequence[EncodedPair], given: Sequence[PreferencePair]) -> tuple[EncodedPair, ...]:
    """The pairs with what `given` says of their answers' origin. A checkpoint does not hold it; the digest does."""
    foreign = {pair.key: (pair.chosen_foreign, pair.rejected_foreign) for pair in given if pair.is_foreign}
    return tuple(
        replace(pair, chosen_foreign=foreign[pair.key][0], rejected_foreign=foreign[pair.key][1])
        if pair.key in foreign
        else pair
        for pair in pairs
    )


def stored_pairs(pairs: Sequence[EncodedPair]) -> dict[str, Any]:
    """Pairs as tensors and lists."""
    parts = [(each.prompt_ids, each.chosen_ids, each.rejected_ids) for each in pairs]
    return {
        "keys": [each.key for each in pairs],
        "moved": [each.moved for each in pairs],
        "shortened": [each.shortened for each in pairs],
        "outcomes": [each.outcome for each in pairs],
        "edited": [each.edited for each in pairs],
        "questions": [each.question for each in pairs],
        "lengths": torch.tensor([[len(part) for part in three] for three in parts], dtype=torch.int32).view(-1, 3),
        "tokens": torch.tensor(list(chain.from_iterable(chain.from_iterable(parts))), dtype=torch.int32),
    }


def pairs_of(stored: Mapping[str, Any]) -> tuple[EncodedPair, ...]:
    """The pairs that `stored_pairs` made tensors and lists of."""
    parts = iter([tuple(each.tolist()) for each in stored["tokens"].split(stored["lengths"].flatten().tolist())])
    rows = zip(stored["keys"], parts, parts, parts, stored["moved"], stored["shortened"], strict=True)
    count = len(stored["keys"])
    outcomes, edited = stored.get("outcomes", ["better"] * count), stored.get("edited", [False] * count)
    questions = stored.get("questions", [None] * count)
    return tuple(
        replace(EncodedPair(*row), outcome=outcome, edited=edit, question=question)
        for row, outcome, edit, question in zip(rows, outcomes, edited, questions, strict=True)
    )
