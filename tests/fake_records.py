"""What past runs left behind, out of figures in memory: for the workbench in memory."""

from collections.abc import Callable, Iterable

from db.run_rows import MetricRow, RunRow
from tui.runs.curves import RunHistory
from tui.runs.history import SPARK_CELLS, EpochMargins
from tui.text.sparkline import in_cells


class FakeRecords:
    """Reads what `figures` gives of a run; the epoch margins of `margins`."""

    def __init__(self, figures: Callable[[int], list[MetricRow]]) -> None:
        self._figures = figures
        self.margins: dict[int, EpochMargins] = {}
        self.general_texts: dict[int, tuple[float, float]] = {}

    def metric_names(self, run: int) -> list[str]:
        """What a run recorded."""
        return sorted({row.name for row in self._figures(run)})

    def history(self, run: int, names: Iterable[str]) -> RunHistory:
        """These metrics of a run."""
        history, wanted = RunHistory(), set(names)
        for row in self._figures(run):
            if row.name in wanted:
                history.add(row.step, {row.name: row.value})
        return history

    def spark(self, run: RunRow) -> list[float | None]:
        """The loss in a few means."""
        rows = [row for row in self._figures(run.id) if row.name == "loss"]
        last = max(run.step, run.total_steps or 0)
        return in_cells([row.step for row in rows], [row.value for row in rows], last, SPARK_CELLS)

    def general_text(self, run: int) -> tuple[float, float] | None:
        """What the test says."""
        return self.general_texts.get(run)

    def epoch_margins(self, run: int) -> EpochMargins:
        """The pairs that stay wrong."""
        return self.margins.get(run, EpochMargins(0, 0, ()))
