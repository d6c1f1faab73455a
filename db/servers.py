"""Servers that answer, by name. A key is never stored, only the name of the environment variable that holds it."""

import re
from dataclasses import dataclass
from sqlite3 import Connection, Row
from urllib.parse import urlsplit

from db.errors import NotAllowed, NotFound
from db.inserting import insert
from db.times import utc_now

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_QUERY = re.compile(r"(api-version=[\w.-]{1,40})?")  # Azure's; any other may hold a key


@dataclass(frozen=True)
class ServerRow:
    """A server: `protocol` is how it is spoken to, such as openai, vllm, sglang or llamacpp; `model` what it serves.

    `key_env` is the name of the environment variable with its key, None where it needs none. `allowed` is the time (UTC
    text) at which a person agreed that texts are sent there, None before that.
    """

    id: int
    name: str
    url: str
    protocol: str
    model: str
    key_env: str | None
    allowed: str | None
    archived: bool


def add_server(
    conn: Connection, name: str, url: str, *, model: str, protocol: str = "openai", key_env: str | None = None
) -> int:
    """Store a server and return its id.

    Raises:
        NotAllowed: the name is taken or empty, the URL holds a password, or `key_env` is not the name of a variable.
    """
    name = name.strip()
    _rename_archived(conn, name)
    if not name or conn.execute("SELECT 1 FROM servers WHERE name = ?", (name,)).fetchone() is not None:
        raise NotAllowed(f"A server needs a name of its own, and {name!r} is taken or empty. Choose another one.")
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise NotAllowed(f"{url!r} is no address of a server. It begins with http:// or https://.")
    if parts.username or parts.password or not _QUERY.fullmatch(parts.query):
        raise NotAllowed("The address holds a name, a password or a query. Put the key into an environment variable.")
    if key_env is not None and not _VARIABLE.fullmatch(key_env):
        raise NotAllowed("The key's place is the name of an environment variable, and never the key itself.")
    values = {"name": name, "url": url, "protocol": protocol, "model": model, "key_env": key_env}
    return insert(conn, "servers", {**values, "created": utc_now()})


def get_server(conn: Connection, name: str) -> ServerRow:
    """The server of that name, archived or not.

    Raises:
        NotFound: there is none.
    """
    row = conn.execute("SELECT * FROM servers WHERE name = ?", (name,)).fetchone()
    if row is None:
        raise NotFound(f"There is no server {name!r}. `palate servers` lists them.")
    return _server_row(row)


def server_by_id(conn: Connection, server: int) -> ServerRow:
    """The server with this id, archived or not.

    Raises:
        NotFound: there is none.
    """
    row = conn.execute("SELECT * FROM servers WHERE id = ?", (server,)).fetchone()
    if row is None:
        raise NotFound(f"There is no server {server}. `palate servers` lists them.")
    return _server_row(row)


def list_servers(conn: Connection, *, archived: bool = False) -> list[ServerRow]:
    """The servers that are offered, the oldest first; `archived` adds those that are no longer."""
    query = "SELECT * FROM servers WHERE archived = 0 OR ? ORDER BY id"
    return [_server_row(row) for row in conn.execute(query, (archived,))]


def allow_server(conn: Connection, server: int) -> None:
    """Record that texts may be sent to this server. Only the first time is stored."""
    conn.execute("UPDATE servers SET allowed = ifnull(allowed, ?) WHERE id = ?", (utc_now(), server))


def forbid_server(conn: Connection, server: int) -> None:
    """Record that texts may no longer be sent to this server."""
    conn.execute("UPDATE servers SET allowed = NULL WHERE id = ?", (server,))


def set_protocol(conn: Connection, server: int, protocol: str) -> None:
    """Store how this server is spoken to, which is known once it was asked."""
    conn.execute("UPDATE servers SET protocol = ? WHERE id = ?", (protocol, server))


def archive_server(conn: Connection, server: int, archived: bool = True) -> None:
    """Offer a server no longer, or again. What it wrote still names it."""
    conn.execute("UPDATE servers SET archived = ? WHERE id = ?", (archived, server))


def _rename_archived(conn: Connection, name: str) -> None:
    """Let the name of a server that is no longer offered be used again; what that one wrote shows its id as well."""
    conn.execute("UPDATE servers SET name = name || ' #' || id WHERE name = ? AND archived = 1", (name,))


def _server_row(row: Row) -> ServerRow:
    return ServerRow(
        id=row["id"],
        name=row["name"],
        url=row["url"],
        protocol=row["protocol"],
        model=row["model"],
        key_env=row["key_env"],
        allowed=row["allowed"],
        archived=bool(row["archived"]),
    )
