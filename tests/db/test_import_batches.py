"""Imports are stored a slice at a time, seen all at once, and taken back whole."""

from collections import Counter
from contextlib import closing

import pytest

from db import import_batches as db_import_batches
from db.comparisons import add_comparison, count_open, get_comparison, next_open
from db.completions import add_completion
from db.connection import read_only
from db.conversations import add_asked, check_askable
from db.errors import NotAllowed
from db.import_batches import HELD_OUT, KNOWN, OTHERWISE, prepared
from db.interchange.records import LeftOut, PairRecord
from db.interchange.selection import Selection, judged_pairs
from db.joining import Join
from db.pair_rows import NewCompletion
from db.preference_counts import choices
from db.prompt_rows import AskedOf
from db.prompts import find_prompt, list_prompt_sets, prompts_left, unasked_prompts
from db.rankings import ranking_answers
from db.times import utc_now
from db.verdict_search import Search, Words, count_verdicts, search_verdicts
from db.verdicts import add_verdict, counts, history, preference_pairs, undo_last
from tests.db_workspace import answer, asked, compared, new_model, new_set, workspace

DAY = "2020-01-01T00:00:00.000Z"


@pytest.fixture
def conn(tmp_path):
    with workspace(tmp_path / "workspace") as conn:
        yield conn


@pytest.fixture
def reader(tmp_path, conn):
    assert conn.in_transaction is False
    with closing(read_only(tmp_path / "workspace" / "palate.db")) as reader:
        yield reader


def record(
    at: int, question: str, a: str = "first", b: str = "second", verdict: str | None = "a", **more
) -> PairRecord:
    return PairRecord(at, asked(question), a, b, verdict, **more)


def stored(conn, *records: PairRecord, set_name: str = "mine"):
    """A whole import in slices of two."""
    batch = db_import_batches.begin(conn, source="file", set_name=set_name, pairs=len(records))
    found = []
    for at in range(0, len(records), 2):
        found += batch.store(conn, [prepared(each) for each in records[at : at + 2]])
    return found, db_import_batches.reveal(conn)


def reasons(found) -> list[tuple[int, str]]:
    return [(each.at, each.reason) for each in found if isinstance(each, LeftOut)]


def everything(conn) -> dict[str, int]:
    tables = ("prompt_sets", "prompts", "completions", "comparisons", "verdicts", "answer_scores", "import_late")
    return {table: conn.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables}


def seen(reader) -> tuple[object, ...]:
    """Everything that a screen could count or list."""
    tally = counts(reader, DAY)
    return (
        (tally.total, tally.decisive, tally.ties, tally.skipped),
        count_open(reader),
        next_open(reader),
        len(search_verdicts(reader)),
        count_verdicts(reader, Search((Words("first"),))),
        len(preference_pairs(reader)),
        len(list(judged_pairs(reader, Selection(not_judged=True)))),
        prompts_left(reader),
        [(each.name, each.prompts) for each in list_prompt_sets(reader)],
        find_prompt(reader, asked("one")),
        len(list(choices(reader, source="import"))),
        reader.execute("SELECT count(*) FROM standing_verdicts").fetchone()[0],
    )


def test_nothing_is_seen_before_the_end_and_everything_after_it(conn, reader):
    compared(conn, "zero")
    before = seen(reader)
    batch = db_import_batches.begin(conn, source="file", set_name="mine", pairs=3)
    assert seen(reader) == before
    pairs = [record(1, "one"), record(2, "two", verdict="tie"), record(3, "three", verdict=None)]
    for each in pairs:
        assert batch.store(conn, [prepared(each)]) == [each]
        assert seen(reader) == before
    assert db_import_batches.reveal(conn) == []
    tally = counts(reader, DAY)
    assert (tally.total, tally.decisive, tally.ties) == (2, 1, 1)
    assert count_open(reader) == 2
    assert [(each.name, each.prompts) for each in list_prompt_sets(reader)] == [("questions", 1), ("mine", 3)]
    assert everything(conn) == {
        "prompt_sets": 2, "prompts": 4, "completions": 8, "comparisons": 4, "verdicts": 2, "answer_scores": 0,
        "import_late": 0,
    }  # fmt: skip


