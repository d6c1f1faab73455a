"""The compute thread: every job that uses torch runs on it.

Two torch jobs at once on the same cores or the same GPU slow each other down, so the scheduler runs one step of work at
a time. A job is a generator; each `next()` on it is one step. Between steps the scheduler asks every job for its
priority and runs a step of the most urgent one.
"""

import threading
import time
import traceback
from collections.abc import Callable, Generator
from concurrent.futures import Future
from dataclasses import dataclass, field
from enum import IntEnum
from heapq import heappop, heappush
from itertools import count

WorkSteps = Generator[None, None, None]
"""A job's steps of work: the generator yields where another job may run."""


class Priority(IntEnum):
    """How urgent the next step of a job is; the smallest number runs first."""

    FIRST = 0
    """Every other job needs it first: the model loads, a run is to end or pause, or a trial runs low."""
    WATCHED = 1
    """A person watches the answers being written."""
    WAITED_FOR = 2
    """A person waits for the result."""
    RUN = 3
    """A training run."""
    IN_ADVANCE = 4
    """The work will be needed soon, but no person waits for it yet."""
    IDLE = 5
    """The job runs when no other job has anything to do."""
    ASLEEP = 6
    """The job runs no step until `Scheduler.wake()` makes the scheduler ask for its priority again."""


@dataclass(eq=False)
class Job:
    """Work for the compute thread.

    The scheduler calls `priority` before every step; the smallest number runs first, and among equals the job that was
    submitted first. `done` resolves to None when the generator ends, or to the exception that it raised.
    """

    name: str
    steps: WorkSteps
    priority: Callable[[], Priority]
    done: Future[None] = field(default_factory=Future)
    number: int = field(default_factory=count().__next__)
    home: "Scheduler | None" = None
    """The scheduler that runs it."""
    ended: bool = False
    """`Scheduler.end` was called: the scheduler closes the generator instead of running its next step."""


class Scheduler:
    """A thread that runs jobs in turns. Jobs may be submitted from any thread.

    `on_crash` is called on that thread with every exception that ended a job, and `on_idle` when there was work and no
    job is awake any more. A second scheduler runs the jobs that wait for servers and never use torch, so that no answer
    of a server waits for the model to load.
    """

    def __init__(
        self,
        on_crash: Callable[[Job, Exception], None],
        name: str = "palate-compute",
        *,
        on_idle: Callable[[], None] = lambda: None,
    ) -> None:
        self._on_crash = on_crash
        self._on_idle = on_idle
        self._jobs: list[Job] = []
        self._changed = threading.Condition()
        self._closing = False
        self._wakes: list[float] = []
        """A heap of the moments at which priorities are asked again though nothing was announced."""
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def submit(self, name: str, steps: WorkSteps, priority: Callable[[], Priority]) -> Job:
        """Add a job; its first step runs when no more urgent job is awake."""
        job = Job(name, steps, priority, home=self)
        with self._changed:
            self._jobs.append(job)
            self._changed.notify_all()
        return job

    def busy_with(self, name: str) -> bool:
        """Whether a job of this name has not ended yet."""
        with self._changed:
            return any(job.name == name for job in self._jobs)

    def end(self, job: Job) -> None:
        """Close the job's generator before its next step, as if it had ended. From any thread, for any scheduler."""
        if job.home is not None and job.home is not self:
            job.home.end(job)
            return
        with self._changed:
            job.ended = True
            self._changed.notify_all()

    def wake(self) -> None:
        """Ask every job for its priority again: one that was asleep may have something to do. From any thread."""
        with self._changed:
            self._changed.notify_all()

    def wake_after(self, seconds: float) -> None:
        """Wake after this many seconds, for a job that sleeps until a moment that no event announces."""
        with self._changed:
            heappush(self._wakes, time.monotonic() + seconds)
            self._changed.notify_all()

    def close(self, timeout_s: float | None = None) -> None:
        """Let the step in progress end, close every job's generator, and wait up to `timeout_s` for the thread."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        if self._thread.is_alive() and threading.current_thread() is not self._thread:
            self._thread.join(timeout_s)

    def _work(self) -> None:
        worked = False
        while not self._closing:
            job = self._next_job(wait=not worked)
            if job is not None:
                self._run_step(job)
            elif worked:
                self._on_idle()
            worked = job is not None
        for job in self._jobs:
            job.steps.close()
            job.done.cancel()

    def _next_job(self, *, wait: bool) -> Job | None:
        """The most urgent job; None where the scheduler closes, or where no job is awake and `wait` is false."""
        with self._changed:
            while not self._closing:
                while self._wakes and self._wakes[0] <= time.monotonic():
                    heappop(self._wakes)
                if ended := [job for job in self._jobs if job.ended]:
                    return ended[0]
                awake = [
                    (priority, job.number, job) for job in self._jobs if (priority := job.priority()) < Priority.ASLEEP
                ]
                if awake:
                    return min(awake)[2]
                if not wait:
                    return None
                self._changed.wait(max(0.0, self._wakes[0] - time.monotonic()) if self._wakes else None)
            return None

    def _run_step(self, job: Job) -> None:
        try:
            if job.ended:
                job.steps.close()
                raise StopIteration
            next(job.steps)
        except StopIteration:
            self._remove(job)
            job.done.set_result(None)
        except Exception as error:  # noqa: BLE001  it reaches the job's owner, and the other jobs continue
            self._remove(job)
            self._on_crash(job, error)
            _release_frames(error)
            job.done.set_exception(error)

    def _remove(self, job: Job) -> None:
        with self._changed:
            self._jobs.remove(job)


def _release_frames(error: BaseException) -> None:
    """Clear the local variables of an error's frames: a job that is kept would keep a whole run's tensors in memory."""
    seen: set[int] = set()
    chain: list[BaseException | None] = [error]
    while chain:
        each = chain.pop()
        if each is not None and id(each) not in seen:
            seen.add(id(each))
            traceback.clear_frames(each.__traceback__)
            chain += [each.__cause__, each.__context__]
