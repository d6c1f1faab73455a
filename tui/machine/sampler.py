"""One look at the machine: its cards or its processor, its memory, its temperature and its power."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Final

import psutil

from tui.machine.nvidia import NvidiaCards
from tui.snapshots import MachineReading
from tui.text.format import count

_LOOKS_A_TEMPERATURE: Final = 5
"""The sensors of a processor are files of which each costs a system call, and it warms slowly: not every look."""
_PROCESSOR_SENSORS: Final = ("coretemp", "k10temp", "zenpower", "cpu_thermal", "cpu-thermal", "acpitz")


class MachineSampler:
    """Looks at the machine on which a process computes. Only the thread that made it uses it, about once a second."""

    def __init__(self, pid: int | None, cards: Sequence[str] | None) -> None:
        """Look at the process `pid` (None: no process) and the cards with these ids; see `NvidiaCards`."""
        self._process = _process(pid)
        self._cards = NvidiaCards(cards)
        self._looks = 0
        self._temperature: float | None = None
        psutil.cpu_percent()  # a use is between two looks of one thread: the first begins here

    def read(self) -> MachineReading:
        """The figures now. A figure that is not to be had here is None."""
        cards = self._cards.memory()
        taken, left = cards if cards else (self._resident(), psutil.virtual_memory().available)
        return MachineReading(
            at=time.time(),
            device="CPU" if not self._cards else "GPU" if len(self._cards) == 1 else count(len(self._cards), "GPU"),
            gpu_use=self._cards.use(),
            cpu_use=psutil.cpu_percent(),
            memory=taken,
            memory_left=left,
            temperature=self._cards.temperature() if self._cards else self._processor_temperature(),
            power=self._cards.power(),
        )

    def _resident(self) -> int | None:
        """The bytes of main memory that the process holds."""
        try:
            return None if self._process is None else int(self._process.memory_info().rss)
        except psutil.Error:
            return None

    def _processor_temperature(self) -> float | None:
        if self._looks % _LOOKS_A_TEMPERATURE == 0:
            self._temperature = _hottest()
        self._looks += 1
        return self._temperature


def _process(pid: int | None) -> psutil.Process | None:
    try:
        return None if pid is None else psutil.Process(pid)
    except psutil.Error:
        return None


def _hottest() -> float | None:
    """The highest temperature of the processor in °C; not every system has sensors, or a way to read them."""
    try:
        sensors = psutil.sensors_temperatures()
    except (AttributeError, OSError, psutil.Error):
        return None
    found = [each.current for name in _PROCESSOR_SENSORS for each in sensors.get(name, ()) if each.current > 0]
    return max(found, default=None)
