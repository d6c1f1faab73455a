"""What a model can read: the token ids that it has, and how many tokens. Its tokenizer carries both.

An index beyond the embedding ends a process on a GPU: every later call fails there. So texts are checked as token ids,
before they reach the model.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from engine.errors import ModelError, TokenUnknown

_ATTRIBUTE = "palate_limits"
_LENGTHS = ("max_position_embeddings", "n_positions", "max_seq_len", "max_sequence_length", "context_length")


@dataclass(frozen=True)
class Limits:
    """Token ids are below `rows`, and prompt and answer have at most `length` tokens; None: there is no such limit."""

    rows: int | None = None
    length: int | None = None


def limits_of(tokenizer: Any) -> Limits:
    """The limits of the tokenizer's model; none where it was loaded without a model."""
    limits: Limits = getattr(tokenizer, _ATTRIBUTE, Limits())
    return limits


def set_limits(tokenizer: Any, model: Any) -> Limits:
    """Let the tokenizer carry the limits of a transformers model.

    Raises:
        ModelError: a token that the tokenizer puts into every text is beyond the model's embedding.
    """
    rows = model.get_input_embeddings().weight.shape[0]
    limits = Limits(rows, _length_of(model.config))
    named = (("beginning", tokenizer.bos_token_id), ("end", tokenizer.eos_token_id))
    for name, token in named:
        if token is not None and token >= rows:
            raise ModelError(
                f"The tokenizer's {name} of a text is token {token}, and the model has only {rows:,} tokens. Take the "
                "tokenizer that belongs to this model."
            )
    setattr(tokenizer, _ATTRIBUTE, limits)
    return limits


def check_tokens(tokenizer: Any, ids: Sequence[int]) -> None:
    """Raise `TokenUnknown` where the model has no row for one of the token ids."""
    rows = limits_of(tokenizer).rows
    if rows is None or not ids or max(ids) < rows:
        return
    token = next(each for each in ids if each >= rows)
    raise TokenUnknown(
        f"The text has the token {tokenizer.decode([token])!r}, which the tokenizer knows and the model does not. "
        "Take it out of the text."
    )


def _length_of(config: Any) -> int | None:
    """The most tokens that a model reads, from its configuration or from that of its text part."""
    text = config.get_text_config(decoder=True)
    found = (getattr(holder, name, None) for holder in (text, config) for name in _LENGTHS)
    return next((length for length in found if isinstance(length, int) and length > 0), None)
