"""Forgetting: no byte of the texts is left in the database's files, and counts, verdicts and hashes are."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from sqlite3 import Connection

import pytest

from db.blind_trials import add_blind_trial, note_comparison
from db.comparisons import count_open, get_comparison, next_open
from db.completions import add_completion
from db.connection import open_database, read_only, writing
from db.edits import add_edit
from db.errors import NotAllowed, NotFound
from db.forgetting import content_hashes, forget_prompts, forgettable, forgotten_in_run, still_holds, texts_of
from db.hashing import content_hash
from db.import_batches import begin
from db.interchange.selection import Selection, judged_pairs
from db.migrations.runner import first_fault
from db.models import ensure_sampling
from db.preference_counts import choices
from db.prompt_lists import list_prompts, set_counts
from db.prompt_rows import FORGOTTEN, NewPrompt
from db.prompts import add_prompts, held_out_prompts, prompts_left
from db.runs import RunPair, create_run
from db.samples import add_samples
from db.verdict_search import Search, Words, search_verdicts
from db.verdicts import add_verdict, counts, judged_before, preference_pairs
from db.withdrawals import set_withdrawn
from db.writer import Writer
from tests.db_workspace import SAMPLING, asked, compared, new_model, new_set, workspace

LONG_AGO = "2000-01-01T00:00:00Z"
QUESTION, FIRST, SECOND = "Why is the Quagmire blue?", "a private wyvern sings", "b jackdaws vanish"
SAID, NOTED = "kumquat remark", "yodelling note"
PRIVATE = (b"quagmire", b"wyvern", b"jackdaws", b"kumquat", b"yodelling", b"private")


def files(path: Path) -> dict[str, bytes]:
    """The bytes of the database's files, in lower case, as the index of words has its words."""
    return {each.name: each.read_bytes().lower() for each in path.parent.glob("palate.db*")}


def holding(path: Path) -> dict[bytes, list[str]]:
    """Word → the files that have it."""
    found = files(path)
    return {word: [name for name, content in found.items() if word in content] for word in PRIVATE}


def fill(conn: Connection) -> tuple[int, int]:
    """A private pair and an ordinary one, both judged; returns their comparisons."""
    private, other = compared(conn, QUESTION, FIRST, SECOND), compared(conn, "ordinary?", "plain", "simple")
    for pair in (private, other):
        add_verdict(conn, comparison=pair, verdict="a", note=SAID if pair == private else "fine")
        note_comparison(conn, pair, NOTED if pair == private else "good")
    return private, other


@pytest.fixture
def conn(tmp_path: Path) -> Iterator[Connection]:
    with workspace(tmp_path) as conn:
        yield conn


def found(conn: Connection, word: str) -> list[int]:
    return [row.comparison for row in search_verdicts(conn, Search(words=(Words(word),)))]


def test_no_byte_of_the_texts_is_left_in_the_files(tmp_path: Path) -> None:
    path = tmp_path / "palate.db"
    open_database(path)
    with closing(Writer(path)) as writer, closing(read_only(path)) as reader:
        writer.submit(fill).result()
        assert all(holding(path).values())
        assert len(search_verdicts(reader)) == 2
        writer.submit(forget_prompts, [1]).result()
        assert writer.compact().result()
        assert holding(path) == {word: [] for word in PRIVATE}
        assert (path.parent / "palate.db-wal").stat().st_size == 0
        assert found(reader, "plain") == [2]
        assert first_fault(reader) is None
        writer.submit(add_verdict, comparison=2, verdict="b").result()
    assert holding(path) == {word: [] for word in PRIVATE}


def test_a_reader_in_the_middle_of_reading_keeps_the_log_and_that_is_said(tmp_path: Path) -> None:
    path = tmp_path / "palate.db"
    open_database(path)
    with closing(Writer(path)) as writer, closing(read_only(path)) as reader:
        writer.submit(fill).result()
        writer.submit(lambda conn: conn.execute("PRAGMA busy_timeout = 10")).result()
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM verdicts").fetchone()
        writer.submit(forget_prompts, [1]).result()
        assert not writer.compact().result()
        reader.execute("ROLLBACK")
        assert writer.compact().result()
    assert holding(path) == {word: [] for word in PRIVATE}


def test_freed_bytes_are_zeros_even_where_the_file_was_not_written_anew(tmp_path: Path) -> None:
    path = tmp_path / "palate.db"
    open_database(path)
    with closing(Writer(path)) as writer:
        # Some builds of SQLite overwrite what is freed by themselves.
        writer.submit(lambda conn: conn.execute("PRAGMA secure_delete = OFF").fetchone()).result()
        writer.submit(fill).result()
        writer.submit(forget_prompts, [1]).result()
    assert holding(path) == {word: [] for word in PRIVATE}


