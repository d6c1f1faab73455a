"""LLM Comparator's file: one JSON object with the names of two models and the examples.

https://github.com/PAIR-code/llm-comparator (README, "Data Format"). Its scores go from 1.5 (A is much better) over 0 to
-1.5 (B is much better). The other facts of a verdict are in its custom fields.
"""

from typing import Any

from db.interchange.arena import judged
from db.interchange.checks import Row, messages_of
from db.interchange.records import DECISIVE, PairRecord, Read, side_pressed

SCORES = {("a", 1): 1.0, ("a", 2): 1.5, ("b", 1): -1.0, ("b", 2): -1.5}
LABELS = {
    1.5: "A is much better",
    1.0: "A is better",
    0.0: "same",
    -1.0: "B is better",
    -1.5: "B is much better",
}
# "Slightly better" is 0.5; a mean of several raters that is nearer to 0 than to 0.5 is a tie.
_TIE = 0.25
_MUCH = 1.25
_OTHERS = ("tie", "both_bad", "both_good", "skip", "discard")

HEAD = {
    "metadata": {
        "source_path": "palate",
        "custom_fields_schema": [
            {"name": "verdict", "type": "category"},
            {"name": "seconds", "type": "number"},
        ],
    },
    "models": [{"name": "A"}, {"name": "B"}],
}


def read_example(row: Row, **_: Any) -> Read:
    """Read an example. An example without a score was not judged.

    Raises:
        InterchangeError: a text or the score is a value of another kind.
    """
    messages = messages_of(row, row.text("input_text"), "input_text")
    score = row.optional_number("score")
    more = row.get("custom_fields") or {}
    said = more.get("verdict") if isinstance(more, dict) else None
    verdict = said if said in _OTHERS else _verdict(score)
    ratings = [each for each in row.get("individual_rater_scores") or () if isinstance(each, dict)]
    rating: dict[str, Any] = ratings[0] if ratings else {}
    flipped = rating.get("is_flipped")
    seconds = Row(row.file, row.unit, row.at, more).optional_number("seconds") if isinstance(more, dict) else None
    tags = [each for each in row.get("tags") or () if isinstance(each, str) and each.strip()]
    return judged(
        row,
        messages,
        row.text("output_text_a"),
        row.text("output_text_b"),
        verdict,
        strength=2 if verdict in DECISIVE and abs(score or 0.0) >= _MUCH else 1,
        side=side_pressed(verdict, "b" if flipped else "a") if isinstance(flipped, bool) else None,
        seconds=seconds,
        note=Row(row.file, row.unit, row.at, rating).optional_text("rationale") or "",
        field=tags[0] if tags else None,
    )


def write_example(record: PairRecord) -> dict[str, Any]:
    """Write an example. The score of a pair that was not judged is null."""
    score = None if record.verdict is None else SCORES.get((record.verdict, record.strength), 0.0)
    rating: dict[str, Any] = {
        "score": score,
        "rating_label": LABELS[score or 0.0],
        "is_flipped": None if record.left is None else record.left == "b",
        "rationale": record.note or None,
        "custom_fields": {},
    }
    return {
        "input_text": input_text(record.messages),
        "tags": [record.field] if record.field else [],
        "output_text_a": record.a,
        "output_text_b": record.b,
        "score": score,
        "individual_rater_scores": [] if record.verdict is None else [rating],
        "custom_fields": {"verdict": record.verdict, "seconds": record.seconds},
    }


def input_text(messages: Any) -> str:
    """A prompt as a single text, the only form that the format has."""
    if len(messages) == 1:
        return str(messages[0]["content"])
    return "\n\n".join(f"{message['role']}: {message['content']}" for message in messages)


def _verdict(score: float | None) -> str | None:
    if score is None:
        return None
    if abs(score) < _TIE:
        return "tie"
    return "a" if score > 0 else "b"
