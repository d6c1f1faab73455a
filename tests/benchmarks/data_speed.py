"""How fast the Data screen is with 100,000 verdicts on answers of about 600 characters.

Run: python -m tests.benchmarks.data_speed [verdicts] [--keep FOLDER] [--no-screen]. Prints the median and the slowest
of several calls, in ms: the database's part first, then the screen's, from a key to what it shows (headless, so without
a terminal). Goals: the first page in 200 ms, a search in 50.
"""

import argparse
import asyncio
import hashlib
import importlib
import itertools
import random
import statistics
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from sqlite3 import Connection
from typing import TypeVar, cast

from textual.widgets import Input

from db.connection import open_database, writing
from tests.flags import add_keep, flags_of, workspace_folder
from tests.screens import painted
from tests.still_workbench import StillWorkbench
from tests.waiting import until
from tui.app import PalateApp
from tui.curation.verdict_list import PAGE, VerdictBrowser
from tui.screens.data.data import DataScreen
from tui.widgets.lists.verdict_list import VerdictList
from tui.workspace.workspace import read_workspace

Answer = TypeVar("Answer")

FIELDS = ("biology", "physics", "chemistry", "history", "medicine")
SETS = (("science", 0), ("letters", 0), ("small", 0), ("trial", 1))
SYLLABLES = [first + second for first in "bcdfghklmnprstvwz" for second in "aeiou"]


class Words:
    """20,000 made-up words, the n-th as likely as 1/n: as many kinds of words, and as uneven, as a language has."""

    def __init__(self, seed: int = 1) -> None:
        self._random = random.Random(seed)
        lengths = self._random.choices((1, 2, 2, 3, 3, 4), k=24_000)
        made = {"".join(self._random.choices(SYLLABLES, k=length)) for length in lengths}
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
    columns = "id, set_id, messages, field, content_hash, guard_hash, created"
    asked = (at, set_id, message, FIELDS[at % 5], key, key, then)
    conn.execute(f"INSERT INTO prompts ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?)", asked)
    for answer in (2 * at - 1, 2 * at):
        model = 2 if at % 500 == 0 else 1
        values = (answer, at, model, 1, 7, words.text(100), key, 100, 0, "model", then)
        columns = "id, prompt, model, sampling, seed, text, text_hash, tokens, cut, source, created"
        conn.execute(f"INSERT INTO completions ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", values)
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


def show(name: str, taken: list[float], found: object = "") -> None:
    """One line: the median and the slowest, and what was found."""
    print(f"{name:38} {statistics.median(taken) * 1000:9.2f} {max(taken) * 1000:9.2f}   {found}", flush=True)


def timed(call: Callable[[], Answer], times: int) -> tuple[list[float], Answer]:
    """Seconds of some calls, and what the last one gave."""
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        found = call()
        taken.append(time.perf_counter() - start)
    return taken, found


def queries(words: Words) -> dict[str, str]:
    """What is searched for."""
    common, other, rare = words.known[0], words.known[300], words.known[15_000]
    return {
        "a rare word": f"{rare} ",
        "a common word": f"{common} ",
        "a word begun, two letters": rare[:2],
        "a word begun, three letters": rare[:3],
        "three words": f"{common} {words.known[5]} {other} ",
        "a phrase": f'"{common} {words.known[1]}"',
        "a word that is nowhere": "xyzzyx",
        "without a word": f"-{rare}",
        "in another script (scanned)": "日本",
        "verdict:both_bad": "verdict:both_bad",
        "-verdict:skip": "-verdict:skip",
        "policy:taste-1": "policy:taste-1",
        "policy:taste-2, which wrote nothing": "policy:taste-2",
        "set:small": "set:small",
        "set:science": "set:science",
        "field:biology": "field:biology",
        "run:1": "run:1",
        "run:2, 30,000 pairs": "run:2",
        "noted": "noted",
        "out": "out",
        "date:2024-02": "date:2024-02",
        "a word of a set": f"{other} set:small",
        "several": f"{other} verdict:better field:physics strength:2",
    }


def time_database(book: VerdictBrowser, asked: dict[str, str], times: int) -> None:
    """The pages and counts as the search's thread reads them."""
    print(f"{'the first page of':38} {'median ms':>9} {'slowest':>9}   found")
    for name, query in {"everything": "", **asked}.items():
        taken, found = timed(partial(book.page, query, limit=PAGE, typing=True), times)
        show(name, taken, len(found))
    print("how many there are of")
    for name, query in asked.items():
        taken_, number = timed(partial(book.count, query, typing=True), 3)
        show(name, taken_, number)


async def time_screen(folder: Path, asked: dict[str, str], times: int) -> None:
    """From a key to the list that it gives, with everything that is drawn on the way."""
    workbench = StillWorkbench(folder)
    app = PalateApp(workbench)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: app.screen.is_mounted)
        importlib.import_module(
            "tui.screens.data.data"
        )  # the app imports the screens that are not shown yet at leisure
        start = time.perf_counter()
        app.switch_mode("data")
        await _painted(app, lambda: bool(app.screen.query(VerdictList)) and bool(_list(app).rows))
        show("open the Data screen", [time.perf_counter() - start])
        await _time_paging(app, times)
        for name, query in asked.items():
            taken = [await _time_query(app, query) for _ in range(times)]
            show(f"key to list: {name}"[:38], taken, len(_list(app).rows))
    workbench.close()


def _list(app: PalateApp) -> VerdictList:
    return app.screen.query_one(VerdictList)


async def _painted(app: PalateApp, ready: Callable[[], bool]) -> None:
    """Wait for a state and then for the screen that shows it."""
    while not ready():
        await asyncio.sleep(0.001)
    await painted(app)


async def _time_paging(app: PalateApp, times: int) -> None:
    verdicts, taken = _list(app), []
    for _ in range(times):
        before = len(verdicts.rows)
        start = time.perf_counter()
        verdicts.highlighted = before - 1
        await _painted(app, lambda before=before: len(verdicts.rows) > before)  # type: ignore[misc]
        taken.append(time.perf_counter() - start)
    show("a page further down", taken, len(verdicts.rows))


async def _time_query(app: PalateApp, query: str) -> float:
    screen = cast(DataScreen, app.screen)
    line = screen.query_one("#filter", Input)
    line.value = ""
    await _painted(app, lambda: screen.shown_query == "")
    start = time.perf_counter()
    line.value = query
    await _painted(app, lambda: screen.shown_query == query)
    return time.perf_counter() - start


def parser() -> argparse.ArgumentParser:
    """The flags."""
    flags = flags_of(__doc__)
    flags.add_argument("verdicts", nargs="?", type=int, default=100_000)
    add_keep(flags)
    flags.add_argument("--no-screen", action="store_true", help="the database's part alone")
    flags.add_argument("--times", type=int, default=7, help="calls of each kind")
    return flags


def main(line: Sequence[str] | None = None) -> None:
    """Build, then time."""
    given = parser().parse_args(line)
    with workspace_folder(given.keep) as folder:
        words = build(folder, given.verdicts)
        size = (folder / "palate.db").stat().st_size / 1e6
        print(f"{given.verdicts:,} verdicts, {size:.0f} MB")
        workspace = read_workspace(folder)
        time_database(VerdictBrowser(workspace), queries(words), given.times)
        workspace.close()
        if not given.no_screen:
            asyncio.run(time_screen(folder, queries(words), given.times))


if __name__ == "__main__":
    main()
