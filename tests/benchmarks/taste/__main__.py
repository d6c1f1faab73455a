"""The table of tastes: how often the tuned model wins against the base, by how many verdicts and by which settings.

    python -m tests.benchmarks.taste --results taste.jsonl                 every cell of the first table, then the table
    python -m tests.benchmarks.taste --results taste.jsonl --plan          what is left to do
    python -m tests.benchmarks.taste --results taste.jsonl --table         the table of what is done
    python -m tests.benchmarks.taste --results taste.jsonl --arms default auto --sizes 100 --seeds 4 5
    python -m tests.benchmarks.taste --results taste.jsonl --arms learning_rate=1e-4,epochs=6 --sizes 25 50 100 200
    python -m tests.benchmarks.taste --results taste.jsonl --arms rounds-4 four-random four-certain four-margin
    python -m tests.benchmarks.taste --results taste.jsonl --arms default second-round     50 and 50 against 100 at once
    python -m tests.benchmarks.taste --results fresh.jsonl --arms default auto --seeds 4 5 --unused   other questions

For each seed the default model answers the 200 labelling questions twice (at most 128 tokens, kept in a folder beside
the results), a program judges the first pairs, a run learns from the verdicts, and base and tuned model answer the 80
held-out questions with the same seeds. The same program judges them. Ties and both-bad verdicts cost every arm one of
its verdicts, whether it learns from them or not. Each cell is a line in the results; a call goes on where the last one
ended.
"""

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

from engine.events import SourceReady
from engine.model import BaseModel, load_base
from engine.sources.default_model import DEFAULT_SOURCE
from engine.sources.prepare import prepare_source
from tests.benchmarks.taste import results
from tests.benchmarks.taste.answers import PART, Writer
from tests.benchmarks.taste.arms import ARMS, RIVAL, arm_of
from tests.benchmarks.taste.cell import run_cell
from tests.benchmarks.taste.plan import Cell, asked_cells, first_table
from tests.benchmarks.taste.table import differences, table
from tests.benchmarks.taste.tastes import TASTES
from tests.flags import add_model, flags_of, path


def parser() -> argparse.ArgumentParser:
    """The flags."""
    flags = flags_of(__doc__)
    flags.add_argument("--results", type=path, default=Path("taste.jsonl"), metavar="FILE", help="default: %(default)s")
    flags.add_argument("--tastes", choices=TASTES, nargs="+", default=["shorter", "plain"])
    flags.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    flags.add_argument(
        "--arms", type=arm_name, nargs="+", help=f"instead of the first table: {', '.join((RIVAL, *ARMS))}, or settings"
    )
    flags.add_argument("--sizes", type=int, nargs="+", default=[100], help="verdicts of --arms; default: %(default)s")
    flags.add_argument("--flips", type=float, nargs="+", default=[0.0], help="shares of flipped verdicts of --arms")
    flags.add_argument("--minutes", type=float, help="begin no cell after so many minutes")
    flags.add_argument(
        "--max-new-tokens", type=int, default=128, help="one for a file of results; default: %(default)s"
    )
    flags.add_argument(
        "--unused", action="store_true", help="ask 80 of the questions that the first 100 verdicts leave over"
    )
    flags.add_argument("--max-rows", type=int, default=32)
    flags.add_argument("--plan", action="store_true", help="print the cells that are left, and do nothing")
    flags.add_argument("--table", action="store_true", help="print the table, and do nothing")
    add_model(flags, DEFAULT_SOURCE)
    flags.add_argument("--device", default="auto")
    return flags


def arm_name(text: str) -> str:
    """The name of an arm, for argparse: its error says what is wrong with another one."""
    try:
        if text != RIVAL:
            arm_of(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    return text


def main(line: Sequence[str] | None = None) -> None:
    """Do the cells that are left, and print the table."""
    args = parser().parse_args(line)
    done = results.read(args.results)
    results.check_same(done, max_new_tokens=args.max_new_tokens, unused=args.unused)
    if args.arms:
        cells = list(asked_cells(args.tastes, args.seeds, args.arms, args.sizes, args.flips))
    else:
        cells = list(first_table(args.tastes, args.seeds))
    if args.unused and any(cell.verdicts > PART for cell in cells):
        raise SystemExit(f"--unused leaves {PART} questions for verdicts. Give smaller --sizes.")
    left = [each for each in cells if each not in done]
    if args.plan:
        print(f"{len(left)} of {len(cells)} cells are left.")
        print("\n".join(f"  {each}" for each in left))
        return
    if not args.table and left:
        run_all(args, left)
    print("\n".join((*table(results.read(args.results)), "", *differences(results.read(args.results)))))


def run_all(args: argparse.Namespace, cells: Sequence[Cell]) -> None:
    """Run cell after cell; each is stored before the next one begins."""
    base, started = load(args.model, args.device), time.perf_counter()
    folder = args.results.with_suffix(".answers")
    folder.mkdir(parents=True, exist_ok=True)
    writer = Writer(base, folder, args.max_new_tokens, args.max_rows, args.unused)
    for place, cell in enumerate(cells, start=1):
        if args.minutes is not None and time.perf_counter() - started > 60 * args.minutes:
            print(f"{len(cells) - place + 1} cells are left for another call.", flush=True)
            return
        record = run_cell(writer, cell)
        results.append(args.results, record)
        share = sum(record["shares"]) / len(record["shares"])
        print(f"{place}/{len(cells)} {cell}: {share:.1%} of {len(record['shares'])} questions, "
              f"{record['seconds']:.0f} s", flush=True)  # fmt: skip


def load(source: str, device: str) -> BaseModel:
    """The base model, prepared if need be."""
    location = next(event.location for event in prepare_source(source) if isinstance(event, SourceReady))
    return load_base(location, source=source, device=device)


if __name__ == "__main__":
    main()
