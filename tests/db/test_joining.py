"""Two workspaces joined: nothing lost, nothing doubled, nothing of the owner's changed, and joined twice the same."""

import hashlib
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from sqlite3 import Connection

import pytest

from db.agreements import disagreements, verdicts_of_two
from db.comparisons import add_comparison, get_comparison, open_comparisons
from db.connection import open_database, read_only, writing
from db.edits import add_edit
from db.forgetting import forget_prompts
from db.givers import list_givers
from db.joining import (
    ALIKE,
    FORGOTTEN_HERE,
    HELD_OUT_HERE,
    MINE,
    UNNAMED,
    Join,
    JoinCounts,
    find_pairs,
    own_origins,
    would_come,
)
from db.judges import command_judge
from db.pair_rows import OWNER, SETTLED, Giver
from db.people import OWN_NAME, ensure_person, list_people
from db.rankings import add_ranking, rank
from db.settings import set_setting
from db.tags import list_tags, tags_of
from db.their_pairs import read_their_pairs
from db.verdicts import add_verdict, undo_last, verdicts_beside
from tests.db_workspace import answer, compared, new_set
from tui.analysis.agreement import agreement


@pytest.fixture
def mine(tmp_path: Path) -> Iterator[Connection]:
    open_database(tmp_path / "mine.db")
    with closing(writing(tmp_path / "mine.db")) as conn:
        set_setting(conn, OWN_NAME, {"name": "Ann"})
        yield conn


@pytest.fixture
def theirs(tmp_path: Path) -> Iterator[Connection]:
    open_database(tmp_path / "theirs.db")
    with closing(writing(tmp_path / "theirs.db")) as conn:
        yield conn


def joined(mine: Connection, folder: Path, person: str = "Ben", name: str = "theirs.db") -> JoinCounts:
    join = Join(person)
    with closing(read_only(folder / name)) as conn:
        join.store(mine, list(read_their_pairs(conn)))
    return join.counts


def everything(conn: Connection) -> list[list[tuple[object, ...]]]:
    tables = ("prompts", "completions", "comparisons", "verdicts", "verdict_tags", "people", "judges", "rankings")
    return [[tuple(row) for row in conn.execute(f"SELECT * FROM {table} ORDER BY 1")] for table in tables]


def ben(conn: Connection) -> Giver:
    return Giver("person", ensure_person(conn, "Ben"))


def test_two_workspaces_with_forty_common_pairs(mine: Connection, theirs: Connection, tmp_path: Path) -> None:
    """Of 40 common pairs both say a of 15 and b of 13; Ann a and Ben b of 5, Ann b and Ben a of 7.

    The same on 28 of 40, 0.7. Ann says a 20 times, Ben 22 times: by chance (20·22 + 20·18) / 1600 = 0.5, so kappa is
    (0.7 − 0.5) / 0.5 = 0.4. Wilson's interval of 28 of 40 is
    (0.7 + 3.8415 / 80 ± 1.96 √(0.7 · 0.3 / 40 + 3.8415 / 6400)) / (1 + 3.8415 / 40)
    = 0.68248 ± 0.13678. That of kappa is
    (0.54570 − 0.5) / 0.5 = 0.0914 to 0.6385.
    """
    said = [("a", "a")] * 15 + [("b", "b")] * 13 + [("a", "b")] * 5 + [("b", "a")] * 7
    for at, (ann, bens) in enumerate(said):
        # The second answer is the older one there, so that the letters differ.
        add_verdict(mine, comparison=compared(mine, f"Q{at}?", f"one {at}", f"two {at}"), verdict=ann)
        turned = compared(theirs, f"Q{at}?", f"two {at}", f"one {at}")
        add_verdict(theirs, comparison=turned, verdict={"a": "b", "b": "a"}[bens])
    for at in range(3):
        add_verdict(theirs, comparison=compared(theirs, f"Only Ben {at}?"), verdict="tie")
        add_verdict(mine, comparison=compared(mine, f"Only Ann {at}?"), verdict="tie")
    before = [tuple(row) for row in mine.execute("SELECT id, standing, standing_verdict FROM comparisons")]
    verdicts = [tuple(row) for row in mine.execute("SELECT * FROM verdicts")]
    file = hashlib.sha256((tmp_path / "theirs.db").read_bytes()).hexdigest()

    counts = joined(mine, tmp_path)
    assert (counts.pairs, counts.common, counts.new, counts.verdicts, counts.known) == (43, 40, 3, 43, 0)
    assert counts.left_out == Counter()
    pairs = verdicts_of_two(mine, OWNER, ben(mine))
    assert [(one, two) for _, one, two in pairs] == said
    found = agreement([(one, two) for _, one, two in pairs])
    assert (found.pairs, found.same) == (40, 28)
    assert found.kappa == pytest.approx(0.4)
    assert (found.kappa_low, found.kappa_high) == (pytest.approx(0.0914, abs=1e-4), pytest.approx(0.6385, abs=1e-4))
    # Nothing of Ann's changed, and what only Ben judged waits for her, beside his verdict.
    after = [tuple(row) for row in mine.execute("SELECT id, standing, standing_verdict FROM comparisons")]
    assert after[: len(before)] == before
    assert [tuple(row) for row in mine.execute("SELECT * FROM verdicts")][: len(verdicts)] == verdicts
    waiting = open_comparisons(mine, 9)
    assert [row.prompt.first_line for row in waiting] == [f"Only Ben {at}?" for at in range(3)]
    assert [row.verdict for row in verdicts_beside(mine, waiting[0].id)] == ["tie"]

    there = everything(mine)
    again = joined(mine, tmp_path)
    assert (again.common, again.new, again.verdicts, again.known) == (43, 0, 0, 43)
    assert everything(mine) == there
    assert hashlib.sha256((tmp_path / "theirs.db").read_bytes()).hexdigest() == file


