"""Previews of a run before it starts: counts from a thread, and a preflight with the loaded model."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import TYPE_CHECKING

from db import runs as db_runs
from db import verdicts as db_verdicts
from db.connection import data_version
from db.errors import NotFound
from engine.config import TrainConfig
from engine.devices import named_devices
from engine.preference import PairsByPrompt, PreferencePair, prompt_digest
from engine.schedule import planned_steps
from tui.compute.loaded_model import LoadedModel
from tui.errors import KNOWN_ERRORS, InputError
from tui.snapshots import LoadState, RunProgress, TrainPreview
from tui.training.newest_request import Breather, NewestRequest
from tui.training.pair_sets import ALL_PAIRS, PairSet, filter_of, learned_beside, preference_pair
from tui.training.preflight_format import text_notes
from tui.workspace.workspace import Workspace

if TYPE_CHECKING:
    from engine.estimates.preflight import Preflight, Speed
    from engine.model import BaseModel


FEWEST_PAIRS = 4
"""The effect of fewer pairs than one default batch cannot be distinguished from chance."""
SPEED = "flops_per_second"
STEM = "taste"
"""Runs and their adapters are called taste-1, taste-2, … unless a person names them."""
_FEW = 2000
"""Up to this many pairs are counted in a few hundredths of a second, so their number alone is not reported first."""
_NO_KEY_FOR_S = 0.1
"""Many pairs are counted only once the settings are unchanged for this long, so the key's own frame comes first."""
_MOST_KEPT = 8

PreviewListener = Callable[[TrainPreview], None]


@dataclass(frozen=True)
class _Counted:
    """The counts of a set of pairs for one seed. They do not depend on the other settings."""

    by_prompt: PairsByPrompt
    kept_back: int = 0
    decided: int | None = None
    problem: str | None = None
    """Why there are no such pairs, as a sentence."""

    def preview(self, config: TrainConfig, name: str) -> TrainPreview:
        train, evaluation = self.by_prompt.split(config.split)
        return TrainPreview(
            pairs=train + evaluation,
            train_pairs=train,
            eval_pairs=evaluation,
            steps=planned_steps(train, config) if train else 0,
            epochs=config.epochs,
            problem=self.problem,
            kept_back=self.kept_back,
            decided=self.decided,
            name=name,
        )


_Key = tuple[PairSet, int, tuple[str, ...]]
_Version = tuple[sqlite3.Connection, int]
"""A connection, and its `data_version`."""


