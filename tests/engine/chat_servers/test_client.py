"""Answers from a server: what is sent, what comes back, and every way it can go wrong, told in words."""

import asyncio
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from engine.chat_servers.adapters import Target
from engine.chat_servers.address import Server
from engine.chat_servers.client import ServerAnswers
from engine.config import SamplingConfig
from engine.errors import ServerError, SettingError
from engine.events import AnswerMissing, CompletionDone, TokensDrawn
from engine.requests import GenerationRequest
from tests.serving import misbehaving, send, stream

PLAIN = SamplingConfig(top_k=0, max_new_tokens=20)


def requests(number: int = 1) -> list[GenerationRequest]:
    return [GenerationRequest(str(i), ({"role": "user", "content": f"Why {i}?"},), 2**31 + i) for i in range(number)]


def settle(answers: ServerAnswers) -> list[CompletionDone | AnswerMissing]:
    settled: list[CompletionDone | AnswerMissing] = []
    for event in answers.events():
        if isinstance(event, CompletionDone | AnswerMissing):
            settled.append(event)
        else:
            assert answers.wait(60), "the server gave nothing"
    return settled


def take(answers: ServerAnswers) -> list[CompletionDone]:
    settled = settle(answers)
    assert not [each for each in settled if isinstance(each, AnswerMissing)]
    return [each for each in settled if isinstance(each, CompletionDone)]


def ask(url: str, number: int = 1, sampling: SamplingConfig = PLAIN, **server: Any) -> list[CompletionDone]:
    return take(ServerAnswers(Server(url, "llama", **{"retries": 0, **server}), requests(number), sampling))


def missing(answer: Callable[[Any], object], sampling: SamplingConfig = PLAIN, **server: Any) -> AnswerMissing:
    """Ask a server that gives no answer, and return what is reported."""
    with misbehaving(lambda handler: answer(handler) and None) as url:
        answers = ServerAnswers(Server(url, "llama", **{"retries": 0, **server}), requests(), sampling)
        (settled,) = settle(answers)
    assert isinstance(settled, AnswerMissing)
    assert settled.key == "0"
    return settled


# -- what is sent and what comes back ----------------------------------------------------------------------------


def test_answers_come_whole_with_what_ended_them() -> None:
    bodies: list[dict[str, Any]] = []

    def answer(handler: Any) -> None:
        bodies.append(handler.body)
        cut = handler.body["messages"][-1]["content"] == "Why 1?"
        stream(handler, "Because ", "it is.", finish="length" if cut else "stop")

    with misbehaving(answer) as url:
        done = {each.key: each for each in ask(url, 2, SamplingConfig(top_k=7, max_new_tokens=20))}
    assert [done[key].text for key in "01"] == ["Because it is.", "Because it is."]
    assert [done[key].cut for key in "01"] == [False, True]
    first = next(each for each in bodies if each["messages"][-1]["content"] == "Why 0?")
    told = {
        "model": "llama",
        "temperature": 0.9,
        "top_p": 0.95,
        "top_k": 7,
        "max_tokens": 20,
        "seed": 0,
        "stream": True,
    }
    assert {name: first[name] for name in told} == told


def test_halves_of_a_surrogate_pair_become_text_that_can_be_stored() -> None:
    with misbehaving(lambda handler: stream(handler, "\ufeffa \ud83d", "\ude00 b", " \ud800 c", finish="stop")) as url:
        (done,) = ask(url)
    assert done.text == "\ufeffa 😀 b � c"


def test_the_key_comes_from_the_environment_and_nothing_else_of_it_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[dict[str, str]] = []
    monkeypatch.setenv("MY_KEY", "secret-key")
    monkeypatch.setenv("OPENAI_API_KEY", "of another server")
    monkeypatch.setenv("OPENAI_ORG_ID", "an organization")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "a project")

    def answer(handler: BaseHTTPRequestHandler) -> None:
        seen.append({name.lower(): value for name, value in handler.headers.items()})
        stream(handler, "Yes.", finish="stop")

    with misbehaving(answer) as url:
        ask(url, key_env="MY_KEY")
        ask(url)
    assert [each["authorization"] for each in seen] == ["Bearer secret-key", "Bearer none"]
    assert not [name for each in seen for name in each if name in ("openai-organization", "openai-project")]
    with pytest.raises(ServerError, match="variable NOT_SET is not set"):
        ask("http://127.0.0.1:9", key_env="NOT_SET")


