"""Answers to each prompt of a batch: two that are not nearly the same are stored once all of a prompt are whole."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass

from db import comparisons as db_comparisons
from db import prompts as db_prompts
from db.prompt_rows import AskedOf, PromptRow, with_system
from engine.errors import AnswersAlike, AnswersMissing, TemplateRefused
from engine.requests import GenerationRequest
from engine.thoughts import without_thoughts
from tui.compute.seeds import seed_from
from tui.compute.services import Services
from tui.events import AnswersGrowing, ComparisonStored, WorkbenchNotice
from tui.generation.answer_sources import AnswerSource
from tui.generation.candidates import Candidate, TwoPlaces, choose_pair
from tui.generation.completion_writer import Completed, CompletionWriter, Missing, Refused, TextGrew, WriterEvent
from tui.generation.pair_batch import PairBatch
from tui.generation.policies import ServedPolicy
from tui.text.sanitize import visible_line
from tui.text.similarity import nearly_equal
from tui.workspace.settings import BY_MARGIN

ATTEMPTS = 3
"""How often the second answer is sampled again when both are nearly the same."""
ALIKE_IN_TURN = 5
"""After this many prompts in turn with nearly the same answers, no more are tried: that was 25 answers for no pair."""
MISSING_IN_TURN = 3
"""After this many requests in turn without an answer, the server is asked no more."""
LONGEST_QUOTE = 60
"""Characters of an answer that an error quotes."""
GROWS_EVERY_S = 0.25
"""Answers that grow are published at most this often: no person reads faster, and every frame goes to a terminal."""


@dataclass(frozen=True)
class Boundary:
    """Another job may take its turn. `room` is how many more prompts could be answered beside the others."""

    room: int = 0


@dataclass(frozen=True)
class PairStored:
    """Both answers to a prompt are on the disk; another job may take its turn."""

    comparison: int


class PairWriter:
    """Writes and stores the pairs of batches, one batch after the other."""

    def __init__(self, services: Services, *, seed: int, comparisons: list[int] | None = None) -> None:
        self.completions = CompletionWriter(services)
        self.comparisons: list[int] = [] if comparisons is None else comparisons
        """The stored comparisons, the newest last."""
        self._services = services
        self._workspace, self._publish, self._seed = services.workspace, services.publish, seed
        self._reported_left_out: set[frozenset[str]] = set()
        self._grown_at = 0.0
        self._missing_in_turn = self._alike_in_turn = 0
        self._reported_missing: set[str] = set()
        self._unanswered: set[tuple[int, AskedOf]] = set()

    def unanswered(self, asked_of: AskedOf) -> set[int]:
        """The prompts to which a server gave no answer when asked in this way, until `ask_again`."""
        return {prompt for prompt, way in self._unanswered if way == asked_of}

    def ask_again(self) -> None:
        """Forget which prompts got no answer."""
        self._unanswered.clear()
        self._reported_missing.clear()
        self._missing_in_turn = self._alike_in_turn = 0

    def write(self, batch: PairBatch) -> Generator[PairStored | Boundary, None, None]:
        """Two answers to each prompt; where both are nearly the same, the second is sampled again, at a higher
        temperature. Prompts may join while two answers of one source are written for the first time.

        Raises:
            ServerError: a server could not be asked, or gave several requests in turn no answer.
            AnswersAlike: several prompts in turn got nearly the same answers.
            TemplateRefused: the model's chat template refuses the system prompt of the settings.
        """
        sources = batch.sources
        self._draw_sides(batch, batch.prompts)
        if sources.alike:
            requests = self._requests(batch, batch.prompts, range(batch.candidates))
            yield from self._write(batch, sources.first, requests, joins=True)
        else:
            for index, source in enumerate(sources.both):
                own = range(index, batch.candidates, 2)
                yield from self._write(batch, source, self._requests(batch, batch.prompts, own))
        # A few prompts are sampled again first. If that helps none of them, `_count_alike` raises before the others.
        yield from self._write_again(batch, batch.without_pair[:ALIKE_IN_TURN])
        yield from self._write_again(batch, batch.without_pair)
        if batch.stored:
            self._alike_in_turn = 0

    def _write_again(
        self, batch: PairBatch, prompts: Sequence[PromptRow]
    ) -> Generator[PairStored | Boundary, None, None]:
        """Sample the second answers of these prompts again; where they stay nearly the same, pass the prompt over."""
        chosen = {each.id for each in prompts}
        for attempt in range(1, ATTEMPTS + 1):
            left = [each for each in batch.without_pair if each.id in chosen]
            if not left:
                return
            self._withdraw(batch)
            source = batch.sources.second.at_attempt(attempt)
            yield from self._write(batch, source, self._requests(batch, left, (1,), attempt))
        left = [each for each in batch.without_pair if each.id in chosen]
        for each in left:
            self._pass_over(batch, each, f"The model gave nearly the same answer {ATTEMPTS + batch.candidates} times.")
            batch.prompts.remove(each)
        self._count_alike(batch, left)

    def _count_alike(self, batch: PairBatch, passed_over: Sequence[PromptRow]) -> None:
        """Count the prompts without a pair since the last stored pair.

        Raises:
            AnswersAlike: there are several. A prompt that a person asked for again does not count.
        """
        if batch.again or batch.stored or not passed_over:
            return
        self._alike_in_turn += len(passed_over)
        if self._alike_in_turn >= ALIKE_IN_TURN:
            number, self._alike_in_turn = self._alike_in_turn, 0
            text = visible_line(batch.completed[passed_over[-1].id, 1].done.text, LONGEST_QUOTE)
            saw = f"nearly the same, such as “{text}”" if text.strip() else "empty"
            raise AnswersAlike(
                f"{number} prompts in turn got {ATTEMPTS + batch.candidates} answers each that were {saw}. Choose "
                "another model, adapter or sampling."
            )

    def _write(
        self, batch: PairBatch, source: AnswerSource, requests: Iterable[GenerationRequest], *, joins: bool = False
    ) -> Generator[PairStored | Boundary, None, None]:
        asked = deque(requests)
        with closing(self.completions.write(source, asked, joins=joins)) as events:
            for event in events:
                yield self._handle(batch, event)
                if isinstance(event, Completed):
                    yield from self._store_if_ready(batch, _parts(event.done.key)[0])
                asked += self._take_joining(batch)

    def _take_joining(self, batch: PairBatch) -> list[GenerationRequest]:
        """Both answers to the prompts that join."""
        joining = list(batch.joining)
        batch.joining.clear()
        batch.prompts += joining
        self._draw_sides(batch, joining)
        return self._requests(batch, joining, range(batch.candidates))

    # -- what is asked for ---------------------------------------------------------------------------------------

    def _draw_sides(self, batch: PairBatch, prompts: Iterable[PromptRow]) -> None:
        for each in prompts:
            seeds = [self._seed_of(batch, each, index, 0) for index in (0, 1)]
            batch.side_seeds[each.id] = seed_from(self._seed, "side", each.id, *seeds)

    def _requests(
        self, batch: PairBatch, prompts: Iterable[PromptRow], indices: Sequence[int], attempt: int = 0
    ) -> list[GenerationRequest]:
        """The requests for the answers of these numbers, from 0, to each prompt."""
        requests = []
        for prompt in prompts:
            messages = with_system(prompt.messages, batch.sources.system)
            for index in indices:
                seed = self._seed_of(batch, prompt, index, attempt)
                requests.append(GenerationRequest(f"{prompt.id}/{index}", messages, seed))
        return requests

    def _seed_of(self, batch: PairBatch, prompt: PromptRow, index: int, attempt: int) -> int:
        again = (batch.again,) if batch.again else ()
        return seed_from(self._seed, prompt.id, index, attempt, _seed_word(batch.sources.both[index % 2]), *again)

    # -- what the writer reports ---------------------------------------------------------------------------------

    def _handle(self, batch: PairBatch, event: WriterEvent) -> Boundary:
        match event:
            case Completed():
                self._missing_in_turn = 0
                prompt, index = _parts(event.done.key)
                batch.completed[prompt, index] = event
            case Refused():
                self._refuse(batch, event)
            case Missing():
                self._miss(batch, event)
            case TextGrew():
                if batch.streams and not batch.stored:
                    self._grow(batch, event.texts)
                return Boundary(event.room // batch.candidates)
        return Boundary()

    def _store_if_ready(self, batch: PairBatch, prompt: int) -> Generator[PairStored | Boundary, None, None]:
        """Once all answers to a prompt are there, store the two that are asked; none where all are nearly the same."""
        answers = batch.answers(prompt)
        if answers is None:
            return
        texts = [each.done.text for each in answers]
        allowed = [(i, j) for i, j in batch.places if not self._is_useless(batch, prompt, (texts[i], texts[j]))]
        if not allowed:
            return
        asked = allowed[0]
        with closing(self._choice(batch, prompt, answers, allowed)) as choice:
            for better in choice:
                asked = better
                yield Boundary()
        yield self._store(batch, prompt, answers, asked)

    def _choice(
        self, batch: PairBatch, prompt: int, answers: Sequence[Completed], allowed: Sequence[TwoPlaces]
    ) -> Generator[TwoPlaces, None, None]:
        row = next(each for each in batch.prompts if each.id == prompt)
        messages = with_system(row.messages, batch.sources.system)
        candidates = [Candidate(each.done.text, each.done.cut) for each in answers]
        return choose_pair(
            self._services, self._order(batch, prompt), messages, candidates, allowed, batch.sources.first.sampling
        )

    def _order(self, batch: PairBatch, prompt: int) -> str:
        """The order that chooses among a prompt's answers; by margins, a share of the prompts is left to chance."""
        if batch.order not in BY_MARGIN:
            return batch.order
        by_chance = seed_from(self._seed, "candidates", prompt) / 2**48 < batch.random_share
        # Where servers alone answer, this is a thread without the model.
        return "in-order" if by_chance or not batch.sources.needs_model else batch.order

    def _store(self, batch: PairBatch, prompt: int, answers: Sequence[Completed], places: TwoPlaces) -> PairStored:
        models, system = (batch.asked_of.model_a, batch.asked_of.model_b), batch.sources.system
        pair = [answers[place] for place in places]
        if batch.sources.alike or places[0] % 2 == 0:
            stored = (pair[0].to_store(models[0], system), pair[1].to_store(models[1], system))
        else:
            stored = (pair[1].to_store(models[0], system), pair[0].to_store(models[1], system))
        if not batch.sources.alike and batch.side_seeds[prompt] % 2:  # a and b must not tell the policies apart
            stored = stored[1], stored[0]
        comparison = self._workspace.write(
            db_comparisons.add_pair,
            prompt,
            stored,
            side_seed=batch.side_seeds[prompt],
            asked_first=batch.again > 0,
        ).result()
        batch.stored.add(prompt)
        self.comparisons.append(comparison)
        for each in pair:
            self._report_left_out(each.left_out)
        self._publish(ComparisonStored(comparison))
        return PairStored(comparison)

    def _is_useless(self, batch: PairBatch, prompt: int, texts: tuple[str, str]) -> bool:
        """Are both answers nearly the same or, where a prompt is answered again, two that were compared before?

        Thoughts do not count: a pair whose answers differ in them alone would look the same on the screen.
        """
        if nearly_equal(without_thoughts(texts[0]), without_thoughts(texts[1]), batch.nearly_equal):
            return True
        return batch.again > 0 and db_comparisons.texts_compared(self._workspace.connection, prompt, texts)

    def _refuse(self, batch: PairBatch, refused: Refused) -> None:
        """The model cannot answer this prompt, so it leaves the batch.

        Raises:
            TemplateRefused: it is the system prompt of the settings, not this prompt, that the chat template refuses.
        """
        number, _ = _parts(refused.key)
        if isinstance(refused.error, TemplateRefused) and self._adds_system(batch, number):
            raise refused.error
        for prompt in [each for each in batch.prompts if each.id == number]:  # none where its other answer was refused
            self._pass_over(batch, prompt, refused.reason, refused=True)
            batch.prompts.remove(prompt)

    def _adds_system(self, batch: PairBatch, number: int) -> bool:
        """Do the settings put a system prompt before this prompt of the batch?"""
        added = batch.sources.system is not None
        return added and any(each.id == number and each.messages[0]["role"] != "system" for each in batch.prompts)

    def _miss(self, batch: PairBatch, missing: Missing) -> None:
        """The server gave no answer, so the prompt leaves the batch. Nothing is stored about it.

        Raises:
            AnswersMissing: that happened several times in turn.
        """
        number, _ = _parts(missing.key)
        for prompt in [each for each in batch.prompts if each.id == number]:
            self._unanswered.add((number, batch.asked_of))
            self._report_missing(batch, prompt, missing.reason)
            batch.prompts.remove(prompt)
        self._missing_in_turn += 1
        if self._missing_in_turn >= MISSING_IN_TURN:
            self._missing_in_turn = 0
            raise AnswersMissing(f"{MISSING_IN_TURN} times in turn: {missing.reason}")

    def _report_missing(self, batch: PairBatch, prompt: PromptRow, reason: str) -> None:
        """Publish why a prompt has no pair; a reason that many prompts share is published once."""
        self._withdraw(batch)
        if batch.again:
            self._publish(WorkbenchNotice("No new answers", f"“{prompt.first_line}”: {reason}"))
        elif reason not in self._reported_missing:
            self._reported_missing.add(reason)
            self._publish(WorkbenchNotice("A prompt got no answer", f"“{prompt.first_line}”: {reason}"))

    def _pass_over(self, batch: PairBatch, prompt: PromptRow, reason: str, *, refused: bool = False) -> None:
        """Say that there is no pair; these policies do not get the prompt any more."""
        self._withdraw(batch)
        about = f"“{prompt.first_line}”: {reason}"
        if batch.again:
            hotter = "" if refused else " A higher temperature may help: press the comma."
            self._publish(WorkbenchNotice("No new answers", about + hotter))
            return
        self._workspace.write(db_prompts.pass_over, prompt.id, batch.asked_of, reason).result()
        about += " It is asked again once another model, adapter or sampling answers."
        self._publish(WorkbenchNotice("A prompt was passed over", about))

    def _report_left_out(self, left_out: frozenset[str]) -> None:
        names = sorted(left_out - {"stream_options"})
        if names and left_out not in self._reported_left_out:
            self._reported_left_out.add(left_out)
            does, it = ("does", "it") if len(names) == 1 else ("do", "them")
            text = f"It refused {', '.join(names)}, which {does} not shape its answers. They are stored without {it}."
            self._publish(WorkbenchNotice("The server does not know every setting", text))

    # -- while answers grow --------------------------------------------------------------------------------------

    def _grow(self, batch: PairBatch, texts: Mapping[str, str]) -> None:
        """Publish the text so far of both answers to a batch's first prompt."""
        if (now := time.monotonic()) < self._grown_at + GROWS_EVERY_S:
            return
        self._grown_at = now
        prompt = batch.prompts[0]
        both = []
        for index in (0, 1):
            whole = batch.completed.get((prompt.id, index))
            both.append(whole.done.text if whole else texts.get(f"{prompt.id}/{index}", ""))
        if db_comparisons.is_flipped(batch.side_seeds[prompt.id]):
            both.reverse()
        self._publish(AnswersGrowing(prompt, (both[0], both[1])))

    def _withdraw(self, batch: PairBatch) -> None:
        """Take the answers that grew off the screen, since they are no pair."""
        if batch.streams:
            batch.streams = False
            self._publish(AnswersGrowing(batch.prompts[0], None))


def _parts(key: str) -> tuple[int, int]:
    """The prompt's id and which of its two answers, from the key of an answer."""
    prompt, index = key.split("/")
    return int(prompt), int(index)


def _seed_word(source: AnswerSource) -> str | None:
    """The word that distinguishes policies in the seed of an answer."""
    policy = source.policy
    if isinstance(policy, ServedPolicy):
        tuned = f" {policy.adapter.manifest.id}" if policy.adapter else ""
        return f"{policy.server.base_url} {policy.server.model}{tuned}"
    return policy if isinstance(policy, str | None) else policy.manifest.id
