"""The writer of answers as a generator of events, worked by hand: refused, joining midway, and from a server."""

from collections import deque
from collections.abc import Iterator
from typing import Any

import pytest
import torch

from engine.chat_servers.address import Server
from engine.config import SamplingConfig
from engine.generate import generate
from engine.preference import Message
from engine.requests import GenerationRequest
from tests.engine.test_thoughts import SWITCHED
from tests.serving import misbehaving, send, stream
from tests.tiny import save_tiny
from tui.compute.loaded_model import ModelChoice
from tui.generation.answer_sources import AnswerSource
from tui.generation.completion_writer import (
    ROWS_ON_CPU,
    Completed,
    CompletionWriter,
    Missing,
    Refused,
    TextGrew,
    WriterEvent,
)
from tui.generation.policies import ServedPolicy
from tui.workbench import Workbench
from tui.workspace.servers import NamedServer

SAMPLING = SamplingConfig(max_new_tokens=20)
"""A turn gives each answer eight tokens, so an answer that is not ended by the model takes three turns."""
BASE_ALONE = AnswerSource(None, SAMPLING)


@pytest.fixture(scope="module")
def workbench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    folder = tmp_path_factory.mktemp("writer")
    workbench = Workbench(folder / "space", ModelChoice(str(save_tiny(folder / "model")), "float32", "cpu"), seed=7)
    try:
        workbench.start(fill_queue=False)
        assert workbench.loading is not None
        workbench.loading.done.result(timeout=120)
        yield workbench
    finally:
        workbench.close()


def request(key: str, question: str = "Why?", seed: int = 1) -> GenerationRequest:
    return GenerationRequest(key, (Message(role="user", content=question),), seed)


def outline(event: WriterEvent) -> tuple[object, ...]:
    """An event without its texts."""
    match event:
        case TextGrew():
            return ("grew", sorted(event.texts), event.room)
        case Completed():
            return ("completed", event.done.key)
        case Refused():
            return ("refused", event.key)
        case Missing():
            return ("missing", event.key)


def test_two_requests_of_which_one_is_refused_and_a_third_that_joins_midway(workbench: Workbench) -> None:
    base = workbench.loaded_model.required()
    requests = deque([request("one"), request("long", "word " * 200)])
    events: list[WriterEvent] = []
    for event in CompletionWriter(workbench.services).write(BASE_ALONE, requests, joins=True):
        events.append(event)
        assert not requests or isinstance(event, Refused)  # what is waiting was taken
        assert torch.is_grad_enabled()  # nothing is open: another job may take its turn here
        assert base.hf_model.training is False
        if len(events) == 2:
            requests += [request("joins", "How?", seed=2), request("long too", "word " * 300)]
    assert [outline(each) for each in events] == [
        ("refused", "long"),  # before anything is written
        ("grew", ["one"], ROWS_ON_CPU - 1),  # 8 tokens
        ("refused", "long too"),
        ("grew", ["joins", "one"], ROWS_ON_CPU - 2),  # 16 tokens and 8
        ("completed", "one"),  # 20 tokens
        ("grew", ["joins"], ROWS_ON_CPU - 1),
        ("completed", "joins"),
        ("grew", [], ROWS_ON_CPU),
    ]
    refused, whole = events[0], {each.done.key: each for each in events if isinstance(each, Completed)}
    assert isinstance(refused, Refused)
    assert "tokens and the model reads 512" in refused.reason
    done = whole["joins"].done
    assert (done.tokens, done.cut, whole["joins"].seed) == (20, True, 2)
    assert (whole["joins"].sampling, whole["joins"].source) == (SAMPLING.record(), "model")
    *_, alone, _ = generate(base, [request("joins", "How?", seed=2)], SAMPLING)
    assert done.text == alone.text  # type: ignore[attr-defined]


