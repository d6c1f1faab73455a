"""Tools in which people judge pairs: Argilla's flat records and Label Studio's tasks.

Argilla: https://docs.argilla.io/latest/reference/argilla/datasets/dataset_records/ (records as flat columns). The
answers are the fields response_a and response_b (or response1, answer_1, … : two fields whose names differ only in a
number or letter), and the response to the question names the better one.

Label Studio: https://labelstud.io/tags/pairwise and https://labelstud.io/guide/task_format. `left` is answer1.

A pair on which several people disagree is left out.
"""

import re
from typing import Any

from db.interchange.arena import judged
from db.interchange.checks import Row, checked_number, messages_of
from db.interchange.records import DECISIVE, LeftOut, PairRecord, Read, side_pressed
from db.interchange.sources import unfolded
from db.interchange.trl import cell
from db.prompt_rows import Messages

DISAGREE = "those who judged it disagree"
_OTHERS = ("tie", "both_bad", "both_good", "skip", "discard")


def prompt_value(messages: Messages) -> Any:
    """A prompt in the form that both tools show best: one question as text, several turns as a list of messages."""
    alone = len(messages) == 1 and messages[0]["content"][:1] != "["
    return messages[0]["content"] if alone else list(messages)


# -- Argilla ---------------------------------------------------------------------------------------------------

_QUESTION = "preference"
_RESPONSES = ".responses"
_FIELDS = re.compile(r"(.*?)[_-]?([12aAbB])", re.DOTALL)


def is_argilla(value: dict[str, Any]) -> bool:
    """Whether a row has a question's responses and two fields whose names differ only in a number or letter."""
    return any(name.endswith(_RESPONSES) for name in value) and _two_fields(value) is not None


def read_argilla(row: Row, *, table: bool = False) -> Read:
    """Read a row with two answers and people's responses about them.

    Raises:
        InterchangeError: the two answers, the prompt or the question are missing, or a response names no answer.
    """
    fields = _two_fields(row.object())
    if fields is None:
        raise row.wrong("there are no two answers such as 'response_a' and 'response_b'")
    prompt = next((name for name in ("prompt", "instruction", "question") if row.get(name) is not None), None)
    if prompt is None:
        raise row.wrong("there is no 'prompt' and no 'instruction'")
    said = _responses(row, _question(row, fields), table)
    verdicts = {_argilla_verdict(row, *each, fields) for each in said} - {None}
    if len(verdicts) > 1:
        return LeftOut(row.at, DISAGREE)
    verdict = next(iter(verdicts), None)
    strength = _responses(row, "strength", table)
    note = _responses(row, "note", table)
    number = checked_number(row, strength[0][0], "strength") if strength and strength[0][0] is not None else 1
    return judged(
        row,
        messages_of(row, cell(row, prompt, table), prompt),
        row.text(fields[0]),
        row.text(fields[1]),
        verdict,
        strength=2 if verdict in DECISIVE and number >= 2 else 1,
        note=str(note[0][0] or "") if note else "",
        field=row.optional_text("field"),
    )


def write_argilla(record: PairRecord) -> dict[str, Any]:
    """Write a record. A skip is a draft without a value; a pair that was not judged has no response."""
    values = {"a": "response_a", "b": "response_b", "skip": None, "discard": None, None: None}
    status = {"skip": "draft", "discard": "discarded"}.get(record.verdict or "", "submitted")
    said = {_QUESTION: values.get(record.verdict, record.verdict)}
    said["strength"] = str(record.strength) if record.verdict in DECISIVE else None
    said["note"] = record.note or None
    row: dict[str, Any] = {
        "id": str(record.at),
        "field": record.field,
        "prompt": prompt_value(record.messages),
        "response_a": record.a,
        "response_b": record.b,
    }
    given = record.verdict is not None
    for name, value in said.items():
        row[f"{name}{_RESPONSES}"] = [value] if given else []
        row[f"{name}{_RESPONSES}.users"] = ["palate"] if given else []
        row[f"{name}{_RESPONSES}.status"] = [status] if given else []
    return row


def _two_fields(value: dict[str, Any]) -> tuple[str, str] | None:
    """The names of the two answers: the first two columns of text whose names differ only in a number or letter."""
    seen: dict[str, str] = {}
    for name in value:
        found = _FIELDS.fullmatch(name)
        if found and found[1] and isinstance(value[name], str):
            if found[1] in seen:
                first, second = sorted((seen[found[1]], name))
                return first, second
            seen[found[1]] = name
    return None


def _question(row: Row, fields: tuple[str, str]) -> str:
    names = [name.removesuffix(_RESPONSES) for name in row.object() if name.endswith(_RESPONSES)]
    if not names:
        raise row.wrong(f"there is no question with answers, such as '{_QUESTION}{_RESPONSES}'")
    if _QUESTION in names:
        return _QUESTION
    others = [name for name in names if name not in ("strength", "note", *fields)]
    if len(others) != 1:
        raise row.wrong(f"no single question names the better answer; there are {', '.join(map(repr, names))}")
    return others[0]


