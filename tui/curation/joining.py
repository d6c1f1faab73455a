"""Joining another workspace, and settling the pairs on which two people disagree."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from db.agreements import disagreements
from db.file_identity import identity
from db.givers import find_giver
from db.joining import Join, JoinCounts, find_pairs, would_come
from db.pair_rows import Disagreement
from db.people import own_name
from db.sqlite_errors import translated
from db.their_pairs import OtherWorkspace, open_other
from tui.errors import InputError
from tui.workspace.settings import LONGEST_PERSON_NAME

if TYPE_CHECKING:
    from tui.workspace.workspace import Workspace

_SLICE = 100
"""The pairs that are stored in one transaction, so that a verdict of the owner's never waits long."""


@dataclass(frozen=True)
class JoinPreview:
    """What a join would bring: whose workspace it is, how many pairs were judged there, are here, come along."""

    person: str
    pairs: int
    common: int
    new: int


@dataclass(frozen=True)
class Joined:
    """What a join did: whose workspace it was, and the counts."""

    person: str
    counts: JoinCounts


class Joining:
    """Reads other workspaces, and never writes to them. `changed` is called after pairs came along."""

    def __init__(self, workspace: Workspace, changed: Callable[[], None] = lambda: None) -> None:
        self._workspace, self._changed = workspace, changed

    def name_of(self, other: Path) -> str | None:
        """The name of a workspace's owner; None where it does not say.

        Raises:
            InputError, DatabaseError: see `preview`.
        """
        with self._opened(other) as theirs:
            return theirs.person

    def preview(self, other: Path, person: str | None = None) -> JoinPreview:
        """Look at a workspace without storing anything.

        Raises:
            InputError: it is this workspace, or does not say whose it is.
            DatabaseError: it cannot be read.
        """
        with self._opened(other) as theirs:
            name = self._name(theirs, person)
            here = self._workspace.connection
            pairs = common = new = 0
            for pair in theirs.pairs():
                known = bool(find_pairs(here, pair))
                pairs, common, new = pairs + 1, common + known, new + (not known and would_come(here, pair))
            return JoinPreview(name, pairs, common, new)

    def join(self, other: Path, person: str | None = None, tell: Callable[[int], None] = lambda _: None) -> Joined:
        """Take the pairs and verdicts of another workspace along; see `db.joining`. `tell` gets the pairs read so far.

        A join that was interrupted is completed by another one. `person` names its owner where it does not say so
        itself, or to call them otherwise.

        Raises:
            InputError, DatabaseError: see `preview`.
        """
        with self._opened(other) as theirs:
            join = Join(self._name(theirs, person))
            pairs = theirs.pairs()
            try:
                while part := list(islice(pairs, _SLICE)):
                    self._workspace.write(join.store, part).result()
                    tell(join.counts.pairs)
            finally:
                if join.counts.new or join.counts.verdicts or join.counts.undone:
                    self._changed()
        return Joined(join.person, join.counts)

    def disagreements(self, name: str | None = None) -> list[Disagreement]:
        """The pairs that are still to be settled with all other people, or with the person or judge `name`.

        Raises:
            NotFound: nobody of that name gave a verdict.
        """
        connection = self._workspace.connection
        return disagreements(connection, None if name is None else find_giver(connection, name).giver)

    @contextmanager
    def _opened(self, other: Path) -> Iterator[OtherWorkspace]:
        """The workspace `other`, a folder or its palate.db, for reading alone."""
        database = other if other.name == "palate.db" else other / "palate.db"
        with translated(database):
            same = identity(database) == identity(self._workspace.folder / "palate.db")
        if same:
            raise InputError(f"{other} is this workspace itself. Name the folder of another one.")
        with open_other(database) as theirs:
            yield theirs

    def _name(self, theirs: OtherWorkspace, given: str | None) -> str:
        """The name of the owner of the other workspace."""
        name = (given if given is not None else theirs.person or "").strip()
        if not name or len(name) > LONGEST_PERSON_NAME or not name.isprintable() or name.casefold() == "me":
            raise InputError(
                "The other workspace does not say whose it is. Give a name of up to "
                f"{LONGEST_PERSON_NAME} characters with --as, or set one there: palate settings name NAME."
            )
        own = own_name(self._workspace.connection)
        if own is not None and own.strip().casefold() == name.casefold():
            raise InputError(f"Both workspaces are {own}'s by name. Give the other person's name with --as.")
        return name
