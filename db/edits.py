"""Answers that a person wrote better: a human completion, chosen over the one it was made from."""

from sqlite3 import Connection

from db import verdicts
from db.comparisons import add_comparison, get_comparison
from db.completions import add_completion, get_completion
from db.errors import NotAllowed

# The skip that an edit's verdict brought along: both were written in one transaction, one after the other.
_SKIP = """SELECT s.id FROM comparisons c JOIN completions x ON x.id IN (c.a, c.b) AND x.source = 'human'
    JOIN verdicts e ON e.comparison = c.id AND e.verdict <> 'undo'
    JOIN verdicts s ON s.id = e.id - 1 AND s.verdict = 'skip'
    JOIN comparisons p ON p.id = s.comparison AND p.prompt = c.prompt
    WHERE c.id = ? AND NOT EXISTS (SELECT 1 FROM verdicts u WHERE u.undoes = s.id)"""


def add_edit(conn: Connection, *, comparison: int, original: int, text: str) -> int:
    """Store `text` as a person's own answer, chosen over `original`; an open pair it stands in counts as skipped.

    A pair that was judged keeps its verdict. Nothing of the edit is blind, and it has no sides. The text has the
    system prompt of the original. Gives the id of the comparison of the two, which is never asked.

    Raises:
        NotFound: there is no such comparison or completion.
        NotAllowed: the text is empty or the original's own, or the original is not of this comparison.
    """
    pair, answer = get_comparison(conn, comparison), get_completion(conn, original)
    if original not in (pair.a.id, pair.b.id):
        raise NotAllowed(f"Completion {original} is no answer of comparison {comparison}.")
    if not text.strip() or text == answer.text:
        raise NotAllowed("An edited answer has to differ from the original, and must not be empty.")
    written = add_completion(conn, prompt=pair.prompt.id, text=text, source="human", sampling=_sampling(conn, original))
    edit = add_comparison(conn, prompt=pair.prompt.id, a=original, b=written, side_seed=0)
    if pair.standing is None:
        verdicts.add_verdict(conn, comparison=comparison, verdict="skip")
    verdicts.add_verdict(conn, comparison=edit, verdict="b", blind=False)  # the older completion is a
    return edit


def undo_labelling(conn: Connection) -> int | None:
    """Take back a person's newest verdict of labelling; of an edit also the skip that came with it.

    Gives the id of the pair that is open again, None when there is nothing to undo.
    """
    undone = verdicts.undo_last(conn)
    if undone is None or conn.execute(_SKIP, (undone,)).fetchone() is None:
        return undone
    return verdicts.undo_last(conn)


def _sampling(conn: Connection, completion: int) -> int | None:
    row = conn.execute("SELECT sampling FROM completions WHERE id = ?", (completion,)).fetchone()
    return None if row["sampling"] is None else int(row["sampling"])
