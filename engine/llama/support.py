"""Which models and adapters the fast path for Llama takes, and why it does not take the others."""

from dataclasses import dataclass
from typing import Any

from engine.compat.peft_private import adapted_layers, is_plain_lora
from engine.llama.layers import read_weights

# The classes of transformers whose forward pass the fast path repeats; the last ones on a CUDA device alone, since on a
# CPU they keep the bits that the plain method gave.
_ARCHITECTURES = {"LlamaForCausalLM", "MistralForCausalLM", "Qwen2ForCausalLM", "Qwen3ForCausalLM"}
_ARCHITECTURES_ON_CUDA = {"GemmaForCausalLM", "Gemma2ForCausalLM", "Gemma3ForCausalLM"}
_CAPS = ("attn_logit_softcapping", "final_logit_softcapping")


@dataclass(frozen=True)
class Support:
    """What the fast path does not do with a model and an adapter: the reason in words, None where it does it."""

    scoring: str | None
    decoding: str | None


def support_of(model: Any, adapter: str | None) -> Support:
    """Whether the fast path takes this transformers model under the loaded `adapter` (None: the base), and why not."""
    shared = _architecture_problem(model)
    if shared is not None:
        return Support(shared, shared)
    shared = None if adapter is None else _adapter_problem(model, adapter)
    return Support(_scoring_problem(model) or shared, _decoding_problem(model) or shared)


def _architecture_problem(model: Any) -> str | None:
    config = model.config
    known = _ARCHITECTURES | (_ARCHITECTURES_ON_CUDA if _on_cuda(model) else set())
    if type(model).__name__ not in known:
        return f"its architecture, {config.model_type}, is not one that the fast path knows"
    if getattr(config, "quantization_config", None) is not None and not _takes_quantised(model):
        return "its weights are quantised"
    if getattr(config, "use_bidirectional_attention", None):
        return "it sees text in both directions"
    if len(set((getattr(model, "hf_device_map", None) or {}).values())) > 1:
        return "its layers are on several devices"
    return None


def _takes_quantised(model: Any) -> bool:
    """Whether the weights are in 4 bits on a CUDA device. On a CPU the plain method keeps the bits that it gave."""
    return bool(_on_cuda(model) and getattr(model, "is_loaded_in_4bit", False))


def _on_cuda(model: Any) -> bool:
    return bool(model.device.type == "cuda")


def _adapter_problem(model: Any, adapter: str) -> str | None:
    """Why the fast path cannot take the adapter: something in it is no plain LoRA matrix of a layer that it reads."""
    on = [layer for layer in adapted_layers(model) if adapter in getattr(layer, "lora_A", ())]
    if not all(is_plain_lora(layer, adapter) for layer in on):
        return "the adapter is a variant of LoRA that the fast path does not know"
    held = {id(value) for name, value in model.named_parameters() if adapter in name.split(".")}
    if held != {id(matrix) for matrix in read_weights(model, adapter).lora_matrices()}:
        return "the adapter changes layers that the fast path does not know"
    return None


def _scoring_problem(model: Any) -> str | None:
    config = model.config
    if any(getattr(config, name, None) for name in _CAPS):
        return "it caps its logits"
    known = {"gelu_pytorch_tanh"} if type(model).__name__ in _ARCHITECTURES_ON_CUDA else {"silu", "swish"}
    activation = getattr(config, "hidden_activation", None) or config.hidden_act
    return None if activation in known else f"its activation is {activation}"


def decodes_on_cpu(model: Any) -> str | None:
    """Why `LlamaDecoder` does not take a model that `support_of` lets decode, None where it does.

    It knows no windows and not what only a CUDA device decodes by the fast path.
    """
    if type(model).__name__ in _ARCHITECTURES_ON_CUDA:
        return "its shape is not Llama's"
    return "its attention sees a window of the text" if _sees_a_window(model.config) else None


def _decoding_problem(model: Any) -> str | None:
    if getattr(model.config, "mlp_bias", False):
        return "its feed-forward layers have biases"
    if _sees_a_window(model.config) and not _on_cuda(model):
        return "its attention sees a window of the text"
    body = model.model
    angles = (value for name, value in body.rotary_emb.named_buffers() if name.endswith("inv_freq"))
    if {len(each) * 2 for each in angles} != {body.layers[0].self_attn.head_dim}:
        return "its positions turn a part of each head"
    return None


def _sees_a_window(config: Any) -> bool:
    kinds = getattr(config, "layer_types", None) or ["full_attention"]
    return set(kinds) != {"full_attention"} or (config.model_type == "mistral" and config.sliding_window is not None)
