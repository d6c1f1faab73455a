"""Palate on a GPU at the true shape of an 8B model: pairs a second, tokens a second, and memory against the estimate.

    python -m tests.benchmarks.gpu [--model 8b|135m] [--parts train,trl,answers] [--steps 3] [--json FILE]
    python -m tests.benchmarks.gpu --vllm PYTHON     vLLM beside them, by the Python of the environment that has it

The weights are random, in bfloat16: speed does not depend on their values, so nothing is downloaded. Every part runs in
a process of its own. `train` is Palate's run with the same LoRA as `trl`, which has TRL's best settings (bfloat16
weights, the reference precomputed, nothing computed twice where it fits). `answers` writes with Palate and with
transformers' `generate`, all rows to the same length, the best of two rounds each, and `vllm` with vLLM, where an
environment with it is named. The first step of a run is left out.
"""

import argparse
import itertools
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch

from engine.config import SamplingConfig, TrainConfig
from engine.estimates.memory import estimate_memory
from engine.estimates.requirements import PUBLISHED
from engine.events import CompletionDone, Notice, ReferenceScored, StepDone
from engine.generate import generate
from engine.model import BaseModel
from engine.preference import Message, PreferencePair
from engine.requests import GenerationRequest
from engine.train import train_dpo
from tests.benchmarks.train_vs_trl import text_of
from tests.flags import flags_of, path
from tests.tiny import tiny_tokenizer

MODELS: dict[str, dict[str, Any]] = {
    "8b": {**PUBLISHED["meta-llama/Llama-3.1-8B-Instruct"], "max_position_embeddings": 131072, "rope_theta": 500000.0},
    "135m": {
        "model_type": "llama",
        "hidden_size": 576,
        "intermediate_size": 1536,
        "num_hidden_layers": 30,
        "num_attention_heads": 9,
        "num_key_value_heads": 3,
        "vocab_size": 49152,
        "max_position_embeddings": 8192,
        "rope_theta": 100000.0,
        "tie_word_embeddings": True,
    },
}
SHAPES = {"short": (36, 121, 150), "chat": (200, 300, 300), "long": (1024, 512, 512), "longest": (1024, 1024, 1024)}
"""Tokens of prompt, chosen and rejected."""
ROWS = (2, 16, 64)
PARTS = ("train", "trl", "answers")
VLLM_SCRIPT = Path(__file__).with_name("vllm_answers.py")
BATCH = 4
PROMPT_TOKENS = 100
_TEMPLATE_TOKENS = 19  # <|im_start|>user\n…<|im_end|>\n<|im_start|>assistant\n, at one token a byte
SAMPLING = {"temperature": 0.9, "top_p": 0.95, "top_k": 50}


def parser() -> argparse.ArgumentParser:
    """The flags."""
    flags = flags_of(__doc__)
    flags.add_argument("--model", default="8b", choices=tuple(MODELS))
    flags.add_argument("--parts", default=",".join(PARTS))
    flags.add_argument("--shapes", default=",".join(SHAPES))
    flags.add_argument("--rows", default=",".join(map(str, ROWS)))
    flags.add_argument("--steps", type=int, default=3)
    flags.add_argument("--tokens", type=int, default=128, help="of each answer; default: %(default)s")
    flags.add_argument("--device", default="cuda")
    flags.add_argument(
        "--vllm", type=path, metavar="PYTHON", help="of an environment with vLLM: measure its answers too"
    )
    flags.add_argument("--json", type=path, metavar="FILE", help="append each row of figures to FILE")
    flags.add_argument("--be", help=argparse.SUPPRESS)
    return flags


