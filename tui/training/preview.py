"""What a run would do, before it starts: counted at once, and looked at closely with the loaded model."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import TYPE_CHECKING

from db import runs as db_runs
from engine.config import TrainConfig
from engine.preference import PreferencePair, split_by_prompt
from engine.schedule import planned_steps
from tui.compute.loaded_model import LoadedModel
from tui.errors import InputError
from tui.snapshots import TrainPreview
from tui.training.pair_sets import PairSet, pairs_of, preference_pair
from tui.workspace.workspace import Workspace

if TYPE_CHECKING:
    from engine.estimates.preflight import Preflight
    from engine.model import BaseModel


SPEED = "flops_per_second"
STEM = "taste"
"""Runs and their adapters are called taste-1, taste-2, … unless a person names them."""


class RunPreviews:
    """Looks at runs that nobody started yet."""

    def __init__(self, workspace: Workspace, loaded_model: LoadedModel) -> None:
        self._workspace, self._loaded_model = workspace, loaded_model
        self._looked: tuple[object, Preflight] | None = None

    def preview(self, config: TrainConfig, chosen: PairSet) -> TrainPreview:
        """What a run with these settings on these pairs would do now; its problem is one of the pairs alone."""
        problem, rows = None, []
        try:
            rows = pairs_of(self._workspace, chosen)
        except InputError as error:
            problem = str(error)
        pairs = [preference_pair(row) for row in rows]
        train, evaluation = split_by_prompt(pairs, config.eval_share, config.seed)
        steps = planned_steps(len(train), config) if train else 0
        return TrainPreview(
            pairs=len(pairs),
            train_pairs=len(train),
            eval_pairs=len(evaluation),
            steps=steps,
            epochs=config.epochs,
            problem=problem,
            name=self.free_name(),
        )

    def free_name(self) -> str:
        """What a run is called unless it is given a name: what no adapter and no other run is called."""
        return self._workspace.registry.free_name(STEM, db_runs.run_names(self._workspace.connection))

    def preflight(self, config: TrainConfig, chosen: PairSet) -> Preflight:
        """A close look at what a run with these settings would do, with the loaded model's tokenizer and sizes.

        Its time comes from the speed of the latest run on the same base model, where there was one.

        Raises:
            ModelError: the model is not loaded.
            InputError: the pairs are of a prompt set that is not there.
            PairsError: none of the pairs can be trained on.
            AdapterLoadError: a layer that was named is none of the model's.
        """
        base = self._loaded_model.required()
        pairs = [preference_pair(row) for row in pairs_of(self._workspace, chosen)]
        speed = self._measured_speed(self._loaded_model.model_row(None))
        asked = (pairs, config, base.fingerprint, base.dtype, speed)
        if self._looked is None or self._looked[0] != asked:  # encoding thousands of pairs takes seconds
            self._looked = asked, _look(base, pairs, config, speed)
        return self._looked[1]

    def _measured_speed(self, base_model: int) -> float | None:
        """Operations per second of the latest run on this base model; the middle of its steps."""
        connection = self._workspace.connection
        for row in db_runs.list_runs(connection):
            if row.base_model == base_model:
                found = [each.value for each in db_runs.run_metrics(connection, row.id) if each.name == SPEED]
                if values := [value for value in found if value]:
                    return median(values)
        return None


def _look(base: BaseModel, pairs: Sequence[PreferencePair], config: TrainConfig, speed: float | None) -> Preflight:
    from engine.estimates.checkpointing import known_shape
    from engine.estimates.preflight import preflight
    from engine.lora import find_targets  # imports torch

    find_targets(base.layers, config.target_modules)
    shape = known_shape(base.hf_model.config)
    return preflight(base.tokenizer, pairs, config, shape=shape, dtype=base.dtype, flops_per_second=speed)
