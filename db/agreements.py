"""Pairs that two givers judged: each one's own verdict, and the pairs on which two people have still to agree.

A verdict with the reason `SETTLED` was given after both had looked at the pair together. It says nothing of how far two
people agree by themselves, so agreement is measured without it.
"""

from sqlite3 import Connection

from db.givers import MAY_STAND
from db.pair_rows import Giver
from db.tags import SETTLED

_OF = {
    "owner": MAY_STAND,
    "person": "v.person = :{0}_id AND v.source = 'person'",
    "judge": "v.judge = :{0}_id",
}
_NOT_UNDONE = "NOT EXISTS (SELECT 1 FROM main.verdicts u WHERE u.undoes = v.id)"
_IS_SETTLED = f"""EXISTS (SELECT 1 FROM verdict_tags x JOIN tags t ON t.id = x.tag
        WHERE x.verdict = v.id AND t.name = '{SETTLED}')"""
_OWN_VERDICTS = f"""(SELECT v.comparison, max(v.id) AS verdict FROM main.verdicts v
    WHERE {{giver}} AND v.verdict NOT IN ('undo', 'skip', 'discard') AND {_NOT_UNDONE} AND NOT {_IS_SETTLED}
    GROUP BY v.comparison)"""
_OF_TWO = """SELECT c.id, f.verdict AS first, s.verdict AS second
    FROM {first} one JOIN {second} other ON other.comparison = one.comparison
    JOIN comparisons c ON c.id = one.comparison AND c.trial IS NULL AND c.repeats IS NULL
    JOIN verdicts f ON f.id = one.verdict
    JOIN verdicts s ON s.id = other.verdict
    ORDER BY c.id"""


def verdicts_of_two(conn: Connection, first: Giver, second: Giver) -> list[tuple[int, str, str]]:
    """Each pair of labelling that both judged, as (comparison, verdict of the first, verdict of the second).

    These are their newest verdicts that were not settled together. Skips and discarded pairs are left out.
    """
    query = _OF_TWO.format(first=_own_verdicts("first", first), second=_own_verdicts("second", second))
    rows = conn.execute(query, {"first_id": first.id, "second_id": second.id})
    return [(row["id"], row["first"], row["second"]) for row in rows]


def _own_verdicts(name: str, giver: Giver) -> str:
    return _OWN_VERDICTS.format(giver=_OF[giver.kind].format(name))
