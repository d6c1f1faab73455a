"""Search the standing verdicts, newest first: by words, by facts of a verdict, and by properties of its pair.

The index `verdict_words` (see db/migrations/m007_search.py) answers for words and facts. Its rows have the verdicts'
ids, so a page is read from its newest row down and stops when it is full. The tables answer for properties that can
change: the set of a prompt, whether a pair is taken out of training, the runs it was in.

A search among the verdicts of other people and judges uses the tables alone: the index holds standing verdicts.
"""

import json
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from sqlite3 import SQLITE_INTERRUPT, Connection, OperationalError
from typing import Any

from db.errors import DatabaseError, NotFound
from db.givers import GIVEN, find_giver, givers_value
from db.pair_rows import VerdictListRow
from db.prompt_rows import FORGOTTEN, first_line
from db.verdict_facts import Fact, fact_in_tables

ANYWHERE = "prompt a b said note"
"""The columns of the index that hold text; a note may belong to the verdict or to the pair."""
NOTES = "said note"

# Between these bounds lie the scripts without spaces, in which the index cannot find a word by its beginning.
_UNSPACED = ("THAI", "LAO", "KHMER", "MYANMAR", "CJK", "HIRAGANA", "KATAKANA", "TIBETAN")


class SearchEnded(DatabaseError):
    """The connection was interrupted, because a newer search began."""


class UnknownName(NotFound):
    """Nothing has the name that a search asks for; the message lists the existing names."""


@dataclass(frozen=True)
class Words:
    """A text that has to occur: words in order. With `begun` the last one may be only the beginning of a word."""

    text: str
    begun: bool = False
    negated: bool = False
    columns: str = ANYWHERE


@dataclass(frozen=True)
class Where:
    """A condition on tables: `kind` is a name in `CONDITIONS`, `values` are its parameters."""

    kind: str
    values: tuple[Any, ...] = ()
    negated: bool = False


@dataclass(frozen=True)
class Named:
    """A condition on something by its name: `kind` is set, field, run, policy, chosen, tag, person or judge.

    Kind person or judge means that such a person or judge said something of the pair. Kind policy means that it wrote
    one of the answers, kind chosen that it wrote the preferred one. With `exact`, `name` is the whole name and not a
    part of it.
    """

    kind: str
    name: str
    exact: bool = False
    negated: bool = False


@dataclass(frozen=True)
class Search:
    """The conditions that a verdict has to meet, all of them.

    `givers` names those whose verdicts are searched in place of the standing ones; see `find_giver`.
    """

    words: tuple[Words, ...] = ()
    facts: tuple[Fact, ...] = ()
    conditions: tuple[Where, ...] = ()
    named: tuple[Named, ...] = ()
    givers: tuple[str, ...] = ()


EVERYTHING = Search()

