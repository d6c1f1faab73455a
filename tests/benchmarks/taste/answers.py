"""Answers of the default model, written once for a seed and shared by all arms: they are kept in a folder as JSON."""

import json
import os
import random
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from db.prompt_rows import NewPrompt, with_system
from engine.config import SamplingConfig
from engine.events import CompletionDone
from engine.generate import generate
from engine.model import BaseModel
from engine.preference import Message
from engine.requests import GenerationRequest
from tui.workspace.bundled_prompts import load_questions

SAMPLES = 2
PART = 100
"""Questions of one kept file of answers for labelling: 100 verdicts need no more than the first file."""


@dataclass(frozen=True)
class Answer:
    """One answer: its text, its number of tokens, and whether the token limit cut it."""

    text: str
    tokens: int
    cut: bool


@dataclass(frozen=True)
class Answered:
    """Answers of one policy, equally many to each question."""

    prompts: tuple[tuple[Message, ...], ...]
    answers: tuple[tuple[Answer, ...], ...]


@dataclass(frozen=True)
class Writer:
    """Writes answers of at most `max_new_tokens` tokens, and keeps those of the base in `folder`.

    With `unused`, the held-out questions of a seed are 80 of the labelling questions that its first 100 verdicts leave
    over: each seed has others, and settings that were chosen by the usual 80 have never met them.
    """

    base: BaseModel
    folder: Path
    max_new_tokens: int = 128
    max_rows: int = 32
    unused: bool = False

    def labelling(self, seed: int, count: int) -> Answered:
        """The base's answers to the first `count` of the 200 questions for labelling, shuffled by the seed."""
        questions = _shuffled(seed)
        parts = [
            self._kept(f"labelling-{seed}-{start}", questions[start : start + PART], 1000 * seed, first=start)
            for start in range(0, min(count, len(questions)), PART)
        ]
        prompts = [each for part in parts for each in part.prompts]
        answers = [each for part in parts for each in part.answers]
        return Answered(tuple(prompts[:count]), tuple(answers[:count]))

    def part(self, seed: int, start: int, end: int, samples: int, adapter: str | None) -> Answered:
        """Answers to the questions from `start` to `end`, `samples` to each; those of an adapter are not kept."""
        if adapter is None and samples == SAMPLES:
            whole = self.labelling(seed, end)
            return Answered(whole.prompts[start:end], whole.answers[start:end])
        asked, first = _shuffled(seed)[start:end], 1000 * seed + 500 + start
        if adapter is not None:
            return self._write(asked, first, adapter, samples)
        return self._kept(f"labelling-{seed}-{start}-{end}-{samples}", asked, first, samples)

    def held_out(self, seed: int) -> Answered:
        """The base's answers to the 80 held-out questions."""
        return self._kept(f"{self._kind}-{seed}", self._held_out(seed), 7_000 + seed)

    def prompted(self, seed: int, taste: str, system: str) -> Answered:
        """The base's answers to the held-out questions under a system prompt."""
        asked = [replace(each, messages=with_system(each.messages, system)) for each in self._held_out(seed)]
        return self._kept(f"prompted-{taste}-{self._kind}-{seed}", asked, 7_000 + seed)

    def tuned(self, seed: int, adapter: str) -> Answered:
        """An adapter's answers to the held-out questions, with the seeds of the base's answers; they are not kept."""
        return self._write(self._held_out(seed), 7_000 + seed, adapter)

    @property
    def _kind(self) -> str:
        return "unused" if self.unused else "held-out"

    def _held_out(self, seed: int) -> list[NewPrompt]:
        held_out = load_questions(held_out=True)
        return _shuffled(seed)[PART : PART + len(held_out)] if self.unused else held_out

    def _kept(
        self, name: str, questions: Sequence[NewPrompt], seed: int, samples: int = SAMPLES, first: int = 0
    ) -> Answered:
        file = self.folder / f"{name}-{self.max_new_tokens}-{self.base.fingerprint[:12]}.json"
        if not file.exists():
            record = asdict(self._write(questions, seed, None, samples, first))
            beside = file.with_suffix(".new")
            beside.write_text(json.dumps(record), encoding="utf-8")
            os.replace(beside, file)
        return _answered(json.loads(file.read_text(encoding="utf-8")))

    def _write(
        self, questions: Sequence[NewPrompt], seed: int, adapter: str | None, samples: int = SAMPLES, first: int = 0
    ) -> Answered:
        """`first` is the place of the first question among all of that seed."""
        prompts = tuple(tuple(Message(**turn) for turn in each.messages) for each in questions)
        requests = [
            GenerationRequest(f"{place}/{index}", prompt, seed * 100_003 + (first + place) * samples + index)
            for place, prompt in enumerate(prompts)
            for index in range(samples)
        ]
        sampling = SamplingConfig(max_new_tokens=self.max_new_tokens)
        done = {
            event.key: Answer(event.text, event.tokens, event.cut)
            for event in generate(self.base, requests, sampling, adapter=adapter, max_rows=self.max_rows)
            if isinstance(event, CompletionDone)
        }
        answers = [tuple(done[f"{place}/{index}"] for index in range(samples)) for place in range(len(prompts))]
        return Answered(prompts, tuple(answers))


def _shuffled(seed: int) -> list[NewPrompt]:
    """The questions for labelling in the order of that seed."""
    questions = load_questions(held_out=False)
    random.Random(seed).shuffle(questions)
    return questions


def _answered(record: dict) -> Answered:  # type: ignore[type-arg]
    return Answered(
        tuple(tuple(Message(**turn) for turn in each) for each in record["prompts"]),
        tuple(tuple(Answer(**one) for one in each) for each in record["answers"]),
    )
