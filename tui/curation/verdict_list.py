"""The list of judged pairs, their notes and withdrawals, and searches in it, for the Data screen and its commands."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, TypeVar

from db import blind_trials as db_blind
from db import verdict_search as db_verdict_search
from db import withdrawals as db_withdrawals
from db.errors import NotFound
from db.givers import list_givers
from db.pair_rows import ComparisonRow, VerdictListRow
from db.verdict_search import Search, SearchEnded
from db.withdrawals import WithdrawalRow
from tui.curation.verdict_query import NAMED, fixed_values, search_of
from tui.events import PairChanged, WorkbenchEvent
from tui.text.query import QueryError

if TYPE_CHECKING:
    from tui.workspace.workspace import Workspace


_Answer = TypeVar("_Answer")


class VerdictBrowser:
    """Reads and changes the data of the Data screen. `publish` is None where the workspace is only read."""

    def __init__(self, workspace: Workspace, publish: Callable[[WorkbenchEvent], None] | None = None) -> None:
        self._workspace = workspace
        self._publish = publish

    # -- finding -------------------------------------------------------------------------------------------------

    def page(
        self,
        query: str = "",
        *,
        before: int | None = None,
        limit: int = 200,
        typing: bool = False,
        givers: Sequence[str] = (),
    ) -> list[VerdictListRow]:
        """The standing verdicts that a query finds, newest first, from below the id `before`.

        With `givers` (names or labels of people and judges) these are theirs, as with the filter `by`.

        Raises:
            QueryError: there is no such filter, or it cannot have this value.
            SearchEnded: another thread ended this one's query.
        """
        search = _searched(query, typing, givers)
        with _known_names():
            return db_verdict_search.search_verdicts(self._workspace.connection, search, before=before, limit=limit)

    def count(self, query: str, *, typing: bool = False, givers: Sequence[str] = ()) -> int:
        """Count the standing verdicts that a query finds.

        Raises:
            QueryError, SearchEnded: see `page`.
        """
        with _known_names():
            return db_verdict_search.count_verdicts(self._workspace.connection, _searched(query, typing, givers))

    def filter_values(self, name: str) -> list[str]:
        """The values of a filter to choose from; empty where a person types the value."""
        connection = self._workspace.connection
        if name == "by":
            return [each.label for each in list_givers(connection)]
        names = db_verdict_search.known_names(connection, name) if name in NAMED else []
        return [*names, *fixed_values(name)]

    def interrupter(self) -> Callable[[], None]:
        """A function with which another thread ends a query of the calling thread."""
        return self._workspace.connection.interrupt

    # -- one pair ------------------------------------------------------------------------------------------------

    def is_out(self, pair: ComparisonRow) -> bool:
        """Whether this pair is taken out of training."""
        return db_withdrawals.is_withdrawn(self._workspace.connection, pair)

    def withdrawals(self, comparison: int) -> list[WithdrawalRow]:
        """Every change of a pair, taken out of training or put back."""
        return db_withdrawals.withdrawals(self._workspace.connection, comparison)

    def note(self, comparison: int) -> str | None:
        """The note on a pair, empty where it was taken off; None where only its verdict may have one."""
        return db_blind.comparison_note(self._workspace.connection, comparison)

    def set_out(self, comparison: int, out: bool) -> Future[bool]:
        """Take a pair out of training, or put it back; resolves to whether that changed anything."""
        return self._changed(comparison, self._workspace.write(db_withdrawals.set_withdrawn, comparison, out))

    def keep_note(self, comparison: int, note: str) -> Future[None]:
        """Store a note on a pair in place of an older one."""
        return self._changed(comparison, self._workspace.write(db_blind.note_comparison, comparison, note))

    def _changed(self, comparison: int, done: Future[_Answer]) -> Future[_Answer]:
        def publish(over: Future[_Answer]) -> None:
            if self._publish is not None and not over.cancelled() and over.exception() is None:
                self._publish(PairChanged(comparison))

        done.add_done_callback(publish)
        return done


def _searched(query: str, typing: bool, givers: Sequence[str]) -> Search:
    search = search_of(query, typing=typing)
    return replace(search, givers=(*search.givers, *givers))


@contextmanager
def _known_names() -> Iterator[None]:
    """Turn an unknown name into an error of the query."""
    try:
        yield
    except NotFound as unknown:
        raise QueryError(str(unknown)) from None


PAGE: Final = 100
"""The number of rows read at a time: more than a terminal shows, few enough to draw between two keys."""


@dataclass(frozen=True)
class Found:
    """The result of one search: the rows, and whether they are all (`complete`)."""

    query: str
    rows: list[VerdictListRow]
    complete: bool


class DataSearch:
    """Searches on a thread of its own; a newer search ends the running one."""

    def __init__(self, browser: VerdictBrowser) -> None:
        self._browser = browser
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="palate-search")
        self._interrupt: Callable[[], None] = lambda: None
        self._newest = 0

    async def page(self, query: str, before: int | None = None, *, at_least: int = 0) -> Found | None:
        """The rows for a query, a page or at least `at_least`; None when a newer search ended this one.

        Raises:
            QueryError: there is no such filter, or it cannot have this value.
        """
        limit = max(PAGE, at_least)
        rows = await self._ask(lambda: self._browser.page(query, before=before, limit=limit, typing=True))
        return None if rows is None else Found(query, rows, len(rows) < limit)

    async def count(self, query: str) -> int | None:
        """The number of all rows for a query; None when a newer search ended this one."""
        return await self._ask(lambda: self._browser.count(query, typing=True))

    def close(self) -> None:
        """End the running search and its thread."""
        self._newest += 1
        self._interrupt()
        self._thread.shutdown(wait=True)

    async def _ask(self, read: Callable[[], _Answer]) -> _Answer | None:
        self._newest += 1
        mine = self._newest
        self._interrupt()

        def work() -> _Answer | None:
            if mine != self._newest:
                return None
            self._interrupt = self._browser.interrupter()
            try:
                return read()
            except SearchEnded:
                return None

        found = await asyncio.get_running_loop().run_in_executor(self._thread, work)
        return found if mine == self._newest else None
