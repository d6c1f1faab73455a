"""The schema: complete value sets, strict columns, and queues and counts that walk an index."""

import hashlib
import sqlite3
from contextlib import closing

import pytest

from db.comparisons import count_open, get_comparison, next_open
from db.connection import open_database, writing
from db.migrations import runner as db_runner
from db.migrations.runner import newest_version, pending_names, unknown_names
from db.trials import get_trial
from db.verdict_search import search_verdicts
from db.verdicts import counts, undo_last
from tests.db_workspace import judged_in_first_version, workspace
from tests.schema_document import DOCUMENT, schema


@pytest.fixture
def conn(tmp_path):
    with workspace(tmp_path) as conn:
        yield conn


def test_a_new_file_has_had_every_migration(conn):
    assert conn.execute("PRAGMA user_version").fetchone()[0] == newest_version()
    assert pending_names(conn) == []
    assert unknown_names(conn) == []


def test_what_lies_in_files_never_changes():
    first = list(db_runner.MIGRATIONS.items())[:15]
    written = "\n".join(line for name, statements in first for line in (name, *statements))
    kept = "f7ee932a2ee8f9afe3410f2a5820e7e450ae33796cdca219e12d212f50490149"
    assert hashlib.sha256(written.encode()).hexdigest() == kept, "append a migration instead"


def test_the_schema_for_reading_is_that_of_the_migrations():
    assert DOCUMENT.read_text(encoding="utf-8") == schema(), "run `python -m tests.schema_document`"


def test_a_file_of_the_first_version_keeps_everything_when_blind_trials_come(tmp_path, monkeypatch):
    path = tmp_path / "palate.db"
    with monkeypatch.context() as earlier:
        first = {"001_first_schema": db_runner.MIGRATIONS["001_first_schema"]}
        earlier.setattr(db_runner, "MIGRATIONS", first)
        open_database(path)
        with closing(writing(path)) as conn:
            pair, now = judged_in_first_version(conn, "one", "b"), "2026-01-01T00:00:00Z"
            conn.execute("INSERT INTO samplings VALUES (1, '{}', ?)", (now,))
            conn.execute(
                "INSERT INTO trials VALUES (1, 'side_by_side', NULL, 1, 1, 1, 3, 'finished', ?, ?)", (now, now)
            )
    open_database(path)
    with closing(writing(path)) as conn:
        row = get_trial(conn, 1)
        assert (row.kind, row.status, row.samples, row.repeats) == ("side_by_side", "finished", 1, 0)
        assert (row.may_end_early, row.opened) == (False, None)
        standing = get_comparison(conn, pair).standing
        assert standing is not None
        assert standing.verdict == "b"
    assert (tmp_path / "backups" / f"palate-before-version-{newest_version()}.db").exists()


def test_every_table_is_strict_and_every_foreign_key_leads_somewhere(conn):
    tables = conn.execute(
        "SELECT name, strict FROM pragma_table_list WHERE type = 'table' AND name NOT LIKE '%sqlite%'"
    )
    loose = [row["name"] for row in tables if not row["strict"]]
    assert loose == []
    assert conn.execute("PRAGMA foreign_key_check").fetchall() == []


@pytest.mark.parametrize(
    ("table", "columns", "values"),
    [
        ("prompts", "set_id, messages, content_hash, guard_hash, created", (1, "[", "h" * 64, "h" * 64, "T")),
        ("settings", "key, value", ("key", "{broken")),
        ("prompt_sets", "name, held_out, created", ("x", 0, "yesterday")),
        ("prompt_sets", "name, held_out, created", ("x", 2, "2026-01-01T00:00:00Z")),
        ("models", "kind, name, source, fingerprint, created", ("cloud", "x", "x", "x", "2026-01-01T00:00:00Z")),
    ],
)
def test_rows_that_make_no_sense_are_refused(conn, table, columns, values):
    conn.execute("INSERT INTO prompt_sets VALUES (1, 'set', 0, '2026-01-01T00:00:00Z')")
    marks = ", ".join("?" * len(values))
    with pytest.raises(sqlite3.IntegrityError):
        conn.execute(f"INSERT INTO {table} ({columns}) VALUES ({marks})", values)


def test_a_reference_that_is_not_a_number_is_refused(conn):
    row = ("k" * 64, float("nan"), -1.0, "2026-01-01T00:00:00Z")
    with pytest.raises(sqlite3.IntegrityError, match="NOT NULL"):
        conn.execute("INSERT INTO reference_logps VALUES (?, ?, ?, ?)", row)


@pytest.mark.parametrize(
    "ask",
    [next_open, count_open, undo_last, search_verdicts, lambda conn: counts(conn, "2026-01-01T00:00:00Z")],
    ids=["next_open", "count_open", "undo_last", "search_verdicts", "counts"],
)
def test_what_is_asked_after_every_verdict_never_walks_a_table_or_sorts(conn, ask):
    asked: list[str] = []
    conn.set_trace_callback(lambda sql: asked.append(sql) if sql.startswith("SELECT") else None)
    ask(conn)
    conn.set_trace_callback(None)
    assert asked
    for sql in asked:
        plan = [row["detail"] for row in conn.execute(f"EXPLAIN QUERY PLAN {sql}")]
        walks = [step for step in plan if step.startswith("SCAN") and "INDEX" not in step and "(subquery" not in step]
        walks = [step for step in walks if step != "SCAN main.import_batch"]  # one row at most, by its CHECK
        assert walks == [], (sql, plan)
        assert [step for step in plan if "TEMP B-TREE" in step] == [], (sql, plan)
