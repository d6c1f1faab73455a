"""float16 ends at 65,504: a model with larger weights or inner values is refused in it, not trained on infinities."""

from typing import Any

import torch

from engine.errors import ModelError

_ACT = "Use --dtype bfloat16, which takes as much memory and reaches as far as float32, or --dtype float32."
_PROBE_TOKENS = 64


def check_float16(model: Any) -> None:
    """Raise `ModelError` when a weight, or a logit of a short text, is not finite in float16."""
    for name, weight in model.named_parameters():
        if not torch.isfinite(weight).all():
            raise ModelError(f"The weights {name} hold values beyond 65,504, where float16 ends. {_ACT}")
    tokens = torch.arange(_PROBE_TOKENS, device=model.device) % model.config.vocab_size
    with torch.no_grad():
        logits = model(tokens[None], use_cache=False).logits
    if not torch.isfinite(logits).all():
        raise ModelError(f"This model computes values beyond 65,504, where float16 ends. {_ACT}")
