"""A chosen and a rejected answer, however a file writes them: texts, messages, whole conversations, transcripts.

The question is never guessed from a common beginning of two answers, because that would cut off part of the answers.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice, pairwise, product

from db.interchange.asked import ASKED, PROMPTS, Asked, find_asked, with_fields_beside
from db.interchange.chat_text import transcript_turns, without_end
from db.interchange.checks import Row, RowRefused, checked_text, is_unknown, kind_of
from db.interchange.messages import ending_with_user, is_messages, same_turns, turns_of
from db.interchange.reading import DIFFER, EQUAL_SCORES, REVERSED_SCORES, ReadRows, checked, guarded, judged
from db.interchange.records import LeftOut, PairRecord, Read
from db.interchange.unfolding import unfolded_messages
from db.prompt_rows import Messages

SCORE_NAMES = (
    ("score_chosen", "score_rejected"),
    ("chosen_score", "rejected_score"),
    ("chosen_rating", "rejected_rating"),
    ("chosen-rating", "rejected-rating"),
    ("rating_chosen", "rating_rejected"),
)
_SCORE_FIELDS = frozenset(name for two in SCORE_NAMES for name in two)
# The prompt of fewer letters may well begin an answer by chance.
_SHORTEST_REPEATED = 12
_SAMPLE = 200
ENDS = "an answer ended with a template's end of turn, which was taken off"
REPEATED = "both answers began with the prompt, which was taken off"
TWO_TURNS = "one speaker has two turns in a row"


@dataclass(frozen=True)
class Side:
    """An answer, the turns that its file writes before it, and whether it was a plain text."""

    before: Messages
    text: str
    plain: bool
    remarks: tuple[str, ...] = ()


def preferred_rows(
    chosen: str = "chosen",
    rejected: str = "rejected",
    *,
    prompts: Sequence[str] = PROMPTS,
    used: Collection[str] = (),
) -> ReadRows:
    """A reader of rows with a better and a worse answer under these names, and a prompt under one of `prompts`."""
    names = (chosen, rejected)
    fields = ASKED | _SCORE_FIELDS | {*names, *prompts, *used}

    def read_rows(rows: Iterable[Row], strict: bool) -> Iterator[Read]:
        rows = iter(rows)
        head = list(islice(rows, _SAMPLE))
        repeats = _repeat(head, names, prompts)
        for row in chain(head, rows):

            def read(row: Row = row) -> list[Read]:
                return checked(row, lambda row: read_preferred(row, names, prompts, repeats=repeats), fields)

            yield from guarded(row, strict, read)

    return read_rows


def read_preferred(row: Row, names: tuple[str, str], prompts: Sequence[str], *, repeats: bool = False) -> list[Read]:
    """The pairs of a row: one, or one for every two where it has several chosen or rejected answers.

    Raises:
        RowRefused: a prompt or an answer is missing, or they do not fit each other.
    """
    chosen, rejected = (_sides(row, name) for name in names)
    if {each.plain for each in (*chosen, *rejected)} == {True, False}:
        raise row.wrong(f"{names[0]!r} and {names[1]!r} must both be texts or both be messages")
    found = find_asked(row, prompts)
    reads = [_pair(row, names, found, *two, repeats) for two in product(chosen, rejected)]
    number = len(chosen) + len(rejected)
    return reads if number == 2 else [_of_several(each, number) for each in reads]


def _of_several(read: Read, number: int) -> Read:
    return read if isinstance(read, LeftOut) else replace(read, answers=number, ranking=read.at)


def _sides(row: Row, name: str) -> list[Side]:
    value = unfolded_messages(row, row.get(name), name)
    if isinstance(value, list) and value and all(isinstance(each, str) for each in value):
        return [_of_text(row, each, name) for each in value]
    if isinstance(value, str):
        return [_of_text(row, value, name)]
    if not is_messages(value):
        raise row.wrong(f"{name!r} must be a text or messages, not {kind_of(value)}")
    turns = turns_of(row, value, name)
    if turns[-1]["role"] != "assistant":
        raise row.wrong(f"{name!r} must end with the assistant's answer")
    return [Side(turns[:-1], turns[-1]["content"], False)]


def _of_text(row: Row, text: str, name: str) -> Side:
    plain = without_end(checked_text(row, text, name))
    return Side((), plain, True, () if plain == text else (ENDS,))


def _pair(row: Row, names: tuple[str, str], found: Asked | None, one: Side, two: Side, repeats: bool) -> Read:
    if one.plain:
        found, one, two = _plain(row, names, found, one, two, repeats)
    if not same_turns(one.before, two.before):
        return LeftOut(row.at, DIFFER)
    messages = _together(row, names[0], found, one.before)
    if found is None and _speaks_twice(messages):
        return LeftOut(row.at, TWO_TURNS)
    if not any(each["content"].strip() for each in messages if each["role"] == "user"):
        raise row.wrong("the prompt is empty")
    remarks = tuple(dict.fromkeys((*(found.remarks if found else ()), *one.remarks, *two.remarks)))
    return _scored(row, PairRecord(row.at, messages, one.text, two.text, "a", remarks=remarks))


def _plain(
    row: Row, names: tuple[str, str], found: Asked | None, one: Side, two: Side, repeats: bool
) -> tuple[Asked | None, Side, Side]:
    """Two texts: transcripts where there is no prompt beside them, or where they repeat the prompt."""
    sides = tuple(_of_transcript(row, name, each, found) for name, each in zip(names, (one, two), strict=True))
    if sides[0] and sides[1]:
        return found, sides[0], sides[1]
    if found is None:
        raise row.wrong(
            f"{names[0]!r} is a text without a prompt beside it and without 'Human:' and 'Assistant:' in it, so where "
            "its answer begins cannot be known. Give every row a 'prompt'"
        )
    if repeats and _begins(one.text, found) and _begins(two.text, found):
        return found, _behind(one, found), _behind(two, found)
    return found, one, two


def _of_transcript(row: Row, name: str, side: Side, found: Asked | None) -> Side | None:
    """The side as a transcript; None where its text is only an answer."""
    turns = transcript_turns(side.text)
    if turns is None or (found is not None and not same_turns(_said(turns[:-1]), _said(found.messages))):
        return None
    if turns[-1]["role"] != "assistant":
        raise row.wrong(f"{name!r} must end with what 'Assistant:' says")
    if turns[0]["role"] != "user" or turns[-2]["role"] != "user":
        raise row.wrong(f"{name!r} must begin with 'Human:' and have a 'Human:' before its last 'Assistant:'")
    return Side(turns[:-1], turns[-1]["content"], False, (*side.remarks, *((REPEATED,) if found else ())))


def _said(messages: Messages) -> Messages:
    return tuple(each for each in messages if each["role"] != "system")


def _begins(text: str, found: Asked) -> bool:
    start = (found.text or "").strip()
    rest = text.lstrip().removeprefix(start)
    return len(start) >= _SHORTEST_REPEATED and rest != text.lstrip() and bool(rest.strip())


def _behind(side: Side, found: Asked) -> Side:
    rest = side.text.lstrip().removeprefix((found.text or "").strip()).lstrip()
    return replace(side, text=rest, remarks=(*side.remarks, REPEATED))


def _together(row: Row, name: str, found: Asked | None, before: Messages) -> Messages:
    """The prompt and the turns that the answers begin with.

    Raises:
        RowRefused: there is no prompt, or the answers hold a conversation about something else.
    """
    if found is None:
        if not before:
            raise row.wrong("there is no 'prompt', and the answers hold no question")
        return with_fields_beside(row, ending_with_user(row, before, name), name).messages
    if not before:
        return found.messages
    if before[0]["role"] == "assistant":
        return ending_with_user(row, (*found.messages, *before), name)
    whole, own = _said(before), _said(found.messages)
    if not same_turns(whole, own) and not (len(own) == 1 and _asks(whole, own[0]["content"])):
        raise row.wrong(f"the prompt and the conversation in {name!r} differ")
    if before[0]["role"] == "system" and found.messages[0]["role"] == "system" and before[0] != found.messages[0]:
        raise row.wrong("it has two system prompts that differ")
    system = next((each[:1] for each in (before, found.messages) if each[0]["role"] == "system"), ())
    return (*system, *ending_with_user(row, whole, name))


def _speaks_twice(messages: Messages) -> bool:
    roles = [each["role"] for each in messages if each["role"] != "system"]
    return any(first == second for first, second in pairwise(roles))


def _asks(whole: Messages, question: str) -> bool:
    return any(each["content"].strip() == question.strip() for each in whole if each["role"] == "user")


def _scored(row: Row, record: PairRecord) -> Read:
    """The record with its scores, or the row left out where equal scores contradict the choice."""
    if _SCORE_FIELDS.isdisjoint(row.object()):
        return judged(row, record)
    names = next((two for two in SCORE_NAMES if any(not is_unknown(row.get(each)) for each in two)), None)
    if names is None:
        return judged(row, record)
    better, worse = (row.optional_number(each) for each in names)
    if better is not None and better == worse:
        return LeftOut(row.at, EQUAL_SCORES)
    reversed_ = better is not None and worse is not None and better < worse
    remarks = (*record.remarks, *((REVERSED_SCORES,) if reversed_ else ()))
    return judged(row, replace(record, score_a=better, score_b=worse, remarks=remarks))


def _repeat(rows: Sequence[Row], names: tuple[str, str], prompts: Sequence[str]) -> bool:
    """Whether most rows' answers begin with their prompt, so that it is the file's habit and not an answer's."""
    repeats = [each for each in (_repeats(row, names, prompts) for row in rows) if each is not None]
    return 2 * sum(repeats) > len(repeats)


def _repeats(row: Row, names: tuple[str, str], prompts: Sequence[str]) -> bool | None:
    try:
        found = find_asked(row, prompts)
        texts = [row.get(name) for name in names]
    except RowRefused:
        return None
    if found is None or found.text is None or not all(isinstance(each, str) for each in texts):
        return None
    return all(_begins(each, found) for each in texts)
