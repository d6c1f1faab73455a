# ruff: noqa: T201
"""Measures, on a CUDA device, what cannot be decided without one: kernels of attention, graphs, and sizes of passes.

    python -m tests.gpu.choose_attention [--shape 8b|small]

It prints one line for each choice: which kernel scores pairs, whether it gives the same bits twice and what it keeps;
steps with and without captured graphs, and whether both draw the same tokens; passes of several sizes, compiled or not.
"""

import argparse
import time
import traceback
from collections.abc import Callable, Sequence
from typing import Any

import torch
import transformers

from engine.chat import EncodedPair
from engine.config import TrainConfig
from engine.dropout import PairDropout
from engine.llama.attention import AttentionKernel, PackedAttention, attention_kernel
from engine.llama.decoding import DecodingWeights
from engine.llama.kernels import Kernels
from engine.llama.scoring import LlamaScorer
from engine.llama.static_decoding import StaticDecoder
from engine.model import BaseModel
from engine.packing import pack
from engine.training.learner import adapter_parameters
from tests.flags import flags_of
from tests.tiny import tiny_tokenizer

SHAPES: dict[str, dict[str, Any]] = {
    "small": {
        "vocab_size": 32000,
        "hidden_size": 1024,
        "intermediate_size": 2816,
        "num_hidden_layers": 4,
        "num_attention_heads": 8,
        "num_key_value_heads": 2,
    },
    "8b": {
        "vocab_size": 128256,
        "hidden_size": 4096,
        "intermediate_size": 14336,
        "num_hidden_layers": 32,
        "num_attention_heads": 32,
        "num_key_value_heads": 8,
    },
}


def parser() -> argparse.ArgumentParser:
    """The flags."""
    flags = flags_of(__doc__)
    flags.add_argument("--shape", choices=tuple(SHAPES), default="8b")
    return flags


def main(line: Sequence[str] | None = None) -> None:
    """Measure and print."""
    shape = SHAPES[parser().parse_args(line).shape]
    print(torch.cuda.get_device_name(), torch.__version__)
    for dtype in (torch.bfloat16, torch.float32):
        tried(lambda dtype=dtype: attention(dtype))
    base = model_of(shape)
    tried(lambda: decoding(base))
    tried(lambda: training(base))


def tried(measure: Callable[[], None]) -> None:
    """Measure, and go on after an error: time on a device is short."""
    try:
        measure()
    except Exception:  # noqa: BLE001
        traceback.print_exc()


def model_of(shape: dict[str, Any]) -> BaseModel:
    """A model of this shape with random weights, and an adapter a1 whose B matrices are not zero."""
    config = transformers.LlamaConfig(**shape, max_position_embeddings=8192, tie_word_embeddings=False)
    with torch.device("cuda"):
        model = transformers.AutoModelForCausalLM.from_config(config, dtype=torch.bfloat16).eval()
    stored = ("f" * 64, 1)
    base = BaseModel(model, tiny_tokenizer(), source="x", location="x", dtype="bfloat16", device="cuda", stored=stored)
    base.create_adapter("a1", TrainConfig())
    with torch.no_grad():
        for value in adapter_parameters(base.model, "a1").values():
            value.normal_(std=0.01)
    return base


def seconds(do: Callable[[], object], times: int) -> float:
    """Seconds of one call, the mean of several after one more."""
    do()
    torch.cuda.synchronize()
    started = time.perf_counter()
    for _ in range(times):
        do()
    torch.cuda.synchronize()
    return (time.perf_counter() - started) / times


def pairs_of(count: int, prompt: int, answer: int) -> list[EncodedPair]:
    def tokens(first: int, number: int) -> tuple[int, ...]:
        return tuple(first + place % 200 for place in range(number))

    return [
        EncodedPair(str(index), tokens(index, prompt), tokens(20, answer), tokens(40, answer - index % 7))
        for index in range(count)
    ]


