"""Base weights in 4 bits, as in QLoRA (Dettmers et al. 2023, arXiv:2305.14314), through bitsandbytes."""

from importlib.util import find_spec
from typing import Any

import torch
from transformers import BitsAndBytesConfig

from engine.errors import ModelError


def require_bitsandbytes() -> None:
    """Raise `ModelError` where the package that 4 bits need is not installed."""
    if find_spec("bitsandbytes") is None:
        raise ModelError(
            "--dtype 4bit needs the package bitsandbytes, which is not installed. Install Palate with its extra "
            "`quant`, or choose another --dtype."
        )


def nf4() -> Any:
    """NF4 with doubly quantised scales for the linear layers, computed in bfloat16."""
    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=torch.bfloat16,
    )


def keep_differentiable(model: torch.nn.Module) -> None:
    """Keep bitsandbytes from packing weights for inference on a CPU.

    In eval mode on a CPU with AVX-512 BF16 its 0.50 repacks weights for a product that has no backward pass: what lies
    before it would get no gradient, told by nothing but a warning of torch's. Here the base trains in eval mode.
    """
    module: Any
    for module in model.modules():
        if hasattr(module, "support_avx512bf16_for_cpu"):
            module.support_avx512bf16_for_cpu = False