def test_what_is_stored_meanwhile_comes_behind_and_is_seen_at_once(conn, reader):
    batch = db_import_batches.begin(conn, source="file", set_name="mine", pairs=100)
    new_set_id = conn.execute("INSERT INTO prompt_sets (name, held_out, created) VALUES ('live', 0, ?)", (utc_now(),))
    prompt = conn.execute(
        "INSERT INTO prompts (set_id, messages, content_hash, guard_hash, created) VALUES (?, ?, ?, ?, ?)",
        (new_set_id.lastrowid, '[{"role":"user","content":"live"}]', "1" * 64, "1" * 64, utc_now()),
    ).lastrowid
    asked_of = AskedOf(1, 1, 1, 1)
    assert [each.id for each in unasked_prompts(reader, asked_of)] == [prompt]
    batch.store(conn, [prepared(record(1, "one"))])
    assert batch.prompt <= prompt - 100
    db_import_batches.reveal(conn)
    assert [each.id for each in unasked_prompts(reader, asked_of)] == [prompt]
    assert find_prompt(reader, asked("one")) < prompt


def test_an_import_is_taken_back_whole_in_small_steps(conn, reader):
    comparison = compared(conn, "zero")
    before = everything(conn)
    dump = [line for line in conn.iterdump() if "verdict_words" not in line]
    batch = db_import_batches.begin(conn, source="file", set_name="mine", pairs=9)
    for at in range(1, 8):
        verdict = (None, "a", "tie")[at % 3]
        batch.store(conn, [prepared(record(at, f"q{at}", verdict=verdict, score_a=1.0, score_b=2.0))])
    batch.store(conn, [prepared(record(8, "zero", "first", "third")), prepared(record(9, "zero"))])
    assert everything(conn)["import_late"] == 1
    steps = 0
    while db_import_batches.take_back(conn, 3):
        steps += 1
        assert search_verdicts(reader) == []
    assert steps > 5
    assert everything(conn) == before
    assert [line for line in conn.iterdump() if "verdict_words" not in line] == dump
    assert get_comparison(reader, comparison).standing is None
    conn.execute("INSERT INTO verdict_words (verdict_words) VALUES ('integrity-check')")
    add_verdict(conn, comparison=comparison, verdict="a")
    assert count_verdicts(reader, Search((Words("first"),))) == 1
    assert count_verdicts(reader, Search((Words("q1"),))) == 0


def test_the_pairs_of_a_ranking_belong_to_it_and_are_taken_back_with_it(conn):
    dump = [line for line in conn.iterdump() if "verdict_words" not in line]
    ranked = [
        record(1, "one", a, b, answers=3, ranking=1)
        for a, b in (("first", "second"), ("first", "third"), ("second", "third"))
    ]
    batch = db_import_batches.begin(conn, source="file", set_name="mine", pairs=5)
    for each in (*ranked, record(2, "two"), record(3, "three", answers=9, ranking=3)):
        batch.store(conn, [prepared(each)])
    rows = conn.execute("SELECT ranking FROM comparisons WHERE id < ? ORDER BY id", (batch.comparison,)).fetchall()
    assert [row["ranking"] for row in rows] == [1, 1, 1, None, 2]
    assert len(ranking_answers(conn, 1)) == 3
    assert conn.execute("SELECT count(*) FROM ranking_answers WHERE ranking = 2").fetchone()[0] == 0
    while db_import_batches.take_back(conn, 2):
        pass
    assert [line for line in conn.iterdump() if "verdict_words" not in line] == dump


