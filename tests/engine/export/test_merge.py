"""Merging: the written model alone, in plain transformers, answers as base and adapter do; the base stays as it is."""

import errno
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import PeftModel
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM, AutoTokenizer, Qwen2Config

import engine.estimates.checkpointing
import engine.export.merge
from engine.config import TrainConfig
from engine.errors import AdapterLoadError, MergeError
from engine.events import Event, ModelMerged, Progress
from engine.export.merge import check_difference, merge_adapter
from engine.model import BaseModel, load_base
from engine.preference import Message
from engine.sources.folder import check_folder
from tests.engine.llama.test_scoring import SHAPE
from tests.engine.test_architectures import CONFIGS
from tests.tiny import save_tiny

PROMPT = (Message(role="user", content="Why is the sky blue?"),)
IDS = torch.tensor([[1, 40, 50, 60, 70, 2, 90]])
SHAPES: dict[str, Any] = {
    "llama": None,
    "qwen2": Qwen2Config(**SHAPE),
    "gemma": CONFIGS["gemma"],
    "gemma3": CONFIGS["gemma3"],
    "gpt2": CONFIGS["gpt2"],
}


def opened(folder: Path, **options: Any) -> BaseModel:
    return load_base(str(folder), source="tiny", **{"dtype": "float32", "device": "cpu", **options})


def save_adapter(base: BaseModel, folder: Path, *, targets: str = "all-linear") -> Path:
    """An adapter that changes the logits, saved as a run would save it; the base is left without it."""
    base.create_adapter("a1", TrainConfig(lora_r=4, lora_alpha=8, target_modules=targets))
    generator = torch.Generator().manual_seed(7)
    for key, weight in base.model.named_parameters():
        if ".a1." in key:
            weight.data += 0.05 * torch.randn(weight.shape, generator=generator)
    base.save_adapter("a1", folder)
    base.unload_adapter("a1")
    return folder


def merge(base: BaseModel, adapter: Path, target: Path, **options: Any) -> list[Event]:
    return list(merge_adapter(base, "a1", adapter, target, PROMPT, **options))


def plain_logits(folder: Path, ids: torch.Tensor = IDS) -> torch.Tensor:
    """The logits of plain transformers, without a line of Palate's."""
    with torch.no_grad():
        return AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()(input_ids=ids).logits


def peft_logits(location: str | Path, adapter: Path, ids: torch.Tensor = IDS) -> torch.Tensor:
    """The logits of plain transformers and PEFT."""
    model = AutoModelForCausalLM.from_pretrained(location, dtype=torch.float32)
    with pytest.warns(FutureWarning, match="is_gradient_checkpointing"):
        tuned = PeftModel.from_pretrained(model, adapter).eval()
    with torch.no_grad():
        return tuned(input_ids=ids).logits


def bits(base: BaseModel) -> dict[str, bytes]:
    return {name: weight.detach().numpy().tobytes() for name, weight in base.hf_model.named_parameters()}


@pytest.mark.parametrize("name", SHAPES)
def test_merged_and_unmerged_give_the_same_logits_in_plain_transformers(tmp_path: Path, name: str) -> None:
    base = opened(save_tiny(tmp_path / "base", config=SHAPES[name]))
    adapter = save_adapter(base, tmp_path / "adapter")
    *_, merged = merge(base, adapter, tmp_path / "merged")
    assert isinstance(merged, ModelMerged)
    assert (merged.dtype, merged.merged_by < 1e-4, merged.written_by < 1e-4) == ("float32", True, True)
    ours = plain_logits(tmp_path / "merged")
    torch.testing.assert_close(ours, peft_logits(tmp_path / "base", adapter), atol=1e-4, rtol=0)
    assert (ours - plain_logits(tmp_path / "base")).abs().max() > 0.1


def test_the_merged_folder_is_a_model_like_any_other(tmp_path: Path) -> None:
    base = opened(save_tiny(tmp_path / "base"))
    merge(base, save_adapter(base, tmp_path / "adapter"), tmp_path / "merged")
    check_folder(tmp_path / "merged")
    again = opened(tmp_path / "merged")
    assert again.has_chat_template
    assert (again.stop_ids, again.context_length) == (base.stop_ids, base.context_length)
    assert again.fingerprint != base.fingerprint
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "merged")
    assert tokenizer.chat_template == base.tokenizer.chat_template
    assert (tmp_path / "merged" / "generation_config.json").is_file()
    assert all(file.stat().st_mode & 0o777 == 0o600 for file in (tmp_path / "merged").iterdir())


def test_the_base_in_memory_is_unchanged_to_the_last_bit(tmp_path: Path) -> None:
    base = opened(save_tiny(tmp_path / "base"))
    adapter = save_adapter(base, tmp_path / "adapter")
    base.load_adapter("a2", adapter)
    before, model, random = bits(base), base.model, torch.get_rng_state()
    merge(base, adapter, tmp_path / "merged")
    assert bits(base) == before
    assert base.model is model
    assert base.loaded_adapters() == ("a2",)
    assert torch.equal(torch.get_rng_state(), random)


