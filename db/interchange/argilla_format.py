"""Argilla: flat records of version 2, datasets of version 1, and ratings of each answer.

https://docs.argilla.io/latest/reference/argilla/datasets/dataset_records/ (records as flat columns). The answers are
fields whose names differ only in a number or letter, and the response to a question names the best one, ranks them, or
rates each of them in a question of its own.
"""

from typing import Any

from db.interchange.asked import ASKED, SYSTEMS, asked_of
from db.interchange.checks import Row, checked_number, is_unknown
from db.interchange.fields import check_fields
from db.interchange.format import CHAT, JUDGED, Format
from db.interchange.ranking import Ranked, ranked_pairs
from db.interchange.reading import DISAGREE, each_row, judged
from db.interchange.records import DECISIVE, LeftOut, PairRecord, Read
from db.interchange.two_fields import answer_fields, named_answer, other_verdict
from db.interchange.unfolding import unfolded
from db.prompt_rows import Messages

_QUESTION = "preference"
_RESPONSES = ".responses"
_RATING = "-rating"
_BEHIND = float("inf")

Response = tuple[Any, str]
"""What somebody said, and the status of it: submitted, draft or discarded."""


def prompt_value(messages: Messages) -> Any:
    """A prompt as annotators' tools show it best: one question as text, several turns as a list of messages."""
    alone = len(messages) == 1 and messages[0]["content"][:1] != "["
    return messages[0]["content"] if alone else list(messages)


def submitted(said: list[Response]) -> list[Response]:
    """The submitted responses; where there is none, the others: a draft never outvotes a verdict."""
    return [each for each in said if each[1] == "submitted" and each[0] is not None] or said


def _read(row: Row) -> list[Read]:
    """Read a record with two or more answers and people's responses about them."""
    fields = answer_fields(row.object(), {*ASKED, "field"})
    if not fields:
        raise row.wrong("there are no two answers such as 'response_a' and 'response_b'")
    used = {*ASKED, *fields, "field", *(name for name in row.object() if _RESPONSES in name or ".suggestion" in name)}
    old = _old_question(row)
    check_fields(row, used | ({old} if old else set()))
    found = asked_of(row, ("prompt", "instruction", "question", "messages", "text", "context"))
    said = _old_responses(row, old) if old else _responses(row, _question(row, fields))
    places = [_places(row, value, fields) for value, status in submitted(said) if status == "submitted"]
    if len(fields) > 2 and any(places):
        return _ranked(row, found, fields, places)
    if len(fields) > 2:
        return [LeftOut(row.at, "its ranking of several answers was not submitted")]
    return [_of_two(row, found.messages, fields, submitted(said), found.remarks)]


def _of_two(row: Row, messages: Messages, fields: Any, said: list[Response], remarks: tuple[str, ...]) -> Read:
    verdicts = {_verdict(row, *each, fields) for each in said} - {None}
    verdicts = verdicts if len(verdicts) == 1 else verdicts - {"skip"}
    if len(verdicts) > 1:
        return LeftOut(row.at, DISAGREE)
    verdict = next(iter(verdicts), None)
    strength, note = _responses(row, "strength"), _responses(row, "note")
    number = checked_number(row, strength[0][0], "strength") if strength and strength[0][0] is not None else 1
    record = PairRecord(
        row.at,
        messages,
        row.text(fields[0]),
        row.text(fields[1]),
        verdict,
        strength=2 if verdict in DECISIVE and number >= 2 else 1,
        note=str(note[0][0] or "") if note else "",
        field=row.optional_text("field"),
        tags=_reasons(row),
        remarks=remarks,
    )
    return judged(row, record)


def _reasons(row: Row) -> tuple[str, ...]:
    said = _responses(row, "reasons")
    values = _list(said[0][0]) if said else []
    return tuple(each.strip() for each in values if isinstance(each, str) and each.strip())


def _ranked(row: Row, found: Any, fields: tuple[str, ...], places: list[dict[str, float] | None]) -> list[Read]:
    given = [each for each in places if each]
    if any(each != given[0] for each in given):
        return [LeftOut(row.at, DISAGREE)]
    answers = [Ranked(row.text(name), None if (at := given[0].get(name)) is None else -at) for name in fields]
    return ranked_pairs(row, found, answers, ties=_BEHIND not in given[0].values())


def _places(row: Row, value: Any, fields: tuple[str, ...]) -> dict[str, float] | None:
    """The rank of each answer, 1 the best, and `_BEHIND` for those behind one that was only called the best."""
    if value is None:
        return None
    if isinstance(value, dict) and isinstance(value.get("rank"), list) and isinstance(value.get("value"), list):
        value = [{"value": name, "rank": at} for name, at in zip(value["value"], value["rank"], strict=False)]
    if isinstance(value, list) and value and all(isinstance(each, dict) for each in value):
        places = {named_answer(each.get("value"), fields): each.get("rank") for each in value}
        if any(is_unknown(places.get(name)) for name in fields):
            raise row.wrong(f"the ranking does not name {' and '.join(map(repr, fields))}")
        return {name: checked_number(row, places[name], "rank") for name in fields}
    best = named_answer(value.get("value") if isinstance(value, dict) else value, fields)
    return None if best is None else {name: 1.0 if name == best else _BEHIND for name in fields}