CONDITIONS = {
    "set": "c.prompt IN (SELECT id FROM prompts WHERE set_id IN (SELECT value FROM json_each({})))",
    "large set": "(SELECT set_id FROM prompts WHERE id = c.prompt) IN (SELECT value FROM json_each({}))",
    "field": "c.prompt IN (SELECT id FROM prompts WHERE field IN (SELECT value FROM json_each({})))",
    "large field": "(SELECT field FROM prompts WHERE id = c.prompt) IN (SELECT value FROM json_each({}))",
    "run": "c.id IN (SELECT comparison FROM run_pairs WHERE run IN (SELECT value FROM json_each({})))",
    "id": "c.id IN (SELECT value FROM json_each({}))",
    "tag": "c.standing IN (SELECT verdict FROM verdict_tags WHERE tag IN (SELECT value FROM json_each({})))",
    "person": "c.id IN (SELECT comparison FROM verdicts WHERE person IN (SELECT value FROM json_each({})))",
    # Before verdicts named their judge, only the trial did.
    "judge": """(c.id IN (SELECT comparison FROM verdicts WHERE judge IN (SELECT value FROM json_each({0})))
        OR c.trial IN (SELECT id FROM trials WHERE judged_by IN (SELECT value FROM json_each({0}))))""",
    "out": "c.id IN (SELECT id FROM comparisons WHERE withdrawn = 1)",
    "noted": """(c.id IN (SELECT comparison FROM comparison_notes WHERE note <> '')
        OR c.standing IN (SELECT id FROM verdicts WHERE note <> '')
            AND c.id NOT IN (SELECT comparison FROM comparison_notes))""",
    "since": "c.standing >= (SELECT min(id) FROM verdicts WHERE at >= {0})"
    " AND (SELECT at FROM verdicts WHERE id = c.standing) >= {0}",
    "until": "c.standing <= (SELECT max(id) FROM verdicts WHERE at < {0})"
    " AND (SELECT at FROM verdicts WHERE id = c.standing) < {0}",
    # For words that the index cannot find by their beginning. It searches the contents of messages, not their JSON.
    "contains": r"""(EXISTS (SELECT 1 FROM json_each((SELECT messages FROM prompts WHERE id = c.prompt)) m
            WHERE m.value ->> '$.content' LIKE {0} ESCAPE '\')
        OR EXISTS (SELECT 1 FROM completions x WHERE x.id IN (c.a, c.b) AND x.text LIKE {0} ESCAPE '\')
        OR (SELECT note FROM verdicts WHERE id = c.standing) LIKE {0} ESCAPE '\'
        OR EXISTS (SELECT 1 FROM comparison_notes n WHERE n.comparison = c.id AND n.note LIKE {0} ESCAPE '\'))""",
    "note contains": r"""((SELECT note FROM verdicts WHERE id = c.standing) LIKE {0} ESCAPE '\'
        OR EXISTS (SELECT 1 FROM comparison_notes n WHERE n.comparison = c.id AND n.note LIKE {0} ESCAPE '\'))""",
}
"""The conditions on tables; every `{}` takes one value (a list as JSON)."""

LARGE = 2000
"""Above this number of prompts a set is walked from its newest verdict; a smaller one is read whole and sorted."""
_SIZES = {
    "set": "SELECT count(*) FROM prompts WHERE set_id IN (SELECT value FROM json_each(?))",
    "field": "SELECT count(*) FROM prompts WHERE field IN (SELECT value FROM json_each(?))",
}

# A sealed trial shows nothing yet.
_NOT_SEALED = """(c.trial IS NULL OR NOT EXISTS
    (SELECT 1 FROM trials t WHERE t.id = c.trial AND t.kind = 'blind' AND t.opened IS NULL))"""
_BY_WORDS = """FROM verdict_words f CROSS JOIN comparisons c ON c.standing = f.rowid
    WHERE f.verdict_words MATCH :match"""
_BY_TABLES = "FROM comparisons c WHERE c.standing IS NOT NULL"
_BY_GIVERS = f"FROM {GIVEN} given CROSS JOIN comparisons c ON c.id = given.comparison WHERE 1"
_LIST = """SELECT CASE WHEN v.id IS c.standing THEN NULL WHEN v.judge IS NOT NULL THEN 'judge:' || j.name
            WHEN v.person IS NOT NULL THEN 'person:' || w.name END AS by,
        v.id, v.comparison, v.at, v.verdict, v.strength, v.seconds, c.trial, c.withdrawn, s.held_out,
        ifnull((SELECT n.note FROM comparison_notes n WHERE n.comparison = c.id), v.note) AS note,
        p.messages, p.field, p.forgotten, s.name AS set_name
    FROM json_each(?) asked
    JOIN verdicts v ON v.id = asked.value
    JOIN comparisons c ON c.id = v.comparison
    JOIN prompts p ON p.id = c.prompt
    JOIN prompt_sets s ON s.id = p.set_id
    LEFT JOIN people w ON w.id = v.person
    LEFT JOIN judges j ON j.id = v.judge"""


def search_verdicts(
    conn: Connection, search: Search = EVERYTHING, *, before: int | None = None, limit: int = 200
) -> list[VerdictListRow]:
    """The standing verdicts that meet `search`, or those of its givers, newest first, from below the id `before`.

    Skips and verdicts of trials are included; those of a sealed trial are left out.

    Raises:
        SearchEnded: the connection was interrupted.
        NotFound: nothing has a name that the search asks for; `UnknownName` where it is a condition's.
    """
    with _interruptible():
        return _page(conn, search, before, limit)


def count_verdicts(conn: Connection, search: Search) -> int:
    """Count the standing verdicts that meet `search`; this reads all of them.

    Raises:
        SearchEnded: the connection was interrupted.
        NotFound: see `search_verdicts`.
    """
    with _interruptible():
        _, source, values = _compiled(conn, search)
        return int(conn.execute(f"SELECT count(*) {source}", values).fetchone()[0])