def _responses(row: Row, question: str, table: bool) -> list[tuple[Any, str]]:
    """The responses to a question, each with its status."""
    values, status = (row.get(f"{question}{_RESPONSES}{end}") for end in ("", ".status"))
    if table:
        values, status = (unfolded(each, object) for each in (values, status))
    values, status = (each if isinstance(each, list) else [] for each in (values, status))
    return [(value, status[at] if at < len(status) else "submitted") for at, value in enumerate(values)]


def _argilla_verdict(row: Row, value: Any, status: str, fields: tuple[str, str]) -> str | None:
    if status == "discarded":
        return "discard"
    if value is None or status == "draft":
        return "skip" if status == "draft" else None
    if isinstance(value, list) and value and isinstance(value[0], dict):  # a ranking: the best one's rank is 1
        ranks = {each.get("value"): each.get("rank") for each in value}
        first, second = (ranks.get(name) for name in fields)
        if first is None or second is None:
            raise row.wrong(f"the ranking does not name {fields[0]!r} and {fields[1]!r}")
        return "tie" if first == second else "a" if first < second else "b"
    names = {fields[0]: "a", fields[1]: "b", "tie": "tie", "both_bad": "both_bad", "both_good": "both_good"}
    if value not in names:
        raise row.wrong(f"the response {value!r} is none of {', '.join(map(repr, names))}")
    return names[value]


# -- Label Studio ----------------------------------------------------------------------------------------------


def read_task(row: Row, *, table: bool = False) -> Read:
    """Read a task with the annotations of one or more people. A task without annotations was not judged.

    Raises:
        InterchangeError: a text is missing, or a selection is neither left nor right.
    """
    data = Row(row.file, row.unit, row.at, cell(row, "data", table))
    annotations = [Row(row.file, row.unit, row.at, each) for each in row.get("annotations") or ()]
    verdicts = {_task_verdict(each) for each in annotations}
    if len(verdicts) > 1:
        return LeftOut(row.at, DISAGREE)
    verdict = next(iter(verdicts), None)
    first = annotations[0] if annotations else None
    strength = _result(first, "rating").get("rating", 1) if first else 1
    note = _result(first, "textarea").get("text") if first else None
    left = "b" if data.get("left") == "answer2" else "a"
    return judged(
        row,
        messages_of(row, data.get("prompt"), "prompt"),
        data.text("answer1"),
        data.text("answer2"),
        verdict,
        strength=2 if verdict in DECISIVE and checked_number(row, strength, "rating") >= 2 else 1,
        side=None if data.get("left") == "not known" else side_pressed(verdict, left),
        seconds=first.optional_number("lead_time") if first else None,
        note=(note[0] if isinstance(note, list) and note else note) or "",
        field=data.optional_text("field"),
    )


def write_task(record: PairRecord) -> dict[str, Any]:
    """Write a task. answer1 is a; `left` in its data names the answer that was shown left when it was judged."""
    left = {"a": "answer1", "b": "answer2", None: "not known"}[record.left]
    data = {"prompt": prompt_value(record.messages), "answer1": record.a, "answer2": record.b, "left": left}
    if record.field:
        data["field"] = record.field
    annotation = {
        "lead_time": record.seconds,
        "was_cancelled": record.verdict == "skip",
        "result": [_of("answers", kind, value) for kind, value in _results(record)],
    }
    return {"id": record.at, "data": data, "annotations": [] if record.verdict is None else [annotation]}


def _results(record: PairRecord) -> list[tuple[str, dict[str, Any]]]:
    found: list[tuple[str, dict[str, Any]]] = []
    if record.verdict in DECISIVE:
        found.append(("pairwise", {"selected": "left" if record.verdict == "a" else "right"}))
        if record.strength > 1:
            found.append(("rating", {"rating": record.strength}))
    elif record.verdict not in ("skip", None):
        found.append(("choices", {"choices": [record.verdict]}))
    if record.note:
        found.append(("textarea", {"text": [record.note]}))
    return found


def _of(name: str, kind: str, value: dict[str, Any]) -> dict[str, Any]:
    from_name = {"pairwise": "better", "rating": "strength", "choices": "verdict", "textarea": "note"}[kind]
    return {"from_name": from_name, "to_name": name, "type": kind, "value": value}


def _result(annotation: Row, kind: str) -> dict[str, Any]:
    """The value of the first result of this kind, {} when there is none."""
    for each in annotation.get("result") or ():
        if isinstance(each, dict) and each.get("type") == kind and isinstance(each.get("value"), dict):
            value: dict[str, Any] = each["value"]
            return value
    return {}


def _task_verdict(annotation: Row) -> str:
    if annotation.get("was_cancelled"):
        return "skip"
    selected = _result(annotation, "pairwise").get("selected")
    if selected is not None:
        if selected not in ("left", "right"):
            raise annotation.wrong(f"'selected' is {selected!r}; known are 'left' and 'right'")
        return "a" if selected == "left" else "b"
    choice = next(iter(_result(annotation, "choices").get("choices") or ()), "tie")
    if choice not in _OTHERS:
        raise annotation.wrong(f"the choice {choice!r} is none of {', '.join(map(repr, _OTHERS))}")
    return str(choice)