def test_counts_verdicts_and_hashes_stay(conn: Connection) -> None:
    private, _ = fill(conn)
    before, hashes = counts(conn, LONG_AGO), content_hashes(conn, [1])
    taken = forget_prompts(conn, [1])
    assert (taken.prompts, taken.completions, taken.verdicts) == ((1,), 2, 1)
    assert counts(conn, LONG_AGO) == before
    row = get_comparison(conn, private)
    assert row.standing is not None
    assert (row.standing.verdict, row.standing.note) == ("a", "")
    assert (row.prompt.forgotten, row.a.text, row.b.text, row.same) == (True, "", "", False)
    assert content_hashes(conn, [1]) == hashes == [content_hash(asked(QUESTION))]
    done = conn.execute("SELECT prompts, completions, verdicts, prompt_set FROM forgettings").fetchall()
    assert [tuple(each) for each in done] == [(1, 2, 1, None)]


def test_the_index_of_words_stays_whole_and_finds_the_others(conn: Connection) -> None:
    private, other = fill(conn)
    forget_prompts(conn, [1])
    assert [found(conn, word) for word in ("quagmire", "wyvern", "kumquat", "yodelling")] == [[]] * 4
    assert found(conn, "plain") == found(conn, "good") == [other]
    conn.execute("INSERT INTO verdict_words (verdict_words) VALUES ('integrity-check')")
    assert {each.comparison: each.prompt_line for each in search_verdicts(conn)} == {
        private: FORGOTTEN,
        other: "ordinary?",
    }
    note_comparison(conn, private, "a later note")
    assert found(conn, "later") == [private]


def test_nothing_trains_on_asks_answers_or_exports_what_was_forgotten(conn: Connection) -> None:
    private, other = fill(conn)
    open_pair = compared(conn, "Why is the Quagmire deep?", FIRST, SECOND)
    new_set(conn, "held?", name="held out", held_out=True)
    assert (count_open(conn), len(held_out_prompts(conn, 9)), len(preference_pairs(conn))) == (1, 1, 2)
    forget_prompts(conn, [1, 3, 4])
    assert (count_open(conn), next_open(conn), prompts_left(conn), held_out_prompts(conn, 9)) == (0, None, 0, [])
    assert [pair.comparison for pair in preference_pairs(conn)] == [other]
    assert len(list(choices(conn))) == 1
    assert [record.at for record in judged_pairs(conn, Selection(not_judged=True))] == [other]
    assert judged_before(conn, None) == other
    for refused in (
        lambda: add_verdict(conn, comparison=open_pair, verdict="a"),
        lambda: set_withdrawn(conn, private, False),
        lambda: add_edit(conn, comparison=private, original=get_comparison(conn, private).a.id, text="new"),
    ):
        with pytest.raises(NotAllowed, match="forgotten"):
            refused()


def test_lists_show_that_a_prompt_was_forgotten(conn: Connection) -> None:
    fill(conn)
    forget_prompts(conn, [1])
    listed = {row.id: row.line for set_ in set_counts(conn) for row in list_prompts(conn, set_.row.id)}
    assert listed == {1: FORGOTTEN, 2: "ordinary?"}
    assert list_prompts(conn, 1, words=["Quagmire"]) == []


def test_the_same_text_can_be_added_again_as_a_new_prompt(conn: Connection) -> None:
    fill(conn)
    forget_prompts(conn, [1])
    assert add_prompts(conn, 1, [NewPrompt(asked(QUESTION))]).added == 1
    again = compared(conn, QUESTION, FIRST, SECOND)
    assert get_comparison(conn, again).prompt.id == 3
    forget_prompts(conn, [3])
    assert add_prompts(conn, 1, [NewPrompt(asked(QUESTION))]).added == 1


def test_a_prompt_is_forgotten_once_and_the_others_of_its_set_still_can_be(conn: Connection) -> None:
    fill(conn)
    forget_prompts(conn, [1])
    with pytest.raises(NotAllowed, match="nothing to forget"):
        forget_prompts(conn, [1])
    assert forget_prompts(conn, [1, 2]).prompts == (2,)
    with pytest.raises(NotFound, match="no prompt 9"):
        forget_prompts(conn, [9])


def run_on(conn: Connection, pairs: list[int], *, parent: str | None = None) -> int:
    rows = preference_pairs(conn)
    chosen: list[RunPair] = [(each.comparison, "train", each.verdict) for each in rows if each.comparison in pairs]
    base = new_model(conn)
    return create_run(
        conn, name=f"run {pairs}", config={}, versions={}, base_model=base, parent_adapter=parent, pairs=chosen
    )


