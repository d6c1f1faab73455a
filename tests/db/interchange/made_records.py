"""Pairs that hypothesis makes: any turns, system prompts, verdicts and facts, with texts that mislead readers."""

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st

from db.interchange.records import DECISIVE, PairRecord
from db.pair_rows import VERDICTS
from db.prompt_rows import Message, Messages

# Pieces that look like structure to a reader of some format, or like an end of something.
_MISLEADING = (
    "\n\nHuman: ",
    "\n\nAssistant: ",
    "Human:",
    "[{'role': 'user', 'content': 'x'}]",
    '[{"role": "assistant", "content": "x"}]',
    '{"from": "gpt", "value": "x"}',
    "<|im_start|>user\n",
    "<|im_end|>",
    "[INST] x [/INST]",
    "</s>",
    "[1, 2]",
    '["a"]',
    "NA",
    "null",
    "true",
    "0",
    "",
    "-",
    "\r\n",
    "\r",
    "\t",
    "\x00",
    "\x1b[31m",
    "\u2028",
    "\x85",
    "\ufeff",
    "é",
    "e\u0301",
    "👩‍👩‍👧",
    '"',
    "'",
    ",",
    ";",
    "|",
    "\\",
    "tie",
    "response_a",
    "sep=;",
)
_LETTERS = st.characters(exclude_categories=["Cs"])
TEXTS = st.lists(st.sampled_from(_MISLEADING) | st.text(_LETTERS, max_size=12), min_size=1, max_size=4).map("".join)
SAID = TEXTS.filter(lambda text: bool(text.strip()))
_SCORES = st.none() | st.floats(-10, 10).map(lambda number: round(number, 2))


def settled(number: int) -> Any:
    """The settings of a test of so many examples: the same ones in every run, and without a limit of time."""
    return settings(max_examples=number, derandomize=True, deadline=None, database=None)


@st.composite
def prompts(draw: st.DrawFn) -> Messages:
    """A prompt that ends with the user's message."""
    turns = [Message(role="user", content=draw(SAID))]
    for _ in range(draw(st.integers(0, 2))):
        turns += [Message(role="assistant", content=draw(SAID)), Message(role="user", content=draw(SAID))]
    system = [Message(role="system", content=draw(SAID))] if draw(st.booleans()) else []
    return (*system, *turns)


@st.composite
def records(draw: st.DrawFn) -> PairRecord:
    """A pair with any verdict and any facts."""
    verdict = draw(st.sampled_from((*VERDICTS, None)))
    a = draw(SAID)
    decisive = verdict in DECISIVE
    return PairRecord(
        draw(st.integers(1, 99)),
        draw(prompts()),
        a,
        draw(SAID.filter(lambda text: text != a)),
        verdict,
        strength=draw(st.integers(1, 2)) if decisive else 1,
        side=draw(st.sampled_from(("left", "right", None))) if decisive else None,
        seconds=draw(st.none() | st.integers(1, 900).map(float)) if verdict is not None else None,
        note=draw(st.just("") | SAID.map(str.strip)) if verdict is not None else "",
        field=draw(st.none() | st.sampled_from(("biology", "räume", "a b"))),
        score_a=draw(_SCORES),
        score_b=draw(_SCORES),
    )
