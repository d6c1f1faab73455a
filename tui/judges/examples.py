"""The choice of a judge's examples: the owner's own corrections first, then clear verdicts. No Textual here."""

from collections.abc import Iterable, Sequence
from typing import Final

from db.judge_records import ExampleRow
from tui.compute.seeds import seed_from
from tui.judges.question import Shown

MOST_EXAMPLES: Final = 16
"""The most examples that a judge is shown."""
DEFAULT: Final = 4
_LONGEST: Final = 3_000
"""The most characters of an example's question and answers together: a longer one takes the room of others."""


def choose_examples(candidates: Iterable[ExampleRow], number: int, *, seed: int) -> list[ExampleRow]:
    """Choose up to `number` examples of different questions.

    Corrections (an answer that the owner edited, over its original) come first, up to half of them; then verdicts of
    "much better", then others, each by chance.
    """
    short = [each for each in candidates if _length(each) <= _LONGEST]
    short.sort(key=lambda each: (-each.strength, seed_from(seed, "example", each.verdict)))
    edits = _of_different_questions([each for each in short if each.edited], set())[: (number + 1) // 2]
    taken = {each.prompt for each in edits}
    others = _of_different_questions([each for each in short if not each.edited], taken)
    return [*edits, *others][:number]


def shown(examples: Sequence[ExampleRow]) -> list[tuple[Shown, str]]:
    """Examples as a judge sees them, with their labels; the chosen answer is the first in every second one."""
    found = []
    for place, each in enumerate(examples):
        chosen_first = place % 2 == 1
        first, second = (each.chosen, each.rejected) if chosen_first else (each.rejected, each.chosen)
        found.append((Shown(each.messages, first, second), "1" if chosen_first else "2"))
    return found


def _length(each: ExampleRow) -> int:
    return len(each.chosen) + len(each.rejected) + sum(len(message["content"]) for message in each.messages)


def _of_different_questions(rows: Sequence[ExampleRow], taken: set[int]) -> list[ExampleRow]:
    seen, found = set(taken), []
    for each in rows:
        if each.prompt not in seen:
            seen.add(each.prompt)
            found.append(each)
    return found
