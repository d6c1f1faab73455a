"""One run as it is chosen, recorded and computed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypedDict

from adapters.manifest import Adapter
from db.pair_rows import PairRow, Split
from engine.config import TrainConfig
from engine.preference import split_by_prompt
from tui.training.pair_sets import PairSet, preference_pair


@dataclass(frozen=True)
class RunTask:
    """One run for the compute thread: its pairs, its parent adapter, and whether it resumes from a checkpoint.

    `step` is the step of that checkpoint. `total_steps` is 0 while it is not known. `for_study` says that it is one of
    a search or an outlook: its adapter is not put in use, and it takes no samples.
    """

    run: int
    name: str
    config: TrainConfig
    rows: Sequence[PairRow]
    parent: Adapter | None
    resumed: bool = False
    step: int = 0
    total_steps: int = 0
    for_study: bool = False


def split_rows(rows: Sequence[PairRow], config: TrainConfig) -> list[tuple[int, Split, int]]:
    """The pairs of a run with their split, as recorded at its start. Without a checkpoint it begins again with them."""
    train, evaluation = split_by_prompt([preference_pair(row) for row in rows], config.split, config.seed)
    verdicts = {str(row.comparison): row.verdict for row in rows}
    shares: list[tuple[int, Split, int]] = [(int(each.key), "train", verdicts[each.key]) for each in train]
    return shares + [(int(each.key), "eval", verdicts[each.key]) for each in evaluation]


class RunChoices(TypedDict, total=False):
    """Optional choices for a run: its adapter's name, the adapter that it starts from, its pairs, and its tags."""

    name: str | None
    from_adapter: str | None
    pairs: PairSet
    tags: tuple[str, ...]
