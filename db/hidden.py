"""What a reader must not see: rows that an import has stored while it goes on.

A reading connection gets views of its own that lie over the tables of the same names, so that no query has to know. The
rows of an import have ids in ranges that it reserved, so leaving them out costs no look at the rows.
"""

from sqlite3 import Connection

_RANGE = "{id} NOT BETWEEN ifnull((SELECT first_{kind} FROM main.import_batch), 0)\
 AND ifnull((SELECT last_{kind} FROM main.import_batch), -1)"

SEEN = _RANGE.format(id="c.id", kind="comparison")
"""For a query that must name the table itself, as `main.comparisons c`, because it names an index."""

_VIEWS = (
    f"CREATE TEMP VIEW prompts AS SELECT * FROM main.prompts WHERE {_RANGE.format(id='id', kind='prompt')}",
    f"CREATE TEMP VIEW comparisons AS SELECT * FROM main.comparisons WHERE {_RANGE.format(id='id', kind='comparison')}",
    """CREATE TEMP VIEW prompt_sets AS SELECT * FROM main.prompt_sets
    WHERE id IS NOT (SELECT set_id FROM main.import_batch WHERE new_set = 1)""",
)


def hide_batch(conn: Connection) -> None:
    """Let this reading connection see nothing of an import before its end."""
    for view in _VIEWS:
        conn.execute(view)
