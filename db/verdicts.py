"""Verdicts, which are only ever added (an undo is a row too), and the counts and pairs of the standing ones.

Only the owner's own verdicts and imported ones count, and those of judges in a trial that a judge decides. The verdicts
of judges and other people are kept beside them, and are read only where they are asked for.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from sqlite3 import Connection, Row
from typing import Any

from db.comparisons import C_STILL_LABELLING, verdict_row
from db.errors import NotAllowed, NotFound
from db.givers import GIVEN, MAY_STAND_IN_TRIAL, givers_value
from db.inserting import insert
from db.names_shown import names_known
from db.pair_rows import EVERY_PAIR, VERDICTS, PairFilter, PairRow, VerdictCounts, VerdictRow
from db.prompt_rows import Messages, with_system
from db.repeats import plan_repeat
from db.tags import set_tags
from db.times import utc_now
from db.verdict_tally import VerdictTally, count_standing

NOT_DECISIVE = ("tie", "both_bad", "both_good")
"""The verdicts that prefer no answer and that a run may still learn from."""

# The mean time is over this many of the newest verdicts: enough for a steady value, few enough for a recent one.
MEAN_OVER = 200

# Verdicts of these kinds in labelling whose question is held out in no set: the standing ones, or those of one giver.
_NOT_HELD_OUT = """p.guard_hash NOT IN (SELECT h.guard_hash FROM prompts h
            WHERE h.set_id IN (SELECT id FROM prompt_sets WHERE held_out = 1))"""
_IS_TRAINABLE = f"""c.trial IS NULL AND c.repeats IS NULL AND c.standing IS NOT NULL
        AND c.standing_verdict IN ({{kinds}}) AND c.withdrawn = 0 AND {_NOT_HELD_OUT}"""
_STANDING = f"""FROM comparisons c JOIN prompts p ON p.id = c.prompt
    WHERE {_IS_TRAINABLE}"""
_OF_GIVER = f"""FROM {GIVEN} given
    CROSS JOIN comparisons c ON c.id = given.comparison
    CROSS JOIN verdicts said ON said.id = given.verdict
    CROSS JOIN prompts p ON p.id = c.prompt
    WHERE c.trial IS NULL AND c.repeats IS NULL AND said.verdict IN ({{kinds}}) AND c.withdrawn = 0
        AND {_NOT_HELD_OUT}"""
_PAIRS = """SELECT c.id AS comparison, v.id AS verdict, v.verdict AS letter, v.strength, p.id AS prompt, p.messages,
        c.ranking, a.text AS a_text, a.cut AS a_cut, b.text AS b_text, b.cut AS b_cut,
        a.source = 'human' AS a_edited, b.source = 'human' AS b_edited,
        a.source IN ('import', 'server') AS a_foreign, b.source IN ('import', 'server') AS b_foreign,
        ifnull(json_extract(sa.settings, '$.system'), json_extract(sb.settings, '$.system')) AS system,
        coalesce(json_extract(sa.settings, '$.thinking'), json_extract(sb.settings, '$.thinking'), 'template')
            AS thinking
    FROM ({chosen}) chosen
    JOIN comparisons c ON c.id = chosen.id
    JOIN verdicts v ON v.id = chosen.verdict
    JOIN prompts p ON p.id = c.prompt
    JOIN completions a ON a.id = c.a
    JOIN completions b ON b.id = c.b
    LEFT JOIN samplings sa ON sa.id = a.sampling
    LEFT JOIN samplings sb ON sb.id = b.sampling
    ORDER BY c.id"""
_NARROWED = """(:set_id IS NULL OR p.set_id = :set_id) AND (:since IS NULL AND NOT :strong OR EXISTS (
            SELECT 1 FROM verdicts s
            WHERE s.id = {verdict} AND s.at >= ifnull(:since, '') AND s.strength > :strong))"""
_QUESTION = "ifnull(-c.ranking, c.id)"
"""What counts as one pair: a comparison, or a ranking with all of its own."""
_COUNTED_PAIRS = f"SELECT p.messages, NULL AS system, count(DISTINCT {_QUESTION}) AS pairs {{chosen}} GROUP BY p.id"
# Reading the sampling of both answers of every pair takes most of the time, and few workspaces need it.
_COUNTED_PAIRS_BY_SYSTEM = f"""SELECT p.messages, chosen.system, count(DISTINCT chosen.question) AS pairs FROM (
        SELECT c.prompt, c.question,
            ifnull(json_extract(sa.settings, '$.system'), json_extract(sb.settings, '$.system')) AS system
        FROM (SELECT c.prompt, c.a, c.b, {_QUESTION} AS question {{chosen}}) c
        JOIN completions a ON a.id = c.a
        JOIN completions b ON b.id = c.b
        LEFT JOIN samplings sa ON sa.id = a.sampling
        LEFT JOIN samplings sb ON sb.id = b.sampling) chosen
    JOIN prompts p ON p.id = chosen.prompt GROUP BY p.id, chosen.system"""
_ANY_SYSTEM = "SELECT 1 FROM samplings WHERE json_extract(settings, '$.system') IS NOT NULL LIMIT 1"
_RUN_PAIRS = _PAIRS.format(chosen="SELECT comparison AS id, verdict FROM run_pairs WHERE run = ?")


def add_verdict(
    conn: Connection,
    *,
    comparison: int,
    verdict: str,
    strength: int = 1,
    side: str | None = None,
    layout: str = "none",
    seconds: float | None = None,
    blind: bool = True,
    note: str = "",
    source: str = "person",
    person: int | None = None,
    judge: int | None = None,
    confidence: float | None = None,
    origin: str | None = None,
    act: int | None = None,
    tags: Sequence[str] = (),
) -> VerdictRow:
    """Add a verdict. The owner's own becomes the standing one of its comparison; others are kept beside it.

    `verdict` is canonical (a or b, never a side), `side` is what was pressed (left or right), `layout` is side,
    stacked, grid or none, `source` is person, import or model. `tags` are reasons by name. See `VerdictRow` for
    `person`, `judge`, `confidence`, `origin` and `act`. In a trial that a judge decides, the verdicts of judges count.

    Raises:
        NotAllowed: the verdict is none of `VERDICTS`, the prompt was forgotten, a judge decides the trial, or the trial
            was opened and has a blind verdict on the comparison.
        NotFound: there is no such comparison.
    """
    if verdict not in VERDICTS:
        raise NotAllowed(f"{verdict!r} is not a verdict. Use one of: {', '.join(VERDICTS)}.")
    _check_judgeable(conn, comparison, judge)
    if judge is None:  # a judge never gets names
        blind = blind and not names_known(conn, comparison)
    said = {"comparison": comparison, "at": utc_now(), "verdict": verdict, "strength": strength, "side": side}
    how = {"layout": layout, "seconds": seconds, "blind": blind, "note": note}
    by = {"source": source, "person": person, "judge": judge, "confidence": confidence, "origin": origin, "act": act}
    added = insert(conn, "verdicts", said | how | by)
    if tags:
        set_tags(conn, added, tags)
    return get_verdict(conn, added)


def _check_judgeable(conn: Connection, comparison: int, judge: int | None) -> None:
    query = """SELECT p.forgotten, t.id AS trial, t.judged_by, s.id IS NOT NULL AS stays
        FROM comparisons c JOIN prompts p ON p.id = c.prompt LEFT JOIN trials t ON t.id = c.trial
        LEFT JOIN verdicts s ON s.id = c.standing AND s.blind = 1 AND s.verdict <> 'skip' AND t.opened IS NOT NULL
        WHERE c.id = ?"""
    row = conn.execute(query, (comparison,)).fetchone()
    if row is None:
        raise NotFound(f"There is no comparison {comparison}. `palate queue` lists those that wait for a verdict.")
    if row["forgotten"] is not None:
        raise NotAllowed(f"The texts of comparison {comparison} were forgotten, so there is nothing to judge.")
    if row["judged_by"] is not None and judge is None:
        raise NotAllowed(f"A program judges trial {row['trial']}. Begin a trial of your own in the app: press C.")
    if row["stays"] and judge is None:
        raise NotAllowed(
            f"Comparison {comparison} was judged blind, and trial {row['trial']} keeps that verdict. "
            "M on the pair in the trial's result moves its prompt into labelling."
        )


def judge(conn: Connection, *, share: float, pick: Callable[[int], int], **verdict: Any) -> VerdictRow:
    """Add a verdict as `add_verdict` does and plan a repeat of an older pair where one is due; a judge repeats none.

    `share` is repeats for each judged pair, 0 to 1. `pick` maps the id of the new verdict to a number of 0 or more,
    which chooses the older pair; see `plan_repeat`.

    Raises:
        NotAllowed, NotFound: see `add_verdict`.
    """
    added = add_verdict(conn, **verdict)
    if added.judge is None:
        plan_repeat(conn, share=share, pick=pick(added.id))
    return added


def get_verdict(conn: Connection, verdict: int) -> VerdictRow:
    """One verdict.

    Raises:
        NotFound: there is none with that id.
    """
    row = conn.execute("SELECT * FROM verdicts WHERE id = ?", (verdict,)).fetchone()
    if row is None:
        raise NotFound(f"There is no verdict {verdict}.")
    return verdict_row(row)


def undo_last(conn: Connection, *, trial: int | None = None, prompt: int | None = None) -> int | None:
    """Undo the owner's newest verdict that is not undone yet, and return the id of its comparison.

    An earlier verdict on that comparison counts again, else the comparison is open again. Verdicts that were given at
    once are undone together, and the id is that of the first one's comparison. Verdicts of imports, judges and other
    people are never undone. Returns None when there is nothing to undo. `trial` undoes within one trial instead of
    within labelling, and `prompt` only among the pairs of that prompt.
    """
    query = """SELECT v.id, v.act FROM verdicts v JOIN comparisons c ON c.id = v.comparison
        WHERE v.source = 'person' AND v.verdict <> 'undo' AND v.person IS NULL AND c.trial IS :trial
            AND (:prompt IS NULL OR c.prompt = :prompt)
            AND NOT EXISTS (SELECT 1 FROM trials t WHERE t.id = c.trial AND t.judged_by IS NOT NULL)
            AND NOT EXISTS (SELECT 1 FROM verdicts u WHERE u.undoes = v.id)
        ORDER BY v.id DESC LIMIT 1"""
    row = conn.execute(query, {"trial": trial, "prompt": prompt}).fetchone()
    if row is None:
        return None
    together = """SELECT v.id, v.comparison FROM verdicts v
        WHERE (v.id = :first OR v.act = :first) AND NOT EXISTS (SELECT 1 FROM verdicts u WHERE u.undoes = v.id)
        ORDER BY v.id DESC"""
    undone = conn.execute(together, {"first": row["act"] or row["id"]}).fetchall()
    for each in undone:
        values = {"comparison": each["comparison"], "at": utc_now(), "verdict": "undo", "layout": "none"}
        insert(conn, "verdicts", {**values, "blind": True, "source": "person", "undoes": each["id"]})
    return int(undone[-1]["comparison"])


def last_undone(conn: Connection) -> int | None:
    """The comparison of the verdict that was undone last; of several that were undone at once, that of the first."""
    query = "SELECT comparison FROM verdicts WHERE verdict = 'undo' ORDER BY id DESC LIMIT 1"
    row = conn.execute(query).fetchone()
    return None if row is None else int(row["comparison"])


def judged_before(conn: Connection, verdict: int | None) -> int | None:
    """The labelling comparison whose standing verdict is the last one before `verdict` (None: of all)."""
    return _judged(conn, "c.standing < :verdict ORDER BY c.standing DESC", verdict if verdict is not None else 2**62)


def judged_after(conn: Connection, verdict: int) -> int | None:
    """The labelling comparison whose standing verdict is the first one after `verdict`."""
    return _judged(conn, "c.standing > :verdict ORDER BY c.standing", verdict)


def _judged(conn: Connection, condition: str, verdict: int) -> int | None:
    """The first such comparison that was asked alone, and without an edit: there the person wrote the chosen answer."""
    query = f"""SELECT c.id FROM comparisons c JOIN verdicts v ON v.id = c.standing
        WHERE c.trial IS NULL AND c.ranking IS NULL AND v.source = 'person' AND NOT EXISTS
            (SELECT 1 FROM completions x WHERE x.id IN (c.a, c.b) AND x.source = 'human')
            AND {C_STILL_LABELLING} AND {condition} LIMIT 1"""
    row = conn.execute(query, {"verdict": verdict}).fetchone()
    return None if row is None else int(row["id"])


def history(conn: Connection, comparison: int) -> list[VerdictRow]:
    """Every verdict and undo on a comparison that could count, the oldest first."""
    return _verdicts_on(conn, comparison, MAY_STAND_IN_TRIAL)


def verdicts_beside(conn: Connection, comparison: int) -> list[VerdictRow]:
    """The verdicts and undos of judges and other people on a comparison, which never count, the oldest first."""
    return _verdicts_on(conn, comparison, f"NOT {MAY_STAND_IN_TRIAL}")


def _verdicts_on(conn: Connection, comparison: int, condition: str) -> list[VerdictRow]:
    query = f"""SELECT v.* FROM verdicts v JOIN comparisons c ON c.id = v.comparison
        WHERE v.comparison = ? AND {condition} ORDER BY v.id"""
    return [verdict_row(row) for row in conn.execute(query, (comparison,))]


def counts(conn: Connection, today_start_utc: str, tally: VerdictTally | None = None) -> VerdictCounts:
    """Count the standing verdicts of labelling. `today_start_utc` (UTC ISO text) is the start of the person's day.

    A ranking counts once. `tally` is the present result of `count_standing`, where the caller has it.
    """
    by_verdict = (tally or count_standing(conn)).by_verdict
    return VerdictCounts(
        today=count_since(conn, today_start_utc),
        total=sum(by_verdict.values()) - by_verdict.get("skip", 0),
        decisive=by_verdict.get("a", 0) + by_verdict.get("b", 0),
        ties=by_verdict.get("tie", 0),
        both_bad=by_verdict.get("both_bad", 0),
        both_good=by_verdict.get("both_good", 0),
        skipped=by_verdict.get("skip", 0),
        discarded=by_verdict.get("discard", 0),
        mean_seconds=_mean_seconds(conn),
    )


def preference_pairs(conn: Connection, chosen: PairFilter = EVERY_PAIR) -> list[PairRow]:
    """The training records: decisive standing verdicts of labelling, in the order of their comparisons.

    With `givers` these are their newest verdicts, whether or not the owner judged those pairs. A pair whose question is
    held out for trials is left out, whatever the set of its prompt and whatever the system prompts.
    A pair that was taken out of training is left out too. `chosen.also` adds verdicts that prefer no answer.
    """
    return list(read_preference_pairs(conn, chosen))


def read_preference_pairs(conn: Connection, chosen: PairFilter = EVERY_PAIR) -> Iterator[PairRow]:
    """The pairs of `preference_pairs`, read one by one."""
    verdict = "c.standing" if chosen.is_own else "given.verdict"
    query = _PAIRS.format(chosen=f"SELECT c.id, {verdict} AS verdict {_chosen(chosen)}")
    return map(_pair_row, conn.execute(query, _values(chosen)))


def count_pairs(conn: Connection, chosen: PairFilter = EVERY_PAIR) -> int:
    """Count the pairs of `preference_pairs` without reading them; a ranking counts once."""
    return int(conn.execute(f"SELECT count(DISTINCT {_QUESTION}) {_chosen(chosen)}", _values(chosen)).fetchone()[0])


def count_kept_back(conn: Connection) -> int:
    """Count the pairs of the owner whose verdict prefers an answer and that no run gets: taken out, or held out."""
    query = f"""SELECT count(DISTINCT {_QUESTION}) FROM comparisons c JOIN prompts p ON p.id = c.prompt
        WHERE c.trial IS NULL AND c.repeats IS NULL AND c.standing_verdict IN ({_quoted("a", "b")})
            AND NOT (c.withdrawn = 0 AND {_NOT_HELD_OUT})"""
    return int(conn.execute(query).fetchone()[0])


def read_pair_prompts(conn: Connection, chosen: PairFilter = EVERY_PAIR) -> Iterator[tuple[Messages, int]]:
    """Each prompt of `preference_pairs` as the policy saw it, with the number of its pairs. This reads no answers.

    A ranking counts as one pair. A prompt that was answered under two system prompts occurs twice.
    """
    by_system = conn.execute(_ANY_SYSTEM).fetchone() is not None
    query = _COUNTED_PAIRS_BY_SYSTEM if by_system else _COUNTED_PAIRS
    for row in conn.execute(query.format(chosen=_chosen(chosen)), _values(chosen)):
        yield with_system(tuple(json.loads(row["messages"])), row["system"] or None), row["pairs"]


def _values(chosen: PairFilter) -> dict[str, Any]:
    narrowed = {"since": chosen.since, "set_id": chosen.set_id, "strong": chosen.strong}
    return narrowed | {"givers": givers_value(chosen.givers)}


def _chosen(chosen: PairFilter) -> str:
    """The FROM and WHERE of the pairs in a filter; c is the comparison and p its prompt."""
    kinds = _quoted("a", "b", *(kind for kind in NOT_DECISIVE if kind in chosen.also))
    found, verdict = (_STANDING, "c.standing") if chosen.is_own else (_OF_GIVER, "given.verdict")
    return f"{found.format(kinds=kinds)} AND {_NARROWED.format(verdict=verdict)}"


def _quoted(*verdicts: str) -> str:
    """Verdicts as a list in SQL. Only names from this module come here."""
    return ", ".join(f"'{each}'" for each in verdicts)


def count_not_decisive(conn: Connection, chosen: PairFilter = EVERY_PAIR) -> dict[str, int]:
    """Count the pairs of a filter whose verdict prefers no answer, by verdict; those of none are left out."""
    wide = replace(chosen, also=NOT_DECISIVE)
    verdict = "c.standing_verdict" if chosen.is_own else "said.verdict"
    query = f"SELECT {verdict} AS said, count(*) AS pairs {_chosen(wide)} GROUP BY said"
    found = {row["said"]: int(row["pairs"]) for row in conn.execute(query, _values(chosen))}
    return {kind: found[kind] for kind in NOT_DECISIVE if kind in found}


def newest_verdict(conn: Connection) -> int:
    """The id of the newest verdict or undo, 0 where there is none. It shows cheaply whether verdicts were added."""
    return int(conn.execute("SELECT ifnull(max(id), 0) FROM verdicts").fetchone()[0])


def count_pairs_since(conn: Connection, since: str, most: int = 9999) -> int:
    """Count the pairs of `preference_pairs` with a verdict after `since` (UTC text), up to `most`; a ranking is one.

    The query walks only the verdicts since then, because it runs after every verdict.
    """
    query = f"""SELECT count(*) FROM (SELECT DISTINCT {_QUESTION} FROM verdicts v
        CROSS JOIN comparisons c ON c.standing = v.id CROSS JOIN prompts p ON p.id = c.prompt
        WHERE v.at > ? AND {_IS_TRAINABLE.format(kinds=_quoted("a", "b"))} LIMIT ?)"""
    return int(conn.execute(query, (since, most)).fetchone()[0])


def run_preference_pairs(conn: Connection, run: int) -> list[PairRow]:
    """The training records of a run, as recorded at its start, in the order of their comparisons."""
    return [_pair_row(row) for row in conn.execute(_RUN_PAIRS, (run,))]


def count_since(conn: Connection, start_utc: str) -> int:
    """Count a person's standing verdicts of labelling since `start_utc` (UTC ISO text), without skips.

    Verdicts that were given at once, as by a ranking, count once.
    """
    query = """SELECT ifnull(v.act, v.id) FROM verdicts v JOIN comparisons c ON c.standing = v.id
        WHERE v.at >= ? AND v.source = 'person' AND v.verdict <> 'skip' AND c.trial IS NULL"""
    return len({row[0] for row in conn.execute(query, (start_utc,))})  # DISTINCT would sort


def _mean_seconds(conn: Connection) -> float | None:
    query = """SELECT avg(seconds) FROM (SELECT v.seconds FROM verdicts v JOIN comparisons c ON c.standing = v.id
        WHERE v.seconds IS NOT NULL AND v.verdict <> 'skip' AND c.trial IS NULL ORDER BY v.id DESC LIMIT ?)"""
    mean = conn.execute(query, (MEAN_OVER,)).fetchone()[0]
    return None if mean is None else float(mean)


def _pair_row(row: Row) -> PairRow:
    chosen, rejected = ("b", "a") if row["letter"] == "b" else ("a", "b")
    return PairRow(
        comparison=row["comparison"],
        verdict=row["verdict"],
        strength=row["strength"],
        prompt_id=row["prompt"],
        messages=with_system(tuple(json.loads(row["messages"])), row["system"]),
        chosen=row[f"{chosen}_text"],
        rejected=row[f"{rejected}_text"],
        chosen_cut=bool(row[f"{chosen}_cut"]),
        rejected_cut=bool(row[f"{rejected}_cut"]),
        ranking=row["ranking"],
        thinking=row["thinking"],
        edited=row["letter"] in ("a", "b") and bool(row[f"{chosen}_edited"]),
        chosen_foreign=bool(row[f"{chosen}_foreign"]),
        rejected_foreign=bool(row[f"{rejected}_foreign"]),
        said=row["letter"] if row["letter"] in NOT_DECISIVE else "better",
    )
