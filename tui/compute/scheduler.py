"""The compute thread: every job that uses torch takes its turns on it.

Two torch jobs at once on the same cores or the same GPU ruin each other, so they take turns here instead. A job is
a generator; each `next()` on it is one turn. Between turns the scheduler asks every job for its priority
and gives the next turn to the most urgent one.
"""

import threading
import traceback
from collections.abc import Callable, Generator
from concurrent.futures import Future
from dataclasses import dataclass, field
from itertools import count

LOADING, WATCHED, WAITED_FOR, RUN, AHEAD, IDLE, ASLEEP = range(7)
"""How urgent a turn is: the model itself, what a person watches being written, what a person waits for, a run, work
done ahead of need, and work for when nothing else is to do.

A job that is asleep gets no turn. `Scheduler.wake()` asks every job for its priority again.
"""

Turns = Generator[None, None, None]


@dataclass(eq=False)
class Job:
    """Work for the compute thread.

    `priority` is asked before every turn; the smallest number goes first, and among equals the job that came first.
    `done` resolves to None when the generator ends, or to the exception that it raised.
    """

    name: str
    turns: Turns
    priority: Callable[[], int]
    done: Future[None] = field(default_factory=Future)
    number: int = field(default_factory=count().__next__)
    ended: bool = False
    """Somebody wants no more of it: see `Scheduler.end`."""


class Scheduler:
    """The thread that computes. Jobs may be submitted from any thread.

    `on_crash` is called on the compute thread with every exception that ended a job.
    """

    def __init__(self, on_crash: Callable[[Job, Exception], None]) -> None:
        self._on_crash = on_crash
        self._jobs: list[Job] = []
        self._changed = threading.Condition()
        self._closing = False
        self._thread = threading.Thread(target=self._work, name="palate-compute", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def submit(self, name: str, turns: Turns, priority: Callable[[], int]) -> Job:
        """Add a job; it gets its first turn when no more urgent one wants it."""
        job = Job(name, turns, priority)
        with self._changed:
            self._jobs.append(job)
            self._changed.notify_all()
        return job

    def busy_with(self, name: str) -> bool:
        """Is a job of this name not over yet?"""
        with self._changed:
            return any(job.name == name for job in self._jobs)

    def end(self, job: Job) -> None:
        """Close the job's generator at its next turn, as if it had come to its end. From any thread."""
        with self._changed:
            job.ended = True
            self._changed.notify_all()

    def wake(self) -> None:
        """Ask every job again how urgent it is: one that was asleep may have something to do. From any thread."""
        with self._changed:
            self._changed.notify_all()

    def wake_after(self, seconds: float) -> None:
        """Wake after a while: for a job that sleeps until some moment, with no news to wake it."""
        timer = threading.Timer(seconds, self.wake)
        timer.daemon = True
        timer.start()

    def close(self, timeout_s: float | None = None) -> None:
        """End the turn in progress, close every job's generator, and wait for the thread."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        if self._thread.is_alive() and threading.current_thread() is not self._thread:
            self._thread.join(timeout_s)

    def _work(self) -> None:
        while (job := self._next_job()) is not None:
            self._turn(job)
        for job in self._jobs:
            job.turns.close()
            job.done.cancel()

    def _next_job(self) -> Job | None:
        with self._changed:
            while not self._closing:
                if ended := [job for job in self._jobs if job.ended]:
                    return ended[0]
                awake = [(priority, job.number, job) for job in self._jobs if (priority := job.priority()) < ASLEEP]
                if awake:
                    return min(awake)[2]
                self._changed.wait()
            return None

    def _turn(self, job: Job) -> None:
        try:
            if job.ended:
                job.turns.close()
                raise StopIteration
            next(job.turns)
        except StopIteration:
            self._remove(job)
            job.done.set_result(None)
        except Exception as error:  # noqa: BLE001  it reaches the job's owner, and the other jobs continue
            self._remove(job)
            self._on_crash(job, error)
            _let_go(error)
            job.done.set_exception(error)

    def _remove(self, job: Job) -> None:
        with self._changed:
            self._jobs.remove(job)


def _let_go(error: BaseException) -> None:
    """Drop what the frames of an error hold: a kept job would keep a whole run's tensors in memory."""
    seen: set[int] = set()
    chain: list[BaseException | None] = [error]
    while chain:
        each = chain.pop()
        if each is not None and id(each) not in seen:
            seen.add(id(each))
            traceback.clear_frames(each.__traceback__)
            chain += [each.__cause__, each.__context__]
