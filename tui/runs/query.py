"""The query of a list of runs: words and filters, the field of the order, and whether archived runs are shown.

`lr>=1e-4 status:finished -note:test` means finished runs with at least that learning rate and no "test" in the note.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from db.run_rows import RunRow
from tui.runs.fields import ALIASES, FIELDS, RUN_FLAGS, FieldValue, field_name, in_order
from tui.text.query import Term, check_names, holds, parse


@dataclass(frozen=True)
class RunQuery:
    """The query of a list of runs. `sort` is the name of a field."""

    text: str = ""
    sort: str = "run"
    descending: bool = True
    archived: bool = False

    def sorted_by(self, word: str) -> "RunQuery":
        """The same query in the order of a field; `-lr` means the largest first.

        Raises:
            InputError: there is no such field.
        """
        return replace(self, sort=field_name(word.removeprefix("-")), descending=word.startswith("-"))

    def terms(self) -> tuple[Term, ...]:
        """The pieces of the query, each field under its own name.

        Raises:
            QueryError: a filter's name is not known.
        """
        terms = parse(self.text, RUN_FLAGS)
        check_names([replace(term, name=_plain(term.name)) for term in terms if term.name], [*FIELDS, *RUN_FLAGS])
        return tuple(replace(term, name=_plain(term.name)) if term.name else term for term in terms)

    def fields(self) -> list[str]:
        """The fields in the query or the order, each once: a list shows them in columns."""
        named = [term.name for term in self.terms() if term.name in FIELDS]
        return list(dict.fromkeys([*named, self.sort]))

    def of(self, runs: Sequence[RunRow]) -> list[RunRow]:
        """The runs that the query finds, in order.

        Raises:
            QueryError: a filter's name is not known, or its value cannot be used.
        """
        terms = self.terms()
        archived = self.archived or any(term.name == "archived" and not term.negated for term in terms)
        shown = [run for run in runs if archived or not run.archived]
        return in_order([run for run in shown if matches(run, terms)], self.sort, descending=self.descending)


def matches(run: RunRow, terms: Iterable[Term]) -> bool:
    """Whether every term of a query holds of the run.

    Raises:
        QueryError: a value cannot be used.
    """
    return all(_holds(run, term) for term in terms)


def _holds(run: RunRow, term: Term) -> bool:
    if term.is_text:
        texts = (run.name, run.note, run.status, run.base_name, *run.tags)
        return any(term.value.casefold() in text.casefold() for text in texts) != term.negated
    if term.name in RUN_FLAGS:
        flags = {"archived": run.archived, "noted": bool(run.note), "tagged": bool(run.tags)}
        return flags[term.name] != term.negated
    assert term.name is not None
    value = FIELDS[term.name].value(run)
    return _holds_of(value, term)


def _holds_of(value: FieldValue, term: Term) -> bool:
    if isinstance(value, tuple):  # one matching tag is enough; a negated filter needs none to match
        return any(holds(replace(term, negated=False), each) for each in value) != term.negated
    return holds(term, value)


def _plain(name: str | None) -> str | None:
    if name is None:
        return None
    plain = name.replace("-", "_")
    return ALIASES.get(plain, plain)
