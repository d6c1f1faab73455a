"""Whether a person has seen who wrote the two answers of a pair: later verdicts on that pair are not blind."""

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
# The comparisons of the same two answers: the first one and its repeats.
_IN_LABELLING = """SELECT 1 FROM comparisons c
    JOIN comparisons other ON other.prompt = c.prompt AND other.trial IS NULL AND other.a = c.a AND other.b = c.b
    JOIN names_shown n ON n.comparison = other.id
    WHERE c.id = ? AND c.trial IS NULL LIMIT 1"""


def names_known(conn: Connection, comparison: int) -> bool:
    """Whether these two answers were ever shown with the names of the policies that wrote them.

    In labelling that is the case once the pair, or the one that it repeats, was opened from the list of verdicts. In a
    trial it is the case once the trial was opened, and where another trial that names its policies has the same texts.
    """
    return any(conn.execute(query, (comparison,)).fetchone() is not None for query in (_IN_A_TRIAL, _IN_LABELLING))


def note_names_shown(conn: Connection, comparison: int) -> None:
    """Record that a pair was shown with names. Only the first time is stored."""
    conn.execute("INSERT OR IGNORE INTO names_shown (comparison, at) VALUES (?, ?)", (comparison, utc_now()))
