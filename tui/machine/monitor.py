"""The thread that looks at the machine while a run is alive, off the compute thread and the screen's."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import ClassVar, Final

from tui.events import MachineRead, WorkbenchEvent
from tui.machine.figures import summaries
from tui.machine.sampler import MachineSampler
from tui.snapshots import MachineReading

READ_EVERY_S: Final = 1.0
REMEMBERED: Final = 120
"""Readings in memory: what a line of history shows at most."""
_UNKEPT: Final = 3600
"""Readings between two steps: those of an hour."""


Cards = Callable[[str | None], Sequence[str]]
"""Gives the ids of the cards that a run computes on, from the devices of its settings (None: the model's own)."""


class MachineMonitor:
    """Looks at this machine once a second between `begin` and `end`, and publishes `MachineRead` after each look."""

    every_s: ClassVar[float] = READ_EVERY_S

    def __init__(self, cards: Cards, publish: Callable[[WorkbenchEvent], None]) -> None:
        """`cards` is called on the thread that looks."""
        self.cards: tuple[str, ...] = ()
        """The ids of the cards that the latest run computes on."""
        self.speed: float | None = None
        """Tokens a second of the run's latest step; None without one."""
        self._cards, self._publish = cards, publish
        self._readings: deque[MachineReading] = deque(maxlen=REMEMBERED)
        self._unkept: deque[MachineReading] = deque(maxlen=_UNKEPT)
        self._lock = threading.Lock()
        self._over = threading.Event()

    def begin(self, devices: str | None = None) -> None:
        """Forget the readings of an earlier run, and look from now on.

        `devices` are those of the run's settings: on these, processes of its own compute.
        """
        self.end()
        with self._lock:
            self._readings.clear()
            self._unkept.clear()
            self.speed = None
        self._over = threading.Event()
        threading.Thread(target=self._look, args=(self._over, devices), name="palate-machine", daemon=True).start()

    def end(self) -> None:
        """Look no more. The readings stay."""
        self._over.set()

    def readings(self) -> tuple[MachineReading, ...]:
        """The newest readings, the newest last."""
        with self._lock:
            return tuple(self._readings)

    def take_summaries(self) -> dict[str, float]:
        """What a run keeps of the readings since the last call: metric → number; empty without a reading."""
        with self._lock:
            unkept = list(self._unkept)
            self._unkept.clear()
        return summaries(unkept)

    def drop_summaries(self) -> None:
        """Leave the readings so far out of what the run keeps."""
        with self._lock:
            self._unkept.clear()

    # -- on the thread that looks ---------------------------------------------------------------------------------

    def _look(self, over: threading.Event, devices: str | None) -> None:
        self.cards = tuple(self._cards(devices))
        sampler = MachineSampler(os.getpid(), self.cards, children=devices is not None)
        while not over.wait(self.every_s):
            reading = replace(sampler.read(), tokens_per_second=self.speed)
            with self._lock:
                if over.is_set():
                    return
                self._readings.append(reading)
                self._unkept.append(reading)
            self._publish(MachineRead())
