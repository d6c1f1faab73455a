"""The thread that looks at the machine, and what a run keeps of its looks."""

import threading
from collections.abc import Iterator

import pytest

from tui.events import MachineRead, WorkbenchEvent
from tui.machine.figures import FIGURES, known, scale_of, summaries
from tui.machine.monitor import MachineMonitor
from tui.snapshots import MachineReading
from tui.text.format import size_words


class Looking:
    """A monitor that looks all the time, and a count of its looks."""

    def __init__(self) -> None:
        self.looks = threading.Semaphore(0)
        self.monitor = MachineMonitor(lambda _: (), self._hear)

    def _hear(self, published: WorkbenchEvent) -> None:
        assert published == MachineRead()
        self.looks.release()

    def wait(self, looks: int = 1) -> None:
        """Wait for so many looks."""
        for _ in range(looks):
            assert self.looks.acquire(timeout=60)


@pytest.fixture
def looking(monkeypatch: pytest.MonkeyPatch) -> Iterator[Looking]:
    monkeypatch.setattr(MachineMonitor, "every_s", 0.001)
    made = Looking()
    yield made
    made.monitor.end()


def test_each_look_is_published_and_its_own_thread_makes_it(looking: Looking) -> None:
    monitor = looking.monitor
    monitor.begin()
    looking.wait()
    monitor.speed = 900.0
    looking.wait(3)
    assert [each.name for each in threading.enumerate()].count("palate-machine") >= 1
    assert monitor.readings()[-1].tokens_per_second == 900.0
    assert "machine/cpu_use" in monitor.take_summaries()


def test_a_run_that_begins_has_no_readings_of_the_one_before(looking: Looking) -> None:
    monitor = looking.monitor
    monitor.begin()
    looking.wait()
    monitor.speed = 900.0
    monitor.end()
    before = monitor.readings()
    assert before
    monitor.begin()
    assert monitor.speed is None
    assert not set(monitor.readings()) & set(before)


def test_readings_that_a_run_should_not_keep_are_dropped(looking: Looking) -> None:
    monitor = looking.monitor
    monitor.begin()
    looking.wait()
    monitor.end()
    next(each for each in threading.enumerate() if each.name == "palate-machine").join(60)
    monitor.drop_summaries()
    assert monitor.take_summaries() == {}


def test_a_run_keeps_the_mean_the_most_memory_and_the_least_left() -> None:
    first = MachineReading(1.0, "GPU", gpu_use=90.0, memory=10, memory_left=70, power=300.0, tokens_per_second=5.0)
    second = MachineReading(2.0, "GPU", gpu_use=100.0, memory=30, memory_left=50)
    assert summaries([first, second]) == {
        "machine/gpu_use": 95.0,
        "machine/memory": 30.0,
        "machine/memory_left": 50.0,
        "machine/power": 300.0,
    }
    assert summaries([]) == {}


def test_the_figures_are_those_of_the_newest_reading() -> None:
    reading = MachineReading(1.0, "CPU", cpu_use=0.0, memory=1, memory_left=3)
    assert [each.words for each in known([reading])] == ["CPU", "memory", "free memory"]
    assert known([]) == []
    scales = {each.words: scale_of(each, reading) for each in FIGURES}
    assert (scales["CPU"], scales["memory"], scales["free memory"], scales["power"]) == (100.0, 4.0, 4.0, None)


@pytest.mark.parametrize(("number", "words"), [(0, "0 MB"), (949_000_000, "949 MB"), (999_999_999, "1.0 GB")])
def test_memory_below_a_gigabyte_is_said_in_megabytes(number: int, words: str) -> None:
    assert size_words(number) == words
