"""Where a server is, and how it is asked."""

import os
import re
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

from engine.errors import ServerError, SettingError

_NO_KEY = "none"  # the client needs a key; a server without keys ignores it
_ENDPOINTS = ("/chat/completions", "/completions", "/models")
"""Ends of addresses that people copy whole; what is sent goes to the first of them."""
_QUERY = re.compile(r"(api-version=[\w.-]{1,40})?")  # Azure's; any other may hold a key
HOW_TO_NAME_KEY = (
    "Put the key into an environment variable, and name that: with `palate servers add … --key-env VAR`, or in the "
    "setting `server_key_env`."
)


@dataclass(frozen=True)
class Server:
    """A server and the model that answers on it.

    Args:
        url: `http` or `https`, without a password; `/v1` is added when it has no path, and `/chat/completions` at its
            end is dropped. A query may name an `api-version`, as Azure wants it.
        model: its name at that server.
        key_env: the name of the environment variable with the key; None when the server needs no key.
        timeout_s: how long the server may be silent.
        retries: how often a request is sent again after a failure that may pass.
        parallel: how many requests are sent at a time at most.

    Raises:
        SettingError: the address is not usable.
    """

    url: str
    model: str
    key_env: str | None = None
    timeout_s: float = 120.0
    retries: int = 3
    parallel: int = 16

    def __post_init__(self) -> None:
        try:
            parts = urlsplit(self.url)
            _ = parts.port  # raises where it is no number up to 65535
        except ValueError:  # such as half of an IPv6 address
            parts = urlsplit("")
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise SettingError("A server takes an address such as http://localhost:8000/v1, and this is none.")
        if parts.username or parts.password:
            raise SettingError(
                f"The server's address holds a user or a password for {parts.hostname}, and Palate never "
                f"stores a key. {HOW_TO_NAME_KEY}"
            )
        if not _QUERY.fullmatch(parts.query):
            raise SettingError(
                f"The server's address has a query, in which a key may stand, so leave it out. {HOW_TO_NAME_KEY}"
            )

    @property
    def base_url(self) -> str:
        """The address under which requests are sent."""
        parts = urlsplit(self.url)
        path = parts.path.rstrip("/")
        end = next((each for each in _ENDPOINTS if path.endswith(each)), "")
        return urlunsplit(parts._replace(path=path.removesuffix(end) or "/v1"))

    @property
    def root_url(self) -> str:
        """The address of what servers offer beside OpenAI's protocol: without `/v1` at its end."""
        return self.base_url.rstrip("/").removesuffix("/v1")

    def key(self) -> str:
        """The key from the environment.

        Raises:
            ServerError: the variable is not set, or holds what no header can carry.
        """
        if self.key_env is None:
            return _NO_KEY
        key = os.environ.get(self.key_env, "").strip()  # a file with Windows line ends leaves one behind
        if not (key.isascii() and key.isprintable()):
            raise ServerError(
                f"The environment variable {self.key_env} holds a character that no key has. Set it again."
            )
        if not key:
            raise ServerError(
                f"The environment variable {self.key_env} is not set. Set it to the server's key before Palate starts."
            )
        return key