def test_verdicts_are_append_only_again_when_the_import_is_over(conn):
    stored(conn, record(1, "one"))
    with pytest.raises(Exception, match="only ever added"):
        conn.execute("DELETE FROM verdicts")
    db_import_batches.begin(conn, source="file", set_name="mine", pairs=1)
    with pytest.raises(Exception, match="only ever added"):
        conn.execute("DELETE FROM verdicts")


def test_one_import_at_a_time(conn):
    db_import_batches.begin(conn, source="file", set_name="mine", pairs=1)
    with pytest.raises(NotAllowed, match="Another import is running"):
        db_import_batches.begin(conn, source="file", set_name="mine", pairs=1)


def test_pairs_go_into_a_set_for_labelling_only(conn):
    new_set(conn, name="trial", held_out=True)
    with pytest.raises(NotAllowed, match="held out for trials"):
        db_import_batches.begin(conn, source="file", set_name="trial", pairs=1)


def test_imported_pairs_become_preference_pairs_and_no_comparison_to_judge(conn):
    sky = PairRecord(1, asked("The sky is"), " blue.", " green.", "a")
    stored(conn, sky, PairRecord(2, asked("Why?", system="Be short."), "Light.", "Well, …", "a"))
    assert [(pair.messages, pair.chosen, pair.rejected) for pair in preference_pairs(conn)] == [
        (asked("The sky is"), " blue.", " green."),
        (asked("Why?", system="Be short."), "Light.", "Well, …"),
    ]
    assert prompts_left(conn) == count_open(conn) == 0
    row = history(conn, 1)[0]
    assert (row.verdict, row.layout, row.blind, row.source, row.seconds) == ("a", "none", False, "import", None)


def test_importing_twice_adds_nothing(conn):
    pairs = [record(1, "one"), record(2, "two", verdict="tie"), record(3, "one"), record(4, "three", verdict=None)]
    found, _ = stored(conn, *pairs)
    assert reasons(found) == [(3, KNOWN)]
    before = list(conn.iterdump())
    found, _ = stored(conn, *pairs)
    assert reasons(found) == [(at, KNOWN) for at in (1, 2, 3, 4)]
    assert list(conn.iterdump()) == before


def test_a_file_that_contradicts_itself_keeps_what_comes_first(conn):
    found, _ = stored(conn, record(1, "one"), record(2, "one", "second", "first"), record(3, "one", verdict="tie"))
    assert reasons(found) == [(2, OTHERWISE), (3, OTHERWISE)]
    assert [pair.chosen for pair in preference_pairs(conn)] == ["first"]


def test_a_chosen_text_that_was_stored_as_the_later_answer_stays_chosen(conn):
    compared(conn, "Why?", "first", "second")
    stored(conn, record(1, "Why?", "second", "first"))
    (pair,) = preference_pairs(conn)
    assert (pair.chosen, pair.rejected) == ("second", "first")
    assert history(conn, 1)[0].verdict == "b"


@pytest.mark.parametrize("verdict", ["b", "tie", "discard"])
def test_an_import_never_overrules_a_verdict(conn, verdict):
    add_verdict(conn, comparison=compared(conn, "Why?", "first", "second"), verdict=verdict)
    found, _ = stored(conn, record(1, "Why?"))
    assert reasons(found) == [(1, OTHERWISE)]
    assert [row.verdict for row in history(conn, 1)] == [verdict]


def test_an_open_or_skipped_pair_takes_the_imported_verdict_with_the_rest(conn):
    comparison = compared(conn, "Why?", "first", "second")
    add_verdict(conn, comparison=comparison, verdict="skip")
    batch = db_import_batches.begin(conn, source="file", set_name="mine", pairs=3)
    found = batch.store(conn, [prepared(record(1, "Why?", strength=2, note="n")), prepared(record(2, "Why?"))])
    assert reasons(found) == [(2, KNOWN)]
    assert [row.verdict for row in history(conn, comparison)] == ["skip"]
    assert db_import_batches.reveal(conn) == []
    said = history(conn, comparison)[-1]
    assert (said.verdict, said.strength, said.note, said.source) == ("a", 2, "n", "import")