def test_nobody_waits_for_a_slow_server() -> None:
    release, news = threading.Event(), threading.Event()

    def answer(handler: BaseHTTPRequestHandler) -> None:
        assert release.wait(60)
        stream(handler, "At last.", finish="stop")

    with misbehaving(answer) as url:
        answers = ServerAnswers(Server(url, "llama"), requests(), PLAIN, news.set)
        assert answers.has_news()  # it has not begun
        events = answers.events()
        assert next(events) == TokensDrawn(0, {})
        assert not answers.has_news()
        assert next(events) == TokensDrawn(0, {})  # at once
        release.set()
        assert news.wait(60)
        while not isinstance(event := next(events), CompletionDone):
            answers.wait(60)
        assert event.text == "At last."


def test_whoever_polls_only_when_there_is_news_gets_everything() -> None:
    """Two answers that come at once are told in two turns, and the end in a third: none may be slept through."""
    with misbehaving(lambda handler: stream(handler, "Yes.", finish="stop")) as url:
        answers = ServerAnswers(Server(url, "llama"), requests(2), PLAIN)
        events, done, turns = answers.events(), 0, 0
        next(events)
        answers._thread.join(30)  # everything is there before the next look
        while answers.has_news():
            turns += 1
            event = next(events, None)
            if event is None:
                break
            done += isinstance(event, CompletionDone)
        assert (done, turns) == (2, 3)


def test_closing_gives_up_at_once() -> None:
    release = threading.Event()

    def answer(handler: BaseHTTPRequestHandler) -> None:
        release.wait(60)
        handler.close_connection = True

    with misbehaving(answer) as url:
        answers = ServerAnswers(Server(url, "llama"), requests(3), PLAIN)
        events = answers.events()
        next(events)
        while answers._task is None:
            pass
        events.close()
        answers._thread.join(10)
        assert not answers._thread.is_alive()
        release.set()


def test_closing_just_before_the_loop_runs_sends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[Any] = []
    starting, closed = threading.Event(), threading.Event()
    run = asyncio.run

    def run_late(main: Any) -> None:
        starting.set()
        closed.wait(60)
        run(main)

    monkeypatch.setattr(asyncio, "run", run_late)
    with misbehaving(lambda handler: sent.append(handler.body) or stream(handler, "Because.", finish="stop")) as url:
        answers = ServerAnswers(Server(url, "llama"), requests(3), PLAIN)
        events = answers.events()
        next(events)
        assert starting.wait(60)
        events.close()
        closed.set()
        answers._thread.join(60)
    assert not answers._thread.is_alive()
    assert sent == []


def test_closing_while_the_loop_closes_raises_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """It may close after it was asked whether it has."""
    answers, loop = ServerAnswers(Server("http://127.0.0.1:1", "llama"), requests(), PLAIN), asyncio.new_event_loop()
    answers._loop, answers._task = loop, loop.create_task(asyncio.sleep(0))
    loop.run_until_complete(asyncio.sleep(0))
    loop.close()
    monkeypatch.setattr(loop, "is_closed", lambda: False)
    answers.close()


# -- what goes wrong ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "body", "told"),
    [
        (401, {"error": {"message": "bad key"}}, "refused a request without a key. Put the key into an environment"),
        (403, {"error": {"message": "no"}}, "refused a request without a key"),
        (404, {"error": {"message": "model not found"}}, "knows no model 'llama'. It has llama: name one"),
        (429, {"error": {"message": "slow down"}}, "takes no more requests for now (1 were refused)"),
        (500, {"error": {"message": "out of memory"}}, "answered with status 500: "),
    ],
)
def test_a_refusal_is_told_in_words(status: int, body: object, told: str) -> None:
    with misbehaving(lambda handler: send(handler, status, body)) as url, pytest.raises(ServerError) as raised:
        ask(url)
    assert told in str(raised.value)
    assert url in str(raised.value)


def test_a_key_that_no_header_can_carry_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_KEY", " secret-key\r\n")
    assert Server("http://box", "llama", "MY_KEY").key() == "secret-key"
    for key in ("secret\r\nkey", "secret…key"):
        monkeypatch.setenv("MY_KEY", key)
        with pytest.raises(ServerError, match="MY_KEY holds a character that no key has") as caught:
            Server("http://box", "llama", "MY_KEY").key()
        assert "secret" not in str(caught.value)


def test_a_refused_key_is_named_by_its_variable_and_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_KEY", "secret-key")
    with misbehaving(lambda handler: send(handler, 401, {})) as url, pytest.raises(ServerError) as raised:
        ask(url, key_env="MY_KEY")
    assert "the key in MY_KEY" in str(raised.value)
    assert "secret" not in str(raised.value)


def test_no_host_and_no_listener_are_told_apart() -> None:
    with pytest.raises(ServerError, match=r"There is no host 'no\.such\.host\.invalid'"):
        ask("http://no.such.host.invalid")
    with pytest.raises(ServerError, match=r"Nothing listens at http://127\.0\.0\.1:9/v1"):
        ask("http://127.0.0.1:9")


