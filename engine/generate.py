"""Sampled answers to prompts, several at a time, as a generator of events.

    for event in generate(base, requests, sampling, adapter="a1f3c"):

Rows of one prompt share its forward pass, and a row leaves when its answer ends. Each answer has its own random
stream. The same seed gives the same answer whatever else is in the batch, in float32 with the same number of threads.
In bfloat16 the other rows change the rounding, so only the stored text says what the answer was.
"""

import sys
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

import torch

from engine.chat import encode_prompt
from engine.config import SamplingConfig
from engine.decode import CachelessDecoder, Decoder, PlainDecoder, cache_follows_rows, rows_after_removal
from engine.errors import MemoryRanOut, ModelError
from engine.estimates.answer_memory import rows_that_fit
from engine.events import CompletionDone, Event, Notice, NoticeLevel, TokensDrawn
from engine.llama.decoding import DecodingWeights, LlamaDecoder
from engine.llama.static_decoding import StaticDecoder, static_problem
from engine.llama.support import decodes_on_cpu, support_of
from engine.model import BaseModel
from engine.out_of_memory import free_after, is_out_of_memory
from engine.requests import GenerationRequest
from engine.sampling import RandomStreams, draw_tokens, penalise
from engine.thoughts import from_channels, may_think, writes_channels

_HALF_A_CHARACTER = "\ufffd"  # the tokenizer's text for bytes that are no whole character yet


class PromptTooLong(ModelError):
    """A prompt leaves the model no room for an answer; `key` is the request's."""

    title = "The prompt is too long"

    def __init__(self, key: str, tokens: int, context_length: int) -> None:
        super().__init__(
            f"The prompt has {tokens} tokens and the model reads {context_length} with its answer. Shorten the prompt."
        )
        self.key = key


@dataclass
class _Row:
    """One answer being written."""

    request: GenerationRequest
    limit: int  # in tokens
    started: float
    ids: list[int] = field(default_factory=list)


def generate(
    base: BaseModel,
    requests: Sequence[GenerationRequest],
    sampling: SamplingConfig,
    *,
    adapter: str | None = None,
    max_rows: int = 16,
    tokens_per_turn: int = 8,
) -> Iterator[Event]:
    """Write an answer to every request.

    Args:
        base: the model; `adapter` names the loaded adapter that answers, None is the base alone.
        requests: with keys that differ. A deque is emptied, and a request that the caller appends to it at a boundary
            joins as rows come free. Call `check_fits` first: a prompt that does not fit raises and cancels all answers.
        sampling: how tokens are drawn, and how many at most.
        max_rows: how many answers are written together.
        tokens_per_turn: how many tokens each row gets between two boundaries.

    Yields:
        `CompletionDone` for each request as it ends, `TokensDrawn` after every turn, and a `Notice` where memory runs
        out: fewer answers are then written together, and those in progress begin again. At each event the model is as
        it was before, and closing the generator cancels the rest.

    Raises:
        PromptTooLong, TokenUnknown, TemplateRefused: before anything is written; see `check_fits`.
        AdapterLoadError: the adapter is not loaded.
        MemoryRanOut: there is no memory for one answer.
    """
    asked = requests if isinstance(requests, deque) else deque(requests)
    waiting = _prompts(base, asked, sampling)
    if not waiting:
        return
    longest = max(len(prompt.ids) + prompt.limit for prompt in waiting)
    rows = _rows_now(base, longest, max_rows)
    batch = _Batch(base, sampling, None)
    while waiting or batch.rows:
        tokens = 0
        try:
            with base.policy(adapter), torch.no_grad():
                batch.decoder = batch.decoder or make_decoder(base, adapter, max_rows=rows, tokens=longest)
                tokens = batch.turn(waiting, tokens_per_turn)
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            asked.extendleft(reversed(batch.drop(waiting)))
            free_after(error)
            rows = base.most_rows = _fewer(rows, batch, error)
            yield Notice(NoticeLevel.WARNING, f"The memory ran out. {_answers(rows)} written at a time for now.")
        yield from batch.take_done()
        yield TokensDrawn(tokens, batch.texts(), 0 if waiting or batch.decoder is None else batch.room())
        waiting += _prompts(base, asked, sampling)
    base.most_rows = None if base.most_rows is None or base.most_rows >= max_rows else 2 * base.most_rows


def _rows_now(base: BaseModel, longest: int, wanted: int) -> int:
    """How many rows to begin with: those wanted, as far as memory is free and was enough the last time.

    `longest` is the most tokens of a row, prompt and answer together.
    """
    config = base.hf_model.config
    fitting = rows_that_fit(config, dtype=base.dtype, device=base.device, tokens=longest, wanted=wanted)
    return fitting if base.most_rows is None else min(fitting, base.most_rows)


