"""One run as it is chosen, recorded and computed."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from typing import TypedDict

from adapters.manifest import Adapter
from db import runs as db_runs
from db.pair_rows import PairRow, Split
from engine.config import TrainConfig
from engine.preference import split_by_prompt
from tui.training.pair_sets import PairSet, preference_pair
from tui.workspace.workspace import Workspace

PACKAGES = ("palate", "torch", "transformers", "peft")
"""What computes a run; their versions are recorded with it."""


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


def record_run(
    workspace: Workspace,
    name: str,
    config: TrainConfig,
    rows: Sequence[PairRow],
    *,
    base_model: int,
    parent: Adapter | None,
    chosen: PairSet,
) -> int:
    """Record a run before it begins, with the versions of what computes it; returns its id."""
    return workspace.write(
        db_runs.create_run,
        name=name,
        config=asdict(config),
        versions={**{each: version(each) for each in PACKAGES}, "python": platform.python_version()},
        base_model=base_model,
        parent_adapter=parent and parent.manifest.id,
        pairs=split_rows(rows, config),
        pair_set=chosen.record(),
    ).result()


class RunChoices(TypedDict, total=False):
    """Optional choices for a run: its adapter's name, the adapter that it starts from, its pairs, and its tags.

    `rows` are the pairs themselves, where others may have come since they were read.
    """

    name: str | None
    from_adapter: str | None
    pairs: PairSet
    rows: Sequence[PairRow]
    tags: tuple[str, ...]
