"""On the real default model: the merged folder and the exported adapter give the same logits in plain transformers."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from huggingface_hub import ModelCard

from engine.config import TrainConfig
from engine.sources.default_model import default_folder
from tests.engine.export.test_merge import peft_logits, plain_logits
from tests.real.test_loop import opened
from tests.tui.export.test_adapter_service import merge
from tui.export.adapter_service import export_adapter
from tui.workbench import Workbench

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def workbench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    """A workspace with an adapter whose weights are drawn, larger than trained ones."""
    made = opened(tmp_path_factory.mktemp("real") / "space")
    base, registry = made.loaded_model.required(), made.workspace.registry
    staging = registry.staging()
    base.create_adapter(staging.name, TrainConfig())
    generator = torch.Generator().manual_seed(7)
    for key, weight in base.model.named_parameters():
        if "lora_B" in key:
            weight.data += 0.01 * torch.randn(weight.shape, generator=generator)
    base.save_adapter(staging.name, staging)
    base.unload_adapter(staging.name)
    given = {"base_source": base.source, "base_fingerprint": base.fingerprint, "parent": None, "run": None}
    registry.publish(staging, name="drawn", pairs=0, pairs_fingerprint=None, **given)
    yield made
    made.close()


def test_merged_and_exported_answer_the_same_in_plain_transformers(workbench: Workbench, tmp_path: Path) -> None:
    told = merge(workbench, "drawn", tmp_path / "merged")
    export_adapter(workbench, "drawn", tmp_path / "adapter")
    ids = torch.tensor([workbench.loaded_model.required().tokenizer("Why is the sky blue? Because")["input_ids"]])
    ours, theirs = plain_logits(tmp_path / "merged", ids), peft_logits(default_folder(), tmp_path / "adapter", ids)
    torch.testing.assert_close(ours, theirs, atol=1e-4, rtol=1e-5)
    assert (ours - plain_logits(default_folder(), ids)).abs().max() > 0.01
    assert told.merged.written_by <= 1e-4 * max(1.0, told.merged.largest / 10)
    card = ModelCard.load(tmp_path / "adapter" / "README.md")
    assert (card.data.base_model, card.data.license) == ("HuggingFaceTB/SmolLM2-135M-Instruct", "apache-2.0")


@pytest.mark.long
def test_a_gguf_file_of_the_real_model_reads_back(workbench: Workbench, tmp_path: Path) -> None:
    told = merge(workbench, "drawn", tmp_path / "drawn.gguf")
    assert told.merged.dtype == "float16"
    assert told.merged.written_by < 0.02 * told.merged.largest
    assert (tmp_path / "drawn.gguf").stat().st_size < 275_000_000
