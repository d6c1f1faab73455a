"""How fast answers are written: pairs per hour against transformers, side by side in one process.

    python -m tests.benchmarks.generate [--tokens 160] [--rounds 3] [--quick] [--llamacpp FILE.gguf]

Every answer has exactly `--tokens` tokens: ends of turn are ignored on both sides, so that equal work is timed. Ways
are measured in turn, round after round, and the best round of each counts: what else the machine does then weighs on
all alike. With OMP_NUM_THREADS=1 processor time is measured instead of the wall clock's, for a machine that others use
too. The original script's way is two `generate` calls, one after the other, in float32.
"""

import argparse
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from engine.config import SamplingConfig
from engine.events import CompletionDone, SourceReady, TokensDrawn
from engine.generate import generate
from engine.model import BaseModel, load_base
from engine.requests import GenerationRequest
from engine.sources.default_model import DEFAULT_SOURCE
from engine.sources.prepare import prepare_source
from tests.benchmarks.llamacpp import LlamaCpp
from tests.flags import flags_of, path

QUESTIONS = (
    "Why do leaves change colour in autumn?",
    "How does a vaccine protect the body?",
    "What makes the sky blue during the day and red in the evening?",
    "Why does ice float on water?",
    "How do bees tell one another where the flowers are?",
    "What is a black hole?",
    "Why do we dream?",
    "How does a magnet attract iron?",
)
SAMPLING = {"temperature": 0.9, "top_p": 0.95, "top_k": 50}


@dataclass(frozen=True)
class Way:
    """One way to write a number of pairs, and how many."""

    name: str
    pairs: int
    run: Callable[[], None]


def requests(pairs: int) -> list[GenerationRequest]:
    """Two answers to each of `pairs` questions."""
    made = []
    for pair in range(pairs):
        messages = ({"role": "user", "content": f"{QUESTIONS[pair % len(QUESTIONS)]} ({pair})"},)
        made += [GenerationRequest(f"{pair}/{seed}", messages, 100 * pair + seed) for seed in (1, 2)]
    return made


def palate(base: BaseModel, pairs: int, tokens: int, max_rows: int = 16) -> None:
    """Palate's own way."""
    config = SamplingConfig(max_new_tokens=tokens, **SAMPLING)
    done = [
        event
        for event in generate(base, requests(pairs), config, max_rows=max_rows)
        if isinstance(event, CompletionDone)
    ]
    assert sum(event.tokens for event in done) == 2 * pairs * tokens


def transformers_batched(base: BaseModel, pairs: int, tokens: int, *, one_by_one: bool = False) -> None:
    """transformers' `generate`: all answers in one left-padded batch, or one call after the other."""
    asked = requests(pairs)
    for batch in [[one] for one in asked] if one_by_one else [asked]:
        texts = [
            base.tokenizer.apply_chat_template(list(one.messages), tokenize=False, add_generation_prompt=True)
            for one in batch
        ]
        inputs = base.tokenizer(texts, return_tensors="pt", padding=True, add_special_tokens=False)
        with torch.no_grad():
            output = base.hf_model.generate(
                **inputs, do_sample=True, max_new_tokens=tokens, min_new_tokens=tokens, pad_token_id=2, **SAMPLING
            )
        base.tokenizer.batch_decode(output[:, inputs["input_ids"].shape[1] :], skip_special_tokens=True)


def one_after_another(child: LlamaCpp, tokens: int) -> None:
    """llama.cpp's two answers to one question, in turn."""
    for _ in range(2):
        child.answer(f"{QUESTIONS[0]} (0)", tokens, **SAMPLING)


def first_pair(base: BaseModel, tokens: int) -> float:
    """Seconds until the first pair of an empty queue is there, while four are being written."""
    started = _clock()
    done = set()
    for event in generate(base, requests(1), SamplingConfig(max_new_tokens=tokens, **SAMPLING)):
        if isinstance(event, CompletionDone):
            done.add(event.key)
        if isinstance(event, TokensDrawn) and {"0/1", "0/2"} <= done:
            break
    return _clock() - started


