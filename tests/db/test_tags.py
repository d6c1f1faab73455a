"""Reason tags: rows of a verdict, which count as long as the verdict stands."""

from collections.abc import Iterator
from pathlib import Path
from sqlite3 import Connection

import pytest

from db.errors import NotAllowed
from db.tags import archive_tag, count_tags, ensure_tag, list_tags, set_tags, tags_of
from db.verdicts import add_verdict, undo_last
from tests.db_workspace import compared, workspace


@pytest.fixture
def conn(tmp_path: Path) -> Iterator[Connection]:
    with workspace(tmp_path) as conn:
        yield conn


def test_tags_come_with_a_verdict_and_are_undone_with_it(conn: Connection) -> None:
    one, two = compared(conn, "one"), compared(conn, "two")
    first = add_verdict(conn, comparison=one, verdict="a", tags=["clear", "shorter", "Clear"])
    second = add_verdict(conn, comparison=two, verdict="b", tags=["clear"])
    assert tags_of(conn, [first.id, second.id]) == {first.id: ("clear", "shorter"), second.id: ("clear",)}
    assert count_tags(conn) == {"clear": 2, "shorter": 1}
    undo_last(conn)
    assert count_tags(conn) == {"clear": 1, "shorter": 1}


def test_tags_of_a_verdict_can_be_given_again(conn: Connection) -> None:
    given = add_verdict(conn, comparison=compared(conn, "one"), verdict="a", tags=["tone"])
    set_tags(conn, given.id, ["made up"])
    assert tags_of(conn, [given.id]) == {given.id: ("made up",)}
    set_tags(conn, given.id, [])
    assert tags_of(conn, [given.id]) == {}


def test_an_archived_tag_stays_on_its_verdicts_and_is_offered_no_more(conn: Connection) -> None:
    given = add_verdict(conn, comparison=compared(conn, "one"), verdict="a", tags=["tone", "format"])
    archive_tag(conn, "TONE")
    assert list_tags(conn) == ["format"]
    assert tags_of(conn, [given.id]) == {given.id: ("tone", "format")}
    archive_tag(conn, "tone", archived=False)
    assert list_tags(conn) == ["tone", "format"]


def test_an_empty_tag_is_refused(conn: Connection) -> None:
    with pytest.raises(NotAllowed, match="needs a word"):
        ensure_tag(conn, "  ")
