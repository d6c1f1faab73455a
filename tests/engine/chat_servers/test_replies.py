"""Replies of servers with one habit each: read, or told in words; and bounds on all that they send."""

import gzip
import json
import threading
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from engine.chat_servers import bounds
from engine.chat_servers.address import Server
from engine.chat_servers.client import ServerAnswers
from engine.errors import ServerError
from engine.events import AnswerMissing, CompletionDone
from tests.engine.chat_servers.test_client import PLAIN, ask, missing, requests, settle
from tests.serving import misbehaving, send

Habit = Callable[[Any], None]


def chunk(delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
    choices = [{"index": 0, "delta": delta, "finish_reason": finish}]
    return {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": choices}


WORDS = [chunk({"role": "assistant", "content": ""}), chunk({"content": "Because "}), chunk({"content": "it is."})]
GOOD = [*WORDS, chunk({}, "stop")]


def events(*records: object, done: bool = True, end: bytes = b"\n\n", kind: str = "text/event-stream") -> Habit:
    """A stream of these events: objects, or bytes as they are."""

    def answer(handler: Any) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", kind)
        handler.end_headers()
        handler.close_connection = True
        for each in (*records, *([b"data: [DONE]" + end] if done else [])):
            data = each if isinstance(each, bytes) else b"data: " + json.dumps(each).encode() + end
            handler.wfile.write(data)
            handler.wfile.flush()

    return answer


def whole(message: dict[str, Any], finish: str = "stop") -> Habit:
    choices = [{"index": 0, "message": {"role": "assistant", **message}, "finish_reason": finish}]
    body = {"object": "chat.completion", "choices": choices, "usage": {"completion_tokens": 3}}
    return lambda handler: send(handler, 200, body)


def body(text: str | bytes, kind: str = "application/json", **headers: str) -> Habit:
    def answer(handler: Any) -> None:
        data = text.encode() if isinstance(text, str) else text
        handler.send_response(200)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(data)), **headers}.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(data)

    return answer


