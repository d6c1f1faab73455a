"""Insert one row."""

from collections.abc import Mapping
from sqlite3 import Connection
from typing import Any


def insert(conn: Connection, table: str, values: Mapping[str, Any]) -> int:
    """Insert one row and return its id. Table and column names come from the code, never from input."""
    columns, marks = ", ".join(values), ", ".join("?" * len(values))
    cursor = conn.execute(f"INSERT INTO {table} ({columns}) VALUES ({marks})", tuple(values.values()))
    if cursor.lastrowid is None:
        raise ValueError(f"{table} gave no row id")
    return cursor.lastrowid
