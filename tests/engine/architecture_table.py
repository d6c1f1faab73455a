"""Small random models of many architectures, each held against plain transformers and PEFT.

    python -m tests.engine.architecture_table [NAME …] [--write docs/ARCHITECTURES.md]

A row compares five things in float32: log-probabilities of a pair, greedy tokens of prompts that are read together, one
step of a run, the saved adapter read by PEFT, and the path that Palate takes.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from peft import PeftModel
from transformers import CONFIG_MAPPING, AutoModelForCausalLM, AutoModelForImageTextToText
from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING_NAMES

from engine.chat import EncodedPair, encode_pair, encode_prompt
from engine.config import SamplingConfig, TrainConfig
from engine.decode import CachelessDecoder, PlainDecoder
from engine.errors import EngineError
from engine.events import AdapterSaved, CompletionDone
from engine.generate import generate, make_decoder
from engine.llama.decoding import LlamaDecoder
from engine.model import BaseModel, load_base
from engine.preference import PreferencePair
from engine.requests import GenerationRequest
from engine.train import train_dpo
from engine.training.scorer import choose_scorer
from tests.flags import flags_of, path
from tests.tiny import VOCABULARY, tiny_tokenizer

SHAPE: dict[str, Any] = {
    "vocab_size": VOCABULARY,
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 8,
    "max_position_embeddings": 512,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "pad_token_id": 2,
    "initializer_range": 0.2,
}
EXPERTS: dict[str, Any] = {
    "moe_intermediate_size": 32,
    "num_experts": 4,
    "num_local_experts": 4,
    "n_routed_experts": 4,
    "num_experts_per_tok": 2,
}
LINEAR_ATTENTION: dict[str, Any] = {
    "layer_types": ["linear_attention", "full_attention"],
    "linear_num_key_heads": 2,
    "linear_num_value_heads": 4,
    "linear_key_head_dim": 8,
    "linear_value_head_dim": 8,
}
VISION: dict[str, Any] = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 1,
    "num_attention_heads": 4,
    "image_size": 16,
    "patch_size": 8,
}
QWEN_VISION: dict[str, Any] = {
    "depth": 1,
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_heads": 4,
    "out_hidden_size": 32,
    "patch_size": 4,
    "fullatt_block_indexes": [0],
    "deepstack_visual_indexes": [],
    "embed_dim": 32,
}
MROPE: dict[str, Any] = {"rope_type": "default", "mrope_section": [2, 1, 1], "rope_theta": 10000.0}

PLAIN = (
    "llama mistral qwen2 qwen3 ministral ministral3 smollm3 seed_oss phi phi3 gemma gemma2 gemma3_text vaultgemma "
    "gpt2 gpt_neox gpt_bigcode gpt_neox_japanese opt bloom mpt biogpt openai-gpt persimmon xglm ctrl nemotron olmo "
    "olmo2 olmo3 cohere cohere2 granite glm glm4 stablelm starcoder2 exaone4 ernie4_5 helium hunyuan_v1_dense apertus "
    "arcee bitnet cwm diffllama doge modernbert-decoder nanochat hyperclovax jais2 hrm_text"
)
MIXTURES = (
    "qwen2_moe qwen3_moe phimoe gpt_oss olmoe granitemoe granitemoeshared glm4_moe ernie4_5_moe hunyuan_v1_moe jetmoe "
    "minimax_m2 mixtral llama4_text flex_olmo afmoe solar_open"
)
OTHERS: dict[str, dict[str, Any]] = {
    "qwen3_next": {**LINEAR_ATTENTION, **EXPERTS, "shared_expert_intermediate_size": 32},
    "qwen3_5_text": LINEAR_ATTENTION,
    "lfm2": {"layer_types": ["conv", "full_attention"]},
    "olmo_hybrid": {"layer_types": ["linear_attention", "full_attention"]},
    "falcon": {"head_dim": None},
    "falcon_h1": {
        "mamba_d_ssm": 64,
        "mamba_n_heads": 8,
        "mamba_d_head": 8,
        "mamba_d_state": 16,
        "mamba_chunk_size": 16,
    },
    "falcon_mamba": {},
    "mamba": {},
    "mamba2": {"num_heads": 8, "head_dim": 8, "expand": 2, "n_groups": 2, "state_size": 16},
    "jamba": {"attn_layer_offset": 1, "attn_layer_period": 2, "expert_layer_period": 2, "expert_layer_offset": 1}
    | {"num_experts": 2, "mamba_d_state": 8},
    "bamba": {"mamba_n_heads": 8, "mamba_d_head": 8, "attn_layer_indices": [1], "mamba_d_state": 16},
    "granitemoehybrid": {"mamba_n_heads": 8, "mamba_d_head": 8, "layer_types": ["mamba", "attention"]},
    "recurrent_gemma": {"block_types": ["recurrent", "attention"], "lru_width": 32},
    "minimax": {"layer_types": ["linear_attention", "full_attention"]},
    "gptj": {"rotary_dim": 4, "n_embd": 32, "n_head": 4, "n_layer": 2, "n_positions": 512},
    "codegen": {"rotary_dim": 4, "n_embd": 32, "n_head": 4, "n_layer": 2, "n_positions": 512},
    "gpt_neo": {"num_layers": 2, "num_heads": 4, "attention_types": [[["global", "local"], 1]], "window_size": 8},
    "deepseek_v3": {"qk_nope_head_dim": 8, "qk_rope_head_dim": 8, "v_head_dim": 8, "kv_lora_rank": 16}
    | {"q_lora_rank": 16, "head_dim": 8, "n_group": 1, "topk_group": 1, "first_k_dense_replace": 1}
    | {"num_key_value_heads": 4},
    "nemotron_h": {"layer_types": ["mamba", "attention"], "mamba_num_heads": 8, "mamba_head_dim": 8}
    | {"ssm_state_size": 16, "n_groups": 2},
    "rwkv": {"context_length": 512, "attention_hidden_size": 32},
    "gemma3": {"text_config": {**SHAPE, "model_type": "gemma3_text"}, "vision_config": VISION}
    | {"mm_tokens_per_image": 4, "image_token_index": 250, "boi_token_index": 251, "eoi_token_index": 252},
    "mistral3": {"text_config": {**SHAPE, "model_type": "mistral"}, "image_token_index": 250}
    | {"vision_config": {**VISION, "model_type": "pixtral", "head_dim": 8}},
    "qwen2_vl": {"text_config": {**SHAPE, "rope_parameters": MROPE}, "vision_config": QWEN_VISION},
    "qwen2_5_vl": {"text_config": {**SHAPE, "rope_parameters": MROPE}, "vision_config": QWEN_VISION},
    "qwen3_vl": {"text_config": {**SHAPE, "rope_parameters": MROPE}, "vision_config": QWEN_VISION},
    "llava": {"text_config": {**SHAPE, "model_type": "llama"}, "image_token_index": 250}
    | {"vision_config": {**VISION, "model_type": "clip_vision_model"}},
    "internvl": {"text_config": {**SHAPE, "model_type": "qwen2"}, "image_token_id": 250}
    | {"vision_config": {**VISION, "image_size": [16, 16], "patch_size": [8, 8]}},
}
WRAPPERS = ("gemma3", "mistral3", "qwen2_vl", "qwen2_5_vl", "qwen3_vl", "llava", "internvl")
NAMES = (*PLAIN.split(), *MIXTURES.split(), *OTHERS)
TEXTS = ("Why?", "How does a longer prompt fare beside a short one?", "x")
CONFIG = TrainConfig(
    lora_r=4, lora_alpha=8, lora_dropout=0.0, eval_share=0.0, learning_rate=1e-3, batch_size=2, max_steps=1
)
GREEDY = SamplingConfig(temperature=0.0, max_new_tokens=24)
PAIRS = (
    PreferencePair("1", ({"role": "user", "content": "Why do leaves fall?"},), "They are tired.", "No."),
    PreferencePair("2", ({"role": "user", "content": "Who?"},), "Me", "A longer answer, that says little."),
)
_DECODERS = {
    LlamaDecoder: "fast decoding",
    PlainDecoder: "plain decoding",
    CachelessDecoder: "decoding without a cache",
}
LOGPS_APART, STEP_APART, LOGITS_APART = 2e-3, 2e-2, 2e-3


@dataclass(frozen=True)
class Row:
    """What was found for one architecture; `refused` gives Palate's sentence, and then nothing was compared."""

    name: str
    path: str = ""
    logps: float = 0.0
    tokens: str = ""
    step: float = 0.0
    adapter: float = 0.0
    refused: str = ""

    @property
    def equal(self) -> bool:
        """Whether everything agrees with plain transformers and PEFT."""
        done, _, of = self.tokens.partition("/")
        close = self.logps <= LOGPS_APART and self.step <= STEP_APART and self.adapter <= LOGITS_APART
        return not self.refused and close and done == of


