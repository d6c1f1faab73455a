"""What a machine may refuse a run: room, an answer of its disk, memory. Once there is some again, the run can go on."""

import errno
import shutil
import tempfile
from pathlib import Path

from safetensors import SafetensorError

from engine.errors import DiskRefused, MemoryRanOut, RunInterrupted

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
# torch.save notices that its file took less than was written, and its own error then hides the system's.
_TORCH_WRITES = ("inline_container", "pytorchstreamwriter")
# torch says so in several classes: OutOfMemoryError, AcceleratorError, and on a CPU a plain RuntimeError.
_NO_MEMORY = ("out of memory", "can't allocate memory", "not enough memory", "alloc_failed")


def outage_of(error: BaseException, folder: Path) -> RunInterrupted | None:
    """The error as one that a run can outlive, in words; None for one that would only come again.

    Args:
        error: what ended a run, or an error in words that was raised from it.
        folder: where the run writes; how much is free there is told.
    """
    for each in (error, error.__cause__):
        if each is None:
            continue
        if _is_of_memory(each):
            return MemoryRanOut(f"{_first_line(each)} Close what else takes memory on this machine.")
        if isinstance(each, OSError) or _is_of_disk(each):
            return _refused(each, folder)
    return None


def _is_of_memory(error: BaseException) -> bool:
    if isinstance(error, MemoryError):
        return True
    return isinstance(error, RuntimeError) and any(sign in str(error).lower() for sign in _NO_MEMORY)


def _is_of_disk(error: BaseException) -> bool:
    """Does it come from writing or reading a file, though Python sees no OSError?"""
    if isinstance(error, SafetensorError):
        return "I/O error" in str(error)
    return isinstance(error, RuntimeError) and any(sign in str(error).lower() for sign in _TORCH_WRITES)


def _refused(error: BaseException, folder: Path) -> DiskRefused:
    system = error if isinstance(error, OSError) else error.__context__
    told = system if isinstance(system, OSError) else error
    where, free = _fullest(folder)
    number = told.errno if isinstance(told, OSError) else None
    if number in _NO_ROOM or "No space left" in str(told):
        return DiskRefused(f"There is no room left in {where} ({free / 1e6:,.0f} MB free). Free some space.")
    reason = _first_line(told)
    return DiskRefused(f"{reason} {where} has {free / 1e6:,.0f} MB free. Free some space, or check the disk.")


def _fullest(folder: Path) -> tuple[Path, int]:
    """Of the places where a run writes, the one with the least room, and its free bytes."""
    places = (folder, Path(tempfile.gettempdir()))  # an adapter to go on from is copied through the second
    return min(((each, shutil.disk_usage(each).free) for each in places if each.exists()), key=lambda each: each[1])


def _first_line(error: BaseException) -> str:
    line = (str(error).strip() or type(error).__name__).splitlines()[0]
    return line if line.endswith(".") else line + "."
