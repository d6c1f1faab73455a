"""Prompts that are nearly the same: found by MinHash among many, then measured. No Textual here."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from db.hashing import content_hash, guard_hash, loosened
from db.prompt_rows import Messages, NewPrompt, SimilarPrompt, StoredQuestion, first_line

if TYPE_CHECKING:
    from datasketch import MinHash


NEAR: Final = 0.7
"""Prompts count as nearly the same from this share of common shingles on."""
_SHINGLE: Final = 5
_LONGEST: Final = 4000
"""Characters of a prompt that are compared."""
_PERMUTATIONS: Final = 64
_CANDIDATE: Final = 0.5
"""MinHash only proposes: with a bar below `NEAR` it misses few, and each proposal is measured."""


_MEASURED: Final = 100
"""Proposals that are measured for a prompt; where there are more, some near ones are among the first."""
_MOST_PROPOSED: Final = 20_000_000
"""Proposals in all, which take about ten seconds."""


@dataclass(frozen=True)
class Near:
    """Two prompts by their keys, and the share of their shingles that both have: `NEAR` to 1."""

    key: int
    other: int
    likeness: float


class NearPrompts:
    """Prompts by number, of which those like a given one are found without a look at each."""

    def __init__(self) -> None:
        from datasketch import MinHashLSH  # imports SciPy, which takes longer than the rest of a command

        self._index = MinHashLSH(threshold=_CANDIDATE, num_perm=_PERMUTATIONS)
        self._shingles: dict[int, frozenset[bytes]] = {}
        self._proposed = 0

    def add(self, key: int, text: str) -> None:
        """Add a prompt; `text` is from `compared_text`."""
        shingles = _shingles(text)
        if shingles:
            self._shingles[key] = shingles
            self._index.insert(key, _minhash(shingles), check_duplication=False)

    @property
    def is_exhausted(self) -> bool:
        """Whether so many prompts share most of their words, as by a template, that the rest would take minutes."""
        return self._proposed > _MOST_PROPOSED

    def like(self, text: str) -> list[tuple[int, float]]:
        """The keys of the prompts that are nearly the same, with their likeness, the most alike first."""
        shingles = _shingles(text)
        if not shingles:
            return []
        keys = self._index.query(_minhash(shingles))
        self._proposed += len(keys)
        found = [(key, _jaccard(shingles, self._shingles[key])) for key in sorted(keys)[:_MEASURED]]
        return sorted((each for each in found if each[1] >= NEAR), key=lambda each: (-each[1], each[0]))


def compared_text(messages: Messages) -> str:
    """What of a prompt is compared: what was said without the system prompt, in lower case and with single spaces."""
    return loosened("\n".join(each["content"] for each in messages if each["role"] != "system"))


def near_pairs(questions: Sequence[StoredQuestion]) -> Iterator[Near]:
    """Every prompt with the most alike of those before it, if there is one."""
    index = NearPrompts()
    for place, each in enumerate(questions):
        if index.is_exhausted:
            return
        text = compared_text(each.messages)
        if found := index.like(text):
            yield Near(place, *found[0])
        index.add(place, text)


def similar_prompts(
    prompts: Sequence[NewPrompt], stored: Sequence[StoredQuestion], *, held_out: bool
) -> tuple[dict[int, SimilarPrompt], int]:
    """The new prompts that are nearly the same as a stored one or as an earlier new one: place → the most alike.

    The number says how many of the new prompts were compared: all of them, unless too many share most of their words.

    A prompt is left out that the database does not store: it is there already, or is of the other kind (held out or for
    labelling) than the set that it is for, as `held_out` says.
    """
    index, known = NearPrompts(), len(stored)
    for place, question in enumerate(stored):
        index.add(place, compared_text(question.messages))
    there = {each.content_hash for each in stored}
    there |= {each.guard_hash for each in stored if each.held_out != held_out}
    found: dict[int, SimilarPrompt] = {}
    for place, prompt in enumerate(prompts):
        if index.is_exhausted:
            return found, place
        text = compared_text(prompt.messages)
        matches = index.like(text)
        if matches and there.isdisjoint((content_hash(prompt.messages), guard_hash(prompt.messages))):
            at, likeness = matches[0]
            other = stored[at] if at < known else None
            messages = prompts[at - known].messages if other is None else other.messages
            where, guarded = ("", False) if other is None else (other.set_name, other.held_out)
            lines = first_line(prompt.messages), first_line(messages)
            found[place] = SimilarPrompt(*lines, where, guarded, round(likeness, 3))
        index.add(known + place, text)
    return found, len(prompts)


def _shingles(text: str) -> frozenset[bytes]:
    """Every run of five characters; a shorter text is one of its own."""
    text = text[:_LONGEST]
    return frozenset(
        text[at : at + _SHINGLE].encode() for at in range(max(len(text) - _SHINGLE + 1, min(len(text), 1)))
    )


def _minhash(shingles: frozenset[bytes]) -> MinHash:
    from datasketch import MinHash

    made = MinHash(num_perm=_PERMUTATIONS, seed=1, hashfunc=zlib.crc32)
    made.update_batch(shingles)
    return made


def _jaccard(one: frozenset[bytes], other: frozenset[bytes]) -> float:
    return len(one & other) / len(one | other)