class RunPreviews:
    """Previews runs that have not started."""

    def __init__(
        self, workspace: Workspace, loaded_model: LoadedModel, start_problem: Callable[[int, PairSet], str | None]
    ) -> None:
        """`start_problem` says why no run can start now on so many pairs of a set; None where one can."""
        self._workspace, self._loaded_model, self._start_problem = workspace, loaded_model, start_problem
        self._latest_preflight: tuple[object, Preflight] | None = None
        self._requests = NewestRequest("palate-preview", workspace.readers.release)
        self._kept: dict[_Key, tuple[_Version, _Counted]] = {}
        """The latest counts, by pairs, seed and verdicts. The request thread writes them, and any thread reads them."""
        self._name = f"{STEM}-1"

    def close(self) -> None:
        """Drop all requests, and wait for their thread to end."""
        self._requests.close()

    def preview(self, config: TrainConfig, chosen: PairSet = ALL_PAIRS) -> TrainPreview:
        """Preview a run with these settings on these pairs. The preview's problem says why the run cannot start.

        This reads every prompt that has a pair: a second for 100,000.
        """
        return self._with_problem(self._count(config, chosen, Breather()).preview(config, self.free_name()), chosen)

    def known(self, config: TrainConfig, chosen: PairSet) -> TrainPreview | None:
        """The preview from the latest counts, without a query; None before these pairs were counted."""
        kept = self._kept.get((chosen, config.seed, learned_beside(config)))
        return None if kept is None else self._with_problem(kept[1].preview(config, self._name), chosen)

    def ask(self, config: TrainConfig, chosen: PairSet, listener: PreviewListener) -> None:
        """Call `listener` with the current preview, on the request thread.

        Where many pairs have no counts yet, `listener` first gets their number alone. A new request replaces an
        earlier one that is not answered yet.
        """

        def report(found: TrainPreview) -> None:
            listener(self._with_problem(found, chosen))

        self._requests.ask(lambda breather: self._answer(config, chosen, report, breather))

    def _with_problem(self, found: TrainPreview, chosen: PairSet) -> TrainPreview:
        return replace(found, problem=found.problem or self._start_problem(found.pairs, chosen))

    def free_name(self) -> str:
        """The default name of a new run, which no adapter and no other run has."""
        return self._workspace.registry.free_name(STEM, db_runs.run_names(self._workspace.connection))

    def preflight(
        self, config: TrainConfig, chosen: PairSet = ALL_PAIRS, is_dropped: Callable[[], bool] = lambda: False
    ) -> Preflight:
        """Preflight a run with these settings, with the loaded model's tokenizer and sizes.

        The estimated time uses the speed of the latest run on the same base model, if there was one. The preflight
        calls `is_dropped` at short intervals, and ends once that returns True.

        Raises:
            Dropped: `is_dropped` returned True.
            ModelError: the model is not loaded.
            InputError: the pairs are of a prompt set that does not exist.
            PairsError: none of the pairs can be trained on.
            AdapterLoadError: the settings name a layer that the model does not have.
            SettingError: this machine lacks a device that the settings name.
        """
        base, breather = self._loaded_model.required(), Breather(is_dropped)
        pairs = _Breathing(self._read_pairs(chosen, config, breather), breather)
        found = self._preflight(base, pairs, config)
        unused = self._unused_words(chosen, config)
        return replace(found, notes=(*found.notes, unused)) if unused else found

    def _preflight(self, base: BaseModel, pairs: Sequence[PreferencePair], config: TrainConfig) -> Preflight:
        """The preflight of these pairs, kept until pairs, settings or model change."""
        speed = self._measured_speed(self._loaded_model.model_row(None))
        asked = (pairs, config, base.fingerprint, base.dtype, speed)
        latest = self._latest_preflight
        if latest is None or latest[0] != asked:  # encoding thousands of pairs takes seconds
            latest = self._latest_preflight = asked, _preflight(base, pairs, config, speed)
        return latest[1]

    # -- on the request thread -------------------------------------------------------------------------------------

    def _answer(self, config: TrainConfig, chosen: PairSet, listener: PreviewListener, breather: Breather) -> None:
        try:
            self._name = self.free_name()
            counted = self._counted(config, chosen, listener, breather)
        except KNOWN_ERRORS as error:
            counted = _Counted(PairsByPrompt(()), problem=str(error))
        listener(counted.preview(config, self._name))

    def _counted(self, config: TrainConfig, chosen: PairSet, listener: PreviewListener, breather: Breather) -> _Counted:
        """The kept counts, if nothing was stored since; otherwise new ones."""
        connection, key = self._workspace.connection, (chosen, config.seed, learned_beside(config))
        version = connection, data_version(connection)
        kept = self._kept.get(key)
        if kept is not None and kept[0] == version:
            return kept[1]
        if kept is None:
            self._report_number(config, chosen, listener, breather)
        counted = self._count(config, chosen, breather)
        others = [each for each in self._kept.items() if each[0] != key]
        self._kept = dict([*others[1 - _MOST_KEPT :], (key, (version, counted))])
        return counted

    def _report_number(
        self, config: TrainConfig, chosen: PairSet, listener: PreviewListener, breather: Breather
    ) -> None:
        """Report the number of pairs alone, which SQLite counts, where the other counts take longer."""
        try:
            wanted = filter_of(self._workspace, chosen, learned_beside(config))
            pairs = db_verdicts.count_pairs(self._workspace.connection, wanted)
            decided = self._count_decided(chosen)
        except (InputError, NotFound):
            return  # the preview reports it
        if pairs > _FEW:
            listener(TrainPreview(pairs, None, None, None, config.epochs, name=self._name, decided=decided))
            breather.wait(_NO_KEY_FOR_S)

    # -- on any thread ---------------------------------------------------------------------------------------------

    def _count(self, config: TrainConfig, chosen: PairSet, breather: Breather) -> _Counted:
        pairs: Counter[str] = Counter()
        problem = decided = None
        try:
            decided = self._count_decided(chosen)
            wanted = filter_of(self._workspace, chosen, learned_beside(config))
            for prompt, number in db_verdicts.read_pair_prompts(self._workspace.connection, wanted):
                pairs[prompt_digest(prompt, str(config.seed))] += number
                breather.pause()
        except (InputError, NotFound) as error:
            problem = str(error)
        kept_back = db_verdicts.count_kept_back(self._workspace.connection) if chosen.everything else 0
        return _Counted(PairsByPrompt.of(pairs), kept_back, decided, problem)

    def _count_decided(self, chosen: PairSet) -> int:
        return db_verdicts.count_pairs(self._workspace.connection, filter_of(self._workspace, chosen))

    def _unused_words(self, chosen: PairSet, config: TrainConfig) -> str | None:
        """How many verdicts prefer no answer and are not learned from, and by which settings they would be."""
        counts = db_verdicts.count_not_decisive(self._workspace.connection, filter_of(self._workspace, chosen))
        unused = {kind: number for kind, number in counts.items() if kind not in learned_beside(config)}
        if not unused:
            return None
        words = ", ".join(f"{number:,} × {kind.replace('_', ' ')}" for kind, number in unused.items())
        flags = ["--loss ordinal"] if "tie" in unused else []
        flags += ["--unpaired-weight 0.25"] if set(unused) - {"tie"} else []
        return f"These verdicts teach nothing by these settings: {words}. To learn from them: {' and '.join(flags)}."

    def _read_pairs(self, chosen: PairSet, config: TrainConfig, breather: Breather) -> list[PreferencePair]:
        pairs = []
        wanted = filter_of(self._workspace, chosen, learned_beside(config))
        for row in db_verdicts.read_preference_pairs(self._workspace.connection, wanted):
            pairs.append(preference_pair(row))
            breather.pause()
        return pairs

    def _measured_speed(self, base_model: int) -> Speed | None:
        """The speed of the latest run on this base model: the median over its steps."""
        from engine.devices import count_devices
        from engine.estimates.preflight import Speed

        connection = self._workspace.connection
        for row in db_runs.list_runs(connection):
            if row.base_model == base_model:
                found = [each.value for each in db_runs.run_metrics(connection, row.id) if each.name == SPEED]
                if values := [value for value in found if value]:
                    return Speed(median(values), count_devices(row.config.get("devices")))
        return None


