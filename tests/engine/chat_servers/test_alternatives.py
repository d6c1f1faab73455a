"""The likeliest first tokens of an answer, as servers send them or as they should not."""

from typing import Any

import pytest

from engine.chat_servers.replies import Reply


def taken(*choices: dict[str, Any]) -> dict[str, float]:
    reply = Reply("http://box", 1000)
    for choice in choices:
        reply.take({"choices": [choice]})
    return reply.alternatives


def chunk(text: str, logprobs: Any) -> dict[str, Any]:
    return {"delta": {"content": text}, "finish_reason": None, "logprobs": logprobs}


def test_the_first_token_with_text_counts_and_no_later_one() -> None:
    first = {"token": "1", "logprob": -0.1, "top_logprobs": [{"token": "2", "logprob": -2.5}]}
    later = {"token": "2", "logprob": -0.2, "top_logprobs": []}
    blank = {"token": "\n", "logprob": -0.3, "top_logprobs": []}
    assert taken(chunk("1", {"content": [first]}), chunk("2", {"content": [later]})) == {"1": -0.1, "2": -2.5}
    assert taken(chunk("\n", {"content": [blank]}), chunk("1", {"content": [first]})) == {"1": -0.1, "2": -2.5}
    assert taken(chunk("\n1", {"content": [blank, first]})) == {"1": -0.1, "2": -2.5}


@pytest.mark.parametrize(
    "logprobs",
    [
        None,
        [],
        "text",
        {"content": None},
        {"content": "1"},
        {"content": [None, 3, {}]},
        {"content": [{"token": 1, "logprob": -1}]},
        {"content": [{"token": "1", "logprob": "high"}]},
        {"content": [{"token": "1", "logprob": True}]},
        {"content": [{"token": "1", "logprob": 0.5}]},
        {"content": [{"token": "1", "logprob": -(10**400)}]},
        {"content": [{"token": "1", "logprob": float("nan")}]},
    ],
)
def test_what_is_no_log_probability_is_passed_over(logprobs: Any) -> None:
    assert taken(chunk("1", logprobs)) == {}


def test_a_long_list_and_a_long_token_are_cut() -> None:
    listed = [{"token": f"{place} " + "x" * 500, "logprob": -1.0} for place in range(5000)]
    found = taken(chunk("1", {"content": [{"token": "1", "logprob": -0.5, "top_logprobs": listed}]}))
    assert len(found) == 101
    assert max(map(len, found)) == 200
