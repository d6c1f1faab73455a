"""A query as a person types it into a line: words to look for, and filters such as `set:science` or `loss<0.5`.

    query  = piece …                 spaces separate the pieces; all of them have to hold
    piece  = [-] word | [-] "phrase" | [-] flag | [-] name sign value
    sign   = : = != >= <= > <        `name:value` asks for a text, the others compare
    value  = text without space | "text with space"

Parsing never fails: a quote that is not closed yet reaches to the end of the line, and a piece that is not a filter is
a word. The caller knows the names and their meaning; `check_names` refuses all other names. No Textual here.
"""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from difflib import get_close_matches

from tui.errors import WorkbenchError

OPERATORS = (">=", "<=", "!=", ":", "=", ">", "<")
"""The signs between a name and its value; the longer ones first."""

# An address (http://…) and a time of day (10:30) are words. A quoted text may hold anything but a quote.
_PIECE = re.compile(
    r"""(?P<not>-(?=\S))?
    (?:(?P<name>[^\W\d][\w./-]*?)(?P<sign>>=|<=|!=|[:=><])(?!//)(?P<value>"[^"]*"?|[^\s"]*)
    |"(?P<phrase>[^"]*)"?
    |(?P<word>[^\s"]+))""",
    re.VERBOSE,
)


class QueryError(WorkbenchError):
    """A query has a filter that does not exist, or a value that the filter cannot have."""

    title = "That filter cannot be used"


@dataclass(frozen=True)
class Term:
    """One piece of a query. A word or a phrase has no `name`; a flag, such as `noted`, has a name and no `sign`."""

    value: str
    name: str | None = None
    sign: str = ""
    negated: bool = False
    quoted: bool = False
    start: int = 0
    end: int = 0
    """The place of the piece in the text: `text[start:end]`."""

    @property
    def is_text(self) -> bool:
        """Whether it is a word or a phrase to look for."""
        return self.name is None

    def __str__(self) -> str:
        """The piece in the syntax of a query."""
        value = f'"{self.value}"' if self.quoted or re.search(r"\s", self.value) else self.value
        return ("-" if self.negated else "") + (f"{self.name}{self.sign}{value}" if self.name else value)


def parse(text: str, flags: Collection[str] = ()) -> tuple[Term, ...]:
    """The pieces of a query in order. `flags` are the words that are filters by themselves; in quotes they are words.

    >>> [str(each) for each in parse('rain "in autumn" set:science -noted', flags=["noted"])]
    ['rain', '"in autumn"', 'set:science', '-noted']
    """
    found = (_term(match, flags) for match in _PIECE.finditer(text))
    return tuple(term for term in found if not term.is_text or term.value.strip())


def check_names(terms: Iterable[Term], names: Collection[str]) -> None:
    """Refuse the first filter whose name is not among `names`.

    Raises:
        QueryError: there is such a filter; the message has its name, a close one, and all `names`.
    """
    for term in terms:
        if term.name is not None and term.sign and term.name not in names:
            near = get_close_matches(term.name, names, 1)
            meant = f" Did you mean {near[0]}?" if near else ""
            raise QueryError(
                f"There is no filter {term.name!r}.{meant} There are: {', '.join(names)}. "
                "In quotes it is a text to look for."
            )


def without(text: str, term: Term) -> str:
    """The query without one of the pieces that `parse` returned for it."""
    return " ".join(part for part in (text[: term.start].rstrip(), text[term.end :].lstrip()) if part)


def holds(term: Term, value: float | str | None) -> bool:
    """Whether the filter holds of this value. Numbers are compared as numbers; `:` finds any part of a text.

    A missing value (None) meets only a negated filter.

    Raises:
        QueryError: the filter compares a number with a value that is not a number, or compares a text by size.

    >>> holds(parse("loss<0.5")[0], 0.25), holds(parse("-name:taste")[0], "Taste-1")
    (True, False)
    """
    return (value is not None and _meets(term, value)) != term.negated


def number(term: Term) -> float:
    """The filter's value as a number.

    Raises:
        QueryError: the value is not a number.
    """
    try:
        return float(term.value.replace(",", ""))
    except ValueError:
        raise QueryError(f"{term} needs a number, such as {term.name}{term.sign}2.") from None


def _meets(term: Term, value: float | str) -> bool:
    if isinstance(value, str):
        if term.sign not in (":", "=", "!="):
            raise QueryError(f"{term} compares a text. Write {term.name}:{term.value} instead.")
        here, asked = value.casefold(), term.value.casefold()
        return asked in here if term.sign == ":" else (asked == here) == (term.sign == "=")
    asked_number = number(term)
    return {
        ":": value == asked_number,
        "=": value == asked_number,
        "!=": value != asked_number,
        ">=": value >= asked_number,
        "<=": value <= asked_number,
        ">": value > asked_number,
        "<": value < asked_number,
    }[term.sign]


def _term(match: re.Match[str], flags: Collection[str]) -> Term:
    negated, start, end = match["not"] is not None, match.start(), match.end()
    if match["name"] is not None:
        value = match["value"]
        bare = value.removeprefix('"').removesuffix('"') if value.startswith('"') else value
        return Term(bare, match["name"].casefold(), match["sign"], negated, bare != value, start, end)
    if match["phrase"] is not None:
        return Term(match["phrase"], negated=negated, quoted=True, start=start, end=end)
    if match["word"] in flags:
        return Term("", match["word"], negated=negated, start=start, end=end)
    return Term(match["word"], negated=negated, start=start, end=end)
