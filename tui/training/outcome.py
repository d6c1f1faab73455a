"""How a run ends that cannot go on now: interrupted, to be resumed, or failed for good."""

from dataclasses import dataclass
from pathlib import Path

from adapters.errors import AdapterError, AdapterNotWritten
from db.errors import DatabaseError, DiskFull, NotWritable
from engine.errors import CheckpointMisfit, EngineError
from tui.errors import title_of

_LATER = (CheckpointMisfit, AdapterNotWritten, DiskFull, NotWritable)
"""Errors in words that say how the same run can go on."""


@dataclass(frozen=True)
class Ending:
    """What is recorded of such a run, and told; `expected` is False for an error that nobody foresaw."""

    status: str
    title: str
    text: str
    expected: bool = True

    @property
    def error(self) -> str:
        """Both in one line, as the run keeps them."""
        return f"{self.title}. {self.text}"


def ending_of(error: Exception, run: int, folder: Path) -> Ending:
    """What `error` makes of a run. `folder` is the workspace's, where the run writes."""
    later = _that_passes(error, folder)
    if later is not None:
        act = f"Then r in Runs, or `palate train --resume {run}`, goes on with it."
        return Ending("interrupted", title_of(later), f"{later} {act}")
    if isinstance(error, (EngineError, AdapterError, DatabaseError)):
        return Ending("failed", title_of(error), str(error))
    return Ending("failed", title_of(error), f"{type(error).__name__}: {error}", expected=False)


def _that_passes(error: Exception, folder: Path) -> Exception | None:
    """The error in words when the machine or the person can mend it, None when it is of the run's own making."""
    from engine.training.outages import outage_of  # imports safetensors

    if isinstance(error, _LATER) or type(error) is DatabaseError:  # its other kinds are mistakes in what is stored
        return error
    return outage_of(error, folder)
