"""Pairs that two people judged: each one's own verdict, without what they settled together."""

from collections.abc import Iterator
from pathlib import Path
from sqlite3 import Connection

import pytest

from db.agreements import verdicts_of_two
from db.judges import command_judge
from db.pair_rows import OWNER, Giver
from db.people import ensure_person
from db.tags import SETTLED, count_tags
from db.verdicts import add_verdict, undo_last
from tests.db_workspace import compared, workspace


@pytest.fixture
def conn(tmp_path: Path) -> Iterator[Connection]:
    with workspace(tmp_path) as conn:
        yield conn


def test_the_newest_verdict_of_each_counts_and_a_skip_is_none(conn: Connection) -> None:
    one, two, three = (compared(conn, text) for text in ("one", "two", "three"))
    ben = Giver("person", ensure_person(conn, "Ben"))
    for pair, own, theirs in ((one, "a", "a"), (one, "b", "tie"), (two, "skip", "a"), (three, "b", "discard")):
        add_verdict(conn, comparison=pair, verdict=own)
        add_verdict(conn, comparison=pair, verdict=theirs, person=ben.id)
    assert verdicts_of_two(conn, OWNER, ben) == [(one, "b", "tie")]
    assert verdicts_of_two(conn, ben, OWNER) == [(one, "tie", "b")]
    undo_last(conn)  # on the third pair
    undo_last(conn)  # the skip
    undo_last(conn)
    assert verdicts_of_two(conn, OWNER, ben) == [(one, "a", "tie")]
    judge = Giver("judge", command_judge(conn, "./judge"))
    add_verdict(conn, comparison=two, verdict="a", source="model", judge=judge.id)
    assert verdicts_of_two(conn, ben, judge) == [(two, "a", "a")]


def test_what_was_settled_together_says_nothing_of_how_far_two_people_agree(conn: Connection) -> None:
    one = compared(conn, "one")
    ben = Giver("person", ensure_person(conn, "Ben"))
    add_verdict(conn, comparison=one, verdict="a")
    add_verdict(conn, comparison=one, verdict="b", person=ben.id)
    add_verdict(conn, comparison=one, verdict="b", blind=False, tags=[SETTLED])
    assert verdicts_of_two(conn, OWNER, ben) == [(one, "a", "b")]
    assert count_tags(conn) == {}
