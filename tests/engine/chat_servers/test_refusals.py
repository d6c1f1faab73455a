"""Error replies of servers: what is left out, renamed, or too long. The bodies have the forms that servers send."""

import json
from typing import Any

import pytest

from engine.chat_servers.refusals import Refusal, ServerHabits, read_refusal

SENT = frozenset({"temperature", "top_p", "top_k", "seed", "stream_options", "max_tokens"})
NOTHING = Refusal(frozenset(), limit=False, too_long=False)


def refusal(status: int, **error: Any) -> Refusal:
    return read_refusal(status, json.dumps({"error": error}), SENT)


def refused(*settings: str) -> Refusal:
    return Refusal(frozenset(settings), limit=False, too_long=False)


def test_a_refused_max_tokens_is_a_refused_name_and_no_long_prompt() -> None:
    words = "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."
    limit = Refusal(frozenset(), limit=True, too_long=False)
    assert refusal(400, message=words, param="max_tokens", code="unsupported_parameter") == limit
    assert refusal(400, message=words) == limit
    habits = ServerHabits()
    assert habits.learn(limit, "max_tokens")
    assert habits.limit == "max_completion_tokens"
    assert not habits.learn(limit, "max_completion_tokens")  # a second refusal is about the number


@pytest.mark.parametrize(
    ("words", "param", "expected"),
    [
        ("Unsupported value: 'temperature' does not support 0.9 with this model.", "temperature", {"temperature"}),
        ("`temperature` and `top_p` cannot both be specified for this model. Please use only one.", None, {"top_p"}),
        ("Unknown name top_k: cannot find field.", None, {"top_k"}),
        ("top_k and seed are not permitted; temperature is.", None, {"top_k", "seed"}),
        ("max_tokens (20) is larger than what is left", None, set()),
        ("something about messages[0].content", "messages", set()),
    ],
)
def test_settings_are_read_from_the_field_or_from_the_words(words: str, param: str | None, expected: set[str]) -> None:
    assert refusal(400, message=words, param=param, type="invalid_request_error") == refused(*expected)


def test_the_place_in_fastapi_s_detail_names_the_setting() -> None:
    detail = [{"type": "extra_forbidden", "loc": ["body", "top_k"], "msg": "Extra inputs are not permitted"}]
    assert read_refusal(422, json.dumps({"detail": detail}), SENT) == refused("top_k")


@pytest.mark.parametrize(
    "error",
    [
        {"code": "context_length_exceeded", "param": "messages"},
        {"code": 400, "type": "exceed_context_size_error", "n_prompt_tokens": 13392, "n_ctx": 8192},
        {"code": 400, "type": "BadRequestError", "param": "input_tokens"},
    ],
)
def test_only_codes_and_fields_say_that_a_prompt_is_too_long(error: dict[str, Any]) -> None:
    assert refusal(400, message="…", **error).too_long
    assert read_refusal(413, "<html>", SENT).too_long
    for words in ("maximum context length is 8192 tokens", "prompt is too long", "max tokens exceeded"):
        assert refusal(400, message=words, code=400) == NOTHING


@pytest.mark.parametrize(
    "text", ["", "null", "[]", "<p>", "[" * 100_000, '{"error": null}', '{"detail": [{"loc": 7}]}']
)
def test_any_reply_can_be_read(text: str) -> None:
    assert read_refusal(400, text, SENT) == NOTHING
