"""Searching verdicts: words of any script, what a person may type, facts, and conditions that change."""

from contextlib import closing
from dataclasses import replace

import pytest

from db.blind_trials import note_comparison
from db.comparisons import add_comparison
from db.completions import add_completion
from db.connection import open_database, writing
from db.inserting import insert
from db.interchange.selection import judged_pairs
from db.migrations import runner as db_runner
from db.prompts import find_prompt
from db.verdict_search import (
    Fact,
    Named,
    Search,
    SearchEnded,
    UnknownName,
    Where,
    Words,
    count_verdicts,
    is_indexed,
    known_names,
    named_ids,
    search_verdicts,
)
from db.verdicts import add_verdict, undo_last
from db.withdrawals import set_withdrawn
from tests.db_workspace import answer, asked, compared, judged_in_first_version, new_model, new_set, workspace


@pytest.fixture
def conn(tmp_path):
    with workspace(tmp_path) as conn:
        yield conn


def judged(conn, question, a="first", b="second", verdict="a", **more):
    pair = compared(conn, question, a, b)
    add_verdict(conn, comparison=pair, verdict=verdict, **more)
    return pair


def found(conn, *words, **more):
    words = tuple(Words(each) if isinstance(each, str) else each for each in words)
    return [row.prompt_line for row in search_verdicts(conn, Search(words, **more))]


def test_words_stand_in_prompt_answers_or_note(conn):
    judged(conn, "Why do leaves fall?", "They dry.", "It is autumn.")
    judged(conn, "What is rain?", "Water.", "Weather.", "tie", note="too short")
    assert found(conn, "leaves") == found(conn, "dry") == found(conn, "AUTUMN") == ["Why do leaves fall?"]
    assert found(conn, "short") == ["What is rain?"]
    assert found(conn, "leaves", "autumn") == ["Why do leaves fall?"]
    assert found(conn, "leaves", "rain") == []
    assert found(conn, "role") == []  # a name of the JSON
    assert found(conn) == ["What is rain?", "Why do leaves fall?"]


def test_a_begun_word_and_a_phrase(conn):
    judged(conn, "Why do leaves fall?", "They dry.", "It is autumn.")
    assert found(conn, Words("aut", begun=True)) == ["Why do leaves fall?"]
    assert found(conn, "aut") == []
    assert found(conn, Words("is aut", begun=True)) == ["Why do leaves fall?"]
    assert found(conn, "leaves fall") == ["Why do leaves fall?"]
    assert found(conn, "fall leaves") == []
    assert found(conn, "fall They") == []  # the end of the prompt and the beginning of an answer


def test_what_is_not_wanted(conn):
    judged(conn, "Why do leaves fall?")
    judged(conn, "What is rain?")
    assert found(conn, Words("rain", negated=True)) == ["Why do leaves fall?"]
    assert found(conn, "first", Words("leaves", negated=True)) == ["What is rain?"]
    assert found(conn, Words("%%", negated=True)) == ["What is rain?", "Why do leaves fall?"]


@pytest.mark.parametrize(
    "text", ["日本", "本語", "日", "จีน", "ばん", "%", "**", "[/]", "🍂", "ÉTÉ", "ete", "مرح", "नमस्ते"]
)
def test_any_script_and_any_sign(conn, text):
    judged(conn, "one", "これは日本語です。こんばんは", "ภาษาจีน 100% **bold** [/] 🍂 l'été مرحبا नमस्ते")
    judged(conn, "two")
    assert found(conn, Words(text, begun=True)) == ["one"]


def test_what_the_index_can_find_by_its_beginning():
    assert [is_indexed(each) for each in ("rain", "été", "C++", "नमस्ते", "한국")] == [True] * 5
    assert [is_indexed(each) for each in ("++", "日本", "ひら", "ไทย", "a日", "", "🍂")] == [False] * 7


@pytest.mark.parametrize(
    "text",
    [
        '"',
        '""',
        "'",
        "*",
        "a*",
        "^a",
        "a AND",
        "OR",
        "NOT",
        "NEAR(a b)",
        "prompt:a",
        "{a",
        "a)",
        "(",
        "-",
        "+",
        "a:b",
        ";",
        "--",
        "\x00",
        "a\x00b",
        "\\",
        "%",
        "_",
        "a'b",
        '"a',
        "\n",
        "\u202e",
        "a" * 10_000,
        "(" * 5_000,
        "\ufffd",
    ],
)
def test_nothing_that_is_typed_is_an_error(conn, text):
    judged(conn, "one")
    for begun in (True, False):
        for negated in (True, False):
            search = Search((Words(text, begun, negated), Words(text, columns="said note")))
            assert search_verdicts(conn, search) == [] or text.strip("\x00\n") == ""
            assert count_verdicts(conn, search) == len(search_verdicts(conn, search))


