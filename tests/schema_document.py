"""db/schema.sql made from the migrations: `python -m tests.schema_document` writes it."""

import argparse
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from db.migrations.runner import apply_migrations
from tests.flags import flags_of

DOCUMENT = Path(__file__).parent.parent / "db" / "schema.sql"
HEAD = """\
-- What a new workspace's database holds, for reading. `python -m tests.schema_document` makes it from db/migrations;
-- nothing reads it.
"""
# The tables behind an index of words and the list of applied migrations belong to SQLite and to sqlite-utils.
_WRITTEN = """SELECT type, name, tbl_name, sql FROM sqlite_schema
    WHERE sql IS NOT NULL AND tbl_name NOT LIKE '\\_sqlite\\_%' ESCAPE '\\'
        AND name NOT IN (SELECT name FROM pragma_table_list WHERE type = 'shadow')
    ORDER BY rowid"""


def schema() -> str:
    """The statements of a database that has had every migration: each table with its indexes and triggers behind it."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as conn:
        conn.execute("BEGIN")
        apply_migrations(conn)
        written = conn.execute(_WRITTEN).fetchall()
    tables = [name for kind, name, _, _ in written if kind in ("table", "view")]
    written.sort(key=lambda row: (tables.index(row[2]), row[0] not in ("table", "view"), row[0]))
    return "\n".join([HEAD, *(f"{sql};\n" for _, _, _, sql in written)])


def parser() -> argparse.ArgumentParser:
    """No flags: it knows where the document is."""
    return flags_of(__doc__)


def main(line: Sequence[str] | None = None) -> None:
    """Read the command line and write the document."""
    parser().parse_args(line)
    DOCUMENT.write_text(schema(), encoding="utf-8")


if __name__ == "__main__":
    main()
