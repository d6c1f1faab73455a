"""A tiny Llama as a GGUF file, written value by value, so that converting can be tested without a download."""

from pathlib import Path

import numpy as np
import torch
from gguf import GGMLQuantizationType, GGUFWriter, TokenType
from gguf.quants import quantize

from tests.tiny import CHAT_TEMPLATE, SPECIAL_TOKENS, VOCABULARY, tiny_config, tiny_model, tiny_tokenizer

MERGE = ("a", "e")  # a tokenizer without any merge is taken for another kind
SIZE = VOCABULARY + 1


def tiny_original() -> torch.nn.Module:
    """The model that the file holds, before rounding."""
    return tiny_model(config=tiny_config(vocab_size=SIZE, initializer_range=0.2))


def save_tiny_gguf(file: Path) -> Path:
    """Write `tiny_original()`, its matrices in Q8_0, with its tokenizer and chat template."""
    writer = GGUFWriter(file, "llama")
    _add_settings(writer)
    _add_tokenizer(writer)
    for name, weight in tiny_original().state_dict().items():
        if name != "lm_head.weight":  # tied to the embeddings
            _add_weight(writer, name, weight.numpy())
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return file


def _add_settings(writer: GGUFWriter) -> None:
    config = tiny_config()
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_rope_freq_base(10000.0)
    writer.add_rope_dimension_count(config.hidden_size // config.num_attention_heads)
    writer.add_vocab_size(SIZE)


def _add_tokenizer(writer: GGUFWriter) -> None:
    vocabulary = tiny_tokenizer(merges=(MERGE,)).get_vocab()
    tokens = sorted(vocabulary, key=vocabulary.__getitem__)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("smollm")
    writer.add_token_list(tokens)
    writer.add_token_types([TokenType.CONTROL if token in SPECIAL_TOKENS else TokenType.NORMAL for token in tokens])
    writer.add_token_merges([" ".join(MERGE)])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)
    writer.add_pad_token_id(2)
    writer.add_chat_template(CHAT_TEMPLATE)


def _add_weight(writer: GGUFWriter, name: str, weight: np.ndarray) -> None:
    """Add one weight under llama.cpp's name and, for queries and keys, in its order of the rotary halves."""
    names = {
        "model.embed_tokens": "token_embd",
        "model.norm": "output_norm",
        "model.layers.": "blk.",
        "self_attn.q_proj": "attn_q",
        "self_attn.k_proj": "attn_k",
        "self_attn.v_proj": "attn_v",
        "self_attn.o_proj": "attn_output",
        "mlp.gate_proj": "ffn_gate",
        "mlp.up_proj": "ffn_up",
        "mlp.down_proj": "ffn_down",
        "input_layernorm": "attn_norm",
        "post_attention_layernorm": "ffn_norm",
    }
    for heads, projection in ((4, "q_proj"), (2, "k_proj")):
        if projection in name:
            rows, columns = weight.shape
            weight = weight.reshape(heads, 2, rows // heads // 2, columns).swapaxes(1, 2).reshape(rows, columns)
    # The longer names first: "input_layernorm" must not be met inside "post_attention_layernorm".
    for theirs in sorted(names, key=len, reverse=True):
        name = name.replace(theirs, names[theirs])
    if weight.ndim == 2:
        kind = GGMLQuantizationType.Q8_0
        writer.add_tensor(name, quantize(weight, kind), raw_dtype=kind)
    else:
        writer.add_tensor(name, weight.astype(np.float32))
