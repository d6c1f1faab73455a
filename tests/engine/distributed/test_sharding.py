"""When the processes of a run share the base's layers, and what is refused."""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from engine.config import TrainConfig
from engine.distributed.sharding import check_search, check_sharding, check_start, is_sharded
from engine.errors import SettingError
from engine.estimates.checkpointing import known_shape
from engine.estimates.memory import estimate_memory, memory_of_share
from engine.model import BaseModel, load_base
from tests.tiny import save_tiny, tiny_config

GPUS = ("cuda:0", "cuda:1", "cuda:2", "cuda:3")
CONFIG = TrainConfig(lora_r=1, max_length=8)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> BaseModel:
    folder = tmp_path_factory.mktemp("sharding") / "model"
    save_tiny(folder, config=tiny_config(num_hidden_layers=24))
    return load_base(str(folder), source="tiny", device="cpu", dtype="float32")


def test_auto_shares_where_the_run_fits_no_gpu_whole_and_each_as_a_share(
    base: BaseModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    shape = known_shape(base.hf_model.config)
    assert shape is not None
    whole = estimate_memory(shape, CONFIG, dtype="float32", checkpointing=True, device="cuda:0")
    share = memory_of_share(whole, shape, len(GPUS)).peak
    assert share < whole.peak

    def shared(total: float, config: TrainConfig = CONFIG, devices: tuple[str, ...] = GPUS) -> bool:
        sizes = {each: total * (1 if each == GPUS[1] else 2) for each in GPUS}  # the smallest decides
        monkeypatch.setattr(
            torch.cuda, "get_device_properties", lambda device: SimpleNamespace(total_memory=sizes[device])
        )
        return is_sharded(config, base, devices)

    assert shared(whole.peak)
    assert not shared(whole.peak / 0.9 + 10)
    assert not shared(share)
    assert not shared(whole.peak, TrainConfig(**{**CONFIG.__dict__, "shard": "off"}))
    assert not shared(whole.peak, devices=GPUS[:1])
    assert not shared(whole.peak, devices=("cpu", "cpu"))
    assert shared(2 * whole.peak, TrainConfig(**{**CONFIG.__dict__, "shard": "on"}))


def test_a_share_has_its_part_of_each_layer_two_whole_layers_and_the_rest(base: BaseModel) -> None:
    shape = known_shape(base.hf_model.config)
    assert shape is not None
    whole = estimate_memory(shape, CONFIG, dtype="float32")
    layer = 4 * (32 * 32 * 2 + 32 * 16 * 2 + 3 * 32 * 64)
    outside = 4 * (259 * 32 + 49 * 32)  # the embedding, and the norms of 24 layers with the last
    assert memory_of_share(whole, shape, 4).weights == pytest.approx(24 * layer / 4 + 2 * layer + outside, abs=1)
    assert memory_of_share(whole, shape, 1).weights == whole.weights


@pytest.mark.parametrize(
    ("dtype", "devices", "words"),
    [("float32", (), "several devices"), ("float32", ("cuda:0",), "several devices"), ("4bit", GPUS, "4 bits")],
)
def test_what_cannot_be_shared_is_refused_where_it_is_asked_for(
    dtype: str, devices: tuple[str, ...], words: str
) -> None:
    with pytest.raises(SettingError, match=words):
        check_sharding(TrainConfig(shard="on"), dtype, devices)
    check_sharding(TrainConfig(), dtype, devices)


def test_a_search_is_not_sharded() -> None:
    with pytest.raises(SettingError, match="a device to itself"):
        check_search(TrainConfig(shard="on"))
    check_search(TrainConfig())


def test_an_adapter_that_reads_whole_weights_is_not_continued(tmp_path: Path) -> None:
    file = tmp_path / "adapter_config.json"
    file.write_text(json.dumps({"r": 2, "use_dora": False}))
    check_start(tmp_path)
    file.write_text(json.dumps({"r": 2, "use_dora": True}))
    with pytest.raises(SettingError, match="DoRA"):
        check_start(tmp_path)
