"""Palate against TRL's DPOTrainer: seconds per pair, tokens per second and peak memory on the same work.

    python -m tests.benchmarks.train_vs_trl [--shapes natural,long] [--steps 4] [--threads 2] [--dtype bfloat16]

Every contender trains the same LoRA (r 16 on all linear layers, dropout 0.05) on the same pairs in batches of 4, in a
process of its own, one after another, `--rounds` times in turn. The model has the shape of SmolLM2-135M with random
weights: speed does not depend on their values, so nothing is downloaded. The first step of each is left out. Palate's
reference pass, made once per pair, is told apart; TRL's best settings have it precomputed as well.
"""

import argparse
import itertools
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.flags import flags_of

SHAPES = {  # tokens of prompt, chosen and rejected
    "short": (30, 160, 160),
    "natural": (36, 121, 150),
    "long": (400, 100, 100),
    "very long": (900, 60, 60),
}
CONTENDERS = ("trl defaults", "trl best", "palate")
BATCH = 4
HIDDEN, INTERMEDIATE, LAYERS, HEADS, KV_HEADS, VOCABULARY = 576, 1536, 30, 9, 3, 49152


def parser() -> argparse.ArgumentParser:
    """The flags."""
    flags = flags_of(__doc__)
    flags.add_argument("--shapes", default=",".join(SHAPES))
    flags.add_argument("--contenders", default=",".join(CONTENDERS))
    flags.add_argument("--steps", type=int, default=4)
    flags.add_argument("--rounds", type=int, default=1)
    flags.add_argument("--threads", type=int, default=os.cpu_count())
    flags.add_argument("--device", default="cpu")
    flags.add_argument("--dtype", default="bfloat16")
    flags.add_argument("--scoring", default="compiled")
    flags.add_argument("--be", help=argparse.SUPPRESS)
    return flags


def main(line: Sequence[str] | None = None) -> None:
    """Run the contenders in turn and print the table, or be one of them."""
    options = parser().parse_args(line)
    if options.be:
        print("RESULT " + json.dumps(_contend(options)), flush=True)
        return
    peak = _matrix_speed(options)
    print(f"{options.threads} threads, {options.device}, {options.dtype}; matrix products {peak / 1e9:.0f} GFLOP/s")
    for shape in options.shapes.split(","):
        results: dict[str, list[dict[str, Any]]] = {}
        for _ in range(options.rounds):
            for name in options.contenders.split(","):
                results.setdefault(name, []).append(_spawn(options, name, shape))
        _tell(shape, results, peak)


