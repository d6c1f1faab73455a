"""The number of threads for answers, by a clock that the test turns: no test here waits."""

import pytest
import torch

from engine.answer_threads import AnswerThreads


class Machine:
    """Steps that take as long as the machine is busy; one thread is never held up by another."""

    def __init__(self) -> None:
        self.at = 0.0
        self.busy = False
        self.threads = AnswerThreads(2, clock=lambda: self.at)
        self.used: list[int] = []

    def steps(self, number: int, rows: int = 2) -> list[int]:
        """Take steps, and give the number of threads that each had."""
        used = []
        for _ in range(number):
            with self.threads.step(rows):
                used.append(torch.get_num_threads())
                self.at += 2.0 if self.busy and used[-1] > 1 else 0.03 if used[-1] == 1 else 0.02
        return used


@pytest.fixture
def machine() -> Machine:
    return Machine()


def test_a_quiet_machine_keeps_all_threads(machine: Machine) -> None:
    before = torch.get_num_threads()
    assert machine.steps(4) == [2, 2, 1, 1]  # the first steps compare
    assert set(machine.steps(500)) == {2}
    assert set(machine.steps(20, rows=16)) == {2}
    assert torch.get_num_threads() == before


def test_steps_that_take_several_times_their_usual_time_give_up_threads_and_get_them_back(machine: Machine) -> None:
    machine.steps(100)
    machine.busy = True
    assert machine.steps(3) == [2, 2, 1]
    used = machine.steps(1000)
    assert used.count(2) <= 5  # all threads are tried now and then, more and more seldom
    machine.busy = False
    machine.steps(2100)
    assert set(machine.steps(100)) == {2}


def test_a_machine_that_is_busy_from_the_start_is_noticed(machine: Machine) -> None:
    machine.busy = True
    assert machine.steps(5) == [2, 2, 1, 1, 1]


def test_one_slow_step_changes_nothing(machine: Machine) -> None:
    machine.steps(100)
    machine.busy = True
    machine.steps(1)
    machine.busy = False
    assert set(machine.steps(10)) == {2}


def test_the_number_is_as_before_after_an_error(machine: Machine) -> None:
    before = torch.get_num_threads()
    with pytest.raises(RuntimeError), machine.threads.step(2):
        raise RuntimeError("no memory")
    assert torch.get_num_threads() == before
