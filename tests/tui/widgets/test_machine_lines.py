"""The machine's figures beside a run, and on the page of one that has ended."""

import dataclasses
import math
import re

import pytest
from textual.app import App, ComposeResult

from tests.screens import text_of
from tests.waiting import until
from tui.runs.curves import RunHistory
from tui.snapshots import MachineReading
from tui.widgets.runs.live_run import LiveRun
from tui.widgets.runs.machine_lines import machine_facts, machine_lines

GB = 10**9
_NAMES = "GPU|CPU|memory|free mem|tokens|heat|power"


def reading(number: int) -> MachineReading:
    return MachineReading(
        float(number),
        "GPU",
        gpu_use=50.0 + number,
        cpu_use=12.0,
        memory=12 * GB,
        memory_left=68 * GB,
        temperature=61.0,
        power=312.0,
        tokens_per_second=5210.0,
    )


def test_at_80_columns_a_card_s_six_figures_take_two_lines_of_three_columns() -> None:
    lines = str(machine_lines([reading(each) for each in range(40)], 78)).splitlines()
    assert len(lines) == 2
    assert all(len(line) <= 78 for line in lines)
    assert [word for word in ("GPU", "memory", "free mem") if word not in lines[0]] == []
    assert [word for word in ("5,210/s", "61 °C", "312 W") if word not in lines[1]] == []


def test_with_more_room_the_processor_is_there_too_and_columns_stay_aligned() -> None:
    lines = str(machine_lines([reading(each) for each in range(40)], 118)).splitlines()
    assert "CPU" in lines[0]
    assert lines[0].index("CPU") == lines[1].index("heat")


@pytest.mark.parametrize("absent", [("power",), ("gpu_use",), ("temperature", "power"), ("tokens_per_second",)])
def test_a_figure_that_a_card_does_not_tell_leaves_no_hole_at_80_columns(absent: tuple[str, ...]) -> None:
    readings = [dataclasses.replace(reading(each), **dict.fromkeys(absent)) for each in range(40)]
    first, second = str(machine_lines(readings, 78)).splitlines()
    upper, lower = ([match.start() for match in re.finditer(_NAMES, line)] for line in (first, second))
    assert len(upper) == 3
    assert lower == upper[: len(lower)]
    assert len(lower) >= 2


def test_one_reading_is_a_line_of_one_sign() -> None:
    assert str(machine_lines([MachineReading(1.0, "CPU", cpu_use=100.0)], 78)).split() == ["CPU", "100", "%", "█"]


@pytest.mark.parametrize("readings", [[], [MachineReading(1.0, "CPU")]])
def test_without_figures_there_is_nothing(readings: list[MachineReading]) -> None:
    assert str(machine_lines(readings, 78)) == ""
    assert list(machine_facts(readings, RunHistory(), 4)) == []


def test_the_page_of_an_ended_run_has_its_means_and_extremes_with_their_curves() -> None:
    history = RunHistory()
    history.take("machine/gpu_use", [1, 2, 4], [50.0, 100.0, None])
    history.take("machine/memory", [1, 2, 4], [1.5 * GB, 2.5 * GB, 2 * GB])
    facts = [str(each) for each in machine_facts([], history, 4)]
    assert [line.split() for line in facts] == [
        ["GPU", "mean", "75", "%", "▅█"],
        ["memory", "most", "2.5", "GB", "▅█", "▇"],
    ]


def test_a_figure_that_was_never_finite_is_absent() -> None:
    history = RunHistory()
    history.take("machine/power", [1], [math.nan])
    assert list(machine_facts([], history, 1)) == []


class LiveRunApp(App[None]):
    """A live run's figures, drawn once before the first layout."""

    def compose(self) -> ComposeResult:
        yield LiveRun()

    def on_mount(self) -> None:
        self.query_one(LiveRun).show_machine([reading(each) for each in range(40)])


async def test_figures_that_were_drawn_before_the_first_layout_take_the_whole_width_after_it() -> None:
    app = LiveRunApp()
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: "power" in text_of(app))
