"""The rubric that a judge begins with: what a person's choices say so far, in words that they can edit. No Textual."""

from typing import Final

from tui.analysis.paired_comparison import between
from tui.analysis.preferences import Preference, PreferenceSummary
from tui.errors import InputError
from tui.text.format import percent

LONGEST_RUBRIC: Final = 8_000
"""The most characters of a rubric."""
_HEAD: Final = (
    "You judge two answers to a question for one person. Choose the answer that this person would choose, not the one "
    "that you would. Judge by their taste alone, and pay no attention to which answer comes first."
)
_UNKNOWN: Final = "Nothing is known of their taste yet, beyond the examples below."
_LEAST: Final = 10
"""A trait is named from this many questions on."""
_NOT_TASTE: Final = ("left", "cut", "markdown")


def first_rubric(summary: PreferenceSummary) -> str:
    """The rubric from what a person's choices say: only traits that can be told are named."""
    traits = _traits(summary)
    if not traits:
        return f"{_HEAD}\n\n{_UNKNOWN}\n"
    lines = [_line(each) for each in traits]
    return f"{_HEAD}\n\nWhat {summary.decided} of their choices say:\n" + "\n".join(lines) + "\n"


def checked_rubric(text: str) -> str:
    """A rubric as it is stored: without blanks around it, ended by a line break.

    Raises:
        InputError: it is empty or too long.
    """
    text = text.strip()
    if not text or len(text) > LONGEST_RUBRIC:
        raise InputError(f"A rubric has 1 to {LONGEST_RUBRIC:,} characters, this one has {len(text):,}. Change it.")
    return text + "\n"


def _traits(summary: PreferenceSummary) -> list[Preference]:
    found = [each for each in summary.preferences if each.name not in _NOT_TASTE and each.says != "can't tell yet"]
    return [each for each in found if each.questions.prompts >= _LEAST]


def _line(each: Preference) -> str:
    interval, share = each.interval, each.share
    assert interval is not None
    assert share is not None
    verb = "They mostly choose" if each.says == "more often" else "They mostly avoid"
    answer = f"the {each.words} answer" if each.name == "longer" else f"the answer {each.words}"
    return f"- {verb} {answer} ({percent(share)}, {between(interval)})."
