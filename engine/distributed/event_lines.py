"""A run's events as lines of JSON, which a worker appends to a file and the owner of the workspace reads. No torch."""

import dataclasses
import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, get_type_hints

import engine.events
from engine.events import Event


@dataclass(frozen=True)
class PolicyWritten(Event):
    """The adapter in training was written to `folder` as it is now, for samples. The reader deletes the folder."""

    folder: str


_EVERY = [*vars(engine.events).values(), PolicyWritten]
_KINDS: dict[str, type[Event]] = {
    kind.__name__: kind for kind in _EVERY if isinstance(kind, type) and issubclass(kind, Event)
}


def event_line(number: int, event: Event) -> str:
    """The `number`th event of a run as one line, its end included. NaN and infinity are written as Python reads them.

    >>> event_line(7, SavingAdapter())
    '{"number": 7, "event": "SavingAdapter"}\\n'
    """
    assert dataclasses.is_dataclass(event)
    return json.dumps({"number": number, "event": type(event).__name__, **dataclasses.asdict(event)}) + "\n"


def read_event(line: str) -> tuple[int, Event]:
    """The number and the event of a line.

    Raises:
        ValueError, KeyError, TypeError: the line is not one of `event_line`.
    """
    fields = json.loads(line)
    number, kind = fields.pop("number"), _KINDS[fields.pop("event")]
    hints = get_type_hints(kind)
    return number, kind(**{name: _value(hints[name], value) for name, value in fields.items()})


def _value(hint: Any, value: Any) -> Any:
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return hint(value)
    return _frozen(value)


def _frozen(value: Any) -> Any:
    """JSON's lists as the tuples that events hold."""
    if isinstance(value, dict):
        return {name: _frozen(each) for name, each in value.items()}
    return tuple(_frozen(each) for each in value) if isinstance(value, list) else value
