"""One cell of the table: verdicts by a program, a run, answers to the held-out questions, and what they cost."""

import random
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from statistics import fmean
from typing import Any

import torch

from engine.chat import EncodedPair, encode_pair
from engine.config import TrainConfig
from engine.events import AdapterSaved, Notice, NoticeLevel, StepDone
from engine.general_text import general_text_pairs, nats_per_token
from engine.logps import score_pair
from engine.model import BaseModel
from engine.preference import DECISIVE, PreferencePair
from engine.train import train_dpo
from tests.benchmarks.taste.answers import Answered, Writer
from tests.benchmarks.taste.arms import RIVAL, Arm, arm_of
from tests.benchmarks.taste.plan import Cell
from tests.benchmarks.taste.rounds import judged_in_rounds
from tests.benchmarks.taste.searching import search
from tests.benchmarks.taste.tastes import TASTES, Taste

Record = dict[str, Any]
_ADAPTER = "a1"


def run_cell(writer: Writer, cell: Cell) -> Record:
    """Everything that is known of a cell, as one record of plain values."""
    started = time.perf_counter()
    taste, base = TASTES[cell.taste], writer.base
    plain = writer.held_out(cell.seed)
    if cell.arm == RIVAL:
        answered = writer.prompted(cell.seed, cell.taste, taste.system)
        return _record(writer, cell, taste, plain, answered, None, {"seconds": time.perf_counter() - started})
    arm = arm_of(cell.arm)
    pairs = all_pairs(writer, taste, cell, arm)
    said: Counter[str] = Counter(pair.outcome for pair in pairs)
    config, why = arm.config(cell.seed, count_decided(pairs)), None
    if arm.searched:
        config, why = search(base, [pair for pair in pairs if pair.outcome in config.outcomes], config)
    run = {**train(base, pairs, config), "search": why and why.sentence}
    try:
        answered = writer.tuned(cell.seed, _ADAPTER)
        more = {"said": dict(said), "run": run, "seconds": time.perf_counter() - started}
        return _record(writer, cell, taste, plain, answered, _ADAPTER, more)
    finally:
        base.unload_adapter(_ADAPTER)


def all_pairs(writer: Writer, taste: Taste, cell: Cell, arm: Arm) -> list[PreferencePair]:
    """The verdicts of a cell, in as many rounds as its arm has."""
    if not arm.in_rounds:
        return judged_pairs(writer.labelling(cell.seed, cell.verdicts), taste, cell)

    def judge(answered: Answered, start: int) -> list[PreferencePair]:
        part = replace(cell, verdicts=len(answered.prompts))
        return judged_pairs(answered, taste, part, start)

    def learn(pairs: Sequence[PreferencePair]) -> str:
        train(writer.base, pairs, arm.config(cell.seed, count_decided(pairs)))
        return _ADAPTER

    return judged_in_rounds(writer, cell, arm, judge, learn)


def count_decided(pairs: Sequence[PreferencePair]) -> int:
    """How many pairs have a better answer."""
    return sum(pair.outcome in DECISIVE for pair in pairs)


def judged_pairs(answered: Answered, taste: Taste, cell: Cell, start: int = 0) -> list[PreferencePair]:
    """The first `cell.verdicts` pairs with what the program says of them; a share of the decided ones is flipped.

    `start` is the place of the first question among all; it is in the names of the pairs.
    """
    chance = random.Random(f"flips {cell.seed}" + (f" {start}" if start else ""))
    pairs = []
    for place, (prompt, (first, second)) in enumerate(zip(answered.prompts, answered.answers, strict=True)):
        if len(pairs) == cell.verdicts:
            break
        said = taste.verdict(first.text, second.text)
        flipped = chance.random() < cell.flips
        ordered = (first, second) if (said.point >= 0) != (flipped and said.point != 0) else (second, first)
        chosen, rejected = ordered
        pairs.append(
            PreferencePair(
                str(start + place), prompt, chosen.text, rejected.text, chosen.cut, rejected.cut, outcome=said.outcome
            )
        )
    if len(pairs) < cell.verdicts:
        raise SystemExit(f"There are only {len(pairs)} of {cell.verdicts} pairs of seed {cell.seed}.")
    return pairs


def train(base: BaseModel, pairs: Sequence[PreferencePair], config: TrainConfig) -> Record:
    """One run on the pairs that these settings learn from. The adapter stays loaded as `a1`."""
    started = time.perf_counter()
    learned = [pair for pair in pairs if pair.outcome in config.outcomes]
    last: StepDone | None = None
    kept, warnings = 0, []
    with tempfile.TemporaryDirectory() as folder:
        for event in train_dpo(base, learned, config, adapter=_ADAPTER, folder=Path(folder) / _ADAPTER):
            match event:
                case StepDone():
                    last = event
                case AdapterSaved():
                    kept = event.step
                case Notice(NoticeLevel.WARNING, text):
                    warnings.append(text)
    assert last is not None
    figures = {name: last.metrics[name] for name in ("loss", "rewards/margins", "rewards/accuracies")
               if name in last.metrics}  # fmt: skip
    settings = {name: value for name, value in asdict(config).items() if value != getattr(TrainConfig(), name)}
    facts = {"pairs": len(learned), "steps": last.step, "kept": kept, "warnings": warnings, "settings": settings}
    return {**facts, "last": figures, "seconds": time.perf_counter() - started}


def _record(
    writer: Writer,
    cell: Cell,
    taste: Taste,
    plain: Answered,
    answered: Answered,
    adapter: str | None,
    more: Record,
) -> Record:
    shares = [
        fmean((1 + taste.verdict(ours.text, theirs.text).point) / 2 for ours, theirs in zip(*samples, strict=True))
        for samples in zip(answered.answers, plain.answers, strict=True)
    ]
    base = writer.base
    general = {"base": general_text_nats(base, None), "tuned": general_text_nats(base, adapter)}
    return {
        "cell": asdict(cell),
        "max_new_tokens": writer.max_new_tokens,
        "unused": writer.unused,
        "shares": shares,
        "base": described(base, plain),
        "tuned": described(base, Answered(plain.prompts, answered.answers)),
        "general_text": general,
        **more,
    }


def described(base: BaseModel, answered: Answered) -> Record:
    """The share that ends by itself, the mean length in tokens, and nats a token under the base without a prompt of its
    own: how odd the base finds these answers."""
    every = [each for samples in answered.answers for each in samples]
    total, tokens = 0.0, 0
    for prompt, samples in zip(answered.prompts, answered.answers, strict=True):
        pair = PreferencePair("", prompt, samples[0].text, samples[1].text, samples[0].cut, samples[1].cut)
        encoded = encode_pair(base.tokenizer, pair, TrainConfig(max_length=4096))
        if not isinstance(encoded, EncodedPair):  # an answer without a token, or two equal ones
            continue
        with torch.no_grad(), base.policy(None):
            scores = score_pair(base.model, encoded, base.device)
        total -= float(scores.logps.sum())
        tokens += sum(scores.tokens)
    return {
        "ended": fmean(not each.cut for each in every),
        "tokens": fmean(each.tokens for each in every),
        "nats": total / max(tokens, 1),
    }


def general_text_nats(base: BaseModel, adapter: str | None) -> float:
    """Nats a token on the general text."""
    pairs = general_text_pairs(base.tokenizer)
    with torch.no_grad(), base.policy(adapter):
        return nats_per_token([score_pair(base.model, pair, base.device).logps for pair in pairs], pairs)
