"""A pair whose answers were shown with names is never judged blind again, nor is the same pair asked again."""

from collections.abc import Iterator
from pathlib import Path
from sqlite3 import Connection

import pytest

from db.blind_trials import command_judge
from db.comparisons import add_comparison, get_comparison
from db.names_shown import names_known, note_names_shown
from db.verdicts import add_verdict
from tests.db_workspace import compared, workspace


@pytest.fixture
def conn(tmp_path: Path) -> Iterator[Connection]:
    with workspace(tmp_path) as conn:
        yield conn


def test_a_verdict_after_names_were_shown_is_not_blind(conn: Connection) -> None:
    one, two = compared(conn, "one"), compared(conn, "two")
    assert add_verdict(conn, comparison=one, verdict="a").blind
    note_names_shown(conn, one)
    note_names_shown(conn, one)
    assert names_known(conn, one)
    assert not add_verdict(conn, comparison=one, verdict="b").blind
    assert not names_known(conn, two)
    assert add_verdict(conn, comparison=two, verdict="b").blind


def test_a_judge_stays_blind_since_it_never_gets_names(conn: Connection) -> None:
    one = compared(conn, "one")
    note_names_shown(conn, one)
    assert add_verdict(conn, comparison=one, verdict="a", judge=command_judge(conn, "./judge"), source="model").blind


def test_the_same_pair_asked_again_is_not_blind_either(conn: Connection) -> None:
    one = get_comparison(conn, compared(conn, "one"))
    again = add_comparison(conn, prompt=one.prompt.id, a=one.a.id, b=one.b.id, side_seed=2, repeats=one.id)
    other = compared(conn, "one", "third", "fourth")
    note_names_shown(conn, one.id)
    assert names_known(conn, again)
    assert not names_known(conn, other), "two other answers to the same prompt"
