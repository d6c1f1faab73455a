"""Keys and values of the rows being written, allocated in blocks of tokens.

Rows are in the first places, and the allocation is as long as the longest row, rounded up, so a step reads contiguous
memory. Every product would copy a view into a longer allocation, which takes a fifth of a step at 64 rows. On a CPU in
bfloat16 the keys have their tokens last: the product with the queries then takes a third to a half of the time.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F

_BLOCK = 64  # lengths are rounded up to this; oneDNN builds new code for every shape it has not met


class KeyValueCache:
    """Keys and values of the rows in use, in every layer. It grows with the number of rows as with their length."""

    def __init__(self, *, layers: int, heads: int, width: int, dtype: torch.dtype, device: str) -> None:
        self._tokens_last = device == "cpu" and dtype == torch.bfloat16
        self._keys = torch.zeros(layers, 0, heads, 0, width, dtype=dtype, device=device)
        self._values = self._keys
        if self._tokens_last:
            self._keys = self._keys.transpose(3, 4)
        self.lengths: list[int] = []  # of the rows in use

    def fit(self, longest: int, rows: int) -> None:
        """Size the allocation for this many rows of up to `longest` tokens, before they are written."""
        wanted, held = -(-longest // _BLOCK) * _BLOCK, self._values.shape[3]
        if wanted <= held < 2 * wanted and rows <= self._values.shape[1]:
            return
        tokens = wanted if not wanted <= held < 2 * wanted else held
        self._values = self._resized(self._values, 3, rows, tokens)
        self._keys = self._resized(self._keys, 4 if self._tokens_last else 3, rows, tokens)

    def _resized(self, held: torch.Tensor, dimension: int, rows_wanted: int, tokens: int) -> torch.Tensor:
        """A new allocation with the contents of the rows in use. It holds zeros behind a row's end, because attention
        multiplies these places by 0, and 0 · NaN is NaN."""
        shape = list(held.shape)
        shape[1], shape[dimension] = rows_wanted, tokens
        kept = min(tokens, held.shape[dimension])
        fresh = held.new_zeros(shape)
        rows = slice(0, len(self.lengths))
        fresh[:, rows].narrow(dimension, 0, kept).copy_(held[:, rows].narrow(dimension, 0, kept))
        return fresh

    def join(self, layer: int, row: int, keys: torch.Tensor, values: torch.Tensor) -> None:
        """Write a prompt's keys and values, (heads, T, width), as the beginning of a row."""
        length = keys.shape[1]
        if self._tokens_last:
            self._keys[layer, row, :, :, :length] = keys.transpose(1, 2)
        else:
            self._keys[layer, row, :, :length] = keys
        self._values[layer, row, :, :length] = values

    def keep(self, rows: Sequence[int]) -> None:
        """Move the rows into the first places, in this order; each row may only move to the front."""
        for place, row in enumerate(rows):
            if place != row:
                length = self.lengths[row]
                if self._tokens_last:
                    self._keys[:, place, :, :, :length] = self._keys[:, row, :, :, :length]
                else:
                    self._keys[:, place, :, :length] = self._keys[:, row, :, :length]
                self._values[:, place, :, :length] = self._values[:, row, :, :length]
        self.lengths = [self.lengths[row] for row in rows]

    def begin_step(self, groups: int) -> None:
        """Make room for one more token in every row, and make the mask of the tokens that each row sees."""
        device, rows = self._keys.device, len(self.lengths)
        self.lengths = [length + 1 for length in self.lengths]
        self.fit(max(self.lengths), rows)
        ends = torch.tensor(self.lengths, device=device)
        self._seen = self._values.shape[3]
        self._rows: torch.Tensor | slice = torch.arange(rows, device=device)
        self._last: torch.Tensor | int = ends - 1
        if min(self.lengths) == max(self.lengths):  # such as two answers to one prompt; a slice is faster to write
            self._rows, self._last = slice(0, rows), self.lengths[0] - 1
        hidden = torch.arange(self._seen, device=device)[None, :] >= ends[:, None]  # (R, T)
        mask = torch.zeros(hidden.shape, dtype=self._keys.dtype, device=device).masked_fill_(hidden, -torch.inf)
        heads = self._values.shape[2]
        self._mask = mask[:, None, None].expand(rows, heads, groups, self._seen)
        if self._tokens_last:
            self._mask = self._mask.reshape(rows * heads, groups, self._seen)

    def attend(
        self, layer: int, queries: torch.Tensor, keys: torch.Tensor, values: torch.Tensor, scale: float
    ) -> torch.Tensor:
        """Append this step's keys and values, (R, heads, width), and attend to all tokens of each row.

        The queries that share a key head, (R, heads, groups, width), count as its query positions, so keys and values
        are read once for all of them. Returns the same shape.
        """
        rows, heads, groups, width = queries.shape
        self._values[layer, self._rows, :, self._last] = values
        seen_values = self._values[layer, :rows]
        if not self._tokens_last:
            self._keys[layer, self._rows, :, self._last] = keys
            seen_keys = self._keys[layer, :rows]
            return F.scaled_dot_product_attention(queries, seen_keys, seen_values, attn_mask=self._mask, scale=scale)
        self._keys[layer, self._rows, :, :, self._last] = keys
        seen_keys = self._keys[layer, :rows].view(rows * heads, width, self._seen)
        scores = torch.baddbmm(self._mask, queries.reshape(rows * heads, groups, width), seen_keys, alpha=scale)
        result = torch.bmm(scores.softmax(-1), seen_values.view(rows * heads, self._seen, width))
        return result.view(rows, heads, groups, width)
