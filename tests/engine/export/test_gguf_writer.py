"""A merged model as a GGUF file: read back by transformers, whose reader is not ours, it answers the same."""

import math
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest
import torch
from tokenizers import Regex, pre_tokenizers
from transformers import AutoTokenizer, LlamaConfig, MistralConfig, Qwen2Config, Qwen3Config

import engine.export.gguf_writer
from engine.errors import MergeError
from engine.events import Event, ModelMerged, Progress
from engine.export.gguf_metadata import _REGEXES, llama3_frequencies, split_name
from engine.export.gguf_writer import KINDS, merge_into_gguf, refuse_unknown
from engine.model import BaseModel, load_base
from engine.sources.gguf_conversion import convert
from tests.engine.export.test_merge import PROMPT, save_adapter
from tests.engine.llama.test_scoring import SHAPE
from tests.engine.test_architectures import CONFIGS
from tests.tiny import CHAT_TEMPLATE, tiny_model, tiny_tokenizer
from tests.tiny_gguf import MERGE, SIZE, save_tiny_gguf

PADDED = {**SHAPE, "vocab_size": SIZE + 3}
LLAMA3 = {
    "rope_type": "llama3",
    "rope_theta": 500000.0,
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 64,
}
SHAPES: dict[str, Any] = {
    "llama": LlamaConfig(**PADDED),
    "llama, biases, tied": LlamaConfig(**PADDED, attention_bias=True, tie_word_embeddings=True),
    "llama 3": LlamaConfig(**PADDED, rope_parameters=LLAMA3),
    "mistral": MistralConfig(**PADDED),
    "qwen2": Qwen2Config(**PADDED),
    "qwen3": Qwen3Config(**PADDED, head_dim=16),
}


def tokenizer_of() -> Any:
    """The tiny tokenizer with GPT-2's way of splitting, as a model on the Hub has it."""
    tokenizer = tiny_tokenizer(merges=(MERGE,))
    tokenizer.backend_tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    return tokenizer


def opened(folder: Path, config: Any) -> BaseModel:
    tiny_model(config=config).save_pretrained(folder)
    tokenizer_of().save_pretrained(folder)
    return load_base(str(folder), source="tiny", dtype="float32", device="cpu")


def merge(base: BaseModel, adapter: Path, target: Path, **options: Any) -> list[Event]:
    return list(merge_into_gguf(base, "a1", adapter, target, PROMPT, name="tiny + taste", **options))


def fields(file: Path) -> dict[str, Any]:
    return {name: entry.contents() for name, entry in gguf.GGUFReader(file).fields.items()}


@pytest.mark.parametrize("name", SHAPES)
def test_what_is_read_back_answers_as_the_unmerged_model(tmp_path: Path, name: str) -> None:
    base = opened(tmp_path / "base", SHAPES[name])
    merged = merge(base, save_adapter(base, tmp_path / "adapter"), tmp_path / "m.gguf", kind="float32")[-1]
    assert isinstance(merged, ModelMerged)
    assert merged.written_by < 1e-4
    assert (tmp_path / "m.gguf").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_number_is_where_it_belongs(tmp_path: Path, kind: str) -> None:
    base = opened(tmp_path / "base", SHAPES["llama"])
    events = merge(base, save_adapter(base, tmp_path / "adapter"), tmp_path / "m.gguf", kind=kind)
    merged = events[-1]
    assert isinstance(merged, ModelMerged)
    assert merged.written_by <= 0.1 * merged.largest
    kinds = {each.name: each.tensor_type for each in gguf.GGUFReader(tmp_path / "m.gguf").tensors}
    assert kinds["blk.0.attn_q.weight"] == kinds["token_embd.weight"] == KINDS[kind]
    assert kinds["output_norm.weight"] == gguf.GGMLQuantizationType.F32
    assert [each.total for each in events if isinstance(each, Progress) and each.stage == "writing"] == [21, 21]


def test_without_the_turned_halves_it_would_be_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    base = opened(tmp_path / "base", SHAPES["llama"])
    adapter = save_adapter(base, tmp_path / "adapter")
    monkeypatch.setattr(engine.export.gguf_writer, "_as_theirs", lambda name, weight, config: weight)  # noqa: ARG005
    with pytest.raises(MergeError, match="written as GGUF in float16 does not answer"):
        merge(base, adapter, tmp_path / "m.gguf")