def _spawn(options: argparse.Namespace, name: str, shape: str) -> dict[str, Any]:
    """One contender in a fresh process, so that its peak memory is its own."""
    arguments = ["--be", name, "--shapes", shape, "--steps", str(options.steps), "--threads", str(options.threads)]
    arguments += ["--device", options.device, "--dtype", options.dtype, "--scoring", options.scoring]
    command = [sys.executable, "-W", "ignore", "-m", "tests.benchmarks.train_vs_trl", *arguments]
    environment = {**os.environ, "OMP_NUM_THREADS": str(options.threads), "TRL_EXPERIMENTAL_SILENCE": "1"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    lines = [line for line in done.stdout.splitlines() if line.startswith("RESULT ")]
    if not lines:
        raise SystemExit(f"{name} on {shape} failed:\n{done.stderr[-3000:]}")
    result: dict[str, Any] = json.loads(lines[-1].removeprefix("RESULT "))
    return result


def _tell(shape: str, results: dict[str, list[dict[str, Any]]], peak: float) -> None:
    prompt, chosen, rejected = SHAPES[shape]
    needed = _flops(prompt, chosen, rejected)
    print(f"\n{shape}: {prompt} prompt tokens, answers of {chosen} and {rejected}; {needed / 1e9:.0f} GFLOP a pair")
    print(f"{'':14}{'s/pair':>9}{'tokens/s':>10}{'peak MB':>9}{'of peak':>9}{'times':>8}")
    first = statistics.median(second for run in next(iter(results.values())) for second in run["seconds_per_pair"])
    for name, runs in results.items():
        seconds = statistics.median(second for run in runs for second in run["seconds_per_pair"])
        tokens = (2 * prompt + chosen + rejected) / seconds
        memory = max(run["peak_mb"] for run in runs)
        share = needed / seconds / peak
        print(f"{name:14}{seconds:9.3f}{tokens:10.0f}{memory:9.0f}{share:9.0%}{first / seconds:8.2f}", end="")
        extra = runs[0].get("reference_s")
        print("" if extra is None else f"   reference {extra:.3f} s a pair, once; {runs[0]['way']}", flush=True)


def _flops(prompt: int, chosen: int, rejected: int) -> float:
    """What a pair needs at least: forward and input gradients, the prompt once, the head on completion tokens only."""
    head = HIDDEN // HEADS
    layer = HIDDEN * (2 * HIDDEN + 2 * KV_HEADS * head + 3 * INTERMEDIATE)
    tokens = prompt + chosen + rejected
    lora = 16 * (4 * HIDDEN + 4 * HIDDEN + 2 * KV_HEADS * head + 3 * INTERMEDIATE)
    linear = 2 * 2 * tokens * LAYERS * layer + 3 * 2 * tokens * LAYERS * lora
    seen = (prompt + chosen) ** 2 / 2 + rejected * prompt + rejected**2 / 2
    attention = 3 * 2 * 2 * seen * HIDDEN * LAYERS
    return linear + attention + 2 * 2 * (chosen + rejected) * HIDDEN * VOCABULARY


def _matrix_speed(options: argparse.Namespace) -> float:
    """The machine's best speed on matrix products of the model's own sizes, in FLOP/s."""
    import torch

    torch.set_num_threads(options.threads)
    x = torch.randn(1024, HIDDEN, device=options.device).to(getattr(torch, options.dtype))
    weight = torch.randn(INTERMEDIATE, HIDDEN, device=options.device).to(x.dtype)
    best = float("inf")
    for _ in range(200):
        started = time.perf_counter()
        torch.nn.functional.linear(x, weight)
        if options.device != "cpu":
            torch.cuda.synchronize()
        best = min(best, time.perf_counter() - started)
    return 2 * 1024 * HIDDEN * INTERMEDIATE / best


def _contend(options: argparse.Namespace) -> dict[str, Any]:
    import torch

    torch.set_num_threads(options.threads)
    with tempfile.TemporaryDirectory() as folder:
        location = _model(Path(folder) / "model")
        run = _palate if options.be == "palate" else _trl
        result = run(options, location, Path(folder))
    result["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    if options.device != "cpu":
        result["peak_mb"] = torch.cuda.max_memory_allocated() / 2**20
    return result


def _model(folder: Path) -> Path:
    """A random model of SmolLM2-135M's shape with the byte-level test tokenizer, in bfloat16 on disk."""
    import torch

    from tests.tiny import tiny_config, tiny_model, tiny_tokenizer

    config = tiny_config(
        vocab_size=VOCABULARY,
        hidden_size=HIDDEN,
        intermediate_size=INTERMEDIATE,
        num_hidden_layers=LAYERS,
        num_attention_heads=HEADS,
        num_key_value_heads=KV_HEADS,
        max_position_embeddings=8192,
        rope_theta=100000,
    )
    model = tiny_model(config=config)
    model.to(torch.bfloat16).save_pretrained(folder)  # type: ignore[operator]
    tiny_tokenizer().save_pretrained(folder)
    return folder


def _texts(shape: str, count: int) -> list[tuple[str, str, str]]:
    """Prompt, chosen and rejected of exactly the shape's tokens: one byte is one token."""
    prompt, chosen, rejected = SHAPES[shape]
    template = 1 + 5 + 1 + 1 + 1 + 10  # <|im_start|>user\n…<|im_end|>\n<|im_start|>assistant\n
    made = []
    for number in range(count):
        lengths = (prompt - template, chosen - 2, rejected - 2)
        made.append(tuple(text_of(length, number + 31 * place) for place, length in enumerate(lengths)))
    return made  # type: ignore[return-value]


def text_of(length: int, start: int) -> str:
    """Letters that look random, one token each; another `start` gives another text."""
    letters = "abcdefghijklmnopqrstuvwxyz "
    return "".join(letters[(start + place * (place + start)) % len(letters)] for place in range(length))


def _palate(options: argparse.Namespace, location: Path, folder: Path) -> dict[str, Any]:
    from engine.config import TrainConfig
    from engine.events import Notice, ReferenceScored, StepDone
    from engine.model import load_base
    from engine.preference import Message, PreferencePair
    from engine.train import train_dpo

    base = load_base(str(location), source="random", dtype=options.dtype, device=options.device)
    pairs = [
        PreferencePair(str(number), (Message(role="user", content=prompt),), chosen, rejected)
        for number, (prompt, chosen, rejected) in enumerate(_texts(options.shapes, BATCH * (options.steps + 1)))
    ]
    config = TrainConfig(epochs=1, eval_share=0.0, batch_size=BATCH, max_length=2048, scoring=options.scoring)
    seconds: list[float] = []
    reference: list[float] = []
    way = ""
    before = time.perf_counter()
    for event in train_dpo(base, pairs, config, adapter="a1", folder=folder / "adapter"):
        now = time.perf_counter()
        if isinstance(event, StepDone):
            seconds.append(1 / event.metrics["pairs_per_second"])
        elif isinstance(event, ReferenceScored):
            reference.append(now - before)
        elif isinstance(event, Notice) and not way:
            way = event.text
        before = now
    return {"seconds_per_pair": seconds[1:], "reference_s": statistics.median(reference), "way": way}


def _trl(options: argparse.Namespace, location: Path, folder: Path) -> dict[str, Any]:
    import torch
    from datasets import Dataset
    from peft import LoraConfig
    from transformers import AutoModelForCausalLM, AutoTokenizer, TrainerCallback
    from trl import DPOConfig, DPOTrainer

    marks: list[float] = []

    class Clock(TrainerCallback):  # type: ignore[misc]
        def on_step_end(self, *_: Any, **__: Any) -> None:
            if options.device != "cpu":
                torch.cuda.synchronize()
            marks.append(time.perf_counter())

    best = options.be == "trl best"
    half = options.dtype == "bfloat16"
    rows = [
        {
            "prompt": [{"role": "user", "content": prompt}],
            "chosen": [{"role": "assistant", "content": chosen}],
            "rejected": [{"role": "assistant", "content": rejected}],
        }
        for prompt, chosen, rejected in _texts(options.shapes, BATCH * (options.steps + 1))
    ]
    arguments = DPOConfig(
        output_dir=str(folder / "trl"),
        per_device_train_batch_size=BATCH,
        max_steps=options.steps + 1,
        max_length=2048,
        learning_rate=5e-5,
        save_strategy="no",
        logging_steps=1,
        report_to=[],
        disable_tqdm=True,
        use_cpu=options.device == "cpu",
        bf16=half,
        **({"gradient_checkpointing": False, "precompute_ref_log_probs": True} if best else {}),
    )
    model = AutoModelForCausalLM.from_pretrained(location, dtype=torch.bfloat16 if best and half else torch.float32)
    trainer = DPOTrainer(
        model,
        args=arguments,
        train_dataset=Dataset.from_list(rows),
        processing_class=AutoTokenizer.from_pretrained(location),
        peft_config=LoraConfig(r=16, lora_alpha=32, lora_dropout=0.05, target_modules="all-linear"),
        callbacks=[Clock()],
    )
    trainer.train()
    return {"seconds_per_pair": [(after - before) / BATCH for before, after in itertools.pairwise(marks)]}


if __name__ == "__main__":
    main()
