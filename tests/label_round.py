"""A person at the Label screen, played over a terminal: every key of the screen at least once, pair after pair.

What is pressed and what must stand there afterwards are read from the bytes that the terminal got, as a person would
see them: no call into the app. A key that the app dropped, since it came too early, is pressed again.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.label_pairs import mark_of
from tests.real_terminal import Terminal, words_of

KEYS = {
    **{"left": "\x1b[D", "right": "\x1b[C", "up": "\x1b[A", "down": "\x1b[B", "home": "\x1b[H", "end": "\x1b[F"},
    **{"shift+left": "\x1b[1;2D", "shift+right": "\x1b[1;2C", "pageup": "\x1b[5~", "pagedown": "\x1b[6~"},
    **{"tab": "\t", "shift+tab": "\x1b[Z", "space": " ", "enter": "\r", "escape": "\x1b", "comma": ","},
    **{
        "exclamation_mark": "!",
        "at": "@",
        "question_mark": "?",
        "ctrl+p": "\x10",
        "ctrl+l": "\x0c",
        "ctrl+z": "\x1a",
        "plus": "+",
        "full_stop": ".",
    },
}
"""What a terminal sends for a key; a key that is one character sends itself."""
DROPPED = (b"came too early", b"was saved, and was dropped")
EDITOR = '#!/bin/sh\nprintf "Better words." > "$1"\n'
"""Stands in for a person's editor."""


@dataclass
class Round:
    """Plays at `terminal`, where pair 1 is about to be painted; `open` is the number of the pair on the screen."""

    terminal: Terminal
    size: tuple[int, int]
    limit_s: float = 90.0
    open: int = 1
    pressed: set[str] = field(default_factory=set)
    waits_s: list[float] = field(default_factory=list)

    def begin(self) -> None:
        """Wait for the first pair."""
        self.terminal.until(*self._marks(1), start=0, limit_s=self.limit_s)
        self._settle()

    def press(self, key: str, *words: str) -> float:
        """Press a key and wait until all of `words` were written; without words, until anything was."""
        self.pressed.add(key)
        self._press(KEYS.get(key, key), [each.encode() for each in words])
        return time.monotonic()

    def type(self, text: str, *words: str) -> None:
        """Type into a line, and wait."""
        self._press(text, [each.encode() for each in words])

    def judge(self, key: str, shows: int | None = None) -> None:
        """A key after which another pair (the next one, or `shows`) is painted whole."""
        self.pressed.add(key)
        self.open = shows if shows is not None else self.open + 1
        started = time.monotonic()
        painted = self._press(KEYS.get(key, key), self._marks(self.open))
        self.waits_s.append(painted - started)
        self._settle()

    def _marks(self, number: int) -> list[bytes]:
        return [mark_of(number, part).encode() for part in ("Q", "L", "R")]

    def _press(self, sent: str, wanted: list[bytes]) -> float:
        end = time.monotonic() + self.limit_s
        start = len(self.terminal.written)
        self.terminal.send(sent)
        tried = start
        while True:
            self.terminal.read(0.5)
            written = bytes(self.terminal.written[start:])
            if written and all(each in written for each in wanted):
                return time.monotonic()
            if any(each in self.terminal.written[tried:] for each in DROPPED):
                self._settle()
                tried = len(self.terminal.written)
                self.terminal.send(sent)
            if time.monotonic() > end:
                shown = words_of(bytes(self.terminal.written[-4000:]))
                raise TimeoutError(f"{sent!r} on pair {self.open} did not bring {wanted}. Last: {shown}")

    def _settle(self) -> None:
        """A person needs longer than 200 ms to read a pair."""
        self.terminal.during(0.3)


def play(terminal: Terminal, pairs: int, *, size: tuple[int, int] = (80, 24), limit_s: float = 90.0) -> Round:
    """Judge `pairs` pairs (24 at least) with every key of the Label screen, then leave.

    The workspace is one of `label_pairs.fill`, with at least four pairs more, whose queue writes nothing meanwhile.
    """
    played = Round(terminal, size, limit_s)
    played.begin()
    for step in (verdicts, taking_back, looking, going, writing, elsewhere):
        step(played)
    played.judge("plus")
    while played.open <= pairs:
        played.judge("12"[played.open % 2])
    ranking(played)
    terminal.send("q")
    return played