def test_who_judged_why_and_how_is_kept(mine: Connection, theirs: Connection, tmp_path: Path) -> None:
    pair = compared(theirs, "One?")
    add_verdict(mine, comparison=compared(mine, "One?"), verdict="a", tags=["mine"])
    how = {"strength": 2, "side": "left", "layout": "side", "seconds": 4.5, "note": "so", "tags": ["tone", SETTLED]}
    given = add_verdict(theirs, comparison=pair, verdict="b", **how)
    add_verdict(theirs, comparison=pair, verdict="tie", person=ensure_person(theirs, "Eva"))
    judge = command_judge(theirs, "strict")
    add_verdict(theirs, comparison=pair, verdict="b", source="model", judge=judge, confidence=0.75)
    add_verdict(theirs, comparison=pair, verdict="skip", source="model", judge=judge)
    joined(mine, tmp_path)
    beside = verdicts_beside(mine, 1)
    assert [row.label for row in list_givers(mine)] == ["me", "person:Ben", "person:Eva", "judge:strict"]
    ours = beside[0]
    assert (ours.verdict, ours.at, ours.strength, ours.side, ours.seconds) == ("b", given.at, 2, "left", 4.5)
    assert (ours.note, ours.blind, tags_of(mine, [ours.id])[ours.id]) == ("so", True, ("tone", SETTLED))
    assert (beside[2].confidence, beside[2].source, len(beside)) == (0.75, "model", 3)
    assert list_tags(mine) == ["mine"]  # their words are not put into the list
    assert get_comparison(mine, 1).standing is not None
    assert undo_last(mine) == 1
    assert get_comparison(mine, 1).standing is None


def test_what_was_taken_back_or_judged_again_there_is_so_here_after_another_join(
    mine: Connection, theirs: Connection, tmp_path: Path
) -> None:
    pair, other = compared(theirs, "One?"), compared(theirs, "Two?")
    for each in (compared(mine, "One?"), compared(mine, "Two?")):
        add_verdict(mine, comparison=each, verdict="a")
    add_verdict(theirs, comparison=other, verdict="a")
    undo_last(theirs)
    add_verdict(theirs, comparison=pair, verdict="b")
    assert joined(mine, tmp_path).verdicts == 1
    assert verdicts_of_two(mine, OWNER, ben(mine)) == [(1, "a", "b")]
    undo_last(theirs)
    counts = joined(mine, tmp_path)
    assert (counts.undone, counts.verdicts, counts.known) == (1, 0, 0)
    assert verdicts_of_two(mine, OWNER, ben(mine)) == []
    assert joined(mine, tmp_path).undone == 0
    add_verdict(theirs, comparison=pair, verdict="a")
    assert joined(mine, tmp_path).verdicts == 1
    assert verdicts_of_two(mine, OWNER, ben(mine)) == [(1, "a", "a")]


def test_a_copy_of_my_workspace_brings_back_none_of_my_verdicts(mine: Connection, tmp_path: Path) -> None:
    for text in ("One?", "Two?"):
        add_verdict(mine, comparison=compared(mine, text), verdict="a")
    mine.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copy(tmp_path / "mine.db", tmp_path / "copy.db")
    with closing(writing(tmp_path / "copy.db")) as copy:
        set_setting(copy, OWN_NAME, {"name": "Ben"})
        add_verdict(copy, comparison=2, verdict="b")
        add_verdict(copy, comparison=compared(copy, "Three?"), verdict="b")
    set_setting(mine, OWN_NAME, {"name": "Ann Marie"})
    counts = joined(mine, tmp_path, name="copy.db")
    assert (counts.verdicts, counts.new, counts.left_out) == (2, 1, Counter({MINE: 2}))
    assert verdicts_of_two(mine, OWNER, ben(mine)) == [(2, "a", "b")]


