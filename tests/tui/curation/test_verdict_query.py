"""From what is typed to a search: each filter by what it finds, and what is refused."""

from datetime import datetime, timedelta

import pytest

from db.blind_trials import judge_by_command, note_comparison
from db.inserting import insert
from db.people import ensure_person
from db.tags import set_tags
from db.verdict_search import UnknownName, Words, search_verdicts
from db.verdicts import add_verdict
from db.withdrawals import set_withdrawn
from tests.db_workspace import compared, new_set, workspace
from tui.curation.verdict_query import FILTERS, FLAGS, day_range, fixed_values, search_of
from tui.text.query import QueryError

NOON = datetime(2026, 11, 26, 12).astimezone()


@pytest.fixture
def conn(tmp_path):
    with workspace(tmp_path) as conn:
        yield conn


@pytest.fixture
def five(conn):
    """Five verdicts: decisive, much better, a tie, a skip, and one in another set with a note."""
    for question, verdict, more in (
        ("leaves in autumn", "a", {"side": "left"}),
        ("rain", "b", {"side": "right", "strength": 2}),
        ("ice", "tie", {"blind": False}),
        ("sky", "skip", {}),
    ):
        add_verdict(conn, comparison=compared(conn, question), verdict=verdict, **more)
    new_set(conn, "stars", name="night sky")
    add_verdict(conn, comparison=compared(conn, "stars"), verdict="both_bad", note="too long", source="import")
    return conn


def found(conn, text, **more):
    return [row.prompt_line for row in search_verdicts(conn, search_of(text, **more))]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("verdict:tie", ["ice"]),
        ("verdict:better", ["rain", "leaves in autumn"]),
        ("verdict:both_bad", ["stars"]),
        ('verdict:"both bad"', ["stars"]),
        ("-verdict:skip", ["stars", "ice", "rain", "leaves in autumn"]),
        ("verdict!=skip verdict!=tie", ["stars", "rain", "leaves in autumn"]),
        ("set:night", ["stars"]),
        ('set="night sky"', ["stars"]),
        ("-set:night verdict:better", ["rain", "leaves in autumn"]),
        ("field:bio verdict:tie", ["ice"]),
        ("policy:tiny verdict:tie", ["ice"]),
        ("chosen:tiny", ["rain", "leaves in autumn"]),
        ("policy:human", []),
        ("strength:2", ["rain"]),
        ("strength:1", ["leaves in autumn"]),
        ("left", ["leaves in autumn"]),
        ("right", ["rain"]),
        ("noted", ["stars"]),
        ("-noted verdict:tie", ["ice"]),
        ("note:lon", ["stars"]),
        ("imported", ["stars"]),
        ("named", ["ice"]),
        ("again", []),
        ("out", []),
        ("edited", []),
        ("trial:none verdict:tie", ["ice"]),
        ("trial:any", []),
        ("trial:7", []),
        ("id:3", ["ice"]),
        ("date:today verdict:tie", ["ice"]),
        ("date:yesterday", []),
        ("before:today", []),
        ("after:yesterday verdict:tie", ["ice"]),
        ("date>=2020 verdict:tie", ["ice"]),
        ("date<2020", []),
        ("autumn", ["leaves in autumn"]),
        ("aut", ["leaves in autumn"]),
        ("aut ", []),
        ("lea aut", []),
        ("leaves aut", ["leaves in autumn"]),
        ('"leaves in"', ["leaves in autumn"]),
        ('"left"', []),
        ("verdict:", ["stars", "sky", "ice", "rain", "leaves in autumn"]),
        ("-autumn verdict:better", ["rain"]),
    ],
)
def test_each_filter_finds_its_own(five, query, expected):
    assert found(five, query) == expected


def test_every_filter_and_flag_is_tested_above_or_here(five):
    set_withdrawn(five, 3, True)
    note_comparison(five, 3, "cold")
    add_verdict(five, comparison=3, verdict="a")
    insert(
        five,
        "runs",
        {
            **{"name": "taste-1", "status": "finished", "config": "{}", "versions": "{}", "base_model": 1},
            **{"started": "2026-01-01T00:00:00Z", "heartbeat": "2026-01-01T00:00:00Z"},
        },
    )
    five.execute("INSERT INTO run_pairs VALUES (1, 3, 3, 'train')")
    for query in ("out", "again", "run:1", "run:taste", "note:cold", "out again noted run:1 -left"):
        assert found(five, query) == ["ice"], query
    assert found(five, "-out -again") == ["stars", "sky", "rain", "leaves in autumn"]
    assert set(FILTERS) | set(FLAGS) == {
        *("verdict", "set", "field", "policy", "chosen", "run", "trial", "strength", "date", "before", "after"),
        *("note", "id", "edited", "noted", "out", "left", "right", "again", "imported", "named"),
        *("tag", "person", "judge", "program", "by"),
    }


