"""Servers by name: a key is kept by the name of its variable, never itself."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from sqlite3 import Connection

import pytest

from db.errors import NotAllowed, NotFound
from db.inserting import insert
from db.servers import add_server, allow_server, archive_server, get_server, list_servers
from tests.db_workspace import workspace


@pytest.fixture
def conn(tmp_path: Path) -> Iterator[Connection]:
    with workspace(tmp_path) as conn:
        yield conn


def test_a_server_comes_back_whole(conn: Connection) -> None:
    box = add_server(conn, " box ", "http://box:8000/v1", model="base", protocol="vllm", key_env="BOX_KEY")
    row = get_server(conn, "box")
    assert (row.id, row.url, row.model, row.protocol) == (box, "http://box:8000/v1", "base", "vllm")
    assert (row.key_env, row.allowed, row.archived) == ("BOX_KEY", None, False)
    allow_server(conn, box)
    allowed = get_server(conn, "box").allowed
    assert allowed is not None
    allow_server(conn, box)
    assert get_server(conn, "box").allowed == allowed
    archive_server(conn, box)
    assert (list_servers(conn), get_server(conn, "box").archived) == ([], True)


@pytest.mark.parametrize(
    ("url", "key_env", "words"),
    [
        ("http://me:secret@box/v1", None, "environment variable"),
        ("http://box/v1?key=secret", None, "environment variable"),
        ("box:8000", None, "http://"),
        ("http://box/v1", "sk-4f3a9c", "never the key itself"),
    ],
)
def test_a_key_is_never_stored(conn: Connection, url: str, key_env: str | None, words: str) -> None:
    with pytest.raises(NotAllowed, match=words):
        add_server(conn, "box", url, model="base", key_env=key_env)
    assert list_servers(conn) == []


def test_the_database_itself_refuses_a_key(conn: Connection) -> None:
    row = {"name": "box", "url": "http://box", "protocol": "openai", "model": "m", "created": "2026-01-01T00:00:00Z"}
    with pytest.raises(sqlite3.IntegrityError, match="key_env"):
        insert(conn, "servers", row | {"key_env": "sk-4f3a9c"})


def test_names_are_used_once_and_an_unknown_one_is_said(conn: Connection) -> None:
    add_server(conn, "box", "http://box", model="base")
    with pytest.raises(NotAllowed, match="'box' is taken"):
        add_server(conn, "box", "http://other", model="base")
    with pytest.raises(NotFound, match="no server 'other'"):
        get_server(conn, "other")


def test_a_name_is_free_again_once_its_server_is_offered_no_longer(conn: Connection) -> None:
    first = add_server(conn, "box", "http://old", model="base")
    archive_server(conn, first)
    second = add_server(conn, "box", "http://new", model="base")
    assert [each.id for each in list_servers(conn)] == [second]
    assert [each.name for each in list_servers(conn, archived=True)] == [f"box #{first}", "box"]
