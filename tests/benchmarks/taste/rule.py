"""Which epoch would each rule keep, and how good is it on pairs that no rule saw?

    python -m tests.benchmarks.taste.rule --results rule.jsonl --arms default learning_rate=3e-4,epochs=6
    python -m tests.benchmarks.taste.rule --results rule.jsonl --table

For each seed, taste and arm one run learns from 60 % of the pairs with a better answer among 200 verdicts, and keeps
the margins of all others at every epoch. The others are dealt into parts of ten. Each part in turn is what a run would
have kept aside: by it a rule chooses an epoch, and the remaining pairs say how good that epoch is. The rules are the
last epoch; the best by loss and the best by accuracy of the ten; and Palate's own, the last unless an earlier one is
better by one standard error.
"""

import argparse
import json
import math
import random
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import fmean
from typing import Any

from engine.events import MarginsKnown
from engine.preference import DECISIVE
from engine.sources.default_model import DEFAULT_SOURCE
from engine.train import train_dpo
from engine.training.kept_step import PairedDifference
from tests.benchmarks.taste.__main__ import arm_name, load
from tests.benchmarks.taste.answers import Writer
from tests.benchmarks.taste.arms import arm_of
from tests.benchmarks.taste.cell import judged_pairs
from tests.benchmarks.taste.plan import Cell
from tests.benchmarks.taste.tastes import TASTES
from tests.flags import add_model, flags_of, path

Margins = Sequence[Mapping[str, float]]
"""The margin of each pair that was not trained on, epoch by epoch."""
_ALL, _SHARE, _PART = 200, 0.4, 10


def loss(margin: float) -> float:
    """−ln of the chance that the sigmoid gives the verdict; finite for any margin."""
    return math.log1p(math.exp(-abs(margin))) + max(-margin, 0.0)


def _mean_loss(margins: Mapping[str, float], keys: Sequence[str]) -> float:
    return fmean(loss(margins[key]) for key in keys)


def _accuracy(margins: Mapping[str, float], keys: Sequence[str]) -> float:
    return fmean(margins[key] > 0 for key in keys)


def last(margins: Margins, kept: Sequence[str]) -> int:
    """The last epoch."""
    del kept
    return len(margins) - 1


def best_by_loss(margins: Margins, kept: Sequence[str]) -> int:
    """The epoch with the lowest loss of the pairs kept aside; the first of equal ones."""
    return min(range(len(margins)), key=lambda epoch: _mean_loss(margins[epoch], kept))


def best_by_accuracy(margins: Margins, kept: Sequence[str]) -> int:
    """The epoch with the highest accuracy of the pairs kept aside; the first of equal ones."""
    return max(range(len(margins)), key=lambda epoch: _accuracy(margins[epoch], kept))


def own_rule(margins: Margins, kept: Sequence[str]) -> int:
    """The last epoch, unless the one with the lowest loss is better by more than one standard error."""
    best, end = best_by_loss(margins, kept), len(margins) - 1
    losses = [{key: loss(margins[epoch][key]) for key in kept} for epoch in (best, end)]
    return best if best != end and PairedDifference.of(*losses).is_clear else end


RULES: dict[str, Callable[[Margins, Sequence[str]], int]] = {
    "last": last, "best by loss": best_by_loss, "best by accuracy": best_by_accuracy, "the rule": own_rule,
}  # fmt: skip


def judged(margins: Margins, seed: int) -> dict[str, tuple[float, float]]:
    """By rule: mean loss and accuracy of the epochs that it keeps, on the pairs that it did not see."""
    keys = sorted(margins[0])
    random.Random(f"parts {seed}").shuffle(keys)
    parts = [keys[start : start + _PART] for start in range(0, len(keys) - _PART + 1, _PART)]
    found = {}
    for name, rule in RULES.items():
        figures = []
        for part in parts:
            others = [key for key in keys if key not in part]
            epoch = margins[rule(margins, part)]
            figures.append((_mean_loss(epoch, others), _accuracy(epoch, others)))
        found[name] = fmean(each[0] for each in figures), fmean(each[1] for each in figures)
    return found


def margins_of(writer: Writer, taste: str, seed: int, arm: str) -> list[dict[str, float]]:
    """The margins of the pairs that one run did not train on, at the end of each epoch."""
    cell = Cell(taste, arm, _ALL, 0.0, seed)
    pairs = [
        each
        for each in judged_pairs(writer.labelling(seed, cell.verdicts), TASTES[taste], cell)
        if each.outcome in DECISIVE
    ]
    config = replace(arm_of(arm).config(seed, round(len(pairs) * (1 - _SHARE))), eval_share=_SHARE)
    found: list[dict[str, float]] = []
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "a1"
        for event in train_dpo(writer.base, pairs, config, adapter="a1", folder=place):
            if isinstance(event, MarginsKnown):
                found.append(dict(event.evaluation))
    writer.base.unload_adapter("a1")
    return found


def table(records: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Mean loss and accuracy of each rule over seeds, by taste and arm."""
    yield "| taste | settings | seeds | rule | loss | accuracy |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for taste, arm in dict.fromkeys((each["taste"], each["arm"]) for each in records):
        rows = [each for each in records if (each["taste"], each["arm"]) == (taste, arm)]
        results = [judged(each["margins"], each["seed"]) for each in rows]
        for name in RULES:
            losses, accuracies = (fmean(each[name][place] for each in results) for place in (0, 1))
            yield f"| {taste} | {arm} | {len(rows)} | {name} | {losses:.3f} | {accuracies:.1%} |"


def parser() -> argparse.ArgumentParser:
    """The flags."""
    flags = flags_of(__doc__)
    flags.add_argument("--results", type=path, default=Path("rule.jsonl"), metavar="FILE", help="default: %(default)s")
    flags.add_argument("--answers", type=path, metavar="FOLDER", help="answers of the table of tastes, to share them")
    flags.add_argument("--tastes", choices=TASTES, nargs="+", default=["plain"])
    flags.add_argument("--seeds", type=int, nargs="+", default=list(range(1, 11)))
    flags.add_argument("--arms", type=arm_name, nargs="+", default=["default"], help="arms of the table, or settings")
    flags.add_argument("--max-new-tokens", type=int, default=128, help="default: %(default)s")
    flags.add_argument("--table", action="store_true", help="print the table, and do nothing")
    add_model(flags, DEFAULT_SOURCE)
    flags.add_argument("--device", default="auto")
    return flags


def main(line: Sequence[str] | None = None) -> None:
    """Do the runs that are left, one for each seed, taste and arm, and print the table."""
    args = parser().parse_args(line)
    kept = args.results.read_text(encoding="utf-8").splitlines() if args.results.exists() else []
    records = [json.loads(each) for each in kept]
    done = {(each["taste"], each["seed"], each["arm"]) for each in records}
    asked = [(taste, seed, arm) for arm in args.arms for seed in args.seeds for taste in args.tastes]
    left = [] if args.table else [each for each in asked if each not in done]
    if left:
        folder = args.answers or args.results.with_suffix(".answers")
        folder.mkdir(parents=True, exist_ok=True)
        writer = Writer(load(args.model, args.device), folder, args.max_new_tokens)
        for taste, seed, arm in left:
            margins = margins_of(writer, taste, seed, arm)
            records.append({"taste": taste, "seed": seed, "arm": arm, "margins": margins})
            with args.results.open("a", encoding="utf-8") as out:
                out.write(json.dumps(records[-1]) + "\n")
            print(f"{taste}, {arm}, seed {seed}: {judged(margins, seed)}", flush=True)
    print("\n".join(table(records)))


if __name__ == "__main__":
    main()
