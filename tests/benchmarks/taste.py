"""Does training teach a taste, and does the model still speak? A program judges, so nobody has to.

    python -m tests.benchmarks.taste --taste shorter --seeds 1 2 3

For each seed: the default model answers labelling questions twice, the program chooses, a run with the default
settings trains on 100 pairs, then base and tuned answer the 80 held-out questions twice each with the same sampling,
and the same program judges base against tuned. Beside the win rate stand the figures that show a collapse: the share
of answers that end by themselves, their length, and how likely the base model finds them, per token. `--learning-rate
2e-4` is known to collapse the default model.
"""

import argparse
import json
import math
import random
import re
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

import torch

from db.prompt_rows import NewPrompt
from engine.chat import EncodedPair, encode_pair
from engine.config import SamplingConfig, TrainConfig
from engine.events import AdapterSaved, CompletionDone, EvalDone, Notice, SourceReady, StepDone
from engine.generate import generate
from engine.logps import score_pair
from engine.model import BaseModel, load_base
from engine.preference import PreferencePair
from engine.requests import GenerationRequest
from engine.sources.default_model import DEFAULT_SOURCE
from engine.sources.prepare import prepare_source
from engine.train import train_dpo
from tests.flags import add_model, flags_of, path
from tui.workspace.bundled_prompts import load_questions

LIST_LINE = re.compile(r"^\s*(?:[-*•]|\d+[.)])\s+\S", re.MULTILINE)
SAMPLES = 2


def prefers_shorter(first: str, second: str) -> int:
    """1 when the first answer is shorter, -1 when the second is, 0 for a tie."""
    return (len(second) > len(first)) - (len(second) < len(first))


def prefers_list(first: str, second: str) -> int:
    """1 when only the first answer has a list of at least two items, -1 when only the second has, else 0."""
    has = [len(LIST_LINE.findall(text)) >= 2 for text in (first, second)]
    return has[0] - has[1]


TASTES: dict[str, Callable[[str, str], int]] = {"shorter": prefers_shorter, "list": prefers_list}


@dataclass(frozen=True)
class Answered:
    """All answers of one policy: `answers[prompt][sample]`."""

    answers: list[list[CompletionDone]]
    likelihood: float

    def describe(self) -> str:
        """Share that ends by itself, mean length, and the base model's mean log-probability per token."""
        every = [each for samples in self.answers for each in samples]
        ended = fmean(not each.cut for each in every)
        return (
            f"ends by itself {ended:4.0%}   {fmean(each.tokens for each in every):5.0f} tokens   "
            f"base log-probability per token {self.likelihood:+.2f}"
        )


def parser() -> argparse.ArgumentParser:
    """The flags."""
    flags = flags_of(__doc__)
    flags.add_argument("--taste", choices=TASTES, default="shorter")
    flags.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    flags.add_argument("--pairs", type=int, default=100)
    flags.add_argument("--learning-rate", type=float, default=TrainConfig().learning_rate)
    add_model(flags, DEFAULT_SOURCE)
    flags.add_argument("--device", default="auto")
    flags.add_argument("--max-rows", type=int, default=32)
    flags.add_argument(
        "--steps-to", type=path, metavar="FILE", help="append every step's figures to this file, one JSON object a line"
    )
    return flags


def main(line: Sequence[str] | None = None) -> None:
    """Run every seed and print what came of it."""
    args = parser().parse_args(line)
    base = load(args.model, args.device)
    print(" ".join(base.reasons))
    outcomes = [run_seed(base, args, seed) for seed in args.seeds]
    report(outcomes)


def load(source: str, device: str) -> BaseModel:
    """The base model, prepared if need be."""
    location = next(event.location for event in prepare_source(source) if isinstance(event, SourceReady))
    return load_base(location, source=source, device=device)


def run_seed(base: BaseModel, args: argparse.Namespace, seed: int) -> list[float]:
    """One seed from pairs to verdicts; returns the tuned policy's share for each held-out prompt, 1, 0.5 or 0."""
    judge = TASTES[args.taste]
    started = time.perf_counter()
    pairs = make_pairs(base, judge, args.pairs, seed, args.max_rows)
    config = TrainConfig(learning_rate=args.learning_rate, seed=seed)
    name = f"a{seed:08x}"
    with tempfile.TemporaryDirectory() as folder:
        learning = time.perf_counter()
        train(base, pairs, config, name, Path(folder) / name, args.steps_to)
        learned = time.perf_counter() - learning
    held_out = load_questions(held_out=True)
    answered = {policy: answer(base, held_out, policy, seed, args.max_rows) for policy in (None, name)}
    shares = [
        fmean((1 + judge(tuned.text, plain.text)) / 2 for tuned, plain in zip(*samples, strict=True))
        for samples in zip(answered[name].answers, answered[None].answers, strict=True)
    ]
    print(f"seed {seed}: {len(pairs)} pairs, {args.taste}: tuned {fmean(shares):.1%} of {len(shares)} prompts")
    print(f"  base   {answered[None].describe()}\n  tuned  {answered[name].describe()}")
    print(f"  run {learned:.0f} s, whole {time.perf_counter() - started:.0f} s", flush=True)
    base.unload_adapter(name)
    return shares


