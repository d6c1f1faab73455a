"""Where texts may be sent. A person is asked once for each destination, and `palate doctor` lists what was allowed.

A destination is a server of the list, by its address, or something else that gets texts: a tracker, a Hub repository, a
hook. Texts to this machine itself leave nothing, so they need no consent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from db import servers as db_servers
from db import settings as db_settings
from db.times import utc_now
from tui.errors import WorkbenchError
from tui.workspace.workspace import Workspace

SERVERS = "server"
"""The kind of destination that the list of servers keeps; every other kind is kept among the settings."""
_KEY = "destinations"


class TextsStay(WorkbenchError):
    """Texts would be sent to a place that the person has not allowed."""

    title = "Nobody was asked about this destination"


@dataclass(frozen=True)
class Destination:
    """A place that gets texts: `kind` such as server, tracker, hub or hook, and its `place`, such as an address."""

    kind: str
    place: str

    @classmethod
    def at(cls, url: str) -> Destination:
        """The server at this address, whatever its path."""
        parts = urlsplit(url)
        return cls(SERVERS, f"{parts.scheme}://{parts.netloc.lower()}")

    @property
    def is_this_machine(self) -> bool:
        """Whether texts stay on this machine, as far as the address shows: a tunnel may lead elsewhere."""
        host = urlsplit(self.place).hostname if self.kind == SERVERS else None
        if host is None or host == "localhost":
            return host is not None
        try:
            return ip_address(host).is_loopback
        except ValueError:
            return False


@dataclass(frozen=True)
class Allowed:
    """A destination that texts may go to, and since when (UTC text)."""

    destination: Destination
    since: str


class Consents:
    """What a person allowed in one workspace."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def listed(self) -> list[Allowed]:
        """Every destination that was allowed, the first one first."""
        return sorted({*self._of_servers(), *self._others()}, key=lambda each: (each.since, each.destination.place))

    def may_go_to(self, destination: Destination) -> bool:
        """Whether texts may be sent there."""
        return destination.is_this_machine or any(each.destination == destination for each in self.listed())

    def allow(self, destination: Destination) -> None:
        """Record that a person agreed; only the first time counts. It is on the disk on return."""
        if self.may_go_to(destination):
            return
        rows = [each.id for each in self._servers() if Destination.at(each.url) == destination]
        for row in rows:
            self._workspace.write(db_servers.allow_server, row).result()
        if not rows:
            self._change(lambda kept: kept.setdefault(_name(destination), utc_now()))

    def withdraw(self, destination: Destination) -> None:
        """Record that texts may no longer be sent there."""
        for each in self._servers():
            if Destination.at(each.url) == destination:
                self._workspace.write(db_servers.forbid_server, each.id).result()
        self._change(lambda kept: kept.pop(_name(destination), None))

    def require(self, destination: Destination, act: str) -> None:
        """Raise unless texts may be sent there; `act` is a sentence that says how to allow it.

        Raises:
            TextsStay: nobody allowed it.
        """
        if not self.may_go_to(destination):
            raise TextsStay(f"Texts would leave for {destination.place}, and you have not allowed that. {act}")

    def _change(self, change: Callable[[dict[str, str]], object]) -> None:
        update = lambda kept: change(kept[_KEY])  # noqa: E731
        self._workspace.write(db_settings.update_settings, (_KEY,), update).result()

    def _servers(self) -> list[db_servers.ServerRow]:
        return db_servers.list_servers(self._workspace.connection, archived=True)

    def _of_servers(self) -> Iterator[Allowed]:
        first: dict[Destination, str] = {}
        for each in self._servers():
            if each.allowed is not None:
                place = Destination.at(each.url)
                first[place] = min(each.allowed, first.get(place, each.allowed))
        yield from (Allowed(place, since) for place, since in first.items())

    def _others(self) -> Iterator[Allowed]:
        for key, since in self._kept().items():
            kind, _, place = key.partition(" ")
            yield Allowed(Destination(kind, place), str(since))

    def _kept(self) -> dict[str, str]:
        kept: dict[str, str] = self._workspace.setting(_KEY, {})
        return kept


def _name(destination: Destination) -> str:
    return f"{destination.kind} {destination.place}"