def end(conn: Connection, run: int, status: str, adapter: str | None = None) -> None:
    conn.execute("UPDATE runs SET status = ?, adapter = ? WHERE id = ?", (status, adapter, run))


def test_what_learned_from_them_is_named(conn: Connection) -> None:
    private, other = fill(conn)
    first = run_on(conn, [private, other])
    add_samples(conn, first, 0, [(1, "wyvern again", 3, False)])
    end(conn, first, "finished", "a1")
    child, apart, halted = (
        run_on(conn, [other], parent="a1"),
        run_on(conn, [other]),
        run_on(conn, [private]),
    )
    end(conn, child, "finished", "a2")
    end(conn, apart, "finished", "a3")
    end(conn, halted, "interrupted")
    plan = forgettable(conn, [1])
    assert (plan.runs, plan.interrupted, set(plan.adapters)) == ((first, halted), (halted,), {"a1", "a2"})
    assert "wyvern again" in texts_of(conn, [1])
    forget_prompts(conn, [1])
    assert [forgotten_in_run(conn, each) for each in (first, child, halted)] == [1, 0, 1]
    assert texts_of(conn, [1]) == []


def test_another_prompt_with_the_same_question_is_named(conn: Connection) -> None:
    fill(conn)
    add_prompts(conn, 1, [NewPrompt(asked(QUESTION, system="Be brief."))])
    assert forgettable(conn, [1]).same_question == (3,)


def test_later_turns_of_a_conversation_that_hold_the_texts_are_named(conn: Connection) -> None:
    fill(conn)
    later = (*asked(QUESTION), {"role": "assistant", "content": "wyvern"}, {"role": "user", "content": "Why?"})
    other = (*asked("Another?"), {"role": "assistant", "content": "No."}, {"role": "user", "content": QUESTION})
    add_prompts(conn, 1, [NewPrompt(later), NewPrompt(other)])
    assert forgettable(conn, [1]).later_turns == (3,)


def test_it_waits_for_runs_imports_and_trials(conn: Connection) -> None:
    private, _ = fill(conn)
    run = run_on(conn, [private])
    with pytest.raises(NotAllowed, match=f"Run {run} is alive"):
        forget_prompts(conn, [1])
    end(conn, run, "stopped")
    new_set(conn, "held?", name="held out", held_out=True)
    model, sampling = new_model(conn), ensure_sampling(conn, SAMPLING)
    trial = add_blind_trial(conn, model_a=model, model_b=model, sampling=sampling, prompts=[3])
    with pytest.raises(NotAllowed, match=f"Trial {trial} asks one"):
        forget_prompts(conn, [3])
    begin(conn, source="file", set_name="pairs", pairs=1)
    with pytest.raises(NotAllowed, match="running import"):
        forget_prompts(conn, [1])
    assert conn.execute("SELECT count(*) FROM forgettings").fetchone()[0] == 0


def test_only_forgetting_changes_a_text(conn: Connection) -> None:
    private, _ = fill(conn)
    for statement in (
        'UPDATE prompts SET messages = \'[{"content":"","role":"user"}]\' WHERE id = 1',
        "UPDATE completions SET text = '' WHERE id = 1",
        "UPDATE verdicts SET note = '' WHERE id = 1",
    ):
        with pytest.raises(sqlite3.IntegrityError):
            conn.execute(statement)
    forget_prompts(conn, [1])
    for statement in (
        "UPDATE completions SET text = 'other' WHERE id = 1",
        "UPDATE completions SET text = '', tokens = 9 WHERE id = 1",
        "UPDATE verdicts SET verdict = 'b' WHERE id = 1",
        "UPDATE prompts SET forgotten = NULL WHERE id = 1",
    ):
        with pytest.raises(sqlite3.IntegrityError):
            conn.execute(statement)
    assert get_comparison(conn, private).standing is not None


def test_a_copy_of_the_database_says_whether_it_still_holds_them(tmp_path: Path) -> None:
    path = tmp_path / "palate.db"
    open_database(path)
    with closing(writing(path)) as conn:
        fill(conn)
        hashes = content_hashes(conn, [1])
    assert still_holds(path, hashes)
    with closing(writing(path)) as conn:
        forget_prompts(conn, [1])
    assert not still_holds(path, hashes)
    (tmp_path / "broken.db").write_bytes(b"no database")
    assert still_holds(tmp_path / "broken.db", hashes)


def test_an_answer_that_comes_too_late_is_refused(conn: Connection) -> None:
    fill(conn)
    forget_prompts(conn, [2])
    model = new_model(conn)
    with pytest.raises(NotAllowed, match="Prompt 2 was forgotten"):
        add_completion(conn, prompt=2, model=model, text="late", source="model")
