"""Whose verdict stands: the owner's own, whatever judges and other people say, and in whatever order they say it."""

import itertools
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from sqlite3 import Connection
from typing import Any

import pytest

from db.agreements import verdicts_of_two
from db.blind_trials import add_blind_trial, judge_by_command, move_to_labelling, open_trial, undo_in_trial
from db.comparisons import add_comparison, count_open, get_comparison, next_open
from db.edits import add_edit, undo_labelling
from db.errors import NotAllowed, NotFound
from db.givers import find_giver, list_givers, run_givers
from db.inserting import insert
from db.interchange.checks import Row
from db.interchange.palate_format import read_line, write_line
from db.interchange.records import PairRecord
from db.interchange.selection import Selection, judged_pairs
from db.judges import command_judge, set_model_judge
from db.models import ensure_model, ensure_sampling
from db.pair_rows import OWNER, Giver, PairFilter, VerdictRow
from db.people import OWN_NAME, ensure_person
from db.preference_counts import choices
from db.repeats import repeated_verdicts
from db.runs import create_run
from db.settings import set_setting
from db.tags import set_tags
from db.trials import get_trial
from db.verdict_facts import Fact
from db.verdict_search import NOTES, Named, Search, Words, count_verdicts, search_verdicts
from db.verdict_tally import count_standing
from db.verdicts import (
    add_verdict,
    count_pairs,
    counts,
    history,
    preference_pairs,
    read_pair_prompts,
    undo_last,
    verdicts_beside,
)
from tests.db_workspace import SAMPLING, answer, compared, new_model, new_set, workspace

LONG_AGO = "2000-01-01T00:00:00Z"
GIVERS = ("owner", "anna", "judge")


@pytest.fixture
def conn(tmp_path: Path) -> Iterator[Connection]:
    with workspace(tmp_path) as conn:
        yield conn


def say(conn: Connection, giver: str, comparison: int, verdict: str) -> VerdictRow:
    if giver == "judge":
        return judge_by_command(conn, "./judge", comparison=comparison, verdict=verdict)
    person = ensure_person(conn, giver) if giver != "owner" else None
    return add_verdict(conn, comparison=comparison, verdict=verdict, person=person)


def judge_id(conn: Connection) -> int:
    return command_judge(conn, "./judge")


def of_judge(conn: Connection) -> Giver:
    return Giver("judge", judge_id(conn))


def chosen(conn: Connection, wanted: PairFilter) -> list[str]:
    """The chosen answers, which every way of reading pairs agrees on."""
    pairs = preference_pairs(conn, wanted)
    assert count_pairs(conn, wanted) == len(pairs) == sum(number for _, number in read_pair_prompts(conn, wanted))
    return [pair.chosen for pair in pairs]


@pytest.mark.parametrize("order", list(itertools.permutations(GIVERS)))
def test_one_pair_judged_by_all_three_stands_as_the_owner_judged_it(conn: Connection, order: tuple[str, ...]) -> None:
    one = compared(conn, "one")
    said = {"owner": "a", "anna": "b", "judge": "b"}
    before = count_standing(conn)
    given = {}
    for number, giver in enumerate(order):
        given[giver] = say(conn, giver, one, said[giver])
        own = "owner" in order[: number + 1]
        row = get_comparison(conn, one).standing
        assert (row and row.id) == (given["owner"].id if own else None)
        assert count_open(conn) == (0 if own else 1)
        assert counts(conn, LONG_AGO).total == counts(conn, LONG_AGO).today == int(own)
        before = count_standing(conn, before)
        assert before.by_verdict == count_standing(conn).by_verdict == ({"a": 1} if own else {})
        assert [each.id for each in search_verdicts(conn)] == ([given["owner"].id] if own else [])
    person = ensure_person(conn, "anna")
    assert chosen(conn, PairFilter()) == ["first"]
    assert (
        chosen(conn, PairFilter(givers=(of_judge(conn),)))
        == chosen(conn, PairFilter(givers=(Giver("person", person),)))
        == ["second"]
    )
    assert [each.verdict for each in choices(conn)] == ["a"]
    assert [each.verdict for each in choices(conn, givers=[of_judge(conn)])] == ["b"]
    for giver in (Giver("person", person), Giver("judge", judge_id(conn))):
        assert verdicts_of_two(conn, OWNER, giver) == [(one, "a", "b")]
    assert [each.id for each in history(conn, one)] == [given["owner"].id]
    assert {each.id for each in verdicts_beside(conn, one)} == {given["anna"].id, given["judge"].id}
    assert undo_last(conn) == one
    assert get_comparison(conn, one).standing is None
    assert undo_last(conn) is None
    opened = next_open(conn)
    assert opened is not None
    assert opened.id == one


