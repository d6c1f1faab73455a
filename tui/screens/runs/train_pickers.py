"""The dialogs of the Train screen: its presets, and its sets of pairs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tui.screens.name_picker import Named, NamedRow
from tui.training.pair_sets import ALL_PAIRS
from tui.widgets.runs.train_setup import TrainSetup

if TYPE_CHECKING:
    from tui.workbench import Workbench


_EVERY = "all pairs"


def named_presets(workbench: Workbench, setup: TrainSetup) -> Named:
    """The presets, for the settings of the form."""
    presets = workbench.presets
    return Named(
        "Presets",
        "preset",
        presets.kept,
        rows=lambda: [
            NamedRow(each.name, each.words(), each.sentence, each.own) for each in presets.all(setup.counted)
        ],
        use=lambda name: setup.take_config(presets.get(name, setup.counted).config),
        save=lambda name: presets.save(name, setup.config()).name,
    )


def named_pairs(workbench: Workbench, setup: TrainSetup) -> Named:
    """The sets of pairs, for the rows that choose among the pairs."""
    sets = workbench.pair_sets

    def rows() -> list[NamedRow]:
        kept = [(each.name or "", replace(each, name=None).words()) for each in sets.all()]
        own = [NamedRow(name, words, "Looked up again whenever a run starts.", own=True) for name, words in kept]
        return [
            NamedRow(_EVERY, "nothing is left out", "Every current pair, of every prompt set.", own=False),
            *own,
        ]

    def use(name: str) -> None:
        setup.take_pairs(ALL_PAIRS if name == _EVERY else sets.get(name))

    def save(name: str) -> str:
        return sets.save(name, setup.pairs).name or name

    return Named("Which pairs", "set of pairs", sets.kept, rows, use, save)
