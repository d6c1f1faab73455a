"""What a full disk and a full memory really raise is told apart from what a run does wrong."""

import errno
import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from engine.errors import AdapterLoadError, CheckpointError, DiskRefused, MemoryRanOut, NonFiniteLoss
from engine.training.outages import outage_of

TENSORS = {"a": torch.zeros(100_000)}


@contextmanager
def room_for(num_bytes: int) -> Iterator[None]:
    """Let no file grow beyond `num_bytes`, as on a disk that is nearly full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (num_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def raised_by(act: Callable[[], object]) -> Exception:
    with pytest.raises(Exception) as caught:  # noqa: PT011  which one it is differs, and is what is looked at
        act()
    return caught.value


def from_torch(folder: Path) -> None:
    with room_for(50_000), open(folder / "weights.pt", "wb") as file:
        torch.save(TENSORS, file)


def from_a_full_device(_: Path) -> None:
    with open("/dev/full", "wb") as file:
        torch.save(TENSORS, file)


def from_safetensors(folder: Path) -> None:
    with room_for(50_000):
        save_file(TENSORS, folder / "weights.safetensors")


@pytest.mark.parametrize("write", [from_torch, from_a_full_device, from_safetensors])
def test_a_full_disk_is_known_by_whatever_writes(tmp_path: Path, write: Callable[[Path], None]) -> None:
    told = outage_of(raised_by(lambda: write(tmp_path)), tmp_path)
    assert isinstance(told, DiskRefused)
    assert " MB free" in str(told)
    assert "Free some space" in str(told)


def test_a_disk_that_does_not_answer_is_told_with_its_own_words(tmp_path: Path) -> None:
    told = outage_of(OSError(errno.EIO, "Input/output error", str(tmp_path / "x")), tmp_path)
    assert isinstance(told, DiskRefused)
    assert "Input/output error" in str(told)
    assert "check the disk" in str(told)


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
        raised_by(lambda: torch.empty(10**15)),
        MemoryError(),
    ],
)
def test_memory_that_ran_out_is_known_on_every_device(tmp_path: Path, error: Exception) -> None:
    assert isinstance(outage_of(error, tmp_path), MemoryRanOut)


def test_what_was_put_in_words_already_is_known_by_its_cause(tmp_path: Path) -> None:
    unreadable = CheckpointError("checkpoint.pt cannot be read.")
    unreadable.__cause__ = OSError(errno.EIO, "Input/output error")
    assert isinstance(outage_of(unreadable, tmp_path), DiskRefused)


@pytest.mark.parametrize(
    "error",
    [
        NonFiniteLoss("Pair 3 gave a loss of nan."),
        AdapterLoadError("The adapter does not fit."),
        RuntimeError("The size of tensor a (3) must match the size of tensor b (4)"),
        ValueError("no"),
    ],
)
def test_what_would_only_come_again_is_no_outage(tmp_path: Path, error: Exception) -> None:
    assert outage_of(error, tmp_path) is None