LONE = rb'data: {"choices":[{"index":0,"delta":{"content":"ok \ud83d"},"finish_reason":null}]}' + b"\n\n"
SPLIT = b"data: " + json.dumps(chunk({"content": "héllo 日本"}), ensure_ascii=False).encode() + b"\n\n"


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (events(*GOOD), "Because it is."),
        (events(*GOOD, done=False), "Because it is."),
        (events(*GOOD[:-1]), "Because it is."),  # no reason, but [DONE]
        (events(*GOOD, end=b"\r\n\r\n"), "Because it is."),
        (events(*GOOD, end=b"\r\r"), "Because it is."),
        (events(*GOOD, kind="text/plain"), "Because it is."),
        (events(b": waiting\n\n", b"event: ping\nid: 7\n\n", *GOOD), "Because it is."),
        (
            events({"choices": [], "prompt_filter": []}, *GOOD, {"choices": None, "usage": None}),
            "Because it is.",
        ),
        (events(b"data: " + json.dumps(GOOD[1]).replace(", ", ",\ndata: ").encode() + b"\n\n", GOOD[-1]), "Because "),
        (events(*(SPLIT[i : i + 1] for i in range(len(SPLIT))), chunk({}, "stop")), "héllo 日本"),
        (events(LONE, chunk({}, "stop")), "ok �"),
        (events(chunk({"content": None, "reasoning_content": "hm"}), *GOOD), "Because it is."),
        (events(chunk({"reasoning": "hm"}), chunk({"thinking": "so"}), *GOOD), "Because it is."),
        (events(chunk({"content": "<think>\nhm\n</think>\n\n"}), *GOOD), "<think>\nhm\n</think>\n\nBecause it is."),
        (events(chunk({"content": [{"type": "thinking"}, {"type": "text", "text": "Yes."}]}, "stop")), "Yes."),
        (events(chunk({"content": "Yes."}, "eos_token")), "Yes."),
        (whole({"content": "Because."}), "Because."),
        (whole({"content": [{"type": "text", "text": "Because."}], "reasoning_content": "hm"}), "Because."),
    ],
)
def test_every_form_of_an_answer_is_read(answer: Habit, text: str) -> None:
    with misbehaving(answer) as url:
        assert ask(url)[0].text == text


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (events(chunk({"reasoning_content": "I think"}), chunk({}, "length")), "thoughts took all of its 20 tokens"),
        (events(chunk({"content": "<think>\nI think"}), chunk({}, "length")), "thoughts took all of its 20 tokens"),
        (events(chunk({"content": "<think>I think</think>\n"}), chunk({}, "stop")), "there were thoughts alone"),
        (
            events(chunk({"tool_calls": [{"index": 0, "id": "f"}]}), chunk({}, "tool_calls")),
            "called a tool",
        ),
        (events(chunk({"refusal": "I cannot."}), chunk({}, "stop")), "it refused: I cannot."),
        (events(chunk({}, "content_filter")), "a filter at the server withheld it"),
        (events(chunk({"content": " \n"}), chunk({}, "stop")), "it was empty"),
        (events(chunk({}, "length")), "cut before its first word"),
        (whole({"content": None, "reasoning": "hm"}, "length"), "thoughts took all of its 20 tokens"),
    ],
)
def test_an_empty_answer_is_reported_for_what_it_is(answer: Habit, words: str) -> None:
    found = missing(answer)
    assert words in found.reason
    assert not found.too_long


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (
            events(*WORDS, {"error": {"message": "CUDA out of memory"}}),
            "failed while it answered: CUDA out",
        ),
        (body(json.dumps({"error": {"message": "no such model"}})), "failed while it answered: no such model"),
        (body("<html><title>Open WebUI</title>", "text/html"), "a web page (“Open WebUI”)"),
        (events(b"<!doctype html><title>Login</title>\n"), "a web page (“Login”)"),
        (body("", "application/json"), "no chat completion: nothing at all"),
        (body("pong", "text/plain"), "no chat completion: pong"),
        (body('{"hello": 1}'), 'no chat completion: {"hello": 1}'),
        (body("[1, 2]"), "no chat completion: [1, 2]"),
        (body("[" * 100_000), "no chat completion: [[["),
        (events(b"data: hello\n\n"), "no chat completion: hello"),
        (events({"choices": [7]}), "no chat completion: "),
        (events({"choices": {"0": 1}}), "no chat completion: "),
        (events({"choices": [{"delta": "text"}]}), "no chat completion: "),
        (events({"choices": [{"delta": {"content": 7}}]}), "no chat completion: 7"),
        (events({"choices": [{"delta": {"content": ["text"]}}]}), "no chat completion: "),
        (events({"choices": [{"delta": {}, "finish_reason": 7}]}), "no chat completion: "),
        (events(b"data: \xff\xfe\n\n"), "no chat completion: "),
        (body(gzip.compress(b"{}"), Content_Encoding="gzip"), "sent its reply compressed (gzip)"),
    ],
)
def test_what_is_no_answer_is_told_in_words(answer: Habit, words: str) -> None:
    with misbehaving(answer) as url, pytest.raises(ServerError) as raised:
        ask(url)
    assert words in str(raised.value)
    assert url in str(raised.value)


@pytest.mark.parametrize("counted", [7, -1, 10**30, "7", None, [7]])
def test_a_count_of_tokens_is_a_number_that_can_be_stored(counted: object) -> None:
    with misbehaving(events(*GOOD, {"choices": [], "usage": {"completion_tokens": counted}})) as url:
        assert ask(url)[0].tokens == (7 if counted == 7 else 0)


def test_nothing_compressed_is_asked_for() -> None:
    encodings: list[str | None] = []

    def answer(handler: Any) -> None:
        encodings.append(handler.headers["Accept-Encoding"])
        events(*GOOD)(handler)

    with misbehaving(answer) as url:
        ask(url)
    assert encodings == ["identity"]


# -- bounds ------------------------------------------------------------------------------------------------------


def endless(first: bytes, again: bytes, kind: str = "text/event-stream", status: int = 200) -> Habit:
    """Send `again` until the other side hangs up."""

    def answer(handler: Any) -> None:
        handler.close_connection = True
        handler.send_response(status)
        handler.send_header("Content-Type", kind)
        handler.end_headers()
        try:
            handler.wfile.write(first)
            while True:
                handler.wfile.write(again)
        except OSError:
            return

    return answer