def test_facts(conn):
    one = judged(conn, "one", verdict="a", strength=2, side="left")
    judged(conn, "two", verdict="both_bad", side="right", blind=False)
    judged(conn, "three", verdict="b", source="import")

    def has(*facts, negated=False):
        return found(conn, facts=(Fact(facts, negated),))

    assert has("verdict both_bad") == ["two"]
    assert has("verdict a", "verdict b") == ["three", "one"]
    assert has("verdict a", negated=True) == ["three", "two"]
    assert has("strength 2") == has("side left") == ["one"]
    assert has("source import") == ["three"]
    assert has("blind 0") == ["two"]
    assert has("model 1") == ["three", "two", "one"]
    assert has("chosen 1") == ["three", "one"]
    assert has("model 11") == has() == []
    assert has("judged again") == []
    add_verdict(conn, comparison=one, verdict="tie")
    assert has("judged again") == has("verdict tie") == ["one"]
    assert has("strength 2") == []  # that verdict does not stand any more
    undo_last(conn)
    assert has("strength 2") == ["one"]


def test_an_answer_of_ones_own_is_a_fact(conn):
    new_set(conn, "one")
    prompt = find_prompt(conn, asked("one"))
    mine = add_completion(conn, prompt=prompt, text="mine", source="human")
    pair = add_comparison(conn, prompt=prompt, a=answer(conn, "one", "its"), b=mine, side_seed=1)
    judged(conn, "two")
    add_verdict(conn, comparison=pair, verdict="b" if mine > 1 else "a", blind=False)
    assert found(conn, facts=(Fact(("written human",)),)) == ["one"]


def test_words_of_the_facts_are_no_words_to_be_found(conn):
    judged(conn, "one", side="left")
    assert found(conn, "verdict") == found(conn, "left") == found(conn, "strength") == []


def test_a_note_that_came_with_a_verdict_can_be_taken_off(conn):
    one = judged(conn, "one", note="said at once")
    assert found(conn, conditions=(Where("noted"),)) == ["one"]
    note_comparison(conn, one, "")
    assert found(conn, conditions=(Where("noted"),)) == []
    assert search_verdicts(conn)[0].note == ""
    assert [each.note for each in judged_pairs(conn)] == [""]


def test_notes_of_a_pair_are_found_and_replaced(conn):
    one = judged(conn, "one", note="said at once")
    judged(conn, "two")
    note_comparison(conn, one, "later thought")
    assert found(conn, "thought") == found(conn, "once") == ["one"]
    assert search_verdicts(conn)[1].note == "later thought"
    note_comparison(conn, one, "another")
    assert found(conn, "thought") == []
    assert found(conn, "another") == found(conn, Words("another", columns="said note")) == ["one"]
    assert found(conn, conditions=(Where("noted"),)) == ["one"]
    add_verdict(conn, comparison=one, verdict="b")  # a new row of the index has the note as well
    assert found(conn, "another") == ["one"]
    note_comparison(conn, one, "")
    assert found(conn, "another") == []
    assert found(conn, conditions=(Where("noted"),)) == []
    conn.execute("INSERT INTO verdict_words (verdict_words) VALUES ('integrity-check')")


def test_where_a_pair_belongs(conn):
    first = judged(conn, "one")
    new_set(conn, "two", name="others")
    judged(conn, "two")
    assert found(conn, conditions=(Where("set", ([1],)),)) == ["one"]
    assert found(conn, conditions=(Where("set", ([1],), True),)) == ["two"]
    assert found(conn, conditions=(Where("field", (["biology"],)),)) == ["two", "one"]
    assert found(conn, conditions=(Where("id", ([first],)),)) == ["one"]
    assert found(conn, conditions=(Where("out"),)) == []
    set_withdrawn(conn, first, True)
    assert found(conn, conditions=(Where("out"),)) == ["one"]
    assert [row.out for row in search_verdicts(conn)] == [False, True]


@pytest.mark.parametrize("large", [0, 2000])
def test_large_and_small_sets_give_the_same(conn, monkeypatch, large):
    monkeypatch.setattr("db.verdict_search.LARGE", large)
    judged(conn, "one")
    new_set(conn, "two", name="others")
    judged(conn, "two")
    judged(conn, "three")
    assert found(conn, conditions=(Where("set", ([2],)),)) == ["two"]
    assert found(conn, conditions=(Where("field", (["biology"],)),)) == ["three", "two", "one"]
    assert found(conn, "first", conditions=(Where("set", ([1],)),)) == ["three", "one"]


