"""The schema: complete value sets, strict columns, and queues and counts that walk an index."""

import sqlite3

import pytest

from db.comparisons import count_open, next_open
from db.migrations import newest_version, pending_names, unknown_names
from db.verdicts import counts, page, undo_last
from tests.db_workspace import workspace


@pytest.fixture
def conn(tmp_path):
    with workspace(tmp_path) as conn:
        yield conn


def test_a_new_file_has_had_every_migration(conn):
    assert newest_version() == 1
    assert pending_names(conn) == []
    assert unknown_names(conn) == []


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
    row = ("w", "k", "l", 1, "c" * 64, "r" * 64, float("nan"), -1.0, "2026-01-01T00:00:00Z")
    with pytest.raises(sqlite3.IntegrityError, match="NOT NULL"):
        conn.execute("INSERT INTO reference_logps VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)


@pytest.mark.parametrize(
    "ask",
    [next_open, count_open, undo_last, page, lambda conn: counts(conn, "2026-01-01T00:00:00Z")],
    ids=["next_open", "count_open", "undo_last", "page", "counts"],
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
        assert walks == [], (sql, plan)
        assert [step for step in plan if "TEMP B-TREE" in step] == [], (sql, plan)
