"""Freed memory is kept inside the block, and given back at its end."""

import platform

import psutil
import pytest
import torch

from engine.training.allocator import freed_memory_kept, give_back_freed_memory


def _faults() -> int:
    """Pages of this process that had to be fetched so far."""
    with open("/proc/self/stat") as stat:
        return int(stat.read().rpartition(")")[2].split()[7])


def _pages_of_a_pass() -> int:
    """Pages that were fetched for twenty tensors of 8 MB, one after another."""
    before = _faults()
    for _ in range(20):
        torch.ones(2 << 20)
    return _faults() - before


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other allocators are left as they are")
def test_memory_is_fetched_once_and_given_back() -> None:
    with freed_memory_kept():
        _pages_of_a_pass()
        assert _pages_of_a_pass() < 4096  # 20 × 8 MB in pages of 4 KiB are 40,960
        held = [torch.ones(2 << 18) for _ in range(100)]  # 200 MB
        full = psutil.Process().memory_info().rss
        del held
        assert psutil.Process().memory_info().rss > full - (50 << 20)
    assert psutil.Process().memory_info().rss < full - (100 << 20)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other allocators are left as they are")
def test_memory_between_blocks_in_use_is_given_back() -> None:
    blocks = [bytearray(100_000) for _ in range(2000)]  # 200 MB, each too small for a mapping of its own
    full = psutil.Process().memory_info().rss
    kept = blocks[::10]
    del blocks
    give_back_freed_memory()
    assert len(kept) == 200
    assert psutil.Process().memory_info().rss < full - (100 << 20)
