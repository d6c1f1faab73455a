"""A model whose layers lie on several devices: who holds what, and that its numbers are those of one device."""

import copy
from pathlib import Path
from typing import Any

import pytest
import torch
from accelerate.hooks import attach_align_device_hook_on_blocks
from transformers import AutoModelForCausalLM, LlamaForCausalLM

from engine.chat import EncodedPair
from engine.config import SamplingConfig, TrainConfig
from engine.errors import MemoryRanOut, SettingError
from engine.events import CompletionDone
from engine.generate import generate
from engine.logps import score_pair
from engine.model import BaseModel, load_base
from engine.placement import choose_devices, spread, weight_bytes
from engine.requests import GenerationRequest
from engine.training.learner import Learner
from engine.training.scorer import choose_scorer
from tests.tiny import save_tiny, tiny_config, tiny_tokenizer

CARDS = ("cuda:0", "cuda:1", "cuda:2")
PAIR = EncodedPair("1", (5, 6, 7, 8), (9, 10, 11), (12, 13, 14, 15, 16))
CONFIG = TrainConfig(lora_r=2, lora_alpha=4, lora_dropout=0.1, learning_rate=1e-2)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny(tmp_path_factory.mktemp("placement") / "model")


@pytest.fixture
def three_cards(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """A machine with three GPUs that have so many bytes free."""
    free = dict.fromkeys(("cuda", *CARDS), 1000)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: len(CARDS))
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda *_: "a card")
    monkeypatch.setattr("engine.placement.free_bytes", free.__getitem__)
    return free


@pytest.mark.usefixtures("three_cards")
def test_a_model_takes_one_card_where_it_fits_and_all_where_it_does_not() -> None:
    assert choose_devices("auto", lambda: 800)[0] == ("cuda",)
    devices, why = choose_devices("auto", lambda: 900)
    assert devices == CARDS
    assert "since it does not fit one of them" in why
    assert choose_devices("cuda:1", lambda: 900)[0] == ("cuda:1",)
    assert choose_devices("all", lambda: 1)[0] == CARDS
    assert choose_devices("cuda:2,cuda:0", lambda: 1)[0] == ("cuda:2", "cuda:0")
    with pytest.raises(SettingError, match="--device has cuda:3"):
        choose_devices("cuda:0,cuda:3", lambda: 1)
    with pytest.raises(SettingError, match="spread over GPUs alone"):
        choose_devices("cpu,cpu", lambda: 1)


def test_layers_are_whole_and_in_order_and_too_few_cards_are_too_little_memory(three_cards: dict[str, int]) -> None:
    config = tiny_config()
    config.num_hidden_layers = 8
    with torch.device("meta"):
        model = LlamaForCausalLM(config)
    model.tie_weights()
    whole = sum(value.numel() * 4 for value in model.parameters())
    for card in CARDS:
        three_cards[card] = int(whole * 0.6)
    found = spread(model, CARDS, torch.float32)
    layers = [found[f"model.layers.{number}"] for number in range(8)]
    assert layers == sorted(layers)
    assert set(layers) == set(CARDS)
    assert set(spread(model, CARDS[::-1], torch.float32).values()) == set(CARDS)
    for card in CARDS:
        three_cards[card] = whole // 3
    with pytest.raises(MemoryError, match="too little free memory"):
        spread(model, CARDS, torch.float32)


def test_a_model_in_4_bits_needs_the_room_of_4_bits(three_cards: dict[str, int]) -> None:
    config = tiny_config()
    config.num_hidden_layers = 8
    with torch.device("meta"):
        model = LlamaForCausalLM(config)
    model.tie_weights()
    rest = model.model.embed_tokens.weight.numel() * 2
    linear = sum(value.numel() for value in model.parameters() if value.dim() == 2) * 2 - rest
    for card in CARDS:  # together a quarter of the layers' bytes in bfloat16, and what is not in 4 bits on each
        three_cards[card] = int(rest + linear * 0.15 / 0.85)
    assert set(spread(model, CARDS, torch.bfloat16, four_bits=True).values()) <= set(CARDS)
    with pytest.raises(MemoryError, match="too little free memory"):
        spread(model, CARDS, torch.bfloat16)


def test_the_bytes_of_weights_are_those_of_the_format(folder: Path) -> None:
    model = AutoModelForCausalLM.from_pretrained(folder)
    parameters = sum(value.numel() for value in model.parameters())
    assert weight_bytes(str(folder), "float32") == pytest.approx(4 * parameters, rel=0.05)
    assert weight_bytes(str(folder), "bfloat16") == pytest.approx(2 * parameters, rel=0.05)


def test_a_model_that_no_memory_holds_is_refused_in_words(
    folder: Path, three_cards: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.model.free_bytes", three_cards.__getitem__)
    for card in three_cards:
        three_cards[card] = 10
    with pytest.raises(MemoryRanOut, match="free on cuda:0, cuda:1, cuda:2"):
        load_base(str(folder), source="tiny", dtype="float32", device="all")


def base_of(model: Any, folder: Path) -> BaseModel:
    more: dict[str, Any] = {"dtype": "float32", "device": "cpu", "stored": ("f" * 64, 1)}
    base = BaseModel(model, tiny_tokenizer(), source="x", location=str(folder), **more)
    base.create_adapter("a1", CONFIG)
    return base


def learned(base: BaseModel, asked: str) -> tuple[list[float], dict[str, torch.Tensor], list[str]]:
    """The losses and weights of two steps on a pair, and an answer under them; `asked` is how pairs are scored."""
    scorer = choose_scorer(base, ["a1"], PAIR, 4, asked)
    assert ("several devices" in scorer.why) is (asked == "auto")
    learner = Learner(scorer, "a1", CONFIG)
    learner.score_reference(PAIR)
    losses = []
    for step in range(2):
        losses += [each.loss for each in learner.learn([PAIR], [PAIR], step)]
        learner.step(1e-2)
    request = GenerationRequest("1", ({"role": "user", "content": "Hi"},), 0)
    events = generate(base, [request], SamplingConfig(max_new_tokens=8, temperature=0), adapter="a1")
    return losses, learner.weights(), [each.text for each in events if isinstance(each, CompletionDone)]


def test_layers_elsewhere_learn_and_answer_as_those_of_one_device(folder: Path) -> None:
    whole = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    parted = copy.deepcopy(whole)
    layers = [f"model.layers.{number}" for number in range(whole.config.num_hidden_layers)]
    places = dict.fromkeys(["model.embed_tokens", "model.rotary_emb", "model.norm", "lm_head", *layers], "cpu")
    attach_align_device_hook_on_blocks(parted, {**places, "": "cpu"}, dict.fromkeys(places, False))
    parted.hf_device_map = {**places, layers[-1]: "another"}  # here it is the same one; its calls are as on a GPU
    expected = learned(base_of(whole, folder), "plain")
    found = learned(base_of(parted, folder), "auto")
    assert found[0] == expected[0]
    assert found[0][0] != found[0][1]
    assert found[2] == expected[2]
    assert all(torch.equal(found[1][name], value) for name, value in expected[1].items())


def test_a_body_that_a_device_calls_keeps_its_call(folder: Path) -> None:
    """Where one device holds all layers and another the output layer, the body has a `forward` of its own."""
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    calls = []
    plain = model.model.forward
    model.model.forward = lambda *args, **more: (calls.append(1), plain(*args, **more))[1]
    for _ in range(2):
        score_pair(model, PAIR, "cpu")
    assert len(calls) == 2