def test_a_pair_whose_verdict_was_taken_back_takes_the_imported_one(conn):
    comparison = compared(conn, "Why?", "first", "second")
    add_verdict(conn, comparison=comparison, verdict="b")
    assert undo_last(conn) == comparison
    found, left_out = stored(conn, record(1, "Why?"))
    assert (reasons(found), left_out) == ([], [])
    assert [row.verdict for row in history(conn, comparison)] == ["b", "undo", "a"]
    assert [pair.chosen for pair in preference_pairs(conn)] == ["first"]


def test_a_pair_that_was_judged_while_its_file_was_imported_keeps_that_verdict(conn):
    comparison, other = compared(conn, "Why?"), compared(conn, "How?")
    batch = db_import_batches.begin(conn, source="file", set_name="mine", pairs=2)
    batch.store(conn, [prepared(record(1, "Why?")), prepared(record(2, "How?"))])
    add_verdict(conn, comparison=comparison, verdict="b")
    add_verdict(conn, comparison=other, verdict="a")
    assert db_import_batches.reveal(conn) == [("a", LeftOut(1, OTHERWISE)), ("a", LeftOut(2, KNOWN))]
    assert [row.verdict for row in history(conn, comparison)] == ["b"]


def test_a_held_out_question_is_never_taken(conn):
    new_set(conn, "Why is the sky blue?", name="trial", held_out=True)
    found, _ = stored(conn, PairRecord(1, asked("why is the SKY blue?", system="Be a pirate."), "a", "b", "a"))
    assert reasons(found) == [(1, HELD_OUT)]
    assert [each.prompts for each in list_prompt_sets(conn)] == [1, 0]


@pytest.mark.parametrize(
    ("verdict", "side", "left"), [("a", "left", "first"), ("a", "right", "second"), ("b", "left", "second")]
)
def test_the_sides_that_were_shown_are_kept(conn, verdict, side, left):
    for at, question in enumerate(("one", "two", "three"), 1):
        stored(conn, record(at, question, verdict=verdict, side=side))
        pair = get_comparison(conn, at)
        assert (pair.a.text, pair.first.text) == ("first", left)
        assert (pair.standing.verdict, pair.standing.side, pair.standing.layout) == (verdict, side, "side")


def test_what_was_imported_is_exported_the_same(conn):
    records = [
        record(1, "one", strength=2, side="right", seconds=2.5, note="n", field="f", score_a=1.0, score_b=-2.0),
        record(2, "two", verdict="both_bad"),
        record(3, "three", verdict="skip"),
        record(4, "four", verdict=None),
    ]
    stored(conn, *records)
    assert list(judged_pairs(conn, Selection(not_judged=True))) == records
    assert [each.at for each in judged_pairs(conn)] == [1, 2, 3]


def test_an_export_is_narrowed_by_set_and_time(conn):
    stored(conn, record(1, "one"), set_name="old")
    stored(conn, record(2, "two"), set_name="new")
    conn.execute("DROP TRIGGER verdicts_no_update")
    conn.execute("UPDATE verdicts SET at = '2020-01-01T00:00:00.000Z' WHERE id = 1")
    assert [each.at for each in judged_pairs(conn, Selection("old"))] == [1]
    assert [each.at for each in judged_pairs(conn, Selection(since="2021-01-01T00:00:00.000Z"))] == [2]
    with pytest.raises(Exception, match="no prompt set 'other'"):
        list(judged_pairs(conn, Selection("other")))


def test_an_export_goes_on_behind_each_page(conn, monkeypatch):
    monkeypatch.setattr("db.interchange.selection._PAGE", 2)
    stored(conn, *(record(at, f"q{at}") for at in range(1, 6)))
    assert [each.at for each in judged_pairs(conn)] == [1, 2, 3, 4, 5]


