"""Which adapters servers can load, and the copy that they read."""

from pathlib import Path

import pytest

from adapters.errors import AdapterFormatError
from adapters.manifest import Adapter, Manifest
from adapters.servable import check_servable, publish_copy, served_name
from tests.peft_folders import lora_folder


def made(folder: Path, *, run: int | None = 7, checksum: str = "c0ffee11" * 8) -> Adapter:
    names = {"id": "a00000001", "name": "taste-1", "base_source": "tiny", "base_fingerprint": "f" * 64}
    facts = {"parent": None, "pairs": 9, "pairs_fingerprint": None, "created": "2026-01-01T00:00:00Z"}
    return Adapter(Manifest(**names, **facts, run=run, checksum=checksum), folder)  # type: ignore[arg-type]


def test_the_name_at_a_server_is_of_the_run_and_the_weights(tmp_path: Path) -> None:
    assert served_name(made(tmp_path)) == "palate-7-c0ffee11"
    assert served_name(made(tmp_path, run=None)) == "palate-added-c0ffee11"
    assert served_name(made(tmp_path, checksum="beef" * 16)) == "palate-7-beefbeef"


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"use_dora": True}, "DoRA"),
        ({"lora_bias": True}, "biases"),
        ({"bias": "all"}, "bias"),
        ({"modules_to_save": ["lm_head"]}, "modules_to_save"),
        ({"rank_pattern": {"q_proj": 2}}, "ranks or scales"),
        ({"alpha_pattern": {"q_proj": 2}}, "ranks or scales"),
    ],
)
def test_what_servers_drop_in_silence_is_refused(tmp_path: Path, settings: dict[str, object], words: str) -> None:
    with pytest.raises(AdapterFormatError, match=words):
        check_servable(made(lora_folder(tmp_path / "adapter", **settings)))


def test_an_adapter_of_the_output_layer_is_refused(tmp_path: Path) -> None:
    key = "base_model.model.lm_head.lora_{}.weight"
    shapes = {key.format("A"): (2, 4), key.format("B"): (6, 2)}
    with pytest.raises(AdapterFormatError, match="output layer"):
        check_servable(made(lora_folder(tmp_path / "adapter", shapes=shapes)))


def test_a_plain_adapter_is_copied_whole_and_readable_once(tmp_path: Path) -> None:
    adapter = made(lora_folder(tmp_path / "adapter", use_rslora=True))
    check_servable(adapter)
    (tmp_path / "seen" / ".palate-7-c0ffee11.part").mkdir(parents=True)  # of a copy that was killed
    (tmp_path / "seen" / ".palate-7-c0ffee11.part" / "adapter_config.json").write_text("{")
    copy = publish_copy(adapter, tmp_path / "seen")
    assert copy == publish_copy(adapter, tmp_path / "seen") == tmp_path / "seen" / "palate-7-c0ffee11"
    for name in ("adapter_config.json", "adapter_model.safetensors"):
        assert (copy / name).read_bytes() == (adapter.folder / name).read_bytes()
        assert (copy / name).stat().st_mode & 0o777 == 0o644
    assert [each.name for each in (tmp_path / "seen").iterdir()] == [copy.name]