def main(line: Sequence[str] | None = None) -> None:
    """Run the parts in turn and print their figures as they come, or be one part."""
    options = parser().parse_args(line)
    if options.be:
        {"train": _train, "trl": _trl, "answers": _answers, "vllm": _vllm}[options.be](options)
        return
    _tell(options, {"device": _device_name(options), "torch": torch.__version__, "model": options.model})
    for part in [*options.parts.split(","), *(["vllm"] if options.vllm else [])]:
        words = [f"--{name}={value}" for name, value in vars(options).items() if value is not None and name != "be"]
        command = [sys.executable, "-W", "ignore", "-m", "tests.benchmarks.gpu", *words, "--be", part]
        done = subprocess.run(command)
        if done.returncode:
            _tell(options, {"part": part, "failed": done.returncode})


def _device_name(options: argparse.Namespace) -> str:
    return torch.cuda.get_device_name(options.device) if options.device.startswith("cuda") else options.device


def _tell(options: argparse.Namespace, row: dict[str, Any]) -> None:
    """Print one row of figures, and append it to the file."""
    print(
        "  ".join(
            f"{name} {value:.3g}" if isinstance(value, float) else f"{name} {value}" for name, value in row.items()
        )
    )
    sys.stdout.flush()
    if options.json is not None:
        with options.json.open("a") as file:
            file.write(json.dumps(row) + "\n")


# -- the same model for all ------------------------------------------------------------------------------------------


def random_model(options: argparse.Namespace) -> Any:
    """A random model of the asked shape, made on the device in bfloat16."""
    from transformers import AutoModelForCausalLM, LlamaConfig

    settings = {name: value for name, value in MODELS[options.model].items() if name != "model_type"}
    config = LlamaConfig(**settings, bos_token_id=1, eos_token_id=2, pad_token_id=2)
    with torch.device(options.device):
        return AutoModelForCausalLM.from_config(config, dtype=torch.bfloat16).eval()


def random_base(options: argparse.Namespace) -> BaseModel:
    """The same as Palate's base model; no token ends an answer."""
    model = random_model(options)
    stored = ("random", sum(weight.numel() for weight in model.parameters()))
    base = BaseModel(
        model, tiny_tokenizer(), source="random", location="", dtype="bfloat16", device=options.device, stored=stored
    )
    base.stop_ids = frozenset()
    return base


def pairs_of(shape: str, count: int) -> list[PreferencePair]:
    """Pairs whose parts have exactly the shape's tokens; texts differ from pair to pair."""
    prompt, chosen, rejected = SHAPES[shape]
    lengths = (prompt - _TEMPLATE_TOKENS, chosen - 2, rejected - 2)
    made = []
    for number in range(count):
        texts = [text_of(length, number + 31 * place) for place, length in enumerate(lengths)]
        made.append(PreferencePair(str(number), (Message(role="user", content=texts[0]),), texts[1], texts[2]))
    return made


def _peak(options: argparse.Namespace) -> float:
    return torch.cuda.max_memory_allocated(options.device) / 1e9 if options.device.startswith("cuda") else float("nan")


def _reset_peak(options: argparse.Namespace) -> None:
    if options.device.startswith("cuda"):
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats(options.device)


def _synchronize(options: argparse.Namespace) -> None:
    if options.device.startswith("cuda"):
        torch.cuda.synchronize(options.device)


def _timed(options: argparse.Namespace, work: Callable[[], object]) -> float:
    _synchronize(options)
    started = time.perf_counter()
    work()
    _synchronize(options)
    return time.perf_counter() - started


# -- training --------------------------------------------------------------------------------------------------------


def _train(options: argparse.Namespace) -> None:
    base = random_base(options)
    for shape, again in itertools.product(options.shapes.split(","), ("off", "on")):
        if again == "on" and shape != "longest":
            continue
        try:
            _tell(
                options, {"part": "train", "shape": shape, "checkpointing": again} | _run(options, base, shape, again)
            )
        except torch.OutOfMemoryError as error:
            _tell(options, {"part": "train", "shape": shape, "checkpointing": again, "failed": str(error)[:90]})
        for name in base.loaded_adapters():
            base.unload_adapter(name)


