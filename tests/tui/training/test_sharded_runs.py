"""Runs whose processes share the base's layers: the same adapter as of one process, by the plain method."""

import os
import re
import signal
from collections.abc import Callable
from dataclasses import replace

import pytest

from engine.errors import SettingError
from tests.tui.training.test_devices import (  # noqa: F401  fixtures
    ALONE,
    CONFIG,
    ended,
    figures,
    opened,
    prepared,
    reach,
    run_alone,
    until,
    workers,
)
from tui.workbench import Workbench

pytestmark = pytest.mark.xdist_group("devices")

PLAIN = replace(ALONE, scoring="plain", batch_size=5)  # an odd number, so that a process has no pair in a round
SHARDED = replace(CONFIG, shard="on", scoring="plain", batch_size=5)

HELD = 65  # per cent: half of the layers' 18,560 weights, and all of the embedding's 8,288 and the last norm's 32


def log_of(workbench: Workbench, run: int) -> str:
    return " ".join(line.text for line in workbench.run_log(run))


def test_processes_that_share_the_base_come_to_the_adapter_of_one(opened: Callable[[], Workbench]) -> None:  # noqa: F811
    workbench = opened()
    expected = run_alone(workbench, PLAIN)
    run = workbench.trainer.start(SHARDED, name="both")
    assert ended(workbench, run) == expected
    assert figures(workbench, run) == figures(workbench, 1)
    log = log_of(workbench, run)
    assert "each device holds a share of the base's layers" in log
    found = re.search(r"each process holds (\d+)% of the", log)
    assert found is not None
    assert int(found[1]) == HELD
    with pytest.raises(SettingError, match="several devices"):
        workbench.trainer.start(replace(PLAIN, shard="on"))


@pytest.mark.long
def test_layers_computed_twice_are_gathered_twice_and_give_the_same_bytes(
    opened: Callable[[], Workbench],  # noqa: F811
) -> None:
    workbench = opened()
    expected = run_alone(workbench, PLAIN)
    run = workbench.trainer.start(replace(SHARDED, gradient_checkpointing="on"), name="both")
    assert ended(workbench, run) == expected
    again = workbench.trainer.start(replace(SHARDED, devices="cpu,cpu,cpu"), name="three")
    assert ended(workbench, again) == expected


@pytest.mark.long
def test_a_sharded_run_continues_an_adapter_and_holds_to_it(opened: Callable[[], Workbench]) -> None:  # noqa: F811
    workbench = opened()
    run_alone(workbench, PLAIN)
    continued = workbench.trainer.start(replace(PLAIN, seed=7), name="next", from_adapter="alone")
    expected = ended(workbench, continued)
    run = workbench.trainer.start(replace(SHARDED, seed=7), name="both", from_adapter="alone")
    assert ended(workbench, run) == expected
    assert figures(workbench, run) == figures(workbench, continued)


@pytest.mark.long
@pytest.mark.parametrize("rank", [0, 1])
def test_a_killed_process_interrupts_a_sharded_run_which_ends_the_same(
    opened: Callable[[], Workbench],  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
    rank: int,
) -> None:
    monkeypatch.setenv("TEST_OWNER", str(os.getpid()))
    workbench = opened()
    expected = run_alone(workbench, replace(PLAIN, epochs=8))
    run = workbench.trainer.start(replace(SHARDED, epochs=8), name="both")
    reach(workbench, 3)
    os.kill(workers()[rank], signal.SIGKILL)
    until(lambda: workbench.run(run).status == "interrupted")
    error = workbench.run(run).error
    assert error is not None
    assert f"Process {rank + 1} of 2, on cpu, was killed" in error
    until(lambda: not workers())
    workbench.trainer.resume(run)
    assert ended(workbench, run) == expected


@pytest.mark.long
def test_a_run_is_resumed_sharded_on_one_device_and_sharded(opened: Callable[[], Workbench]) -> None:  # noqa: F811
    workbench = opened()
    expected = run_alone(workbench, replace(PLAIN, epochs=16))
    run = workbench.trainer.start(replace(SHARDED, epochs=16), name="both")
    for changes, step in (
        ({"devices": None, "shard": "auto"}, 3),
        ({"devices": "cpu,cpu", "shard": "off"}, 10),
        ({"devices": "cpu,cpu", "shard": "on"}, 16),
    ):
        reach(workbench, step)
        workbench.trainer.leave()
        assert workbench.run(run).status == "interrupted"
        workbench.close()
        workbench = opened()
        workbench.trainer.resume(run, changes)
    assert ended(workbench, run) == expected
    assert "not exact" not in log_of(workbench, run)
