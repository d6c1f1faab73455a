"""What a person may name as a model, and what is said when it is none."""

import json
from pathlib import Path

import pytest
import torch

from engine.errors import ModelError
from engine.events import SourceReady
from engine.sources.prepare import prepare_source
from tests.tiny import save_tiny


def test_a_folder_is_ready_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_tiny(tmp_path / "mine")
    monkeypatch.chdir(tmp_path)
    assert list(prepare_source("mine")) == [SourceReady("mine", str(tmp_path / "mine"))]


@pytest.mark.parametrize("source", ["no-such-model", "../no/such/folder", "/nowhere/at/all", "a/b/c", ""])
def test_a_name_that_is_nothing_is_told(source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ModelError, match=r"no model|holds no model"):
        list(prepare_source(source))


def test_a_gguf_path_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="cannot be read"):
        list(prepare_source(str(tmp_path / "x.gguf")))


def test_a_file_that_is_no_gguf_is_told(tmp_path: Path) -> None:
    (tmp_path / "questions.txt").write_text("Why?")
    with pytest.raises(ModelError, match="no GGUF file"):
        list(prepare_source(str(tmp_path / "questions.txt")))


def test_a_folder_without_a_model_is_told(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"no config\.json"):
        list(prepare_source(str(tmp_path)))


def test_an_adapter_is_no_model(tmp_path: Path) -> None:
    (tmp_path / "adapter_config.json").write_text("{}")
    with pytest.raises(ModelError, match="palate adapters add"):
        list(prepare_source(str(tmp_path)))


def test_pickled_weights_are_refused(tmp_path: Path) -> None:
    save_tiny(tmp_path)
    (tmp_path / "model.safetensors").unlink()
    torch.save({}, tmp_path / "pytorch_model.bin")
    with pytest.raises(ModelError, match="no safetensors weights"):
        list(prepare_source(str(tmp_path)))


def test_a_missing_part_is_named(tmp_path: Path) -> None:
    save_tiny(tmp_path)
    parts = {"a": "model.safetensors", "b": "model-00002-of-00002.safetensors"}
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps({"weight_map": parts}))
    with pytest.raises(ModelError, match=r"lacks model-00002-of-00002\.safetensors of its model"):
        list(prepare_source(str(tmp_path)))
    (tmp_path / "model.safetensors.index.json").write_text("[]")
    with pytest.raises(ModelError, match=r"index\.json cannot be read"):
        list(prepare_source(str(tmp_path)))
