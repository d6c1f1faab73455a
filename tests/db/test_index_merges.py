"""Merges of the index of words: none while they wait, also after a new start, and FTS5's own again afterwards."""

from contextlib import closing
from pathlib import Path
from sqlite3 import Connection

import pytest

from db.connection import writing
from db.index_merges import allow_merges, merges_wait, postpone_merges
from db.verdicts import add_verdict
from db.writer import Writer
from tests.db_workspace import compared, workspace


def segments(conn: Connection) -> int:
    """Segments of the index, of which each transaction adds one."""
    return int(conn.execute("SELECT count(DISTINCT segid) FROM verdict_words_idx").fetchone()[0])


def judge(conn: Connection, verdicts: int) -> None:
    pair = compared(conn, "Why?")
    for _ in range(verdicts):
        add_verdict(conn, comparison=pair, verdict="a", layout="none", source="person")


def test_no_transaction_merges_while_merges_wait(tmp_path: Path) -> None:
    with workspace(tmp_path) as conn:
        postpone_merges(conn)
        judge(conn, 40)
    with workspace(tmp_path) as conn:
        assert merges_wait(conn)
        judge(conn, 40)
        assert segments(conn) >= 80
        allow_merges(conn)
        assert not merges_wait(conn)
        judge(conn, 1)
        assert segments(conn) < 16


def test_sixteen_segments_are_merged_by_default(tmp_path: Path) -> None:
    with workspace(tmp_path) as conn:
        judge(conn, 40)
        assert not merges_wait(conn)
        assert segments(conn) < 40


def test_merges_go_on_waiting_while_another_program_holds_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("db.writer.BUSY_TIMEOUT_S", 0.01)
    with workspace(tmp_path):
        pass
    writer = Writer(tmp_path / "palate.db")
    try:
        writer.submit(postpone_merges).result()
        with closing(writing(tmp_path / "palate.db")) as other:
            other.execute("BEGIN IMMEDIATE")
            writer.empty_log()
            assert writer.submit(merges_wait).exception() is not None  # the file is held
            other.execute("ROLLBACK")
        assert writer.submit(merges_wait).result()
        writer.empty_log()
        assert not writer.submit(merges_wait).result()
    finally:
        writer.close()