def _fewer(rows: int, batch: "_Batch", error: BaseException) -> int:
    """Half the rows that memory was not enough for."""
    if rows > 1:
        return max(1, min(rows, batch.dropped or rows) // 2)
    raise MemoryRanOut(
        "There is not enough memory for a single answer. Shorten the longest answer (max_new_tokens) or the prompts, "
        "close other programs, or start with --dtype 4bit."
    ) from error


def _answers(rows: int) -> str:
    return "One answer is" if rows == 1 else f"{rows} answers are"


def make_decoder(base: BaseModel, adapter: str | None, *, max_rows: int, tokens: int = 0) -> Decoder:
    """The fastest decoder that is right for this model with this adapter.

    `tokens` is how many a row will have, if that is known: the decoder takes memory for them at once.
    """
    model = base.hf_model
    if support_of(model, adapter).decoding is None:
        packed = base.decoding_weights = base.decoding_weights or DecodingWeights(model)
        if _static_steps(base, packed):
            return StaticDecoder(model, packed, adapter=adapter, max_rows=max_rows, tokens=tokens)
        if decodes_on_cpu(model) is None:
            return LlamaDecoder(model, packed, adapter=adapter, max_rows=max_rows)
    return PlainDecoder(model, max_rows) if _cache_follows_rows(base) else CachelessDecoder(model, max_rows)


def _static_steps(base: BaseModel, packed: DecodingWeights) -> bool:
    """Whether steps of fixed shapes are right for the model on its device, tried once."""
    if base.static_steps is None and base.device.startswith("cuda"):
        with base.policy(None), torch.no_grad():
            problem = static_problem(base.hf_model, packed)
        base.static_steps = problem is None
        if problem is not None:
            base.reasons += (f"Answers are written without captured graphs, more slowly: here {problem}.",)
    return bool(base.static_steps)


def _cache_follows_rows(base: BaseModel) -> bool:
    """Whether the model's cache is right after rows were removed; tried once."""
    if base.cache_follows_rows is None:
        with base.policy(None), torch.no_grad():
            base.cache_follows_rows = cache_follows_rows(base.hf_model)
    return base.cache_follows_rows


@dataclass
class _Prompt:
    """A prompt that waits to be read, with the requests that answer it."""

    ids: list[int]
    requests: list[GenerationRequest]
    limit: int


def _prompts(base: BaseModel, asked: deque[GenerationRequest], sampling: SamplingConfig) -> deque[_Prompt]:
    """Empty `asked` into prompts with the requests that answer them, in their order."""
    waiting: deque[_Prompt] = deque()
    for messages, members in groupby(asked, key=lambda request: request.messages):
        ids, same = encode_prompt(base.tokenizer, messages, sampling.thinking), list(members)
        waiting.append(_Prompt(ids, same, min(_most_tokens(base, sampling), _room(base, ids, same[0].key))))
    asked.clear()
    return waiting


def _most_tokens(base: BaseModel, sampling: SamplingConfig) -> int:
    """How many tokens an answer may have; one that may begin with thoughts has room for both."""
    thinks = may_think(base.tokenizer, sampling.thinking)
    return max(sampling.max_new_tokens, sampling.thinking_tokens) if thinks else sampling.max_new_tokens


def check_fits(base: BaseModel, request: GenerationRequest, thinking: str) -> None:
    """Raise the error that `generate` would raise for this request alone, under the setting `thinking`.

    Raises:
        PromptTooLong: the prompt leaves no room for an answer.
        TokenUnknown, TemplateRefused: the prompt cannot be read.
    """
    _room(base, encode_prompt(base.tokenizer, request.messages, thinking), request.key)


def _room(base: BaseModel, ids: Sequence[int], key: str) -> int:
    """How many tokens an answer to this prompt may have."""
    if base.context_length is None:
        return sys.maxsize
    if len(ids) >= base.context_length:
        raise PromptTooLong(key, len(ids), base.context_length)
    return base.context_length - len(ids)


class _Batch:
    """The rows being written, and their decoder."""

    def __init__(self, base: BaseModel, sampling: SamplingConfig, decoder: Decoder | None) -> None:
        self.rows: list[_Row] = []
        self.decoder = decoder
        self._threads = base.answer_threads
        self.dropped = 0
        """How many rows there were when they were last dropped."""
        self._joining: list[_Row] = []
        self._done: list[CompletionDone] = []
        self._tokenizer: Any = base.tokenizer
        self._sampling = sampling
        self._stop_ids = base.stop_ids
        self._logits: torch.Tensor | None = None  # (R, V): the next tokens are drawn from these
        self._streams = RandomStreams()
        self._seen: torch.Tensor | None = None  # (R, V): the tokens of prompt and answer, for a repetition penalty

    def room(self) -> int:
        """How many rows are free."""
        return self._opened.room()

    @property
    def _opened(self) -> Decoder:
        assert self.decoder is not None  # a turn has begun
        return self.decoder

    def take_done(self) -> list[CompletionDone]:
        """The answers that ended since this was last called."""
        done, self._done = self._done, []
        return done

    def drop(self, waiting: deque["_Prompt"]) -> list[GenerationRequest]:
        """Drop every row with its decoder, and empty `waiting`. Returns the requests that have no answer yet."""
        rows = self.rows + self._joining
        requests = [row.request for row in rows] + [each for prompt in waiting for each in prompt.requests]
        self.dropped = len(rows)
        self.rows, self._joining = [], []
        self.decoder = self._logits = self._seen = None
        self._streams = RandomStreams()
        waiting.clear()
        return requests

    def turn(self, waiting: deque["_Prompt"], tokens_per_turn: int) -> int:
        """Draw up to `tokens_per_turn` tokens for every row, and return how many were drawn."""
        tokens = 0
        for _ in range(tokens_per_turn):
            self._admit(waiting)
            if not self.rows:
                break
            tokens += len(self.rows)
            self._draw()
        return tokens

    def texts(self) -> dict[str, str]:
        """The text so far of every answer being written, by key, without an incomplete last character."""
        return {row.request.key: self._text(row.ids).rstrip(_HALF_A_CHARACTER) for row in self.rows}

    def _admit(self, waiting: deque[_Prompt]) -> None:
        """Add rows for as many waiting requests as there is room for."""
        room, tokens = self._opened.room(), self._opened.prompt_tokens
        joining = self._joining = []
        prompts: list[tuple[list[int], int]] = []
        while waiting and room and tokens > 0:
            prompt = waiting[0]
            taken, prompt.requests = prompt.requests[:room], prompt.requests[room:]
            if not prompt.requests:
                waiting.popleft()
            room -= len(taken)
            tokens -= len(prompt.ids)
            prompts.append((prompt.ids, len(taken)))
            joining += [self._row(request, prompt.limit) for request in taken]
        if joining:
            with self._threads.reading() if self._threads else nullcontext():
                logits = self._opened.admit(prompts)
            self._logits = logits if self._logits is None else torch.cat([self._logits, logits])
            self._see(prompts, logits)
            self._streams.join([(row.request.seed, row.limit) for row in joining], logits.device)
            self.rows += joining
            self._joining = []

    def _see(self, prompts: list[tuple[list[int], int]], logits: torch.Tensor) -> None:
        """Record which tokens the prompts of the new rows contain, where a setting asks for it."""
        if self._sampling.repetition_penalty == 1:
            return
        seen = torch.zeros(logits.shape, dtype=torch.bool, device=logits.device)
        row = 0
        for ids, rows in prompts:
            seen[row : row + rows, torch.tensor(ids, device=seen.device)] = True
            row += rows
        self._seen = seen if self._seen is None else torch.cat([self._seen, seen])

    def _row(self, request: GenerationRequest, limit: int) -> _Row:
        return _Row(request, limit, time.perf_counter())

    def _draw(self) -> None:
        """Draw one token for every row, drop the rows that ended, and compute the logits of the next token."""
        assert self._logits is not None  # rows have joined
        tokens = self._next_tokens(self._logits)
        ended = {}
        for place, (row, token) in enumerate(zip(self.rows, tokens.tolist(), strict=True)):
            row.ids.append(token)
            if token in self._stop_ids or len(row.ids) == row.limit:
                ended[place] = self._finish(row)
        self._done += ended.values()
        if ended:
            kept = rows_after_removal(len(self.rows), ended)
            self.rows = [self.rows[place] for place in kept]
            self._opened.keep(kept)
            places = torch.tensor(kept, dtype=torch.long, device=tokens.device)
            tokens = tokens[places]
            self._streams.keep(places)
            self._seen = None if self._seen is None else self._seen[places]
        with self._threads.step(len(self.rows)) if self._threads and self.rows else nullcontext():
            self._logits = self._opened.step(tokens) if self.rows else None

    def _next_tokens(self, logits: torch.Tensor) -> torch.Tensor:
        """One token for every row, (R,), each from its own random number."""
        if self._seen is not None:
            logits = penalise(logits, self._seen, self._sampling.repetition_penalty)
        tokens = draw_tokens(logits, self._streams.next(), self._sampling)
        if self._seen is not None:
            self._seen.scatter_(1, tokens[:, None], True)
        return tokens

    def _finish(self, row: _Row) -> CompletionDone:
        ended = row.ids[-1] in self._stop_ids
        text = self._text(row.ids[:-1] if ended else row.ids)
        elapsed_s = time.perf_counter() - row.started
        return CompletionDone(row.request.key, text, len(row.ids), not ended, elapsed_s)

    def _text(self, ids: list[int]) -> str:
        channels = writes_channels(self._tokenizer)
        text = self._tokenizer.decode(ids, skip_special_tokens=not channels, clean_up_tokenization_spaces=False)
        return from_channels(str(text)) if channels else str(text)
