"""One request to a server with a JSON reply, for everything that is no answer. It blocks."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any

from engine.chat_servers.address import Server
from engine.chat_servers.bounds import BODY_BYTES, refuse_elsewhere, too_much
from engine.chat_servers.replies import message_of, sentence
from engine.chat_servers.words import unreachable
from engine.errors import ServerError

if TYPE_CHECKING:
    from httpx2 import Client, Response


class CallRefused(ServerError):
    """The server understood a request and answered with an error: its `status`, and `said`, its words as a sentence."""

    title = "The server refused"

    def __init__(self, message: str, status: int, said: str) -> None:
        super().__init__(message)
        self.status, self.said = status, said


class ServerCalls:
    """A connection to a server for one thread. Close it, or use it in a `with` block."""

    def __init__(self, server: Server, *, timeout_s: float | None = None) -> None:
        self.server = server
        self._timeout_s = min(server.timeout_s, timeout_s or server.timeout_s)
        self._client: Client | None = None

    def __enter__(self) -> ServerCalls:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def get(self, path: str) -> Any:
        """The JSON at a path such as `/v1/models`. See `post` for errors."""
        return self._read("GET", path, None)

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """Send a JSON object to a path and return the reply: what its JSON holds, or its text where it is none.

        Raises:
            CallRefused: the server answered with an error.
            ServerError: it cannot be reached, sends too much, or redirects elsewhere.
        """
        return self._read("POST", path, body)

    def _read(self, method: str, path: str, body: Mapping[str, Any] | None) -> Any:
        import httpx2

        url = self._url(path)
        try:
            with self._open().stream(method, url, json=body) as response:
                text = _text(response, self.server)
        except httpx2.TimeoutException:
            raise ServerError(
                f"{url} was silent for {self._timeout_s:g} s. Check the server's load, or raise `server_timeout`."
            ) from None
        except httpx2.HTTPError as error:
            raise ServerError(unreachable(self.server, error)) from error
        if response.status_code >= 400:
            said = sentence(message_of(text) or text) or "It gave no reason."
            raise CallRefused(f"{url} answered with status {response.status_code}: {said}", response.status_code, said)
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            return text  # some servers answer in plain text

    def _url(self, path: str) -> str:
        """Paths of OpenAI's protocol are below the server's own address, which may hold more than `/v1`."""
        if path.startswith("/v1/"):
            return self.server.base_url.rstrip("/") + path.removeprefix("/v1")
        return self.server.root_url + path

    def _open(self) -> Client:
        import httpx2

        if self._client is None:
            headers = {"Authorization": f"Bearer {self.server.key()}", "Accept-Encoding": "identity"}
            hooks = {"response": [refuse_elsewhere]}
            self._client = httpx2.Client(
                headers=headers, timeout=self._timeout_s, follow_redirects=True, event_hooks=hooks
            )
        return self._client


def _text(response: Response, server: Server) -> str:
    taken = bytearray()
    for part in response.iter_bytes():
        taken += part
        if len(taken) > BODY_BYTES:
            raise too_much(server.base_url, f"a reply of more than {BODY_BYTES // 2**20} MB")
    return taken.decode("utf-8", "replace")


def value_at(record: Any, *names: str) -> Any:
    """What lies under these names, one in the other; None where a server sends something else."""
    for name in names:
        record = record.get(name) if isinstance(record, Mapping) else None
    return record


def silently(call: Callable[[], Any]) -> Any:
    """What a call returns; None where the server refuses it or does not know it."""
    try:
        return call()
    except CallRefused:
        return None
