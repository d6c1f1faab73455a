"""Judged pairs for an export, read a page at a time, so that a million takes no more memory than a thousand."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from sqlite3 import Connection, Row
from typing import Any

from db.errors import NotFound
from db.givers import GIVEN, givers_value
from db.interchange.records import OtherVerdict, PairRecord
from db.pair_rows import Giver
from db.people import own_name
from db.prompt_rows import with_system
from db.prompts import get_prompt_set

_PAGE = 500
# Pairs that were judged in labelling and not taken out of training. As in training, decisive pairs are left out where
# their question is held out in any set.
_PAIRS = """SELECT c.id, p.messages, p.field, p.guard_hash, a.text AS a_text, b.text AS b_text,
        a.cut AS a_cut, b.cut AS b_cut,
        v.verdict, v.strength, v.side, v.seconds, ifnull(n.note, v.note) AS note,
        sc.score AS a_score, sd.score AS b_score, ma.name AS a_model, mb.name AS b_model,
        c.ranking, j.name AS judge, v.id AS verdict_id,
        CASE WHEN v.source = 'person' THEN ifnull(w.name, :own_name) ELSE w.name END AS person,
        (SELECT json_group_array(t.name) FROM verdict_tags x JOIN tags t ON t.id = x.tag
            WHERE x.verdict = v.id) AS tags,
        ifnull(json_extract(sa.settings, '$.system'), json_extract(sb.settings, '$.system')) AS system
    FROM comparisons c
    JOIN prompts p ON p.id = c.prompt
    JOIN completions a ON a.id = c.a
    JOIN completions b ON b.id = c.b
    {given}
    LEFT JOIN people w ON w.id = v.person
    LEFT JOIN judges j ON j.id = v.judge
    LEFT JOIN comparison_notes n ON n.comparison = v.comparison
    LEFT JOIN samplings sa ON sa.id = a.sampling
    LEFT JOIN samplings sb ON sb.id = b.sampling
    LEFT JOIN models ma ON ma.id = a.model
    LEFT JOIN models mb ON mb.id = b.model
    LEFT JOIN answer_scores sc ON sc.completion = a.id
    LEFT JOIN answer_scores sd ON sd.completion = b.id
    WHERE c.id > :after AND c.trial IS NULL AND c.repeats IS NULL AND c.withdrawn = 0
        AND (:open OR v.id IS NOT NULL)
        AND (:set_id IS NULL OR p.set_id = :set_id) AND (:since IS NULL OR v.at >= :since)
        AND NOT EXISTS (SELECT 1 FROM prompts h JOIN prompt_sets s ON s.id = h.set_id
            WHERE h.guard_hash = p.guard_hash AND s.held_out = 1)
    ORDER BY c.id LIMIT :limit"""

# The newest verdict of each judge and of each other person that was not undone.
_OTHERS = """SELECT v.id, v.comparison, v.verdict, v.strength, v.confidence, v.note, w.name AS person, j.name AS judge,
        (SELECT json_group_array(t.name) FROM verdict_tags x JOIN tags t ON t.id = x.tag
            WHERE x.verdict = v.id) AS tags
    FROM verdicts v LEFT JOIN people w ON w.id = v.person LEFT JOIN judges j ON j.id = v.judge
    WHERE v.comparison IN (SELECT value FROM json_each(?)) AND v.verdict <> 'undo'
        AND (v.source = 'model' OR v.source = 'person' AND v.person IS NOT NULL)
        AND NOT EXISTS (SELECT 1 FROM verdicts u WHERE u.undoes = v.id)
    ORDER BY v.comparison, v.id"""

_STANDING = "LEFT JOIN verdicts v ON v.id = c.standing"
_OF_GIVERS = f"""LEFT JOIN {GIVEN} given ON given.comparison = c.id
    LEFT JOIN verdicts v ON v.id = given.verdict"""
_KEPT_BACK = """SELECT count(*) FILTER (WHERE c.withdrawn = 1) AS out,
        count(*) FILTER (WHERE c.withdrawn = 0) AS held_out
    FROM comparisons c
    JOIN prompts p ON p.id = c.prompt
    {given}
    WHERE c.trial IS NULL AND c.repeats IS NULL
        AND v.id IS NOT NULL AND (:set_id IS NULL OR p.set_id = :set_id) AND (:since IS NULL OR v.at >= :since)
        AND (c.withdrawn = 1 OR EXISTS (SELECT 1 FROM prompts h JOIN prompt_sets s ON s.id = h.set_id
            WHERE h.guard_hash = p.guard_hash AND s.held_out = 1))"""


@dataclass(frozen=True)
class Selection:
    """The pairs to export: of one prompt set, judged since a time (UTC ISO text), also those without a verdict.

    `givers` chooses whose verdicts are written, empty for the current ones.
    """

    set_name: str | None = None
    since: str | None = None
    not_judged: bool = False
    givers: tuple[Giver, ...] = ()


def judged_pairs(conn: Connection, selection: Selection = Selection()) -> Iterator[PairRecord]:
    """Every pair of the selection in canonical order, by id, with its prompt as the policy saw it and its verdict.

    Raises:
        NotFound: there is no set of that name.
    """
    chosen = None
    if selection.set_name is not None:
        chosen = get_prompt_set(conn, selection.set_name)
        if chosen is None:
            raise NotFound(f"There is no prompt set {selection.set_name!r}. `palate prompts` lists them.")
    values: dict[str, Any] = {"set_id": chosen.id if chosen else None, "since": selection.since}
    values["open"] = selection.not_judged
    values |= {"givers": givers_value(selection.givers), "own_name": own_name(conn)}
    query, after = _PAIRS.format(given=_given(selection)), 0
    while rows := conn.execute(query, {**values, "after": after, "limit": _PAGE}).fetchall():
        others = _others(conn, rows)
        yield from (_record(row, others.get(row["id"], ())) for row in rows)
        after = rows[-1]["id"]


def kept_back(conn: Connection, selection: Selection = Selection()) -> dict[str, int]:
    """The number of judged pairs that are not exported, by reason; reasons that do not occur are left out."""
    chosen = get_prompt_set(conn, selection.set_name) if selection.set_name is not None else None
    values: dict[str, Any] = {"set_id": chosen.id if chosen else None, "since": selection.since}
    values |= {"givers": givers_value(selection.givers)}
    row = conn.execute(_KEPT_BACK.format(given=_given(selection)), values).fetchone()
    reasons = {"taken out of training": row["out"], "their question is held out for trials": row["held_out"]}
    return {reason: number for reason, number in reasons.items() if number}


def _given(selection: Selection) -> str:
    """The join of the verdicts `v` that are exported."""
    return _OF_GIVERS if selection.givers else _STANDING


def _others(conn: Connection, pairs: Sequence[Row]) -> dict[int, tuple[OtherVerdict, ...]]:
    """The verdicts beside the exported ones, by comparison."""
    newest: dict[int, dict[tuple[str | None, str | None], OtherVerdict]] = {}
    exported = {row["verdict_id"] for row in pairs}
    for row in conn.execute(_OTHERS, (json.dumps([row["id"] for row in pairs]),)):
        if row["id"] in exported:
            continue
        person, judge = row["person"], row["judge"]
        by, tags = (person, judge), tuple(json.loads(row["tags"]))
        said = OtherVerdict(row["verdict"], row["strength"], *by, row["confidence"], row["note"], tags)
        newest.setdefault(row["comparison"], {})[by] = said
    return {comparison: tuple(given.values()) for comparison, given in newest.items()}


def _record(row: Row, others: tuple[OtherVerdict, ...]) -> PairRecord:
    return PairRecord(
        at=row["id"],
        messages=with_system(tuple(json.loads(row["messages"])), row["system"]),
        a=row["a_text"],
        b=row["b_text"],
        verdict=row["verdict"],
        strength=row["strength"] or 1,
        side=row["side"],
        seconds=row["seconds"],
        note=row["note"] or "",
        field=row["field"],
        score_a=row["a_score"],
        score_b=row["b_score"],
        model_a=row["a_model"],
        model_b=row["b_model"],
        tags=tuple(json.loads(row["tags"])),
        person=row["person"],
        judge=row["judge"],
        others=others,
        ranking=row["ranking"],
        cut=(bool(row["a_cut"]), bool(row["b_cut"])),
    )
