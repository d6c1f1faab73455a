"""The servers of a workspace by name: those of its list, and the one that its settings hold."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from db import servers as db_servers
from db import settings as db_settings
from db.servers import ServerRow
from engine.chat_servers.address import Server
from engine.chat_servers.inspection import OPENAI, PROTOCOLS, ServerReport, find_protocol, inspect_server
from engine.errors import ServerError, SettingError
from tui.errors import InputError
from tui.text.sanitize import visible_line
from tui.workspace.consent import Consents, Destination, TextsStay
from tui.workspace.settings import SERVER, SourceConfig
from tui.workspace.settings_store import stored_settings
from tui.workspace.workspace import Workspace

_MOST_NAMED = 8
"""Models that a report names; the others are counted."""
_FOLDERS = "server_folders"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")


@dataclass(frozen=True)
class NamedServer:
    """A server of the list, or the one of the settings, whose `id` is None.

    `allowed` says whether texts may be sent there. `protocol` is a key of `PROTOCOLS`. `server` is how it is asked.
    """

    name: str
    id: int | None
    protocol: str
    server: Server
    allowed: bool

    @property
    def destination(self) -> Destination:
        """Where texts for it go."""
        return Destination.at(self.server.url)

    @property
    def loads_adapters(self) -> bool:
        """Whether it is a program that can answer with an adapter of the workspace."""
        return self.protocol != OPENAI

    @property
    def program(self) -> str:
        """The name of its program, or of its protocol."""
        return PROTOCOLS.get(self.protocol, self.protocol)


class ServerList:
    """The servers that may answer in place of the model here. `changed` is called once one may answer, or no longer."""

    def __init__(self, workspace: Workspace, changed: Callable[[], None] = lambda: None) -> None:
        self._workspace, self._changed = workspace, changed
        self.consents = Consents(workspace)

    # -- reading -----------------------------------------------------------------------------------------------

    def all(self) -> list[NamedServer]:
        """Every server that is offered, the one of the settings last, unless its settings cannot be used."""
        source = stored_settings(self._workspace).source
        rows = db_servers.list_servers(self._workspace.connection)
        named = [self._named(row, source) for row in rows]
        if source.server and source.server_model:
            with suppress(SettingError):  # `get` says what is wrong with it
                named.append(self.of_settings(source))
        return named

    def get(self, name: str) -> NamedServer:
        """The server of that name.

        Raises:
            InputError: there is none.
            SettingError: it is the one of the settings, which cannot be used.
        """
        source = stored_settings(self._workspace).source
        if name == SERVER and source.server and source.server_model:
            return self.of_settings(source)
        found = next((each for each in self.all() if each.name == name), None)
        if found is None:
            names = ", ".join(each.name for each in self.all()) or "none"
            raise InputError(f"There is no server {name!r}; there are: {names}. Add it with `palate servers add`.")
        return found

    def by_id(self, server: int) -> NamedServer:
        """The server with this id, also one that is offered no longer.

        Raises:
            NotFound: there is none.
        """
        row = db_servers.server_by_id(self._workspace.connection, server)
        return self._named(row, stored_settings(self._workspace).source)

    def of_settings(self, source: SourceConfig) -> NamedServer:
        """The server of these settings, which a person named there to send texts to it.

        Raises:
            SettingError: its address or its model is missing, or not usable.
        """
        return NamedServer(SERVER, None, OPENAI, source.to_server(), allowed=True)

    def inspect(self, name: str) -> ServerReport:
        """Ask a server what it is and what it offers, which takes seconds; no text of the workspace is sent."""
        named = self.get(name)
        return inspect_server(named.server, protocol=None if named.protocol == OPENAI else named.protocol)

    def _named(self, row: ServerRow, source: SourceConfig) -> NamedServer:
        server = Server(
            row.url, row.model, row.key_env, source.server_timeout, source.server_retries, source.server_parallel
        )
        allowed = self.consents.may_go_to(Destination.at(row.url))
        return NamedServer(row.name, row.id, row.protocol, server, allowed)

    @staticmethod
    def unallowed(named: NamedServer) -> TextsStay:
        """The error for a server that texts may not be sent to."""
        return TextsStay(
            f"Texts would leave for {named.destination.place}, and you have not allowed that. Allow it with `palate "
            f"servers allow {named.name}`, or press V and then l."
        )

    def folder_of(self, named: NamedServer) -> tuple[Path | None, str | None]:
        """Where adapters are copied for a server, and how that folder is called there; None: where they lie here."""
        kept = self._workspace.setting(_FOLDERS, {}).get(str(named.id), {})
        return Path(kept["here"]) if kept.get("here") else None, kept.get("there")

    # -- changing ----------------------------------------------------------------------------------------------

    def add(
        self, name: str, url: str, *, model: str, key_env: str | None = None, protocol: str | None = None
    ) -> NamedServer:
        """Add a server to the list. Without a `protocol` the server is asked; one that is not up counts as OpenAI's.

        Raises:
            InputError: the name cannot be used.
            SettingError: the address cannot be used.
            NotAllowed: the name is taken, or the address or `key_env` holds a key.
        """
        if not _NAME.fullmatch(name) or name == SERVER:
            raise InputError(
                f"A server cannot be called {name!r}. Its name has at most 40 letters, digits, dots, hyphens and "
                f"underscores, and is not {SERVER!r}."
            )
        server = replace(Server(url, model, key_env), timeout_s=10.0)
        spoken = protocol or _protocol_or_openai(server)
        values = {"model": model, "protocol": spoken, "key_env": key_env}
        self._workspace.write(db_servers.add_server, name, url, **values).result()
        if self.consents.may_go_to(Destination.at(url)) and not Destination.at(url).is_this_machine:
            self._workspace.write(db_servers.allow_server, self._row(name).id).result()
        return self.get(name)

    def keep_protocol(self, name: str, protocol: str) -> None:
        """Store which program a server is, now that it was asked."""
        named = self.get(name)
        if named.id is not None and named.protocol != protocol:
            self._workspace.write(db_servers.set_protocol, named.id, protocol).result()

    def set_folder(self, name: str, here: Path | None, there: str | None) -> None:
        """Copy adapters for a server into a folder that it sees too, as `there`; None: it reads them in the workspace.

        Raises:
            InputError: the folder is not there.
        """
        named = self._listed(name)
        if here is not None and not here.is_dir():
            raise InputError(f"{here} is no folder. Name one that this machine and the server see.")
        folder = {"here": str(here.absolute()), "there": there} if here is not None else {}
        change = lambda kept: kept[_FOLDERS].update({str(named.id): folder})  # noqa: E731
        self._workspace.write(db_settings.update_settings, (_FOLDERS,), change).result()

    def allow(self, name: str) -> None:
        """Record that texts may be sent to this server."""
        self.consents.allow(self.get(name).destination)
        self._changed()

    def forbid(self, name: str) -> None:
        """Record that texts may no longer be sent to this server, which may be one that is offered no longer.

        `name` may also be another place that was allowed, such as that of a tracker, a hook or a repository.

        Raises:
            InputError: it is the server of the settings.
            NotFound: there never was a server of that name, and no such place was allowed.
        """
        if name == SERVER:
            self._listed(name)  # raises
        places = [each.destination for each in self.consents.listed() if each.destination.place == name]
        for place in places or [Destination.at(self._row(name).url)]:
            self.consents.withdraw(place)
        self._changed()

    def remove(self, name: str) -> None:
        """Offer a server no longer. What it wrote still names it.

        Raises:
            InputError: there is none, or it is the one of the settings.
        """
        named = self._listed(name)
        assert named.id is not None
        self._workspace.write(db_servers.archive_server, named.id).result()
        self._changed()

    def _listed(self, name: str) -> NamedServer:
        named = self.get(name)
        if named.id is None:
            raise InputError("This server is one of the settings. Remove it with `palate settings server none`.")
        return named

    def _row(self, name: str) -> ServerRow:
        return db_servers.get_server(self._workspace.connection, name)


def _protocol_or_openai(server: Server) -> str:
    try:
        return find_protocol(server)
    except ServerError:
        return OPENAI


def report_lines(report: ServerReport) -> list[tuple[str, str]]:
    """What a server said of itself, as labels and words."""
    if report.problem is not None:
        return [("does not answer", report.problem)]
    names = ", ".join(visible_line(each, 40) for each in report.models[:_MOST_NAMED]) or "it has no list"
    more = len(report.models) - _MOST_NAMED
    return [
        ("program", PROTOCOLS.get(report.protocol, report.protocol)),
        ("serves", names + (f" and {more} more" if more > 0 else "")),
        ("list of models", "none" if report.list_s is None else _milliseconds(report.list_s)),
        ("an answer of 4 tokens", "none" if report.answer_s is None else _milliseconds(report.answer_s)),
        ("loads adapters", "yes" if report.adapters[0] else f"no. {report.adapters[1]}"),
        ("log-probabilities", "yes" if report.logps[0] else f"no. {report.logps[1]}"),
    ]


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:,.0f} ms" if seconds < 10 else f"{seconds:,.0f} s"
