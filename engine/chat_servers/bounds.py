"""How much a server may send, and for how long. A server is not trusted: it may send without end."""

from collections.abc import AsyncIterator
from typing import Any

from engine.config import SamplingConfig
from engine.errors import ServerError

LINE_BYTES = 8 * 2**20
"""The longest line. A chunk of a stream has some hundred bytes; an answer that is not streamed is one line."""
BODY_BYTES = 8 * 2**20
"""The longest reply that is read whole: an error, a list of models, or an answer that is not streamed."""
STREAM_BYTES = 256 * 2**20
"""The longest stream, which is not held in memory: 300 bytes around each token, for more tokens than a model writes."""
THOUGHT_CHARACTERS = 2**22
"""The longest thoughts: a million tokens. They are counted and not kept."""
CHARACTERS_PER_TOKEN, CHARACTERS_AT_LEAST = 64, 2**14
"""An answer may have this many characters for each token that was asked for, and some more: a token has four, a few
have a hundred, and some servers exceed the number of tokens a little."""
SECONDS_PER_TOKEN = 10.0
"""An answer may take this long for each token that was asked for. A person would not wait for a slower one."""


def most_characters(sampling: SamplingConfig) -> int:
    """The most characters that an answer may have."""
    return CHARACTERS_AT_LEAST + CHARACTERS_PER_TOKEN * sampling.max_new_tokens


def most_seconds(sampling: SamplingConfig, timeout_s: float, tries: int) -> float:
    """The longest that a request may take, with `tries` waits of `timeout_s` before it begins."""
    return timeout_s * tries + SECONDS_PER_TOKEN * sampling.max_new_tokens


async def bound_reply(response: Any) -> None:
    """A hook of the HTTP client: the body of a reply ends in a `ServerError` where it is longer than allowed.

    Raises:
        ServerError: it sends the request to another place, or the body is compressed. Nothing compressed was asked
            for, and a megabyte may hide a gigabyte.
    """
    refuse_elsewhere(response)
    encoding = response.headers.get("content-encoding", "").lower()
    if encoding not in ("", "identity"):
        await response.aclose()
        raise ServerError(
            f"{_place(response)} sent its reply compressed ({encoding[:20]}), which was not asked for. Turn that off "
            "at the server, or at the proxy before it."
        )
    streams = "event-stream" in response.headers.get("content-type", "")
    response.stream = _bounded(response.stream, STREAM_BYTES if streams else BODY_BYTES, _place(response))


def refuse_elsewhere(response: Any) -> None:
    """Raise where a reply sends the request on to another host, port or protocol: neither texts nor the key follow.

    Raises:
        ServerError: it does.
    """
    if not response.is_redirect:
        return
    location = response.headers.get("location", "")
    there = response.url.join(location)
    if (there.scheme, there.netloc) != (response.url.scheme, response.url.netloc):
        raise ServerError(
            f"{_place(response)} sends requests on to {location[:200]}, and Palate takes neither texts nor the key "
            "there. If that is the server, give its address instead."
        )


def _place(response: Any) -> str:
    return f"{response.url.scheme}://{response.url.netloc.decode(errors='replace')}"


def _bounded(stream: Any, most: int, place: str) -> Any:
    import httpx2

    class Bounded(httpx2.AsyncByteStream):
        """The same bytes, up to `most`."""

        async def __aiter__(self) -> AsyncIterator[bytes]:
            taken = 0
            async for part in stream:
                taken += len(part)
                if taken > most:
                    raise too_much(place, f"a reply of more than {most // 2**20} MB")
                yield part

        async def aclose(self) -> None:
            await stream.aclose()

    return Bounded()


def too_much(place: str, what: str) -> ServerError:
    """The error for a server that sends more than allowed."""
    return ServerError(
        f"{place} sent {what}, so Palate closed the connection. Check the server and its address (--server)."
    )
