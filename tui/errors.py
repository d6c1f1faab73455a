"""What the coordinator itself can refuse, as a title and a sentence with the next act."""

from collections.abc import Callable
from concurrent.futures import Future
from typing import ClassVar, TypeVar

from adapters.errors import AdapterError
from db.errors import DatabaseError
from engine.errors import EngineError

_Result = TypeVar("_Result")


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


def begun(write: Callable[[], Future[_Result]]) -> Future[_Result]:
    """Begin a write at once; an error that comes at once is the future's as well.

    A screen waits for it in a worker, which the next key may end, by closing the screen, before it has begun.
    """
    try:
        return write()
    except KNOWN_ERRORS as error:
        failed: Future[_Result] = Future()
        failed.set_exception(error)
        return failed
