"""What a person set for a workspace, as JSON under a key."""

import json
import sqlite3
from sqlite3 import Connection
from typing import Any

from db import settings as db_settings
from db.hashing import canonical_json

IN_USE = "adapters_in_use"


def get_setting(conn: Connection, key: str, default: Any = None) -> Any:
    """The value under the key, or `default`."""
    row = conn.execute("SELECT value FROM settings WHERE key = ?", (key,)).fetchone()
    return default if row is None else json.loads(row["value"])


def set_setting(conn: Connection, key: str, value: Any) -> None:
    """Keep a JSON value under the key in place of an older one.

    Raises:
        TypeError, ValueError: JSON cannot carry the value.
    """
    upsert = "INSERT INTO settings (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value"
    conn.execute(upsert, (key, canonical_json(value)))


def use_adapter(connection: sqlite3.Connection, base_fingerprint: str, adapter: str | None) -> None:
    """Keep which adapter (its id; None for none) answers on a base model, now and at the next start."""
    kept = {**db_settings.get_setting(connection, IN_USE, {}), base_fingerprint: adapter}
    db_settings.set_setting(connection, IN_USE, kept)
