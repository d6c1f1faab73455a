"""Rankings: their pairs are asked together, get their verdicts together, and are undone together."""

from collections.abc import Iterator
from pathlib import Path
from sqlite3 import Connection

import pytest

from db.comparisons import add_comparison, count_open, get_comparison, next_open, pairs_of_prompt
from db.edits import undo_labelling
from db.errors import NotAllowed, NotFound
from db.preference_counts import seconds_by_day
from db.rankings import add_ranking, rank, rank_answers, ranking_answers
from db.runs import create_run, get_run, run_pairs
from db.verdicts import add_verdict, counts, judged_before, preference_pairs, undo_last
from tests.db_workspace import answer, compared, new_model, new_set, workspace


@pytest.fixture
def conn(tmp_path: Path) -> Iterator[Connection]:
    with workspace(tmp_path) as conn:
        new_set(conn, "one")
        yield conn


def asked(conn: Connection, number: int = 4) -> tuple[int, list[int]]:
    answers = [answer(conn, "one", f"answer {each}") for each in range(number)]
    shown = answers[::-1]
    return add_ranking(conn, 1, shown, side_seed=1), shown


def test_a_ranking_of_four_gives_six_pairs_of_one_ranking(conn: Connection) -> None:
    ranking, shown = asked(conn)
    assert ranking_answers(conn, ranking) == shown
    given = rank(conn, ranking, dict(zip(sorted(shown), (2, 1, 3, 3), strict=True)), seconds=20.0, layout="grid")
    assert [(each.verdict, each.seconds, each.layout) for each in given] == [
        ("b", 20.0, "grid"),
        ("a", None, "grid"),
        ("a", None, "grid"),
        ("a", None, "grid"),
        ("a", None, "grid"),
        ("tie", None, "grid"),
    ]
    assert {each.act for each in given[1:]} == {given[0].id}
    pairs = preference_pairs(conn)
    assert [pair.ranking for pair in pairs] == [ranking] * 5
    assert (pairs[0].chosen, pairs[0].rejected) == ("answer 1", "answer 0")


def test_a_run_counts_the_pairs_of_a_ranking_once(conn: Connection) -> None:
    ranking, shown = asked(conn)
    given = rank(conn, ranking, {each: place for place, each in enumerate(shown, 1)})
    new_set(conn, "two")
    alone = add_verdict(conn, comparison=compared(conn, "two"), verdict="a", layout="side")
    settings = {"name": "r", "config": {}, "versions": {}, "base_model": new_model(conn)}
    pairs = [(each.comparison, "train", each.id) for each in given]
    run = create_run(conn, pairs=[*pairs, (alone.comparison, "eval", alone.id)], **settings)
    row = get_run(conn, run)
    assert (row.train_pairs, row.eval_pairs, row.pairs) == (1, 1, 2)
    assert len(run_pairs(conn, run)) == 7


def test_a_ranking_is_undone_with_one_key_and_never_asked_pair_by_pair(conn: Connection) -> None:
    ranking, shown = asked(conn, 3)
    assert (count_open(conn), next_open(conn)) == (0, None)
    given = rank(conn, ranking, {each: place for place, each in enumerate(shown, 1)})
    again = rank(conn, ranking, {each: place for place, each in enumerate(shown[::-1], 1)})
    assert undo_last(conn) == given[0].comparison
    assert [get_comparison(conn, each.comparison).standing for each in given] == given
    assert undo_last(conn) == given[0].comparison
    assert [get_comparison(conn, each.comparison).standing for each in again] == [None] * 3
    assert undo_last(conn) is None
    assert (count_open(conn), next_open(conn)) == (0, None)


def test_the_best_of_several_decides_only_its_own_pairs(conn: Connection) -> None:
    ranking, shown = asked(conn, 3)
    rank(conn, ranking, {shown[0]: 1, shown[1]: 2})
    assert len(preference_pairs(conn)) == 1


def test_too_few_too_many_and_unknown_answers_are_refused(conn: Connection) -> None:
    ranking, shown = asked(conn, 3)
    with pytest.raises(NotAllowed, match="3 to 8 answers, not 2"):
        add_ranking(conn, 1, shown[:2], side_seed=1)
    for wrong in ({shown[0]: 1}, {shown[0]: 1, 999: 2}):
        with pytest.raises(NotAllowed, match="two answers of ranking"):
            rank(conn, ranking, wrong)
    with pytest.raises(NotFound, match="no ranking 9"):
        rank(conn, 9, {1: 1, 2: 2})


def test_answers_are_ranked_in_place_of_open_pairs_and_one_undo_opens_them_again(conn: Connection) -> None:
    shown = [answer(conn, "one", f"answer {each}") for each in range(4)]
    first = add_comparison(conn, prompt=1, a=shown[0], b=shown[1], side_seed=1)
    second = add_comparison(conn, prompt=1, a=shown[2], b=shown[3], side_seed=1)
    ranks = dict(zip(shown, (1, 2, 3, 4), strict=True))
    ranking = rank_answers(conn, shown, ranks, instead_of=[first, second], side_seed=7, seconds=31.0, layout="grid")
    assert [pair.ranking for pair in preference_pairs(conn)] == [ranking] * 6
    assert next_open(conn) is None
    counted = counts(conn, "2000-01-01T00:00:00Z")
    assert (counted.today, counted.decisive, counted.skipped) == (1, 1, 2)
    assert seconds_by_day(conn, "2000-01-01T00:00:00Z")[0][1] == 31.0
    assert len(seconds_by_day(conn, "2000-01-01T00:00:00Z")) == 1
    assert undo_labelling(conn) in (first, second)
    assert preference_pairs(conn) == []
    assert {each.id for each in pairs_of_prompt(conn, 1)} == {first, second}
    assert count_open(conn) == 2


def test_a_pair_that_was_skipped_before_does_not_come_back_beside_its_ranking(conn: Connection) -> None:
    shown = [answer(conn, "one", f"answer {each}") for each in range(4)]
    first = add_comparison(conn, prompt=1, a=shown[0], b=shown[1], side_seed=1)
    add_verdict(conn, comparison=first, verdict="skip")
    ranks = dict(zip(shown, (1, 2, 3, 4), strict=True))
    rank_answers(conn, shown, ranks, instead_of=[first], side_seed=7, seconds=9.0)
    assert next_open(conn) is None
    assert undo_labelling(conn) == first
    following = next_open(conn)
    assert following is not None
    assert following.id == first


def test_a_judged_pair_keeps_its_verdict_beside_a_ranking(conn: Connection) -> None:
    shown = [answer(conn, "one", f"answer {each}") for each in range(3)]
    judged = add_comparison(conn, prompt=1, a=shown[0], b=shown[1], side_seed=1)
    add_verdict(conn, comparison=judged, verdict="a")
    ranks = dict(zip(shown, (2, 1, 3), strict=True))
    rank_answers(conn, shown, ranks, instead_of=[judged], side_seed=7, seconds=9.0)
    assert len(preference_pairs(conn)) == 4
    assert judged_before(conn, None) == judged  # the pairs of a ranking are never opened alone
    assert undo_labelling(conn) == judged
    assert [pair.comparison for pair in preference_pairs(conn)] == [judged]