def _run(options: argparse.Namespace, base: BaseModel, shape: str, checkpointing: str) -> dict[str, Any]:
    config = TrainConfig(
        epochs=1, eval_share=0.0, batch_size=BATCH, max_length=2048, gradient_checkpointing=checkpointing
    )
    seconds: list[float] = []
    reference: list[float] = []
    methods = []
    _reset_peak(options)
    pairs = pairs_of(shape, BATCH * (options.steps + 1))
    before = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        for event in train_dpo(base, pairs, config, adapter="a1", folder=Path(folder) / "adapter"):
            now = time.perf_counter()
            if isinstance(event, StepDone):
                seconds.append(1 / event.metrics["pairs_per_second"])
            elif isinstance(event, ReferenceScored):
                reference.append(now - before)
            elif isinstance(event, Notice):
                methods.append(event.text)
            before = now
    pair = statistics.median(seconds[1:])
    prompt, chosen, rejected = SHAPES[shape]
    return {
        "s_a_pair": pair,
        "tokens_a_second": (prompt + chosen + rejected) / pair,
        "reference_s": sum(reference) / len(pairs),
        "peak_gb": _peak(options),
        "estimated_gb": _estimate(options, shape, config, checkpointing == "on"),
        "method": methods[0] if methods else "",
    }


def _estimate(options: argparse.Namespace, shape: str, config: TrainConfig, checkpointing: bool) -> float:
    from engine.estimates.model_shape import shape_of

    prompt, chosen, rejected = SHAPES[shape]
    row = (prompt + chosen + rejected, prompt + max(chosen, rejected))
    memory = estimate_memory(
        shape_of(MODELS[options.model]),
        config,
        dtype="bfloat16",
        device=options.device,
        row=row,
        checkpointing=checkpointing,
    )
    return (memory.peak - memory.copies) / 1e9


def _trl(options: argparse.Namespace) -> None:
    for shape in options.shapes.split(","):
        for again in (False, True):
            try:
                _tell(
                    options, {"part": "trl", "shape": shape, "checkpointing": again} | _trl_run(options, shape, again)
                )
                break
            except torch.OutOfMemoryError as error:
                _tell(options, {"part": "trl", "shape": shape, "checkpointing": again, "failed": str(error)[:90]})


def _trl_run(options: argparse.Namespace, shape: str, checkpointing: bool) -> dict[str, Any]:
    from datasets import Dataset
    from peft import LoraConfig
    from transformers import TrainerCallback
    from trl import DPOConfig, DPOTrainer

    marks: list[float] = []

    class Clock(TrainerCallback):  # type: ignore[misc]
        def on_step_end(self, *_: Any, **__: Any) -> None:
            _synchronize(options)
            marks.append(time.perf_counter())

    rows = [
        {
            "prompt": [dict(message) for message in pair.prompt],
            "chosen": [{"role": "assistant", "content": pair.chosen}],
            "rejected": [{"role": "assistant", "content": pair.rejected}],
        }
        for pair in pairs_of(shape, BATCH * (options.steps + 1))
    ]
    _reset_peak(options)
    with tempfile.TemporaryDirectory() as folder:
        arguments = DPOConfig(
            output_dir=folder,
            per_device_train_batch_size=BATCH,
            max_steps=options.steps + 1,
            max_length=4096,
            learning_rate=5e-5,
            save_strategy="no",
            logging_steps=1,
            report_to=[],
            disable_tqdm=True,
            use_cpu=options.device == "cpu",
            bf16=True,
            gradient_checkpointing=checkpointing,
            precompute_ref_log_probs=True,
        )
        trainer = DPOTrainer(
            random_model(options),
            args=arguments,
            train_dataset=Dataset.from_list(rows),
            processing_class=tiny_tokenizer(),
            peft_config=LoraConfig(r=16, lora_alpha=32, lora_dropout=0.05, target_modules="all-linear"),
            callbacks=[Clock()],
        )
        trainer.train()
    seconds = statistics.median((after - before) / BATCH for before, after in itertools.pairwise(marks))
    return {"s_a_pair": seconds, "peak_gb": _peak(options)}


