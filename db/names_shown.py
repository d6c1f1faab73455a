"""Whether a person has seen who wrote the two answers of a pair: from then on a verdict of it is not blind."""

from sqlite3 import Connection

from db.times import utc_now

_IN_A_TRIAL = """SELECT 1 FROM comparisons c
    JOIN completions a ON a.id = c.a
    JOIN completions b ON b.id = c.b
    JOIN comparisons other ON other.prompt = c.prompt AND other.trial IS NOT NULL
    JOIN trials t ON t.id = other.trial AND (t.kind = 'side_by_side' OR t.opened IS NOT NULL)
    JOIN completions x ON x.id = other.a
    JOIN completions y ON y.id = other.b
    WHERE c.id = ? AND c.trial IS NOT NULL AND a.text_hash IN (x.text_hash, y.text_hash)
        AND b.text_hash IN (x.text_hash, y.text_hash) AND a.text_hash <> b.text_hash
    LIMIT 1"""
# The same two answers, asked for the first time or again.
_IN_LABELLING = """SELECT 1 FROM comparisons c
    JOIN comparisons other ON other.prompt = c.prompt AND other.trial IS NULL AND other.a = c.a AND other.b = c.b
    JOIN names_shown n ON n.comparison = other.id
    WHERE c.id = ? AND c.trial IS NULL LIMIT 1"""


def names_known(conn: Connection, comparison: int) -> bool:
    """Were these two answers ever shown with the names of those who wrote them?

    In labelling that is so once the pair, or the one that it asks again, was opened from the list of verdicts; in a
    trial once it was opened, and where another trial that names its policies has the same two texts.
    """
    return any(conn.execute(query, (comparison,)).fetchone() is not None for query in (_IN_A_TRIAL, _IN_LABELLING))


def note_names_shown(conn: Connection, comparison: int) -> None:
    """Keep that a pair was shown with names; the first time counts."""
    conn.execute("INSERT OR IGNORE INTO names_shown (comparison, at) VALUES (?, ?)", (comparison, utc_now()))