class _Breathing(Sequence[PreferencePair]):
    """Pairs whose iteration lets other threads run."""

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


def _preflight(base: BaseModel, pairs: Sequence[PreferencePair], config: TrainConfig, speed: Speed | None) -> Preflight:
    from engine.distributed.sharding import is_sharded
    from engine.estimates.checkpointing import known_shape
    from engine.estimates.preflight import preflight
    from engine.lora import find_targets  # imports torch

    devices = named_devices(config.devices) or (base.device,)
    find_targets(base.layers, config.target_modules)
    shape = known_shape(base.hf_model.config)
    found = preflight(
        base.tokenizer,
        pairs,
        config,
        shape=shape,
        dtype=base.dtype,
        device=devices[0],
        devices=len(devices),
        speed=speed,
        shard=is_sharded(config, base, devices),
    )
    return replace(found, notes=(*found.notes, *text_notes(pairs)))


def start_problem(progress: RunProgress | None, model: LoadedModel, pairs: int, chosen: PairSet) -> str | None:
    """Why no run can start on so many `pairs` of the set `chosen`, and what to do; None where one can.

    Args:
        progress: that of the run that is under way, if there is one.
    """
    if progress is not None:
        return f"Run {progress.run} is still training. Wait for its end, or stop it."
    if model.state is LoadState.FAILED:
        return model.error and model.error[1]
    if model.state is LoadState.UNUSED:
        return f"The model {model.choice.name} is not loaded, since servers answer. Press T, which loads it."
    if model.state is not LoadState.READY:
        return f"The model {model.choice.name} is still loading. Try again in a moment."
    if pairs < FEWEST_PAIRS:
        return _too_few(pairs, chosen)
    return None


def _too_few(pairs: int, chosen: PairSet) -> str:
    if chosen != ALL_PAIRS:
        asked = f"there {'is' if pairs == 1 else 'are'} {pairs} in “{chosen.words()}”"
        return f"A run needs at least {FEWEST_PAIRS} preference pairs, {asked}. Choose more pairs."
    missing = FEWEST_PAIRS - pairs
    return f"A run needs at least {FEWEST_PAIRS} preference pairs, there are {pairs}. Judge {missing} more."