def test_silence_has_a_limit() -> None:
    release = threading.Event()
    with misbehaving(lambda _: release.wait(60) and None) as url:
        with pytest.raises(ServerError, match=r"was silent for 0\.2 s"):
            ask(url, timeout_s=0.2)
        release.set()


def test_a_prompt_is_too_long_where_the_servers_code_says_so_even_for_one_token() -> None:
    limits: list[int] = []

    def answer(handler: Any) -> None:
        limits.append(handler.body["max_tokens"])
        send(handler, 400, {"error": {"message": "12 tokens of 8", "type": "exceed_context_size_error"}})

    found = missing(answer)
    assert found.too_long
    assert "12 tokens of 8" in found.reason
    assert limits == [20, 1]


def test_a_prompt_that_fits_with_a_shorter_answer_is_not_too_long() -> None:
    def answer(handler: Any) -> None:
        if handler.body["max_tokens"] > 1:
            return send(handler, 400, {"error": {"message": "too many", "code": "context_length_exceeded"}})
        return stream(handler, "B", finish="length")

    found = missing(answer)
    assert not found.too_long
    assert "Lower the longest answer (`max_new_tokens`)" in found.reason


@pytest.mark.parametrize(
    "words",
    [
        "This model's maximum context length is 512 tokens.",  # the answer's limit may be what is too large
        "The maximum number of tokens of your plan is used up.",
        "context deadline exceeded",
    ],
)
def test_words_alone_never_make_a_prompt_too_long(words: str) -> None:
    found = missing(lambda handler: send(handler, 400, {"error": {"message": words, "code": 400}}))
    assert not found.too_long
    assert "answered with status 400: " in found.reason
    assert words in found.reason


def test_what_passes_is_tried_again() -> None:
    tries: list[int] = []

    def answer(handler: BaseHTTPRequestHandler) -> None:
        tries.append(1)
        if len(tries) < 3:
            send(handler, 429, {}, Retry_After="0")
        else:
            stream(handler, "Now.", finish="stop")

    with misbehaving(answer) as url:
        assert ask(url, retries=3)[0].text == "Now."
    assert len(tries) == 3


def test_a_stream_that_breaks_off_is_begun_anew_and_then_told() -> None:
    tries: list[int] = []

    def answer(handler: BaseHTTPRequestHandler) -> None:
        tries.append(1)
        stream(handler, "Half an", finish="stop" if len(tries) == 2 else None)

    with misbehaving(answer) as url:
        assert ask(url, retries=1)[0].text == "Half an"
        with pytest.raises(ServerError, match="broke off an answer"):
            ask(url)
    assert len(tries) == 3


def test_what_a_server_does_not_know_is_left_out_and_said() -> None:
    def answer(handler: Any) -> None:
        unknown = sorted({"top_k", "min_p"} & set(handler.body))
        if unknown:
            send(handler, 422, {"detail": f"Unexpected fields in the request: {unknown[0]}"})
        else:
            stream(handler, "Fine.", finish="stop")

    with misbehaving(answer) as url:
        sampling = SamplingConfig(top_k=7, min_p=0.1, repetition_penalty=1.2)
        answers = ServerAnswers(Server(url, "llama", retries=0), requests(3), sampling)
        assert [each.text for each in take(answers)] == ["Fine."] * 3
    assert answers.left_out == {"top_k", "min_p"}


@pytest.mark.parametrize(
    ("said", "left_out"),
    [
        ("model seed-oss:36b is busy", set()),  # the model's name holds the word
        ("unknown field 'reply'; known are seed and top_k", {"seed"}),  # named, and refused without it too
    ],
)
def test_a_refusal_that_happens_to_name_a_setting_is_told_in_words(said: str, left_out: set[str]) -> None:
    with misbehaving(lambda handler: send(handler, 400, {"detail": said})) as url:
        answers = ServerAnswers(Server(url, "seed-oss:36b", retries=0), requests(), PLAIN)
        (found,) = settle(answers)
        assert isinstance(found, AnswerMissing)
        assert "status 400" in found.reason
        assert said in found.reason
    assert answers.left_out == left_out


@pytest.mark.parametrize(
    "url",
    ["localhost:8000", "ftp://host/v1", "http://", "http://user:pass@host/v1", "http://[host", "http://host:80x0/v1",
     "http://host/v1?key=pass"],
)  # fmt: skip
def test_an_address_that_cannot_be_used_is_refused(url: str) -> None:
    with pytest.raises(SettingError, match="server") as raised:
        Server(url, "llama")
    assert "pass" not in str(raised.value).replace("password", "")


