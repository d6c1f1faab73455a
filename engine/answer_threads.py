"""How many threads compute answers on a CPU: fewer while another process takes the cores.

Threads wait for one another at every product. With another process on one of two cores, two threads need many times as
long as one, because whichever lost its core holds up the other.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch

_SLOW = 4.0  # times the usual
_SLOW_STEPS = 2  # in a row, before threads are given up
_TRIED_AGAIN_AFTER = (64, 2048)  # steps: the first time, and at most


class AnswerThreads:
    """Chooses the number of threads for each step of the answers. A run and everything else keep theirs.

    Steps are compared with the fastest one of as many rows. The first steps of a process try both numbers, since there
    the usual time is not known yet.
    """

    def __init__(self, most: int, clock: Callable[[], float] = time.perf_counter) -> None:
        self.most, self.now = most, most
        self._clock = clock
        self._fewer = max(1, most // 2)
        self._usual: dict[int, float] = {}
        """Seconds of the fastest step with all threads, by its number of rows."""
        self._first = [most, most, self._fewer, self._fewer]
        self._seconds: dict[int, float] = {}
        self._slow = 0
        self._rest = self._left = _TRIED_AGAIN_AFTER[0]

    @contextmanager
    def step(self, rows: int) -> Iterator[None]:
        """One step of `rows` rows; the number of threads is as before when it ends."""
        if self.most == 1:
            yield
            return
        threads, before = self._choose(), torch.get_num_threads()
        torch.set_num_threads(threads)
        started = self._clock()
        try:
            yield
        finally:
            seconds = self._clock() - started
            torch.set_num_threads(before)
        self._take(threads, rows, seconds)

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Prompts are read with the number that the steps have now."""
        before = torch.get_num_threads()
        torch.set_num_threads(self.now)
        try:
            yield
        finally:
            torch.set_num_threads(before)

    def _choose(self) -> int:
        if self._first:
            return self._first[0]
        if self.now < self.most:
            self._left -= 1
            return self.most if self._left <= 0 else self.now
        return self.now

    def _take(self, threads: int, rows: int, seconds: float) -> None:
        if self._first:
            self._compare(threads, rows, seconds)
        elif threads < self.most:
            self._seconds[threads] = seconds
        elif self.now < self.most:
            self._tried_again(rows, seconds)
        else:
            self._slow = self._slow + 1 if self._is_slow(rows, seconds) else 0
            if self._slow >= _SLOW_STEPS:
                self._go_down()
        if threads == self.most and not self._is_slow(rows, seconds):
            self._usual[rows] = min(seconds, self._usual.get(rows, seconds))

    def _compare(self, threads: int, rows: int, seconds: float) -> None:
        """The first steps: the second one with each number counts, for the first one makes its kernels."""
        self._first.pop(0)
        self._seconds[threads] = seconds
        if not self._first:
            if self._seconds[self.most] > _SLOW * self._seconds[self._fewer]:
                self._usual[rows] = self._seconds[self._fewer]
                self._go_down()
            else:
                self._usual[rows] = self._seconds[self.most]

    def _is_slow(self, rows: int, seconds: float) -> bool:
        if not self._usual:
            return False
        nearest = min(self._usual, key=lambda known: abs(known - rows))
        return seconds > _SLOW * self._usual[nearest] * max(1.0, rows / nearest)

    def _tried_again(self, rows: int, seconds: float) -> None:
        """All threads took a step: they stay where it was as quick as usual, else they rest for twice as long."""
        if self._is_slow(rows, seconds):
            self._rest = min(2 * self._rest, _TRIED_AGAIN_AFTER[1])
            self._left = self._rest
        else:
            self.now, self._slow, self._rest = self.most, 0, _TRIED_AGAIN_AFTER[0]

    def _go_down(self) -> None:
        self.now, self._slow, self._left = self._fewer, 0, self._rest
