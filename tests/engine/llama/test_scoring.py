"""The fast path against the plain method on every architecture that it knows: same logps, same gradients in float32."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import Gemma3TextConfig, GemmaConfig, GPT2Config, MistralConfig, Qwen2Config, Qwen3Config

from engine.chat import EncodedPair
from engine.config import TrainConfig
from engine.dropout import Dropout, PairDropout, SequenceDropout
from engine.errors import TrainingError
from engine.llama.kernels import Kernels
from engine.llama.scoring import LlamaScorer
from engine.logps import CompletionScores, score_pair
from engine.model import BaseModel, load_base
from engine.training.learner import adapter_parameters
from engine.training.scorer import choose_scorer
from tests.tiny import VOCABULARY, save_tiny, tiny_config

SHAPE: dict[str, Any] = {
    "vocab_size": VOCABULARY,
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 128,
    "initializer_range": 0.2,
    "eos_token_id": 2,
    "pad_token_id": 2,
}
CONFIGS = {
    "llama": tiny_config(initializer_range=0.2),
    "llama untied": tiny_config(initializer_range=0.2, tie_word_embeddings=False, head_dim=16),
    "mistral with a window": MistralConfig(**SHAPE, sliding_window=8),
    "mistral": MistralConfig(**SHAPE, sliding_window=None),
    "qwen2": Qwen2Config(**SHAPE),
    "qwen3": Qwen3Config(**SHAPE, head_dim=8),
    "gemma": GemmaConfig(**{**SHAPE, "hidden_act": "gelu_pytorch_tanh"}, head_dim=8),
    "gemma3": Gemma3TextConfig(
        **SHAPE,
        head_dim=8,
        query_pre_attn_scalar=12,
        sliding_window=6,
        layer_types=["sliding_attention", "full_attention"],
    ),
    "qwen3 with windows in some layers": Qwen3Config(
        **SHAPE, head_dim=8, use_sliding_window=True, sliding_window=6, max_window_layers=1
    ),
}
PAIR = EncodedPair("1", tuple(range(40, 52)), tuple(range(60, 75)), tuple(range(90, 97)))
GROUP = [PAIR, EncodedPair("2", (41, 44), (61,), (97, 98, 99)), EncodedPair("3", PAIR.prompt_ids, (70, 71), (60, 61))]
CONFIG = TrainConfig(lora_dropout=0.0)


def _base(folder: Path, config: Any, dtype: str = "float32", **changes: Any) -> BaseModel:
    """A tiny base model with adapter a1, whose B matrices are not zero."""
    base = load_base(str(save_tiny(folder, config=config)), source="tiny", dtype=dtype, device="cpu")
    base.create_adapter("a1", TrainConfig(lora_dropout=0.0, **changes))
    with torch.no_grad():
        for name, value in base.model.named_parameters():
            if "norm" in name:  # which a new model has at 1, or Gemma at 0
                value += 0.2 * torch.randn_like(value)
        for value in adapter_parameters(base.model, "a1").values():
            value.normal_(std=0.1)
    return base


def _gradients(base: BaseModel, scores: CompletionScores) -> dict[str, torch.Tensor]:
    (scores.logps[0] - 0.5 * scores.logps[1]).backward()
    found = {}
    for name, value in adapter_parameters(base.model, "a1").items():
        assert value.grad is not None
        found[name], value.grad = value.grad, None
    return found


@pytest.mark.parametrize("name", CONFIGS)
def test_the_fast_method_equals_the_plain_one(tmp_path: Path, name: str) -> None:
    torch.manual_seed(0)
    base = _base(tmp_path, CONFIGS[name])
    fast_model = LlamaScorer(base.hf_model, "a1", Kernels(compiled=False))
    with base.policy("a1", training=True):
        base.model.eval()
        plain = score_pair(base.model, PAIR, "cpu")
        plain_gradients = _gradients(base, plain)
        fast = fast_model.score([PAIR], "cpu", dropout=PairDropout((0,)))[0]
        fast_gradients = _gradients(base, fast)
    for ours, theirs in ((fast.logps, plain.logps), (fast.entropy, plain.entropy)):
        torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-4)
    torch.testing.assert_close(fast.mean_logits, plain.mean_logits, rtol=1e-4, atol=1e-4)
    assert torch.equal(fast.top1, plain.top1)
    for key, expected in plain_gradients.items():
        assert (fast_gradients[key] - expected).norm() <= 5e-4 * expected.norm(), key
    with torch.no_grad(), base.policy(None):
        without = LlamaScorer(base.hf_model, None, Kernels(compiled=False)).score([PAIR], "cpu")[0].logps
        torch.testing.assert_close(without, score_pair(base.model, PAIR, "cpu").logps, rtol=1e-5, atol=1e-4)
        assert (without - plain.logps).abs().max() > 0.1


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize("name", ["llama", "mistral with a window"])
def test_a_pair_scores_the_same_bits_alone_and_in_a_group(tmp_path: Path, name: str, dtype: str) -> None:
    model = LlamaScorer(_base(tmp_path, CONFIGS[name], dtype).hf_model, "a1", Kernels(compiled=False))
    with torch.no_grad():
        together = model.score(GROUP, "cpu")
        alone = [model.score([pair], "cpu")[0] for pair in GROUP]
    for one, other in zip(together, alone, strict=True):
        assert one.tokens == other.tokens
        assert torch.equal(one.logps, other.logps)
        assert torch.equal(one.top1, other.top1)
        torch.testing.assert_close(one.entropy, other.entropy)


def test_a_group_gives_the_gradients_of_its_pairs(tmp_path: Path) -> None:
    base = _base(tmp_path, CONFIGS["llama"])
    model = LlamaScorer(base.hf_model, "a1", Kernels(compiled=False))
    with base.policy("a1", training=True):
        together = sum(scores.logps[0] - 0.5 * scores.logps[1] for scores in model.score(GROUP, "cpu"))
        assert isinstance(together, torch.Tensor)
        together.backward()  # type: ignore[no-untyped-call]
        found = {name: value.grad for name, value in adapter_parameters(base.model, "a1").items()}
        base.model.zero_grad()
        alone = [_gradients(base, model.score([pair], "cpu")[0]) for pair in GROUP]
    for name, gradient in found.items():
        assert gradient is not None
        expected = sum(each[name] for each in alone)
        assert (gradient - expected).norm() <= 5e-4 * expected.norm(), name


@pytest.mark.parametrize("dropout", [None, PairDropout((3, 4, 5)), SequenceDropout()])
def test_layers_computed_twice_give_the_same_bits(tmp_path: Path, dropout: Dropout | None) -> None:
    base = load_base(str(save_tiny(tmp_path)), source="tiny", dtype="float32", device="cpu")
    base.create_adapter("a1", TrainConfig(lora_dropout=0.2))
    with torch.no_grad():
        for value in adapter_parameters(base.model, "a1").values():
            value.normal_(std=0.1)
    model, found = LlamaScorer(base.hf_model, "a1", Kernels(compiled=False)), []
    for checkpointing in (False, True):
        torch.manual_seed(4)
        with base.policy("a1", training=True):
            scores = model.score(GROUP[:3], "cpu", dropout=dropout, checkpointing=checkpointing)[1]
            found.append((scores.logps.detach(), _gradients(base, scores)))
    assert torch.equal(found[0][0], found[1][0])
    assert all(torch.equal(found[1][1][key], value) for key, value in found[0][1].items())


def test_a_pair_s_dropout_gives_the_same_bits_alone_and_in_a_group(tmp_path: Path) -> None:
    base = _base(tmp_path, CONFIGS["llama"])
    base.create_adapter("a2", TrainConfig(lora_dropout=0.3))
    with torch.no_grad():
        for value in adapter_parameters(base.model, "a2").values():
            value.normal_(std=0.1)
    model, seeds = LlamaScorer(base.hf_model, "a2", Kernels(compiled=False)), (7, 8, 9)
    with torch.no_grad(), base.policy("a2", training=True):
        without = model.score([PAIR], "cpu")[0].logps
        together = model.score(GROUP, "cpu", dropout=PairDropout(seeds))
        each = [(pair, PairDropout((seed,))) for pair, seed in zip(GROUP, seeds, strict=True)]
        alone = [model.score([pair], "cpu", dropout=dropout)[0] for pair, dropout in each]
    assert all(torch.equal(one.logps, other.logps) for one, other in zip(together, alone, strict=True))
    assert not torch.equal(alone[0].logps, without)


@pytest.mark.parametrize("name", ["llama", "qwen3", "gemma3"])
def test_inputs_computed_again_give_the_same_bits_and_are_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    base = _base(tmp_path, CONFIGS[name])
    found, kept = [], []
    for again in (False, True):
        monkeypatch.setattr("engine.llama.scoring._saves_kernels", lambda weights, again=again: again)  # noqa: ARG005
        model = LlamaScorer(base.hf_model, "a1", Kernels(compiled=False))
        monkeypatch.setattr("engine.llama.scoring._computes_again", lambda device, again=again: again)  # noqa: ARG005
        held: dict[int, torch.Tensor] = {}

        def keep(value: torch.Tensor, held: dict[int, torch.Tensor] = held) -> torch.Tensor:
            held.setdefault(value.untyped_storage().data_ptr(), value)
            return value

        with base.policy("a1", training=True):
            with torch.autograd.graph.saved_tensors_hooks(keep, lambda value: value):
                scores = model.score([PAIR], "cpu", dropout=PairDropout((3,)))[0]
            kept.append(sum(value.untyped_storage().nbytes() for value in held.values()))
            found.append((scores.logps.detach(), _gradients(base, scores)))
    assert torch.equal(found[0][0], found[1][0])
    assert all(torch.equal(found[1][1][key], value) for key, value in found[0][1].items())
    tokens, layers, hidden, inner = PAIR.row_tokens, 2, SHAPE["hidden_size"], SHAPE["intermediate_size"]
    first = tokens * hidden + tokens + hidden  # the first norm has no gradient, so it is kept for this alone
    assert kept[0] - kept[1] == (layers * tokens * (2 * hidden + inner) - first) * 4


def test_an_adapter_on_some_layers_only(tmp_path: Path) -> None:
    base = _base(tmp_path, CONFIGS["llama"], target_modules="q_proj,v_proj,down_proj")
    fast_model = LlamaScorer(base.hf_model, "a1", Kernels(compiled=False))
    with base.policy("a1", training=True):
        plain = _gradients(base, score_pair(base.model, PAIR, "cpu"))
        fast = _gradients(base, fast_model.score([PAIR], "cpu")[0])
    assert all((fast[key] - value).norm() <= 5e-4 * value.norm() for key, value in plain.items())


def test_an_untrained_adapter_scores_bit_for_bit_as_the_base_in_bfloat16(tmp_path: Path) -> None:
    base = load_base(str(save_tiny(tmp_path)), source="tiny", dtype="bfloat16", device="cpu")
    base.create_adapter("a1", CONFIG)
    scores = []
    for adapter in ("a1", None):
        with torch.no_grad():
            scores.append(LlamaScorer(base.hf_model, adapter, Kernels(compiled=False)).score([PAIR], "cpu")[0].logps)
    assert torch.equal(*scores)


def test_the_chosen_answer_does_not_change_what_the_rejected_scores(tmp_path: Path) -> None:
    base = _base(tmp_path, CONFIGS["llama"])
    model = LlamaScorer(base.hf_model, "a1", Kernels(compiled=False))
    other = EncodedPair("2", PAIR.prompt_ids, (5,), PAIR.rejected_ids)
    with torch.no_grad():
        one, two = model.score([PAIR], "cpu")[0].logps, model.score([other], "cpu")[0].logps
    torch.testing.assert_close(one[1], two[1], rtol=1e-5, atol=1e-5)


def test_unknown_models_and_adapters_take_the_plain_method_and_say_so(tmp_path: Path) -> None:
    gpt2 = GPT2Config(vocab_size=VOCABULARY, n_embd=32, n_layer=1, n_head=2, n_positions=64, eos_token_id=2)
    base = load_base(str(save_tiny(tmp_path / "gpt2", config=gpt2)), source="tiny", dtype="float32", device="cpu")
    base.create_adapter("a1", CONFIG)
    scorer = choose_scorer(base, ["a1"], PAIR, 10, "auto")
    assert (scorer.method, "gpt2" in scorer.why) == ("plain", True)
    base = _base(tmp_path / "llama", CONFIGS["llama untied"], target_modules="q_proj,lm_head")
    assert choose_scorer(base, ["a1"], PAIR, 10, "auto").method == "plain"


def test_a_device_whose_kernels_have_no_backward_pass_takes_the_plain_method(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = _base(tmp_path, CONFIGS["llama"])
    base.device = "cpu:0"  # any name but that of the CPU, whose kernels are known
    assert choose_scorer(base, ["a1"], PAIR, 10, "eager").method == "fast eager"

    def fail(*_: object) -> None:
        raise RuntimeError("no such kernel\nand more")

    monkeypatch.setattr("engine.llama.lora_linear._LoraLinears.backward", fail)
    scorer = choose_scorer(base, ["a1"], PAIR, 10, "eager")
    assert scorer.method == "plain"
    assert scorer.why.endswith("the fast one fails here: no such kernel")
    base.device = "cpu"
    assert choose_scorer(base, ["a1"], PAIR, 10, "eager").method == "fast eager"


@pytest.fixture
def broken_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    """A compiler that is found and fails, in the words of torch. A real one would leave its mark on torch's caches."""

    def compiled(_: object, *, dynamic: bool) -> Callable[..., None]:
        def call(*_: object, **__: object) -> None:
            raise RuntimeError(
                "CppCompileError: C++ compile error\n\nCommand:\ng++ header.hpp\n\nOutput:\n"
                "header.h:3:10: fatal error: Python.h: No such file or directory\n"
            )

        assert dynamic
        return call

    monkeypatch.setattr("torch.compile", compiled)
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr("engine.training.scorer._WORTH_COMPILING_PARAMETERS", 0)


