"""Answers that a person improved: a human completion, chosen over its original."""

from sqlite3 import Connection

from db import verdicts
from db.comparisons import add_comparison, get_comparison
from db.completions import add_completion, get_completion
from db.errors import NotAllowed

# The skip that belongs to an edit's verdict where the two do not say so themselves, as in older workspaces: one
# transaction wrote both, one after the other.
_SKIP = """SELECT s.id FROM comparisons c JOIN completions x ON x.id IN (c.a, c.b) AND x.source = 'human'
    JOIN verdicts e ON e.comparison = c.id AND e.verdict <> 'undo'
    JOIN verdicts s ON s.id = e.id - 1 AND s.verdict = 'skip'
    JOIN comparisons p ON p.id = s.comparison AND p.prompt = c.prompt AND c.a IN (p.a, p.b)
    WHERE c.id = ? AND NOT EXISTS (SELECT 1 FROM verdicts u WHERE u.undoes = s.id)"""

# The pair that was skipped because its answers were ranked, from a pair of that ranking: the newest such act.
_REPLACED = """SELECT s.comparison AS id FROM comparisons c
    JOIN verdicts r ON r.comparison = c.id AND r.verdict <> 'undo'
    JOIN verdicts s ON s.act = r.id AND s.verdict = 'skip'
    WHERE c.id = ? AND c.ranking IS NOT NULL ORDER BY s.id DESC LIMIT 1"""

# The pair that kept its verdict while answers to its prompt were ranked, from a pair of that ranking.
_RANKED_BESIDE = """SELECT p.id FROM comparisons c JOIN comparisons p ON p.prompt = c.prompt AND p.ranking IS NULL
    WHERE c.id = ? AND c.ranking IS NOT NULL AND p.trial IS NULL AND p.repeats IS NULL
        AND NOT EXISTS (SELECT 1 FROM completions x WHERE x.id IN (p.a, p.b) AND x.source = 'human')
    ORDER BY p.standing DESC LIMIT 1"""

# The pair of an edit's original, from the comparison of the edit, which is never shown to be judged.
_EDITED = """SELECT p.id FROM comparisons c JOIN completions h ON h.id = c.b AND h.source = 'human'
    JOIN comparisons p ON p.prompt = c.prompt AND c.a IN (p.a, p.b) AND p.trial IS NULL AND p.repeats IS NULL
    WHERE c.id = ? AND NOT EXISTS (SELECT 1 FROM completions x WHERE x.id IN (p.a, p.b) AND x.source = 'human')
    ORDER BY p.ranking IS NOT NULL, p.id LIMIT 1"""


def add_edit(conn: Connection, *, comparison: int, original: int, text: str) -> int:
    """Store `text` as a person's own answer, chosen over `original`; `comparison` counts as skipped if it is undecided.

    A judged pair keeps its verdict. An edit is not blind and has no sides. The text gets the system prompt of the
    original. Returns the id of the comparison of the two answers, which is never asked.

    Raises:
        NotFound: there is no such comparison or completion.
        NotAllowed: the text is empty or equals the original, or the original is not an answer of this comparison.
    """
    pair, answer = get_comparison(conn, comparison), get_completion(conn, original)
    if original not in (pair.a.id, pair.b.id):
        raise NotAllowed(f"Completion {original} is not an answer of comparison {comparison}.")
    if not text.strip() or text == answer.text:
        raise NotAllowed("An edited answer has to differ from the original, and must not be empty.")
    written = add_completion(conn, prompt=pair.prompt.id, text=text, source="human", sampling=_sampling(conn, original))
    edit = add_comparison(conn, prompt=pair.prompt.id, a=original, b=written, side_seed=0)
    skip = verdicts.add_verdict(conn, comparison=comparison, verdict="skip") if pair.undecided else None
    # The older completion is a.
    verdicts.add_verdict(conn, comparison=edit, verdict="b", blind=False, act=skip.id if skip else None)
    return edit


def undo_labelling(conn: Connection, *, prompt: int | None = None) -> int | None:
    """Undo the owner's newest verdict of labelling, or of one prompt; for an edit, also the skip that belongs to it.

    Returns the id of the pair to show again, or None when there is nothing to undo. For a ranking that is the pair in
    whose place its answers were ranked, for an edit the pair of its original.
    """
    undone = verdicts.undo_last(conn, prompt=prompt)
    if undone is None:
        return None
    if conn.execute(_SKIP, (undone,)).fetchone() is not None:
        return verdicts.undo_last(conn, prompt=prompt)
    for query in (_REPLACED, _RANKED_BESIDE, _EDITED):
        if (shown := conn.execute(query, (undone,)).fetchone()) is not None:
            return int(shown["id"])
    return undone


def _sampling(conn: Connection, completion: int) -> int | None:
    row = conn.execute("SELECT sampling FROM completions WHERE id = ?", (completion,)).fetchone()
    return None if row["sampling"] is None else int(row["sampling"])