KILOBYTE = b"x" * 1024
TALK = b"data: " + json.dumps(chunk({"content": "word " * 200})).encode() + b"\n\n"
THOUGHTS = b"data: " + json.dumps(chunk({"reasoning_content": "hm " * 300})).encode() + b"\n\n"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (endless(b"data: ", KILOBYTE), "a line of more than 0 MB"),
        (endless(b"", b"data: " + KILOBYTE + b"\n"), "an event of more than 0 MB"),
        (endless(b"", TALK), "an answer of more than"),
        (endless(b"", THOUGHTS), "thoughts of more than"),
        (endless(b"", b": keep-alive\n\n"), "a reply of more than"),
        (endless(b"{", KILOBYTE, "application/json"), "a reply of more than"),
        (endless(b"", KILOBYTE, "text/plain", 500), "a reply of more than"),
        (endless(b"", KILOBYTE, "text/plain", 400), "a reply of more than"),
    ],
)
def test_what_never_ends_is_ended(monkeypatch: pytest.MonkeyPatch, answer: Habit, words: str) -> None:
    monkeypatch.setattr(bounds, "STREAM_BYTES", 2**18)
    monkeypatch.setattr(bounds, "BODY_BYTES", 2**16)
    monkeypatch.setattr("engine.chat_servers.replies.LINE_BYTES", 2**16)
    monkeypatch.setattr("engine.chat_servers.replies.THOUGHT_CHARACTERS", 2**14)
    with misbehaving(answer) as url, pytest.raises(ServerError) as raised:
        ask(url)
    assert words in str(raised.value)


def dripping(line: bytes, every_s: float = 0.05) -> tuple[Habit, threading.Event]:
    """Send a line again and again, slowly enough that only time can end it."""
    over = threading.Event()

    def answer(handler: Any) -> None:
        handler.close_connection = True
        handler.send_response(200)
        handler.send_header("Content-Type", "text/event-stream")
        handler.end_headers()
        while not over.wait(every_s):
            try:
                handler.wfile.write(line)
                handler.wfile.flush()
            except OSError:
                return

    return answer, over


@pytest.mark.parametrize("line", [b": keep-alive\n\n", b"data: " + json.dumps(chunk({})).encode() + b"\n\n"])
def test_a_server_that_says_nothing_of_the_answer_is_silent(line: bytes) -> None:
    answer, over = dripping(line)
    with misbehaving(answer) as url:
        with pytest.raises(ServerError, match=r"was silent for 0\.4 s"):
            ask(url, timeout_s=0.4)
        over.set()


def test_an_answer_that_trickles_for_ever_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "SECONDS_PER_TOKEN", 0.0)
    answer, over = dripping(b"data: " + json.dumps(chunk({"content": "a"})).encode() + b"\n\n")
    with misbehaving(answer) as url:
        with pytest.raises(ServerError, match="needed more than 1 s for one answer"):
            ask(url, timeout_s=1.0)
        over.set()


# -- settings that a server refuses ------------------------------------------------------------------------------


BOTH = {"temperature", "top_p"}


def picky(refuse: Callable[[dict[str, Any]], dict[str, Any] | None], bodies: list[dict[str, Any]]) -> Habit:
    def answer(handler: Any) -> None:
        bodies.append(handler.body)
        error = refuse(handler.body)
        if error is not None:
            send(handler, 400, {"error": error})
        else:
            events(*GOOD)(handler)

    return answer


@pytest.mark.parametrize(
    ("refuse", "left_out", "limit"),
    [
        (
            lambda body: {"message": "no", "param": "max_tokens"} if "max_tokens" in body else None,
            set(),
            "max_completion_tokens",
        ),
        (
            lambda body: {"message": "no", "param": "temperature"} if body.get("temperature", 1) != 1 else None,
            {"temperature"},
            "max_tokens",
        ),
        (
            lambda body: (
                {"message": "`temperature` and `top_p` cannot both"} if {"temperature", "top_p"} <= {*body} else None
            ),
            {"top_p"},
            "max_tokens",
        ),
    ],
)
def test_what_is_refused_is_left_out_or_renamed_once_and_remembered(
    refuse: Callable[[dict[str, Any]], dict[str, Any] | None], left_out: set[str], limit: str
) -> None:
    bodies: list[dict[str, Any]] = []
    with misbehaving(picky(refuse, bodies)) as url:
        server = Server(url, "llama", retries=0, parallel=1)
        answers = ServerAnswers(server, requests(2), PLAIN)
        assert texts(settle(answers)) == ["Because it is."] * 2
        later = ServerAnswers(server, requests(), PLAIN, habits=answers.habits)
        assert texts(settle(later)) == ["Because it is."]
    assert answers.left_out == left_out
    assert len(bodies) == 4  # the first alone was asked twice
    assert [limit in each for each in bodies] == [limit == "max_tokens", True, True, True]
    assert not [name for each in bodies[1:] for name in left_out & {*each}]


def texts(settled: Iterable[CompletionDone | AnswerMissing]) -> list[str]:
    return [each.text for each in settled if isinstance(each, CompletionDone)]