def test_other_formats_round_and_say_by_how_much(tmp_path: Path) -> None:
    base = opened(save_tiny(tmp_path / "base"))
    adapter = save_adapter(base, tmp_path / "adapter")
    found = {dtype: merge(base, adapter, tmp_path / dtype, dtype=dtype)[-1] for dtype in ("bfloat16", "float16")}
    for dtype, merged in found.items():
        assert isinstance(merged, ModelMerged)
        assert merged.merged_by < 1e-4 < merged.written_by < 0.1 * merged.largest
        weights = load_file(tmp_path / dtype / "model.safetensors")
        assert {str(each.dtype) for each in weights.values()} == {f"torch.{dtype}"}


def test_auto_is_what_the_base_s_files_are_in_whatever_it_was_loaded_in(tmp_path: Path) -> None:
    folder = save_tiny(tmp_path / "base")
    AutoModelForCausalLM.from_pretrained(folder, dtype=torch.bfloat16).save_pretrained(folder)
    base = opened(folder)
    merged = merge(base, save_adapter(base, tmp_path / "adapter"), tmp_path / "merged")[-1]
    assert isinstance(merged, ModelMerged)
    assert merged.dtype == "bfloat16"


def test_an_output_layer_that_was_tied_is_parted_where_the_adapter_changes_it(tmp_path: Path) -> None:
    base = opened(save_tiny(tmp_path / "base"))
    adapter = save_adapter(base, tmp_path / "adapter", targets="lm_head,q_proj")
    merge(base, adapter, tmp_path / "merged")
    with pytest.warns(UserWarning, match="tied layer is part of the adapter"):
        expected = peft_logits(tmp_path / "base", adapter)
    torch.testing.assert_close(plain_logits(tmp_path / "merged"), expected, atol=1e-4, rtol=0)
    names = load_file(tmp_path / "merged" / "model.safetensors").keys()
    assert {"lm_head.weight", "model.embed_tokens.weight"} <= names


def test_progress_names_the_layers(tmp_path: Path) -> None:
    base = opened(save_tiny(tmp_path / "base"))
    events = merge(base, save_adapter(base, tmp_path / "adapter"), tmp_path / "merged")
    told = [(each.stage, each.done, each.total) for each in events if isinstance(each, Progress)]
    assert told == [
        ("copying the model", 0, None),
        ("comparing", 0, None),
        ("merging", 0, 14),
        ("writing", 0, None),
        ("reading back", 0, None),
    ]


def test_too_little_memory_is_told_before_anything_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    base = opened(save_tiny(tmp_path / "base"))
    adapter = save_adapter(base, tmp_path / "adapter")
    base.parameters = 8_000_000_000
    monkeypatch.setattr(engine.estimates.checkpointing, "free_bytes", lambda _: 16_000_000_000)
    with pytest.raises(MergeError, match=r"float32, about 35\.2 GB, and 16\.0 GB are free"):
        merge(base, adapter, tmp_path / "merged")
    assert not (tmp_path / "merged").exists()


def test_other_weights_on_the_disk_are_refused(tmp_path: Path) -> None:
    base = opened(save_tiny(tmp_path / "base"))
    adapter = save_adapter(base, tmp_path / "adapter")
    save_tiny(tmp_path / "base", seed=1)
    with pytest.raises(MergeError, match="have changed since they were loaded"):
        merge(base, adapter, tmp_path / "merged")


def test_a_merge_that_goes_wrong_fails_loudly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    base = opened(save_tiny(tmp_path / "base"))
    adapter = save_adapter(base, tmp_path / "adapter")

    def forget_one(copy: BaseModel, adapter: str) -> Iterator[Event]:
        yield from _merge(copy, adapter)
        copy.hf_model.model.layers[0].mlp.down_proj.unmerge()

    _merge = engine.export.merge._merge
    monkeypatch.setattr(engine.export.merge, "_merge", forget_one)
    with pytest.raises(MergeError, match="merged in float32 does not answer as the unmerged one"):
        merge(base, adapter, tmp_path / "merged")
    assert not (tmp_path / "merged").exists()


def test_an_adapter_with_a_nan_is_refused(tmp_path: Path) -> None:
    base = opened(save_tiny(tmp_path / "base"))
    adapter = save_adapter(base, tmp_path / "adapter")
    weights = load_file(adapter / "adapter_model.safetensors")
    next(iter(weights.values()))[0, 0] = float("nan")
    save_file(weights, adapter / "adapter_model.safetensors", metadata={"format": "pt"})
    with pytest.raises(AdapterLoadError, match="is NaN or infinite in places"):
        merge(base, adapter, tmp_path / "merged")


def test_a_full_disk_is_told_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    base = opened(save_tiny(tmp_path / "base"))
    adapter = save_adapter(base, tmp_path / "adapter")

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(engine.export.merge, "_save", full)
    with pytest.raises(MergeError, match="the disk is full"):
        merge(base, adapter, tmp_path / "merged")


def test_what_may_differ_is_worked_by_hand() -> None:
    """1e-4 up to a logit of 10, 4e-4 at 40; bfloat16's tenth of the largest logit on top."""
    check_difference(0.9e-4, 5.0, what="merged")
    check_difference(3.9e-4, 40.0, what="merged")
    check_difference(3.9, 40.0, rounding=0.1, what="written")
    for found, largest, rounding in (
        (1.1e-4, 5.0, 0.0),
        (4.1e-4, 40.0, 0.0),
        (4.1, 40.0, 0.1),
        (float("nan"), 5.0, 1.0),
    ):
        with pytest.raises(MergeError):
            check_difference(found, largest, rounding=rounding, what="merged")
