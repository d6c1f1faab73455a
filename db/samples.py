"""Samples: the answers of a run's policy to the same few prompts during training."""

import json
from collections.abc import Iterable
from sqlite3 import Connection, Row

from db.run_rows import SampleRow

_SAMPLES = """SELECT x.prompt, x.step, x.text, x.tokens, x.cut, p.messages
    FROM run_samples x JOIN prompts p ON p.id = x.prompt WHERE x.run = ? ORDER BY x.prompt, x.step"""


def add_samples(conn: Connection, run: int, step: int, rows: Iterable[tuple[int, str, int, bool]]) -> None:
    """Store (prompt, text, tokens, cut) of a step. A step that is repeated after a resume replaces its samples."""
    conn.executemany(
        "INSERT OR REPLACE INTO run_samples (run, prompt, step, text, tokens, cut) VALUES (?, ?, ?, ?, ?, ?)",
        [(run, prompt, step, text, tokens, cut) for prompt, text, tokens, cut in rows],
    )


def trim_samples(conn: Connection, run: int, from_step: int) -> None:
    """Delete the run's samples from `from_step` on: a resumed run repeats those steps."""
    conn.execute("DELETE FROM run_samples WHERE run = ? AND step >= ?", (run, from_step))


def sampled_prompts(conn: Connection, run: int) -> list[int]:
    """The prompts for which the run has samples, in id order."""
    return [row[0] for row in conn.execute("SELECT DISTINCT prompt FROM run_samples WHERE run = ? ORDER BY 1", (run,))]


def run_samples(conn: Connection, run: int) -> list[SampleRow]:
    """Every sample of a run, by prompt and then by step."""
    return [_sample(row) for row in conn.execute(_SAMPLES, (run,))]


def _sample(row: Row) -> SampleRow:
    messages = tuple(json.loads(row["messages"]))
    return SampleRow(row["prompt"], messages, row["step"], row["text"], row["tokens"], bool(row["cut"]))
