"""Label Studio's tasks with pairwise annotations, and its JSON_MIN.

https://labelstud.io/tags/pairwise and https://labelstud.io/guide/task_format. `left` is the first answer.
"""

from collections.abc import Sequence
from typing import Any

from db.interchange.argilla_format import prompt_value
from db.interchange.asked import ASKED, asked_of
from db.interchange.checks import Row, checked_number, is_empty
from db.interchange.fields import check_fields
from db.interchange.format import CHAT, JUDGED, Format
from db.interchange.reading import DISAGREE, each_row, judged
from db.interchange.records import DECISIVE, LeftOut, PairRecord, Read, side_pressed
from db.interchange.two_fields import answer_fields, named_answer, other_verdict
from db.interchange.unfolding import unfolded, unfolded_object

_OTHERS = ("tie", "both_bad", "both_good", "skip", "discard")
_TASK = frozenset({"data", "annotations", "drafts", "predictions", "file_upload"})
_REASONS = "reasons"
_CHOSEN = ("comparison", "preference", "better", "choice", "winner", "selected")


def _read_task(row: Row) -> Read:
    """Read a task with the annotations of one or more people. A task without annotations was not judged."""
    data, fields = _data(row)
    annotations = [row.part(each) for each in _list(row, "annotations")]
    verdicts = {_verdict(each, fields) for each in annotations} - {None}
    verdicts = verdicts if len(verdicts) == 1 else verdicts - {"skip"}
    if len(verdicts) > 1:
        return LeftOut(row.at, DISAGREE)
    verdict = next(iter(verdicts), None)
    return _record(
        row, data, fields, verdict, next((each for each in annotations if _counts(each, verdict, fields)), None)
    )


def _counts(annotation: Row, verdict: str | None, fields: Sequence[str]) -> bool:
    return verdict is not None and _verdict(annotation, fields) == verdict


def _record(row: Row, data: Row, fields: Sequence[str], verdict: str | None, said: Row | None) -> Read:
    strength = _result(said, "rating").get("rating", 1) if said else 1
    note = _result(said, "textarea").get("text") if said else None
    left = "b" if data.get("left") == "answer2" else "a"
    found = asked_of(data)
    record = PairRecord(
        row.at,
        found.messages,
        data.text(fields[0]),
        data.text(fields[1]),
        verdict,
        strength=2 if verdict in DECISIVE and checked_number(row, strength, "rating") >= 2 else 1,
        side=None if data.get("left") == "not known" else side_pressed(verdict, left),
        seconds=said.optional_number("lead_time") if said else None,
        note=str((note[0] if isinstance(note, list) and note else note) or ""),
        field=data.optional_text("field"),
        tags=_reasons(said) if said else (),
        remarks=found.remarks,
    )
    return judged(row, record)


def _data(row: Row) -> tuple[Row, tuple[str, ...]]:
    data = row.part(unfolded_object(row.get("data")))
    fields = answer_fields(data.object(), {*ASKED, "field", "left"})
    if len(fields) != 2:
        raise row.wrong(f"'data' must hold two answers such as 'answer1' and 'answer2', and it has {len(fields)}")
    check_fields(row, {*ASKED, *fields, "field", "left"}, data.object(), "data")
    return data, fields


def _list(row: Row, name: str) -> list[Any]:
    value = unfolded(row.get(name))
    if not isinstance(value, list) and not is_empty(value):
        raise row.wrong(f"{name!r} must be a list")
    return value or []


def _verdict(annotation: Row, fields: Sequence[str]) -> str | None:
    """The verdict of one annotation; None where it has no result, which is no tie."""
    if annotation.get("was_cancelled"):
        return "skip"
    selected = _result(annotation, "pairwise").get("selected")
    if selected is not None:
        return _side(annotation, selected, fields)
    chosen = _result(annotation, "choices").get("choices")
    choice = chosen[0] if isinstance(chosen, list) and chosen else chosen
    return None if choice is None else _side(annotation, choice, fields)


def _side(row: Row, said: Any, fields: Sequence[str]) -> str:
    if said in ("left", "right"):
        return "a" if said == "left" else "b"
    if (other := other_verdict(said)) is not None:
        return other
    named = named_answer(said, tuple(fields))
    if named is None:
        raise row.wrong(f"'selected' is {said!r}; known are 'left' and 'right', {', '.join(map(repr, _OTHERS))}")
    return "a" if named == fields[0] else "b"


def _reasons(annotation: Row) -> tuple[str, ...]:
    chosen = _result(annotation, "choices", reasons=True).get("choices")
    values = chosen if isinstance(chosen, list) else []
    return tuple(each.strip() for each in values if isinstance(each, str) and each.strip())


