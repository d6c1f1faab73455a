"""The fields of a run for filters, orders and columns: its own facts and each of its settings."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import get_close_matches
from typing import Any, Final

from db.run_rows import RunRow
from engine.config import TrainConfig, settings_of
from tui.errors import InputError
from tui.text.format import when

FieldValue = float | str | tuple[str, ...] | None

ALIASES: Final = {
    **{"id": "run", "tags": "tag", "lr": "learning_rate", "base_model": "base", "steps": "step"},
    **{"batch": "batch_size", "r": "lora_r", "rank": "lora_r", "alpha": "lora_alpha", "dropout": "lora_dropout"},
}
"""Other words for a field."""


@dataclass(frozen=True)
class Field:
    """One field of a run. `value` gives None where the run has no value (yet); `right` aligns the column right."""

    name: str
    value: Callable[[RunRow], FieldValue]
    words: Callable[[RunRow], str]
    right: bool = True


def seconds_of(run: RunRow, now: datetime | None = None) -> float:
    """The seconds that a run took, or has taken so far, without the time for which it was interrupted."""
    end = datetime.fromisoformat(run.ended) if run.ended else now or datetime.now(UTC)
    return (end - datetime.fromisoformat(run.started)).total_seconds() - run.idle_s


def _text(value: FieldValue) -> str:
    if value is None or value == ():
        return "–"
    if isinstance(value, float):
        return f"{value:g}"
    return ", ".join(value) if isinstance(value, tuple) else str(value)


def _field(name: str, value: Callable[[RunRow], FieldValue], *, right: bool = False) -> Field:
    return Field(name, value, lambda run: _text(value(run)), right)


_FACTS: Final = (
    _field("run", lambda run: run.id, right=True),
    _field("name", lambda run: run.name),
    _field("status", lambda run: run.status),
    _field("tag", lambda run: run.tags),
    _field("note", lambda run: run.note or None),
    _field("base", lambda run: run.base_name),
    _field("adapter", lambda run: run.adapter),
    _field("from", lambda run: run.parent_adapter),
    _field("pairs", lambda run: run.pairs, right=True),
    _field("step", lambda run: run.step, right=True),
    _field("loss", lambda run: run.loss, right=True),
    _field("margin", lambda run: run.margin, right=True),
    _field("accuracy", lambda run: run.accuracy, right=True),
    Field("started", lambda run: run.started, lambda run: when(run.started)),
    _field("took", seconds_of, right=True),
)


def _setting(name: str) -> Field:
    def value(run: RunRow) -> FieldValue:
        kept: Any = run.config.get(name)
        return kept if kept is None or isinstance(kept, int | float | str) else str(kept)

    return _field(SETTINGS.get(name, name), value, right=True)


SETTINGS: Final = {"loss": "loss_function"}
"""Settings with another name here, because a fact of every run has their name."""
FIELDS: Final = {each.name: each for each in (*_FACTS, *(_setting(each.name) for each in settings_of(TrainConfig)))}
"""Every field by its name; settings have the names of their flags, with _ for -."""

RUN_FLAGS: Final = ("archived", "noted", "tagged")
"""Words that are filters by themselves: archived runs, runs with a note, runs with a tag."""


def field_name(name: str) -> str:
    """The name of a field from its name or an alias.

    Raises:
        InputError: there is no such field; the message suggests a close one.
    """
    plain = name.casefold().replace("-", "_")
    plain = ALIASES.get(plain, plain)
    if plain not in FIELDS:
        near = get_close_matches(plain, [*FIELDS, *ALIASES], 1)
        meant = f" Did you mean {near[0]}?" if near else ""
        raise InputError(f"A run has no field {name!r}.{meant} There are: {', '.join(FIELDS)}.")
    return plain


def in_order(runs: Sequence[RunRow], name: str, *, descending: bool) -> list[RunRow]:
    """The runs sorted by a field, those without a value last; among equals the newest first."""
    value = FIELDS[name].value
    newest_first = sorted(runs, key=lambda run: -run.id)
    known = [run for run in newest_first if value(run) not in (None, ())]
    known.sort(key=lambda run: _sortable(value(run)), reverse=descending)
    return known + [run for run in newest_first if value(run) in (None, ())]


def _sortable(value: FieldValue) -> tuple[int, float, str]:
    """Numbers before texts: a setting of another version may be either."""
    if isinstance(value, int | float):
        return 0, float(value), ""
    return 1, 0.0, _text(value).casefold()
