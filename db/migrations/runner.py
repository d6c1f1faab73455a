"""The numbered migrations of the schema, written as SQL. New ones are only ever appended.

They are SQL because sqlite-utils' `transform()` drops triggers and WITHOUT ROWID. Each statement is executed alone,
because `executescript` commits the transaction that all of them have to share.

There is no migration 11: two changes were developed side by side, and the one that had that number became 13 before
any release. The files of users hold the names, so neither the names nor the SQL of a migration ever change.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from sqlite3 import Connection
from typing import Any

from db.migrations.m001_first_schema import FIRST_SCHEMA
from db.migrations.m002_blind_trials import BLIND_TRIALS
from db.migrations.m003_queue import QUEUE_SCHEMA
from db.migrations.m004_names_shown import NAMES_SCHEMA
from db.migrations.m005_asked_first import ASKED_FIRST_SCHEMA
from db.migrations.m006_samples import TRAIN_SCHEMA
from db.migrations.m007_search import SEARCH_SCHEMA
from db.migrations.m008_withdrawals import WITHDRAWAL_SCHEMA
from db.migrations.m009_held_out import HELD_OUT_TRIGGER
from db.migrations.m010_import_batches import BATCH_SCHEMA
from db.migrations.m012_held_out_by_index import HELD_OUT_BY_INDEX
from db.migrations.m013_run_labels import RUN_LABELS
from db.migrations.m014_counting import COUNTING_SCHEMA
from db.migrations.m015_run_idle import RUN_IDLE
from db.migrations.m016_verdict_records import VERDICT_RECORDS

SET = "palate"
MIGRATIONS: dict[str, Sequence[str]] = {
    "001_first_schema": FIRST_SCHEMA,
    "002_blind_trials": BLIND_TRIALS,
    "003_queue": QUEUE_SCHEMA,
    "004_names_shown": NAMES_SCHEMA,
    "005_asked_first": ASKED_FIRST_SCHEMA,
    "006_samples_and_pair_sets": TRAIN_SCHEMA,
    "007_search": SEARCH_SCHEMA,
    "008_withdrawals": WITHDRAWAL_SCHEMA,
    "009_wall": HELD_OUT_TRIGGER,
    "010_import_batches": BATCH_SCHEMA,
    "012_wall_by_index": HELD_OUT_BY_INDEX,
    "013_run_labels": RUN_LABELS,
    "014_counting": COUNTING_SCHEMA,
    "015_run_idle": RUN_IDLE,
    "016_verdict_records": VERDICT_RECORDS,
}
"""Name → statements, in the order in which they are applied."""


def newest_version() -> int:
    """The schema version that this Palate writes: the number of migrations that it knows."""
    return len(MIGRATIONS)


def pending_names(conn: Connection) -> list[str]:
    """The names of the migrations that were not yet applied to this file."""
    applied = applied_names(conn)
    return [name for name in MIGRATIONS if name not in applied]


def unknown_names(conn: Connection) -> list[str]:
    """The names of the file's migrations that this Palate does not know, because a newer one applied them."""
    return [name for name in applied_names(conn) if name not in MIGRATIONS]


def applied_names(conn: Connection) -> list[str]:
    """The names of the migrations that were applied to this file, in order.

    This reads the table of sqlite-utils without importing sqlite-utils: the import takes half a second (it imports
    pandas), which is wasted when there is nothing to apply.
    """
    kept = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name = '_sqlite_migrations'"
    if conn.execute(kept).fetchone() is None:
        return []
    applied = "SELECT name FROM _sqlite_migrations WHERE migration_set = ? ORDER BY rowid"
    return [row[0] for row in conn.execute(applied, (SET,))]


@contextmanager
def migrating(conn: Connection) -> Iterator[None]:
    """A write transaction for migrations, rolled back on an error. Foreign keys are off in it and on behind it.

    A table that others refer to can only be replaced without foreign keys, and SQLite ignores that switch inside a
    transaction.
    """
    conn.execute("PRAGMA foreign_keys = OFF")
    conn.execute("BEGIN IMMEDIATE")
    try:
        yield
        conn.execute("COMMIT")
    finally:
        if conn.in_transaction:
            conn.execute("ROLLBACK")
        conn.execute("PRAGMA foreign_keys = ON")


def first_fault(conn: Connection) -> str | None:
    """The first finding of SQLite's checks of pages, indexes, constraints, index of words and foreign keys, or None."""
    found = str(conn.execute("PRAGMA integrity_check(1)").fetchone()[0])
    if found != "ok":
        return found
    dangling = conn.execute("PRAGMA foreign_key_check").fetchone()
    return None if dangling is None else f"row {dangling[1]} of {dangling[0]} refers to no row of {dangling[2]}"


def apply_migrations(conn: Connection) -> None:
    """Apply the pending migrations inside the transaction of `migrating`, and write the version."""
    from sqlite_utils import Database, Migrations  # see `applied_names` for why here

    migrations = Migrations(SET)
    for name, statements in MIGRATIONS.items():
        migrations(name=name)(_runner(statements))
    # No plugin of another program may run in a person's workspace.
    migrations.apply(Database(conn, execute_plugins=False, recursive_triggers=False))
    conn.execute(f"PRAGMA user_version = {newest_version()}")


def _runner(statements: Sequence[str]) -> Callable[[Any], None]:
    def run(db: Any) -> None:
        for statement in statements:
            db.execute(statement)

    return run
