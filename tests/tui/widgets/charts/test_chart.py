"""The chart: gaps stay gaps, the legend tells the newest values, and every fineness draws."""

import itertools

import numpy as np
import pytest
from rich.color import Color, ColorSystem
from textual.app import App, ComposeResult
from textual_hires_canvas import Canvas, HiResMode

from tests.screens import text_of, until
from tui.runs.curves import RunHistory
from tui.text.format import percent
from tui.theme import DARK
from tui.widgets.charts.chart import Chart, Series
from tui.widgets.charts.plot import TONES, Plot, resolution_from_environment, step_labels
from tui.widgets.charts.run_charts import DrawThrottle, RunCharts


class ChartApp(App[None]):
    """One chart and nothing else."""

    CSS_PATH = "../../../../tui/widgets/charts/chart.tcss"

    def __init__(self, chart: Chart | RunCharts) -> None:
        super().__init__()
        self.register_theme(DARK)
        self.theme = DARK.name
        self.chart = chart

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return DARK.variables

    def compose(self) -> ComposeResult:
        yield self.chart


@pytest.fixture(autouse=True)
def braille(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests start from the same dots, whatever the terminal that runs them."""
    monkeypatch.setattr(Chart, "resolution", HiResMode.BRAILLE)


def line(values: list[float], **changes: object) -> Series:
    """A series over the steps 1, 2, …"""
    steps = np.arange(1.0, len(values) + 1)
    return Series(**{"label": "train", "tone": "train", "steps": steps, "values": np.array(values), **changes})


def drawn_columns(app: ChartApp, characters: range) -> set[int]:
    """The columns of the plot in which one of `characters` stands."""
    canvas = app.query_one(Plot).query_one("#plot", Canvas)
    width, height = canvas.size
    return {x for x in range(width) for y in range(height) if ord(canvas.get_pixel(x, y)[0]) in characters}


BRAILLE = range(0x2801, 0x2900)
BLOCKS = range(0x2580, 0x25A0)


async def test_the_legend_stands_above_the_data_with_the_newest_values() -> None:
    app = ChartApp(Chart("loss"))
    async with app.run_test(size=(60, 14)) as pilot:
        evaluated = line([0.7, 0.65], label="eval", tone="eval", evaluated=True)
        app.chart.draw([line([0.6931, 0.5, 0.4123]), evaluated], 10)
        await until(pilot, lambda: "━ train 0.412" in text_of(app))
        first = text_of(app).splitlines()[0]
        assert first.strip() == "loss  ━ train 0.412  • eval 0.650"
        assert "step 0" in text_of(app).splitlines()[-1]


async def test_a_value_that_is_not_a_number_is_a_gap_and_is_told() -> None:
    app = ChartApp(Chart("loss"))
    async with app.run_test(size=(60, 14)) as pilot:
        app.chart.draw([line([0.5] * 10 + [np.nan] * 20 + [0.5] * 10 + [np.inf], evaluated=True)], 41)
        await until(pilot, lambda: bool(drawn_columns(app, BRAILLE)))
        columns = sorted(drawn_columns(app, BRAILLE))
        widest = max(after - before for before, after in itertools.pairwise(columns))
        assert widest > 15  # 20 of 41 steps over some 50 columns
        assert "eval" not in text_of(app)
        assert "not a number" in text_of(app)


async def test_ten_thousand_points_are_drawn_with_their_peak() -> None:
    values = np.zeros(10_000)
    values[6000] = 50.0
    app = ChartApp(Chart("loss"))
    async with app.run_test(size=(80, 24)) as pilot:
        app.chart.draw([line(list(values), evaluated=True)], 10_000)
        await until(pilot, lambda: bool(drawn_columns(app, BRAILLE)))
        canvas = app.query_one(Plot).query_one("#plot", Canvas)
        upper = {x for x in range(canvas.size.width) if ord(canvas.get_pixel(x, 3)[0]) in BRAILLE}
        assert len(upper) in (1, 2)


@pytest.mark.parametrize("mode", [HiResMode.QUADRANT, HiResMode.HALFBLOCK])
async def test_fonts_without_braille_get_blocks(mode: HiResMode) -> None:
    app = ChartApp(Chart("loss"))
    async with app.run_test(size=(60, 14)) as pilot:
        app.chart.draw([line([0.7, 0.5, 0.4])], 3)
        await until(pilot, lambda: bool(drawn_columns(app, BRAILLE)))
        app.chart.set_resolution(mode)
        await until(pilot, lambda: bool(drawn_columns(app, BLOCKS)))
        assert not drawn_columns(app, BRAILLE)


def test_the_fineness_comes_from_the_environment_or_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("PALATE_CURVES", raising=False)
    assert resolution_from_environment() is HiResMode.BRAILLE
    monkeypatch.setenv("TERM", "linux")
    assert resolution_from_environment() is HiResMode.HALFBLOCK
    monkeypatch.setenv("PALATE_CURVES", "Quadrant")
    assert resolution_from_environment() is HiResMode.QUADRANT


async def test_marks_stand_on_the_height_of_their_tick() -> None:
    app = ChartApp(Chart("accuracy", floor=0, ceiling=1))
    async with app.run_test(size=(60, 20)) as pilot:
        app.chart.draw([line([0.4, 0.4], evaluated=True)], 2)
        await until(pilot, lambda: "•" in text_of(app).split("\n", 1)[1])
        rows = text_of(app).splitlines()[1:]
        assert [row for row in rows if "0.4" in row] == [row for row in rows if "•" in row]


@pytest.mark.parametrize("value", [0.5, 0.0, -3.0, 1e-9, 2e6])
async def test_one_value_alone_is_drawn_whatever_it_is(value: float) -> None:
    app = ChartApp(Chart("loss"))
    async with app.run_test(size=(60, 14)) as pilot:
        app.chart.draw([line([value])], 10)
        await until(pilot, lambda: bool(drawn_columns(app, BRAILLE)))


async def test_a_chart_takes_no_focus_and_draws_no_axis_values_without_data() -> None:
    app = ChartApp(Chart("loss"))
    async with app.run_test(size=(60, 14)) as pilot:
        await pilot.press("tab")
        assert app.focused is None
        app.chart.draw([], 20)
        await until(pilot, lambda: "20" in text_of(app))
        assert "0.5" not in text_of(app)


async def test_a_plot_too_small_for_axes_is_left_empty() -> None:
    app = ChartApp(Chart("loss"))
    async with app.run_test(size=(9, 4)) as pilot:
        app.chart.draw([line([0.7, 0.5])], 2)
        await pilot.pause()
        assert "loss" in text_of(app)


async def test_a_narrow_legend_drops_evaluations_before_it_cuts() -> None:
    app = ChartApp(Chart("rewards", write="{:+.2f}".format))
    async with app.run_test(size=(40, 12)) as pilot:
        series = [
            line([0.1, 0.63], label="chosen", tone="chosen"),
            line([0.5], label="", tone="chosen", evaluated=True),
            line([0.0, -0.42], label="rejected", tone="rejected"),
            line([-0.3], label="", tone="rejected", evaluated=True),
        ]
        app.chart.draw(series, 2)
        await until(pilot, lambda: "+0.63" in text_of(app))
        assert text_of(app).splitlines()[0].strip() == "rewards ━ chosen +0.63 ━ rejected -0.42"


async def test_the_four_charts_of_a_run_name_what_the_engine_measures() -> None:
    history = RunHistory()
    history.add(1, {"loss": 0.6931, "rewards/margins": 0.0, "rewards/accuracies": 0.0})
    history.add(2, {"loss": 0.5, "rewards/margins": 0.42, "rewards/accuracies": 0.75, "rewards/chosen": 0.3})
    history.add(2, {"rewards/rejected": -0.12, "eval_loss": 0.61})
    app = ChartApp(RunCharts())
    async with app.run_test(size=(120, 30)) as pilot:
        app.chart.draw(history, 10)
        await until(pilot, lambda: "━ train 75 %" in text_of(app))
        shown = text_of(app)
        for words in ("• eval 0.610", "━ train +0.42", "━ chosen +0.30", "━ rejected -0.12", "100 %"):
            assert words in shown


def test_steps_are_whole_and_the_first_says_its_unit() -> None:
    assert step_labels([0.0, 1000.0]) == ["step 0", "1,000"]
    assert step_labels([0.0, 0.5, 1.0]) == ["step 0", "", "1"]
    assert step_labels([]) == []
    assert percent(0.875) == "88 %"


def test_the_pace_draws_at_once_and_then_once_a_second() -> None:
    timers: list[tuple[float, object]] = []
    drawn: list[int] = []
    pace = DrawThrottle(lambda after, then: timers.append((after, then)), lambda: drawn.append(1))
    pace.news()
    pace.news()
    pace.news()
    assert (len(drawn), len(timers)) == (1, 1)
    assert timers[0][0] == 1.0
    timers[0][1]()  # type: ignore[operator]
    assert (len(drawn), len(timers)) == (2, 2)
    timers[1][1]()  # type: ignore[operator]
    assert (len(drawn), len(timers)) == (2, 2), "without news nothing ticks"


def test_the_tones_of_legend_and_plot_are_the_same() -> None:
    assert {f"plot--{tone}" for tone in TONES} == Plot.COMPONENT_CLASSES - {"plot--raw", "plot--cross"}


async def test_sixteen_colours_tell_the_curves_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    app = ChartApp(RunCharts())
    monkeypatch.setattr(type(app.console), "color_system", "standard")
    async with app.run_test(size=(80, 24)):
        inks = {tone: app.query(Plot).first().ink(tone) for tone in ("train", "eval", "chosen", "rejected", "raw")}
        sixteen = {Color.parse(ink).downgrade(ColorSystem.STANDARD).number for ink in inks.values()}
        assert sixteen == {11, 15, 10, 9, 8}
