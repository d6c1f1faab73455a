"""LLM Comparator's file: one JSON object with the names of two models and the examples.

https://github.com/PAIR-code/llm-comparator (README, "Data Format"). Its scores go from 1.5 (A is much better) over 0 to
-1.5 (B is much better). The other facts of a verdict are in its custom fields.
"""

from typing import Any

from db.interchange.checks import Row
from db.interchange.format import JUDGED, Format
from db.interchange.messages import asked
from db.interchange.reading import each_row, judged
from db.interchange.records import DECISIVE, PairRecord, Read, side_pressed
from db.interchange.trial_export import LABELS, SCORES, input_text

# "Slightly better" is 0.5; a mean of several raters that is nearer to 0 than to 0.5 is a tie.
_TIE = 0.25
_MUCH = 1.25
_OTHERS = ("tie", "both_bad", "both_good", "skip", "discard")
_USED = frozenset(
    {"input_text", "output_text_a", "output_text_b", "score", "individual_rater_scores", "custom_fields", "tags"}
)

_BETWEEN = "; "
HEAD = {
    "metadata": {
        "source_path": "palate",
        "custom_fields_schema": [
            {"name": "verdict", "type": "category"},
            {"name": "seconds", "type": "number"},
            {"name": "reasons", "type": "text"},
        ],
    },
    "models": [{"name": "A"}, {"name": "B"}],
}


def _read_example(row: Row) -> Read:
    """Read an example. An example without a score was not judged."""
    score = row.optional_number("score")
    more = row.get("custom_fields") if isinstance(row.get("custom_fields"), dict) else {}
    verdict = said if (said := more.get("verdict")) in _OTHERS else _verdict(score)
    rating = row.part(_first(row.get("individual_rater_scores"), dict) or {})
    flipped = rating.get("is_flipped")
    record = PairRecord(
        row.at,
        asked(row.text("input_text")),
        row.text("output_text_a"),
        row.text("output_text_b"),
        verdict,
        strength=2 if verdict in DECISIVE and abs(score or 0.0) >= _MUCH else 1,
        side=side_pressed(verdict, "b" if flipped else "a") if isinstance(flipped, bool) else None,
        seconds=row.part(more).optional_number("seconds"),
        note=rating.optional_text("rationale") or "",
        field=_first(row.get("tags"), str) or None,
        tags=_reasons(more.get("reasons")),
    )
    return judged(row, record)


def _reasons(said: Any) -> tuple[str, ...]:
    return tuple(filter(None, map(str.strip, said.split(_BETWEEN)))) if isinstance(said, str) else ()


def _first(values: Any, kind: type) -> Any:
    """The first value of a list that is of this kind and not empty."""
    return (
        next((each for each in values if isinstance(each, kind) and each), None) if isinstance(values, list) else None
    )


def _write_example(record: PairRecord) -> dict[str, Any]:
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
        "custom_fields": {
            **{"verdict": record.verdict, "seconds": record.seconds},
            **({"reasons": _BETWEEN.join(record.tags)} if record.tags else {}),
        },
    }


def _verdict(score: float | None) -> str | None:
    if score is None:
        return None
    if abs(score) < _TIE:
        return "tie"
    return "a" if score > 0 else "b"


COMPARATOR = Format(
    "llm-comparator",
    "LLM Comparator",
    lambda row: row.has("input_text", "output_text_a"),
    each_row(_read_example, _USED),
    _write_example,
    JUDGED | {"strength", "side", "seconds", "note", "field", "tags"},
    input_text,
    (".json",),
    HEAD,
    shape="`examples` of `input_text`, `output_text_a`, `output_text_b`, `score`",
    traps="""A score above 0.25 chooses A, below −0.25 B, nearer to 0 it is a tie; from 1.25 on it is "much better".
Without a score the pair was not judged. `is_flipped` gives the side, `rationale` is the note, the first tag the field.
Other verdicts, the seconds and the reasons (between "; ") are in `custom_fields`.""",
    examples=({"input_text": "Why?", "output_text_a": "Light.", "output_text_b": "Hm.", "score": 1.0},),
)
