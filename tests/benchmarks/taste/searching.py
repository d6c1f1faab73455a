"""Settings chosen by Palate's search, without its screens: the same settings, folds, guards and rule."""

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from engine.config import TrainConfig
from engine.cross_fit import Choice, Drift, OutOfFold, choose, drift_problem
from engine.drift import DriftMeasure
from engine.events import Event, MarginsKnown
from engine.model import BaseModel
from engine.preference import PreferencePair
from engine.train import train_dpo
from tui.training.study import FOLDS, searched

_ADAPTER = "a2"
_PROMPTS = 8


def search(base: BaseModel, pairs: Sequence[PreferencePair], given: TrainConfig) -> tuple[TrainConfig, Choice]:
    """The settings that a search on these pairs chooses, and why."""
    measure = DriftMeasure(base, list(dict.fromkeys(pair.prompt for pair in pairs))[:_PROMPTS], given.seed)
    plain, tried, left_out = _last(measure.steps(None)), [], {}
    settings = searched(given)
    for place, config in enumerate(settings):
        folds = []
        for fold in range(FOLDS):
            margins, drift = _one(base, pairs, replace(config, eval_share=1 / FOLDS, eval_fold=fold), measure, fold)
            folds.append(margins)
            problem = drift and drift_problem(plain, drift)
            if place and problem:
                left_out[place] = problem
        tried.append(OutOfFold(tuple(folds)))
    found = choose(tried, [f"{each.learning_rate:g} {each.beta:g} {each.epochs}" for each in settings], left_out)
    return settings[found.chosen], found


def _one(
    base: BaseModel, pairs: Sequence[PreferencePair], config: TrainConfig, measure: DriftMeasure, fold: int
) -> tuple[dict[str, list[float]], Drift | None]:
    """The margins of the pairs kept aside after the last epoch, and the first fold's drift."""
    margins: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for event in train_dpo(base, pairs, config, adapter=_ADAPTER, folder=Path(folder) / _ADAPTER):
            if isinstance(event, MarginsKnown):
                margins = {key: [margin] for key, margin in event.evaluation.items()}
    drift = _last(measure.steps(_ADAPTER)) if fold == 0 else None
    base.unload_adapter(_ADAPTER)
    return margins, drift


def _last(steps: Iterator[Event]) -> Drift:
    """What the steps return."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            found: Drift = end.value
            return found
