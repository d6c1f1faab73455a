"""A program on a pseudo-terminal of our own: keys go in, bytes come out with the moment at which they came."""

import fcntl
import os
import re
import select
import struct
import subprocess
import termios
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from tests.starting import OF_THE_TERMINAL, ROOT, Child, fork

SYNC_ASKED: Final = b"\x1b[?2026$p"
SYNC_ANSWER: Final = b"\x1b[?2026;2$y"
FRAME_END: Final = b"\x1b[?2026l"
"""A terminal that says it can is told where a frame ends."""
ESCAPES: Final = re.compile(
    rb"\x1b\[[0-9;:?<>=$ ]*[a-zA-Z]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[()][A-Z0-9]|\x1b[=>]"
)


def environment(**changes: str) -> dict[str, str]:
    """This process's own, as a terminal of true colour has it, with `changes`; an empty value takes a name away."""
    told = dict.fromkeys(OF_THE_TERMINAL, "")
    env = {**os.environ, **told, "TERM": "xterm-256color", "COLORTERM": "truecolor", "OMP_NUM_THREADS": "1", **changes}
    return {name: value for name, value in env.items() if value}


def words_of(written: bytes) -> str:
    """What was written without the escapes: the words, in the order in which they were sent."""
    return ESCAPES.sub(b"", written).decode("utf-8", "replace")


class Terminal:
    """Starts `command` as the leader of a session whose terminal this is. Sizes are columns and rows."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        size: tuple[int, int] = (120, 40),
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        forked: bool = False,
    ) -> None:
        """With `forked` the command, which has to be one of Python, is forked from a process that imported torch."""
        self._master, slave = os.openpty()
        self.resize(*size)
        self.process: Child | subprocess.Popen[bytes]
        if forked:
            words = list(command[1:])
            pid = fork(words, [slave] * 3, env=env or os.environ, cwd=cwd or ROOT, terminal=True)
            self.process = Child(words, pid)
        else:
            self.process = subprocess.Popen(
                list(command), stdin=slave, stdout=slave, stderr=slave, env=env, cwd=cwd,
                start_new_session=True, preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
            )  # fmt: skip
        os.close(slave)
        self.written = bytearray()
        """Everything that the program wrote so far."""
        self._asked = 0

    def __enter__(self) -> "Terminal":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def resize(self, columns: int, rows: int) -> None:
        """Another size; the program is told as by any terminal."""
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def send(self, keys: str | bytes) -> float:
        """Press keys; returns the moment in monotonic seconds."""
        os.write(self._master, keys.encode() if isinstance(keys, str) else keys)
        return time.monotonic()

    def read(self, limit_s: float) -> bytes | None:
        """The next bytes, b"" when none come within the limit, None when the program closed its terminal."""
        ready, _, _ = select.select([self._master], [], [], max(limit_s, 0))
        if not ready:
            return b""
        try:
            found = os.read(self._master, 1 << 16)
        except OSError:  # Linux tells the end of a terminal so
            return None
        if not found:
            return None
        self.written += found
        while (at := self.written.find(SYNC_ASKED, self._asked)) >= 0:
            self._asked = at + len(SYNC_ASKED)
            os.write(self._master, SYNC_ANSWER)
        return found

    def until(self, *marks: str | bytes, start: int | None = None, limit_s: float = 60.0, framed: bool = True) -> float:
        """Read until every mark was written after `start` (default: from here on), and the frame that holds the last
        one has ended (unless `framed` is off: a shell draws no frames); returns the moment at which it was there.

        Raises:
            TimeoutError: with the last words that were written.
        """
        wanted = [mark.encode() if isinstance(mark, str) else mark for mark in marks]
        start = len(self.written) if start is None else start
        end = time.monotonic() + limit_s
        while not self._stands(wanted, start, framed):
            found = self.read(end - time.monotonic())
            if found is None or time.monotonic() > end:
                tail = words_of(bytes(self.written[-6000:]))
                raise TimeoutError(f"{wanted} did not come{' before the end' if found is None else ''}. Last: {tail}")
        return time.monotonic()

    def _stands(self, wanted: Sequence[bytes], start: int, framed: bool) -> bool:
        places = [self.written.find(mark, start) for mark in wanted]
        if min(places, default=start) < 0:
            return False
        return (
            not framed or FRAME_END not in self.written or self.written.find(FRAME_END, max(places, default=start)) >= 0
        )

    def quiet(self, seconds: float, limit_s: float = 60.0) -> bytes:
        """Read until nothing came for so long; returns what came meanwhile."""
        start, end = len(self.written), time.monotonic() + limit_s
        while self.read(seconds) and time.monotonic() < end:
            pass
        return bytes(self.written[start:])

    def during(self, seconds: float) -> bytes:
        """What is written within this time."""
        start, end = len(self.written), time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0 and self.read(left) is not None:
            pass
        return bytes(self.written[start:])

    def wait(self, limit_s: float = 60.0) -> int:
        """Read to the program's end; returns its exit status."""
        end = time.monotonic() + limit_s
        while self.read(end - time.monotonic()):
            pass
        return self.process.wait(max(end - time.monotonic(), 0.1))

    def hang_up(self) -> None:
        """Close this end of the terminal, as a link that is lost."""
        os.close(self._master)
        self._master = -1

    def close(self) -> None:
        """End the program, if it did not end by itself, and give the terminal back."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        if self._master >= 0:
            os.close(self._master)
