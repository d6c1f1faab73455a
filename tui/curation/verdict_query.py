"""The filters of the Data screen and of `palate data`, and the search that a typed query means."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from db.pair_rows import VERDICTS
from db.times import utc_text
from db.verdict_facts import Fact
from db.verdict_search import NOTES, Named, Search, Where, Words
from tui.text.query import QueryError, Term, check_names, parse

FLAGS: Final = {
    "edited": "one answer was written by you",
    "noted": "with a note",
    "out": "taken out of training",
    "left": "you chose the left (first) answer",
    "right": "you chose the right (second) answer",
    "again": "judged more than once",
    "imported": "came with a file",
    "program": "a program or model judged",
    "named": "judged with the names in sight",
}
"""Words that are filters by themselves, with their meaning."""
FILTERS: Final = {
    "verdict": "better (a or b), tie, both_bad, both_good, skip, discard",
    "set": "a prompt set, or part of its name",
    "field": "the field of the question",
    "policy": "who wrote one of the answers; human, import",
    "chosen": "who wrote the chosen answer; human, import",
    "run": "the pairs of a run: its number or name",
    "tag": "a reason that was given",
    "person": "another person who judged the pair",
    "judge": "a program or model that judged the pair",
    "by": "the verdicts of this person or judge, not yours",
    "trial": "a trial's number, or any, or none",
    "strength": "1 or 2 (much better)",
    "date": "2026, 2026-11, 2026-11-26, today or yesterday",
    "before": "earlier than that date",
    "after": "later than that date",
    "note": "a word of a note",
    "id": "a comparison's number",
}
"""Names of filters, with their values."""
NAMED: Final = ("set", "field", "run", "policy", "chosen", "tag", "person", "judge", "by")
"""Filters whose values are names in the workspace."""
_SOURCES: Final = ("human", "import")
_DECISIVE: Final = ("verdict a", "verdict b")


@dataclass
class _Parts:
    """The parts of a search while a query is read."""

    words: list[Words] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)
    conditions: list[Where] = field(default_factory=list)
    named: list[Named] = field(default_factory=list)
    givers: list[str] = field(default_factory=list)


def read_query(text: str) -> tuple[Term, ...]:
    """The terms of a query. A filter without a value, as while a person types, is left out.

    Raises:
        QueryError: there is no such filter.
    """
    terms = parse(text, FLAGS)
    check_names(terms, [*FILTERS, *FLAGS])
    return tuple(each for each in terms if each.value or each.name in FLAGS)


def search_of(text: str, *, typing: bool = False) -> Search:
    """The search that a query means. The search itself looks up names of sets, fields, runs and policies.

    The last word may be only the beginning of a word where no space follows it. With `typing` a single letter is
    ignored.

    Raises:
        QueryError: there is no such filter, or it cannot have this value.
    """
    parts, terms = _Parts(), read_query(text)
    for term in terms:
        if term.is_text:
            begun = term is terms[-1] and term.end == len(text) and not term.quoted
            _add_words(parts, term, begun=begun, typing=typing)
        elif term.name in FLAGS:
            _FLAG_READERS[term.name](parts, term)
        else:
            if term.sign not in (":", "=", "!=") and term.name not in ("date", "before", "after"):
                raise QueryError(f"{term} compares values without an order. Write {term.name}:{term.value}.")
            _READERS[term.name or ""](parts, term)
    return Search(
        tuple(parts.words), tuple(parts.facts), tuple(parts.conditions), tuple(parts.named), tuple(parts.givers)
    )


def fixed_values(name: str) -> list[str]:
    """The values of a filter that every workspace has, to choose from; empty where a person types the value."""
    fixed = {
        "verdict": ["better", *VERDICTS[2:]],
        "policy": [*_SOURCES],
        "chosen": [*_SOURCES],
        "strength": ["1", "2"],
        "trial": ["any", "none"],
        "date": ["today", "yesterday", _month(0), _month(1)],
    }
    return fixed.get(name, [])


def day_range(text: str, now: datetime | None = None) -> tuple[str, str]:
    """The start of a day, month or year of this machine's calendar, and the start of the next, as UTC ISO text.

    Raises:
        QueryError: the text is not a date.
    """
    now = now or datetime.now().astimezone()
    named = {"today": now, "yesterday": now - timedelta(days=1)}
    text = f"{named[text.casefold()]:%Y-%m-%d}" if text.casefold() in named else text
    try:
        year, month, day = ([int(part) for part in text.split("-")] + [0, 0])[:3]
        if text.count("-") > 2:
            raise ValueError
        first = datetime(year, month or 1, day or 1)
        after = first + timedelta(days=1) if day else datetime(year + (month or 12) // 12, (month or 12) % 12 + 1, 1)
        return utc_text(first.astimezone()), utc_text(after.astimezone())
    except (ValueError, OverflowError):
        raise QueryError(f"{text!r} is no date. Write 2026, 2026-11, 2026-11-26, today or yesterday.") from None


# -- one reader for each filter --------------------------------------------------------------------------------


def _add_words(parts: _Parts, term: Term, *, begun: bool, typing: bool) -> None:
    text = term.value.encode("utf-8", "replace").decode()
    single = begun and len(text) == 1 and text.isascii()
    if single and typing and text.isalnum():
        return  # nearly every pair has a word that begins with it
    parts.words.append(Words(text, begun and not single, term.negated))


def _negated(term: Term) -> bool:
    return term.negated != (term.sign == "!=")


def _verdict(parts: _Parts, term: Term) -> None:
    word = term.value.casefold().replace(" ", "_").replace("skipped", "skip").replace("discarded", "discard")
    if word == "better":
        parts.facts.append(Fact(_DECISIVE, _negated(term)))
        return
    if word not in VERDICTS:
        raise QueryError(f"{term.value!r} is not a verdict. There are: better, {', '.join(VERDICTS)}.")
    parts.facts.append(Fact((f"verdict {word}",), _negated(term)))


def _written(name: str) -> Callable[[_Parts, Term], None]:
    """A filter on the writer of either answer (policy), or of the chosen one (chosen)."""
    fact = {"policy": "written", "chosen": "chosen"}[name]

    def read(parts: _Parts, term: Term) -> None:
        if term.value.casefold() in _SOURCES:
            parts.facts.append(Fact((f"{fact} {term.value.casefold()}",), _negated(term)))
        else:
            _by_name(name)(parts, term)

    return read


def _by_name(kind: str) -> Callable[[_Parts, Term], None]:
    """A filter by name: part of the name, or the whole name after `=`."""
    return lambda parts, term: parts.named.append(Named(kind, term.value, term.sign in ("=", "!="), _negated(term)))


def _by(parts: _Parts, term: Term) -> None:
    if _negated(term):
        raise QueryError(f"{term} would leave out a person. Name those whose verdicts you want: by:NAME.")
    parts.givers.append(term.value)


def _trial(parts: _Parts, term: Term) -> None:
    value = term.value.casefold()
    if value not in ("any", "none") and not value.isdecimal():
        raise QueryError(f"{term.value!r} is no trial. Write its number, any or none.")
    fact = "trial none" if value == "any" else f"trial {value}"
    parts.facts.append(Fact((fact,), _negated(term) != (value == "any")))


def _strength(parts: _Parts, term: Term) -> None:
    if term.value not in ("1", "2"):
        raise QueryError(f"{term.value!r} is no strength. There are 1 (better) and 2 (much better).")
    # Ties and other undecided verdicts have a strength of 1 without meaning.
    parts.facts += [Fact((f"strength {term.value}",), _negated(term)), Fact(_DECISIVE)]


def _date(parts: _Parts, term: Term) -> None:
    begins, ends = day_range(term.value)
    since, until = Where("since", (begins,)), Where("until", (ends,))
    chosen = {
        ">=": [since],
        ">": [Where("since", (ends,))],
        "<": [Where("until", (begins,))],
        "<=": [until],
    }.get(term.sign)
    if chosen is None and _negated(term):
        raise QueryError(f"{term} leaves two separate times. Write before:{term.value} or after:{term.value}.")
    if chosen is not None and term.negated:
        raise QueryError(f"{term} negates a comparison. Use the opposite sign instead.")
    parts.conditions += chosen or [since, until]


def _before(parts: _Parts, term: Term) -> None:
    parts.conditions.append(Where("until", (day_range(term.value)[0],), _negated(term)))


def _after(parts: _Parts, term: Term) -> None:
    parts.conditions.append(Where("since", (day_range(term.value)[1],), _negated(term)))


def _note(parts: _Parts, term: Term) -> None:
    parts.words.append(Words(term.value, not term.quoted, _negated(term), NOTES))


def _id(parts: _Parts, term: Term) -> None:
    if not term.value.isdecimal():
        raise QueryError(f"{term.value!r} is no number of a comparison.")
    parts.conditions.append(Where("id", ([int(term.value)],), _negated(term)))


def _flag(fact: str) -> Callable[[_Parts, Term], None]:
    return lambda parts, term: parts.facts.append(Fact((fact,), term.negated))


def _state(kind: str) -> Callable[[_Parts, Term], None]:
    return lambda parts, term: parts.conditions.append(Where(kind, (), term.negated))


_READERS: Final = {
    "verdict": _verdict,
    "set": _by_name("set"),
    "field": _by_name("field"),
    "policy": _written("policy"),
    "chosen": _written("chosen"),
    "run": _by_name("run"),
    "tag": _by_name("tag"),
    "person": _by_name("person"),
    "judge": _by_name("judge"),
    "by": _by,
    "trial": _trial,
    "strength": _strength,
    "date": _date,
    "before": _before,
    "after": _after,
    "note": _note,
    "id": _id,
}
_FLAG_READERS: Final = {
    "edited": _flag("written human"),
    "noted": _state("noted"),
    "out": _state("out"),
    "left": _flag("side left"),
    "right": _flag("side right"),
    "again": _flag("judged again"),
    "imported": _flag("source import"),
    "program": _flag("source model"),
    "named": _flag("blind 0"),
}


def _month(back: int) -> str:
    """The month `back` months before this one, such as 2026-11."""
    now = datetime.now()
    place = now.year * 12 + now.month - 1 - back
    return f"{place // 12}-{place % 12 + 1:02}"