@contextmanager
def _interruptible() -> Iterator[None]:
    try:
        yield
    except OperationalError as error:
        if error.sqlite_errorcode == SQLITE_INTERRUPT:
            raise SearchEnded("A newer search ended this one.") from None
        raise


def _page(conn: Connection, search: Search, before: int | None, limit: int) -> list[VerdictListRow]:
    row, source, values = _compiled(conn, search)
    below = f" AND {row} < :before" if before is not None else ""
    query = f"SELECT {row} {source}{below} ORDER BY {row} DESC LIMIT :limit"
    ids = [found[0] for found in conn.execute(query, {**values, "before": before, "limit": limit})]
    rows = [_list_row(found) for found in conn.execute(_LIST, (json.dumps(ids),))]
    return sorted(rows, key=lambda each: each.id, reverse=True)


def is_indexed(text: str) -> bool:
    """Whether the index can find this text: not punctuation alone, nor text in a script without spaces."""
    kinds = [unicodedata.category(letter) for letter in text]
    if not any(kind[0] in "LN" or kind == "Co" for kind in kinds):
        return False
    return not any(unicodedata.name(letter, "").startswith(_UNSPACED) for letter in text)


def _compiled(conn: Connection, search: Search) -> tuple[str, str, dict[str, Any]]:
    """The column that identifies a verdict, FROM and WHERE of a search as SQL, and the values of both."""
    if search.givers:
        return _compiled_for_givers(conn, search)
    found = [_resolved(conn, each) for each in search.named]
    facts = [*search.facts, *(each for each in found if isinstance(each, Fact))]
    indexed = [each for each in search.words if is_indexed(each.text)]
    scanned = [each for each in search.words if not is_indexed(each.text)]
    conditions = [*search.conditions, *(each for each in found if isinstance(each, Where))]
    rest, values = _conditions(conn, [*conditions, *map(_contains, scanned)])
    if match := _match(indexed, facts):
        values["match"] = match
    row, source = ("f.rowid", _BY_WORDS) if match else ("c.standing", _BY_TABLES)
    return row, f"{source}{rest}", values


def _compiled_for_givers(conn: Connection, search: Search) -> tuple[str, str, dict[str, Any]]:
    """As `_compiled`, for the verdicts of other people and judges."""
    givers = [find_giver(conn, each).giver for each in search.givers]
    found = [_resolved(conn, each) for each in search.named]
    conditions = [*search.conditions, *(each for each in found if isinstance(each, Where))]
    rest, values = _conditions(conn, [*conditions, *map(_contains, search.words)])
    facts = [*search.facts, *(each for each in found if isinstance(each, Fact))]
    rest += "".join(f" AND {fact_in_tables(each)}" for each in facts)
    rest = rest.replace("c.standing", "given.verdict")
    return "given.verdict", f"{_BY_GIVERS}{rest}", values | {"givers": givers_value(givers)}


def _conditions(conn: Connection, conditions: Iterable[Where]) -> tuple[str, dict[str, Any]]:
    """Conditions on tables as SQL that begins with AND, and their values."""
    values: dict[str, Any] = {}
    rest = [_NOT_SEALED]
    for number, each in enumerate(conditions):
        names = [f"v{number}_{at}" for at in range(len(each.values))]
        values.update(zip(names, (_bound(value) for value in each.values), strict=True))
        clause = CONDITIONS[_condition_name(conn, each)].format(*(f":{name}" for name in names))
        rest.append(f"NOT ifnull({clause}, 0)" if each.negated else f"({clause})")
    return "".join(f" AND {each}" for each in rest), values


def _condition_name(conn: Connection, condition: Where) -> str:
    """The fastest of `CONDITIONS` for this condition, by the number of prompts that it concerns."""
    size = _SIZES.get(condition.kind)
    if size is None or conn.execute(size, (_bound(condition.values[0]),)).fetchone()[0] <= LARGE:
        return condition.kind
    return f"large {condition.kind}"


