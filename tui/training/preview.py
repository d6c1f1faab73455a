"""What a run would do, before it starts: counted on a thread, and looked at closely with the loaded model."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

from db import runs as db_runs
from db import verdicts as db_verdicts
from db.connection import data_version
from engine.config import TrainConfig
from engine.preference import PairsByPrompt, PreferencePair, prompt_digest
from engine.schedule import planned_steps
from tui.compute.loaded_model import LoadedModel
from tui.errors import KNOWN_ERRORS, InputError
from tui.snapshots import TrainPreview
from tui.training.newest_request import Breather, NewestRequest
from tui.training.pair_sets import PairSet, filter_of, preference_pair
from tui.workspace.workspace import Workspace

if TYPE_CHECKING:
    from engine.estimates.preflight import Preflight
    from engine.model import BaseModel


SPEED = "flops_per_second"
STEM = "taste"
"""Runs and their adapters are called taste-1, taste-2, … unless a person names them."""
_FEW = 2000
"""So many prompts are read in a few hundredths of a second: nobody needs the number of pairs before that."""
_SETTLED_S = 0.1
"""Settings stand for so long before many pairs are counted for them: the key's own frame goes first."""
_MOST_KEPT = 8

PreviewListener = Callable[[TrainPreview], None]


@dataclass(frozen=True)
class _Counted:
    """What is counted of a set of pairs for one seed, whatever the other settings are."""

    by_prompt: PairsByPrompt
    problem: str | None = None
    """Why there are no such pairs, as a sentence."""

    def preview(self, config: TrainConfig, name: str) -> TrainPreview:
        train, evaluation = self.by_prompt.split(config.eval_share)
        return TrainPreview(
            pairs=train + evaluation,
            train_pairs=train,
            eval_pairs=evaluation,
            steps=planned_steps(train, config) if train else 0,
            epochs=config.epochs,
            problem=self.problem,
            name=name,
        )


_Version = tuple[sqlite3.Connection, int]
"""A connection, and its `data_version`."""


