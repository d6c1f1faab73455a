"""An import of a million pairs: time, memory, what a verdict waits meanwhile, and what screens ask for afterwards.

Run: python -m tests.benchmarks.import_speed [pairs] [--keep FOLDER]. A TRL file is written (about 0.7 kB a line), then
imported while another thread judges a pair every 20 ms. Peak memory is that of the process, read at its end.
"""

import argparse
import json
import resource
import statistics
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from db.comparisons import next_open
from db.interchange.sources import Source
from db.verdicts import count_pairs
from tests.benchmarks.db_speed import WORDS
from tests.flags import add_keep, flags_of, workspace_folder
from tui.curation.verdict_list import PAGE
from tui.snapshots import ImportProgress
from tui.workbench import Workbench

JUDGED_EVERY_S = 0.02


def write_file(path: Path, pairs: int) -> None:
    """Pairs whose prompts and answers are all different."""
    with path.open("w", encoding="utf-8") as file:
        for at in range(pairs):
            words = " ".join(WORDS[(at * 7 + place * place) % len(WORDS)] for place in range(50))
            row = {"prompt": f"Question {at}?", "chosen": f"{at} {words}", "rejected": f"{words} {at}"}
            file.write(json.dumps(row) + "\n")


class Judging:
    """Judges one pair over and over and keeps what each verdict took, in ms."""

    def __init__(self, workbench: Workbench, pair: int) -> None:
        self.taken: list[float] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._work, args=(workbench, pair))
        self._thread.start()

    def _work(self, workbench: Workbench, pair: int) -> None:
        while not self._over.wait(JUDGED_EVERY_S):
            begun = time.perf_counter()
            workbench.labelling.judge(pair, ("a", "b")[len(self.taken) % 2]).result()
            self.taken.append((time.perf_counter() - begun) * 1000)

    def end(self) -> None:
        self._over.set()
        self._thread.join()

    def __str__(self) -> str:
        taken = sorted(self.taken)
        cuts = [taken[min(int(len(taken) * share), len(taken) - 1)] for share in (0.5, 0.99, 0.999)]
        words = ", ".join(f"{name} {ms:.1f}" for name, ms in zip(("p50", "p99", "p99.9"), cuts, strict=True))
        return f"{len(taken)} verdicts: {words}, slowest {taken[-1]:.1f} ms"


def ready_pair(workbench: Workbench, folder: Path) -> int:
    """One pair that waits for its verdict."""
    one = folder / "one.jsonl"
    one.write_text(json.dumps({"input_text": "Which?", "output_text_a": "this", "output_text_b": "that"}) + "\n")
    workbench.imports.read(Source(one))
    pair = workbench.next_comparison()
    assert pair is not None
    return pair.id


def show(name: str, call: Callable[[], object], times: int = 5) -> None:
    """Print the median and the slowest of some calls."""
    taken = []
    for _ in range(times):
        begun = time.perf_counter()
        call()
        taken.append((time.perf_counter() - begun) * 1000)
    print(f"{name:40} {statistics.median(taken):9.2f} {max(taken):9.2f} ms")


def screens(workbench: Workbench) -> None:
    """What Data and Label ask for when they are opened, and after each verdict."""
    connection = workbench.workspace.connection
    newest = workbench.data.page("", limit=PAGE)
    middle = newest[0].id // 2
    prompt = workbench.comparison(newest[0].comparison).prompt
    show("counts", workbench.counts)
    show("ready_count", workbench.ready_count)
    show("status line", workbench.status)
    show("prompt_sets", workbench.prompt_sets)
    show("page, the newest", lambda: workbench.data.page("", limit=PAGE))
    show("page, from the middle", lambda: workbench.data.page("", before=middle, limit=PAGE))
    show("page of a word that all have", lambda: workbench.data.page("chlorophyll", limit=PAGE))
    show("next pair", lambda: next_open(connection))
    show("prompt_position", lambda: workbench.prompt_position(prompt.id))
    show("pairs of a run, counted", lambda: count_pairs(connection), times=2)


def measure(pairs: int, folder: Path) -> None:
    """Write, import, and look around."""
    path = folder / "pairs.jsonl"
    write_file(path, pairs)
    print(f"{pairs:,} pairs, {path.stat().st_size / 1e6:.0f} MB")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    workbench = Workbench(folder / "space")
    phases: dict[str, float] = {}

    def tell(progress: ImportProgress) -> None:
        phases.setdefault(progress.phase, time.perf_counter())

    try:
        judging = Judging(workbench, ready_pair(workbench, folder))
        begun = time.perf_counter()
        done = workbench.imports.read(Source(path), tell=tell)
        ended = time.perf_counter()
        judging.end()
        assert done.taken == pairs
        print(f"looked through in {phases['storing'] - begun:.1f} s, stored in {ended - phases['storing']:.1f} s")
        print(f"while it went on, {judging}")
        print(f"database {(folder / 'space' / 'palate.db').stat().st_size / 1e6:.0f} MB")
        screens(workbench)
    finally:
        workbench.close()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak memory {peak:.0f} MB, {before:.0f} MB before the import")


def parser() -> argparse.ArgumentParser:
    """The flags."""
    flags = flags_of(__doc__)
    flags.add_argument("pairs", type=int, nargs="?", default=1_000_000)
    add_keep(flags, "make the workspace in FOLDER, which is empty")
    return flags


def main(line: Sequence[str] | None = None) -> None:
    """Measure an import of so many pairs."""
    options = parser().parse_args(line)
    with workspace_folder(options.keep) as folder:
        measure(options.pairs, folder)


if __name__ == "__main__":
    main()
