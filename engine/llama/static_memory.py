"""What the steps of `engine.llama.static_decoding` read and write: keys and values of all rows, at fixed addresses."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from engine.llama.layers import Angles


@dataclass
class StaticMemory:
    """Keys and values of all rows, and what depends on the capacity.

    Attributes:
        held: (layers, slots · capacity, 2 · heads, width), the keys of each place before its values.
        capacity: how many tokens a row has room for.
        starts: (slots,) where each row begins; `ends` the same with the end, int32; `ones` counts from 0, int32.
        numbers: (capacity,) counts from 0.
        rotary: cos and sin of every position.
    """

    held: torch.Tensor
    slots: int
    capacity: int
    starts: torch.Tensor
    ends: torch.Tensor
    ones: torch.Tensor
    numbers: torch.Tensor
    rotary: Angles

    @classmethod
    def empty(cls, layers: int, heads: int, width: int, dtype: torch.dtype, device: torch.device) -> "StaticMemory":
        """Memory without room for any row."""
        return cls._of(torch.zeros(layers, 0, 2 * heads, width, dtype=dtype, device=device), 0, 0)

    @classmethod
    def _of(cls, held: torch.Tensor, slots: int, capacity: int) -> "StaticMemory":
        device = held.device
        ones = torch.arange(slots + 1, dtype=torch.int32, device=device)
        starts = torch.arange(slots, device=device) * capacity
        numbers = torch.arange(capacity, device=device)
        return cls(held, slots, capacity, starts, ones * capacity, ones, numbers, {})

    def grown(self, slots: int, capacity: int, lengths: Sequence[int]) -> "StaticMemory":
        """Memory for so many rows of so many tokens, with the contents of those in use and zeros behind them: masked
        attention multiplies these by 0, and 0 · NaN is NaN."""
        fresh = self.held.new_zeros(self.held.shape[0], slots * capacity, *self.held.shape[2:])
        for row, length in enumerate(lengths):
            old, new = row * self.capacity, row * capacity
            fresh[:, new : new + length] = self.held[:, old : old + length]
        return self._of(fresh, slots, capacity)

    def angles(self, positions: torch.Tensor) -> Angles:
        """cos and sin of these positions, each (N, 1, width)."""
        return {name: (cos[positions], sin[positions]) for name, (cos, sin) in self.rotary.items()}

    def write(self, layer: int, places: torch.Tensor, both: torch.Tensor) -> None:
        """Write keys and values, (N, 2 · heads, width), to N places."""
        self.held[layer].index_copy_(0, places, both)

    def read(self, layer: int) -> tuple[torch.Tensor, ...]:
        """A layer's keys and values, each (slots · capacity, heads, width), without a copy."""
        return self.held[layer].chunk(2, dim=1)

    def read_rows(self, layer: int, rows: int) -> tuple[torch.Tensor, ...]:
        """Those of the first rows, each (rows, heads, capacity, width), without a copy."""
        first = self.held[layer, : rows * self.capacity].view(rows, self.capacity, *self.held.shape[2:])
        return first.transpose(1, 2).chunk(2, dim=1)

    def move(self, row: int, place: int, length: int) -> None:
        """Copy a row to another place."""
        old, new = row * self.capacity, place * self.capacity
        self.held[:, new : new + length] = self.held[:, old : old + length]


@dataclass(frozen=True)
class JoinedPrompts:
    """Prompts one behind the other: N tokens.

    Attributes:
        tokens, positions: (N,).
        bounds: where each prompt begins, and the end, int32; and the longest prompt.
        sources, places: for each token of each new row, its place among the N and in the rows' memory.
        last: the place of each prompt's last token; `owner` is each new row's prompt.
    """

    tokens: torch.Tensor
    positions: torch.Tensor
    bounds: tuple[torch.Tensor, int]
    sources: torch.Tensor
    places: torch.Tensor
    last: torch.Tensor
    owner: torch.Tensor

    @classmethod
    def of(
        cls, prompts: Sequence[tuple[Sequence[int], int]], row: int, capacity: int, device: torch.device
    ) -> "JoinedPrompts":
        """Prompts with their numbers of rows, of which the first is `row`."""
        starts, owner = [0], []
        sources: list[int] = []
        places: list[int] = []
        for index, (ids, rows) in enumerate(prompts):
            for _ in range(rows):
                sources += range(starts[-1], starts[-1] + len(ids))
                places += range(row * capacity, row * capacity + len(ids))
                owner.append(index)
                row += 1
            starts.append(starts[-1] + len(ids))

        def on_device(values: Sequence[int], dtype: torch.dtype = torch.int64) -> torch.Tensor:
            return torch.tensor(values, dtype=dtype, device=device)

        return cls(
            tokens=on_device([token for ids, _ in prompts for token in ids]),
            positions=on_device([place for ids, _ in prompts for place in range(len(ids))]),
            bounds=(on_device(starts, torch.int32), max(len(ids) for ids, _ in prompts)),
            sources=on_device(sources),
            places=on_device(places),
            last=on_device([start - 1 for start in starts[1:]]),
            owner=on_device(owner),
        )
