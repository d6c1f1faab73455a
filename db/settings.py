"""The settings of a workspace, each a JSON value under a key."""

import json
from collections.abc import Callable, Iterable
from sqlite3 import Connection
from typing import Any

from db.hashing import canonical_json

IN_USE = "adapters_in_use"


def get_setting(conn: Connection, key: str, default: Any = None) -> Any:
    """The value under the key, or `default`."""
    row = conn.execute("SELECT value FROM settings WHERE key = ?", (key,)).fetchone()
    return default if row is None else json.loads(row["value"])


def set_setting(conn: Connection, key: str, value: Any) -> None:
    """Store a JSON value under the key in place of an older one.

    Raises:
        TypeError, ValueError: JSON cannot carry the value.
    """
    upsert = "INSERT INTO settings (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value"
    conn.execute(upsert, (key, canonical_json(value)))


def update_settings(conn: Connection, keys: Iterable[str], change: Callable[[dict[str, dict[str, Any]]], None]) -> None:
    """Let `change` alter the JSON objects under `keys` in place, and store those that it altered.

    A key that was never set has an empty object. Nothing is stored when `change` raises.
    """
    before = {key: get_setting(conn, key, {}) for key in keys}
    after = {key: dict(value) for key, value in before.items()}
    change(after)
    for key, value in after.items():
        if value != before[key]:
            set_setting(conn, key, value)


def use_adapter(conn: Connection, base_fingerprint: str, adapter: str | None) -> None:
    """Store the id of the adapter in use on a base model (None: none), for now and for the next start."""
    kept = {**get_setting(conn, IN_USE, {}), base_fingerprint: adapter}
    set_setting(conn, IN_USE, kept)