def test_an_imported_verdict_stands_and_says_who_gave_it(conn: Connection) -> None:
    one = compared(conn, "one")
    anna = ensure_person(conn, "Anna")
    imported = add_verdict(conn, comparison=one, verdict="b", source="import", person=anna)
    say(conn, "judge", one, "a")
    assert get_comparison(conn, one).standing == imported
    assert (imported.person, imported.source) == (anna, "import")
    assert undo_last(conn) is None


def test_only_whoever_gave_a_verdict_can_undo_it(conn: Connection) -> None:
    one = compared(conn, "one")
    given = say(conn, "anna", one, "a")
    row = {"comparison": one, "at": LONG_AGO, "verdict": "undo", "layout": "none", "blind": 1, "undoes": given.id}
    with pytest.raises(sqlite3.IntegrityError, match="only whoever gave a verdict"):
        insert(conn, "verdicts", row | {"source": "person"})
    insert(conn, "verdicts", row | {"source": "person", "person": given.person})
    assert chosen(conn, PairFilter(givers=(Giver("person", given.person),))) == []


def test_the_newest_verdict_of_a_judge_counts_for_training_on_it(conn: Connection) -> None:
    one = compared(conn, "one")
    say(conn, "judge", one, "a")
    assert chosen(conn, PairFilter(givers=(of_judge(conn),))) == ["first"]
    say(conn, "judge", one, "tie")
    assert chosen(conn, PairFilter(givers=(of_judge(conn),))) == []
    say(conn, "judge", one, "b")
    assert chosen(conn, PairFilter(givers=(of_judge(conn),), strong=True)) == []
    assert chosen(conn, PairFilter(givers=(of_judge(conn),), since=LONG_AGO)) == ["second"]


def test_a_verdict_that_was_taken_over_comes_in_once(conn: Connection) -> None:
    one = compared(conn, "one")
    anna = ensure_person(conn, "Anna")
    add_verdict(conn, comparison=one, verdict="a", person=anna, origin="there:1")
    with pytest.raises(sqlite3.IntegrityError, match="only ever added"):
        add_verdict(conn, comparison=one, verdict="a", person=anna, origin="there:1")


def test_what_no_judge_may_give_is_refused(conn: Connection) -> None:
    one = compared(conn, "one")
    for wrong in ({"source": "model"}, {"judge": judge_id(conn)}, {"confidence": 1.5}):
        with pytest.raises(sqlite3.IntegrityError, match="CHECK"):
            add_verdict(conn, comparison=one, verdict="a", **wrong)  # type: ignore[arg-type]


# -- trials ----------------------------------------------------------------------------------------------------


def in_trial(conn: Connection, judge: str | None) -> tuple[int, int]:
    """A blind trial with one pair; `judge` is the command that decides it."""
    new_set(conn, "two", name="held out", held_out=True)
    model, sampling = new_model(conn), ensure_sampling(conn, SAMPLING)
    prompt = conn.execute("SELECT id FROM prompts").fetchone()[0]
    trial = add_blind_trial(conn, model_a=model, model_b=model, sampling=sampling, prompts=[prompt], judge=judge)
    a, b = answer(conn, "two", "base says"), answer(conn, "two", "tuned says")
    return trial, add_comparison(conn, prompt=prompt, a=b, b=a, side_seed=1, trial=trial)


