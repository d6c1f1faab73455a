"""Which of LoRA's inputs a training pass drops: from the seeds of its pairs, or from the global random numbers."""

import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import torch

from engine.chat import EncodedPair


class DropoutRule(StrEnum):
    """What decides the inputs that a run drops. Checkpoints of format 2 hold these texts."""

    BY_PAIR = "by pair"
    """The run's seed, the step and the pair alone."""
    IN_SEQUENCE = "in sequence"
    """Every draw before it as well: the rule of the runs that began with a checkpoint of format 1."""


@dataclass(frozen=True)
class Site:
    """A place in the model where inputs are dropped: the layer's number, and that of its group of linear layers."""

    layer: int
    group: int


class Dropout(Protocol):
    """Draws what one pass over packed pairs drops."""

    def places(self, x: torch.Tensor, share: float, rows: Sequence[int], site: Site) -> torch.Tensor:
        """The places of `x` (T, in), flat, that become zero: each on its own with probability `share`.

        Args:
            rows: how many rows of `x` each pair of the pass has, in their order; their sum is T.
            site: where in the model `x` is.
        """
        ...


@dataclass(frozen=True)
class PairDropout:
    """Each pair's places come from its own seed, so they do not depend on the pairs beside it or before it.

    A pass that computes a layer again draws the same places, and no random state has to be kept.
    """

    seeds: tuple[int, ...]

    def places(self, x: torch.Tensor, share: float, rows: Sequence[int], site: Site) -> torch.Tensor:
        """See `Dropout`."""
        width, start, parts = x.shape[1], 0, []
        for seed, count in zip(self.seeds, rows, strict=True):
            parts.append(
                seeded_places(count * width, share, site_seed(seed, site), device=x.device, first=start * width)
            )
            start += count
        return parts[0] if len(parts) == 1 else torch.cat(parts)


class SequenceDropout:
    """The places come from torch's global generator, so they depend on everything that was drawn before."""

    def places(self, x: torch.Tensor, share: float, rows: Sequence[int], site: Site) -> torch.Tensor:
        """See `Dropout`."""
        del rows, site
        count = int(torch.poisson(_mean(x.numel(), share)))
        return torch.randint(x.numel(), (count,), device=x.device)


def pair_seed(run_seed: int, step: int, pair: EncodedPair) -> int:
    """The seed of a pair's dropout in an optimizer step (counted from 0), 0 to 2⁶⁴ − 1.

    The first 8 bytes of the SHA-256 of a JSON list: the run's seed, the step, and the token ids of prompt, chosen and
    rejected. The pair's key is left out, so that the same pairs give the same adapter in every workspace.
    """
    return _seed(json.dumps([run_seed, step, pair.prompt_ids, pair.chosen_ids, pair.rejected_ids]))


def site_seed(seed: int, site: Site) -> int:
    """The seed of one pair at one site, 0 to 2⁶⁴ − 1: SHA-256 of `[pair's seed, layer, group]` as `pair_seed` does."""
    return _seed(f"[{seed}, {site.layer}, {site.group}]")


def _seed(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")


def seeded_places(values: int, share: float, seed: int, *, device: torch.device, first: int = 0) -> torch.Tensor:
    """The places, `first` to `first` + `values` − 1, that dropout zeroes: each on its own with probability `share`.

    A Poisson number of places drawn with replacement makes the places independent of one another and exactly as
    likely as coin throws would (each place is hit Poisson(−ln(1 − share)) times), at a twentieth of the cost. The
    number is drawn on the CPU, so that no device has to be waited for; the places are drawn on `device`.
    """
    generator = torch.Generator().manual_seed(seed)
    count = int(torch.poisson(_mean(values, share), generator=generator))
    if device.type != "cpu":
        generator = torch.Generator(device).manual_seed(seed)
    return torch.randint(first, first + values, (count,), generator=generator, device=device)


def _mean(values: int, share: float) -> torch.Tensor:
    """The mean number of draws: −n ln(1 − share)."""
    return torch.tensor(-values * math.log1p(-share), dtype=torch.float64)
