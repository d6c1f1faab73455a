"""Pairs as one row of tokens: the prompt, chosen and rejected of each in turn, so that a prompt is computed once.

    row        p0 p1 p2 | c0 c1 | r0 r1 r2 || next pair
    positions   0  1  2 |  3  4 |  3  4  5 || 0 …       the rejected answer continues where the prompt ended
    predicted         c0   c1     |                     p2 predicts c0, c0 predicts c1
                      r0            r1 r2               p2 predicts r0 as well

The rejected answer sees the prompt and itself, never the chosen one, and no pair sees another. There is no padding.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

import torch

from engine.chat import EncodedPair


@dataclass(frozen=True)
class Place:
    """The place of one pair in a row: its first token, and how many tokens its parts have."""

    start: int
    prompt: int
    chosen: int
    rejected: int

    @property
    def answered(self) -> int:
        """Where the rejected answer begins."""
        return self.start + self.prompt + self.chosen

    @property
    def end(self) -> int:
        """Where the next pair begins."""
        return self.answered + self.rejected


@dataclass(frozen=True)
class PackedPairs:
    """A row on a device; T tokens of all pairs, n of them in completions.

    Attributes:
        input_ids, positions: (T,) token ids and their places in the sequence.
        places: the place of each pair.
        predicting: (n,) the places in the row whose hidden states predict `targets`, chosen ones of a pair first.
        targets: (n,) the completions' token ids.
    """

    input_ids: torch.Tensor
    positions: torch.Tensor
    places: tuple[Place, ...]
    predicting: torch.Tensor
    targets: torch.Tensor

    @property
    def completion_tokens(self) -> list[int]:
        """How many tokens each completion has: chosen and rejected of each pair in turn."""
        return [count for place in self.places for count in (place.chosen, place.rejected)]

    @property
    def longest(self) -> int:
        """The tokens of the longest sequence: a prompt with one of its answers."""
        return max(place.prompt + max(place.chosen, place.rejected) for place in self.places)


@dataclass(frozen=True)
class Sequences:
    """A packed row of P pairs as 2 P sequences: prompt and chosen answer, then the rejected answer behind its prompt.

    The queries of the sequences are the row itself, in its order. Their keys are K tokens: a prompt's count twice.

    Attributes:
        bounds: where each sequence's queries and keys begin, and the end, twice (2 P + 1,) int32; and the most queries
            and keys of one sequence.
        keys: (K,) the place in the row of each key.
        own: (T,) for each token of the row its place among the keys, the first one for a prompt's.
        prompts, again: the places of prompt tokens in the row, and their second places among the keys.
    """

    bounds: tuple[torch.Tensor, torch.Tensor, int, int]
    keys: torch.Tensor
    own: torch.Tensor
    prompts: torch.Tensor
    again: torch.Tensor


def pack(pairs: Sequence[EncodedPair], device: str) -> PackedPairs:
    """Put pairs into one row."""
    starts = accumulate((pair.row_tokens for pair in pairs[:-1]), initial=0)
    places = tuple(
        Place(start, len(pair.prompt_ids), len(pair.chosen_ids), len(pair.rejected_ids))
        for start, pair in zip(starts, pairs, strict=True)
    )

    def row(values: Sequence[Sequence[int]]) -> torch.Tensor:
        return torch.tensor([value for part in values for value in part], device=device)

    return PackedPairs(
        input_ids=row([pair.prompt_ids + pair.chosen_ids + pair.rejected_ids for pair in pairs]),
        positions=row([_positions(place) for place in places]),
        places=places,
        predicting=row([_predicting(place) for place in places]),
        targets=row([pair.chosen_ids + pair.rejected_ids for pair in pairs]),
    )


def _positions(place: Place) -> list[int]:
    return [*range(place.prompt + place.chosen), *range(place.prompt, place.prompt + place.rejected)]


def _predicting(place: Place) -> list[int]:
    last = place.start + place.prompt - 1
    return [*range(last, place.answered - 1), last, *range(place.answered, place.end - 1)]


def sequences_of(packed: PackedPairs) -> Sequences:
    """The sequences of a row, on its device."""
    keys: list[int] = []
    own: list[int] = []
    again: list[int] = []
    counts: list[tuple[int, int]] = []  # queries and keys of each sequence
    for place in packed.places:
        prompt, first = range(place.start, place.start + place.prompt), len(keys)
        second = first + place.prompt + place.chosen
        keys += [*range(place.start, place.answered), *prompt, *range(place.answered, place.end)]
        own += [*range(first, second), *range(second + place.prompt, len(keys))]
        again += range(second, second + place.prompt)
        counts += [(place.prompt + place.chosen,) * 2, (place.rejected, place.prompt + place.rejected)]
    queries, read = zip(*counts, strict=True)

    def on_device(values: Sequence[int], dtype: torch.dtype = torch.int64) -> torch.Tensor:
        return torch.tensor(values, dtype=dtype, device=packed.input_ids.device)

    return Sequences(
        bounds=(
            on_device([0, *accumulate(queries)], torch.int32),
            on_device([0, *accumulate(read)], torch.int32),
            max(queries),
            max(read),
        ),
        keys=on_device(keys),
        own=on_device(own),
        prompts=on_device([place for each in packed.places for place in range(each.start, each.start + each.prompt)]),
        again=on_device(again),
    )


def groups(pairs: Sequence[EncodedPair], tokens: int) -> list[list[EncodedPair]]:
    """Split pairs, in their order, into groups that share a row of at most `tokens`; a longer pair has its own row.

    Groups are made from the front, so the pairs that are left after some groups form the same groups again.
    """
    made: list[list[EncodedPair]] = []
    room = 0
    for pair in pairs:
        if made and pair.row_tokens <= room:
            made[-1].append(pair)
        else:
            made.append([pair])
            room = tokens
        room -= pair.row_tokens
    return made


def visible(query_positions: torch.Tensor, key_positions: torch.Tensor, window: int | None) -> torch.Tensor:
    """Which keys each query sees, (queries, keys) bool: none after it, and the last `window` only, if there is one.

    The positions must be of one sequence: the prompt with the chosen answer, or the prompt with the rejected one.
    """
    distance = query_positions[:, None] - key_positions[None, :]
    seen = distance >= 0
    return seen if window is None else seen & (distance < window)