def test_joined_both_ways_nobody_s_verdicts_come_back_to_them(
    mine: Connection, theirs: Connection, tmp_path: Path
) -> None:
    set_setting(theirs, OWN_NAME, {"name": "Ben"})
    add_verdict(mine, comparison=compared(mine, "One?"), verdict="a")
    add_verdict(theirs, comparison=compared(theirs, "One?"), verdict="b")
    joined(mine, tmp_path)
    joined(theirs, tmp_path, "Ann", "mine.db")
    counts = joined(mine, tmp_path)
    assert (counts.verdicts, counts.left_out) == (0, Counter({MINE: 1}))
    assert list(list_people(mine).values()) == ["Ben"]
    assert list(list_people(theirs).values()) == ["Ann"]
    assert len(verdicts_beside(mine, 1)) == len(verdicts_beside(theirs, 1)) == 1


def test_what_cannot_come_along_is_counted_by_reason(mine: Connection, theirs: Connection, tmp_path: Path) -> None:
    new_set(mine, "Held  OUT?", name="trials", held_out=True)
    gone = compared(mine, "Gone?")
    forget_prompts(mine, [get_comparison(mine, gone).prompt.id])
    for text in ("held out?", "Gone?", "Kept?", "A file?", "A named file?"):
        pair = compared(theirs, text)
        source = "import" if "file" in text else "person"
        person = ensure_person(theirs, "Carl") if "named" in text else None
        add_verdict(theirs, comparison=pair, verdict="a", source=source, person=person)
    counts = joined(mine, tmp_path)
    assert counts.left_out == Counter({HELD_OUT_HERE: 1, FORGOTTEN_HERE: 1, UNNAMED: 1})
    assert (counts.new, counts.verdicts) == (2, 2)
    assert [row.label for row in list_givers(mine)] == ["me", "person:Ben", "person:Carl"]
    assert ALIKE not in counts.left_out


def test_an_edited_answer_a_ranking_and_a_system_prompt_come_along(
    mine: Connection, theirs: Connection, tmp_path: Path
) -> None:
    pair = compared(theirs, "One?")
    add_verdict(theirs, comparison=pair, verdict="a")
    add_edit(theirs, comparison=pair, original=1, text="Better.")
    new_set(theirs, "Four?", name="four")
    answers = [answer(theirs, "Four?", text, system="Be short.") for text in ("w", "x", "y")]
    prompt = theirs.execute("SELECT prompt FROM completions WHERE id = ?", (answers[0],)).fetchone()[0]
    ranking = add_ranking(theirs, prompt, answers, side_seed=1)
    rank(theirs, ranking, {answers[0]: 1, answers[1]: 2, answers[2]: 3})
    counts = joined(mine, tmp_path)
    assert (counts.new, counts.verdicts) == (5, 5)
    assert [row.prompt.first_line for row in open_comparisons(mine, 9)] == ["One?"]  # the rest is never asked alone
    assert mine.execute("SELECT count(*) FROM ranking_answers").fetchone()[0] == 3
    systems = mine.execute("SELECT settings FROM samplings WHERE settings LIKE '%Be short.%'").fetchall()
    assert len(systems) == 1
    assert joined(mine, tmp_path).new == 0


def test_a_verdict_lands_on_the_ranked_pair_and_not_on_its_skipped_twin(
    mine: Connection, theirs: Connection, tmp_path: Path
) -> None:
    for conn in (mine, theirs):
        new_set(conn, "One?", name="one")
        answers = [answer(conn, "One?", text) for text in ("x", "y")]
        twin = [answer(conn, "One?", text) for text in ("x", "y", "z")]
        pair = add_comparison(conn, prompt=1, a=answers[0], b=answers[1], side_seed=1)
        add_verdict(conn, comparison=pair, verdict="skip" if conn is mine else "b")
        if conn is mine:
            rank(conn, add_ranking(conn, 1, twin, side_seed=1), {twin[0]: 1, twin[1]: 2, twin[2]: 3})
    joined(mine, tmp_path)
    assert len(disagreements(mine)) == 1
    (pair,) = read_their_pairs(theirs)
    assert len(own_origins(mine, pair, find_pairs(mine, pair))) == 2, "of both twins"


def test_what_a_join_would_bring_is_what_it_brings(mine: Connection, theirs: Connection, tmp_path: Path) -> None:
    for text, verdict, source in (("a", "a", "person"), ("b", "skip", "person"), ("c", "b", "import")):
        add_verdict(theirs, comparison=compared(theirs, text), verdict=verdict, source=source)
    with closing(read_only(tmp_path / "theirs.db")) as conn:
        pairs = list(read_their_pairs(conn))
    assert [would_come(mine, each) for each in pairs] == [True, False]
    counts = joined(mine, tmp_path)
    assert (counts.pairs, counts.new) == (2, 1)
