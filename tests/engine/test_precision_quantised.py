"""Base weights in 4 bits on the CPU: loaded, trained on, saved, resumed, and answering."""

import dataclasses
from importlib.metadata import version
from pathlib import Path

import pytest
import torch

from engine.checkpoint import FILE
from engine.config import SamplingConfig
from engine.errors import ModelError
from engine.events import AdapterSaved, CompletionDone, Notice, StepDone
from engine.generate import generate, make_decoder
from engine.llama.kernels import Kernels
from engine.llama.scoring import LlamaScorer
from engine.llama.support import Support, support_of
from engine.logps import score_pair
from engine.model import BaseModel, load_base
from engine.precision import require_bitsandbytes
from engine.requests import GenerationRequest
from engine.train import train_dpo
from engine.training.learner import adapter_parameters
from tests.engine.llama.test_scoring import PAIR
from tests.engine.test_train import CONFIG, of_kind, pairs
from tests.tiny import save_tiny, tiny_config

pytest.importorskip("bitsandbytes", reason="the extra `quant` is not installed")
IDS = torch.arange(3, 40)[None]
# bitsandbytes asks the Hub's kernels package for a faster product on a CPU and goes on without it
pytestmark = pytest.mark.filterwarnings("ignore:.*kernels")
RUN = dataclasses.replace(CONFIG, checkpoint_every=2)


@pytest.fixture(scope="module")
def location(tmp_path_factory: pytest.TempPathFactory) -> str:
    config = tiny_config(initializer_range=0.2, hidden_size=64, intermediate_size=128)
    return str(save_tiny(tmp_path_factory.mktemp("model"), config=config))


@pytest.fixture
def base(location: str) -> BaseModel:
    return load_base(location, source="tiny", dtype="4bit", device="cpu")


def _logits(base: BaseModel, adapter: str | None = None) -> torch.Tensor:
    with torch.no_grad(), base.policy(adapter):
        logits: torch.Tensor = base.model(input_ids=IDS).logits.float()
    return logits


def test_4_bits_are_the_same_model_to_us_and_near_it_in_numbers(base: BaseModel, location: str) -> None:
    whole = load_base(location, source="tiny", dtype="float32", device="cpu")
    assert (base.dtype, base.fingerprint, base.parameters) == ("4bit", whole.fingerprint, whole.parameters)
    assert base.model.model.layers[0].mlp.up_proj.weight.dtype == torch.uint8
    quantised, exact = _logits(base).flatten(), _logits(whole).flatten()
    assert 0.8 < torch.corrcoef(torch.stack((quantised, exact)))[0, 1] < 0.9999


def test_a_run_in_4_bits_learns_saves_and_reads_back(base: BaseModel, tmp_path: Path) -> None:
    before = _logits(base)
    events = list(train_dpo(base, pairs(), RUN, adapter="a1", folder=tmp_path / "adapter"))
    losses = [step.metrics["loss"] for step in of_kind(events, StepDone)]
    assert losses[0] == pytest.approx(0.693147, abs=1e-6)
    assert losses[-1] < losses[0]
    assert any("its weights are quantised" in notice.text for notice in of_kind(events, Notice))
    assert of_kind(events, AdapterSaved)[0].changed_parameters > 0
    base.load_adapter("a2", tmp_path / "adapter")
    assert torch.equal(_logits(base, "a1"), _logits(base, "a2"))
    assert torch.equal(_logits(base), before)


