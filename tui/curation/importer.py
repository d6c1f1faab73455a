"""Import of pairs: the importer checks the whole file first, then stores it a slice at a time beside all other work.

It runs on the caller's thread. A verdict never waits for more than one slice on the writer's thread. Stored rows stay
hidden until the last one is in, and are taken back when the import is stopped or fails.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from db import import_batches as db_import_batches
from db.errors import DatabaseError, DiskFull, InterchangeError
from db.import_batches import ImportBatch, Prepared, prepared
from db.interchange.format import Format
from db.interchange.import_columns import known_columns, remember_columns
from db.interchange.records import PairRecord, Read
from db.interchange.sources import Source
from db.prompt_rows import Imported
from db.reserve import FOR_IMPORTS, SIZE, leaves_room
from db.writer import timed
from tui.curation.import_source import check_rejects, recognised, write_rejects
from tui.curation.import_tally import ImportTally
from tui.errors import InputError
from tui.events import ImportMoved, WorkbenchEvent
from tui.snapshots import ImportProgress
from tui.workspace.workspace import Workspace

SLICE_S = 0.012
"""A slice holds as many rows as the writer stores in this much processor time, which a verdict may have to wait.

It is not time on the clock: on a busy machine slices would then become tiny, and commits would take most of the time.
"""
FIRST_SLICE = 50
SMALLEST_SLICE = 20
LARGEST_SLICE = 2000
PUBLISHED_EVERY_S = 0.25

logger = logging.getLogger(__name__)

Tell = Callable[[ImportProgress], None]


class ImportStopped(InputError):
    """A person stopped the import, or the workspace is being closed."""


@dataclass(frozen=True)
class ImportWish:
    """How a file shall be imported.

    Attributes:
        format: the name of its format, or `auto`. `set_name`: the set for its prompts; None: the file's name.
        strict: one row that cannot be used refuses the file. `rejects`: the file for the rows that are left out.
    """

    format: str = "auto"
    set_name: str | None = None
    strict: bool = False
    rejects: Path | None = None


class Importer:
    """The imports of one workspace, one at a time."""

    def __init__(self, workspace: Workspace, publish: Callable[[WorkbenchEvent], None]) -> None:
        """Start to take back the rows of an import that was killed, on a thread of its own."""
        self._workspace = workspace
        self._publish = publish
        self._one_at_a_time = threading.Lock()
        self._stopped = threading.Event()
        self._leaving = threading.Event()
        self._clearing = threading.Thread(target=self._clear, name="palate-taking-back", daemon=True)
        if db_import_batches.going_on(workspace.connection):
            self._clearing.start()
        else:
            workspace.keep_room(SIZE)  # an import that was killed at its very end has left more

    @property
    def going_on(self) -> bool:
        """Whether a file is being imported now."""
        return self._one_at_a_time.locked()

    def read(
        self,
        source: Source,
        *,
        format: str = "auto",
        set_name: str | None = None,
        strict: bool = False,
        rejects: Path | None = None,
        tell: Tell = lambda _: None,
    ) -> Imported:
        """Store every pair of the source, or none of them. This may take long: do not call it on the event loop.

        Rows that cannot be used are left out and counted; see `ImportWish` for the settings. `tell` receives the
        progress, on the calling thread.

        Raises:
            InterchangeError: the source cannot be read, holds no pair, or (if strict) has a row that cannot be used.
            InputError: another import is running, or this one was stopped.
            DatabaseError: the pairs cannot be stored.
        """
        if not self._one_at_a_time.acquire(blocking=False):
            raise InputError("Another import is running. Wait for its end, or stop it.")
        try:
            self._stopped.clear()
            if rejects is not None:
                check_rejects(rejects, source)
            if self._clearing.is_alive():
                self._clearing.join()
            wish = ImportWish(format, set_name, strict, rejects)
            source, chosen = recognised(source, format, known_columns(self._workspace.connection))
            imported = self._import(source, chosen, wish, self._published(tell))
            self._remember(source)
            return imported
        finally:
            self._one_at_a_time.release()
            self._publish(ImportMoved(None))

    def start(
        self,
        source: Source,
        *,
        format: str = "auto",
        set_name: str | None = None,
        strict: bool = False,
        rejects: Path | None = None,
    ) -> Future[Imported]:
        """Run `read` on a thread of its own; the future has its result or its error."""
        result: Future[Imported] = Future()
        result.set_running_or_notify_cancel()  # otherwise a waiting task that ends would cancel the future

        def work() -> None:
            try:
                result.set_result(self.read(source, format=format, set_name=set_name, strict=strict, rejects=rejects))
            except Exception as error:  # noqa: BLE001 — the future carries any error
                result.set_exception(error)
            finally:
                self._workspace.readers.release()

        threading.Thread(target=work, name="palate-import", daemon=True).start()
        return result

    def stop(self) -> None:
        """Stop the running import; its stored rows are taken back."""
        self._stopped.set()

    def leave(self) -> None:
        """End the running import at once; the next start of the workspace takes back its stored rows."""
        self._leaving.set()
        self._stopped.set()
        with self._one_at_a_time:
            pass
        if self._clearing.is_alive():
            self._clearing.join()

    def _published(self, tell: Tell) -> Tell:
        """A function that calls `tell` and publishes: a change of phase at once, else a few times a second."""
        last: list[tuple[str, float]] = [("", 0.0)]

        def report(progress: ImportProgress) -> None:
            phase, at = last[0]
            if progress.phase != phase or time.monotonic() - at > PUBLISHED_EVERY_S:
                last[0] = (progress.phase, time.monotonic())
                self._publish(ImportMoved(progress))
            tell(progress)

        return report

    # -- inside ------------------------------------------------------------------------------------------------

    def _import(self, source: Source, format: Format, wish: ImportWish, tell: Tell) -> Imported:
        pairs, rejected = self._count_pairs(source, format, wish, tell)
        wish = wish if rejected else replace(wish, rejects=None)
        try:
            if not self._workspace.keep_room(FOR_IMPORTS):
                raise self._no_room()
            return self._store_all(source, format, wish, pairs, tell)
        finally:
            if not self._leaving.is_set():
                self._workspace.keep_room(SIZE)

    def _store_all(self, source: Source, format: Format, wish: ImportWish, pairs: int, tell: Tell) -> Imported:
        write, set_name = self._workspace.write, wish.set_name or source.stem
        batch = write(db_import_batches.begin, source=source.name, set_name=set_name, pairs=pairs).result()
        tally = ImportTally()
        try:
            self._store(batch, _as_counted(format.read(source, strict=wish.strict), pairs, source), pairs, tally, tell)
            for late in write(db_import_batches.reveal).result():
                tally.move(*late)
        except BaseException:
            if not self._leaving.is_set():
                self._take_back(tell)
                self._workspace.empty_log()
            raise
        return tally.imported(source, format, set_name, str(wish.rejects) if wish.rejects else None)

    def _count_pairs(self, source: Source, format: Format, wish: ImportWish, tell: Tell) -> tuple[int, int]:
        """Count the pairs and the rows that are left out, and write the latter where that is wanted.

        This finds every fault of the file before any of it is stored.
        """
        pairs, why, rejected = 0, "", dict[int, str]()
        for at, read in enumerate(format.read(source, strict=wish.strict)):
            if isinstance(read, PairRecord):
                pairs += 1
            else:
                why = why or f" The first is left out because {read.reason}."
                if wish.rejects is not None:
                    rejected.setdefault(read.at, read.reason)
            if at % 1000 == 0:
                self._check_stopped()
                tell(ImportProgress("reading", source.read_bytes, source.size or None))
        if wish.rejects is not None and rejected:
            write_rejects(wish.rejects, source, rejected)
        if not pairs:
            raise InterchangeError(f"{source.name} holds no pair that can be taken as {format.name}.{why}")
        return pairs, len(rejected)

    def _remember(self, source: Source) -> None:
        """Keep the columns that were said, for the next file of this shape."""
        if source.columns:
            self._workspace.write(remember_columns, source).result()

    def _store(self, batch: ImportBatch, reads: Iterable[Read], pairs: int, tally: ImportTally, tell: Tell) -> None:
        """Store slice after slice; this thread reads the next one while the writer stores one."""
        waiting: Future[tuple[float, list[Read]]] | None = None
        size, done = FIRST_SLICE, 0
        rows = _kept(reads, tally)
        while slice_ := list(islice(rows, size)):
            if waiting is not None:
                size = self._count_stored(waiting, tally, size)
                tell(ImportProgress("storing", done, pairs))
            self._check_stopped()
            self._check_room()
            waiting = self._workspace.write(timed, batch.store, slice_)
            done += len(slice_)
        if waiting is not None:
            self._count_stored(waiting, tally, size)
        tell(ImportProgress("storing", pairs, pairs))

    def _count_stored(self, waiting: Future[tuple[float, list[Read]]], tally: ImportTally, size: int) -> int:
        """Count the outcome of a slice, and return the size of the next one."""
        seconds, stored = waiting.result()
        for each in stored:
            tally.add(each)
        return _next_size(size, seconds)

    def _take_back(self, tell: Tell) -> None:
        rows, done = FIRST_SLICE, 0
        while not self._leaving.is_set():
            taken = self._workspace.write_verdict(timed, db_import_batches.take_back, rows)
            seconds, more = taken.result()
            if not more:
                return
            done += rows
            tell(ImportProgress("taking back", done, None))
            rows = _next_size(rows, seconds)

    def _clear(self) -> None:
        try:
            self._take_back(lambda _: None)
            if not self._leaving.is_set():
                self._workspace.keep_room(SIZE)
        except DatabaseError as error:
            logger.warning("An interrupted import is not taken back yet; the next start tries again: %s", error)

    def _check_room(self) -> None:
        """Raise before the disk is full: verdicts and the removal of what was stored need room as well."""
        if not leaves_room(self._workspace.folder / "palate.db"):
            raise self._no_room()

    def _no_room(self) -> DiskFull:
        return DiskFull(
            f"The disk of {self._workspace.folder} has less than {FOR_IMPORTS >> 20} MB left, which verdicts "
            "need. Nothing of the import was kept; make room and import again."
        )

    def _check_stopped(self) -> None:
        if self._stopped.is_set():
            raise ImportStopped("The import was stopped. Nothing of it was kept.")


def _as_counted(reads: Iterable[Read], pairs: int, source: Source) -> Iterator[Read]:
    """The rows again. They must give as many pairs as before, for which ids are reserved.

    Raises:
        InterchangeError: they do not.
    """
    found = 0
    for read in reads:
        found += isinstance(read, PairRecord)
        if found > pairs:
            break
        yield read
    if found != pairs:
        raise InterchangeError(f"{source.name} changed while it was read. Nothing of it was kept; import it again.")


def _kept(reads: Iterable[Read], tally: ImportTally) -> Iterator[Prepared]:
    for read in reads:
        if isinstance(read, PairRecord):
            yield prepared(read)
        else:
            tally.add(read)


def _next_size(size: int, seconds: float) -> int:
    """The number of rows for the next slice, after one of `size` rows took `seconds` of processor time."""
    return max(SMALLEST_SLICE, min(LARGEST_SLICE, int(size * min(2.0, SLICE_S / max(seconds, 1e-6)))))