def test_reasons_and_whoever_judged_beside_the_owner_are_filters(five):
    set_tags(five, 2, ["clear", "tone"])
    add_verdict(five, comparison=3, verdict="b", person=ensure_person(five, "Anna"))
    judge_by_command(five, "./strict --judge", comparison=2, verdict="a")
    for query, expected in (
        ("tag:cle", ["rain"]),
        ("-tag:tone verdict:better", ["leaves in autumn"]),
        ("person:anna", ["ice"]),
        ("judge:strict", ["rain"]),
        ("program", []),
        ("verdict:both_good", []),
    ):
        assert found(five, query) == expected, query
    add_verdict(five, comparison=1, verdict="both_good")
    assert found(five, "verdict:both_good") == found(five, "again") == ["leaves in autumn"]
    with pytest.raises(UnknownName, match="No judge has 'mild' in its name"):
        found(five, "judge:mild")


def test_while_one_types_a_single_letter_is_not_asked_yet():
    assert search_of("a", typing=True).words == ()
    assert search_of("rain a", typing=True).words == (Words("rain"),)
    assert search_of("a").words == (Words("a"),)
    assert search_of("a ", typing=True).words == (Words("a"),)
    assert search_of("日", typing=True).words == (Words("日", begun=True),)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("colour:red", r"There is no filter 'colour'.*There are: verdict, set, field"),
        ("verdict:good", r"'good' is not a verdict. There are: better, a, b, tie, both_bad, both_good, skip, discard."),
        ("strength:3", r"'3' is no strength"),
        ("date:soon", r"'soon' is no date. Write 2026"),
        ("date:2026-13", r"is no date"),
        ("date:2026-1-1-1", r"is no date"),
        ("before:99999", r"is no date"),
        ("trial:x", r"'x' is no trial"),
        ("id:x", r"'x' is no number"),
        ("set>science", r"set>science compares values without an order. Write set:science."),
        ("-date:2026", r"leaves two separate times. Write before:2026 or after:2026."),
    ],
)
def test_what_cannot_be_asked_is_told(query, words):
    with pytest.raises(QueryError, match=words):
        search_of(query)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("set:nowhere", r"No set has 'nowhere' in its name. There are: questions, night sky."),
        ('set="night"', r"No set has 'night' in its name."),
        ("run:3", r"No run has '3' in its name. There is none yet."),
        ("chosen:nobody", r"No policy has 'nobody' in its name. There are: tiny."),
    ],
)
def test_a_name_that_nothing_has_is_told_with_those_that_there_are(five, query, words):
    with pytest.raises(UnknownName, match=words):
        found(five, query)


def test_days_months_and_years_of_this_machine():
    def local(*parts):
        return datetime(*parts).astimezone()

    def range_of(text):
        return [datetime.fromisoformat(each.replace("Z", "+00:00")) for each in day_range(text, NOON)]

    assert range_of("2026-11-26") == range_of("today") == [local(2026, 11, 26), local(2026, 11, 27)]
    assert range_of("yesterday")[1] == local(2026, 11, 26)
    assert range_of("2026-11") == [local(2026, 11, 1), local(2026, 12, 1)]
    assert range_of("2026-12") == [local(2026, 12, 1), local(2027, 1, 1)]
    assert range_of("2026") == [local(2026, 1, 1), local(2027, 1, 1)]
    assert range_of("2024-02-29")[1] - range_of("2024-02-29")[0] == timedelta(days=1)


def test_every_value_that_can_be_chosen_can_be_asked(five):
    assert fixed_values("verdict") == ["better", "tie", "both_bad", "both_good", "skip", "discard"]
    assert fixed_values("policy") == ["human", "import"]
    assert fixed_values("note") == []
    for name in FILTERS:
        for value in fixed_values(name):
            found(five, f'{name}:"{value}"')
