"""Reasons of verdicts: the list of them, and the reasons that a verdict has."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

from db import tags as db_tags
from db.pair_rows import VerdictRow
from tui.events import PairChanged, WorkbenchEvent

if TYPE_CHECKING:
    from tui.workspace.workspace import Workspace


class ReasonTags:
    """Reads and changes reasons. `publish` is None where the workspace is only read."""

    def __init__(self, workspace: Workspace, publish: Callable[[WorkbenchEvent], None] | None = None) -> None:
        self._workspace, self._publish = workspace, publish

    def offered(self) -> list[str]:
        """The list of reasons, in its order; at most ten."""
        return db_tags.list_tags(self._workspace.connection)

    def last(self) -> tuple[str, ...]:
        """The reasons that were given last."""
        return db_tags.last_reasons(self._workspace.connection)

    def of(self, verdicts: Sequence[int]) -> dict[int, tuple[str, ...]]:
        """The reasons of these verdicts; verdicts without one are left out."""
        return db_tags.tags_of(self._workspace.connection, verdicts)

    def counts(self) -> dict[str, int]:
        """How many current verdicts have each reason."""
        return db_tags.count_tags(self._workspace.connection)

    def give(self, verdict: VerdictRow, names: Sequence[str]) -> Future[None]:
        """Store the reasons of a verdict of the owner's, in place of those that it had."""
        given = self._workspace.write_verdict(db_tags.give_reasons, verdict.id, names)
        given.add_done_callback(lambda over: self._tell(over, verdict.comparison))
        return given

    def add(self, name: str) -> None:
        """Put a reason at the end of the list.

        Raises:
            NotAllowed: the word is not usable, or the list is full.
        """
        self._workspace.write(db_tags.offer_tag, name).result()

    def rename(self, name: str, new: str) -> None:
        """Give a reason another name, on its verdicts too.

        Raises:
            NotFound, NotAllowed: there is no such reason, or the new name is not usable.
        """
        self._workspace.write(db_tags.rename_tag, name, new).result()

    def remove(self, name: str) -> None:
        """Take a reason off the list. Its verdicts keep it.

        Raises:
            NotFound: there is no such reason.
        """
        self._workspace.write(db_tags.archive_tag, name).result()

    def move(self, name: str, by: int) -> None:
        """Move a reason down the list, or up where `by` is negative.

        Raises:
            NotFound: there is no such reason in the list.
        """
        self._workspace.write(db_tags.move_tag, name, by).result()

    def _tell(self, over: Future[Any], comparison: int) -> None:
        if self._publish is not None and not over.cancelled() and over.exception() is None:
            self._publish(PairChanged(comparison))
