"""Memory that a pass frees: when it stays with the process for the next pass, and when it returns to the system."""

import ctypes
import platform
from collections.abc import Iterator
from contextlib import contextmanager

# Parameters of mallopt(3). glibc maps each block above M_MMAP_THRESHOLD by itself, and returns free memory of its heap
# beyond M_TRIM_THRESHOLD to the system. Every tensor of a layer is above the first default of 128 KiB.
_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_THRESHOLD = -1, -2, -3
_KEPT = {_M_MMAP_THRESHOLD: 32 << 20, _M_TRIM_THRESHOLD: (1 << 31) - 1, _M_TOP_PAD: 64 << 20}
_DEFAULTS = {_M_MMAP_THRESHOLD: 128 << 10, _M_TRIM_THRESHOLD: 128 << 10, _M_TOP_PAD: 0}


@contextmanager
def freed_memory_kept() -> Iterator[None]:
    """Inside, freed memory stays with the process, with glibc alone; at the end it returns to the system.

    A next pass need not fetch it again page by page.
    """
    if platform.libc_ver()[0] != "glibc":
        yield
        return
    libc = ctypes.CDLL(None)
    _set(libc, _KEPT)
    try:
        yield
    finally:
        _set(libc, _DEFAULTS)
        give_back_freed_memory()


def give_back_freed_memory() -> None:
    """Return freed memory to the system, where glibc is what keeps it.

    Between blocks that are in use, glibc keeps hundreds of megabytes once some hundred answers have been written.
    """
    if platform.libc_ver()[0] == "glibc":
        ctypes.CDLL(None).malloc_trim(0)


def _set(libc: ctypes.CDLL, values: dict[int, int]) -> None:
    for parameter, value in values.items():
        libc.mallopt(parameter, value)
