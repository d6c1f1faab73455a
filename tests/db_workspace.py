"""A small workspace for tests of the database: prompts, a model, answers, comparisons."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from sqlite3 import Connection

from db.comparisons import add_comparison
from db.completions import add_completion
from db.connection import open_database, writing
from db.hashing import text_hash
from db.inserting import insert
from db.lock import LOCK_NAME
from db.models import ensure_model, ensure_sampling
from db.prompt_rows import Message, Messages, NewPrompt
from db.prompts import add_prompt_set, add_prompts, find_prompt

SAMPLING = {"temperature": 0.9, "top_p": 0.95}


@contextmanager
def workspace(folder: Path) -> Iterator[Connection]:
    """A connection that writes to a new database in the folder; each statement commits by itself."""
    open_database(folder / "palate.db")
    conn = writing(folder / "palate.db")
    try:
        yield conn
    finally:
        conn.close()


@contextmanager
def unwritable(*databases: str, lock: str = "") -> Iterator[Path]:
    """A folder with these databases that this process may read and not write, even when it is root.

    `lock` is what its lock file says.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for each in databases:
            open_database(folder / each)
            (folder / each).chmod(0o444)
        if lock:
            (folder / LOCK_NAME).write_text(lock)
        folder.chmod(0o555)
        if was_root := os.geteuid() == 0:
            os.seteuid(65534)
        try:
            yield folder
        finally:
            if was_root:
                os.seteuid(0)
            folder.chmod(0o755)


def asked(text: str, system: str | None = None) -> Messages:
    """One question as messages."""
    user = Message(role="user", content=text)
    return (user,) if system is None else (Message(role="system", content=system), user)


def new_set(conn: Connection, *texts: str, name: str = "questions", held_out: bool = False) -> int:
    """A set with these questions."""
    set_id = add_prompt_set(conn, name, held_out=held_out)
    add_prompts(conn, set_id, [NewPrompt(asked(text), "biology") for text in texts])
    return set_id


def new_model(conn: Connection, name: str = "tiny", kind: str = "base") -> int:
    """A base model."""
    return ensure_model(conn, kind=kind, name=name, source=name, fingerprint="f" * 64)


def answer(conn: Connection, question: str, text: str, *, cut: bool = False, system: str | None = None) -> int:
    """A completion of the base model to a stored question."""
    prompt = find_prompt(conn, asked(question))
    assert prompt is not None
    sampling = ensure_sampling(conn, SAMPLING | ({"system": system} if system else {}))
    model = new_model(conn)
    return add_completion(
        conn, prompt=prompt, model=model, sampling=sampling, seed=7, text=text, tokens=5, cut=cut, source="model"
    )


def compared(conn: Connection, question: str, a: str = "first", b: str = "second") -> int:
    """A comparison of two answers to a question, which is stored when it is new."""
    if find_prompt(conn, asked(question)) is None:
        new_set(conn, question)
    first, second = answer(conn, question, a), answer(conn, question, b)
    prompt = find_prompt(conn, asked(question))
    assert prompt is not None
    return add_comparison(conn, prompt=prompt, a=first, b=second, side_seed=1)


def judged_in_first_version(conn: Connection, question: str, verdict: str, note: str = "") -> int:
    """A judged comparison as the schema's first version held it: today's functions know columns that it had not."""
    now = "2026-01-01T00:00:00Z"
    new_set(conn, question)
    model = new_model(conn)
    made = {"prompt": 1, "model": model, "cut": False, "source": "model", "created": now}
    for text in ("first", "second"):
        insert(conn, "completions", made | {"text": text, "text_hash": text_hash(text)})
    sides = {"prompt": 1, "a": 1, "b": 2, "side_seed": 1, "flipped": 0, "created": now}
    pair = insert(conn, "comparisons", sides)
    said = {"comparison": pair, "at": now, "verdict": verdict, "layout": "side", "blind": True, "note": note}
    insert(conn, "verdicts", said | {"source": "person"})
    return pair
