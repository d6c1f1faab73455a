"""How much the index of words may merge in one transaction.

FTS5 writes a small segment for each transaction and merges them now and then. At sixteen of a level it merges all of
them in the transaction that comes then: its option `crisismerge`, https://sqlite.org/fts5.html. After a large import
that is tens of megabytes for one verdict. On a full disk merges wait until there is room again.
"""

from sqlite3 import Connection

MOST_SEGMENTS = 1000
"""Of a level, while merges wait. FTS5 can hold 2,000 in all; a full disk has no room for so many verdicts."""
_NORMAL = {"automerge": 4, "crisismerge": 16}
_WAITING = {"automerge": 0, "crisismerge": MOST_SEGMENTS}


def postpone_merges(conn: Connection) -> None:
    """Let this transaction and later ones add segments without merging any, also after a new start."""
    _configure(conn, _WAITING)


def merges_wait(conn: Connection) -> bool:
    """Whether merges were postponed."""
    found = conn.execute("SELECT v FROM verdict_words_config WHERE k = 'crisismerge'").fetchone()
    return found is not None and found[0] == MOST_SEGMENTS


def allow_merges(conn: Connection) -> None:
    """Let transactions merge again, by FTS5's own defaults."""
    _configure(conn, _NORMAL)


def _configure(conn: Connection, options: dict[str, int]) -> None:
    conn.executemany("INSERT INTO verdict_words (verdict_words, rank) VALUES (?, ?)", options.items())
