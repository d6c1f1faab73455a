"""KTO's unpaired answers: a question, one answer, and whether it is good.

https://huggingface.co/docs/trl/dataset_formats#unpaired-preference. A pair is written as two rows. On reading, the good
and the bad answers of one question are paired in their order: the first with the first.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from typing import Any

from db.hashing import content_hash
from db.interchange.checks import Row, checked_text, messages_of
from db.interchange.records import LeftOut, PairRecord, Read
from db.interchange.trl import EMPTY, assistant, cell, decided, prompt_name
from db.prompt_rows import Messages

ALONE = "no answer to the same question has the other label"

_LABELS = {True: True, False: False, "true": True, "false": False, "True": True, "False": False, "1": True, "0": False}


def read_kto(rows: Iterable[Row], *, table: bool = False) -> Iterator[Read]:
    """Pairs of answers to one question, from any rows of the file, then the answers without a partner.

    The rows wait in a temporary file that SQLite makes and deletes, so that a long file takes no memory.

    Raises:
        InterchangeError: a row is malformed, or no answer at all has a partner; the message names the first answer.
    """
    with closing(sqlite3.connect("", isolation_level=None)) as waiting:
        waiting.execute("PRAGMA cache_size = -16384")
        waiting.execute("CREATE TABLE open (prompt TEXT, label INTEGER, at INTEGER, text TEXT)")
        waiting.execute("CREATE INDEX open_by_prompt ON open (prompt, label, at)")
        waiting.execute("BEGIN")
        first: Row | None = None
        pairs = 0
        for row in rows:
            first = first or row
            messages, text, label = _judged(row, table)
            if not text.strip():
                yield LeftOut(row.at, EMPTY)
                continue
            pair = _paired(waiting, row, messages, text, label)
            if pair is not None:
                pairs += 1
                yield pair
        alone = waiting.execute("SELECT at FROM open ORDER BY at")
        if not pairs and first is not None:
            raise first.wrong(f"{ALONE}, here and in every other row, so there is no pair to learn from")
        for (at,) in alone:
            yield LeftOut(at, ALONE)


def write_kto(record: PairRecord) -> list[dict[str, Any]]:
    """Write two rows: the chosen answer is good, the rejected one is bad."""
    answers = ((record.chosen, True), (record.rejected, False))
    return [
        {"prompt": list(record.messages), "completion": [assistant(text)], "label": label} for text, label in answers
    ]


def _judged(row: Row, table: bool) -> tuple[Messages, str, bool]:
    name = prompt_name(row)
    messages = messages_of(row, cell(row, name, table), name)
    said = cell(row, "completion", table)
    if isinstance(said, list) and len(said) == 1 and isinstance(said[0], dict):
        said = said[0].get("content") if said[0].get("role") == "assistant" else None
    label = row.get("label")
    if not isinstance(label, bool | str) or label not in _LABELS:
        raise row.wrong("'label' must be true or false")
    return messages, checked_text(row, said, "completion"), _LABELS[label]


def _paired(waiting: sqlite3.Connection, row: Row, messages: Messages, text: str, label: bool) -> Read | None:
    """The pair with the oldest open answer of the other label. Without one, keep this answer open and return None."""
    key = content_hash(messages)
    query = "SELECT rowid, text FROM open WHERE prompt = ? AND label = ? ORDER BY at LIMIT 1"
    other = waiting.execute(query, (key, not label)).fetchone()
    if other is None:
        waiting.execute("INSERT INTO open VALUES (?, ?, ?, ?)", (key, label, row.at, text))
        return None
    waiting.execute("DELETE FROM open WHERE rowid = ?", (other[0],))
    chosen, rejected = (text, other[1]) if label else (other[1], text)
    return decided(row, messages, chosen, rejected)
