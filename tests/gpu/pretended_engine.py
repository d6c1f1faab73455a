"""The engine on a CUDA device that is not there: prints what a GPU would do, as JSON.

    python -m tests.gpu.pretended_engine [--layers 2] [--tokens 1024] [--models llama,qwen3]

It takes the widths of Llama-3.1-8B and few layers, since all layers do the same. For each model it counts the kernels,
copies and read-backs of one step of decoding, of an answer and of learning from a pair, and the bytes that are kept for
the pair's backward pass.
"""

from tests.gpu.pretended import Kept, Watch, pretend, pretended_device

if __name__ == "__main__":  # before torch is imported, and in no other process
    pretend()

import argparse
import json
import sys
import warnings
from collections.abc import Sequence
from typing import Any

import accelerate.hooks
import torch
import transformers

import engine.llama.static_decoding
from engine.chat import EncodedPair
from engine.config import SamplingConfig, TrainConfig
from engine.dropout import PairDropout
from engine.estimates.flops import pair_size
from engine.estimates.memory import estimate_memory
from engine.estimates.model_shape import shape_of
from engine.generate import generate, make_decoder
from engine.llama.decoding import DecodingWeights
from engine.llama.kernels import Kernels
from engine.llama.scoring import LlamaScorer
from engine.llama.static_decoding import static_problem
from engine.llama.support import support_of
from engine.model import BaseModel
from engine.requests import GenerationRequest
from engine.training.learner import Learner
from engine.training.scorer import Scorer
from tests.flags import flags_of
from tests.tiny import tiny_tokenizer

SHAPE: dict[str, Any] = {
    "vocab_size": 128256,
    "hidden_size": 4096,
    "intermediate_size": 14336,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
    "head_dim": 128,
    "max_position_embeddings": 131072,
    "tie_word_embeddings": False,
    "eos_token_id": 2,
}
CONFIGS: dict[str, Any] = {
    "llama": transformers.LlamaConfig,
    "qwen3": transformers.Qwen3Config,
    "gemma": transformers.GemmaConfig,
    "gemma2": transformers.Gemma2Config,
    "gemma3": transformers.Gemma3TextConfig,
}
PROMPT_TOKENS = 40
CONFIG = TrainConfig()


def parser() -> argparse.ArgumentParser:
    """The flags."""
    flags = flags_of(__doc__)
    flags.add_argument("--layers", type=int, default=2)
    flags.add_argument("--tokens", type=int, default=1024, help="of prompt and answer; default: %(default)s")
    flags.add_argument("--models", default=",".join(CONFIGS))
    return flags


def main(line: Sequence[str] | None = None) -> None:
    """Print a JSON object with an entry for each model."""
    options = parser().parse_args(line)
    warnings.filterwarnings("ignore")
    engine.llama.static_decoding.CAPTURES = False  # there is nothing to capture
    with pretended_device():
        found = {name: facts(name, options.layers, options.tokens) for name in options.models.split(",")}
        found["two cards"] = on_two_cards()
    json.dump(found, sys.stdout, indent=1)


def facts(name: str, layers: int, tokens: int) -> dict[str, Any]:
    """What one model does."""
    with torch.device("cuda"):
        config = CONFIGS[name](**SHAPE, num_hidden_layers=layers)
        model = transformers.AutoModelForCausalLM.from_config(config, dtype=torch.bfloat16).eval()
        stored = ("f" * 64, 1)
        base = BaseModel(
            model, tiny_tokenizer(), source="x", location="x", dtype="bfloat16", device="cuda", stored=stored
        )
        base.create_adapter("a1", CONFIG)
    check_steps(base)
    rest = tokens - PROMPT_TOKENS
    pair = EncodedPair("1", (5,) * PROMPT_TOKENS, (6,) * rest, (7,) * rest)
    support = support_of(base.hf_model, "a1")
    return {
        "slow": {"scoring": support.scoring, "decoding": support.decoding},
        "step": step(base),
        "answer": answer(base),
        "learning": learning(base, pair),
        **({} if support.scoring else {"memory": memory(base, pair)}),
    }


