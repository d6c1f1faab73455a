"""The setting that names the devices of a run."""

import pytest
import torch

from engine.config import TrainConfig
from engine.devices import beside, find_devices, is_among, parse_devices, threads_each
from engine.errors import SettingError


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("cuda:0,cuda:1", ("cuda:0", "cuda:1")),
        ("cuda, cuda:3", ("cuda:0", "cuda:3")),
        ("cpu,cpu", ("cpu", "cpu")),
        ("mps", ("mps",)),
        ("all", None),
    ],
)
def test_devices_are_named_with_commas_or_all_at_once(text: str, names: tuple[str, ...] | None) -> None:
    assert parse_devices(text) == names
    assert TrainConfig(devices=text).devices == text


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "''"),
        ("cuda:0,", "''"),
        ("gpu", "'gpu'"),
        ("cuda:x", "'cuda:x'"),
        ("cpu,cuda:0", "one kind"),
        ("cuda:1,cuda:1", "twice"),
        ("cuda,cuda:0", "twice"),
        (",".join(["cpu"] * 65), "at most 64"),
        ("all,cpu", "'all'"),
    ],
)
def test_a_list_that_makes_no_sense_is_refused_in_words(text: str, word: str) -> None:
    with pytest.raises(SettingError, match=word):
        TrainConfig(devices=text)


def test_a_device_that_is_not_there_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert find_devices("all") == ("cuda:0", "cuda:1")
    with pytest.raises(SettingError, match="cuda:2, but 2 CUDA GPUs"):
        find_devices("cuda:0,cuda:2")
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    with pytest.raises(SettingError, match="no CUDA GPU was found"):
        find_devices("all")


def test_processes_share_the_threads_of_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, "get_num_threads", lambda: 8)
    assert threads_each(("cpu", "cpu", "cpu")) == 2
    assert threads_each(("cpu",) * 20) == 1


def test_a_model_on_the_first_gpu_shares_it_with_a_run() -> None:
    assert is_among("cuda", ("cuda:0", "cuda:1"))
    assert not is_among("cuda:2", ("cuda:0", "cuda:1"))
    assert is_among("cpu", ("cpu", "cpu"))


def test_the_model_answers_where_a_run_leaves_room_in_the_format_of_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 3)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda **_: True)
    assert beside("cuda:0,cuda:1", "auto") == ("cuda:2", "bfloat16")
    assert beside("all", "4bit") == ("cpu", "4bit")
    assert beside("cpu,cpu", "auto") == ("auto", "auto")
