"""The bytes of a server's reply → the text of an answer, or why there is none.

A reply is a stream of events or one JSON object. Everything else raises a `ServerError` that says what came.
"""

import json
import re
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

from engine.chat_servers.bounds import LINE_BYTES, THOUGHT_CHARACTERS, too_much
from engine.errors import ServerError

_TITLE = re.compile(r"<title[^>]*>([^<]{1,200})", re.IGNORECASE)
_MESSAGES = ("message", "detail", "error_message")
"""Where servers put the words of an error; SGLang has the last."""
_THOUGHT_FIELDS = ("reasoning_content", "reasoning", "thinking")
"""Where servers put a model's thoughts, which are no part of its answer."""
_BEGIN, _END = "<think>", "</think>"
MOST_ALTERNATIVES, LONGEST_TOKEN = 100, 200
"""Of a list of likely tokens so many are read, and so many characters of each."""
LEAST_LOGPROB = -1e6  # a lower number is no log-probability
_MOST_TOKENS = 10**9  # a larger count is no count, and would not fit into a database


@dataclass
class Reply:
    """One answer being received from the server at `place`.

    Attributes:
        tokens: as the server counts them; 0 until it reports them.
        finish: why the answer ended, in the protocol's words; None until it ends.
        thoughts: how many characters of thoughts came beside it.
        called: the model called a tool. `refusal` is a refusal that came in a field of its own.
        ended: the server said that nothing follows.
        alternatives: the likeliest tokens in place of the first of the answer, with their log-probabilities in nats.
    """

    place: str
    most_characters: int
    text: str = ""
    tokens: int = 0
    finish: str | None = None
    thoughts: int = 0
    called: bool = False
    refusal: str = ""
    ended: bool = False
    started: float = field(default_factory=time.perf_counter)
    alternatives: dict[str, float] = field(default_factory=dict)

    @property
    def cut(self) -> bool:
        """Did something other than the model end the answer?"""
        return self.finish in ("length", "content_filter")

    def take(self, record: Any) -> bool:
        """Add one JSON object of the protocol: a chunk, or a whole answer. Returns whether the answer grew.

        Raises:
            ServerError: it is none, it reports an error, or the answer is longer than allowed.
        """
        if isinstance(record, dict) and record.get("error"):
            raise ServerError(f"{self.place} failed while it answered: {_message(record['error'])} Check its own log.")
        if not isinstance(record, dict) or not ("choices" in record or "usage" in record):
            raise self._unreadable(json.dumps(record, ensure_ascii=False, default=str))
        usage, choices = record.get("usage"), record.get("choices") or []
        tokens = usage.get("completion_tokens") if isinstance(usage, dict) else None
        if isinstance(tokens, int) and 0 <= tokens <= _MOST_TOKENS:
            self.tokens = tokens
        if not isinstance(choices, list) or not all(isinstance(each, dict) for each in choices):
            raise self._unreadable(json.dumps(record, ensure_ascii=False, default=str))
        return self._take_choice(choices[0]) if choices else False

    def _take_choice(self, choice: dict[str, Any]) -> bool:
        said = choice.get("delta") or choice.get("message") or {}
        finish = choice.get("finish_reason")
        if not isinstance(said, dict) or not isinstance(finish, str | None):
            raise self._unreadable(json.dumps(choice, ensure_ascii=False, default=str))
        before = (len(self.text), self.thoughts, len(self.refusal))
        self.finish = finish or self.finish
        self.called = self.called or bool(said.get("tool_calls") or said.get("function_call"))
        self.refusal += _text_of(said.get("refusal"))
        self.thoughts += sum(len(_text_of(said.get(name))) for name in _THOUGHT_FIELDS)
        content = self._content(said.get("content"))
        if content.strip() and not self.text.strip():
            self.alternatives = _alternatives(choice.get("logprobs"))
        self.text += content
        if len(self.text) > self.most_characters or len(self.refusal) > self.most_characters:
            raise too_much(self.place, f"an answer of more than {self.most_characters:,} characters")
        if self.thoughts > THOUGHT_CHARACTERS:
            raise too_much(self.place, f"thoughts of more than {THOUGHT_CHARACTERS:,} characters")
        return before != (len(self.text), self.thoughts, len(self.refusal))

    def _content(self, content: Any) -> str:
        """The text of a content, which some servers send in parts of several types."""
        if content is None or isinstance(content, str):
            return content or ""
        if not isinstance(content, list):
            raise self._unreadable(json.dumps(content, ensure_ascii=False, default=str))
        text = ""
        for part in content:
            if not isinstance(part, dict):
                raise self._unreadable(json.dumps(content, ensure_ascii=False, default=str))
            if part.get("type") == "text":
                text += _text_of(part.get("text"))
            else:
                self.thoughts += len(json.dumps(part, default=str))
        return text

    def _unreadable(self, text: str) -> ServerError:
        return unreadable(self.place, text)

    def why_empty(self, max_new_tokens: int) -> str | None:
        """Why there is nothing to judge, as the end of a sentence and what to do; None where there is an answer."""
        rest = _after_thoughts(self.text)
        if rest.strip():
            return None
        if self.called:
            return "it called a tool. Turn tools off at the server."
        if self.refusal.strip():
            return f"it refused: {sentence(self.refusal)}"
        if self.finish == "content_filter":
            return "a filter at the server withheld it."
        if self.thoughts or rest != self.text:
            return _only_thoughts(self.finish == "length", max_new_tokens)
        return "it was cut before its first word." if self.finish == "length" else "it was empty."