# -- answers ---------------------------------------------------------------------------------------------------------


def _answers(options: argparse.Namespace) -> None:
    base = random_base(options)
    prompts = [text_of(PROMPT_TOKENS - _TEMPLATE_TOKENS, number) for number in range(max(ROWS) // 2)]
    for rows in map(int, options.rows.split(",")):
        asked = prompts[: rows // 2]
        ways: dict[str, Callable[[], None]] = {
            "palate": lambda asked=asked, rows=rows: _palate_writes(options, base, asked, rows),  # type: ignore[misc]
            "transformers": lambda asked=asked: _transformers_writes(options, base, asked),  # type: ignore[misc]
        }
        best = dict.fromkeys(ways, float("inf"))
        peaks = {}
        for _ in range(2):
            for name, work in ways.items():
                _reset_peak(options)
                best[name] = min(best[name], _timed(options, work))
                peaks[name] = _peak(options)
        for name, seconds in best.items():
            tokens = rows * options.tokens / seconds
            row = {"part": "answers", "way": name, "rows": rows, "tokens_a_second": tokens}
            _tell(options, row | {"ms_a_step": 1000 * seconds / options.tokens, "peak_gb": peaks[name]})


def _palate_writes(options: argparse.Namespace, base: BaseModel, prompts: Sequence[str], rows: int) -> None:
    requests = [
        GenerationRequest(f"{number}/{seed}", (Message(role="user", content=prompt),), 100 * number + seed)
        for number, prompt in enumerate(prompts)
        for seed in (1, 2)
    ]
    config = SamplingConfig(max_new_tokens=options.tokens, **SAMPLING)
    done = [event for event in generate(base, requests, config, max_rows=rows) if isinstance(event, CompletionDone)]
    assert sum(event.tokens for event in done) == rows * options.tokens


def _transformers_writes(options: argparse.Namespace, base: BaseModel, prompts: Sequence[str]) -> None:
    texts = [
        base.tokenizer.apply_chat_template(
            [{"role": "user", "content": prompt}], tokenize=False, add_generation_prompt=True
        )
        for prompt in prompts
    ]
    inputs = base.tokenizer(texts, return_tensors="pt", padding=True, add_special_tokens=False).to(options.device)
    length = {"max_new_tokens": options.tokens, "min_new_tokens": options.tokens, "num_return_sequences": 2}
    with torch.no_grad():
        base.hf_model.generate(**inputs, do_sample=True, pad_token_id=2, **length, **SAMPLING)


def _vllm(options: argparse.Namespace) -> None:
    shape = {**MODELS[options.model], "architectures": ["LlamaForCausalLM"], "eos_token_id": 2, "bos_token_id": 1}
    request = {
        "config": shape,
        "rows": [int(rows) for rows in options.rows.split(",")],
        "tokens": options.tokens,
        "prompt": PROMPT_TOKENS,
        "eager": options.device == "cpu",
        "sampling": SAMPLING,
    }
    command = [options.vllm, VLLM_SCRIPT, json.dumps(request)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith('{"rows"'):  # vLLM's own log may share the stream
                _tell(options, _vllm_row(options, json.loads(line)))
    if process.returncode:
        sys.exit(process.returncode)


def _vllm_row(options: argparse.Namespace, found: dict[str, Any]) -> dict[str, Any]:
    tokens = found["rows"] * options.tokens / found["seconds"]
    row = {"part": "answers", "way": f"vllm {found['vllm']}", "rows": found["rows"], "tokens_a_second": tokens}
    return row | {"ms_a_step": 1000 * found["seconds"] / options.tokens}


if __name__ == "__main__":
    main()
