"""The numbered migrations of the schema. They are only ever appended, and written as SQL.

SQL and not sqlite-utils' `transform()`, which drops triggers and WITHOUT ROWID. One statement at a time, because
`executescript` commits the transaction that all of it has to share.
"""

from contextlib import closing
from sqlite3 import Connection, connect
from typing import Any

from sqlite_utils import Database, Migrations

from db.queue_schema import QUEUE_SCHEMA
from db.schema import BLIND_TRIALS, FIRST_SCHEMA


def first_schema(db: Any) -> None:
    """Make every table of the first version."""
    for statement in FIRST_SCHEMA:
        db.execute(statement)


def queue_schema(db: Any) -> None:
    """Add what the queue keeps: prompts passed over, margins, and pairs that are asked again."""
    for statement in QUEUE_SCHEMA:
        db.execute(statement)


def blind_trials(db: Any) -> None:
    """Add what blind trials need."""
    for statement in BLIND_TRIALS:
        db.execute(statement)


migrations = Migrations("palate")
migrations(name="001_first_schema")(first_schema)
migrations(name="002_blind_trials")(blind_trials)
migrations(name="003_queue")(queue_schema)


def known_names() -> list[str]:
    """The names of all migrations that this Palate knows, in order."""
    with closing(connect(":memory:")) as empty:
        return pending_names(empty)


def newest_version() -> int:
    """The schema version that this Palate writes: how many migrations it knows."""
    return len(known_names())


def pending_names(conn: Connection) -> list[str]:
    """The names of the migrations that this file has not had."""
    return [each.name for each in migrations.pending(_wrapped(conn))]


def unknown_names(conn: Connection) -> list[str]:
    """The names of migrations that this file has had and this Palate does not know: a newer one wrote it."""
    known = set(known_names())
    return [each.name for each in migrations.applied(_wrapped(conn)) if each.name not in known]


def apply_migrations(conn: Connection) -> None:
    """Apply what is pending inside the transaction that the caller has begun, and write the version."""
    migrations.apply(_wrapped(conn))
    conn.execute(f"PRAGMA user_version = {newest_version()}")


def _wrapped(conn: Connection) -> Any:
    """`conn` as sqlite-utils takes it. Plugins of other programs stay out of a person's workspace."""
    return Database(conn, execute_plugins=False, recursive_triggers=False)