def make_pairs(
    base: BaseModel, judge: Callable[[str, str], int], wanted: int, seed: int, max_rows: int
) -> list[PreferencePair]:
    """Pairs of real answers to shuffled labelling questions, judged by the program; ties give none."""
    questions = load_questions(held_out=False)
    random.Random(seed).shuffle(questions)
    pairs: list[PreferencePair] = []
    chunk = max(wanted // 2, 1)
    for round_ in range(12):
        for start in range(0, len(questions), chunk):
            asked = questions[start : start + chunk]
            for prompt, (first, second) in zip(
                asked, sample(base, asked, None, 1000 * seed + round_, max_rows), strict=True
            ):
                if (verdict := judge(first.text, second.text)) == 0:
                    continue
                chosen, rejected = (first, second) if verdict > 0 else (second, first)
                key = f"{round_}-{prompt.messages[-1]['content']}"
                pairs.append(PreferencePair(key, prompt.messages, chosen.text, rejected.text, chosen.cut, rejected.cut))
                if len(pairs) == wanted:
                    return pairs
    raise SystemExit(f"Only {len(pairs)} of {wanted} pairs could be told apart.")


def sample(
    base: BaseModel, prompts: Sequence[NewPrompt], adapter: str | None, seed: int, max_rows: int
) -> list[list[CompletionDone]]:
    """`SAMPLES` answers to each prompt with the default sampling."""
    requests = [
        GenerationRequest(f"{place}/{index}", prompt.messages, seed * 100_003 + place * SAMPLES + index)
        for place, prompt in enumerate(prompts)
        for index in range(SAMPLES)
    ]
    done = {
        event.key: event
        for event in generate(base, requests, SamplingConfig(), adapter=adapter, max_rows=max_rows)
        if isinstance(event, CompletionDone)
    }
    return [[done[f"{place}/{index}"] for index in range(SAMPLES)] for place in range(len(prompts))]


def train(
    base: BaseModel,
    pairs: Sequence[PreferencePair],
    config: TrainConfig,
    name: str,
    folder: Path,
    steps_to: Path | None = None,
) -> None:
    """One run; prints its evaluations, its last step and every warning."""
    last: StepDone | None = None
    for event in train_dpo(base, pairs, config, adapter=name, folder=folder):
        match event:
            case Notice("warning", text):
                print(f"  warning: {text}")
            case StepDone():
                last = event
                if steps_to is not None:
                    with steps_to.open("a") as file:
                        file.write(json.dumps({"run": name, "step": event.step, **event.metrics}) + "\n")
            case EvalDone():
                loss, margin = event.metrics["eval_loss"], event.metrics["eval_rewards/margins"]
                print(f"  evaluation at step {event.step}: loss {loss:.3f}, margin {margin:+.2f}")
            case AdapterSaved():
                print(f"  the adapter of step {event.step} is kept")
    assert last is not None
    figures = last.metrics
    print(
        f"  step {last.step}: loss {figures['loss']:.3f}, margin {figures['rewards/margins']:+.2f}, "
        f"accuracy {figures['rewards/accuracies']:.2f}, chosen reward {figures['rewards/chosen']:+.2f}"
    )


def answer(base: BaseModel, prompts: Sequence[NewPrompt], adapter: str | None, seed: int, max_rows: int) -> Answered:
    """The policy's answers to the held-out prompts, and how likely the base model finds them."""
    answers = sample(base, prompts, adapter, 7_000 + seed, max_rows)
    total, tokens = 0.0, 0
    for prompt, samples in zip(prompts, answers, strict=True):
        pair = PreferencePair("", prompt.messages, samples[0].text, samples[1].text, samples[0].cut, samples[1].cut)
        encoded = encode_pair(base.tokenizer, pair, TrainConfig(max_length=4096))
        if not isinstance(encoded, EncodedPair):  # an answer without a single token
            continue
        with torch.no_grad(), base.policy(None):
            scores = score_pair(base.model, encoded, base.device)
        total += float(scores.logps.sum())
        tokens += sum(scores.tokens)
    return Answered(answers, total / max(tokens, 1))


def report(outcomes: Sequence[Sequence[float]]) -> None:
    """The mean over the seeds and the pooled 95 % interval; the unit is the prompt, whose seeds are averaged."""
    by_prompt = [fmean(each) for each in zip(*outcomes, strict=True)]
    mean = fmean(by_prompt)
    spread = math.sqrt(sum((each - mean) ** 2 for each in by_prompt) / (len(by_prompt) - 1) / len(by_prompt))
    low, high = mean - 1.96 * spread, mean + 1.96 * spread
    print(
        f"{len(outcomes)} seeds: tuned {mean:.1%}, 95 % interval {low:.1%} to {high:.1%} "
        f"(normal, over {len(by_prompt)} prompts, each the mean of its {len(outcomes) * SAMPLES} verdicts)"
    )


if __name__ == "__main__":
    main()