@pytest.mark.parametrize(
    ("url", "base"),
    [
        ("http://host:8000", "http://host:8000/v1"),
        ("http://host:8000/", "http://host:8000/v1"),
        ("https://host/openai/v1", "https://host/openai/v1"),
        ("http://host:8000/v1/chat/completions", "http://host:8000/v1"),
        ("http://host:8000/v1/chat/completions/", "http://host:8000/v1"),
        ("http://host/api/v1/models", "http://host/api/v1"),
        ("http://host:8000/chat/completions", "http://host:8000/v1"),
        ("https://host/v1/chat/completions?api-version=7", "https://host/v1?api-version=7"),
    ],
)
def test_an_address_without_a_path_means_the_usual_one(url: str, base: str) -> None:
    assert Server(url, "llama").base_url == base


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_neither_texts_nor_the_key_follow_a_redirect_to_another_place(
    status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BOX_KEY", "sk-secret")
    got: list[object] = []

    def elsewhere(handler: BaseHTTPRequestHandler) -> None:
        got.append(handler.headers.get("Authorization"))
        stream(handler, "caught", finish="stop")

    with misbehaving(elsewhere) as other:

        def onward(handler: BaseHTTPRequestHandler) -> None:
            send(handler, status, {}, Location=f"{other}/v1/chat/completions")

        with misbehaving(onward) as url, pytest.raises(ServerError, match="takes neither texts nor the key there"):
            ask(url, key_env="BOX_KEY")
    assert got == []


def test_a_wait_that_is_too_long_is_told_and_not_waited_for() -> None:
    def busy(handler: BaseHTTPRequestHandler) -> None:
        send(handler, 429, {}, Retry_After="3600")

    with misbehaving(busy) as url, pytest.raises(ServerError, match="takes no more requests"):
        ask(url, retries=3)


def test_a_busy_server_gets_fewer_requests_at_a_time() -> None:
    refused: list[int] = []

    def busy(handler: BaseHTTPRequestHandler) -> None:
        if len(refused) < 3:
            refused.append(1)
            send(handler, 503, {}, Retry_After="0")
        else:
            stream(handler, "Now", ".", finish="stop")

    with misbehaving(busy) as url:
        answers = ServerAnswers(Server(url, "llama", retries=3), requests(6), PLAIN)
        assert len(take(answers)) == 6
        assert answers.habits.pace is not None
        assert answers.habits.pace.limit == 1


def test_answers_that_are_given_up_while_an_adapter_is_published_are_never_asked_for() -> None:
    publishing, go_on = threading.Event(), threading.Event()
    asked: list[int] = []

    def find() -> Target:
        publishing.set()
        assert go_on.wait(60)
        return Target("palate-1-c0ffee11")

    with misbehaving(lambda _: asked.append(1)) as url:
        answers = ServerAnswers(Server(url, "llama", retries=0), requests(), PLAIN, find_target=find)
        next(answers.events())
        assert publishing.wait(60)
        answers.close()
        go_on.set()
        answers._thread.join(60)
        assert not answers._thread.is_alive()
    assert asked == []


def test_the_target_names_the_adapter_and_what_else_the_request_has_to_say() -> None:
    bodies: list[dict[str, Any]] = []

    def answer(handler: Any) -> None:
        bodies.append(handler.body)
        stream(handler, "Yes", ".", finish="stop")

    with misbehaving(answer) as url:
        scales = {"lora": [{"id": 0, "scale": 1.0}]}
        find = lambda: Target("tuned", scales)  # noqa: E731
        take(ServerAnswers(Server(url, "llama", retries=0), requests(), PLAIN, find_target=find))
    assert (bodies[0]["model"], bodies[0]["lora"]) == ("tuned", scales["lora"])


@pytest.mark.parametrize(
    ("protocol", "told"),
    [
        ("openai", {}),  # it may refuse what it does not know
        ("vllm", {"top_k": -1, "min_p": 0.0, "repetition_penalty": 1.0}),
        ("sglang", {"top_k": -1, "min_p": 0.0, "repetition_penalty": 1.0}),
        ("llamacpp", {"top_k": 0, "min_p": 0.0, "repeat_penalty": 1.0}),
    ],
)
def test_a_known_program_is_told_what_is_off_since_its_own_defaults_differ(protocol: str, told: dict[str, Any]) -> None:
    bodies: list[dict[str, Any]] = []

    def answer(handler: Any) -> None:
        bodies.append(handler.body)
        stream(handler, "Yes", ".", finish="stop")

    with misbehaving(answer) as url:
        sampling, find = SamplingConfig(top_k=0), lambda: Target("base", protocol=protocol)
        take(ServerAnswers(Server(url, "llama", retries=0), requests(), sampling, find_target=find))
    extra = {"top_k", "min_p", "repetition_penalty", "repeat_penalty"}
    assert {name: value for name, value in bodies[0].items() if name in extra} == told
