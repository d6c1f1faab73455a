"""The keys and values of the prompt that a model read last, so that the next one is read from where it differs."""

from collections.abc import Sequence
from typing import Any

from transformers.cache_utils import DynamicCache, DynamicLayer


class PromptCache:
    """Kept between the prompts of one job, for one policy: the beginnings of prompts that are alike are read once.

    A model with layers that cannot go back to an earlier token (a sliding window, a recurrent state) keeps nothing.
    """

    def __init__(self) -> None:
        self._ids: tuple[int, ...] = ()
        self._cache: Any = None

    def take(self, ids: Sequence[int]) -> tuple[int, Any]:
        """How many tokens of `ids` are in the cache, at most all but the last, and the cache, None for an empty one.

        The cache is the caller's then: an error while it grows leaves none behind.
        """
        cache, self._cache = self._cache, None
        kept = 0
        while cache is not None and kept < min(len(self._ids), len(ids) - 1) and self._ids[kept] == ids[kept]:
            kept += 1
        if 0 < kept < len(self._ids):
            cache.crop(kept - len(self._ids))  # the tokens to remove, as a negative number
        return kept, cache if kept else None

    def keep(self, ids: Sequence[int], cache: Any) -> None:
        """Keep the cache of a prompt that was read whole."""
        if type(cache) is DynamicCache and all(type(layer) is DynamicLayer for layer in cache.layers):
            self._ids, self._cache = tuple(ids), cache
