"""The record into which every format is read: a question, two answers, and the verdict on them."""

import dataclasses
from dataclasses import dataclass

from db.prompt_rows import Messages

DECISIVE = ("a", "b")


@dataclass(frozen=True, slots=True)
class OtherVerdict:
    """The verdict of another person or of a judge, by name, beside the current one."""

    verdict: str
    strength: int = 1
    person: str | None = None
    judge: str | None = None
    confidence: float | None = None
    note: str = ""
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PairRecord:
    """A question with two answers in the order of its file, or in canonical order when it comes from the database.

    `at` is its line, entry or row, from 1. `verdict` is one of `VERDICTS`, None where not judged. `side` is the chosen
    side: left, right or None. Scores, names of models and `seconds` are None where not known. `tags` are the reasons
    for the verdict, and `person` or `judge` is who gave it (neither: the owner, or not known). `ranking` is a number
    that all pairs of one ranking share, and `answers` how many answers that ranking has, as far as is known. `cut` says
    of each answer whether its token limit cut it.
    """

    at: int
    messages: Messages
    a: str
    b: str
    verdict: str | None
    strength: int = 1
    side: str | None = None
    seconds: float | None = None
    note: str = ""
    field: str | None = None
    score_a: float | None = None
    score_b: float | None = None
    model_a: str | None = None
    model_b: str | None = None
    tags: tuple[str, ...] = ()
    person: str | None = None
    judge: str | None = None
    others: tuple[OtherVerdict, ...] = ()
    ranking: int | None = None
    cut: tuple[bool, bool] = (False, False)
    answers: int = dataclasses.field(default=2, compare=False)
    remarks: tuple[str, ...] = dataclasses.field(default=(), compare=False)
    """Sentences without their full stops on how this row was read, where it was not taken word for word."""

    @property
    def chosen(self) -> str:
        """The better answer of a decisive record."""
        return self.a if self.verdict == "a" else self.b

    @property
    def rejected(self) -> str:
        """The worse answer of a decisive record."""
        return self.b if self.verdict == "a" else self.a

    @property
    def left(self) -> str | None:
        """The letter of the answer that was shown left when a side was chosen, else None."""
        if self.side is None or self.verdict not in DECISIVE:
            return None
        other = "b" if self.verdict == "a" else "a"
        return self.verdict if self.side == "left" else other


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A row that was read and is not stored: its place, from 1, and the reason."""

    at: int
    reason: str


Read = PairRecord | LeftOut
"""The outcome of reading one row of a file."""


def side_pressed(verdict: str | None, left: str) -> str | None:
    """The side that was chosen by a decisive verdict, when the answer `left` (a or b) was shown left; else None."""
    if verdict not in DECISIVE:
        return None
    return "left" if verdict == left else "right"