def bandwidth_limit(base: BaseModel) -> float:
    """Seconds that reading every weight once takes: no step can be faster at one pair."""
    size = sum(weight.numel() * weight.element_size() for weight in base.hf_model.parameters())
    block = torch.zeros(512 * 2**20, dtype=torch.uint8).view(torch.int64)
    seconds = min(_timed(lambda: block.sum()) for _ in range(5))
    return size * seconds / (block.numel() * 8)


def _timed(work: Callable[[], object]) -> float:
    started = _clock()
    work()
    return _clock() - started


def _clock() -> float:
    """Seconds of the wall clock, or of the processor where there is one thread: a busy machine weighs less on it."""
    return time.process_time() if torch.get_num_threads() == 1 else time.perf_counter()


def measure(ways: Iterable[Way], rounds: int) -> dict[str, float]:
    """Seconds per pair for each way: the best of `rounds`, after one round of warming up."""
    best: dict[str, float] = {}
    for turn in range(rounds + 1):
        for way in ways:
            seconds = _timed(way.run) / way.pairs
            print(f"round {turn}  {way.name}  {seconds:.2f} s", file=sys.stderr)
            if turn:
                best[way.name] = min(best.get(way.name, seconds), seconds)
    return best


def load(dtype: str) -> BaseModel:
    """The default model, with ends of turn ignored."""
    ready = list(prepare_source(DEFAULT_SOURCE))[-1]
    assert isinstance(ready, SourceReady)
    base = load_base(ready.location, source=DEFAULT_SOURCE, dtype=dtype)
    base.stop_ids = frozenset()
    base.tokenizer.padding_side = "left"
    return base


def parser() -> argparse.ArgumentParser:
    """The flags."""
    flags = flags_of(__doc__)
    flags.add_argument("--tokens", type=int, default=160, help="tokens of every answer")
    flags.add_argument("--rounds", type=int, default=3, help="how often each way is measured")
    flags.add_argument("--quick", action="store_true", help="leave out the queue of 32 pairs")
    flags.add_argument("--llamacpp", type=path, metavar="FILE", help="the default model's GGUF file")
    return flags


def main(line: Sequence[str] | None = None) -> None:
    """Read the flags and measure."""
    given = parser().parse_args(line)
    report(given.tokens, given.rounds, given.quick, given.llamacpp)


def report(tokens: int, rounds: int, quick: bool, llamacpp: Path | None) -> None:
    """Measure, and print one line per way and one per comparison."""
    full, half = load("float32"), load("auto")
    print(f"{half.dtype} on {half.device}, {torch.get_num_threads()} threads, {tokens} tokens per answer")
    ways = [Way("two calls, float32", 1, lambda: transformers_batched(full, 1, tokens, one_by_one=True))]
    for pairs in (1, 4, 8):
        ways.append(Way(f"transformers {pairs}x2", pairs, lambda p=pairs: transformers_batched(half, p, tokens)))
        ways.append(Way(f"palate {pairs}x2", pairs, lambda p=pairs: palate(half, p, tokens)))
    if not quick:
        ways.append(Way("palate, queue of 32", 32, lambda: palate(half, 32, tokens, max_rows=64)))
    child = LlamaCpp(llamacpp) if llamacpp else None
    if child is not None:
        ways.append(Way("llama.cpp in turn", 1, lambda: one_after_another(child, tokens)))
    best = measure(ways, rounds)
    if child is not None:
        child.close()
    for name, seconds in best.items():
        print(f"{name:<22} {3600 / seconds:>8.0f} pairs/h  {best['two calls, float32'] / seconds:>6.1f} x two calls")
    for pairs in (1, 4, 8):
        ratio = best[f"transformers {pairs}x2"] / best[f"palate {pairs}x2"]
        print(f"against transformers at {pairs}x2: {ratio:.2f}")
    if child is not None and not quick:
        ratio = best["llama.cpp in turn"] / best["palate, queue of 32"]
        print(f"queue of 32 against llama.cpp, one answer after another: {ratio:.2f}")
    first = min(first_pair(half, tokens) for _ in range(rounds))
    print(f"first pair of an empty queue: {first:.2f} s, {first / best['two calls, float32']:.2f} of the two calls")
    limit = bandwidth_limit(half)
    print(f"one step at 1x2: {best['palate 1x2'] / tokens * 1e3:.1f} ms, reading the weights {limit * 1e3:.1f} ms")


if __name__ == "__main__":
    main()