def test_every_layer_gets_the_gradient_that_the_same_weights_unquantised_give(base: BaseModel, location: str) -> None:
    from bitsandbytes.functional import dequantize_4bit

    whole = load_base(location, source="tiny", dtype="bfloat16", device="cpu")
    own = dict(base.model.named_modules())
    with torch.no_grad():
        for name, module in whole.model.named_modules():
            if (state := getattr(getattr(own[name], "weight", None), "quant_state", None)) is not None:
                module.weight.copy_(dequantize_4bit(own[name].weight.data, state))
    found = []
    for each in (base, whole):
        each.create_adapter("a1", CONFIG)
        generator = torch.Generator().manual_seed(3)
        with torch.no_grad():
            for value in adapter_parameters(each.model, "a1").values():
                value.copy_(0.1 * torch.randn(value.shape, generator=generator))
        _logits(each, "a1")  # an inference before must not change what is learned
        with each.policy("a1", training=True):
            each.model.eval()
            score_pair(each.model, PAIR, "cpu").logps[0].backward()
        parameters = adapter_parameters(each.model, "a1")
        found.append({name: value.grad for name, value in parameters.items()})
    assert found[0].keys() == found[1].keys()
    for name, gradient in found[1].items():
        assert gradient is not None
        assert found[0][name] is not None, name
        # bfloat16 rounds differently by two kernels (0.045 was seen); a layer without a gradient behind it gives 1
        assert (found[0][name] - gradient).norm() <= 0.15 * gradient.norm(), name


def test_a_run_in_4_bits_is_resumed_exactly(base: BaseModel, tmp_path: Path) -> None:
    def run(folder: Path, **more: object) -> list[object]:
        place = {"adapter": "a1", "folder": folder, "checkpoint_folder": folder / "c"}
        return train_dpo(base, pairs(), RUN, **place, **more)  # type: ignore[arg-type, return-value]

    list(run(tmp_path / "whole"))
    base.unload_adapter("a1")
    for event in (killed := run(tmp_path / "killed")):
        if isinstance(event, StepDone) and event.step == 3:
            killed.close()  # type: ignore[attr-defined]
    stored = torch.load(tmp_path / "killed" / "c" / FILE, weights_only=True)
    assert stored["environment"]["version of bitsandbytes"] == version("bitsandbytes")
    list(run(tmp_path / "killed", resume=True))
    weights = [(tmp_path / name / "adapter_model.safetensors").read_bytes() for name in ("whole", "killed")]
    assert weights[0] == weights[1]


@pytest.mark.parametrize("adapter", [None, "a1"])
def test_a_model_in_4_bits_answers(base: BaseModel, adapter: str | None) -> None:
    base.create_adapter("a1", CONFIG)
    request = GenerationRequest("1", ({"role": "user", "content": "Why?"},), seed=1)
    events = list(generate(base, [request], SamplingConfig(max_new_tokens=6), adapter=adapter))
    (done,) = of_kind(events, CompletionDone)  # type: ignore[arg-type]
    assert 0 < done.tokens <= 6


def test_the_fast_path_of_a_cuda_device_gives_what_the_model_gives(
    base: BaseModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a CPU the plain method keeps the bits that it gave, so the fast one is asked for here."""
    monkeypatch.setattr("engine.llama.support._takes_quantised", lambda model: True)  # noqa: ARG005
    base.create_adapter("a1", CONFIG)
    with torch.no_grad():
        for value in adapter_parameters(base.model, "a1").values():
            value.normal_(std=0.1)
    assert support_of(base.hf_model, "a1") == Support(None, None)
    fast = LlamaScorer(base.hf_model, "a1", Kernels(compiled=False))
    found = []
    for score in (lambda: fast.score([PAIR], "cpu")[0], lambda: score_pair(base.model, PAIR, "cpu")):
        with base.policy("a1", training=True):
            base.model.eval()
            scores = score()
            scores.logps.sum().backward()
        parameters = adapter_parameters(base.model, "a1").items()
        found.append((scores.logps.detach(), {name: value.grad for name, value in parameters}))
        base.model.zero_grad()
    torch.testing.assert_close(found[0][0], found[1][0], rtol=0.05, atol=0)
    for name, expected in found[1][1].items():
        assert (found[0][1][name] - expected).norm() <= 0.15 * expected.norm(), name
    with base.policy("a1"), torch.no_grad():
        ours = make_decoder(base, "a1", max_rows=2).admit([(IDS[0].tolist(), 1)]).float()
    theirs = _logits(base, "a1")[:, -1]
    assert (ours - theirs).norm() <= 0.1 * theirs.norm()


def test_without_the_package_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.precision.find_spec", lambda name: None)  # noqa: ARG005
    with pytest.raises(ModelError, match="extra `quant`"):
        require_bitsandbytes()
