"""The metadata of a GGUF file: settings, tokenizer and chat template.

It is copied from the base's own GGUF file where there is one, and otherwise made from config and tokenizer, as
llama.cpp's converter makes it.
"""

import json
import math
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import gguf
import numpy as np

from engine.errors import MergeError

_WRITTEN_ANEW = ("general.architecture", "general.name", "general.file_type", "general.quantization_version")
_SPLIT = (  # the regular expressions of Llama 3 and of Qwen 2, which differ in how many digits form one piece
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{{L}}\p{{N}}]?\p{{L}}+|\p{{N}}{digits}| ?[^\s\p{{L}}\p{{N}}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
_REGEXES = {_SPLIT.format(digits="{1,3}"): "llama-bpe", _SPLIT.format(digits=""): "qwen2"}
_CONVERT = "Merge into a folder, and convert that with llama.cpp's convert_hf_to_gguf.py."


@dataclass(frozen=True)
class Metadata:
    """The entries before the tensors, as calls on a writer, and the tensors that belong to no weight of the model."""

    entries: tuple[Callable[[Any], None], ...]
    tensors: Mapping[str, np.ndarray] = field(default_factory=dict)

    def add_to(self, writer: Any) -> None:
        """Write all entries."""
        for entry in self.entries:
            entry(writer)


# -- from the base's own file ------------------------------------------------------------------------------------


def read_metadata(file: Path) -> Metadata:
    """All metadata of a GGUF file, and its rotary frequencies where it has them as a tensor."""
    reader = gguf.GGUFReader(file)
    fields = [each for each in reader.fields.values() if _is_kept(each.name)]
    tensors = {each.name: np.array(each.data) for each in reader.tensors if each.name == "rope_freqs.weight"}
    return Metadata(tuple(map(_copied, fields)), tensors)


def _is_kept(name: str) -> bool:
    return not name.startswith(("GGUF.", "split.", "quantize.")) and name not in _WRITTEN_ANEW


def _copied(entry: Any) -> Callable[[Any], None]:
    kind, value = entry.types[0], entry.contents()
    inner = entry.types[-1] if kind == gguf.GGUFValueType.ARRAY else None
    return lambda writer: writer.add_key_value(entry.name, value, kind, sub_type=inner)


# -- from config and tokenizer -----------------------------------------------------------------------------------


def metadata_of(config: Any, tokenizer: Any) -> Metadata:
    """The metadata that llama.cpp's converter would write for this model.

    Raises:
        MergeError: this module does not know the kind of the tokenizer or of the rotary embedding.
    """
    rope, tensors = _rope(config)
    return Metadata((*_sizes(config), *rope, *_vocabulary(config, tokenizer)), tensors)


def _sizes(config: Any) -> Iterator[Callable[[Any], None]]:
    head = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    yield lambda writer: writer.add_context_length(config.max_position_embeddings)
    yield lambda writer: writer.add_embedding_length(config.hidden_size)
    yield lambda writer: writer.add_block_count(config.num_hidden_layers)
    yield lambda writer: writer.add_feed_forward_length(config.intermediate_size)
    yield lambda writer: writer.add_head_count(config.num_attention_heads)
    yield lambda writer: writer.add_head_count_kv(config.num_key_value_heads)
    yield lambda writer: writer.add_key_length(head)
    yield lambda writer: writer.add_value_length(head)
    yield lambda writer: writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    yield lambda writer: writer.add_rope_dimension_count(head)
    yield lambda writer: writer.add_vocab_size(config.vocab_size)


def _rope(config: Any) -> tuple[list[Callable[[Any], None]], dict[str, np.ndarray]]:
    rope = getattr(config, "rope_parameters", None) or {}
    kind, theta = rope.get("rope_type", "default"), float(rope.get("rope_theta", 10000.0))
    entries: list[Callable[[Any], None]] = [lambda writer: writer.add_rope_freq_base(theta)]
    if kind == "llama3":
        return entries, {"rope_freqs.weight": llama3_frequencies(config, rope, theta)}
    if kind == "linear":
        entries.append(lambda writer: writer.add_rope_scaling_type(gguf.RopeScalingType.LINEAR))
        entries.append(lambda writer: writer.add_rope_scaling_factor(rope["factor"]))
    elif kind != "default":
        raise MergeError(
            f"Palate cannot write this model's rotary embedding, of the kind {kind!r}, into a GGUF file. {_CONVERT}"
        )
    return entries, {}


def llama3_frequencies(config: Any, rope: Mapping[str, Any], theta: float) -> np.ndarray:
    """The divisor of each rotary frequency in Llama 3.1: 1 for short waves, `factor` for long ones, else between."""
    head = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    low, high, factor = rope["low_freq_factor"], rope["high_freq_factor"], rope["factor"]
    length = rope["original_max_position_embeddings"]
    divisors = []
    for place in range(0, head, 2):
        wave = 2 * math.pi * theta ** (place / head)
        smooth = min(max((length / wave - low) / (high - low), 0.0), 1.0)
        divisors.append(1 / ((1 - smooth) / factor + smooth))
    return np.array(divisors, dtype=np.float32)


def _vocabulary(config: Any, tokenizer: Any) -> list[Callable[[Any], None]]:
    pre = split_name(tokenizer)
    tokens, types = _tokens(config.vocab_size, tokenizer)
    with tempfile.TemporaryDirectory() as folder:
        tokenizer.save_pretrained(folder)
        special = gguf.SpecialVocab(folder, load_merges=True, n_vocab=len(tokens))
    return [
        lambda writer: writer.add_tokenizer_model("gpt2"),
        lambda writer: writer.add_tokenizer_pre(pre),
        lambda writer: writer.add_token_list(tokens),
        lambda writer: writer.add_token_types(types),
        lambda writer: special.add_to_gguf(writer, quiet=True),
    ]


def split_name(tokenizer: Any) -> str:
    """llama.cpp's name for how a byte-level tokenizer splits text before it looks for tokens.

    Raises:
        MergeError: the tokenizer is of another kind, or this module has no name for how it splits.
    """
    backend = getattr(tokenizer, "backend_tokenizer", None)
    parts = json.loads(backend.to_str()) if backend is not None else {"model": {"type": None}}
    if parts["model"]["type"] == "BPE":
        splits: dict[str, Any] = parts["pre_tokenizer"] or {}
        name = _name_of(splits["pretokenizers"] if splits.get("type") == "Sequence" else [splits])
        if name is not None:
            return name
    raise MergeError(
        f"This model's tokenizer splits text in a way that Palate cannot write into a GGUF file. {_CONVERT}"
    )


def _name_of(splits: list[Mapping[str, Any]]) -> str | None:
    *before, last = splits
    if last.get("type") != "ByteLevel":
        return None
    if not before:
        return "gpt-2" if last["use_regex"] else None
    first = before[0]
    if len(before) > 1:
        return None
    if first["type"] == "Digits" and first["individual_digits"] and last["use_regex"]:
        return "smollm"
    return _REGEXES.get(first.get("pattern", {}).get("Regex", "")) if not last["use_regex"] else None


def _tokens(size: int, tokenizer: Any) -> tuple[list[str], list[Any]]:
    """Every token's text and type, in order; places without a token are filled as llama.cpp's converter does."""
    texts = {number: text for text, number in tokenizer.get_vocab().items()}
    added = tokenizer.added_tokens_decoder
    tokens, types = [], []
    for number in range(max(size, len(texts))):
        text = texts.get(number, f"[PAD{number}]")
        tokens.append(text)
        if number not in texts:
            types.append(gguf.TokenType.UNUSED)
        elif number in added:
            types.append(gguf.TokenType.CONTROL if added[number].special else gguf.TokenType.USER_DEFINED)
        else:
            types.append(gguf.TokenType.NORMAL)
    return tokens, types
