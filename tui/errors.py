"""What the coordinator itself can refuse, as a title and a sentence with the next act."""

from typing import ClassVar

from adapters.errors import AdapterError
from db.errors import DatabaseError
from engine.errors import EngineError


class WorkbenchError(Exception):
    """The workbench cannot do what was asked."""

    title: ClassVar[str] = "That cannot be done now"


class InputError(WorkbenchError):
    """What a person named cannot be found or read."""

    title = "The input cannot be used"


KNOWN_ERRORS = (WorkbenchError, EngineError, DatabaseError, AdapterError)
"""Every error that carries a `title` and a sentence for a person."""


def title_of(error: BaseException) -> str:
    """The title to show above an error's sentence."""
    return getattr(error, "title", "Something unexpected happened")
