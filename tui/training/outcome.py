"""How a run ends after an error: interrupted, so that it can be resumed, or failed."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from adapters.errors import AdapterNotWritten
from db.errors import DatabaseError, DiskFull, NotWritable
from engine.config import flags_of
from engine.errors import CheckpointMisfit, MemoryRanOut
from tui.errors import KNOWN_ERRORS, title_of
from tui.training.run_task import RunTask

_LATER = (CheckpointMisfit, AdapterNotWritten, DiskFull, NotWritable)
"""Errors whose text says how the same run can continue."""


@dataclass(frozen=True)
class Ending:
    """The recorded and published end of such a run. `expected` is False for an error that Palate does not know."""

    status: str
    title: str
    text: str
    expected: bool = True

    @property
    def error(self) -> str:
        """Title and text in one line, as stored with the run."""
        return f"{self.title}. {self.text}"


LESS_MEMORY = {"gradient_checkpointing": "on"}
"""The settings with which a run that ran out of memory needs less; its adapter stays the same, bit for bit."""


def ending_of(error: Exception, task: RunTask, folder: Path) -> Ending:
    """How `error` ends a run. `folder` is the workspace folder, where the run writes."""
    later = _that_passes(error, folder)
    if later is not None:
        helps = isinstance(later, MemoryRanOut) and saves_memory(asdict(task.config))
        more = f" {flags_of(LESS_MEMORY)}" if helps else ""
        act = f"Then press r in Runs, or use `palate train --resume {task.run}{more}`, to continue the run."
        return Ending("interrupted", title_of(later), f"{later} {act}")
    if isinstance(error, KNOWN_ERRORS):
        return Ending("failed", title_of(error), str(error))
    return Ending("failed", title_of(error), f"{type(error).__name__}: {error}", expected=False)


def fell_to_memory(error: str | None) -> bool:
    """Does the recorded error of a run say that memory ran out?"""
    return error is not None and error.startswith(f"{MemoryRanOut.title}.")


def saves_memory(config: Mapping[str, Any]) -> bool:
    """Does `LESS_MEMORY` change a run with these settings? Unless it is off, a run turns checkpointing on by itself."""
    return config.get("gradient_checkpointing") == "off"


def _that_passes(error: Exception, folder: Path) -> Exception | None:
    """The error in words when the person can remove its cause; None when the run itself caused it."""
    if isinstance(error, _LATER) or type(error) is DatabaseError:  # its subclasses are mistakes in the data
        return error
    return outage_in_words(error, folder)


def outage_in_words(error: Exception, folder: Path) -> Exception | None:
    """A full disk or memory as an error with words; None for any other error. `folder` is where Palate writes."""
    from engine.training.outages import outage_of  # imports torch

    return outage_of(error, folder)