def _verdict(row: Row, value: Any, status: str, fields: tuple[str, ...]) -> str | None:
    if status == "discarded":
        return "discard"
    if status not in ("submitted", "completed"):
        return "skip"
    if value is None:
        return None
    if (other := other_verdict(value)) is not None:
        return other
    places = _places(row, value, fields)
    if places is None:
        known = ", ".join(map(repr, (*fields, "tie", "both_bad", "both_good")))
        raise row.wrong(f"the response {value!r} is none of {known}")
    first, second = (places[name] for name in fields)
    return "tie" if first == second else "a" if first < second else "b"


# -- where the responses are ----------------------------------------------------------------------------------


def _question(row: Row, fields: tuple[str, ...]) -> str | tuple[str, ...]:
    names = [name.removesuffix(_RESPONSES) for name in row.object() if name.endswith(_RESPONSES)]
    rated = tuple(f"{name}{_RATING}" for name in fields)
    if set(rated) <= set(names):
        return rated
    if _QUESTION in names or not names:
        return _QUESTION
    others = [name for name in names if name not in ("strength", "note", "reasons", *fields)]
    if len(others) != 1:
        raise row.wrong(f"no single question names the better answer; there are {', '.join(map(repr, names))}")
    return others[0]


def _responses(row: Row, question: str | tuple[str, ...]) -> list[Response]:
    """The responses to a question, or rankings made of the ratings of each answer."""
    if isinstance(question, tuple):
        return _from_ratings(row, question)
    values, status = (_list(row.get(f"{question}{_RESPONSES}{end}")) for end in ("", ".status"))
    return [(value, status[at] if at < len(status) else "submitted") for at, value in enumerate(values)]


def _list(value: Any) -> list[Any]:
    value = unfolded(value, object)
    return value if isinstance(value, list) else []


def _from_ratings(row: Row, questions: tuple[str, ...]) -> list[Response]:
    said = [_responses(row, name) for name in questions]
    if len({len(each) for each in said}) != 1:
        raise row.wrong("its answers were rated by different numbers of people")
    found: list[Response] = []
    for ratings in zip(*said, strict=True):
        status = next((each[1] for each in ratings if each[1] != "submitted"), "submitted")
        known = not any(is_unknown(each[0]) for each in ratings)
        names = [name.removesuffix(_RATING) for name in questions]
        ranking = [
            {"value": name, "rank": -checked_number(row, each[0], "rating")}
            for name, each in zip(names, ratings, strict=True)
            if known
        ]
        found.append((ranking or None, status))
    return found


def _old_question(row: Row) -> str | None:
    """The question of a record of version 1: a list of responses, each with a status and a value."""
    for name, value in row.object().items():
        held = unfolded(value)
        said = isinstance(held, list) and held and all(isinstance(each, dict) and "value" in each for each in held)
        if said and any({"user_id", "status"} & each.keys() for each in held):
            return name
    return None


def _old_responses(row: Row, question: str) -> list[Response]:
    said = [each for each in unfolded(row.get(question)) if isinstance(each, dict)]
    return [(each.get("value"), str(each.get("status") or "submitted")) for each in said]


def is_argilla(row: Row) -> bool:
    """Whether a row has a question's responses and two fields whose names differ only in a number or letter."""
    asked = any(name.endswith(_RESPONSES) for name in row.object()) or _old_question(row) is not None
    return asked and bool(answer_fields(row.object(), {*ASKED, *SYSTEMS}))


def write_argilla(record: PairRecord) -> dict[str, Any]:
    """Write a record. A skip is a draft without a value; a pair that was not judged has no response."""
    values = {"a": "response_a", "b": "response_b", "skip": None, "discard": None, None: None}
    status = {"skip": "draft", "discard": "discarded"}.get(record.verdict or "", "submitted")
    said: dict[str, Any] = {_QUESTION: values.get(record.verdict, record.verdict)}
    said["strength"] = str(record.strength) if record.verdict in DECISIVE else None
    said["note"] = record.note or None
    said["reasons"] = list(record.tags) or None
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


ARGILLA = Format(
    "argilla",
    "Argilla: flat records, version 1, ratings",
    is_argilla,
    each_row(_read, None),
    write_argilla,
    JUDGED | CHAT | {"strength", "note", "field", "tags"},
    shape="""`prompt`, fields such as `response_a` and `response_b`, and `preference.responses` with their status; or
`generation-1-rating.responses`; or, of version 1, `preference`: a list of `value` and `status`""",
    traps="""The question whose responses name one answer, or rank them all. Submitted responses alone count: a draft is
a skip, and a discarded response a discarded pair, only where nobody submitted one. A ranking of several answers gives
every pair that it implies. `tie`, `both_bad` and `both_good` are values as well. `strength`, `note` and `reasons`
(several labels) are questions of their own. A row on which people disagree is left out.""",
    examples=(
        {
            "prompt": "Name a nut.",
            "response_a": "A hazelnut.",
            "response_b": "Nuts.",
            "preference.responses": ["response_a"],
            "preference.responses.status": ["submitted"],
        },
    ),
)
