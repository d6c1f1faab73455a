"""How fast the database answers with 100,000 verdicts: what is asked after each key press, and what a list needs.

Run: python -m tests.benchmarks.db_speed [verdicts]. Prints the median and the slowest of several calls, in ms.
"""

import argparse
import hashlib
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from sqlite3 import Connection

from db.comparisons import count_open, next_open
from db.connection import open_database, read_only, writing
from db.preference_counts import choices
from db.prompt_rows import AskedOf
from db.prompts import prompts_left, unasked_prompts
from db.verdict_search import search_verdicts
from db.verdicts import add_verdict, count_pairs, counts, preference_pairs, undo_last
from db.writer import Writer
from tests.flags import flags_of
from tui.analysis.preferences import count_preferences

NOW = "2026-01-01T00:00:00.000Z"
WORDS = ("leaves", "turn", "red", "in", "autumn", "because", "the", "green", "of", "chlorophyll", "fades")


def text(number: int) -> str:
    """About 600 characters, different for each number."""
    return f"{number} " + " ".join(WORDS[(number * 7 + at * at) % len(WORDS)] for at in range(100))


def fill(conn: Connection, verdicts: int) -> None:
    """One prompt, two answers, a comparison and a verdict for each; one in fifty is a skip."""
    conn.execute("BEGIN")
    conn.execute("INSERT INTO prompt_sets VALUES (1, 'questions', 0, ?)", (NOW,))
    conn.execute("INSERT INTO models VALUES (1, 'base', 'tiny', 'tiny', 'f', NULL, ?)", (NOW,))
    conn.execute("INSERT INTO samplings VALUES (1, '{}', ?)", (NOW,))
    for at in range(1, verdicts + 1):
        key = hashlib.sha256(str(at).encode()).hexdigest()
        message = f'[{{"role":"user","content":"Question {at}?"}}]'
        columns = "id, set_id, messages, content_hash, guard_hash, created"
        conn.execute(f"INSERT INTO prompts ({columns}) VALUES (?, 1, ?, ?, ?, ?)", (at, message, key, key, NOW))
        for answer in (2 * at - 1, 2 * at):
            values = (answer, at, 1, 1, 7, text(answer), key, 100, 0, "model", NOW)
            columns = "id, prompt, model, sampling, seed, text, text_hash, tokens, cut, source, created"
            conn.execute(f"INSERT INTO completions ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", values)
        columns = "id, prompt, a, b, side_seed, flipped, created"
        values = (at, at, 2 * at - 1, 2 * at, at, at % 2, NOW)
        conn.execute(f"INSERT INTO comparisons ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?)", values)
        verdict = "skip" if at % 50 == 0 else ("a", "b", "tie")[at % 3]
        columns = "comparison, at, verdict, layout, seconds, blind, source"
        values = (at, NOW, verdict, "side", at % 40, 1, "person")
        conn.execute(f"INSERT INTO verdicts ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?)", values)
    conn.execute("COMMIT")


def show(name: str, call: Callable[[], object], times: int = 11) -> None:
    """Print the median and the slowest of some calls."""
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        call()
        taken.append((time.perf_counter() - start) * 1000)
    print(f"{name:38} {statistics.median(taken):9.2f} {max(taken):9.2f}")


def measure(verdicts: int) -> None:
    """Fill a database and time it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "palate.db"
        open_database(path)
        with closing(writing(path)) as conn:
            fill(conn, verdicts)
            conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        print(f"{verdicts} verdicts, {path.stat().st_size / 1e6:.0f} MB                 median ms   slowest")
        with closing(read_only(path)) as conn:
            show("next_open, only skips left", lambda: next_open(conn))
            show("count_open", lambda: count_open(conn))
            show("counts, all of them today", lambda: counts(conn, "2025"), 5)
            show("counts, none today", lambda: counts(conn, "2027"))
            show("page, newest 200", lambda: search_verdicts(conn))
            show("page, 200 in the middle", lambda: search_verdicts(conn, before=verdicts // 2))
            show("prompts_left, none", lambda: prompts_left(conn))
            show("unasked_prompts, none", lambda: unasked_prompts(conn, AskedOf(1, 1, 1, 1)))
            show("count_pairs", lambda: count_pairs(conn))
            show("preference_pairs", lambda: preference_pairs(conn), 3)
            show("what the choices say", lambda: count_preferences(choices(conn)), 3)
        with closing(Writer(path)) as writer:
            say = lambda: writer.submit(add_verdict, comparison=50, verdict="a", layout="side").result()  # noqa: E731
            show("a verdict, acknowledged", say, 200)
            show("an undo, acknowledged", lambda: writer.submit(undo_last).result(), 200)
        with closing(writing(path)) as conn:
            conn.execute("UPDATE clean_close SET clean = 0")
        show("open after an unclean end", lambda: open_database(path), 3)


def parser() -> argparse.ArgumentParser:
    """The flags."""
    flags = flags_of(__doc__)
    flags.add_argument("verdicts", type=int, nargs="?", default=100_000)
    return flags


def main(line: Sequence[str] | None = None) -> None:
    """Measure with so many verdicts."""
    measure(parser().parse_args(line).verdicts)


if __name__ == "__main__":
    main()
