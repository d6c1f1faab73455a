"""The system prompt that asks for what choices prefer, by hand."""

from types import SimpleNamespace
from typing import Any, cast

from db.preference_counts import Choice
from tui.analysis.likes_prompt import prompt_of
from tui.analysis.preferences import count_preferences
from tui.analysis.report import PreferenceReport, ReasonLikes


def page(choices: list[Choice], **reasons: list[Choice]) -> PreferenceReport:
    given = [ReasonLikes(name, count_preferences(each)) for name, each in reasons.items()]
    report: Any = SimpleNamespace(summary=count_preferences(choices), reasons=tuple(given))
    return cast(PreferenceReport, report)


def choices(chosen: str, rejected: str, count: int = 10) -> list[Choice]:
    return [Choice(at, "a", None, chosen, rejected, 0, 0) for at in range(count)]


def test_shorter_answers_without_a_list_are_asked_for_with_their_length() -> None:
    plain = "one two three four five six seven eight nine ten eleven twelve"
    assert prompt_of(page(choices(plain, "Points:\n- one\n- two\n" + "more words here " * 9))) == (
        "Keep answers short: about 10 words. Do not use lists."
    )
    assert prompt_of(page(choices("Points:\n- one **two**\n" + "more words here " * 33, plain))) == (
        "Answer at length: about 100 words. Answer with a list of points. Set the important words in bold."
    )


def test_markdown_as_such_is_named_only_where_none_of_its_parts_is() -> None:
    kinds = ["# a head", "**bold**", "`code`..", "- a list"]
    mixed = [Choice(at, "b", None, kinds[at % 4], "plain...", 0, 0) for at in range(8)]
    assert prompt_of(page(mixed)) == "Write plain text, without Markdown."


def test_a_trait_that_turns_round_at_equal_length_is_left_out() -> None:
    longer = choices("- one\n- two " + "more " * 8, "one", 40)
    equal = [Choice(100 + at, "b", None, "- one two", "one, two.", 0, 0) for at in range(8)]
    assert prompt_of(page([*longer, *equal])) == "Answer at length: about 10 words."


def test_where_nothing_is_settled_there_is_no_prompt_and_reasons_need_three_verdicts() -> None:
    assert prompt_of(page([])) == ""
    few = [*choices("one two", "one", 2), *[Choice(5 + at, "b", None, "one two", "one", 0, 0) for at in range(2)]]
    assert prompt_of(page(few)) == ""
    one, two = choices("x", "y", 3), choices("x", "y", 2)
    assert prompt_of(page(few, clear=one, rare=two)) == "What decides between two answers: clear."
