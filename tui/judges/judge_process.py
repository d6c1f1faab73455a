"""One run of a judging program: bounded in time and in what it writes, and over when the program itself has ended."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

LONGEST_OUTPUT: Final = 1 << 20
"""Bytes that the program may write on each of its outputs: its verdict is one word, a thinking model writes pages."""
_LOOK_EVERY_S: Final = 0.05
_PIECE: Final = 1 << 16


class TooMuchOutput(Exception):
    """The program wrote more than `LONGEST_OUTPUT` bytes."""


@dataclass(frozen=True)
class Ended:
    """How the program ended, and what it wrote."""

    code: int
    out: str
    err: str


def run_program(
    command: Sequence[str],
    given: str,
    *,
    timeout_s: float,
    folder: Path | None,
    environment: Mapping[str, str] | None,
) -> Ended:
    """Run `command` with `given` on its input. Processes that it leaves behind are not waited for.

    A program that exceeds a bound is killed with all that it started.

    Raises:
        OSError, ValueError: it cannot be started.
        TimeoutError: it took longer than `timeout_s`.
        TooMuchOutput: it wrote too much.
    """
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    process = subprocess.Popen(command, cwd=folder, env=environment, start_new_session=True, **pipes)  # type: ignore[call-overload]
    with ExitStack() as ending:
        for pipe in (process.stdin, process.stdout, process.stderr):
            ending.callback(_close, pipe)
        ending.callback(_kill, process)
        out, err = _exchange(process, given.encode(errors="replace"), time.monotonic() + timeout_s)
    return Ended(process.wait(), out, err)


def _exchange(process: subprocess.Popen[bytes], given: bytes, end: float) -> tuple[str, str]:
    assert process.stdin is not None
    written, rest = {process.stdout: bytearray(), process.stderr: bytearray()}, memoryview(given)
    os.set_blocking(process.stdin.fileno(), False)
    with selectors.DefaultSelector() as waiting:
        waiting.register(process.stdin, selectors.EVENT_WRITE)
        for pipe in written:
            assert pipe is not None
            waiting.register(pipe, selectors.EVENT_READ)
        while process.poll() is None or waiting.select(0):
            if time.monotonic() > end:
                raise TimeoutError
            for key, _ in waiting.select(_LOOK_EVERY_S):
                if key.fileobj is process.stdin:
                    rest = rest[_write(process.stdin, rest) :]
                    done = not rest
                else:
                    done = not _read(key.fileobj, written)  # type: ignore[arg-type]
                if done:
                    waiting.unregister(key.fileobj)
                    _close(key.fileobj)  # type: ignore[arg-type]
    out, err = (bytes(each).decode(errors="replace") for each in written.values())
    return out, err


def _write(pipe: IO[bytes], rest: memoryview) -> int:
    """The number of bytes that need no more writing: all of them once the program reads no more."""
    try:
        return os.write(pipe.fileno(), rest[:_PIECE])
    except BlockingIOError:
        return 0
    except OSError:
        return len(rest)


def _read(pipe: IO[bytes], written: Mapping[IO[bytes] | None, bytearray]) -> bytes:
    piece = os.read(pipe.fileno(), _PIECE)
    written[pipe].extend(piece)
    if len(written[pipe]) > LONGEST_OUTPUT:
        raise TooMuchOutput
    return piece


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Kill a program that has not ended, with its children."""
    if process.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _close(pipe: IO[bytes] | None) -> None:
    if pipe is not None:
        with suppress(OSError):  # the program reads no more
            pipe.close()