def config_of(name: str) -> Any:
    """The configuration of a small model of this architecture."""
    if name in WRAPPERS:
        return CONFIG_MAPPING[name](**OTHERS[name])
    more = EXPERTS if name in MIXTURES.split() else OTHERS.get(name, {})
    settings = {key: value for key, value in {**SHAPE, **more}.items() if value is not None}
    return CONFIG_MAPPING[name](**settings)


def save_model(name: str, folder: Path) -> Path:
    """Save a random model of this architecture with the tiny tokenizer."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = _kind(name).from_config(config_of(name)).float().eval()
    for weight in model.parameters():
        if weight.dim() > 1:
            weight.data.clamp_(-0.6, 0.6)
    model.generation_config.eos_token_id = 2
    model.save_pretrained(folder)
    tiny_tokenizer().save_pretrained(folder)
    return folder


def _kind(name: str) -> Any:
    return AutoModelForCausalLM if name in MODEL_FOR_CAUSAL_LM_MAPPING_NAMES else AutoModelForImageTextToText


def find_row(name: str, folder: Path) -> Row:
    """Compare one architecture."""
    save_model(name, folder / "model")
    try:
        base = load_base(str(folder / "model"), source=name, dtype="float32", device="cpu")
        return _compared(name, base, folder)
    except EngineError as error:
        return Row(name, refused=str(error))


def _compared(name: str, base: BaseModel, folder: Path) -> Row:
    base.create_adapter("a1", CONFIG)
    base.save_adapter("a1", folder / "begin")
    pairs = [each for pair in PAIRS if isinstance(each := encode_pair(base.tokenizer, pair, CONFIG), EncodedPair)]
    scorer = choose_scorer(base, ["a1"], pairs[0], 4, "auto")
    decoder = _DECODERS[type(make_decoder(base, None, max_rows=2))]
    plain = _kind(name).from_pretrained(folder / "model", dtype=torch.float32).eval()
    with torch.no_grad(), base.policy(None):
        own = torch.stack([scorer.score(None, pair).logps for pair in pairs])
    with torch.no_grad():
        theirs = torch.stack([_logps(plain, pair) for pair in pairs])
    tokens = _same_tokens(base, plain)
    trained = PeftModel.from_pretrained(plain, str(folder / "begin"), is_trainable=True)
    step = _step_apart(base, trained, pairs, folder)
    return Row(
        name,
        f"{scorer.method.partition(' ')[0]} scoring, {decoder}",
        float((own - theirs).abs().max()),
        tokens,
        step,
        _adapter_apart(name, base, folder),
    )


def _logps(model: Any, pair: EncodedPair) -> torch.Tensor:
    """The log-probabilities of both completions, (2,), from one forward pass for each."""
    found = []
    for answer in (pair.chosen_ids, pair.rejected_ids):
        ids = torch.tensor([pair.prompt_ids + answer])
        logits = model(input_ids=ids, attention_mask=torch.ones_like(ids), use_cache=False).logits[0, :-1]
        log_probs = logits.float().log_softmax(-1)
        found.append(log_probs.gather(-1, ids[0, 1:, None])[len(pair.prompt_ids) - 1 :, 0].sum())
    return torch.stack(found)


def _same_tokens(base: BaseModel, plain: Any) -> str:
    """How many greedy answers equal those of transformers, with two rows a prompt and all prompts read together."""
    requests = [
        GenerationRequest(f"{text}/{row}", ({"role": "user", "content": text},), row)
        for text in TEXTS
        for row in (0, 1)
    ]
    made = {event.key: event for event in generate(base, requests, GREEDY) if isinstance(event, CompletionDone)}
    same = 0
    for text in TEXTS:
        ids = torch.tensor([encode_prompt(base.tokenizer, [{"role": "user", "content": text}])])
        with torch.no_grad():
            output = plain.generate(
                input_ids=ids,
                attention_mask=torch.ones_like(ids),
                do_sample=False,
                eos_token_id=sorted(base.stop_ids),
                pad_token_id=2,
                max_new_tokens=GREEDY.max_new_tokens,
            )
        expected = base.tokenizer.decode(output[0, ids.shape[1] :], skip_special_tokens=True)
        same += sum(made[f"{text}/{row}"].text == expected for row in (0, 1))
    return f"{same}/{len(requests)}"


def _step_apart(base: BaseModel, trained: Any, pairs: Sequence[EncodedPair], folder: Path) -> float:
    """One step of a run against one of plain PEFT and AdamW: the difference of the weights ÷ the way they went."""
    events = list(train_dpo(base, PAIRS, CONFIG, adapter="a2", folder=folder / "end"))
    assert any(isinstance(event, AdapterSaved) for event in events)
    weights = {key: value for key, value in trained.named_parameters() if value.requires_grad}
    before = {key: value.detach().clone() for key, value in weights.items()}
    optimizer = torch.optim.AdamW(weights.values(), lr=CONFIG.learning_rate, weight_decay=0.0)
    losses = []
    for pair in pairs:
        with torch.no_grad(), trained.disable_adapter():
            reference = _logps(trained, pair)
        ratio = _logps(trained, pair) - reference
        losses.append(-torch.nn.functional.logsigmoid(CONFIG.beta * (ratio[0] - ratio[1])))
    torch.stack(losses).mean().backward()
    torch.nn.utils.clip_grad_norm_(weights.values(), CONFIG.max_grad_norm)
    optimizer.step()
    own = {key.replace(".a2.", ".default."): value for key, value in base.model.named_parameters() if ".a2." in key}
    moved = torch.cat([(value.detach() - before[key]).flatten() for key, value in weights.items()])
    apart = torch.cat([(own[key].detach() - value.detach()).flatten() for key, value in weights.items()])
    return float(apart.norm() / moved.norm())


def _adapter_apart(name: str, base: BaseModel, folder: Path) -> float:
    """The largest difference of logits between the trained policy and the saved adapter as PEFT reads it."""
    ids = torch.tensor([encode_prompt(base.tokenizer, [{"role": "user", "content": TEXTS[1]}])])
    plain = _kind(name).from_pretrained(folder / "model", dtype=torch.float32).eval()
    read = PeftModel.from_pretrained(plain, str(folder / "end")).eval()
    with torch.no_grad(), base.policy("a2") as model:
        return float(
            (model(input_ids=ids, use_cache=False).logits - read(input_ids=ids, use_cache=False).logits).abs().max()
        )


def table_lines(rows: Sequence[Row]) -> Iterator[str]:
    """The rows as a table in Markdown."""
    yield "| architecture | path | log-probabilities, nats | greedy answers | step | saved adapter, logits | equal |"
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    for row in rows:
        if row.refused:
            yield f"| {row.name} | refused: {row.refused} | | | | | no |"
        else:
            figures = f"{row.logps:.1e} | {row.tokens} | {row.step:.1e} | {row.adapter:.1e}"
            yield f"| {row.name} | {row.path} | {figures} | {'yes' if row.equal else 'NO'} |"


def find_rows(names: Sequence[str], report: Callable[[str], None]) -> list[Row]:
    """Compare these architectures, and report each row as it is found."""
    rows = []
    for name in names:
        started = time.perf_counter()
        with tempfile.TemporaryDirectory(prefix="palate-architecture-") as folder, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            rows.append(find_row(name, Path(folder)))
        report(f"{list(table_lines(rows))[-1]} {time.perf_counter() - started:.1f} s")
    return rows


def parser() -> argparse.ArgumentParser:
    """The flags."""
    flags = flags_of(__doc__)
    flags.add_argument("--names", default=",".join(NAMES), help="of architectures; default: all")
    flags.add_argument("--write", type=path, metavar="FILE", help="write the table as a page of the docs")
    return flags


def main(line: Sequence[str] | None = None) -> None:
    """Make the table; exit code 1 where an architecture is neither equal nor refused in words."""
    options = parser().parse_args(line)
    rows = find_rows(options.names.split(","), lambda line: print(line, flush=True))  # noqa: T201
    equal, refused = sum(row.equal for row in rows), sum(bool(row.refused) for row in rows)
    summary = f"{len(rows)} architectures: {equal} equal, {refused} refused in words."
    print(summary)  # noqa: T201
    if options.write:
        options.write.write_text("\n".join([*_HEAD, summary, "", *table_lines(rows), ""]), encoding="utf-8")
    sys.exit(equal + refused < len(rows))


_HEAD = (
    "# Architectures",
    "",
    "Small random models, each held against plain transformers and PEFT in float32 on a CPU by",
    "`python -m tests.engine.architecture_table --write docs/ARCHITECTURES.md`.",
    "",
    "Log-probabilities and logits: the largest difference. Greedy answers: how many are the same, of six that are",
    "read together. Step: the difference of the weights after one step, as a part of the way that they went.",
    "",
)

if __name__ == "__main__":
    main()
