"""How fast the Data screen is with 100,000 verdicts on answers of about 600 characters.

Run: python -m tests.benchmarks.data_speed [verdicts] [--keep FOLDER] [--no-screen]. Prints the median and the slowest of
several calls, in ms: the database's part first, then the screen's, from a key to what it shows (headless, so without a
terminal). Goals: the first page in 200 ms, a search in 50.
"""

import hashlib
import itertools
import random
from contextlib import closing
from pathlib import Path
from sqlite3 import Connection

from db.connection import open_database, writing

FIELDS = ("biology", "physics", "chemistry", "history", "medicine")
SETS = (("science", 0), ("letters", 0), ("small", 0), ("trial", 1))
SYLLABLES = [first + second for first in "bcdfghklmnprstvwz" for second in "aeiou"]


class Words:
    """20,000 made-up words, the n-th as likely as 1/n: as many kinds of words, and as uneven, as a language has."""

    def __init__(self, seed: int = 1) -> None:
        self._random = random.Random(seed)
        made = {
            "".join(self._random.choices(SYLLABLES, k=self._random.choice((1, 2, 2, 3, 3, 4)))) for _ in range(24000)
        }
        self.known = sorted(made, key=lambda word: hashlib.sha256(word.encode()).digest())[:20000]
        self._weights = list(itertools.accumulate(1 / (place + 1) for place in range(len(self.known))))

    def text(self, words: int) -> str:
        """So many words; 100 are about 600 characters."""
        return " ".join(self._random.choices(self.known, cum_weights=self._weights, k=words))


def when(at: int, of: int) -> str:
    """Times spread over the two years before November 2026."""
    day = at * 730 // of
    return f"{2024 + day // 365}-{day % 365 // 31 + 1:02}-{day % 365 % 28 + 1:02}T{at % 24:02}:00:00.000Z"


def fill(conn: Connection, verdicts: int, words: Words) -> None:
    """A prompt, two answers, a comparison and a verdict for each; three sets, three policies, two runs, a few notes."""
    now = "2026-11-01T00:00:00.000Z"
    conn.execute("BEGIN")
    for number, (name, held_out) in enumerate(SETS, 1):
        conn.execute("INSERT INTO prompt_sets VALUES (?, ?, ?, ?)", (number, name, held_out, now))
    for number, (kind, name) in enumerate((("base", "tiny"), ("adapter", "taste-1"), ("adapter", "taste-2")), 1):
        parent = None if number == 1 else 1
        conn.execute("INSERT INTO models VALUES (?, ?, ?, ?, 'f', ?, ?)", (number, kind, name, name, parent, now))
    conn.execute("INSERT INTO samplings VALUES (1, '{}', ?)", (now,))
    for run in (1, 2):
        columns = "id, name, status, config, versions, base_model, started, heartbeat"
        values = (run, f"taste-{run}", "finished", "{}", "{}", 1, now, now)
        conn.execute(f"INSERT INTO runs ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", values)
    for at in range(1, verdicts + 1):
        _fill_one(conn, at, verdicts, words)
    conn.execute("COMMIT")


def _fill_one(conn: Connection, at: int, of: int, words: Words) -> None:
    then, key = when(at, of), hashlib.sha256(str(at).encode()).hexdigest()
    set_id = 3 if at % 1000 == 0 else 1 + at % 2
    message = f'[{{"role":"user","content":"Question {at}: {words.text(8)}?"}}]'
    conn.execute(
        "INSERT INTO prompts VALUES (?, ?, ?, ?, ?, ?, ?)", (at, set_id, message, FIELDS[at % 5], key, key, then)
    )
    for answer in (2 * at - 1, 2 * at):
        model = 2 if at % 500 == 0 else 1
        values = (answer, at, model, 1, 7, words.text(100), key, 100, 0, "model", then)
        conn.execute("INSERT INTO completions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", values)
    columns = "id, prompt, a, b, side_seed, flipped, created"
    conn.execute(
        f"INSERT INTO comparisons ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (at, at, 2 * at - 1, 2 * at, at, at % 2, then),
    )
    verdict = "both_bad" if at == 77 else "skip" if at % 50 == 0 else ("a", "b", "tie")[at % 3]
    side = "left" if at % 4 else "right"
    note = f"note {at}" if at % 2000 == 0 else ""
    columns = "comparison, at, verdict, strength, side, layout, seconds, blind, note, source"
    values = (at, then, verdict, 1 + (at % 7 == 0), side, "side", at % 40, 1, note, "person")
    row = conn.execute(f"INSERT INTO verdicts ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", values)
    if verdict in ("a", "b") and at <= 50_000:
        run = 1 if at <= 200 else 2
        conn.execute("INSERT INTO run_pairs VALUES (?, ?, ?, 'train')", (run, at, row.lastrowid))


def build(folder: Path, verdicts: int) -> Words:
    """A workspace with so many verdicts, unless the folder has one already."""
    words = Words()
    if (folder / "palate.db").exists():
        return words
    open_database(folder / "palate.db")
    with closing(writing(folder / "palate.db")) as conn:
        fill(conn, verdicts, words)
        conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return words


if __name__ == "__main__":
    import sys

    build(Path(sys.argv[2]), int(sys.argv[1]))
