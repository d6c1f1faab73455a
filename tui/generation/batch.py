"""Prompts being answered, two answers each: sampled again where they are the same, stored when both are whole."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from db import comparisons as db_comparisons
from db import prompts as db_prompts
from db.prompt_rows import AskedOf, PromptRow, with_system
from engine.errors import PromptRefused
from engine.server import Server
from tui.compute.loaded_model import LoadedModel
from tui.compute.scheduler import Turns
from tui.compute.seeds import seed_from
from tui.events import AnswersGrowing, ComparisonStored, WorkbenchEvent, WorkbenchNotice
from tui.generation.answer_sources import Asking, Side
from tui.generation.completion_writer import Joining, Wanted, Writer, Written, hotter, store_comparison
from tui.text.similarity import nearly_equal
from tui.workspace.workspace import Workspace

ATTEMPTS = 3
"""How often the second answer is sampled again when both are nearly the same."""
GROWS_EVERY_S = 0.25
"""Answers that grow are published at most this often: more is not read, and every frame goes over the wire."""


@dataclass
class Batch:
    """Prompts that are answered together.

    `streams`: what is written so far is published. `more` is told how many more prompts could be answered beside the
    others, and gives the next ones. `again`: how many pairs the prompt has already; such a batch holds one prompt, for
    which a person asked, and its pair goes to the front of the queue.
    """

    asking: Asking
    asked_of: AskedOf
    prompts: list[PromptRow]
    nearly_equal: float
    streams: bool
    more: Callable[[int], list[PromptRow]] = lambda _: []
    again: int = 0
    side_seeds: dict[int, int] = field(default_factory=dict)
    written: dict[tuple[int, int], Written] = field(default_factory=dict)
    stored: set[int] = field(default_factory=set)

    @property
    def unstored(self) -> int:
        """How many prompts have no pair yet."""
        return len(self.prompts) - len(self.stored)

    def prompt(self, number: int) -> PromptRow:
        """The prompt with this id."""
        return next(each for each in self.prompts if each.id == number)

    def texts(self, prompt: int) -> tuple[str, str] | None:
        """Both answers to a prompt, when both are there."""
        first, second = self.written.get((prompt, 0)), self.written.get((prompt, 1))
        return (first.done.text, second.done.text) if first and second else None


class Answering:
    """Answers batches in turns of the lane. `stored` is called after each pair that was stored."""

    def __init__(
        self,
        workspace: Workspace,
        loaded_model: LoadedModel,
        publish: Callable[[WorkbenchEvent], None],
        wake: Callable[[], None],
        *,
        seed: int,
        stored: Callable[[], None],
    ) -> None:
        self.writer = Writer(loaded_model, wake)
        self.comparisons: list[int] = []
        """Those that were stored, the newest last."""
        self._workspace, self._publish, self._seed, self._on_stored = workspace, publish, seed, stored
        self._told: set[object] = set()
        self._grown_at = 0.0

    def answer(self, batch: Batch) -> Turns:
        """Two answers to each prompt; where both are nearly the same, the second is sampled again, hotter.

        Raises:
            ServerError: a server could not be asked.
        """
        for each in batch.prompts:
            self._place(batch, each)
        yield from self._write(batch, batch.prompts, (0, 1), attempt=0)
        for attempt in range(1, ATTEMPTS + 1):
            alike = [each for each in batch.prompts if each.id not in batch.stored]
            if not alike:
                return
            self._withdraw(batch)
            yield from self._write(batch, alike, (1,), attempt)
        for each in batch.prompts:
            if each.id not in batch.stored:
                self._pass_over(batch, each, f"The model gave nearly the same answer {ATTEMPTS + 2} times.")

    def _place(self, batch: Batch, prompt: PromptRow) -> None:
        """Draw the sides of the answers to come."""
        seeds = [self._answer_seed(batch, prompt.id, index, 0) for index in (0, 1)]
        batch.side_seeds[prompt.id] = seed_from(self._seed, "side", prompt.id, *seeds)

    def _answer_seed(self, batch: Batch, prompt: int, index: int, attempt: int) -> int:
        again = (batch.again,) if batch.again else ()
        return seed_from(self._seed, prompt, index, attempt, _policy_word(batch.asking.sides[index]), *again)

    def _write(self, batch: Batch, prompts: Sequence[PromptRow], indices: Collection[int], attempt: int) -> Turns:
        if batch.asking.alike and attempt == 0:
            both = [(prompt, index) for prompt in prompts for index in indices]
            yield from self._write_side(batch, batch.asking.first, both, attempt, joins=True)
            return
        for index in indices:
            side = hotter(batch.asking.sides[index], attempt)
            yield from self._write_side(batch, side, [(prompt, index) for prompt in prompts], attempt)

    def _write_side(
        self, batch: Batch, side: Side, asked: Sequence[tuple[PromptRow, int]], attempt: int, *, joins: bool = False
    ) -> Turns:
        """One side's answers in one batch. A prompt that is too long for the model is passed over.

        `joins`: both answers are asked for, so the batch's next prompts may take the place of those that are answered.
        """
        asked = [each for each in asked if each[0].id not in batch.stored and each[0] in batch.prompts]

        def done(written: Written) -> None:
            prompt, index = _parts(written.done.key)
            batch.written[prompt, index] = written
            self._store_if_ready(batch, batch.prompt(prompt))

        def grew(texts: Mapping[str, str]) -> None:
            if batch.streams and attempt == 0 and not batch.stored:
                self._grow(batch, texts)

        joining = Joining(lambda rows: self._join(batch, rows), lambda key, why: self._refuse(batch, key, why))
        wanted = [self._wanted(batch, prompt, index, attempt) for prompt, index in asked]
        try:
            yield from self.writer.write(side, wanted, done, grew, joining if joins else None)
        except PromptRefused as error:
            self._refuse(batch, error.key, str(error))
            yield from self._write_side(batch, side, asked, attempt, joins=joins)

    def _join(self, batch: Batch, rows: int) -> list[Wanted]:
        """Both answers to as many of the batch's next prompts as there are rows for."""
        prompts = batch.more(rows // 2) if rows > 1 else []
        for each in prompts:
            self._place(batch, each)
        batch.prompts += prompts
        return [self._wanted(batch, prompt, index, 0) for prompt in prompts for index in (0, 1)]

    def _wanted(self, batch: Batch, prompt: PromptRow, index: int, attempt: int) -> Wanted:
        messages = with_system(prompt.messages, batch.asking.system)
        return Wanted(f"{prompt.id}/{index}", messages, self._answer_seed(batch, prompt.id, index, attempt))

    def _refuse(self, batch: Batch, key: str, reason: str) -> None:
        """The model cannot answer this prompt: no more of it in this batch."""
        refused = [each for each in batch.prompts if each.id == _parts(key)[0]]
        for each in refused:  # none where the prompt's other answer was refused before
            self._pass_over(batch, each, reason)
            batch.prompts.remove(each)

    # -- what became of an answer --------------------------------------------------------------------------------

    def _store_if_ready(self, batch: Batch, prompt: PromptRow) -> None:
        texts = batch.texts(prompt.id)
        if texts is None or nearly_equal(*texts, batch.nearly_equal) or self._had(batch, prompt, texts):
            return
        answers = [batch.written[prompt.id, index] for index in (0, 1)]
        models = batch.asked_of.model_a, batch.asked_of.model_b
        stored = self._workspace.write(
            store_comparison,
            prompt.id,
            models,
            answers,
            batch.asking.system,
            batch.side_seeds[prompt.id],
            asked_first=batch.again > 0,
        ).result()
        batch.stored.add(prompt.id)
        self.comparisons.append(stored)
        for each in answers:
            self._tell_left_out(each.left_out)
        self._publish(ComparisonStored(stored))
        self._on_stored()

    def _had(self, batch: Batch, prompt: PromptRow, texts: tuple[str, str]) -> bool:
        """Were these the prompt's two answers before? Only where it is answered again, and likely without chance."""
        return batch.again > 0 and db_comparisons.texts_compared(self._workspace.connection, prompt.id, texts)

    def _pass_over(self, batch: Batch, prompt: PromptRow, reason: str) -> None:
        """There is no pair, and that is said; a prompt without one is not asked of these policies any more."""
        self._withdraw(batch)
        about = f"“{prompt.first_line}”: {reason}"
        if batch.again:
            self._publish(WorkbenchNotice("No new answers", f"{about} A higher temperature may help: press the comma."))
            return
        self._workspace.write(db_prompts.pass_over, prompt.id, batch.asked_of, reason).result()
        about += " It is asked again once another model, adapter or sampling answers."
        self._publish(WorkbenchNotice("A prompt was passed over", about))

    def _tell_left_out(self, left_out: frozenset[str]) -> None:
        names = sorted(left_out - {"stream_options"})
        if names and left_out not in self._told:
            self._told.add(left_out)
            does = "does" if len(names) == 1 else "do"
            self._publish(
                WorkbenchNotice(
                    "The server does not know every setting",
                    f"It refused {', '.join(names)}, which {does} not shape its answers. They are kept without.",
                )
            )

    # -- while answers grow --------------------------------------------------------------------------------------

    def _grow(self, batch: Batch, texts: Mapping[str, str]) -> None:
        """Publish what is there of the two answers to a batch's first prompt."""
        if (now := time.monotonic()) < self._grown_at + GROWS_EVERY_S:
            return
        self._grown_at = now
        prompt = batch.prompts[0]
        both = []
        for index in (0, 1):
            written = batch.written.get((prompt.id, index))
            both.append(written.done.text if written else texts.get(f"{prompt.id}/{index}", ""))
        if db_comparisons.is_flipped(batch.side_seeds[prompt.id]):
            both.reverse()
        self._publish(AnswersGrowing(prompt, (both[0], both[1])))

    def _withdraw(self, batch: Batch) -> None:
        """The answers that grew are no pair: take them off the screen."""
        if batch.streams:
            batch.streams = False
            self._publish(AnswersGrowing(batch.prompts[0], None))


def _parts(key: str) -> tuple[int, int]:
    """The prompt's id and which of its two answers, from the key of an answer."""
    prompt, index = key.split("/")
    return int(prompt), int(index)


def _policy_word(side: Side) -> str | None:
    """What tells policies apart in the seed of an answer."""
    if isinstance(side.policy, Server):
        return f"{side.policy.base_url} {side.policy.model}"
    return side.policy and side.policy.manifest.id
