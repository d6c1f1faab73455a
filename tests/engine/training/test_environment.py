"""The facts of the machine: which are compared, and what a person reads where they differ."""

from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from engine.chat import EncodedPair
from engine.llama.kernels import Kernels
from engine.model import load_base
from engine.training.environment import differences, environment, graphics_card
from engine.training.reference import ReferenceKeys
from engine.training.scorer import Scorer
from tests.tiny import save_tiny

A100 = {"graphics card": "NVIDIA A100 with 108 multiprocessors", "version of CUDA": "12.8"}
H100 = {"graphics card": "NVIDIA H100 with 132 multiprocessors", "version of CUDA": "12.8"}


def test_another_card_is_named() -> None:
    assert differences({"device": "cuda", **A100}, {"device": "cuda", **H100}) == (
        "This resume is not exact to the last bit: the graphics card was NVIDIA A100 with 108 multiprocessors, now it "
        "is NVIDIA H100 with 132 multiprocessors.",
    )


def test_a_fact_that_one_of_both_lacks_is_not_compared() -> None:
    assert differences({"device": "cuda"}, {"device": "cuda", **H100}) == ()
    assert differences({"device": "cuda", **A100}, {"device": "cpu"}) == (
        "This resume is not exact to the last bit: the device was cuda, now it is cpu.",
    )


def test_the_name_of_a_fact_in_files_is_not_what_a_person_reads() -> None:
    (told,) = differences({"way of scoring": "plain"}, {"way of scoring": "fast eager"})
    assert "the method of scoring was plain, now it is fast eager" in told


def test_a_card_is_told_from_another_and_from_its_own_part(monkeypatch: pytest.MonkeyPatch) -> None:
    card = SimpleNamespace(name="NVIDIA A100", multi_processor_count=42)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda _: card)
    found = graphics_card("cuda:1")
    assert found["graphics card"] == "NVIDIA A100 with 42 multiprocessors"
    assert list(found) == ["graphics card", "version of CUDA", "version of cuDNN"]
    assert graphics_card("cpu") == {}


def test_what_computes_attention_and_how_much_shares_a_pass_are_facts(tmp_path: Path) -> None:
    base = load_base(str(save_tiny(tmp_path)), source="tiny", dtype="float32", device="cpu")
    fast, plain = (environment(Scorer(base, kernels, "")) for kernels in (Kernels(compiled=False), None))
    assert fast["attention kernel"] == "matrix products below 1024 tokens, torch above"
    assert fast["number of tokens in a pass"] == "768"
    assert plain["attention kernel"] == "sdpa"
    assert "number of tokens in a pass" not in plain


def test_reference_figures_of_one_card_are_not_another_s(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    base = load_base(str(save_tiny(tmp_path)), source="tiny", dtype="float32", device="cpu")
    scorer, pair = Scorer(base, Kernels(compiled=False), ""), EncodedPair("1", (40,), (41,), (42,))
    keys = []
    for card in (A100, H100, H100, {}):
        monkeypatch.setattr("engine.training.reference.graphics_card", lambda _, card=card: card)
        keys.append(ReferenceKeys(scorer, None).key(pair))
    assert keys[1] == keys[2]
    assert len(set(keys)) == 3
    monkeypatch.setattr("engine.training.reference.graphics_card", lambda _: H100)
    monkeypatch.setattr("engine.training.scorer.attention_kernel", lambda *_, **__: "another kernel")
    assert ReferenceKeys(scorer, None).key(pair) not in keys
