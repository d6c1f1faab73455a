"""A system prompt that asks for what a person's choices prefer: the rival that needs no training. No Textual here."""

from collections.abc import Iterator
from typing import Final

from tui.analysis.preferences import Preference, PreferenceSummary
from tui.analysis.report import PreferenceReport
from tui.text.sanitize import visible_line

_LEAST_REASON: Final = 3
"""Verdicts that a reason needs to be named."""
_MOST_REASONS: Final = 3
_SENTENCES: Final = {
    "lists": ("Answer with a list of points.", "Do not use lists."),
    "headings": ("Use headings.", "Do not use headings."),
    "bold": ("Set the important words in bold.", "Do not set words in bold."),
    "code": ("Show code where it helps.", "Do not use code."),
    "markdown": ("Use Markdown.", "Write plain text, without Markdown."),
    "refusal": ("", "Do not open with a refusal or an apology."),
    "courtesy": ("Open with a friendly word.", "Begin with the answer itself, without a word such as “Certainly!”."),
}
"""What to ask for by a trait that is chosen more often, and by one that is chosen less often."""
_MARKDOWN: Final = frozenset({"lists", "headings", "bold", "code"})


def prompt_of(page: PreferenceReport) -> str:
    """The system prompt in one line; empty where the choices settle nothing.

    It names each trait that can be told, with the length of the chosen answers where length is one of
    them, and then the most frequent reasons. A trait that turns round among answers of equal length is left out.
    """
    return " ".join([*_traits(page.summary), *_reasons(page)])


def _traits(summary: PreferenceSummary) -> Iterator[str]:
    settled = {each.name: each for each in summary.preferences if each.says != "can't tell yet"}
    opposite = {each.name: each.says for each in summary.equal_length if each.says != "can't tell yet"}
    if (longer := settled.get("longer")) is not None and summary.chosen_words is not None:
        words = _rounded(summary.chosen_words)
        more = longer.says == "more often"
        yield f"{'Answer at length' if more else 'Keep answers short'}: about {words} words."
    for name, sentences in _SENTENCES.items():
        found = settled.get(name)
        if found is None or opposite.get(name, found.says) != found.says:
            continue
        if name == "markdown" and any(each in settled for each in _MARKDOWN):
            continue
        if sentence := _sentence(found, sentences):
            yield sentence


def _sentence(found: Preference, sentences: tuple[str, str]) -> str:
    return sentences[0] if found.says == "more often" else sentences[1]


def _rounded(words: float) -> int:
    step = 5 if words < 50 else 10
    return max(step, step * round(words / step))


def _reasons(page: PreferenceReport) -> Iterator[str]:
    often = sorted(page.reasons, key=lambda each: -each.summary.decided)
    names = [visible_line(each.reason, 40) for each in often if each.summary.decided >= _LEAST_REASON][:_MOST_REASONS]
    if names:
        yield f"What decides between two answers: {', '.join(names)}."
