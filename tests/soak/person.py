"""The scripted person: the app that is open, what is known, and the chance that decides what comes next."""

import random
import subprocess
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.hostile import harmful
from tests.leaving import ENVIRONMENT, words
from tests.soak.app import App, Difference, Held
from tests.soak.truth import Truth
from tests.starting import Process, run

EDITOR: Final = '#!/bin/sh\nprintf "Better words, for once." > "$1"\n'
MORE_MEGABYTES: Final = 250.0
"""How far an app's memory may be above what it held when its first pair was painted. Without an end in between it
levels off some 130 MB above: 90 are kernels that torch keeps (`engine/__init__.py`), the rest screens and statistics
that were not imported yet. A prompt of 5,000 tokens, which the person imports now and then, takes some more."""
MORE_FILES: Final = 24
MORE_THREADS: Final = 16


def shows_pair(text: str) -> bool:
    """Is the Label screen shown, with a pair and nothing over it?"""
    return "╭─ 1 ─" in text and "╭─ 2 ─" in text and "1 left" in text and "╭─ Keys" not in text


@dataclass
class Person:
    """One person at one workspace. `app` is what is open on their terminal."""

    space: Path
    chance: random.Random
    truth: Truth
    disk: Path | None = None
    """The small disk on which the workspace is; None where it is on a large one."""
    app: App | None = None
    done: Counter[str] = field(default_factory=Counter)
    last: deque[str] = field(default_factory=lambda: deque(maxlen=12))
    """The names of the last acts."""
    first: Held | None = None
    """What the open app held when it showed its first pair."""
    most: Held = field(default_factory=lambda: Held(0.0, 0, 0))
    """The most that any app held beyond that."""

    def does(self, act: "Act", where: str = "") -> None:
        """One act, named and counted."""
        name = f"{act.__name__}{where}"
        self.done[name] += 1
        self.last.append(name)
        act(self)

    def open(self, *more: str) -> App:
        """Open the app, and wait until a pair is on the screen and the model is loaded."""
        editor = self.space.parent / "editor"
        editor.write_text(EDITOR)
        editor.chmod(0o700)
        self.app = App(self.space, *more, editor=str(editor))
        self.app.expect("the model", lambda text: " ready" in text and "Loading" not in text)
        self.label()  # a run that is taken over opens on the Train screen
        self.first = self.app.held()
        return self.app

    @property
    def at(self) -> App:
        """The open app; it is opened where none is."""
        return self.app or self.open()

    def label(self) -> App:
        """The Label screen of the open app, with a pair that can be judged."""
        app = self.at
        if not shows_pair(app.text()):
            app.escape()
            app.press("L", "a pair", shows_pair)
        return app

    def leave(self) -> None:
        """Leave with q; the workspace is closed cleanly."""
        self.label().send("q")
        self.ended(0)
        self.truth.check_left()

    def ended(self, *codes: int) -> None:
        """The app has ended with one of these exit codes."""
        assert self.app is not None
        try:
            code = self.app.wait()
        except subprocess.TimeoutExpired:
            raise Difference(f"the app did not end:\n{self.app.text()}") from None
        self.forget()
        if codes and code not in codes:
            raise Difference(f"the app ended with {code}, not {codes}")

    def forget(self) -> None:
        """The app is gone; what it wrote to the terminal is looked at for the last time."""
        assert self.app is not None
        self.app.close()
        harm, self.app = self.app.screen.harm, None
        if harm:
            raise Difference(f"raw control characters came to the terminal: {harm}")

    # -- commands ------------------------------------------------------------------------------------------------

    def palate(self, *line: str, code: int = 0) -> str:
        """A command to its end; returns its stdout."""
        done = run(words(self.space, *line), env=ENVIRONMENT)
        if done.returncode != code:
            raise Difference(f"palate {' '.join(line)} ended with {done.returncode}: {done.stderr}")
        if harm := harmful(done.stdout + done.stderr, tabs=True):
            raise Difference(f"palate {' '.join(line)} printed raw control characters: {harm}")
        return done.stdout

    def begin(self, *line: str) -> Process:
        """A command in a process of its own."""
        return Process(words(self.space, *line), env=ENVIRONMENT)

    # -- what must be true ---------------------------------------------------------------------------------------

    def check(self) -> None:
        """Everything that must be true now.

        Raises:
            Difference: it is not.
        """
        self.truth.check()
        self.truth.check_log()
        if self.app is None:
            return
        if self.app.screen.harm:
            raise Difference(f"raw control characters came to the terminal: {self.app.screen.harm}")
        wanted = self.truth.counted()
        self.label().expect(f"{wanted} verdicts on the screen", lambda _: self._counted() == wanted)
        self._check_held()

    def _counted(self) -> int | None:
        return self.app.counted() if self.app is not None else None

    def _check_held(self) -> None:
        assert self.app is not None
        assert self.first is not None
        now, first = self.app.held(), self.first
        more = Held(now.megabytes - first.megabytes, now.files - first.files, now.threads - first.threads)
        self.most = Held(*map(max, zip(vars(self.most).values(), vars(more).values(), strict=True)))
        if more.megabytes > MORE_MEGABYTES or more.files > MORE_FILES or more.threads > MORE_THREADS:
            raise Difference(f"the app held {first} at its first pair and holds {now}")


Act = Callable[[Person], None]
"""Something that a person does once."""
