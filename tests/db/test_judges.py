"""Judges: one that changes is another one, and what it is told to do never changes."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from sqlite3 import Connection

import pytest

from db.errors import NotAllowed, NotFound
from db.judges import archive_judge, command_judge, get_judge, list_judges, set_model_judge
from tests.db_workspace import new_model, workspace


@pytest.fixture
def conn(tmp_path: Path) -> Iterator[Connection]:
    with workspace(tmp_path) as conn:
        yield conn


def test_a_command_is_one_judge(conn: Connection) -> None:
    first = command_judge(conn, "./judge --hard")
    assert command_judge(conn, "./judge --hard") == first != command_judge(conn, "./judge")
    row = get_judge(conn, first)
    assert (row.name, row.kind, row.command) == ("./judge --hard", "command", "./judge --hard")


def test_another_rubric_is_another_judge_of_that_name(conn: Connection) -> None:
    model = new_model(conn)
    first = set_model_judge(conn, "strict", model=model, rubric="Shorter is better.", settings={"temperature": 0})
    same = set_model_judge(conn, "strict", model=model, rubric="Shorter is better.", settings={"temperature": 0})
    other = set_model_judge(conn, "strict", model=model, rubric="Longer is better.", settings={"temperature": 0})
    assert first == same != other
    assert [each.id for each in list_judges(conn)] == [other]
    assert (get_judge(conn, first).archived, get_judge(conn, first).rubric) == (True, "Shorter is better.")
    with pytest.raises(sqlite3.IntegrityError, match="never changed"):
        conn.execute("UPDATE judges SET rubric = 'x'")


def test_what_is_no_judge_is_refused(conn: Connection) -> None:
    for wrong in (lambda: command_judge(conn, ""), lambda: set_model_judge(conn, " ")):
        with pytest.raises(NotAllowed):
            wrong()
    with pytest.raises(NotFound, match="no judge 9"):
        get_judge(conn, 9)


def test_an_archived_command_is_found_again(conn: Connection) -> None:
    judge = command_judge(conn, "./judge")
    archive_judge(conn, judge)
    assert command_judge(conn, "./judge") == judge
