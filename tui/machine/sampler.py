"""One look at the machine: its cards or its processor, its memory, its temperature and its power."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Final

import psutil

from tui.machine.nvidia import NvidiaCards
from tui.snapshots import MachineReading
from tui.text.format import count

_LOOKS_BETWEEN: Final = 5
"""What costs many system calls and changes slowly, sensors and child processes, is looked for at every fifth look."""
_PROCESSOR_SENSORS: Final = ("coretemp", "k10temp", "zenpower", "cpu_thermal", "cpu-thermal", "acpitz")


class MachineSampler:
    """Looks at the machine on which a process computes. Only the thread that made it uses it, about once a second."""

    def __init__(self, pid: int | None, cards: Sequence[str] | None, *, children: bool = False) -> None:
        """Look at the process `pid` (None: no process) and the cards with these ids; see `NvidiaCards`.

        `children`: the memory of the processes that it started counts as well.
        """
        self._process, self._with_children = _process(pid), children
        self._children: list[psutil.Process] = []
        self._cards = NvidiaCards(cards)
        self._looks = 0
        self._temperature: float | None = None
        psutil.cpu_percent()  # a use is between two looks of one thread: the first begins here

    def read(self) -> MachineReading:
        """The figures now. A figure that is not to be had here is None."""
        cards = self._cards.memory()
        taken, left = cards if cards else (self._resident(), psutil.virtual_memory().available)
        reading = MachineReading(
            at=time.time(),
            device="CPU" if not self._cards else "GPU" if len(self._cards) == 1 else count(len(self._cards), "GPU"),
            gpu_use=self._cards.use(),
            cpu_use=psutil.cpu_percent(),
            memory=taken,
            memory_left=left,
            temperature=self._cards.temperature() if self._cards else self._processor_temperature(),
            power=self._cards.power(),
        )
        self._looks += 1
        return reading

    def _resident(self) -> int | None:
        """The bytes of main memory that the process holds."""
        try:
            if self._process is None:
                return None
            if self._with_children and self._looks % _LOOKS_BETWEEN == 0:
                self._children = self._process.children(recursive=True)
            return int(self._process.memory_info().rss) + sum(map(_resident, self._children))
        except psutil.Error:
            return None

    def _processor_temperature(self) -> float | None:
        if self._looks % _LOOKS_BETWEEN == 0:
            self._temperature = _hottest()
        return self._temperature


def _resident(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.Error:
        return 0  # it has ended


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