def test_metadata_is_written_from_config_and_tokenizer(tmp_path: Path) -> None:
    base = opened(tmp_path / "base", SHAPES["llama"])
    merge(base, save_adapter(base, tmp_path / "adapter"), tmp_path / "m.gguf")
    found = fields(tmp_path / "m.gguf")
    assert (found["general.architecture"], found["general.name"]) == ("llama", "tiny + taste")
    assert (found["llama.attention.head_count"], found["llama.attention.head_count_kv"]) == (4, 2)
    assert (found["tokenizer.ggml.model"], found["tokenizer.ggml.pre"]) == ("gpt2", "gpt-2")
    assert found["tokenizer.ggml.tokens"][-3:] == [f"[PAD{SIZE + place}]" for place in range(3)]
    assert found["tokenizer.ggml.token_type"][:4] == [1, 3, 3, 1]  # only two of them are declared as special
    assert found["tokenizer.ggml.merges"] == [" ".join(MERGE)]
    assert found["tokenizer.ggml.eos_token_id"] == 2
    assert found["tokenizer.chat_template"] == CHAT_TEMPLATE


def test_the_tokenizer_reads_back(tmp_path: Path) -> None:
    base = opened(tmp_path / "base", SHAPES["llama"])
    merge(base, save_adapter(base, tmp_path / "adapter"), tmp_path / "m.gguf")
    again = AutoTokenizer.from_pretrained(tmp_path, gguf_file="m.gguf")
    text = "Was ist 12 + 34?\n  Ein Æther, naïve."
    assert again(text)["input_ids"] == base.tokenizer(text)["input_ids"]


def test_the_metadata_of_a_base_from_a_gguf_file_is_copied(tmp_path: Path) -> None:
    file = save_tiny_gguf(tmp_path / "base.gguf")
    convert(file, tmp_path / "base")
    base = load_base(str(tmp_path / "base"), source=str(file), dtype="float32", device="cpu")
    merge(base, save_adapter(base, tmp_path / "adapter"), tmp_path / "m.gguf", kind="q8_0")
    before, after = fields(file), fields(tmp_path / "m.gguf")
    kept = [name for name in before if not name.startswith("GGUF.")]
    assert {name: after.get(name) for name in kept} == {name: before[name] for name in kept}
    assert after["tokenizer.ggml.pre"] == "smollm"  # which the converted folder no longer tells


def test_other_architectures_are_refused_with_what_to_do(tmp_path: Path) -> None:
    for name in ("gemma", "gpt2"):
        with pytest.raises(MergeError, match=rf"this model is {name}\. Merge into a folder"):
            refuse_unknown(CONFIGS[name])
    unknown = LlamaConfig(**PADDED, rope_parameters={"rope_type": "yarn", "rope_theta": 1e4, "factor": 2.0})
    base = opened(tmp_path / "base", unknown)
    with pytest.raises(MergeError, match="'yarn'"):
        merge(base, tmp_path / "adapter", tmp_path / "m.gguf")
    assert not (tmp_path / "m.gguf").exists()


def test_ways_of_splitting_are_told_apart() -> None:
    tokenizer = tokenizer_of()
    backend = tokenizer.backend_tokenizer
    plain, split = pre_tokenizers.ByteLevel(use_regex=True), pre_tokenizers.ByteLevel(use_regex=False)
    ways = {"gpt-2": plain, "smollm": pre_tokenizers.Sequence([pre_tokenizers.Digits(True), plain])}
    for regex, name in _REGEXES.items():
        ways[name] = pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(regex), "isolated"), split])
    for name, way in ways.items():
        backend.pre_tokenizer = way
        assert split_name(tokenizer) == name
    backend.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(r"\s+"), "isolated"), split])
    with pytest.raises(MergeError, match="splits text in a way"):
        split_name(tokenizer)


def test_llama_3_s_frequencies_by_hand() -> None:
    """Waves of 2π·θ^(place/head): with θ = 10⁴ and head 4, 6.28 and 628. Short ones (below 64/4) stay, long ones (above
    64/1) are divided by 8."""
    config = LlamaConfig(hidden_size=8, num_attention_heads=2)
    np.testing.assert_allclose(llama3_frequencies(config, LLAMA3, 1e4), [1.0, 8.0])
    between = llama3_frequencies(config, LLAMA3 | {"original_max_position_embeddings": 2 * 628.3185307}, 1e4)[1]
    smooth = (2 - 1) / (4 - 1)  # two waves fit into the length, between 1 and 4
    assert between == pytest.approx(1 / ((1 - smooth) / 8 + smooth), rel=1e-6)
    assert math.isclose(between, 2.4, rel_tol=1e-6)


def test_numbers_too_large_for_float16_are_refused(tmp_path: Path) -> None:
    base = opened(tmp_path / "base", SHAPES["llama"])
    with torch.no_grad():
        base.hf_model.model.layers[0].mlp.down_proj.weight[0, 0] = 1e6
    with pytest.raises(MergeError, match=r"--dtype bfloat16"):
        list(
            engine.export.gguf_writer.write_gguf(
                base.hf_model,
                tmp_path / "m.gguf",
                engine.export.gguf_writer.metadata_of(base.hf_model.config, base.tokenizer),
                name="x",
                kind="float16",
            )
        )