def verdicts(played: Round) -> None:
    """Every way to decide: pairs 1 to 10."""
    for key in ("1", "2", "left", "right", "shift+left", "shift+right", "exclamation_mark", "at", "0", "x"):
        played.judge(key)


def taking_back(played: Round) -> None:
    """Pair 11 is skipped, taken back and skipped again, 12 thrown away, 13 noted."""
    played.judge("s")
    played.judge("u", shows=11)
    played.judge("s")
    played.judge("X")
    played.press("c", "Kept with this pair")
    played.type("well put\r", "note: well put")
    played.press("full_stop", "correct")
    played.press("escape")
    played._settle()
    played.judge("1")


def looking(played: Round) -> None:
    """Everything that changes only what is seen: on pair 14."""
    for key in ("m", "m", "z", "tab", "z", "tab", "shift+tab", "d", "d"):
        played.press(key)
    for key in ("j", "k", "down", "up", "pagedown", "pageup", "space", "b", "end", "home"):
        played.press(key)
    played.press("o", "What do they want")
    played.press("o", "thoughts folded")
    played.press("y", "copied")


def going(played: Round) -> None:
    """Back to pair 13, forward, to pair 5 by its number, and back to the open one by its words."""
    played.judge("p", shows=13)
    played.judge("n", shows=14)
    played.press("G", "The number of a prompt")
    played.type("5\r", *(each.decode() for each in played._marks(5)))
    played._settle()
    played.press("G", "The number of a prompt")
    played.type(f"{mark_of(14, 'Q')}\r", *(each.decode() for each in played._marks(14)))
    played._settle()
    played.judge("2")


def writing(played: Round) -> None:
    """Pair 15 is edited; of 16 new answers are written, and judged."""
    played.press("e", "Which answer")
    played.open += 1
    played.type("1", "saved: your text is better", *(each.decode() for each in played._marks(16)))
    played._settle()
    while not model_stands(played.terminal):
        played.terminal.during(0.5)
    played.press("g", "both answers are being written")
    start, end = len(played.terminal.written), time.monotonic() + 10 * played.limit_s  # a busy machine writes slowly
    while b"Q00017" not in played.terminal.written[start:]:  # until a verdict on the new pair counts
        played.terminal.send("1")
        played.terminal.during(1.0)
        assert time.monotonic() < end, words_of(bytes(played.terminal.written[-4000:]))
    played.open = 17
    played._settle()


def model_stands(terminal: Terminal) -> bool:
    """Does the line at the bottom no longer tell that the model is loaded or prepared?"""
    return terminal.written.rfind(b" ready") > max(
        map(terminal.written.rfind, (b"Loading", b"reparing", b"ownloading"))
    )


def ranking(played: Round) -> None:
    """Two more answers to a pair beyond the last, and back without an order of the four."""
    played.press("4", "Press the best answer")
    played._settle()
    played.press("escape", "much")
    played._settle()


def elsewhere(played: Round) -> None:
    """The keys that work everywhere, and back to the open pair."""
    shown = [each.decode() for each in played._marks(played.open)]
    for key, words in (("question_mark", "The left (first)"), ("ctrl+p", "Search"), ("comma", "depth")):
        played.press(key, words)
        played.press("escape", *shown)
    for key, words in (("T", "epochs"), ("R", "run"), ("C", "held"), ("D", "verdict")):
        played.press(key, words)
    played.press("L", *shown)
    for key, words in (("J", "No judge yet"), ("V", "No server yet")):
        played.press(key, words)
        played.press("escape", *shown)
    played.press("A", "Ask what you like")
    played.press("escape", "much")
    played.press("L", *shown)
    played.press("ctrl+z", "No shell to return to")
    played.press("ctrl+l", *shown)
    played.pressed.add("q")
    played._settle()


def undeclared(played: Round) -> set[str]:
    """The keys of the Label screen, and of every screen, that were not pressed."""
    from tui.app import PalateApp
    from tui.screens.key_registry import declared_keys

    here = [each for each in declared_keys(PalateApp) if {"LabelScreen", "everywhere"} & each.screens]
    return {key for each in here for key in each.keys} - played.pressed


def said(database: Path) -> Iterator[tuple[int, str]]:
    """Every verdict row of a workspace, as comparison and word."""
    import sqlite3

    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    try:
        yield from connection.execute("SELECT comparison, verdict FROM verdicts ORDER BY id")
    finally:
        connection.close()