@pytest.mark.usefixtures("broken_compiler")
def test_a_compiler_that_fails_leaves_the_fast_method_as_it_is(tmp_path: Path) -> None:
    base = _base(tmp_path / "model", CONFIGS["llama"])
    scorer = choose_scorer(base, ["a1"], PAIR, 1000, "auto")
    assert scorer.method == "fast eager"
    failed = "the C++ compiler here fails: header.h:3:10: fatal error: Python.h: No such file or directory"
    assert scorer.why == f"Nothing is compiled: {failed}"
    with torch.no_grad():
        expected = LlamaScorer(base.hf_model, None, Kernels(compiled=False)).score([PAIR], "cpu")[0].logps
        with base.policy(None):
            assert torch.equal(scorer.score(None, PAIR).logps, expected)
    with pytest.raises(
        TrainingError, match=r"the C\+\+ compiler here fails: .*Repair the compiler, or choose --scoring"
    ):
        choose_scorer(base, ["a1"], PAIR, 1000, "compiled")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # from inside the compiler
def test_memory_that_runs_out_while_compiling_is_told_as_such(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory")

    monkeypatch.setattr("engine.training.scorer._nats_apart", fail)
    with pytest.raises(RuntimeError, match="allocate"):
        choose_scorer(_base(tmp_path, CONFIGS["llama"]), ["a1"], PAIR, 1000, "compiled")


def test_the_fast_method_is_taken_only_where_it_agrees(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    base = _base(tmp_path, CONFIGS["mistral with a window"])
    assert choose_scorer(base, ["a1"], PAIR, 10, "auto").method == "fast eager"
    assert choose_scorer(base, ["a1"], PAIR, 10, "plain").method == "plain"
    monkeypatch.setattr("engine.llama.layers._window", lambda attention, config: None)  # noqa: ARG005
    scorer = choose_scorer(base, ["a1"], PAIR, 10, "auto")
    assert scorer.method == "plain"
    assert "nats per token" in scorer.why
