"""The four charts of a run: loss, margin, accuracy, and the rewards of chosen and rejected answers."""

from collections.abc import Callable, Iterable
from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.containers import Grid
from textual_hires_canvas import HiResMode

from tui.runs.curves import RunHistory
from tui.text.format import percent, signed
from tui.text.sparkline import EIGHTHS, HALVES
from tui.widgets.charts.chart import Chart, Series

_FINENESS: Final = (HiResMode.BRAILLE, HiResMode.QUADRANT, HiResMode.HALFBLOCK)
_DRAWN: Final = ("loss", *(f"rewards/{word}" for word in ("margins", "accuracies", "chosen", "rejected")))
CHART_METRICS: Final = (*_DRAWN, *(f"eval_{name}" for name in _DRAWN), "epoch", "pairs_per_second")
"""The metrics that these charts and the line above them need."""


def next_fineness(charts: Iterable[Chart]) -> str:
    """Draw charts with the next kind of blocks, for fonts that lack one; returns its name."""
    mode = _FINENESS[(_FINENESS.index(Chart.resolution) + 1) % len(_FINENESS)]
    for chart in charts:
        chart.set_resolution(mode)
    return mode.name.lower()


def spark_signs() -> str:
    """The characters of a curve in a few cells, from those that charts are drawn with."""
    return HALVES if Chart.resolution is HiResMode.HALFBLOCK else EIGHTHS


def percents(shares: list[float]) -> list[str]:
    """The ticks of an axis of shares."""
    return [percent(share) for share in shares]


class RunCharts(Grid):
    """Draws a `RunHistory`; the evaluation's points have the same axes as the training's."""

    def compose(self) -> ComposeResult:
        """Two by two, in reading order."""
        yield Chart("loss", id="chart-loss")
        yield Chart("margin", write=signed, floor=0, id="chart-margin")
        yield Chart("accuracy", write=percent, labels=percents, floor=0, ceiling=1, id="chart-accuracy")
        yield Chart("rewards", write=signed, floor=0, id="chart-rewards")

    def draw(self, history: RunHistory, total_steps: int) -> None:
        """Show the history of a run of `total_steps` steps."""
        for chart, metric in (("loss", "loss"), ("margin", "rewards/margins"), ("accuracy", "rewards/accuracies")):
            trained = Series("train", "train", *history.series(metric))
            evaluated = Series("eval", "eval", *history.series(f"eval_{metric}"), evaluated=True)
            self.query_one(f"#chart-{chart}", Chart).draw((trained, evaluated), total_steps)
        rewards = []
        for word in ("chosen", "rejected"):
            rewards.append(Series(word, word, *history.series(f"rewards/{word}")))
            rewards.append(Series("", word, *history.series(f"eval_rewards/{word}"), evaluated=True))
        self.query_one("#chart-rewards", Chart).draw(rewards, total_steps)

    def next_fineness(self) -> str:
        """Draw all charts with the next kind of blocks, for fonts that lack one; returns its name."""
        return next_fineness(self.query(Chart))


class DrawThrottle:
    """Calls `draw` after changes: at once after a pause, and at most once in `every_s` seconds.

    Without changes no timer runs.
    """

    every_s: ClassVar[float] = 1.0

    def __init__(self, start: Callable[[float, Callable[[], None]], object], draw: Callable[[], None]) -> None:
        """`start` is a widget's `set_timer`."""
        self._start, self._draw = start, draw
        self._resting = self._due = False

    def news(self) -> None:
        """Something changed."""
        if self._resting:
            self._due = True
            return
        self._resting = True
        self._start(self.every_s, self._rested)
        self._draw()

    def _rested(self) -> None:
        self._resting = False
        if self._due:
            self._due = False
            self.news()
