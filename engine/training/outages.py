"""Failures of the machine that a run can outlive: a full disk, a disk that does not answer, too little memory."""

import errno
import shutil
import tempfile
from pathlib import Path

from safetensors import SafetensorError

from engine.errors import DiskRefused, MemoryRanOut, RunInterrupted
from engine.out_of_memory import is_out_of_memory

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
# torch.save finds that its file took less than it wrote, and its own error then hides the system's.
_TORCH_WRITES = ("inline_container", "pytorchstreamwriter")


def outage_of(error: BaseException, folder: Path) -> RunInterrupted | None:
    """The error that ended a run as one that the run can outlive; None for an error that would only come again.

    Args:
        error: the error, or one that was raised from it.
        folder: where the run writes; the message says how much is free there.
    """
    for each in (error, error.__cause__):
        if each is None:
            continue
        if isinstance(each, RunInterrupted):
            return each  # in words already
        if is_out_of_memory(each):
            return MemoryRanOut(f"{_first_line(each)} Close other programs that take memory on this machine.")
        if isinstance(each, OSError) or _is_of_disk(each):
            return _refused(each, folder)
    return None


def _is_of_disk(error: BaseException) -> bool:
    """Whether the error comes from writing or reading a file, though it is no OSError."""
    if isinstance(error, SafetensorError):
        return "I/O error" in str(error)
    return isinstance(error, RuntimeError) and any(sign in str(error).lower() for sign in _TORCH_WRITES)


def _refused(error: BaseException, folder: Path) -> DiskRefused:
    system = error if isinstance(error, OSError) else error.__context__
    cause = system if isinstance(system, OSError) else error
    where, free = _fullest(folder)
    number = cause.errno if isinstance(cause, OSError) else None
    if number in _NO_ROOM or "No space left" in str(cause):
        return DiskRefused(f"There is no room left in {where} ({free / 1e6:,.0f} MB free). Free some space.")
    reason = _first_line(cause)
    return DiskRefused(f"{reason} {where} has {free / 1e6:,.0f} MB free. Free some space, or check the disk.")


def _fullest(folder: Path) -> tuple[Path, int]:
    """The place with the least room among those where a run writes, and its free bytes."""
    places = (folder, Path(tempfile.gettempdir()))  # a run that continues an adapter copies it through the second
    return min(((each, shutil.disk_usage(each).free) for each in places if each.exists()), key=lambda each: each[1])


def _first_line(error: BaseException) -> str:
    line = (str(error).strip() or type(error).__name__).splitlines()[0]
    return line if line.endswith(".") else line + "."
