"""How many answers can be written together in the memory that there is."""

from typing import Any

from engine.estimates.checkpointing import free_bytes, known_shape

_MARGIN = 0.8  # the part of free memory that answers may take; a run in progress needs some between its turns
_LOGITS = 24  # bytes a value of one row's logits: a copy in float32, one in float64, and those of the filters
_VALUE = {"float32": 4}  # bytes of a key or value; 2 in the other formats


def rows_that_fit(config: Any, *, dtype: str, device: str, tokens: int, wanted: int) -> int:
    """How many of `wanted` rows fit beside the model, at least 1. Where the model's sizes are unknown, all do.

    Args:
        config: transformers' configuration of the loaded model.
        dtype, device: of the base model.
        tokens: of the longest row, prompt and answer together.
    """
    shape = known_shape(config)
    if shape is None:
        return wanted
    row = 2 * shape.layers * shape.keys * tokens * _VALUE.get(dtype, 2) + _LOGITS * shape.vocabulary
    return max(1, min(wanted, int(_MARGIN * free_bytes(device) / row)))
