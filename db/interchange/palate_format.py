"""Palate's own format: one JSON object a line, with what a person and others said of a pair.

The other formats leave out what they have no place for. This one carries who gave a verdict, its reasons, the verdicts
of judges and other people, the ranking that a pair belongs to, and which answers were cut. `palate` is the version of
the format.
"""

from dataclasses import replace
from typing import Any

from db.interchange.checks import Row, checked_number, checked_text, kind_of
from db.interchange.format import FACTS, Format
from db.interchange.messages import ending_with_user, turns_of
from db.interchange.reading import each_row, judged
from db.interchange.records import OtherVerdict, PairRecord, Read
from db.pair_rows import VERDICTS

VERSION = 1
_SIDES = ("left", "right")
_FIELDS = frozenset(
    {"palate", "prompt", "a", "b", "verdict", "strength", "side", "seconds", "note", "field"}
    | {"scores", "reasons", "person", "judge", "others", "ranking", "cut"}
)


def read_line(row: Row) -> Read:
    """Read a line.

    Raises:
        InterchangeError: it is of a newer version, or a value is none that the format has.
    """
    if row.get("palate") != VERSION:
        raise row.wrong(f"it is version {row.get('palate')!r} of Palate's format, and {VERSION} is known")
    scores = row.get("scores") or [None, None]
    if not isinstance(scores, list) or len(scores) != 2:
        raise row.wrong(f"'scores' must be a list of two numbers, not {kind_of(scores)}")
    score_a, score_b = (None if each is None else checked_number(row, each, "scores") for each in scores)
    verdict = _verdict(row)
    record = PairRecord(
        row.at,
        ending_with_user(row, turns_of(row, row.get("prompt"), "prompt"), "prompt"),
        row.text("a"),
        row.text("b"),
        verdict,
        strength=_strength(row) if verdict in ("a", "b") else 1,
        side=_one_of(row, "side", _SIDES),
        seconds=row.optional_number("seconds"),
        note=row.optional_text("note") or "",
        field=row.optional_text("field"),
        score_a=score_a,
        score_b=score_b,
        tags=_texts(row, "reasons"),
        person=row.optional_text("person"),
        others=tuple(map(_other, _nested(row, "others"))),
        ranking=_whole(row, "ranking"),
        cut=_cut(row),
    )
    return judged(row, _kept_beside(row, record))


def _kept_beside(row: Row, record: PairRecord) -> PairRecord:
    """The record, with a verdict that a judge gave among those of others: it never passes for a person's."""
    judge = row.optional_text("judge")
    if judge is None or record.verdict is None:
        return record
    said = OtherVerdict(record.verdict, record.strength, judge=judge, note=record.note, tags=record.tags)
    return replace(record, verdict=None, strength=1, side=None, note="", tags=(), others=(said, *record.others))


def write_line(record: PairRecord) -> dict[str, Any]:
    """Write a record."""
    scores = [record.score_a, record.score_b]
    return {
        "palate": VERSION,
        "prompt": list(record.messages),
        "a": record.a,
        "b": record.b,
        "verdict": record.verdict,
        "strength": record.strength,
        "side": record.side,
        "seconds": record.seconds,
        "note": record.note,
        "field": record.field,
        "scores": None if scores == [None, None] else scores,
        "reasons": list(record.tags),
        "person": record.person,
        **({} if record.judge is None else {"judge": record.judge}),
        "others": [_written(each) for each in record.others],
        "ranking": record.ranking,
        **({"cut": list(record.cut)} if any(record.cut) else {}),
    }


def _other(row: Row) -> OtherVerdict:
    person, judge = row.optional_text("person"), row.optional_text("judge")
    verdict = _verdict(row)
    if (person is None) == (judge is None) or verdict is None:
        raise row.wrong("each of 'others' needs a 'verdict', and a 'person' or a 'judge' who gave it")
    return OtherVerdict(
        verdict=verdict,
        strength=_strength(row) if verdict in ("a", "b") else 1,
        person=person,
        judge=judge,
        confidence=_share(row, "confidence"),
        note=row.optional_text("note") or "",
        tags=_texts(row, "reasons"),
    )


def _written(other: OtherVerdict) -> dict[str, Any]:
    giver = {"person": other.person} if other.judge is None else {"judge": other.judge}
    said = {"verdict": other.verdict, "strength": other.strength, "confidence": other.confidence, "note": other.note}
    return giver | said | ({"reasons": list(other.tags)} if other.tags else {})


def _verdict(row: Row) -> str | None:
    return _one_of(row, "verdict", VERDICTS)


def _one_of(row: Row, name: str, known: tuple[str, ...]) -> str | None:
    value = row.get(name)
    if value is None:
        return None
    if value not in known:
        raise row.wrong(f"{name!r} is {value!r}; known are {', '.join(map(repr, known))}")
    return str(value)


def _strength(row: Row) -> int:
    value = row.get("strength")
    if value not in (None, 1, 2):
        raise row.wrong(f"'strength' is {value!r}; known are 1 and 2")
    return value or 1


def _whole(row: Row, name: str) -> int | None:
    value = row.get(name)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
        raise row.wrong(f"{name!r} must be a whole number, not {kind_of(value)}")
    return value


def _cut(row: Row) -> tuple[bool, bool]:
    value = row.get("cut") or [False, False]
    if not isinstance(value, list) or [type(each) for each in value] != [bool, bool]:
        raise row.wrong(f"'cut' must be a list of true or false for each answer, not {kind_of(value)}")
    return value[0], value[1]


def _share(row: Row, name: str) -> float | None:
    value = row.optional_number(name)
    if value is not None and not 0 <= value <= 1:
        raise row.wrong(f"{name!r} is {value:g}, which is not between 0 and 1")
    return value


def _texts(row: Row, name: str) -> tuple[str, ...]:
    value = row.get(name) or []
    if not isinstance(value, list):
        raise row.wrong(f"{name!r} must be a list of texts, not {kind_of(value)}")
    return tuple(text for each in value if (text := checked_text(row, each, name).strip()))


def _nested(row: Row, name: str) -> list[Row]:
    value = row.get(name) or []
    if not isinstance(value, list):
        raise row.wrong(f"{name!r} must be a list of objects, not {kind_of(value)}")
    return [row.part(each) for each in value]


def _is_palate(row: Row) -> bool:
    return row.has("palate", "a", "b")


PALATE = Format(
    "palate",
    "Palate: all verdicts on a pair, with their reasons",
    _is_palate,
    each_row(read_line, _FIELDS),
    write_line,
    frozenset(FACTS),
    endings=(".jsonl", ".json"),
    shape="`palate`: the version; `prompt`: messages; `a`, `b`, `verdict`; the rest is left out where it is not known",
    traps="""`reasons` are a list of texts; `others` are verdicts of other people and of judges, which are kept beside
the one that counts; pairs of one ranking share a number. `cut` says of each answer whether its
token limit cut it, because a run learns no end of turn from such a one.""",
    examples=(
        {
            "palate": 1,
            "prompt": [{"role": "user", "content": "Name a nut."}],
            "a": "A hazelnut.",
            "b": "Nuts.",
            "verdict": "a",
            "reasons": ["clear"],
            "others": [{"person": "Ben", "verdict": "tie"}],
        },
    ),
)
