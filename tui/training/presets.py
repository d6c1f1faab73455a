"""Named settings of a run: those that come with Palate, and a person's own. No torch, no Textual."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from engine.config import TrainConfig, settings_of
from engine.errors import SettingError
from engine.sources.default_model import DEFAULT_SOURCE
from tui.errors import InputError
from tui.text.format import plain
from tui.workspace.named_values import NamedValues


@dataclass(frozen=True)
class Preset:
    """Named settings. `sentence` says what they are for; `changes` holds those that differ from the defaults."""

    name: str
    sentence: str
    changes: Mapping[str, Any]
    own: bool = False

    @property
    def config(self) -> TrainConfig:
        """All settings, with the defaults for those that do not change.

        Raises:
            InputError: another version of Palate saved them, and this one does not know or accept one of them.
        """
        known = {each.name for each in settings_of(TrainConfig)}
        if foreign := sorted(set(self.changes) - known):
            raise InputError(
                f"The preset {self.name!r} has settings that this Palate does not know: {', '.join(foreign)}. "
                f"Remove it with `palate presets remove`, or use the Palate that saved it."
            )
        try:
            return replace(TrainConfig(), **self.changes)
        except SettingError as error:
            raise InputError(f"The preset {self.name!r} cannot be used: {error}") from error

    def words(self) -> str:
        """The settings that differ from the defaults, such as `beta 0.2, learning rate 3e-5`."""
        return changes_words(self.changes)


ORIGINAL = Preset("original", "The settings of the project that Palate grew from; they are the defaults.", {})
AUTO = "auto"
AUTO_TABLE = ((0, 2e-4, 6, 0.2), (50, 3e-4, 3, 0.4), (200, 5e-5, 3, 0.0))
"""Rows of (fewest pairs, learning rate, epochs, SFT weight). The arm auto of `tests.benchmarks.taste` measures them.

Without the SFT weight the first row wins a little more, with answers that the base finds stranger (docs/BENCHMARKS.md).
"""
MEASURED = AUTO_TABLE[-1][0]
"""From so many pairs on nothing was measured: the last row has the defaults."""
RESERVED = (ORIGINAL.name, AUTO)


def auto_preset(pairs: int, source: str = DEFAULT_SOURCE) -> Preset:
    """The preset "auto" for a run of the base model `source` on so many pairs.

    It was measured on the default model alone, and larger ones usually take lower rates: others get the defaults.
    """
    if source != DEFAULT_SOURCE:
        return Preset(AUTO, f"Measured on {DEFAULT_SOURCE} alone; with this model it is the default settings.", {})
    _, rate, epochs, sft = [row for row in AUTO_TABLE if row[0] <= pairs][-1]
    words = f"Rate, epochs and SFT weight by the number of pairs, {pairs:,} now"
    words += "." if pairs < MEASURED else f"; not measured from {MEASURED} pairs on."
    return Preset(AUTO, words, changes_of(TrainConfig(learning_rate=rate, epochs=epochs, sft_weight=sft)))


def changes_of(config: TrainConfig) -> dict[str, Any]:
    """The settings that differ from the defaults, by name."""
    values = {each.name: getattr(config, each.name) for each in settings_of(TrainConfig)}
    return {each.name: values[each.name] for each in settings_of(TrainConfig) if values[each.name] != each.default}


def changes_words(changes: Mapping[str, Any]) -> str:
    """Changed settings in words."""
    known = [each.name for each in settings_of(TrainConfig) if each.name in changes]
    names = known + [name for name in changes if name not in known]
    return ", ".join(f"{name.replace('_', ' ')} {plain(changes[name])}" for name in names) or "the defaults"


def preset_of(changes: Mapping[str, Any], presets: Iterable[Preset]) -> Preset | None:
    """The first preset with exactly these changed settings, None when there is none."""
    return next((each for each in presets if dict(each.changes) == changes), None)


class Presets:
    """The presets that come with Palate, and those that a person saved.

    `start` gives the name of the preset from which the settings of a run start, and `source` the base model.
    """

    def __init__(self, kept: NamedValues, start: Callable[[], str], source: Callable[[], str]) -> None:
        self.kept = kept
        self._start, self._source = start, source

    def auto(self, pairs: int) -> Preset:
        """The preset "auto" for a run on so many pairs. Makes no query in the process that owns the workspace."""
        return auto_preset(pairs, self._source())

    @property
    def start(self) -> str:
        """The name of the preset from which the settings of a run start: "original" or "auto"."""
        return self._start()

    def all(self, pairs: int = 0) -> list[Preset]:
        """Palate's own first, that of a run on so many `pairs` among them, then the person's as they were saved."""
        own = [Preset(name, "Your own.", changes, own=True) for name, changes in self.kept.all().items()]
        return [ORIGINAL, self.auto(pairs), *own]

    def get(self, name: str, pairs: int = 0) -> Preset:
        """The preset of that name; `pairs` as in `all`.

        Raises:
            InputError: there is none.
        """
        found = next((each for each in self.all(pairs) if each.name.casefold() == name.strip().casefold()), None)
        if found is None:
            names = ", ".join(each.name for each in self.all())
            raise InputError(f"There is no preset {name!r}. There are: {names}.")
        return found

    def save(self, name: str, config: TrainConfig) -> Preset:
        """Save these settings under a name. Raises `InputError` for a name that is not usable."""
        return self.get(self.kept.save(name, changes_of(config)))
