"""Decoding of several rows together with transformers' own forward pass, which works for every architecture.

A decoder keeps the keys and values of the rows being written. Callers call it inside `BaseModel.policy` and `no_grad`,
and leave both between calls, so that another job may take its turn.
"""

import inspect
import sys
from collections.abc import Collection, Sequence
from typing import Any, Protocol

import torch


class Decoder(Protocol):
    """Writes rows, token by token. `prompt_tokens` limits how many it reads in one pass."""

    prompt_tokens: int

    def room(self) -> int:
        """How many rows `admit` takes now."""

    def admit(self, prompts: Sequence[tuple[Sequence[int], int]]) -> torch.Tensor:
        """Read prompts, each given with the number of rows that answer it, and add these rows as the last ones.

        Returns:
            Logits of the first token of each new row, (new rows, V).
        """

    def step(self, tokens: torch.Tensor) -> torch.Tensor:
        """Append one token to each row, (R,) int64, and return the logits of the next, (R, V)."""

    def keep(self, rows: Sequence[int]) -> None:
        """Drop all other rows, and put those kept in this order, which is one that `closed_up` returns."""


def closed_up(rows: int, gone: Collection[int]) -> list[int]:
    """The rows that stay when some go, in an order in which few rows move.

    The last rows take the free places: `closed_up(5, {1})` is `[0, 4, 2, 3]`.
    """
    kept = rows - len(gone)
    movers = iter([row for row in range(rows - 1, kept - 1, -1) if row not in gone])
    return [next(movers) if row in gone else row for row in range(kept)]


class PlainDecoder:
    """A decoder over the model's own forward pass. It takes new rows only after all have ended."""

    prompt_tokens = sys.maxsize

    def __init__(self, model: Any, max_rows: int) -> None:
        self._model = model
        self._max_rows = max_rows
        self._cache: Any = None
        self._mask = torch.zeros(0, 0, dtype=torch.long)  # (R, tokens so far), 0 where padded
        accepted = inspect.signature(model.forward).parameters
        self._takes_positions = "position_ids" in accepted
        self._shortened = {"logits_to_keep": 1} if "logits_to_keep" in accepted else {}

    def room(self) -> int:
        return 0 if self._mask.shape[0] else self._max_rows

    def admit(self, prompts: Sequence[tuple[Sequence[int], int]]) -> torch.Tensor:
        longest = max(len(ids) for ids, _ in prompts)
        ids = torch.tensor([[0] * (longest - len(ids)) + list(ids) for ids, _ in prompts])
        self._mask = torch.tensor([[0] * (longest - len(ids)) + [1] * len(ids) for ids, _ in prompts])
        self._mask = self._mask.to(self._model.device)
        self._cache = None
        logits = self._forward(ids.to(self._model.device))  # (P, V): each prompt is read once
        owner = torch.tensor([index for index, (_, rows) in enumerate(prompts) for _ in range(rows)])
        self.keep(owner.tolist())
        return logits[owner.to(logits.device)]

    def step(self, tokens: torch.Tensor) -> torch.Tensor:
        self._mask = torch.cat([self._mask, self._mask.new_ones(len(tokens), 1)], dim=1)
        return self._forward(tokens[:, None])

    def keep(self, rows: Sequence[int]) -> None:
        chosen = torch.tensor(rows, dtype=torch.long, device=self._mask.device)
        self._mask = self._mask[chosen]
        if rows:
            self._cache.batch_select_indices(chosen)
        else:
            self._cache = None

    def _forward(self, ids: torch.Tensor) -> torch.Tensor:
        """Run the model on new tokens (R, T); the logits behind the last of them, (R, V)."""
        positions = (self._mask.cumsum(1) - 1).clamp(min=0)[:, -ids.shape[1] :]
        extra = {"position_ids": positions} if self._takes_positions else {}
        result = self._model(
            input_ids=ids,
            attention_mask=self._mask,
            past_key_values=self._cache,
            use_cache=True,
            **extra,
            **self._shortened,
        )
        self._cache = result.past_key_values
        logits: torch.Tensor = result.logits[:, -1]
        return logits
