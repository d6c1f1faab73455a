"""The table: win rates against the base with intervals by a bootstrap over seeds and questions, and what they cost."""

import random
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from statistics import fmean
from typing import Any

from tests.benchmarks.taste.arms import RIVAL
from tests.benchmarks.taste.plan import Cell

Record = dict[str, Any]
Shares = Mapping[int, Sequence[float]]
"""seed → the share of each held-out question: 1 where both answers won, 0.5 for a tie."""
_DRAWS = 2000
_LOW, _HIGH = 0.025, 0.975


def interval(shares: Shares, *, seed: int = 0) -> tuple[float, float, float]:
    """The mean over seeds and questions, and its 95 % interval by the percentiles of 2,000 draws.

    A draw takes as many seeds and as many questions as there are, each with replacement: answers of one seed share a
    run, and answers to one question share the question.
    """
    seeds = sorted(shares)
    questions = len(shares[seeds[0]])
    chance = random.Random(seed)
    draws = []
    for _ in range(_DRAWS):
        rows = [shares[each] for each in chance.choices(seeds, k=len(seeds))]
        drawn = chance.choices(range(questions), k=questions)
        draws.append(fmean(row[place] for row in rows for place in drawn))
    draws.sort()
    mean = fmean(value for each in seeds for value in shares[each])
    return mean, draws[int(_LOW * _DRAWS)], draws[int(_HIGH * _DRAWS)]


def difference(ours: Shares, others: Shares) -> tuple[float, float, float]:
    """The mean difference and its interval, paired by question and seed; seeds that one of them lacks do not count."""
    seeds = sorted(set(ours) & set(others))
    if not seeds:
        raise SystemExit("The two cells have no seed in common.")
    return interval({each: [a - b for a, b in zip(ours[each], others[each], strict=True)] for each in seeds})


def shares_of(results: Mapping[Cell, Record]) -> dict[tuple[str, str, int, float], dict[int, list[float]]]:
    """The shares of each cell's seeds together."""
    found: defaultdict[tuple[str, str, int, float], dict[int, list[float]]] = defaultdict(dict)
    for cell, record in results.items():
        found[cell.taste, cell.arm, cell.verdicts, cell.flips][cell.seed] = record["shares"]
    return dict(found)


def table(results: Mapping[Cell, Record]) -> Iterator[str]:
    """The lines of the table in Markdown."""
    yield "| taste | arm | verdicts | flips | seeds | wins | 95 % | tokens | ends | nats a token | general text |"
    yield "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |"
    for key, shares in sorted(shares_of(results).items(), key=lambda each: _order(each[0])):
        taste, arm, verdicts, flips = key
        rows = [record for cell, record in results.items()
                if (cell.taste, cell.arm, cell.verdicts, cell.flips) == key]  # fmt: skip
        mean, low, high = interval(shares)
        columns = (
            *(taste, arm, str(verdicts or "–"), f"{flips:.0%}" if flips else "–", str(len(shares))),
            *(f"{mean:.1%}", f"{low:.1%} to {high:.1%}"),
            *(_cost(rows, name, digits) for name, digits in (("tokens", 0), ("ended", 2), ("nats", 3))),
            _moved(fmean(each["general_text"]["base"] for each in rows),
                   fmean(each["general_text"]["tuned"] for each in rows), 3),
        )  # fmt: skip
        yield f"| {' | '.join(columns)} |"


def differences(results: Mapping[Cell, Record]) -> Iterator[str]:
    """What each arm wins over the default at as many verdicts, paired by question and seed."""
    shares = shares_of(results)
    for key in sorted(shares, key=_order):
        taste, arm, verdicts, flips = key
        default = shares.get((taste, "default", verdicts or 100, flips))
        if arm == "default" or default is None or not set(default) & set(shares[key]):
            continue
        mean, low, high = difference(shares[key], default)
        at = f"{verdicts or 100} verdicts" + (f", {flips:.0%} flipped" if flips else "")
        yield f"{taste}, {arm} − default at {at}: {100 * mean:+.1f} points ({100 * low:+.1f} to {100 * high:+.1f})"


def _order(key: tuple[str, str, int, float]) -> tuple[Any, ...]:
    taste, arm, verdicts, flips = key
    return taste, arm != RIVAL, arm, flips, verdicts


def _cost(rows: Sequence[Record], name: str, digits: int) -> str:
    return _moved(fmean(each["base"][name] for each in rows), fmean(each["tuned"][name] for each in rows), digits)


def _moved(before: float, after: float, digits: int) -> str:
    return f"{before:.{digits}f} → {after:.{digits}f}"
