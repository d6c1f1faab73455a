"""Which statements one connection runs: for tests of what a screen may do on its own thread."""

from collections.abc import Iterator
from contextlib import contextmanager
from sqlite3 import Connection

LOOK = "PRAGMA data_version"
"""Asks whether another connection stored something: it reads no table."""


@contextmanager
def statements_of(conn: Connection) -> Iterator[list[str]]:
    """The statements that the connection runs meanwhile, but for `LOOK`."""
    made: list[str] = []
    conn.set_trace_callback(lambda sql: None if sql == LOOK else made.append(sql))
    try:
        yield made
    finally:
        conn.set_trace_callback(None)
