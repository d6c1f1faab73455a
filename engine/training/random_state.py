"""A run's own random numbers, so that nothing between its turns changes the run."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch


def read_random_state() -> dict[str, Any]:
    """The state of every global generator: Python's, NumPy's, and torch's on the CPU and on each accelerator."""
    state: dict[str, Any] = {
        "python": random.getstate(),
        "numpy": np.random.get_state(),
        "torch": torch.get_rng_state(),
    }
    if torch.cuda.is_available():
        state["cuda"] = torch.cuda.get_rng_state_all()
    if torch.backends.mps.is_available():
        state["mps"] = torch.mps.get_rng_state()
    return state


def random_state_problem(state: dict[str, Any]) -> str | None:
    """Why this machine cannot take a stored state up; None where it can."""
    stored, here = len(state.get("cuda", ())), torch.cuda.device_count()
    if not 0 < here < stored:
        return None
    return f"it was written on a machine with {stored} GPUs, and this one has {here}"


def write_random_state(state: dict[str, Any]) -> None:
    """Put every global generator into a state from `read_random_state`."""
    random.setstate(state["python"])
    np.random.set_state(state["numpy"])
    torch.set_rng_state(state["torch"])
    if "cuda" in state and torch.cuda.is_available():
        torch.cuda.set_rng_state_all(state["cuda"])
    if "mps" in state and torch.backends.mps.is_available():
        torch.mps.set_rng_state(state["mps"])


class OwnRandomState:
    """Random numbers of one job. They replace the global ones inside `swapped_in` and only there.

    Attributes:
        state: of `read_random_state` at the end of the last turn.
    """

    def __init__(self, seed: int) -> None:
        outside = read_random_state()
        random.seed(seed)
        np.random.seed(seed % 2**32)
        torch.manual_seed(seed)
        self.state = read_random_state()
        write_random_state(outside)

    @contextmanager
    def swapped_in(self) -> Iterator[None]:
        """Make these numbers the global ones until the block ends, and restore the global ones then."""
        outside = read_random_state()
        write_random_state(self.state)
        try:
            yield
        finally:
            self.state = read_random_state()
            write_random_state(outside)
