"""Decoding of several rows together with transformers' own forward pass, which works for every architecture.

`PlainDecoder` is for models whose cache follows when rows go, `CachelessDecoder` for the few others.

A decoder keeps the keys and values of the rows being written. Callers call it inside `BaseModel.policy` and `no_grad`,
and leave both between calls, so that another job may take its turn.
"""

import inspect
import sys
from collections.abc import Collection, Sequence
from typing import Any, Protocol

import torch

from engine.out_of_memory import is_out_of_memory

_CACHE_NAMES = ("past_key_values", "cache_params")
"""What transformers calls the cache of a model; Mamba and its kin have the second."""


_AGREES = 0.02
"""The part of the largest logit that two forward passes may differ by: bfloat16 alone gives a third of it."""


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
        """Drop all other rows, and put those kept in this order, which is one that `rows_after_removal` returns."""


def rows_after_removal(rows: int, gone: Collection[int]) -> list[int]:
    """The rows that stay when the rows `gone` are removed, in an order in which few rows move.

    The last rows take the free places: `rows_after_removal(5, {1})` is `[0, 4, 2, 3]`.
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
        self._forgets_padding = "past_key_values" not in accepted  # a state holds the prompt, and no token of it
        self._cache_name = next((name for name in _CACHE_NAMES if name in accepted), _CACHE_NAMES[0])

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
            self._cache.reorder_cache(chosen)  # linear-attention layers know no other method
        else:
            self._cache = None

    def _forward(self, ids: torch.Tensor) -> torch.Tensor:
        """Run the model on new tokens (R, T); the logits behind the last of them, (R, V)."""
        positions = (self._mask.cumsum(1) - 1).clamp(min=0)[:, -ids.shape[1] :]
        extra = {"position_ids": positions} if self._takes_positions else {}
        mask = {} if self._forgets_padding and ids.shape[1] == 1 else {"attention_mask": self._mask}
        result = self._model(
            input_ids=ids,
            **mask,
            use_cache=True,
            **{self._cache_name: self._cache},
            **extra,
            **self._shortened,
        )
        self._cache = getattr(result, self._cache_name, None)
        logits: torch.Tensor = result.logits[:, -1]
        return logits


class CachelessDecoder:
    """A decoder that reads each row from its beginning at every step, for models without a cache that rows can leave.

    Some keep their state in a form that has no rows, or read padding as text. It is slow, and right.
    """

    prompt_tokens = sys.maxsize

    def __init__(self, model: Any, max_rows: int) -> None:
        self._model = model
        self._max_rows = max_rows
        self._rows: list[list[int]] = []

    def room(self) -> int:
        return self._max_rows - len(self._rows)

    def admit(self, prompts: Sequence[tuple[Sequence[int], int]]) -> torch.Tensor:
        self._rows += [list(ids) for ids, rows in prompts for _ in range(rows)]
        logits = [logits for ids, rows in prompts for logits in [self._read(ids)] * rows]
        return torch.stack(logits)

    def step(self, tokens: torch.Tensor) -> torch.Tensor:
        for row, token in zip(self._rows, tokens.tolist(), strict=True):
            row.append(token)
        return torch.stack([self._read(row) for row in self._rows])

    def keep(self, rows: Sequence[int]) -> None:
        self._rows = [self._rows[row] for row in rows]

    def _read(self, ids: Sequence[int]) -> torch.Tensor:
        """The logits behind a text, (V,)."""
        logits: torch.Tensor = self._model(
            input_ids=torch.tensor([ids], device=self._model.device), use_cache=False
        ).logits
        return logits[0, -1]


def cache_follows_rows(model: Any) -> bool:
    """Whether the model's cache is right after rows were removed, so that `PlainDecoder` may be used.

    It is tried on two short texts of different lengths, one of which ends.

    Called inside `BaseModel.policy(None)` and `no_grad`.
    """
    texts, more = ([3, 4, 5, 6, 7, 8, 9], [4, 3, 5]), [5, 6, 7]
    plain, slow = PlainDecoder(model, 3), CachelessDecoder(model, 3)
    try:
        found = _tried(plain, texts, more)
    except (AttributeError, IndexError, KeyError, RuntimeError, TypeError, ValueError) as error:
        if is_out_of_memory(error):
            raise
        return False
    expected = _tried(slow, texts, more)
    return bool((found - expected).abs().max() <= _AGREES * expected.abs().max().clamp(min=1e-3))


def _tried(decoder: Decoder, texts: Sequence[Sequence[int]], more: Sequence[int]) -> torch.Tensor:
    """Logits after two steps of three rows, the first of which ends after the first step, (2, V) float32."""
    first, *rest = more
    logits = decoder.admit([(texts[0], 2), (texts[1], 1)])
    device = logits.device
    decoder.step(torch.tensor(more, device=device))
    decoder.keep([2, 1])
    return decoder.step(torch.tensor([first, rest[0]], device=device)).float()
