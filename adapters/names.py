"""The rules for an adapter's name."""

import unicodedata
from collections.abc import Iterable

from adapters.errors import AdapterNameError
from adapters.manifest import ID_PATTERN

LONGEST_NAME = 64
PUNCTUATION = " ._-"
RESERVED = ("base", "none")
"""On the command line these words name the base model without an adapter."""


def clean_name(name: str) -> str:
    """Check the name and return it in Unicode's composed form (NFC), without spaces around it.

    A name may hold letters and digits of any script, space, dot, underscore and hyphen. It starts with a letter or a
    digit and has at most 64 characters. It is not one of `RESERVED`, and does not have the form of an id.

    Raises:
        AdapterNameError: the name breaks one of these rules; the message says which.
    """
    name = unicodedata.normalize("NFC", name).strip(" ")
    if not name:
        raise AdapterNameError("An adapter needs a name. Give it one, such as taste-1.")
    if len(name) > LONGEST_NAME:
        raise AdapterNameError(f"The name has {len(name)} characters; {LONGEST_NAME} are allowed. Shorten it.")
    wrong = next((each for each in name if not _allowed(each)), None)
    if wrong is not None:
        allowed = "letters, digits, space, dot, underscore and hyphen"
        raise AdapterNameError(f"The name holds {wrong!a}; allowed are {allowed}. Choose another name.")
    if name[0] in PUNCTUATION:
        raise AdapterNameError(f"The name {name!r} starts with {name[0]!r}. Start it with a letter or a digit.")
    if name.casefold() in RESERVED:
        raise AdapterNameError(f"{name!r} means the base model without an adapter. Choose another name.")
    if ID_PATTERN.fullmatch(name.casefold()):
        raise AdapterNameError(f"{name!r} has the form of an adapter's id. Choose another name.")
    return name


def name_key(name: str) -> str:
    """The name without differences of case, width and composition: equal for names that a person cannot distinguish."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())


def free_name(stem: str, taken: Iterable[str]) -> str:
    """The first of `stem-1`, `stem-2`, … that is not taken, the stem shortened where the name would be too long."""
    keys = {name_key(each) for each in taken}
    number = 1
    while True:
        ending = f"-{number}"
        name = clean_name(clean_name(stem)[: LONGEST_NAME - len(ending)].rstrip(PUNCTUATION) + ending)
        if name_key(name) not in keys:
            return name
        number += 1


def _allowed(character: str) -> bool:
    # Many scripts write their letters with marks.
    return character in PUNCTUATION or unicodedata.category(character)[0] in "LM" or character.isdecimal()
