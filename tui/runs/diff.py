"""The settings and facts of several runs side by side, differing ones first. No Textual here."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from db.run_rows import RunRow
from engine.config import TrainConfig, settings_of


@dataclass(frozen=True)
class SettingLine:
    """One setting of several runs, in their order. A value is also None where an older run lacks the setting."""

    name: str
    values: tuple[Any, ...]

    @property
    def differs(self) -> bool:
        """Whether the runs have different values; 1 and 1.0 are equal."""
        return any(value != self.values[0] for value in self.values)


def facts_beside(runs: Sequence[RunRow]) -> list[SettingLine]:
    """The facts of the runs besides their settings: base model, start, pairs, and steps done."""
    return [
        SettingLine("base model", tuple(run.base_name for run in runs)),
        SettingLine("started from", tuple(run.parent_adapter for run in runs)),
        SettingLine("training pairs", tuple(run.train_pairs for run in runs)),
        SettingLine("evaluation pairs", tuple(run.eval_pairs for run in runs)),
        SettingLine("steps", tuple(run.step for run in runs)),
    ]


def settings_beside(runs: Sequence[RunRow]) -> list[SettingLine]:
    """Every setting of any of the runs: those that differ first, each group in the order of the settings."""
    known = [each.name for each in settings_of(TrainConfig)]
    unknown = [name for run in runs for name in run.config if name not in known]
    names = [*known, *dict.fromkeys(unknown)]
    lines = [SettingLine(name, tuple(run.config.get(name) for run in runs)) for name in names]
    there = [line for line in lines if any(line.name in run.config for run in runs)]
    return sorted(there, key=lambda line: not line.differs)
