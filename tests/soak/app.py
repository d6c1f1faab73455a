"""The app on a terminal, as the soak uses it: keys in, the screen out, and what the process holds."""

import os
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.leaving import ENVIRONMENT, owner, words
from tests.real_terminal import Terminal
from tests.soak.screen import Screen
from tests.starting import ROOT

SIZE: Final = (120, 40)
LIMIT_S: Final = 60.0
_AFTER_ESCAPE_S: Final = 0.4
COUNTED: Final = re.compile(r"([\d,]+) verdicts?, ")


class Difference(AssertionError):
    """Something that must be true is not."""


@dataclass(frozen=True)
class Held:
    """What a process holds: memory in megabytes, open files, threads."""

    megabytes: float
    files: int
    threads: int


class App:
    """`palate` on a terminal of its own, whose output is always read."""

    def __init__(self, space: Path, *more: str, size: tuple[int, int] = SIZE, editor: str = "") -> None:
        self.space = space
        self.screen = Screen(*size)
        env = {**ENVIRONMENT, "VISUAL": "", "EDITOR": editor, "COLORTERM": "truecolor"}
        command = ["python", *words(space, *more)]
        self._terminal = Terminal(command, size=size, env=env, cwd=ROOT, forked=True)
        self._changed = threading.Condition()
        self._ended = threading.Event()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        while (found := self._terminal.read(0.2)) is not None and not self._ended.is_set():
            if found:
                with self._changed:
                    self.screen.feed(found)
                    self._changed.notify_all()
                    del self._terminal.written[:-4096]  # an answer to the terminal's question is not cut
                    self._terminal._asked = 0

    def send(self, keys: str) -> None:
        """Press keys."""
        self._terminal.send(keys)

    def escape(self) -> None:
        """Press escape. A key right behind it would be taken for one with alt."""
        self.send("\x1b")
        time.sleep(_AFTER_ESCAPE_S)

    def text(self) -> str:
        """What the terminal shows now."""
        with self._changed:
            return self.screen.text()

    def shows(self, is_there: Callable[[str], object], limit_s: float = LIMIT_S) -> bool:
        """Wait until the screen is as it should be, or the limit is reached; returns whether it is so."""
        end = time.monotonic() + limit_s
        with self._changed:
            while not is_there(self.screen.text()):
                if (left := end - time.monotonic()) <= 0 or not self._reader.is_alive():
                    return bool(is_there(self.screen.text()))
                self._changed.wait(min(left, 0.2))
        return True

    def expect(self, what: str, is_there: Callable[[str], object], limit_s: float = LIMIT_S) -> None:
        """Wait until the screen is as it should be.

        Raises:
            Difference: it is not, after so many seconds.
        """
        if not self.shows(is_there, limit_s):
            raise Difference(f"{what} did not come:\n{self.text()}")

    def press(
        self,
        key: str,
        what: str,
        is_there: Callable[[str], object],
        limit_s: float = LIMIT_S,
        *,
        again_after_s: float = 2.0,
    ) -> None:
        """Press a key, again where it came too early, until the screen is as it should be."""
        end = time.monotonic() + limit_s
        while time.monotonic() < end:
            self.send(key)
            if self.shows(is_there, again_after_s):
                return
        raise Difference(f"{what} did not come after {key!r}:\n{self.text()}")

    def counted(self) -> int | None:
        """The verdicts that the screen counts; None where it does not say."""
        found = COUNTED.search(self.text())
        return int(found[1].replace(",", "")) if found else None

    def resize(self, columns: int, rows: int) -> None:
        """Another size of the terminal."""
        with self._changed:
            self.screen.resize(columns, rows)
        self._terminal.resize(columns, rows)

    @property
    def owner(self) -> int:
        """The process that has the workspace; 0 where none has."""
        return owner(self.space) or 0

    def held(self) -> Held:
        """What the owner holds."""
        of = Path(f"/proc/{self.owner}")
        status = dict(line.split(":", 1) for line in (of / "status").read_text().splitlines())
        return Held(int(status["VmRSS"].split()[0]) / 1024, len(os.listdir(of / "fd")), int(status["Threads"]))

    def wait(self, limit_s: float = LIMIT_S) -> int:
        """Wait for the end of the process on the terminal; returns its exit status."""
        return self._terminal.process.wait(limit_s)

    def hang_up(self) -> None:
        """The link is lost."""
        self._ended.set()
        self._reader.join()
        self._terminal.hang_up()

    def close(self) -> None:
        """End what is left of it."""
        self._ended.set()
        self._reader.join()
        self._terminal.close()