def _alternatives(logprobs: Any) -> dict[str, float]:
    """The first token of these with text and its alternatives, each with its log-probability; none where it is missing.

    A server may send anything here, and what is no log-probability is passed over.
    """
    content = logprobs.get("content") if isinstance(logprobs, dict) else None
    tokens = [each for each in content if isinstance(each, dict)] if isinstance(content, list) else []
    for token in tokens:
        if not _text_of(token.get("token")).strip():
            continue
        listed = token.get("top_logprobs")
        found = [token, *(listed[:MOST_ALTERNATIVES] if isinstance(listed, list) else [])]
        return dict(pair for each in found if (pair := _alternative(each)) is not None)
    return {}


def _alternative(record: Any) -> tuple[str, float] | None:
    if not isinstance(record, dict):
        return None
    token, logprob = record.get("token"), record.get("logprob")
    if not isinstance(token, str) or isinstance(logprob, bool) or not isinstance(logprob, int | float):
        return None
    return (token[:LONGEST_TOKEN], float(logprob)) if LEAST_LOGPROB <= logprob <= 0 else None


def _only_thoughts(cut: bool, max_new_tokens: int) -> str:
    if not cut:
        return "there were thoughts alone."
    return (
        f"thoughts took all of its {max_new_tokens} tokens. Raise the longest answer (--max-new-tokens), or turn the "
        "model's thoughts off at the server."
    )


def _after_thoughts(text: str) -> str:
    """The answer behind thoughts that it contains; "" while they have not ended."""
    if not text.lstrip().startswith(_BEGIN):
        return text
    return text.partition(_END)[2]


async def read_reply(reply: Reply, content_type: str, parts: AsyncIterator[bytes], grew: Callable[[], None]) -> None:
    """Read a whole reply. `grew` is called whenever there is news of the answer.

    Raises:
        ServerError: it is no reply of the protocol, or longer than allowed.
    """
    if "event-stream" in content_type:
        async for data in _events(parts, reply.place):
            if data.strip() == "[DONE]":
                reply.ended = True
                return
            if reply.take(_parsed(data, reply.place)):
                grew()
        return
    body = bytearray()
    async for part in parts:
        body += part
        grew()
    text = _decoded(bytes(body), reply.place)
    if text.lstrip().startswith("data:"):  # a stream under another content type
        async for data in _events(_once(bytes(body)), reply.place):
            reply.ended = reply.ended or data.strip() == "[DONE]"
            if not reply.ended:
                reply.take(_parsed(data, reply.place))
        return
    reply.take(_parsed(text, reply.place))
    reply.ended = True


async def _once(body: bytes) -> AsyncIterator[bytes]:
    yield body


async def _events(parts: AsyncIterator[bytes], place: str) -> AsyncIterator[str]:
    """The data of every event of a stream; comments and other fields are dropped."""
    data: list[str] = []
    held = 0
    async for line in _lines(parts, place):
        if not line and data:
            yield "\n".join(data)
            data, held = [], 0
        elif line.startswith("data:"):
            data.append(line.removeprefix("data:").removeprefix(" "))
            held += len(line)
        elif line.lstrip().startswith(("<", "{")):  # a page or an error in place of a stream
            raise unreadable(place, line)
        if held > LINE_BYTES:
            raise too_much(place, f"an event of more than {LINE_BYTES // 2**20} MB")
    if data:
        yield "\n".join(data)


async def _lines(parts: AsyncIterator[bytes], place: str) -> AsyncIterator[str]:
    held = bytearray()
    async for part in parts:
        held += part
        if b"\n" in part or b"\r" in part:
            *lines, rest = re.split(rb"\r\n|\n|\r(?!$)", bytes(held))
            held = bytearray(rest)
            for line in lines:
                yield _decoded(line, place)
        if len(held) > LINE_BYTES:
            raise too_much(place, f"a line of more than {LINE_BYTES // 2**20} MB")
    if held:
        yield _decoded(bytes(held).rstrip(b"\r"), place)


def _decoded(data: bytes, place: str) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise unreadable(place, data[:300].decode("utf-8", "replace")) from None


def _parsed(text: str, place: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise unreadable(place, text) from None


def unreadable(place: str, text: str) -> ServerError:
    """The error for a reply that is none of the protocol. A web page is named by its title."""
    if text.lstrip()[:1] == "<":
        title = _TITLE.search(text[:10_000])
        named = f" (“{shortened(title.group(1))}”)" if title else ""
        return ServerError(
            f"{place} sent a web page{named} in place of an answer. Give the address of the server's API (--server), "
            "which usually ends in /v1."
        )
    return ServerError(
        f"{place} sent something that is no chat completion: {sentence(text) or 'nothing at all.'} Check that --server "
        "is the address of an OpenAI-compatible server."
    )


def _message(error: Any) -> str:
    if isinstance(error, dict) and isinstance(error.get("message"), str):
        return sentence(str(error["message"]))
    return sentence(error if isinstance(error, str) else json.dumps(error, ensure_ascii=False, default=str))


def message_of(text: str) -> str:
    """The message in an error reply; "" where there is none in a place where servers put it."""
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        return ""
    fields = body.get("error", body) if isinstance(body, dict) else body
    places = [fields.get(name) for name in _MESSAGES] if isinstance(fields, dict) else [fields]
    return next((each for each in places if isinstance(each, str)), "")


def sentence(text: str) -> str:
    """The text on one line with at most 300 characters, ended like a sentence."""
    text = shortened(text)
    return text if not text or text.endswith((".", "!", "?", "…")) else f"{text}."


def _text_of(value: Any) -> str:
    return value if isinstance(value, str) else ""


def shortened(text: str) -> str:
    """The text on one line, with at most 300 characters."""
    text = " ".join(text[:2000].split())
    return text if len(text) <= 300 else f"{text[:299]}…"
