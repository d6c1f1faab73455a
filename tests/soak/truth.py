"""What must be true of a workspace whatever happened to it, read beside its owner as any other program would."""

import hashlib
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final

from tests.leaving import ADAPTER
from tests.soak.app import Difference

LONGEST_LOG: Final = 16 << 20
"""Bytes of `palate.db-wal` while nobody reads for long: SQLite folds it into the database at 4 MB."""
_STANDING: Final = """SELECT ifnull(sum(standing_verdict <> 'skip'), 0) FROM comparisons
    WHERE trial IS NULL AND repeats IS NULL AND id NOT IN
        (SELECT c.id FROM comparisons c, import_batch b WHERE c.id BETWEEN b.first_comparison AND b.last_comparison)"""
_ENDED: Final = "SELECT id, adapter FROM runs WHERE status IN ('finished', 'stopped') AND adapter NOT NULL"

Row = dict[str, Any]


class Truth:
    """What is known of one workspace: every verdict row that was seen, and the weights of every finished run."""

    def __init__(self, space: Path) -> None:
        self.space = space
        self.rows: dict[int, Row] = {}
        self.weights: dict[int, str] = {}
        self.absorb()

    @contextmanager
    def database(self) -> Iterator[sqlite3.Connection]:
        """A connection of another program, for reading."""
        file = f"file:{self.space / 'palate.db'}?mode=ro"
        with closing(sqlite3.connect(file, uri=True, timeout=30)) as connection:
            connection.row_factory = sqlite3.Row
            yield connection

    def ask(self, sql: str, *values: object) -> list[sqlite3.Row]:
        """Rows of the database."""
        with self.database() as connection:
            return connection.execute(sql, values).fetchall()

    def counted(self) -> int:
        """The verdicts that a screen counts."""
        return int(self.ask(_STANDING)[0][0])

    def new_rows(self) -> list[Row]:
        """The verdicts that were stored since `absorb`."""
        newest = max(self.rows, default=0)
        return [dict(row) for row in self.ask("SELECT * FROM verdicts WHERE id > ? ORDER BY id", newest)]

    def absorb(self) -> None:
        """Remember every verdict that is stored now, and the weights of every run that has finished."""
        self.rows.update({row["id"]: row for row in self.new_rows()})
        for row in self.ask(_ENDED):
            file = self.space / "adapters" / row["adapter"] / ADAPTER
            if row["id"] not in self.weights and file.exists():
                self.weights[row["id"]] = digest(file)

    def check(self) -> None:
        """Raise unless everything that was known before is there as it was.

        Raises:
            Difference: it is not.
        """
        there = {row["id"]: dict(row) for row in self.ask("SELECT * FROM verdicts")}
        for number, row in self.rows.items():
            if there.get(number) != row:
                raise Difference(f"verdict {number} was {row} and is {there.get(number)}")
        for run, known in self.weights.items():
            (row,) = self.ask("SELECT adapter, status FROM runs WHERE id = ?", run)
            if row["status"] not in ("finished", "stopped"):
                raise Difference(f"run {run} had ended and is {row['status']}")
            if digest(self.space / "adapters" / row["adapter"] / ADAPTER) != known:
                raise Difference(f"the weights of run {run} are others than they were")
        self.absorb()

    def check_pages(self) -> None:
        """Raise unless every page and every reference is right."""
        with self.database() as connection:
            found = [row[0] for row in connection.execute("PRAGMA integrity_check(3)")]
            broken = connection.execute("PRAGMA foreign_key_check").fetchall()
        if found != ["ok"] or broken:
            raise Difference(f"the database is damaged: {found}, {[tuple(each) for each in broken][:3]}")

    def check_log(self) -> None:
        """Raise when the write-ahead log has grown over its bound."""
        size = log_size(self.space)
        if size > LONGEST_LOG:
            raise Difference(f"palate.db-wal has {size:,} bytes")

    def check_left(self) -> None:
        """Raise unless the workspace was closed cleanly: the log is empty, no owner is named, nothing lies about."""
        left = [each.name for each in self.space.iterdir() if each.name.endswith((".new", ".sock"))]
        clean = [tuple(row) for row in self.ask("SELECT clean FROM clean_close")]
        if log_size(self.space) or clean != [(1,)] or (self.space / "palate.lock").read_text() or left:
            raise Difference(f"not closed cleanly: log {log_size(self.space):,}, clean {clean}, left {left}")

    def copy_to(self, space: Path) -> None:
        """The workspace as it is now, as another one."""
        space.mkdir(mode=0o700)
        with self.database() as connection, closing(sqlite3.connect(space / "palate.db")) as copy:
            connection.backup(copy)
        if (self.space / "adapters").exists():
            shutil.copytree(self.space / "adapters", space / "adapters")


def digest(file: Path) -> str:
    """The SHA-256 of a file."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


def log_size(space: Path) -> int:
    """Bytes of the write-ahead log."""
    try:
        return os.path.getsize(space / "palate.db-wal")
    except FileNotFoundError:
        return 0