def test_a_judge_stands_in_its_own_trial_and_no_person_undoes_or_judges_there(conn: Connection) -> None:
    trial, pair = in_trial(conn, "./judge")
    given = say(conn, "judge", pair, "a")
    assert get_comparison(conn, pair).standing == given
    assert [each.id for each in history(conn, pair)] == [given.id]
    assert undo_in_trial(conn, trial) is None
    with pytest.raises(NotAllowed, match=f"A program judges trial {trial}"):
        say(conn, "owner", pair, "b")
    assert get_trial(conn, trial).judged_by == given.judge


def test_a_judge_stands_beside_in_a_trial_of_a_person(conn: Connection) -> None:
    trial, pair = in_trial(conn, None)
    say(conn, "judge", pair, "a")
    assert get_comparison(conn, pair).standing is None
    own = say(conn, "owner", pair, "b")
    say(conn, "judge", pair, "a")
    assert get_comparison(conn, pair).standing == own
    assert undo_in_trial(conn, trial) == pair


def old_program_trial(conn: Connection) -> tuple[int, int]:
    """A trial that a program judged before verdicts said so: its verdict has the source of a person."""
    trial, pair = in_trial(conn, "./judge")
    said = {"comparison": pair, "at": LONG_AGO, "verdict": "a", "layout": "none", "blind": 1, "source": "person"}
    insert(conn, "verdicts", said)
    return trial, pair


def test_an_older_verdict_of_a_program_counts_as_a_program_s(conn: Connection) -> None:
    trial, pair = old_program_trial(conn)
    row = get_comparison(conn, pair).standing
    assert row is not None
    assert row.source == "person"
    assert undo_in_trial(conn, trial) is None
    assert counts(conn, LONG_AGO).today == 0
    open_trial(conn, trial)
    assert [each.id for each in search_verdicts(conn, Search(facts=(Fact(("source model",)),)))] == [row.id]
    assert search_verdicts(conn, Search(facts=(Fact(("source person",)),))) == []


@pytest.mark.parametrize("older", [True, False])
def test_a_program_s_verdict_that_moves_into_labelling_waits_for_the_owner_s(conn: Connection, older: bool) -> None:
    trial, pair = old_program_trial(conn) if older else in_trial(conn, "./judge")
    if not older:
        say(conn, "judge", pair, "a")
    open_trial(conn, trial)
    assert move_to_labelling(conn, pair, set_name="from trials") is None
    assert chosen(conn, PairFilter()) == []
    assert chosen(conn, PairFilter(givers=(of_judge(conn),))) == ["tuned says"]
    assert count_open(conn) == 1


def test_each_side_of_a_trial_has_its_own_sampling_and_server(conn: Connection) -> None:
    from db.servers import add_server

    new_set(conn, "two", name="held out", held_out=True)
    base = new_model(conn)
    tuned = ensure_model(conn, kind="adapter", name="taste-1", source="a1", fingerprint="f", parent=base)
    plain, warm = (ensure_sampling(conn, {"temperature": each, "system": "Be brief."}) for each in (0, 1))
    box = add_server(conn, "box", "http://box:8000/v1", model="base", protocol="vllm", key_env="BOX_KEY")
    trial = add_blind_trial(
        conn, model_a=base, model_b=tuned, sampling=plain, sampling_b=warm, server_b=box, prompts=[1]
    )
    row = get_trial(conn, trial)
    assert (row.sampling["temperature"], row.server_a) == (0, None)
    assert row.sampling_b is not None
    assert (row.sampling_b["temperature"], row.sampling_b["system"], row.server_b) == (1, "Be brief.", box)


# -- several verdicts at once ----------------------------------------------------------------------------------


