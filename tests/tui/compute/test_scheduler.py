"""The scheduler runs the most urgent job, outlives errors, and closes what is left."""

import threading
import time
import weakref
from collections.abc import Iterator

import pytest

from tui.compute.scheduler import Job, Priority, Scheduler, WorkSteps


@pytest.fixture
def crashes() -> list[tuple[str, Exception]]:
    return []


@pytest.fixture
def scheduler(crashes: list[tuple[str, Exception]]) -> Iterator[Scheduler]:
    scheduler = Scheduler(lambda job, error: crashes.append((job.name, error)))
    yield scheduler
    scheduler.close()


def noting(order: list[str], word: str, steps: int) -> WorkSteps:
    for _ in range(steps):
        order.append(word)
        yield


def finished(job: Job) -> None:
    job.done.result(timeout=60)


def test_the_most_urgent_job_goes_first(scheduler: Scheduler) -> None:
    order: list[str] = []
    slow = scheduler.submit("ahead", noting(order, "ahead", 2), lambda: Priority.IN_ADVANCE)
    run = scheduler.submit("run", noting(order, "run", 2), lambda: Priority.RUN)
    scheduler.start()
    finished(slow)
    finished(run)
    assert order == ["run", "run", "ahead", "ahead"]


def test_urgency_is_asked_again_before_every_step(scheduler: Scheduler) -> None:
    order: list[str] = []
    answers = scheduler.submit(
        "answers",
        noting(order, "answers", 3),
        lambda: Priority.WAITED_FOR if order.count("answers") < 2 else Priority.IN_ADVANCE,
    )
    run = scheduler.submit("run", noting(order, "run", 2), lambda: Priority.RUN)
    scheduler.start()
    finished(answers)
    finished(run)
    assert order == ["answers", "answers", "run", "run", "answers"]


def test_an_error_ends_its_job_alone(scheduler: Scheduler, crashes: list[tuple[str, Exception]]) -> None:
    def broken() -> WorkSteps:
        yield
        raise ValueError("no")

    order: list[str] = []
    bad = scheduler.submit("bad", broken(), lambda: Priority.WAITED_FOR)
    good = scheduler.submit("good", noting(order, "good", 2), lambda: Priority.RUN)
    scheduler.start()
    finished(good)
    assert isinstance(bad.done.exception(timeout=60), ValueError)
    assert [(name, str(error)) for name, error in crashes] == [("bad", "no")]
    assert order == ["good", "good"]
    assert not scheduler.busy_with("bad")


class Tensor:
    """Stands for what a run holds in memory."""


def test_a_job_that_crashed_holds_nothing_of_what_it_computed(scheduler: Scheduler) -> None:
    held: list[weakref.ref[Tensor]] = []

    def compute() -> None:
        activations = Tensor()
        held.append(weakref.ref(activations))
        try:
            raise MemoryError("no room for the next layer")
        except MemoryError as error:
            raise RuntimeError("the layer failed") from error

    def broken() -> WorkSteps:
        weights = Tensor()
        held.append(weakref.ref(weights))
        yield
        compute()

    scheduler.start()
    job = scheduler.submit("broken", broken(), lambda: Priority.RUN)
    error = job.done.exception(timeout=60)
    assert str(error) == "the layer failed"  # the owner of the job still gets the error
    assert [each() for each in held] == [None, None]


def test_closing_closes_the_generators_on_the_compute_thread() -> None:
    where: list[str] = []

    def endless() -> WorkSteps:
        try:
            while True:
                yield
        finally:
            where.append(threading.current_thread().name)

    scheduler = Scheduler(lambda *_: None)
    job = scheduler.submit("endless", endless(), lambda: Priority.RUN)
    scheduler.start()
    scheduler.close(timeout_s=5)
    assert where == ["palate-compute"]
    assert job.done.cancelled()


def test_a_job_may_submit_another(scheduler: Scheduler) -> None:
    order: list[str] = []
    later: list[Job] = []

    def first() -> WorkSteps:
        later.append(scheduler.submit("second", noting(order, "second", 1), lambda: Priority.RUN))
        yield

    scheduler.start()
    finished(scheduler.submit("first", first(), lambda: Priority.RUN))
    finished(later[0])
    assert order == ["second"]


def test_a_job_that_is_asleep_runs_no_step_until_it_is_woken() -> None:
    scheduler = Scheduler(lambda _job, _error: None)
    news, steps = threading.Event(), []

    def sleeper() -> WorkSteps:
        steps.append("sleeper")
        yield

    def worker() -> WorkSteps:
        for _ in range(3):
            steps.append("worker")
            yield

    asleep = scheduler.submit("sleeper", sleeper(), lambda: Priority.WAITED_FOR if news.is_set() else Priority.ASLEEP)
    busy = scheduler.submit("worker", worker(), lambda: Priority.IN_ADVANCE)
    scheduler.start()
    try:
        busy.done.result(timeout=60)
        assert steps == ["worker"] * 3
        news.set()
        scheduler.wake()
        asleep.done.result(timeout=60)
        assert steps[-1] == "sleeper"
    finally:
        scheduler.close()


def test_a_job_that_rests_is_woken_by_the_clock_and_no_thread_waits_for_it(scheduler: Scheduler) -> None:
    scheduler.start()
    before, rests_until = threading.active_count(), time.monotonic() + 0.2
    for seconds in (60.0, 0.2, 30.0):
        scheduler.wake_after(seconds)
    order: list[str] = []
    job = scheduler.submit(
        "rest",
        noting(order, "rest", 1),
        lambda: Priority.ASLEEP if time.monotonic() < rests_until else Priority.IDLE,
    )
    assert threading.active_count() == before
    finished(job)
    assert order == ["rest"]


def test_the_end_of_all_work_is_told_once_and_again_after_more_work() -> None:
    order: list[str] = []
    idle = threading.Semaphore(0)

    def on_idle() -> None:
        order.append("idle")
        idle.release()

    scheduler = Scheduler(lambda *_: None, on_idle=on_idle)
    for word in ("first", "second"):
        scheduler.submit(word, noting(order, word, 2), lambda: Priority.RUN)
    scheduler.start()
    try:
        assert idle.acquire(timeout=60)
        scheduler.wake()  # nothing has come
        finished(scheduler.submit("third", noting(order, "third", 1), lambda: Priority.RUN))
        assert idle.acquire(timeout=60)
        assert order == ["first", "first", "second", "second", "idle", "third", "idle"]
    finally:
        scheduler.close()


def test_what_comes_while_the_idle_thread_is_told_runs() -> None:
    order: list[str] = []
    submitted: list[Job] = []

    def on_idle() -> None:
        if not submitted:
            submitted.append(scheduler.submit("late", noting(order, "late", 1), lambda: Priority.RUN))

    scheduler = Scheduler(lambda *_: None, on_idle=on_idle)
    finished_first = scheduler.submit("first", noting(order, "first", 1), lambda: Priority.RUN)
    scheduler.start()
    try:
        finished(finished_first)
        while not submitted:
            time.sleep(0.001)
        finished(submitted[0])
        assert order == ["first", "late"]
    finally:
        scheduler.close()