def on_two_cards() -> dict[str, Any]:
    """What a Llama does of which each card holds a layer. An operation that mixes the cards would fail."""
    with torch.device("cuda:0"):
        config = CONFIGS["llama"](**SHAPE, num_hidden_layers=2)
        model = transformers.AutoModelForCausalLM.from_config(config, dtype=torch.bfloat16).eval()
    first = dict.fromkeys(("model.embed_tokens", "model.rotary_emb", "model.layers.0"), "cuda:0")
    places = {**first, **dict.fromkeys(("model.layers.1", "model.norm", "lm_head"), "cuda:1")}
    for name, device in places.items():
        model.get_submodule(name).to(device)
    accelerate.hooks.set_module_tensor_to_device = lambda *_, **__: None  # they are there; it makes them anew
    accelerate.hooks.attach_align_device_hook_on_blocks(model, {**places, "": "cuda:0"}, dict.fromkeys(places, False))
    model.hf_device_map = places
    more: dict[str, Any] = {"dtype": "bfloat16", "device": "cuda:0", "devices": ("cuda:0", "cuda:1")}
    base = BaseModel(model, tiny_tokenizer(), source="x", location="x", stored=("f" * 64, 1), **more)
    base.create_adapter("a1", CONFIG)
    pair = EncodedPair("1", (5,) * PROMPT_TOKENS, (6,) * 60, (7,) * 50)
    adapted = {str(each.device) for name, each in base.model.named_parameters() if "a1" in name.split(".")}
    return {"adapter": sorted(adapted), "answer": answer(base), "learning": learning(base, pair)}


def check_steps(base: BaseModel) -> None:
    """Go through the trial of the decoder, which compares numbers that are not there, and let it pass."""
    with base.policy(None), torch.no_grad():
        problem = static_problem(base.hf_model, DecodingWeights(base.hf_model))
    assert problem is not None
    assert "logits differ" in problem, problem
    base.static_steps = True


def step(base: BaseModel) -> dict[str, Any]:
    """One step of decoding for three rows."""
    decoder = make_decoder(base, "a1", max_rows=4)
    with base.policy("a1"), torch.no_grad():
        tokens = decoder.admit([([5] * 30, 2), ([6] * 17, 2)]).argmax(-1)
        decoder.keep([0, 3, 2])
        decoder.step(tokens[:3])
        with Watch() as watch:
            decoder.step(tokens[:3])
    return told(watch)


def answer(base: BaseModel) -> dict[str, Any]:
    """All of an answer of a few tokens, with every filter: the read-backs and copies, by their places."""
    settings = SamplingConfig(max_new_tokens=3, min_p=0.1, repetition_penalty=1.2)
    request = GenerationRequest("1", ({"role": "user", "content": "Hi"},), 0)
    with Watch() as watch:
        list(generate(base, [request], settings, adapter="a1"))
    return told(watch)


def learning(base: BaseModel, pair: EncodedPair) -> dict[str, Any]:
    """Learning from one pair, and the step of the optimizer."""
    fast = support_of(base.hf_model, "a1").scoring is None
    learner = Learner(Scorer(base, Kernels(compiled=False) if fast else None, ""), "a1", CONFIG)
    learner.reference[pair.key] = (-1.0, -2.0)
    learner.learn([pair], [pair], 0)  # what is made once is made now
    learner.step(1e-5)
    with Watch() as watch:
        learner.learn([pair], [pair], 1)
        learner.step(1e-5)
    return told(watch)


def memory(base: BaseModel, pair: EncodedPair) -> dict[str, Any]:
    """The bytes kept for a pair's backward pass and those of the estimate, without and with checkpointing."""
    scorer = LlamaScorer(base.hf_model, "a1", Kernels(compiled=False))
    shape = shape_of(base.hf_model.config.to_dict())
    found = {}
    for again in (False, True):
        with base.policy("a1", training=True), Kept(base.model) as kept:
            scorer.score([pair], "cuda", dropout=PairDropout((1,)), checkpointing=again)
        row = pair_size(pair).row
        estimate = estimate_memory(shape, CONFIG, dtype=base.dtype, row=row, checkpointing=again, device="cuda")
        found["checkpointed" if again else "kept"] = [kept.bytes, estimate.activations]
    return found


def told(watch: Watch) -> dict[str, Any]:
    """The counts in plain numbers."""
    return {"kernels": watch.kernels, "copied": dict(watch.copied), "read": dict(watch.read)}


if __name__ == "__main__":
    main()