def test_an_edit_and_its_skip_are_one_act_and_are_undone_together(conn: Connection) -> None:
    one = compared(conn, "one")
    edit = add_edit(conn, comparison=one, original=get_comparison(conn, one).a.id, text="better")
    skip, chosen_edit = get_comparison(conn, one).standing, get_comparison(conn, edit).standing
    assert skip is not None
    assert chosen_edit is not None
    assert (skip.act, chosen_edit.act) == (None, skip.id)
    say(conn, "judge", one, "b")
    assert undo_labelling(conn) == one
    assert (get_comparison(conn, one).standing, get_comparison(conn, edit).standing) == (None, None)
    assert undo_labelling(conn) is None


def test_repeats_are_planned_and_counted_for_the_owner_alone(conn: Connection) -> None:
    first = compared(conn, "one")
    row = get_comparison(conn, first)
    again = add_comparison(conn, prompt=row.prompt.id, a=row.a.id, b=row.b.id, side_seed=2, repeats=first)
    for pair in (first, again):
        say(conn, "judge", pair, "a")
    assert repeated_verdicts(conn) == []
    say(conn, "owner", first, "a")
    say(conn, "owner", again, "both_good")
    assert repeated_verdicts(conn) == [("a", "both_good")]


# -- by name, and several at once ----------------------------------------------------------------------------------


def three_pairs(conn: Connection) -> list[int]:
    """The owner judged the first two pairs, Anna the last two, and the judge all three, each in a way of its own."""
    pairs = [compared(conn, text) for text in ("one", "two", "three")]
    say(conn, "owner", pairs[0], "a")
    say(conn, "owner", pairs[1], "tie")
    say(conn, "Anna", pairs[1], "b")
    say(conn, "Anna", pairs[2], "a")
    for pair in pairs:
        say(conn, "judge", pair, "b")
    return pairs


def test_everyone_who_judged_is_listed(conn: Connection) -> None:
    three_pairs(conn)
    ensure_person(conn, "Nobody")
    rows = [(row.name, row.label) for row in list_givers(conn)]
    assert rows == [("me", "me"), ("Anna", "person:Anna"), ("./judge", "judge:./judge")]
    set_setting(conn, OWN_NAME, {"name": "Eva"})
    assert (list_givers(conn)[0].name, find_giver(conn, "eva").giver) == ("Eva", OWNER)


def test_a_giver_is_found_by_name_or_label(conn: Connection) -> None:
    three_pairs(conn)
    anna = Giver("person", ensure_person(conn, "Anna"))
    assert find_giver(conn, "anna").giver == find_giver(conn, "person:ANNA").giver == anna
    assert find_giver(conn, "ME").giver == OWNER
    with pytest.raises(NotFound, match=re.escape("Nobody called 'Ben' judged a pair. There are: me, person:Anna, ")):
        find_giver(conn, "Ben")
    add_verdict(conn, comparison=1, verdict="a", judge=set_model_judge(conn, "Anna"), source="model")
    with pytest.raises(NotFound, match="Write person:Anna or judge:Anna"):
        find_giver(conn, "anna")
    assert find_giver(conn, "person:Anna").giver == anna


def test_of_several_the_first_who_judged_a_pair_decides_it(conn: Connection) -> None:
    pairs = three_pairs(conn)
    anna, strict = Giver("person", ensure_person(conn, "Anna")), of_judge(conn)
    for givers, expected in (
        ((OWNER,), {0: "first"}),
        ((OWNER, strict), {0: "first", 2: "second"}),  # the owner's tie on the second pair hides the judge's verdict
        ((anna, strict), {0: "second", 1: "second", 2: "first"}),
        ((strict, anna), {0: "second", 1: "second", 2: "second"}),
        ((anna, OWNER), {0: "first", 1: "second", 2: "first"}),
    ):
        found = preference_pairs(conn, PairFilter(givers=givers))
        assert {pairs.index(row.comparison): row.chosen for row in found} == expected, givers
        assert chosen(conn, PairFilter(givers=givers)) == [row.chosen for row in found]
    say(conn, "owner", pairs[2], "skip")
    assert len(chosen(conn, PairFilter(givers=(OWNER, strict)))) == 2  # a skip says nothing yet


