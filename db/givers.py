"""Whose verdicts count: SQL about who gave a verdict, and the names of everyone who gave one."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from sqlite3 import Connection
from typing import Literal

from db.errors import NotFound
from db.pair_rows import OWNER, Giver, GiverRow
from db.people import own_name

MAY_STAND = "(v.source = 'import' OR v.source = 'person' AND v.person IS NULL)"
"""The condition for a verdict `v` of labelling that may count: the owner's own and imported ones."""

MAY_STAND_IN_TRIAL = f"""({MAY_STAND} OR v.source = 'model' AND EXISTS
    (SELECT 1 FROM trials t WHERE t.id = c.trial AND t.judged_by IS NOT NULL))"""
"""The same for a comparison `c` of labelling or of a trial, as the trigger `verdicts_stand` has it."""

_COUNTS = """g.verdict NOT IN ('undo', 'skip')
            AND NOT EXISTS (SELECT 1 FROM main.verdicts u WHERE u.undoes = g.id)"""
GIVEN = f"""(SELECT comparison, verdict FROM (
        SELECT comparison, verdict, row_number() OVER (PARTITION BY comparison ORDER BY turn, verdict DESC) AS place
        FROM (
            SELECT asked.key AS turn, o.id AS comparison, o.standing AS verdict
            FROM json_each(:givers) asked CROSS JOIN main.comparisons o
            WHERE asked.value ->> '$.kind' = 'owner' AND o.standing_verdict <> 'skip'
            UNION ALL
            SELECT asked.key, g.comparison, g.id
            FROM json_each(:givers) asked CROSS JOIN main.verdicts g ON g.person = asked.value ->> '$.id'
            WHERE asked.value ->> '$.kind' = 'person' AND {_COUNTS}
            UNION ALL
            SELECT asked.key, g.comparison, g.id
            FROM json_each(:givers) asked CROSS JOIN main.verdicts g ON g.judge = asked.value ->> '$.id'
            WHERE asked.value ->> '$.kind' = 'judge' AND {_COUNTS}))
    WHERE place = 1)"""
"""The verdict on each comparison that the givers in `:givers` (see `givers_value`) judged; a skip is none.

It is the newest one of the first of them who judged it.
"""

_ME = "me"
_KINDS: tuple[Literal["judge", "person"], ...] = ("person", "judge")
# A judge's verdicts in trials that it decides are no labelling.
_JUDGED = """EXISTS (SELECT 1 FROM verdicts v JOIN comparisons c ON c.id = v.comparison
        WHERE v.{kind} = g.id AND v.verdict NOT IN ('undo', 'skip') AND c.trial IS NULL AND c.repeats IS NULL
            AND NOT EXISTS (SELECT 1 FROM verdicts u WHERE u.undoes = v.id))"""
_NAMED = {
    "person": f"SELECT g.id, g.name FROM people g WHERE {_JUDGED.format(kind='person')} ORDER BY g.id",
    "judge": f"""SELECT g.id, g.name FROM judges g WHERE {_JUDGED.format(kind="judge")}
        ORDER BY g.archived, g.id DESC""",
}


def givers_value(givers: Sequence[Giver]) -> str:
    """The givers as the value of `:givers`."""
    return json.dumps([asdict(each) for each in givers])


def list_givers(conn: Connection) -> list[GiverRow]:
    """The owner, then every other person, then every judge with a verdict on a pair of labelling.

    If several judges share a name, as after a change of a rubric, only the one in use is listed, or the newest.
    """
    found = [GiverRow(OWNER, own_name(conn) or _ME, _ME)]
    for kind in _KINDS:
        names: set[str] = set()
        for row in conn.execute(_NAMED[kind]):
            if row["name"].casefold() not in names:
                names.add(row["name"].casefold())
                found.append(GiverRow(Giver(kind, row["id"]), row["name"], f"{kind}:{row['name']}"))
    return found


def find_giver(conn: Connection, name: str) -> GiverRow:
    """The giver of that name or label; "me" is the owner. Case does not count.

    Raises:
        NotFound: nobody of that name gave a verdict on a pair of labelling, or a person and a judge share the name.
    """
    asked = name.strip().casefold()
    rows = list_givers(conn)
    found = [row for row in rows if asked in (row.label.casefold(), row.name.casefold())]
    if rows[0] in found:
        return rows[0]
    if len(found) > 1:
        labels = " or ".join(row.label for row in found)
        raise NotFound(f"A person and a judge are called {name!r}. Write {labels}.")
    if not found:
        there = ", ".join(row.label for row in rows)
        raise NotFound(f"Nobody called {name!r} judged a pair. There are: {there}.")
    return found[0]


def run_givers(conn: Connection, run: int) -> dict[str, int]:
    """How many pairs of a run have a verdict of whom: a label (see `GiverRow`) to a number, the owner first."""
    query = """SELECT CASE WHEN v.source = 'model' THEN 'judge:' || j.name
            WHEN v.source = 'person' AND v.person IS NOT NULL THEN 'person:' || p.name ELSE 'me' END AS label,
            count(*) AS pairs
        FROM run_pairs r JOIN verdicts v ON v.id = r.verdict
        LEFT JOIN people p ON p.id = v.person LEFT JOIN judges j ON j.id = v.judge
        WHERE r.run = ? GROUP BY label ORDER BY label <> 'me', pairs DESC, label"""
    return {row["label"]: row["pairs"] for row in conn.execute(query, (run,))}
