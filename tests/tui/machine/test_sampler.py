"""Looks at this machine, and at a machine with a card."""

import os
import subprocess
import sys

import pytest

from tests.tui.machine.test_nvidia import GB, driver  # noqa: F401
from tui.machine import sampler as module
from tui.machine.sampler import MachineSampler


def test_a_look_at_a_processor_gives_its_use_and_the_memory_of_the_process() -> None:
    reading = MachineSampler(os.getpid(), ()).read()
    assert reading.device == "CPU"
    assert reading.cpu_use is not None
    assert 0 <= reading.cpu_use <= 100
    assert reading.memory is not None
    assert reading.memory > 10**7
    assert reading.memory_left is not None
    assert (reading.gpu_use, reading.power) == (None, None)


@pytest.mark.usefixtures("driver")
def test_a_look_at_a_card_gives_the_card_s_memory() -> None:
    reading = MachineSampler(os.getpid(), ("aaaa",)).read()
    assert (reading.device, reading.gpu_use, reading.memory, reading.memory_left) == ("GPU", 97.0, 12 * GB, 68 * GB)
    assert (reading.temperature, reading.power) == (61.0, 312.0)
    assert MachineSampler(None, None).read().device == "2 GPUs"


def test_a_process_that_has_ended_has_no_memory() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    look = MachineSampler(child.pid, ())
    assert look.read().memory is not None
    child.communicate(b"\n")
    assert look.read().memory is None


def test_a_system_without_sensors_has_no_temperature(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(module.psutil, "sensors_temperatures")
    assert MachineSampler(None, ()).read().temperature is None


def test_the_memory_of_processes_that_compute_for_a_run_counts_as_well() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        alone, both = (MachineSampler(os.getpid(), (), children=each).read().memory for each in (False, True))
        child.communicate(b"\n")
    assert alone is not None
    assert both is not None
    assert both > alone + 10**6
