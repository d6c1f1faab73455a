"""Pairs that two people judged: each one's own verdict, without what they settled together."""

from collections.abc import Iterator
from pathlib import Path
from sqlite3 import Connection

import pytest

from db.agreements import disagreements, verdicts_of_two
from db.judges import command_judge
from db.pair_rows import OWNER, SETTLED, Disagreement, Giver
from db.people import ensure_person
from db.tags import count_tags
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


def test_a_disagreement_waits_until_it_is_settled(conn: Connection) -> None:
    one, two, three = (compared(conn, text) for text in ("one", "two", "three"))
    ben, eva = (Giver("person", ensure_person(conn, name)) for name in ("Ben", "Eva"))
    judge = Giver("judge", command_judge(conn, "strict"))
    for pair, own in ((one, "a"), (two, "tie"), (three, "b")):
        add_verdict(conn, comparison=pair, verdict=own)
        add_verdict(conn, comparison=pair, verdict="b", source="model", judge=judge.id)
    for pair, ben_says, eva_says in ((one, "b", "b"), (two, "a", "tie"), (three, "b", "skip")):
        add_verdict(conn, comparison=pair, verdict=ben_says, person=ben.id)
        add_verdict(conn, comparison=pair, verdict=eva_says, person=eva.id)
    first = Disagreement(one, "a", (("person:Ben", "b"), ("person:Eva", "b")))
    second = Disagreement(two, "tie", (("person:Ben", "a"),))
    assert disagreements(conn) == [first, second]
    assert disagreements(conn, eva) == [Disagreement(one, "a", (("person:Eva", "b"),))]
    assert [each.comparison for each in disagreements(conn, judge)] == [one, two]
    add_verdict(conn, comparison=one, verdict="a", blind=False)  # judged again alone, which settles nothing
    assert disagreements(conn) == [first, second]
    add_verdict(conn, comparison=one, verdict="a", blind=False, tags=[SETTLED])  # together, and the owner was right
    assert disagreements(conn) == [second]
    add_verdict(conn, comparison=two, verdict="a", blind=False, tags=[SETTLED])
    assert disagreements(conn) == []
    undo_last(conn)
    assert disagreements(conn) == [second]
    add_verdict(conn, comparison=one, verdict="tie", person=ben.id)  # Ben thought again, after it was settled
    assert [each.comparison for each in disagreements(conn, ben)] == [one, two]