def test_a_run_knows_whose_verdicts_it_read(conn: Connection) -> None:
    three_pairs(conn)
    rows = preference_pairs(conn, PairFilter(givers=(OWNER, Giver("person", ensure_person(conn, "Anna")))))
    pairs = [(row.comparison, "train", row.verdict) for row in rows]
    run = create_run(conn, name="r", config={}, versions={}, base_model=new_model(conn), pairs=pairs)
    assert run_givers(conn, run) == {"me": 1, "person:Anna": 1}


def test_verdicts_of_others_are_searched_when_asked_for(conn: Connection) -> None:
    pairs = three_pairs(conn)
    set_tags(conn, say(conn, "Anna", pairs[0], "both_bad").id, ["tone"])
    add_verdict(conn, comparison=pairs[0], verdict="b", person=ensure_person(conn, "Anna"), strength=2, note="odd one")

    def found(**search: Any) -> list[tuple[str, str | None]]:
        wanted = Search(givers=("Anna",), **search)
        rows = search_verdicts(conn, wanted)
        assert count_verdicts(conn, wanted) == len(rows)
        return [(row.prompt_line, row.verdict) for row in rows]

    assert found() == [("one", "b"), ("three", "a"), ("two", "b")]
    assert {row.by for row in search_verdicts(conn, Search(givers=("Anna",)))} == {"person:Anna"}
    assert {row.by for row in search_verdicts(conn, Search(givers=("me",)))} == {None}
    assert found(facts=(Fact(("verdict b",)),)) == [("one", "b"), ("two", "b")]
    assert found(facts=(Fact(("verdict b",), negated=True),)) == [("three", "a")]
    assert found(facts=(Fact(("strength 2",)), Fact(("judged again",)), Fact(("source person",)))) == [("one", "b")]
    assert found(facts=(Fact(("blind 0",)),)) == found(facts=(Fact(("trial 1",)),)) == []
    assert len(found(facts=(Fact(("written model",)), Fact(("trial none",)), Fact(("chosen 1",))))) == 3
    assert found(words=(Words("odd"),)) == found(words=(Words("odd", columns=NOTES),)) == [("one", "b")]
    assert found(named=(Named("tag", "tone"),)) == []  # the verdict with that reason is not her newest
    both = Search(givers=("Anna", "judge:./judge"))
    assert [(row.prompt_line, row.by) for row in search_verdicts(conn, both)] == [
        *(("one", "person:Anna"), ("three", "person:Anna"), ("two", "person:Anna")),
    ]
    assert [row.by for row in search_verdicts(conn, Search(givers=("judge:./judge",)), limit=1)] == ["judge:./judge"]
    with pytest.raises(NotFound, match="Nobody called 'Ben'"):
        search_verdicts(conn, Search(givers=("Ben",)))


def test_verdicts_of_others_are_exported_when_asked_for(conn: Connection) -> None:
    three_pairs(conn)
    set_setting(conn, OWN_NAME, {"name": "Eva"})
    own = list(judged_pairs(conn))
    assert [(each.verdict, each.person, each.judge) for each in own] == [("a", "Eva", None), ("tie", "Eva", None)]
    of_anna = list(judged_pairs(conn, Selection(givers=(Giver("person", ensure_person(conn, "Anna")),))))
    assert [(each.verdict, each.person) for each in of_anna] == [("b", "Anna"), ("a", "Anna")]
    assert [[other.judge for other in each.others] for each in of_anna] == [["./judge"], ["./judge"]]
    judged = list(judged_pairs(conn, Selection(givers=(of_judge(conn),), not_judged=True)))
    assert [(each.verdict, each.person, each.judge) for each in judged] == [("b", None, "./judge")] * 3
    assert "judge" not in write_line(own[0])
    row = Row("x", "line", 1, write_line(judged[0]))
    read = read_line(row)
    assert isinstance(read, PairRecord)
    assert (read.verdict, read.others[0].judge, read.others[0].verdict) == (None, "./judge", "b")
