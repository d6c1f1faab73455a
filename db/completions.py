"""Completions: answers without their prompts. Each is stored once and never changes."""

import json
from sqlite3 import Connection, Row

from db.errors import NotAllowed, NotFound
from db.hashing import text_hash
from db.inserting import insert
from db.pair_rows import CompletionRow
from db.times import utc_now

_COMPLETION = """SELECT x.id, x.prompt, x.text, x.tokens, x.cut, x.seed, x.source, x.model, x.text_hash, x.server,
    m.kind AS model_kind, m.name AS model_name, s.settings
    FROM completions x LEFT JOIN models m ON m.id = x.model LEFT JOIN samplings s ON s.id = x.sampling"""


def add_completion(
    conn: Connection,
    *,
    prompt: int,
    text: str,
    source: str,
    model: int | None = None,
    sampling: int | None = None,
    seed: int | None = None,
    tokens: int | None = None,
    cut: bool = False,
    server: int | None = None,
) -> int:
    """Store one answer and return its id. `source` is model, server, human or import; `server` is a server's id.

    Raises:
        NotAllowed: the prompt was forgotten.
    """
    if conn.execute("SELECT 1 FROM prompts WHERE id = ? AND forgotten IS NOT NULL", (prompt,)).fetchone() is not None:
        raise NotAllowed(f"Prompt {prompt} was forgotten, so nothing can answer it. Add it again if you want it back.")
    values = {"prompt": prompt, "model": model, "sampling": sampling, "seed": seed, "text": text, "tokens": tokens}
    marks = {"text_hash": text_hash(text), "cut": cut, "source": source, "server": server, "created": utc_now()}
    return insert(conn, "completions", values | marks)


def copy_completion(conn: Connection, completion: int) -> int:
    """Store an answer once more and return the id of the copy: two answers are compared once, and a ranking of both is
    another question."""
    columns = "prompt, model, sampling, seed, text, tokens, text_hash, cut, source, server"
    query = f"INSERT INTO completions ({columns}, created) SELECT {columns}, ? FROM completions WHERE id = ?"
    return int(conn.execute(query, (utc_now(), completion)).lastrowid or 0)


def get_completion(conn: Connection, completion: int) -> CompletionRow:
    """One completion.

    Raises:
        NotFound: there is none with that id.
    """
    rows = get_completions(conn, [completion])
    if completion not in rows:
        raise NotFound(f"There is no completion {completion}.")
    return rows[completion]


def get_completions(conn: Connection, ids: list[int]) -> dict[int, CompletionRow]:
    """The completions with these ids, by id; ids without a row are left out."""
    query = f"{_COMPLETION} WHERE x.id IN (SELECT value FROM json_each(?))"
    return {row["id"]: _completion_row(row) for row in conn.execute(query, (json.dumps(ids),))}


def count_from_servers(conn: Connection, comparisons: list[int]) -> int:
    """Count those of the comparisons that have an answer written by a server."""
    query = """SELECT count(*) FROM comparisons c WHERE c.id IN (SELECT value FROM json_each(?))
        AND EXISTS (SELECT 1 FROM completions x WHERE x.id IN (c.a, c.b) AND x.source = 'server')"""
    return int(conn.execute(query, (json.dumps(comparisons),)).fetchone()[0])


def _completion_row(row: Row) -> CompletionRow:
    return CompletionRow(
        id=row["id"],
        prompt_id=row["prompt"],
        text=row["text"],
        tokens=row["tokens"],
        cut=bool(row["cut"]),
        seed=row["seed"],
        source=row["source"],
        model_id=row["model"],
        model_kind=row["model_kind"],
        model_name=row["model_name"],
        sampling=json.loads(row["settings"]) if row["settings"] else None,
        text_hash=row["text_hash"],
        server=row["server"],
    )
