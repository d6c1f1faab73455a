"""Which models and adapters the fast path for Llama takes, and why it does not take others."""

from typing import TYPE_CHECKING, Any

from peft.tuners.lora.layer import Linear as LoraLinear
from peft.tuners.tuners_utils import BaseTunerLayer
from peft.utils import ModulesToSaveWrapper

from engine.llama.decoding import _PROJECTED
from engine.llama.kernels import Kernels
from engine.llama.scoring import FastModel

if TYPE_CHECKING:
    from engine.model import BaseModel


_SHAPES = {"LlamaForCausalLM", "MistralForCausalLM", "Qwen2ForCausalLM", "Qwen3ForCausalLM"}

_KNOWN = ("llama", "mistral", "qwen2", "qwen3")


def can_decode(model: Any, adapter: str | None) -> bool:
    """Whether the lean decoder computes what this model with this adapter computes."""
    config = model.config
    if type(model).__name__ not in _SHAPES or getattr(config, "mlp_bias", False):
        return False
    if getattr(config, "quantization_config", None) is not None:
        return False
    kinds = getattr(config, "layer_types", None) or ["full_attention"]
    windowed = type(model).__name__ == "MistralForCausalLM" and config.sliding_window is not None
    whole_heads = model.model.rotary_emb.inv_freq.shape[0] * 2 == model.model.layers[0].self_attn.head_dim
    return not windowed and set(kinds) == {"full_attention"} and whole_heads and _plain_lora(model, adapter)


def _plain_lora(model: Any, adapter: str | None) -> bool:
    """Whether the adapter is ordinary LoRA on the seven linear layers of a block alone."""
    if adapter is None:
        return True
    for name, module in model.named_modules():
        if isinstance(module, ModulesToSaveWrapper) and adapter in module.modules_to_save:
            return False
        if not isinstance(module, BaseTunerLayer) or adapter not in getattr(module, "lora_A", ()):
            if adapter in getattr(module, "lora_embedding_A", ()):
                return False
            continue
        ordinary = isinstance(module, LoraLinear) and adapter not in module.lora_variant
        if not ordinary or module.lora_bias[adapter] or name.rpartition(".")[2] not in _PROJECTED:
            return False
    return True


def why_not_fast(model: Any) -> str | None:
    """Why the fast path cannot take this transformers model, in words; None when it can."""
    config = model.config
    if config.model_type not in _KNOWN:
        return f"its architecture, {config.model_type}, is not one that the fast path knows"
    if config.hidden_act not in ("silu", "swish"):
        return f"its activation is {config.hidden_act}"
    if getattr(config, "quantization_config", None) is not None:
        return "its weights are quantised"
    if getattr(model, "hf_device_map", None) and len(set(model.hf_device_map.values())) > 1:
        return "its layers lie on several devices"
    return None


def _odd_adapter(base: "BaseModel", adapters: list[str]) -> str | None:
    """Why the fast path cannot take one of these adapters: something in it is no plain LoRA matrix."""
    for adapter in adapters:
        config: Any = base.model.peft_config[adapter]
        if config.use_dora or config.fan_in_fan_out or getattr(config, "lora_bias", False):
            return "the adapter is a variant of LoRA that the fast path does not know"
        model = FastModel(base.hf_model, adapter, Kernels(compiled=False))
        held = {id(value) for name, value in base.model.named_parameters() if adapter in name.split(".")}
        if held != {id(matrix) for matrix in model.lora_matrices()}:
            return "the adapter changes layers that the fast path does not know"
    return None
