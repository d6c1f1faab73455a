"""Pairs that two givers judged: each one's own verdict, and the pairs on which two people have still to agree.

A verdict with the reason `SETTLED` was given after both had looked at the pair together. It says nothing of how far two
people agree by themselves, so agreement is measured without it.
"""

from sqlite3 import Connection

from db.givers import MAY_STAND
from db.pair_rows import SETTLED, Disagreement, Giver

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
# The newest verdict of each person or judge that differs from the owner's, unless that was settled since.
_DISAGREE = f"""SELECT c.id, c.standing_verdict AS own, v.verdict AS theirs, v.id AS verdict,
        CASE WHEN v.judge IS NOT NULL THEN 'judge:' || j.name ELSE 'person:' || w.name END AS label
    FROM verdicts v
    JOIN comparisons c ON c.id = v.comparison AND c.trial IS NULL AND c.repeats IS NULL
    JOIN prompts p ON p.id = c.prompt AND p.forgotten IS NULL
    LEFT JOIN people w ON w.id = v.person LEFT JOIN judges j ON j.id = v.judge
    WHERE (v.person IS NOT NULL AND v.source = 'person' OR v.judge IS NOT NULL)
        AND v.verdict NOT IN ('undo', 'skip', 'discard') AND {_NOT_UNDONE}
        AND c.standing_verdict NOT IN ('skip', 'discard') AND c.standing_verdict <> v.verdict
        AND NOT EXISTS (SELECT 1 FROM verdicts n WHERE n.comparison = v.comparison AND n.id > v.id
            AND n.person IS v.person AND n.judge IS v.judge AND n.verdict NOT IN ('undo', 'skip')
            AND NOT EXISTS (SELECT 1 FROM verdicts u WHERE u.undoes = n.id))
        AND NOT (c.standing > v.id AND EXISTS (SELECT 1 FROM verdict_tags x JOIN tags t ON t.id = x.tag
            WHERE x.verdict = c.standing AND t.name = '{SETTLED}'))
        AND (:kind IS NULL AND v.person IS NOT NULL OR :kind = 'person' AND v.person = :id
            OR :kind = 'judge' AND v.judge = :id)
    ORDER BY c.id, v.id"""
_OF_TWO = """SELECT c.id, f.verdict AS first, s.verdict AS second
    FROM {first} one JOIN {second} other ON other.comparison = one.comparison
    JOIN comparisons c ON c.id = one.comparison AND c.trial IS NULL AND c.repeats IS NULL
    JOIN verdicts f ON f.id = one.verdict
    JOIN verdicts s ON s.id = other.verdict
    ORDER BY c.id"""


def disagreements(conn: Connection, giver: Giver | None = None) -> list[Disagreement]:
    """The pairs of labelling that are still to be settled, with all other people, or with this person or judge.

    A pair is settled by a verdict of the owner's with the reason `SETTLED` that is newer than theirs.
    """
    found: dict[int, Disagreement] = {}
    values = {"kind": giver and giver.kind, "id": giver and giver.id}
    for row in conn.execute(_DISAGREE, values):
        before = found.get(row["id"], Disagreement(row["id"], row["own"], ()))
        found[row["id"]] = Disagreement(row["id"], row["own"], (*before.others, (row["label"], row["theirs"])))
    return list(found.values())


def verdicts_of_two(conn: Connection, first: Giver, second: Giver) -> list[tuple[int, str, str]]:
    """Each pair of labelling that both judged, as (comparison, verdict of the first, verdict of the second).

    These are their newest verdicts that were not settled together. Skips and discarded pairs are left out.
    """
    query = _OF_TWO.format(first=_own_verdicts("first", first), second=_own_verdicts("second", second))
    rows = conn.execute(query, {"first_id": first.id, "second_id": second.id})
    return [(row["id"], row["first"], row["second"]) for row in rows]


def _own_verdicts(name: str, giver: Giver) -> str:
    return _OWN_VERDICTS.format(giver=_OF[giver.kind].format(name))
