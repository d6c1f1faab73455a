"""Facts of a verdict, as the search index `verdict_words` has them, and as conditions on tables."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Fact:
    """One of these facts has to hold, such as ("verdict tie",)."""

    any_of: tuple[str, ...]
    negated: bool = False


_SAID: Final = "(SELECT {0} FROM verdicts WHERE id = c.standing)"
_AGAIN: Final = """EXISTS (SELECT 1 FROM verdicts v JOIN verdicts e ON e.comparison = v.comparison AND e.id < v.id
        AND e.verdict NOT IN ('undo', 'skip') AND e.person IS v.person AND e.judge IS v.judge
    WHERE v.id = c.standing)"""
_WRITTEN: Final = "EXISTS (SELECT 1 FROM completions x WHERE x.id IN ({0}) AND {1})"
_CHOSEN: Final = f"CASE {_SAID.format('verdict')} WHEN 'a' THEN c.a WHEN 'b' THEN c.b END"


def fact_in_tables(fact: Fact) -> str:
    """A fact as SQL on the comparison `c` and the verdict `c.standing`."""
    clauses = " OR ".join(map(_clause, fact.any_of)) or "0"
    return f"NOT ifnull(({clauses}), 0)" if fact.negated else f"({clauses})"


def _clause(fact: str) -> str:
    """One fact. Its words are Palate's own or numbers, never what a person typed."""
    kind, value = fact.split(" ", 1)
    text = "'" + value.replace("'", "''") + "'"
    match kind:
        case "verdict" | "side" | "source":
            return f"{_SAID.format(kind)} = {text}"
        case "strength" | "blind":
            return f"{_SAID.format(kind)} = {int(value)}"
        case "trial":
            return "c.trial IS NULL" if value == "none" else f"c.trial = {int(value)}"
        case "judged":
            return _AGAIN if value == "again" else f"NOT {_AGAIN}"
        case "written" | "model":
            return _WRITTEN.format("c.a, c.b", _by(value))
        case _:
            return _WRITTEN.format(_CHOSEN, _by(value))


def _by(value: str) -> str:
    """Who wrote it: a source, or the id of a model."""
    return f"x.model = {int(value)}" if value.isdecimal() else f"x.source = '{value}'"
