"""A person who uses Palate for minutes finds no difference; and what the soak looks for, it finds."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.label_pairs import fill
from tests.leaving import ADAPTER
from tests.soak.__main__ import soak
from tests.soak.app import Difference
from tests.soak.screen import Screen
from tests.soak.truth import Truth
from tui.text.sanitize import visible

pytestmark = pytest.mark.xdist_group("terminal")


@pytest.mark.long
@pytest.mark.parametrize("seed", [1, 2])
def test_five_minutes_of_a_person_show_no_difference(tmp_path: Path, seed: int) -> None:
    person = soak(tmp_path, seed, seconds=300)
    assert person.done.total() > 5


@pytest.fixture
def space(tmp_path: Path) -> Path:
    """A workspace with four verdicts and a run that finished."""
    fill(tmp_path / "space", 2, judged=4)
    folder = tmp_path / "space" / "adapters" / "a1"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / ADAPTER).write_bytes(b"weights")
    sql = f"""INSERT INTO runs (name, status, config, versions, base_model, adapter, started, heartbeat)
        SELECT 'one', 'finished', '{{}}', '{{}}', min(id), 'a1', '{_AT}', '{_AT}' FROM models"""
    _write(tmp_path / "space", sql)
    return tmp_path / "space"


_AT = "2026-11-29T12:00:00.000Z"


def _write(space: Path, *statements: str) -> None:
    with closing(sqlite3.connect(space / "palate.db")) as connection:
        for each in statements:
            connection.execute(each)
        connection.commit()


HARMS: dict[str, tuple[Callable[[Path], None], str]] = {
    "a verdict is gone": (
        lambda space: _write(
            space,
            "DROP TRIGGER verdicts_unsearched",
            *(f"DROP TRIGGER {name}" for name in _guards(space)),
            "PRAGMA foreign_keys = OFF",
            "DELETE FROM verdicts WHERE id = 4",
        ),
        "verdict 4 was",
    ),
    "the weights are others": (
        lambda space: (space / "adapters" / "a1" / ADAPTER).write_bytes(b"others") and None,
        "the weights of run 1 are others",
    ),
    "a run that had ended runs": (
        lambda space: _write(space, "UPDATE runs SET status = 'running'"),
        "run 1 had ended and is running",
    ),
}


def _guards(space: Path) -> list[str]:
    """The triggers that keep verdicts from being deleted."""
    with closing(sqlite3.connect(space / "palate.db")) as connection:
        sql = (
            "SELECT name FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = 'verdicts' AND sql LIKE '%DELETE ON%'"
        )
        return [row[0] for row in connection.execute(sql) if row[0] != "verdicts_unsearched"]


@pytest.mark.parametrize("harm", HARMS)
def test_what_must_not_change_is_noticed(space: Path, harm: str) -> None:
    truth = Truth(space)
    truth.check()
    act, words = HARMS[harm]
    act(space)
    with pytest.raises(Difference, match=words):
        truth.check()


def test_a_log_that_grows_and_files_that_lie_about_are_noticed(space: Path) -> None:
    truth = Truth(space)
    truth.check_left()
    (space / "palate.db.7.new").touch()
    with pytest.raises(Difference, match=r"palate\.db\.7\.new"):
        truth.check_left()


def test_a_screen_is_read_as_a_terminal_shows_it() -> None:
    screen = Screen(12, 3)
    for part in (b"\x1b[?1049h\x1b[1;1Hone \x1b[3", b"8;5;1mtwo\x1b[2;3H\xe6", b"\xbc\xa2x\x1b[2;9Hend\x1b[1;5HTWO"):
        screen.feed(part)
    assert screen.text() == "one TWO\n  漢x   end\n"
    assert screen.harm == set()


def test_a_control_character_from_outside_is_noticed_on_the_screen_and_a_visible_one_is_none() -> None:
    screen = Screen(80, 3)
    screen.feed(f"\x1b[1;1H{visible(chr(27) + ']52;c;aGk=' + chr(7))}".encode())
    assert screen.harm == set()
    screen.feed(b"\x1b]52;c;aGk=\x07")
    assert screen.harm != set()