def attention(dtype: torch.dtype) -> None:
    """The kernel of this dtype against attention with masks, in value, gradient, bits, time and memory."""
    from engine.llama import attention as module

    pairs = pairs_of(4, 200, 300)
    packed = pack(pairs, "cuda")
    generator = torch.Generator("cuda").manual_seed(1)

    def heads(number: int) -> torch.Tensor:
        made = torch.randn(len(packed.input_ids), number, 128, device="cuda", dtype=dtype, generator=generator)
        return made.requires_grad_()

    q, k, v = heads(32), heads(8), heads(8)
    share = torch.randn(len(q), 32 * 128, device="cuda", dtype=dtype, generator=generator)

    def run() -> list[torch.Tensor]:
        out = PackedAttention(packed)(q, k, v, window=None, scale=128**-0.5)
        return [out.detach(), *torch.autograd.grad(out, (q, k, v), share)]

    own = module.attention_kernel
    found = {}
    try:
        for kernel in AttentionKernel:
            if kernel is AttentionKernel.PRODUCTS or (kernel is AttentionKernel.FLASH and dtype is torch.float32):
                continue
            module.attention_kernel = lambda *_, kernel=kernel, **__: kernel
            torch.cuda.reset_peak_memory_stats()
            before = torch.cuda.memory_allocated()
            found[kernel] = run()
            peak = (torch.cuda.max_memory_allocated() - before) / 1e6
            same = all(map(torch.equal, found[kernel], run()))
            print(f"attention {dtype} {kernel}: {1e3 * seconds(run, 5):.2f} ms, peak {peak:.0f} MB, same bits {same}")
    finally:
        module.attention_kernel = own
    truth = found[AttentionKernel.MASKED]
    for kernel, results in found.items():
        apart = [float((a - b).float().norm() / b.float().norm()) for a, b in zip(results, truth, strict=True)]
        print(f"    {kernel}: relative to the mask {[f'{value:.1e}' for value in apart]}")
    print("    chosen:", attention_kernel("cuda", dtype))


def decoding(base: BaseModel) -> None:
    """Steps launched one by one and as graphs."""
    packed = DecodingWeights(base.hf_model)
    prompt = list(range(30, 230))
    for rows in (1, 2, 8, 16, 32, 64, 128):
        drawn, times = [], []
        for captures in (False, True):
            with base.policy("a1"), torch.no_grad():
                decoder = StaticDecoder(base.hf_model, packed, adapter="a1", max_rows=rows, captures=captures)
                tokens = decoder.admit([([*prompt, row], 1) for row in range(rows)]).argmax(-1)
                torch.cuda.synchronize()
                started = time.perf_counter()
                tokens = decoder.step(tokens).argmax(-1)
                torch.cuda.synchronize()
                first = time.perf_counter() - started
                written = [tokens]
                started = time.perf_counter()
                for _ in range(64):
                    written.append(decoder.step(written[-1]).argmax(-1))
                    written[-1].tolist()
                times.append((time.perf_counter() - started) / 64)
                drawn.append(torch.stack(written))
            del decoder
        same = torch.equal(*drawn)
        print(
            f"decode {rows} rows: one by one {1e3 * times[0]:.2f} ms, graph {1e3 * times[1]:.2f} ms "
            f"({rows / times[1]:.0f} tokens/s), first step {1e3 * first:.0f} ms, same tokens {same}"
        )


def training(base: BaseModel) -> None:
    """Passes of several sizes: tokens a second, the peak, and whether two passes give the same bits."""
    values = adapter_parameters(base.model, "a1")
    for compiled in (False, True):
        model = LlamaScorer(base.hf_model, "a1", Kernels(compiled=compiled))
        for count, prompt, answer in ((1, 100, 300), (4, 100, 300), (10, 100, 300), (20, 100, 300), (1, 40, 984)):
            pairs = pairs_of(count, prompt, answer)

            def run(pairs: list[EncodedPair] = pairs, model: LlamaScorer = model) -> list[torch.Tensor]:
                with base.policy("a1", training=True):
                    scores = model.score(pairs, "cuda", dropout=PairDropout(tuple(range(len(pairs)))))
                    sum(each.logps[0] - each.logps[1] for each in scores).backward()  # type: ignore[union-attr]
                found = [value.grad.clone() for value in values.values() if value.grad is not None]
                base.model.zero_grad()
                return found

            one = run()
            torch.cuda.reset_peak_memory_stats()
            before = torch.cuda.memory_allocated()
            same = all(map(torch.equal, one, run()))
            peak = (torch.cuda.max_memory_allocated() - before) / 1e9
            took = seconds(run, 3)
            tokens = sum(pair.row_tokens for pair in pairs)
            print(
                f"train compiled={compiled} {count} pairs of {prompt}+2·{answer}: {1e3 * took:.0f} ms, "
                f"{tokens / took:.0f} tokens/s, {count / took:.2f} pairs/s, peak {peak:.2f} GB, same bits {same}"
            )


if __name__ == "__main__":
    main()
