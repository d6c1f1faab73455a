"""KTO's unpaired answers: a question, one answer, and whether it is good.

https://huggingface.co/docs/trl/dataset_formats#unpaired-preference. A pair is written as two rows. On reading, the good
and the bad answers of one question are paired in their order: the first with the first.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from typing import Any

from db.hashing import content_hash
from db.interchange.asked import ASKED, Asked, asked_of, with_fields_beside
from db.interchange.checks import Row, RowRefused, checked_text, is_empty
from db.interchange.fields import check_fields
from db.interchange.format import CHAT, Format
from db.interchange.messages import assistant, ending_with_user, is_messages, turns_of
from db.interchange.reading import EMPTY, judged
from db.interchange.records import LeftOut, PairRecord, Read
from db.interchange.unfolding import unfolded_messages

ALONE = "no answer to the same question has the other label"
LABEL_NAMES = ("label", "kto_tag")
_ANSWERS = ("completion", "output", "response")
_GOOD = {"true": True, "false": False, "1": True, "0": False, "1.0": True, "0.0": False, "good": True, "bad": False}


def read_kto(rows: Iterable[Row], strict: bool) -> Iterator[Read]:
    """Pairs of answers to one question, from any rows of the file, then the answers without a partner.

    The rows wait in a temporary file that SQLite makes and deletes, so that a long file takes no memory.

    Raises:
        InterchangeError: no answer at all has a partner; the message names the first answer.
    """
    with closing(sqlite3.connect("", isolation_level=None)) as waiting:
        waiting.execute("PRAGMA cache_size = -16384")
        waiting.execute("CREATE TABLE open (prompt TEXT, label INTEGER, at INTEGER, text TEXT)")
        waiting.execute("CREATE INDEX open_by_prompt ON open (prompt, label, at)")
        waiting.execute("BEGIN")
        first: Row | None = None
        pairs = 0
        for row in rows:
            read = _read(waiting, row, strict)
            if read is None:
                first = first or row
            else:
                pairs += isinstance(read, PairRecord)
                yield read
        alone = waiting.execute("SELECT at FROM open ORDER BY at")
        if not pairs and first is not None:
            raise first.wrong(f"{ALONE}, here and in every other row, so there is no pair to learn from")
        for (at,) in alone:
            yield LeftOut(at, ALONE)


def _read(waiting: sqlite3.Connection, row: Row, strict: bool) -> Read | None:
    """The pair that a row completes, or the row as left out; None where its answer waits for a partner."""
    try:
        check_fields(row, ASKED | {*LABEL_NAMES, *_ANSWERS})
        found, text, label = _judged(row)
    except RowRefused as error:
        if strict:
            raise
        return LeftOut(row.at, error.reason)
    return LeftOut(row.at, EMPTY) if not text.strip() else _paired(waiting, row, found, text, label)


def _judged(row: Row) -> tuple[Asked, str, bool]:
    name = next((each for each in _ANSWERS if not is_empty(row.get(each))), None)
    label = _label(row)
    if name is None and any(row.has(each) for each in _ANSWERS):
        return asked_of(row), "", label
    if name is None:  # the answer is the last message, as ms-swift has it
        turns = turns_of(row, unfolded_messages(row, row.get("messages"), "messages"), "messages")
        if turns[-1]["role"] != "assistant":
            raise row.wrong("'messages' must end with the assistant's answer")
        asked = ending_with_user(row, turns[:-1], "messages")
        return with_fields_beside(row, asked, "messages"), turns[-1]["content"], label
    said = unfolded_messages(row, row.get(name), name)
    if is_messages(said):
        turns = turns_of(row, said, name)
        if len(turns) != 1 or turns[0]["role"] != "assistant":
            raise row.wrong(f"{name!r} must hold one message of the assistant, and nothing of the prompt")
        said = turns[0]["content"]
    return asked_of(row), checked_text(row, said, name), label


def _label(row: Row) -> bool:
    name = next((each for each in LABEL_NAMES if row.has(each)), LABEL_NAMES[0])
    label = _GOOD.get(str(row.get(name)).strip().casefold())
    if label is None:
        raise row.wrong(f"{name!r} must be true or false")
    return label


def _paired(waiting: sqlite3.Connection, row: Row, found: Asked, text: str, label: bool) -> Read | None:
    """The pair with the oldest open answer of the other label. Without one, keep this answer open and return None."""
    key = content_hash(found.messages)
    query = "SELECT rowid, text FROM open WHERE prompt = ? AND label = ? ORDER BY at LIMIT 1"
    other = waiting.execute(query, (key, not label)).fetchone()
    if other is None:
        waiting.execute("INSERT INTO open VALUES (?, ?, ?, ?)", (key, label, row.at, text))
        return None
    waiting.execute("DELETE FROM open WHERE rowid = ?", (other[0],))
    chosen, rejected = (text, other[1]) if label else (other[1], text)
    return judged(row, PairRecord(row.at, found.messages, chosen, rejected, "a", remarks=found.remarks))


def write_kto(record: PairRecord) -> list[dict[str, Any]]:
    """Write two rows: the chosen answer is good, the rejected one is bad."""
    answers = ((record.chosen, True), (record.rejected, False))
    return [
        {"prompt": list(record.messages), "completion": [assistant(text)], "label": label} for text, label in answers
    ]


def _is_kto(row: Row) -> bool:
    return any(map(row.has, LABEL_NAMES)) and any(map(row.has, (*_ANSWERS, "messages")))


KTO = Format(
    "kto",
    "KTO: single answers, good or bad",
    _is_kto,
    read_kto,
    write_kto,
    CHAT,
    shape="one answer a row: `prompt`, `completion`, `label`; also `kto_tag`, and messages that end with the answer",
    traps="""The good and the bad answers of one prompt are paired in the order in which they come, wherever they are.
An answer without a partner is left out; if none finds one, the file is refused.""",
    examples=(
        {"prompt": "Name a nut.", "completion": "A hazelnut.", "label": True},
        {"prompt": "Name a nut.", "completion": "Nuts.", "label": False},
    ),
)
