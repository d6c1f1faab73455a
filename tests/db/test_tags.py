"""Reason tags: rows of a verdict, which count as long as the verdict stands."""

import re
from collections.abc import Iterator
from pathlib import Path
from sqlite3 import Connection

import pytest

from db.errors import NotAllowed, NotFound
from db.pair_rows import SETTLED
from db.people import ensure_person
from db.tags import (
    archive_tag,
    count_tags,
    ensure_tag,
    give_reasons,
    last_reasons,
    list_tags,
    move_tag,
    offer_first,
    offer_tag,
    rename_tag,
    set_tags,
    tags_of,
)
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


def test_ten_reasons_are_offered_and_no_more(conn: Connection) -> None:
    offer_first(conn, ["clear", "tone"])
    offer_first(conn, ["never"])
    for number in range(8):
        offer_tag(conn, f"  word {number}")
    assert list_tags(conn) == ["clear", "tone", *(f"word {number}" for number in range(8))]
    with pytest.raises(NotAllowed, match="as many as there are digits"):
        offer_tag(conn, "eleven")
    add_verdict(conn, comparison=compared(conn, "one"), verdict="a", tags=["from a file"])
    assert len(list_tags(conn)) == 10
    assert count_tags(conn) == {"from a file": 1}
    archive_tag(conn, "clear")
    offer_tag(conn, "From a file")
    assert list_tags(conn)[-1] == "from a file"


def test_the_list_is_edited(conn: Connection) -> None:
    offer_first(conn, ["one", "two", "three"])
    move_tag(conn, "three", -5)
    move_tag(conn, "ONE", 1)
    assert list_tags(conn) == ["three", "two", "one"]
    rename_tag(conn, "two", "Two")
    rename_tag(conn, "one", "clear")
    assert list_tags(conn) == ["three", "Two", "clear"]
    for wrong in (
        lambda: rename_tag(conn, "clear", "three"),
        lambda: offer_tag(conn, "two"),
        lambda: offer_tag(conn, " "),
    ):
        with pytest.raises(NotAllowed):
            wrong()
    for word in (SETTLED, "x" * 25, "a\nb\x1b"):
        with pytest.raises(NotAllowed):
            offer_tag(conn, word)
    with pytest.raises(NotFound, match=re.escape("There is no reason 'gone'. There are: three, Two, clear.")):
        archive_tag(conn, "gone")


def test_reasons_are_the_owners_to_give_and_what_was_settled_stays_so(conn: Connection) -> None:
    offer_first(conn, ["clear", "tone"])
    one = compared(conn, "one")
    settled = add_verdict(conn, comparison=one, verdict="a", tags=[SETTLED])
    assert last_reasons(conn) == ()
    give_reasons(conn, settled.id, ["tone"])
    assert set(tags_of(conn, [settled.id])[settled.id]) == {"tone", SETTLED}
    assert last_reasons(conn) == ("tone",)
    assert list_tags(conn) == ["clear", "tone"]
    with pytest.raises(NotFound):
        give_reasons(conn, settled.id, ["a slip"])
    of_anna = add_verdict(conn, comparison=one, verdict="b", person=ensure_person(conn, "Anna"))
    undo_last(conn)
    for other in (settled, of_anna):
        with pytest.raises(NotAllowed, match="taken back, or is not yours"):
            give_reasons(conn, other.id, ["clear"])
