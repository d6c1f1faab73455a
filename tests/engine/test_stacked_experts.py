"""LoRA on stacked experts, as PEFT's `target_parameters` puts it: adapters of others answer and learn as PEFT's own."""

import dataclasses
from collections import deque
from pathlib import Path

import pytest
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import AutoModelForCausalLM, Qwen3MoeConfig

from engine.config import SamplingConfig, TrainConfig
from engine.errors import AdapterLoadError
from engine.events import AdapterSaved, CompletionDone, Notice, StepDone
from engine.generate import generate
from engine.model import BaseModel, load_base
from engine.preference import PreferencePair
from engine.requests import GenerationRequest
from engine.train import train_dpo
from tests.tiny import VOCABULARY, save_tiny

pytestmark = pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning")
"""PEFT looks at every attribute of a model whose parameters it changes, deprecated ones too."""

EXPERTS = ["mlp.experts.gate_up_proj", "mlp.experts.down_proj"]
IDS = torch.tensor([[1, 50, 60, 70, 80]])
QUICK = TrainConfig(epochs=1, batch_size=2, lora_r=2, lora_alpha=4, lora_dropout=0.0, eval_share=0.0)
PAIRS = [
    PreferencePair(key=str(number), prompt=({"role": "user", "content": f"q{number}"},), chosen="yes", rejected="no")
    for number in range(4)
]


def config() -> Qwen3MoeConfig:
    """Two layers of four experts, whose weights are three-dimensional parameters and no linear layers."""
    heads = {"num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 8}
    sizes = {"hidden_size": 32, "intermediate_size": 64, "moe_intermediate_size": 16, "max_position_embeddings": 512}
    experts = {"num_experts": 4, "num_experts_per_tok": 2}
    tokens = {"vocab_size": VOCABULARY, "eos_token_id": 2, "pad_token_id": 2}
    return Qwen3MoeConfig(**heads, **sizes, **experts, **tokens, initializer_range=0.2)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The model, and beside it an adapter of PEFT's own on the experts and on one linear layer."""
    folder = save_tiny(tmp_path_factory.mktemp("moe") / "model", config=config())
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    lora = LoraConfig(r=2, lora_alpha=4, target_modules=["q_proj"], target_parameters=EXPERTS, task_type="CAUSAL_LM")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        peft_model = get_peft_model(model, lora)
        for name, weight in peft_model.named_parameters():
            if "lora_B" in name:
                torch.nn.init.normal_(weight, std=0.3)
    peft_model.save_pretrained(folder.parent / "adapter")
    return folder


@pytest.fixture(scope="module")
def base(folder: Path) -> BaseModel:
    made = load_base(str(folder), source=str(folder), dtype="float32", device="cpu")
    made.load_adapter("a1", folder.parent / "adapter")
    return made


@pytest.fixture(scope="module")
def as_peft(folder: Path) -> PeftModel:
    bare = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    return PeftModel.from_pretrained(bare, folder.parent / "adapter").eval()


def test_such_an_adapter_of_others_gives_peft_s_logits_and_the_base_stays(
    base: BaseModel, as_peft: PeftModel, folder: Path
) -> None:
    with torch.no_grad(), base.policy("a1"):
        assert torch.equal(base.model(IDS).logits, as_peft(IDS).logits)
    bare = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    with torch.no_grad(), base.policy(None):
        assert torch.equal(base.model(IDS).logits, bare(IDS).logits)
        assert not torch.allclose(bare(IDS).logits, as_peft(IDS).logits)


def test_its_answers_are_peft_s(base: BaseModel, as_peft: PeftModel) -> None:
    messages = ({"role": "user", "content": "hello"},)
    asked = deque([GenerationRequest("k", messages, 1)])
    events = list(generate(base, asked, SamplingConfig(temperature=0, max_new_tokens=8), adapter="a1"))
    (done,) = [each for each in events if isinstance(each, CompletionDone)]
    prompt = base.tokenizer.apply_chat_template(
        list(messages), add_generation_prompt=True, return_tensors="pt", return_dict=True
    )["input_ids"]
    written = as_peft.generate(prompt, max_new_tokens=8, do_sample=False)[0, prompt.shape[1] :]
    assert done.text == base.tokenizer.decode(written, skip_special_tokens=True)


def test_a_run_that_continues_it_trains_the_experts_and_saves_them(base: BaseModel, tmp_path: Path) -> None:
    config = dataclasses.replace(QUICK, lora_dropout=0.1)  # PEFT drops no inputs of experts, so theirs stays
    events = list(train_dpo(base, PAIRS, config, adapter="ab1", folder=tmp_path / "out", start="a1"))
    kept = "--lora-dropout 0.0 (not 0.1), --target-modules experts,q_proj (not all-linear)."
    assert any(kept in each.text for each in events if isinstance(each, Notice))
    losses = [each.metrics["loss"] for each in events if isinstance(each, StepDone)]
    (saved,) = [each for each in events if isinstance(each, AdapterSaved)]
    assert losses[0] == pytest.approx(0.693147, abs=1e-5)
    assert losses[-1] < losses[0]
    before = base.model.state_dict()
    changed = [
        name
        for name, weight in before.items()
        if ".ab1." in name and "experts" in name and not torch.equal(weight, before[name.replace(".ab1.", ".a1.")])
    ]
    assert changed
    assert saved.changed_parameters > 0
    base.unload_adapter("ab1")


def test_beside_it_a_fresh_adapter_of_other_weights_is_refused_with_what_to_do(base: BaseModel, tmp_path: Path) -> None:
    with pytest.raises(AdapterLoadError, match=r"other weights of the experts\. Use the base .* and start Palate"):
        next(train_dpo(base, PAIRS, QUICK, adapter="ab2", folder=tmp_path / "out"))
    with torch.no_grad(), base.policy("a1"):
        assert base.model(IDS).logits.isfinite().all()
