"""Memory that one pass gives back is kept for the next one, instead of being returned and fetched anew page by page."""

import ctypes
import platform
from collections.abc import Iterator
from contextlib import contextmanager

# Parameters of mallopt(3). glibc maps each block above M_MMAP_THRESHOLD by itself and gives back what its heap has free
# beyond M_TRIM_THRESHOLD; every tensor of a layer is above the first default of 128 KiB.
_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_THRESHOLD = -1, -2, -3
_KEPT = {_M_MMAP_THRESHOLD: 32 << 20, _M_TRIM_THRESHOLD: (1 << 31) - 1, _M_TOP_PAD: 64 << 20}
_DEFAULTS = {_M_MMAP_THRESHOLD: 128 << 10, _M_TRIM_THRESHOLD: 128 << 10, _M_TOP_PAD: 0}


@contextmanager
def freed_memory_kept() -> Iterator[None]:
    """Inside, freed memory stays with the process (glibc only; elsewhere nothing changes); at the end it goes back."""
    if platform.libc_ver()[0] != "glibc":
        yield
        return
    libc = ctypes.CDLL(None)
    _set(libc, _KEPT)
    try:
        yield
    finally:
        _set(libc, _DEFAULTS)
        libc.malloc_trim(0)


def _set(libc: ctypes.CDLL, values: dict[int, int]) -> None:
    for parameter, value in values.items():
        libc.mallopt(parameter, value)