def test_times(conn):
    for number, at in enumerate(("2026-01-01T10:00:00.000Z", "2026-02-01T10:00:00.000Z", "2026-03-01T10:00:00.000Z")):
        pair = compared(conn, f"question {number}")
        row = {"comparison": pair, "at": at, "verdict": "a", "layout": "none", "blind": 1, "source": "person"}
        insert(conn, "verdicts", row)
    since, until = Where("since", ("2026-02",)), Where("until", ("2026-03",))
    assert found(conn, conditions=(since,)) == ["question 2", "question 1"]
    assert found(conn, conditions=(until,)) == ["question 1", "question 0"]
    assert found(conn, conditions=(since, until)) == ["question 1"]
    assert found(conn, conditions=(Where("since", ("2027",)),)) == []
    assert found(conn, conditions=(Where("since", ("2027",), True),)) == ["question 2", "question 1", "question 0"]


def test_pages_of_a_search_follow_one_another(conn):
    for number in range(5):
        judged(conn, f"question {number}", verdict="tie" if number == 2 else "a")
    search = Search((Words("question"),), (Fact(("verdict tie",), True),))
    first = search_verdicts(conn, search, limit=2)
    rest = search_verdicts(conn, search, before=first[-1].id, limit=9)
    assert [row.prompt_line[-1] for row in [*first, *rest]] == ["4", "3", "1", "0"]
    assert count_verdicts(conn, search) == 4


def test_names_are_found_by_a_part_of_them(conn):
    new_set(conn, "one", name="science")
    new_set(conn, "two", name="science, held out", held_out=True)
    new_model(conn, "Taste-1", "adapter")
    assert named_ids(conn, "set", "SCIENCE") == [1, 2]
    assert named_ids(conn, "set", "science", exact=True) == [1]
    assert named_ids(conn, "policy", "taste") == [1]
    assert named_ids(conn, "field", "bio") == ["biology"]
    assert named_ids(conn, "run", "1") == []
    assert known_names(conn, "set") == ["science", "science, held out"]
    assert known_names(conn, "field") == ["biology"]


def test_a_search_looks_names_up_itself(conn):
    judged(conn, "one")
    names = [Named("set", "QUEST"), Named("field", "biology", exact=True), Named("chosen", "tiny")]
    for each in names:
        assert found(conn, named=(each,)) == ["one"], each
        assert found(conn, named=(replace(each, negated=True),)) == [], each
    assert count_verdicts(conn, Search(named=tuple(names))) == 1
    with pytest.raises(UnknownName, match=r"No set has 'quest' in its name. There are: questions"):
        found(conn, named=(Named("set", "quest", exact=True),))


def test_an_older_workspace_is_searched_after_it_was_upgraded(tmp_path, monkeypatch):
    path = tmp_path / "palate.db"
    with monkeypatch.context() as earlier:
        first = {name: sql for name, sql in db_runner.MIGRATIONS.items() if name < "007"}
        earlier.setattr(db_runner, "MIGRATIONS", first)
        open_database(path)
        with closing(writing(path)) as conn:
            one = judged_in_first_version(conn, "Why do leaves fall?", "a", "hm")
            conn.execute("INSERT INTO comparison_notes VALUES (?, 'later', '2026-01-01T00:00:00Z')", (one,))
    told: list[str] = []
    monkeypatch.setattr("db.connection._MANY", 1)
    open_database(path, told.append)
    assert told == ["Upgrading the workspace: 1 verdicts are backed up and indexed. This takes a moment, once."]
    open_database(path, told.append)  # nothing is left to upgrade
    assert len(told) == 1
    with closing(writing(path)) as conn:
        assert found(conn, "leaves") == found(conn, "later") == found(conn, "hm") == ["Why do leaves fall?"]
        note_comparison(conn, one, "latest")
        assert found(conn, "later") == []
        assert found(conn, "latest", facts=(Fact(("verdict a",)),)) == ["Why do leaves fall?"]


def test_what_a_prompt_asks_is_never_changed(conn):
    compared(conn, "one")
    for column in ("messages", "guard_hash", "content_hash"):
        with pytest.raises(Exception, match="what a prompt asks is never changed"):
            conn.execute(f"UPDATE prompts SET {column} = {column}")


def test_an_interrupted_search_says_so(conn):
    for number in range(300):
        judged(conn, f"question {number}")
    conn.set_progress_handler(lambda: 1, 100)
    with pytest.raises(SearchEnded):
        search_verdicts(conn, Search((Words("日本"),)))
    with pytest.raises(SearchEnded):
        count_verdicts(conn, Search((Words("日本"),)))
    conn.set_progress_handler(None, 0)
    assert search_verdicts(conn, Search((Words("日本"),))) == []