def _match(words: Iterable[Words], facts: Iterable[Fact]) -> str:
    """The query for the index in the syntax of FTS5; empty when there is none."""
    wanted: list[str] = []
    unwanted: list[str] = []
    for word in words:
        asked = f"{{{word.columns}}} : {_phrase(word.text)}" + (" *" if word.begun else "")
        (unwanted if word.negated else wanted).append(f"({asked})")
    for fact in facts:
        asked = " OR ".join(_phrase(each) for each in fact.any_of) or _phrase("nothing")
        (unwanted if fact.negated else wanted).append(f"(facts : ({asked}))")
    if unwanted and not wanted:
        wanted = ["(facts : verdict)"]  # every row
    return " NOT ".join([" AND ".join(wanted), *unwanted]) if wanted else ""


def _phrase(text: str) -> str:
    """A text as an FTS5 string: quoted, without the characters that FTS5 cannot hold."""
    return '"' + text.replace('"', " ").replace("\x00", " ") + '"'


def _contains(word: Words) -> Where:
    text = word.text
    for special in "\\%_":
        text = text.replace(special, "\\" + special)
    return Where("contains" if word.columns == ANYWHERE else "note contains", (f"%{text}%",), word.negated)


def _bound(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, list | tuple) else value


def _list_row(row: Any) -> VerdictListRow:
    return VerdictListRow(
        id=row["id"],
        comparison=row["comparison"],
        at=row["at"],
        verdict=row["verdict"],
        strength=row["strength"],
        seconds=row["seconds"],
        prompt_line=first_line(tuple(json.loads(row["messages"]))) if row["forgotten"] is None else FORGOTTEN,
        set_name=row["set_name"],
        field=row["field"],
        note=row["note"],
        trial=row["trial"],
        out=bool(row["withdrawn"]),
        held_out=bool(row["held_out"]),
        by=row["by"],
    )


# -- what there is to filter by --------------------------------------------------------------------------------

_FACT_OF = {"policy": "model", "chosen": "chosen"}
"""The word before a model's id in the facts of the index."""
_NAMES = {
    "set": "SELECT id, name FROM prompt_sets ORDER BY id",
    "policy": "SELECT id, name FROM models ORDER BY id",
    "chosen": "SELECT id, name FROM models ORDER BY id",
    "run": "SELECT id, name FROM runs ORDER BY id",
    "tag": "SELECT id, name FROM tags ORDER BY place, id",
    "person": "SELECT id, name FROM people ORDER BY id",
    "judge": "SELECT id, name FROM judges ORDER BY id",
    "field": "SELECT DISTINCT field, field FROM prompts WHERE field IS NOT NULL ORDER BY field",
}
_MOST_NAMED = 12


def named_ids(conn: Connection, kind: str, name: str, *, exact: bool = False) -> list[Any]:
    """The ids of everything of a `kind` that has `name` in its name, or the fields; case does not count.

    A run also matches by its number. See `Named` for the kinds.
    """
    asked = name.casefold()
    found = []
    for key, known in _named(conn, kind):
        here = known.casefold()
        if (asked == here if exact else asked in here) or (kind == "run" and asked == str(key)):
            found.append(key)
    if kind == "run" and name.isdecimal():
        return [key for key in found if key == int(name)] or found
    return found


def known_names(conn: Connection, kind: str) -> list[str]:
    """The existing names of a `kind` (see `Named`), each once, the oldest first."""
    return list(dict.fromkeys(name for _, name in _named(conn, kind)))


def _named(conn: Connection, kind: str) -> Sequence[tuple[Any, str]]:
    return [(row[0], row[1]) for row in conn.execute(_NAMES[kind])]


def _resolved(conn: Connection, named: Named) -> Fact | Where:
    """The condition with ids in place of the name."""
    ids = named_ids(conn, named.kind, named.name, exact=named.exact)
    if not ids:
        raise UnknownName(_unknown(named, known_names(conn, named.kind)))
    if word := _FACT_OF.get(named.kind):
        return Fact(tuple(f"{word} {each}" for each in ids), named.negated)
    return Where(named.kind, (ids,), named.negated)


def _unknown(named: Named, names: Sequence[str]) -> str:
    kind = "policy" if named.kind == "chosen" else named.kind
    more = " …" if len(names) > _MOST_NAMED else ""
    there = f"There are: {', '.join(names[:_MOST_NAMED])}{more}." if names else "There is none yet."
    return f"No {kind} has {named.name!r} in its name. {there}"