def test_a_held_out_question_and_a_withdrawn_pair_are_never_exported(conn):
    stored(conn, record(1, "one"), record(2, "two"), record(3, "three"))
    conn.execute("UPDATE comparisons SET withdrawn = 1 WHERE id = 2")
    conn.execute("UPDATE prompt_sets SET held_out = 1 WHERE name = 'mine'")
    new_set(conn, name="later")
    assert list(judged_pairs(conn)) == []
    conn.execute("UPDATE prompt_sets SET held_out = 0 WHERE name = 'mine'")
    assert Counter(each.at for each in judged_pairs(conn)) == {1: 1, 3: 1}


def test_a_reader_sees_no_row_of_an_import_by_its_id(conn, reader):
    batch = db_import_batches.begin(conn, source="file", set_name="mine", pairs=1)
    batch.store(conn, [prepared(record(1, "one"))])
    for table in ("prompts", "comparisons"):
        assert reader.execute(f"SELECT count(*) FROM {table}").fetchone()[0] == 0


def test_a_question_that_a_running_import_holds_is_not_asked_and_not_joined(conn, reader):
    batch = db_import_batches.begin(conn, source="file", set_name="mine", pairs=1)
    batch.store(conn, [prepared(record(1, "One?"))])
    made = {"model": new_model(conn), "sampling": {}, "tokens": 3, "cut": False, "source": "model"}
    answers = (NewCompletion(seed=1, text="x", **made), NewCompletion(seed=2, text="y", **made))
    for connection in (conn, reader):
        with pytest.raises(NotAllowed, match="A running import holds this question"):
            check_askable(connection, asked("One?"))
    with pytest.raises(NotAllowed, match="A running import holds this question"):
        add_asked(conn, asked("One?"), answers, side_seed=1, named=False)
    assert add_asked(conn, asked("Two?"), answers, side_seed=1, named=False).comparison is not None
    with pytest.raises(NotAllowed, match="An import is running"):
        Join("Ben").store(conn, [])


def test_what_others_refer_to_stays_when_an_import_is_taken_back(conn):
    """An earlier Palate let a question be asked that a running import held."""
    batch = db_import_batches.begin(conn, source="file", set_name="mine", pairs=2)
    batch.store(conn, [prepared(record(1, "One?")), prepared(record(2, "Two?"))])
    first = find_prompt(conn, asked("One?"))
    written = add_completion(conn, prompt=first, text="their own", source="human")
    kept = conn.execute("SELECT id FROM completions WHERE prompt = ? ORDER BY id LIMIT 1", (first,)).fetchone()[0]
    pair = add_comparison(conn, prompt=first, a=kept, b=written, side_seed=1)
    while db_import_batches.take_back(conn, 1):
        pass
    assert get_comparison(conn, pair).prompt.id == first
    assert find_prompt(conn, asked("Two?")) is None
    assert [each.name for each in list_prompt_sets(conn)] == ["mine"]
    assert not db_import_batches.going_on(conn)


def test_a_pair_is_known_by_its_texts(conn):
    """A ranking copies answers, and two pairs of one prompt may hold the same text: an export comes back as known."""
    pair = compared(conn, "One?")
    texts = (get_comparison(conn, pair).a.text, get_comparison(conn, pair).b.text)
    again = [answer(conn, "One?", text) for text in texts]
    add_verdict(conn, comparison=pair, verdict="skip")
    two = add_comparison(conn, prompt=1, a=again[0], b=again[1], side_seed=1)
    add_verdict(conn, comparison=two, verdict="b")
    found, _ = stored(conn, record(1, "One?", *texts[::-1], "a"), record(2, "One?", *texts, "a"))
    assert reasons(found) == [(1, KNOWN), (2, OTHERWISE)]
