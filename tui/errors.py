"""The errors of the workbench: each has a title and a sentence that says what to do."""

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
    """Something that a person named cannot be found, read or used."""

    title = "The input cannot be used"


KNOWN_ERRORS = (WorkbenchError, EngineError, DatabaseError, AdapterError)
"""Every error that carries a `title` and a sentence for a person."""


def title_of(error: BaseException) -> str:
    """The title to show above an error's sentence."""
    return getattr(error, "title", "Something unexpected happened")


def begun(write: Callable[[], Future[_Result]]) -> Future[_Result]:
    """Start a write now, and put an error that it raises at once into the returned future.

    A screen waits for the future in a worker. The next key may close the screen and end that worker before it starts,
    so the worker cannot start the write.
    """
    try:
        return write()
    except KNOWN_ERRORS as error:
        failed: Future[_Result] = Future()
        failed.set_exception(error)
        return failed