def _result(annotation: Row, kind: str, *, reasons: bool = False) -> dict[str, Any]:
    """The value of the first result of this kind, of the reasons or of anything else; {} when there is none."""
    results = annotation.get("result")
    for each in results if isinstance(results, list) else ():
        if not isinstance(each, dict) or (each.get("from_name") == _REASONS) != reasons:
            continue
        if each.get("type") == kind and isinstance(each.get("value"), dict):
            value: dict[str, Any] = each["value"]
            return value
    return {}


def _read_min(row: Row) -> Read:
    """Read JSON_MIN: the data and the selection as fields of one object."""
    name = _selection(row)
    fields = answer_fields(row.object(), {*ASKED, name})
    if len(fields) != 2:
        raise row.wrong("there are no two answers such as 'answer1' and 'answer2'")
    check_fields(row, {*ASKED, *fields, name, "field"})
    said = row.get(name)
    said = said.get("selected", said.get("choice")) if isinstance(said, dict) else said
    found = asked_of(row)
    record = PairRecord(
        row.at,
        found.messages,
        row.text(fields[0]),
        row.text(fields[1]),
        None if is_empty(said) else _side(row, said, fields),
        seconds=row.optional_number("lead_time"),
        field=row.optional_text("field"),
        remarks=found.remarks,
    )
    return judged(row, record)


def _selection(row: Row) -> str:
    return next((name for name in _CHOSEN if row.has(name)), "")


def _is_min(row: Row) -> bool:
    fields = answer_fields(row.object(), {*ASKED, *_CHOSEN})
    return row.has("annotator") and len(fields) == 2 and bool(_selection(row))


def _write_task(record: PairRecord) -> dict[str, Any]:
    """Write a task. answer1 is a; `left` in its data names the answer that was shown left when it was judged."""
    left = {"a": "answer1", "b": "answer2", None: "not known"}[record.left]
    data = {"prompt": prompt_value(record.messages), "answer1": record.a, "answer2": record.b, "left": left}
    if record.field:
        data["field"] = record.field
    annotation = {
        "lead_time": record.seconds,
        "was_cancelled": record.verdict == "skip",
        "result": [_of("answers", *each) for each in _results(record)],
    }
    return {"id": record.at, "data": data, "annotations": [] if record.verdict is None else [annotation]}


def _results(record: PairRecord) -> list[tuple[str, str, dict[str, Any]]]:
    found: list[tuple[str, str, dict[str, Any]]] = []
    if record.verdict in DECISIVE:
        found.append(("better", "pairwise", {"selected": "left" if record.verdict == "a" else "right"}))
        if record.strength > 1:
            found.append(("strength", "rating", {"rating": record.strength}))
    elif record.verdict not in ("skip", None):
        found.append(("verdict", "choices", {"choices": [record.verdict]}))
    if record.note:
        found.append(("note", "textarea", {"text": [record.note]}))
    if record.tags:
        found.append((_REASONS, "choices", {"choices": list(record.tags)}))
    return found


def _of(name: str, from_name: str, kind: str, value: dict[str, Any]) -> dict[str, Any]:
    return {"from_name": from_name, "to_name": name, "type": kind, "value": value}


LABEL_STUDIO = Format(
    "label-studio",
    "Label Studio, pairwise",
    lambda row: row.has("data", "annotations"),
    each_row(_read_task, _TASK),
    _write_task,
    JUDGED | CHAT | {"strength", "side", "seconds", "note", "field", "tags"},
    endings=(".json", ".jsonl", ".parquet"),
    shape="`data` with `prompt`, `answer1`, `answer2`; `annotations` whose `result` has `selected`: left or right",
    traps="""`left` is the first answer; two texts whose names differ in a number or letter are the answers.
`was_cancelled` is a skip, which never outvotes a verdict, and an annotation without a result is no verdict. A result of
type `choices` says `tie`, `both_bad`, `both_good` or `discard`, `rating` 2 or more is "much better", `textarea` is the
note, `lead_time` the seconds, and choices named `reasons` the reasons. `left` in the data says which answer was
left, where that was not `answer1`.""",
    examples=(
        {
            "data": {"prompt": "Name a nut.", "answer1": "A hazelnut.", "answer2": "Nuts."},
            "annotations": [{"result": [{"type": "pairwise", "value": {"selected": "left"}}]}],
        },
    ),
)
LABEL_STUDIO_MIN = Format(
    "label-studio-min",
    "Label Studio, JSON_MIN",
    _is_min,
    each_row(_read_min, None),
    shape='`prompt`, `answer1`, `answer2`, `comparison`: "left", "right" or an object with `selected`',
    traps="As label-studio. The sides that were shown are not in it.",
    examples=(
        {"prompt": "Name a nut.", "answer1": "A hazelnut.", "answer2": "Nuts.", "comparison": "left", "annotator": 1},
    ),
)
