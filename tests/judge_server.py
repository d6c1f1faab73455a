"""A judge on a server whose flips and preference for a place are known, and pairs that its owner judged.

The server prefers the shorter answer. With the chance `flips` it prefers the longer one of a pair, in both orders. With
the chance `first` it says 1 in an order whatever stands there. The same question always gets the same label.
"""

import hashlib
import json
import math
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from sqlite3 import Connection

from db.comparisons import add_pair
from db.models import ensure_model
from db.pair_rows import ComparisonRow, NewCompletion
from db.prompt_rows import Message, NewPrompt
from db.prompts import add_prompt_set, insert_prompt
from db.servers import add_server
from db.verdicts import add_verdict
from engine.config import SamplingConfig
from tests.serving import misbehaving, send, stream
from tui.judges.asking import Judged
from tui.judges.judgement import Look, combine, read_label

_PART = "===== {mark} "
NAME = "box"
MODEL = "llama"


@dataclass
class JudgeServer:
    """How the server judges, and every question that it was sent."""

    flips: float = 0.0
    first: float = 0.0
    seed: int = 1
    shares: bool = False
    words: str | None = None
    """What it says in place of a label."""
    unknown: str = ""
    """A field of requests that it refuses; `refused` is how many it refused for that."""
    refused: int = 0
    url: str = ""
    questions: list[str] = field(default_factory=list)
    """Every question as it came, with its examples."""
    pairs: list[tuple[str, str]] = field(default_factory=list)
    """The answers of every question, in their order, without its examples."""

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        """One reply, as a stream."""
        body = handler.body  # type: ignore[attr-defined]  # set by the server
        if self.unknown in body:
            self.refused += 1
            return send(handler, 422, {"detail": f"Unexpected fields in the request: {self.unknown}"})
        self.questions.append("\n".join(message["content"] for message in body["messages"]))
        self.pairs.append(answers_in(body["messages"][-1]["content"]))
        label = self.label(*self.pairs[-1])
        if not (self.shares and body.get("logprobs")):
            return stream(handler, self.words or label, finish="stop")
        return with_shares(handler, label)

    def label(self, first: str, second: str) -> str:
        """The label for two answers in this order."""
        if self.chance("place", first, second) < self.first:
            return "1"
        shorter_is_first = len(first) < len(second)
        flipped = self.chance("flip", *sorted((first, second))) < self.flips
        return "1" if shorter_is_first != flipped else "2"

    def chance(self, *parts: str) -> float:
        """A number from 0 to 1 that depends on every part."""
        digest = hashlib.sha256(json.dumps([self.seed, *parts]).encode()).digest()
        return int.from_bytes(digest[:6]) / 2**48


@dataclass
class JudgeHere:
    """The same judge without a server between, for what needs many verdicts."""

    server: JudgeServer

    def judge(self, pairs: Sequence[ComparisonRow], _tick: Callable[[], None]) -> Iterator[Judged]:
        """Judge pairs in both orders."""
        for pair in pairs:
            a, b = pair.a.text, pair.b.text
            looks = (Look(read_label(self.server.label(*each))) for each in ((a, b), (b, a)))
            yield Judged(pair, combine(*looks), 0.01)


def answers_in(text: str) -> tuple[str, str]:
    """The two answers of a question, found by the mark of its last line."""
    mark = re.findall(r"^===== ([0-9a-f]{12}) end$", text, re.MULTILINE)[-1]
    head = _PART.format(mark=mark)
    _, _, rest = text.partition(f"{head}answer 1\n")
    first, _, rest = rest.partition(f"\n{head}answer 2\n")
    return first, rest.partition(f"\n{head}end\n")[0]


def with_shares(handler: BaseHTTPRequestHandler, label: str) -> None:
    """Answer with the log-probabilities of the label, at 90 %, and of the other one."""
    other = {"1": "2", "2": "1"}[label]
    listed = [{"token": token, "logprob": math.log(share)} for token, share in ((label, 0.9), (other, 0.1))]
    token = {"token": label, "logprob": math.log(0.9), "top_logprobs": listed}
    delta = {"index": 0, "delta": {"content": label}, "finish_reason": None, "logprobs": {"content": [token]}}
    handler.send_response(200)
    handler.send_header("Content-Type", "text/event-stream")
    handler.end_headers()
    for choice in (delta, {"index": 0, "delta": {}, "finish_reason": "stop"}):
        chunk = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": MODEL, "choices": [choice]}
        handler.wfile.write(f"data: {json.dumps(chunk)}\n\n".encode())
    handler.wfile.write(b"data: [DONE]\n\n")


@contextmanager
def serving(server: JudgeServer) -> Iterator[JudgeServer]:
    """Serve it on this machine; its address is in `url`."""
    with misbehaving(server.answer) as url:
        server.url = url
        yield server


def fill_judged(conn: Connection, number: int, url: str, *, words: str = "word") -> list[int]:
    """So many pairs on questions of their own, judged blind for the shorter answer, and a server called box."""
    prompts = add_prompt_set(conn, "judged", held_out=False)
    model = ensure_model(conn, kind="base", name="nobody", source="nobody", fingerprint="f" * 64)
    sampling = {**SamplingConfig().record(), "system": None}
    found = []
    for place in range(number):
        asked = (Message(role="user", content=f"Question {place}?"),)
        prompt = insert_prompt(conn, prompts, NewPrompt(asked, None))
        texts = [f"Answer {place}: {words}.", f"Answer {place}: {' '.join([words] * (2 + place % 3))}."]
        texts = texts[:: -1 if place % 2 else 1]
        a, b = (NewCompletion(model, sampling, 1, text, 5, False, "model") for text in texts)
        pair = add_pair(conn, prompt, (a, b), side_seed=place)
        verdict = "a" if len(texts[0]) < len(texts[1]) else "b"
        add_verdict(conn, comparison=pair, verdict=verdict, side="left", layout="side", seconds=5.0)
        found.append(pair)
    if url:
        add_server(conn, NAME, url, model=MODEL)
    return found