class RunPreviews:
    """Looks at runs that nobody started yet."""

    def __init__(self, workspace: Workspace, loaded_model: LoadedModel) -> None:
        self._workspace, self._loaded_model = workspace, loaded_model
        self._looked: tuple[object, Preflight] | None = None
        self._requests = NewestRequest("palate-preview", workspace.readers.release)
        self._kept: dict[tuple[PairSet, int], tuple[_Version, _Counted]] = {}
        """By pairs and seed, as they were counted last on the thread of the requests. Read by any thread."""
        self._name = f"{STEM}-1"

    def close(self) -> None:
        """Drop what is being counted."""
        self._requests.close()

    def preview(self, config: TrainConfig, chosen: PairSet) -> TrainPreview:
        """What a run with these settings on these pairs would do now; its problem is one of the pairs alone.

        It reads every prompt that has a pair: a second for 100,000.
        """
        return self._count(config, chosen, Breather()).preview(config, self.free_name())

    def known(self, config: TrainConfig, chosen: PairSet) -> TrainPreview | None:
        """The preview by what was counted last, without a query; None where these pairs were not counted yet."""
        kept = self._kept.get((chosen, config.seed))
        return None if kept is None else kept[1].preview(config, self._name)

    def ask(self, config: TrainConfig, chosen: PairSet, tell: PreviewListener) -> None:
        """Have `tell` called on a thread of its own with the preview as it is now.

        Where many pairs are counted anew, it is called with their number first. An earlier request that is not
        answered yet is dropped.
        """
        self._requests.ask(lambda breather: self._answer(config, chosen, tell, breather))

    def free_name(self) -> str:
        """What a run is called unless it is given a name: what no adapter and no other run is called."""
        return self._workspace.registry.free_name(STEM, db_runs.run_names(self._workspace.connection))

    def preflight(
        self, config: TrainConfig, chosen: PairSet, is_dropped: Callable[[], bool] = lambda: False
    ) -> Preflight:
        """A close look at what a run with these settings would do, with the loaded model's tokenizer and sizes.

        Its time comes from the speed of the latest run on the same base model, where there was one. `is_dropped` is
        asked again and again whether nobody waits for it any more.

        Raises:
            Dropped: `is_dropped` said so.
            ModelError: the model is not loaded.
            InputError: the pairs are of a prompt set that is not there.
            PairsError: none of the pairs can be trained on.
            AdapterLoadError: a layer that was named is none of the model's.
        """
        base, breather = self._loaded_model.required(), Breather(is_dropped)
        pairs = _Breathing(self._read_pairs(chosen, breather), breather)
        speed = self._measured_speed(self._loaded_model.model_row(None))
        asked = (pairs, config, base.fingerprint, base.dtype, speed)
        if self._looked is None or self._looked[0] != asked:  # encoding thousands of pairs takes seconds
            self._looked = asked, _look(base, pairs, config, speed)
        return self._looked[1]

    # -- on the thread of the requests -----------------------------------------------------------------------------

    def _answer(self, config: TrainConfig, chosen: PairSet, tell: PreviewListener, breather: Breather) -> None:
        try:
            self._name = self.free_name()
            counted = self._counted(config, chosen, tell, breather)
        except KNOWN_ERRORS as error:
            counted = _Counted(PairsByPrompt(()), str(error))
        tell(counted.preview(config, self._name))

    def _counted(self, config: TrainConfig, chosen: PairSet, tell: PreviewListener, breather: Breather) -> _Counted:
        """As it was kept, if nothing was stored since; else counted anew."""
        connection, key = self._workspace.connection, (chosen, config.seed)
        version = connection, data_version(connection)
        kept = self._kept.get(key)
        if kept is not None and kept[0] == version:
            return kept[1]
        if kept is None:
            self._tell_number(config, chosen, tell, breather)
        counted = self._count(config, chosen, breather)
        others = [each for each in self._kept.items() if each[0] != key]
        self._kept = dict([*others[1 - _MOST_KEPT :], (key, (version, counted))])
        return counted

    def _tell_number(self, config: TrainConfig, chosen: PairSet, tell: PreviewListener, breather: Breather) -> None:
        """The number of pairs alone, which SQLite counts, where the rest takes longer."""
        try:
            pairs = db_verdicts.count_pairs(self._workspace.connection, filter_of(self._workspace, chosen))
        except InputError:
            return  # told with the preview
        if pairs > _FEW:
            tell(TrainPreview(pairs, None, None, None, config.epochs, name=self._name))
            breather.settle(_SETTLED_S)

    # -- on any thread ---------------------------------------------------------------------------------------------

    def _count(self, config: TrainConfig, chosen: PairSet, breather: Breather) -> _Counted:
        pairs: Counter[str] = Counter()
        problem = None
        try:
            wanted = filter_of(self._workspace, chosen)
            for prompt, number in db_verdicts.read_pair_prompts(self._workspace.connection, wanted):
                pairs[prompt_digest(prompt, str(config.seed))] += number
                breather.pause()
        except InputError as error:
            problem = str(error)
        return _Counted(PairsByPrompt.of(pairs), problem)

    def _read_pairs(self, chosen: PairSet, breather: Breather) -> list[PreferencePair]:
        pairs = []
        wanted = filter_of(self._workspace, chosen)
        for row in db_verdicts.read_preference_pairs(self._workspace.connection, wanted):
            pairs.append(preference_pair(row))
            breather.pause()
        return pairs

    def _measured_speed(self, base_model: int) -> float | None:
        """Operations per second of the latest run on this base model; the middle of its steps."""
        connection = self._workspace.connection
        for row in db_runs.list_runs(connection):
            if row.base_model == base_model:
                found = [each.value for each in db_runs.run_metrics(connection, row.id) if each.name == SPEED]
                if values := [value for value in found if value]:
                    return median(values)
        return None


class _Breathing(Sequence[PreferencePair]):
    """Pairs that let other threads run while one goes through them."""

    def __init__(self, pairs: Sequence[PreferencePair], breather: Breather) -> None:
        self._pairs, self._breather = pairs, breather

    def __len__(self) -> int:
        return len(self._pairs)

    def __getitem__(self, at):  # type: ignore[no-untyped-def]
        return self._pairs[at]

    def __iter__(self) -> Iterator[PreferencePair]:
        for pair in self._pairs:
            self._breather.pause()
            yield pair

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Breathing) and self._pairs == other._pairs

    __hash__ = None  # type: ignore[assignment]


def _look(base: BaseModel, pairs: Sequence[PreferencePair], config: TrainConfig, speed: float | None) -> Preflight:
    from engine.estimates.checkpointing import known_shape
    from engine.estimates.preflight import preflight
    from engine.lora import find_targets  # imports torch

    find_targets(base.layers, config.target_modules)
    shape = known_shape(base.hf_model.config)
    return preflight(base.tokenizer, pairs, config, shape=shape, dtype=base.dtype, flops_per_second=speed)
