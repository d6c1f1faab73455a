"""The settings and facts of several runs beside each other, those that differ first. No Textual here."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from db.run_rows import RunRow
from engine.config import TrainConfig, settings_of


@dataclass(frozen=True)
class SettingLine:
    """One setting of several runs, in their order; a value is None also where a run did not have the setting yet."""

    name: str
    values: tuple[Any, ...]

    @property
    def differs(self) -> bool:
        """Is it not the same in all of them? (1 and 1.0 are.)"""
        return any(value != self.values[0] for value in self.values)


def facts_beside(runs: Sequence[RunRow]) -> list[SettingLine]:
    """What the runs were made of besides their settings: base, start, pairs, and how far they went."""
    return [
        SettingLine("base model", tuple(run.base_name for run in runs)),
        SettingLine("started from", tuple(run.parent_adapter for run in runs)),
        SettingLine("training pairs", tuple(run.train_pairs for run in runs)),
        SettingLine("evaluation pairs", tuple(run.eval_pairs for run in runs)),
        SettingLine("steps", tuple(run.step for run in runs)),
    ]


def settings_beside(runs: Sequence[RunRow]) -> list[SettingLine]:
    """Every setting that one of the runs has, those that differ first, else in the order of the settings."""
    known = [each.name for each in settings_of(TrainConfig)]
    unknown = [name for run in runs for name in run.config if name not in known]
    names = [*known, *dict.fromkeys(unknown)]
    lines = [SettingLine(name, tuple(run.config.get(name) for run in runs)) for name in names]
    there = [line for line in lines if any(line.name in run.config for run in runs)]
    return sorted(there, key=lambda line: not line.differs)
