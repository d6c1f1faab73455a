"""The tally of standing verdicts: counting on from an earlier one gives what counting everything gives."""

import random
from pathlib import Path
from sqlite3 import Connection

import pytest

from db import verdict_tally
from db.comparisons import add_comparison, get_comparison
from db.connection import read_only
from db.rankings import add_ranking, rank, ranking_answers
from db.verdict_tally import count_standing
from db.verdicts import add_verdict, count_pairs, count_pairs_since, counts, read_pair_prompts, undo_last
from tests.db_workspace import answer, compared, new_set, workspace
from tests.sql_statements import statements_of


@pytest.fixture
def conn(tmp_path):
    with workspace(tmp_path) as conn:
        yield conn


def say_something(conn: Connection, chance: random.Random, comparisons: list[int]) -> None:
    """A verdict on any comparison, or an undo."""
    if chance.random() < 0.3:
        undo_last(conn)
    else:
        verdict = chance.choice(["a", "b", "tie", "both_bad", "both_good", "skip", "discard"])
        add_verdict(conn, comparison=chance.choice(comparisons), verdict=verdict, layout="side")


@pytest.mark.parametrize("seed", range(5))
def test_counting_on_gives_what_counting_everything_gives(conn: Connection, seed: int) -> None:
    chance = random.Random(seed)
    comparisons = [compared(conn, f"question {at}") for at in range(6)]
    again = get_comparison(conn, comparisons[0])
    repeat = add_comparison(conn, prompt=again.prompt.id, a=again.a.id, b=again.b.id, side_seed=1, repeats=again.id)
    tally = count_standing(conn)
    for _ in range(60):
        for _ in range(chance.randrange(4)):
            say_something(conn, chance, [*comparisons, repeat])
        tally = count_standing(conn, tally)
        assert tally.by_verdict == count_standing(conn).by_verdict
    assert sum(tally.by_verdict.values()) > 0


def test_a_tally_is_counted_on_without_reading_every_comparison(conn: Connection) -> None:
    one, two = compared(conn, "one"), compared(conn, "two")
    add_verdict(conn, comparison=one, verdict="a", layout="side")
    before = count_standing(conn)
    add_verdict(conn, comparison=two, verdict="b", layout="side")
    with statements_of(conn) as made:
        assert count_standing(conn, before).by_verdict == {"a": 1, "b": 1}
    assert made
    assert not [each for each in made if "GROUP BY" in each]


@pytest.mark.parametrize("heard", ["SELECT standing_verdict", "SELECT ifnull(max(id), 0)"])
def test_a_verdict_taken_back_in_the_midst_of_a_count_is_not_taken_back_twice(
    conn: Connection, tmp_path: Path, heard: str
) -> None:
    one, two = compared(conn, "one"), compared(conn, "two")
    for each in (one, two):
        add_verdict(conn, comparison=each, verdict="a", layout="side")
    reader, left = read_only(tmp_path / "palate.db"), [1]

    def take_back(statement: str) -> None:
        if statement.startswith(heard) and left:
            left.clear()
            undo_last(conn)

    reader.set_trace_callback(take_back)
    tally = count_standing(reader)
    assert not left
    assert count_standing(reader, tally).by_verdict == {"a": 1}


def test_after_many_verdicts_everything_is_counted_again(conn: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verdict_tally, "_MOST_NEW", 1)
    comparisons = [compared(conn, f"question {at}") for at in range(3)]
    before = count_standing(conn)
    for each in comparisons:
        add_verdict(conn, comparison=each, verdict="a", layout="side")
    with statements_of(conn) as made:
        assert count_standing(conn, before).by_verdict == {"a": 3}
    assert [each for each in made if "GROUP BY" in each]


def test_a_ranking_counts_once_and_counting_on_agrees(conn: Connection) -> None:
    new_set(conn, "one")
    ranking = add_ranking(conn, 1, [answer(conn, "one", f"answer {each}") for each in range(4)], side_seed=1)
    before = count_standing(conn)
    shown = ranking_answers(conn, ranking)
    rank(conn, ranking, dict(zip(shown, (1, 1, 1, 1), strict=True)))  # six ties
    tie = count_standing(conn, before)
    assert tie.by_verdict == {"tie": 1}
    rank(conn, ranking, dict(zip(shown, (4, 1, 2, 2), strict=True)))
    decided = count_standing(conn, tie)
    assert sum(decided.by_verdict.values()) == 1
    assert decided == count_standing(conn)
    counted = counts(conn, "2000-01-01T00:00:00Z")
    assert (counted.today, counted.total, counted.decisive, counted.ties) == (1, 1, 1, 0)
    assert count_pairs(conn) == 1
    assert count_pairs_since(conn, "") == 1
    assert [pairs for _, pairs in read_pair_prompts(conn)] == [1]
    undo_last(conn)
    assert count_standing(conn, decided).by_verdict == count_standing(conn).by_verdict == {"tie": 1}
    undo_last(conn)
    assert count_standing(conn, tie).by_verdict == count_standing(conn).by_verdict == {}
