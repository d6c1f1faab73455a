"""The memory that training a model takes, in sentences, before its weights are downloaded."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

from engine.config import TrainConfig
from engine.errors import EngineError
from engine.estimates.requirements import memory_of
from tui.training.preflight_format import memory_words

_SHORTER = (512, 256, 128)
"""Lengths of pairs that are tried where the default length does not fit."""


def memory_needs(source: str) -> Iterator[str]:
    """What training this model takes and whether it fits here, a sentence for each number format of the weights.

    `source` is a Hub id or a folder. Of a Hub id this reads a few kilobytes. Where its sizes are unknown, the one
    sentence says why.
    """
    from engine.estimates.checkpointing import free_bytes
    from engine.precision import choose_device  # imports torch

    config = TrainConfig()
    device = choose_device("auto")[0]
    free = free_bytes(device)
    for dtype in ("bfloat16", "4bit"):
        try:
            memory = memory_of(source, config, dtype=dtype, device=device)
        except EngineError as error:
            yield str(error)
            return
        fits = _fitting(free, partial(_peak, source, dtype, device))
        yield (
            f"--dtype {dtype}: about {memory.peak / 1e9:.1f} GB to train on pairs of {config.max_length:,} tokens "
            f"({memory_words(memory)}); {free / 1e9:.1f} GB are free here: {fits}"
        )


def _peak(source: str, dtype: str, device: str, config: TrainConfig, checkpointing: bool) -> int:
    return memory_of(source, config, dtype=dtype, device=device, checkpointing=checkpointing).peak


def _fitting(free: int, peak: Callable[[TrainConfig, bool], int]) -> str:
    """With which settings a run fits into `free` bytes, in words. `peak`: of settings, with checkpointing or without.

    A run turns gradient checkpointing on by itself, so a model that fits with it fits.
    """
    config = TrainConfig()
    if peak(config, False) < free:
        return "fits"
    if (least := peak(config, True)) < free:
        return f"fits with gradient checkpointing, which a run turns on by itself ({least / 1e9:.1f} GB)"
    for length in _SHORTER:
        if (least := peak(replace(config, max_length=length), True)) < free:
            return f"fits with --max-length {length} and gradient checkpointing ({least / 1e9:.1f} GB)"
    return f"does not fit, not even --max-length {_SHORTER[-1]} with gradient checkpointing ({least / 1e9:.1f} GB)"
