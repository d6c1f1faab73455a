"""Models and samplings: which model wrote a completion, and with which settings. Each is stored once."""

from collections.abc import Mapping
from sqlite3 import Connection
from typing import Any

from db.errors import NotFound
from db.hashing import canonical_json
from db.inserting import insert
from db.pair_rows import ModelRow
from db.times import utc_now


def ensure_model(
    conn: Connection, *, kind: str, name: str, source: str, fingerprint: str, parent: int | None = None
) -> int:
    """The id of this model; a new one is added.

    Kind, source, fingerprint and parent identify a model. Its name is for people and may change. For an adapter
    `source` is its id, `fingerprint` is its checksum, and `parent` is the id of its base model.
    """
    known = "kind = ? AND source = ? AND fingerprint = ? AND ifnull(parent, 0) = ?"
    row = conn.execute(
        f"SELECT id, name FROM models WHERE {known}", (kind, source, fingerprint, parent or 0)
    ).fetchone()
    if row is None:
        values = {"kind": kind, "name": name, "source": source, "fingerprint": fingerprint, "parent": parent}
        return insert(conn, "models", {**values, "created": utc_now()})
    if row["name"] != name:
        conn.execute("UPDATE models SET name = ? WHERE id = ?", (name, row["id"]))
    return int(row["id"])


def get_model(conn: Connection, model: int) -> ModelRow:
    """One model.

    Raises:
        NotFound: there is none with that id.
    """
    row = conn.execute("SELECT * FROM models WHERE id = ?", (model,)).fetchone()
    if row is None:
        raise NotFound(f"There is no model {model}.")
    return ModelRow(row["id"], row["kind"], row["name"], row["source"], row["fingerprint"], row["parent"])


def find_adapter_model(conn: Connection, adapter: str, checksum: str) -> int | None:
    """The newest model of an adapter with these weights, by its id; None where nothing was written by it yet."""
    query = "SELECT max(id) FROM models WHERE kind = 'adapter' AND source = ? AND fingerprint = ?"
    found: int | None = conn.execute(query, (adapter, checksum)).fetchone()[0]
    return found


def models_of_source(conn: Connection, source: str) -> set[int]:
    """The ids of every model with this source: for an adapter's id, the adapter on each of its bases."""
    return {row["id"] for row in conn.execute("SELECT id FROM models WHERE source = ?", (source,))}


def rename_models(conn: Connection, source: str, name: str) -> None:
    """Rename every model with this source."""
    conn.execute("UPDATE models SET name = ? WHERE source = ?", (name, source))


def ensure_sampling(conn: Connection, settings: Mapping[str, Any]) -> int:
    """The id of these sampling settings; new ones are added. Equal settings share a row.

    A text under the key `system` is the system prompt that the policy got in addition to the prompt; it becomes part
    of the training prompt.
    """
    text = canonical_json(dict(settings))
    row = conn.execute("SELECT id FROM samplings WHERE settings = ?", (text,)).fetchone()
    return int(row["id"]) if row else insert(conn, "samplings", {"settings": text, "created": utc_now()})