def test_a_prompt_is_refused_as_it_is_asked_with_thoughts_off(
    workbench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = workbench.loaded_model.required()
    refusing = (
        "{% if enable_thinking is false and 'How' in messages[0]['content'] %}{{ raise_exception('no') }}{% endif %}"
    )
    monkeypatch.setattr(base.tokenizer, "chat_template", refusing + SWITCHED)
    asked = deque([request("one"), request("refused", "How?"), request("long", "y" * 485)])
    source = AnswerSource(None, SamplingConfig(max_new_tokens=8, thinking="off"))
    events = [outline(each) for each in CompletionWriter(workbench.services).write(source, asked)]
    assert [each for each in events if each[0] != "grew"] == [
        ("refused", "refused"),
        ("refused", "long"),
        ("completed", "one"),
    ]


def test_without_joining_there_is_no_room_and_no_more_rows_than_requests(
    workbench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows: list[int] = []

    def generated(*args: Any, max_rows: int, **options: Any) -> Iterator[object]:
        rows.append(max_rows)
        return generate(*args, max_rows=max_rows, **options)

    monkeypatch.setattr("engine.generate.generate", generated)
    requests = deque(request(str(seed), seed=seed) for seed in range(3))
    events = list(CompletionWriter(workbench.services).write(BASE_ALONE, requests))
    assert rows == [3]
    assert {each.room for each in events if isinstance(each, TextGrew)} == {0}
    assert {each.done.key for each in events if isinstance(each, Completed)} == {"0", "1", "2"}


def test_closing_cancels_what_is_not_complete(workbench: Workbench) -> None:
    writer = CompletionWriter(workbench.services)
    events = writer.write(BASE_ALONE, deque([request("one")]))
    assert isinstance(next(events), TextGrew)
    events.close()
    assert list(events) == []


def test_a_server_refuses_one_prompt_and_answers_the_others(workbench: Workbench) -> None:
    asked: list[str] = []

    def answer(handler: Any) -> None:
        question = handler.body["messages"][-1]["content"]
        asked.append(question)
        if "long" in question:
            return send(handler, 400, {"error": {"message": "too long", "code": "context_length_exceeded"}})
        if "top_k" in handler.body:
            return send(handler, 400, {"error": {"message": "unknown parameter top_k"}})
        return stream(handler, f"{question} ", "Because." if question else "", finish="stop")

    with misbehaving(answer) as url:
        source = AnswerSource(
            ServedPolicy(NamedServer("server", None, "openai", Server(url, "llama", retries=0, parallel=1), True)),
            SAMPLING,
        )
        writer = CompletionWriter(workbench.services)
        first = asked_of(writer, source, request("1", "A?"), request("2", "long"), request("3", "long"))
        second = asked_of(writer, source, request("4", "B?"), request("5", ""))
    assert [outline(each) for each in first] == [
        ("completed", "1"),
        ("refused", "2"),
        ("refused", "3"),  # the same prompt: it was not sent
    ]
    assert [outline(each) for each in second] == [("completed", "4"), ("missing", "5")]
    # Twice where top_k had to be left out, and where one token was tried as well; what was learned is kept.
    assert asked == ["A?", "A?", "long", "long", "B?", ""]
    whole = second[0]
    assert isinstance(whole, Completed)
    assert (whole.done.text, whole.source, whole.left_out) == ("B? Because.", "server", {"top_k"})
    assert "top_k" not in whole.sampling
    assert not writer.at_server


def asked_of(writer: CompletionWriter, source: AnswerSource, *requests: GenerationRequest) -> list[WriterEvent]:
    """What becomes of requests to a server, without the text that grows."""
    waiting, events = deque(requests), []
    for event in writer.write(source, waiting):
        if isinstance(event, TextGrew):
            assert (event.room, writer.at_server) == (0, True)
            assert writer._network is not None
            assert writer._network.wait(30), "the server gave nothing"
            assert not writer.idle
        else:
            events.append(event)
    assert not waiting
    return events
