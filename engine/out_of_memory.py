"""Memory that ran out: how it is recognised, and what is freed after it."""

import gc
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from engine.errors import MemoryRanOut

# torch raises this in several classes: OutOfMemoryError, AcceleratorError, and on a CPU a plain RuntimeError.
_SIGNS = ("out of memory", "can't allocate memory", "not enough memory", "alloc_failed")

NO_ROOM_FOR_A_PAIR = "There is not enough memory to score a pair. Close other programs that take memory here."


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that no memory is left, on the device or beside it."""
    if isinstance(error, MemoryError):
        return True
    return isinstance(error, RuntimeError) and any(sign in str(error).lower() for sign in _SIGNS)


def free_after(error: BaseException) -> None:
    """Free what the frames of an error hold, and what torch keeps without using it."""
    traceback.clear_frames(error.__traceback__)
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    if torch.backends.mps.is_available():
        torch.mps.empty_cache()


@contextmanager
def memory_in_words(text: str) -> Iterator[None]:
    """Inside, memory that runs out raises `MemoryRanOut` with this text, which says what failed and what to do."""
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        free_after(error)
        raise MemoryRanOut(text) from error
