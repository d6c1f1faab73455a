"""Traits of an answer that need no understanding: its length, its markdown, its opening. No Textual here.

Length is counted in characters, for every answer alike: an imported or edited answer has no token count, and the
published preference for longer answers is counted in characters too.
"""

import re
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Trait:
    """A trait that an answer has or lacks. `words` follow "the one …", `flag` is its bit in `traits_of`."""

    name: str
    words: str
    flag: int


_NAMED = (
    ("lists", "with a list"),
    ("headings", "with a heading"),
    ("bold", "with bold words"),
    ("code", "with code"),
    ("markdown", "with any of these"),
    ("refusal", "opening with a refusal"),
    ("courtesy", "opening with “Certainly!”"),
    ("cut", "cut by the token limit"),
)
TRAITS: Final = tuple(Trait(name, words, 1 << place) for place, (name, words) in enumerate(_NAMED))
LISTS, HEADINGS, BOLD, CODE, MARKDOWN, REFUSAL, COURTESY, CUT = (each.flag for each in TRAITS)

# They begin with a plain line feed, which is found fast: 200,000 answers take a fraction of a second.
_LIST: Final = re.compile(r"\n {0,8}(?:[-*+•]|\d{1,3}[.)])[ \t]+\S")
_HEADING: Final = re.compile(r"\n#{1,6} +\S")
_BOLD: Final = re.compile(r"\*\*[^\s*][^\n*]*\*\*")
_OPENING: Final = re.compile(
    r"\s*(?:(?P<refusal>(?:i['’]m|i am) (?:very |so |really )?(?:sorry|unable|not able)|sorry"
    r"|i (?:cannot|can['’]t|can not|apologi[sz]e)|unfortunately|as an ai|my apologies)"
    r"|certainly|sure|of course|absolutely|definitely|gladly|great question|good question"
    r"|i['’]d be (?:happy|glad)|happy to help|what a (?:great|good))\b",
    re.IGNORECASE,
)


def traits_of(text: str, *, cut: bool = False) -> int:
    r"""The flags of the traits that `text` has, added up. `cut` says that the token limit ended it.

    >>> traits_of("Sure!\n- **one**") == LISTS + BOLD + MARKDOWN + COURTESY
    True
    """
    found = CUT if cut else 0
    text = "\n" + text
    if _LIST.search(text):
        found |= LISTS
    if "\n#" in text and _HEADING.search(text):
        found |= HEADINGS
    if "**" in text and _BOLD.search(text):
        found |= BOLD
    if "`" in text:
        found |= CODE
    if found & (LISTS | HEADINGS | BOLD | CODE):
        found |= MARKDOWN
    if opening := _OPENING.match(text):
        found |= REFUSAL if opening["refusal"] else COURTESY
    return found
