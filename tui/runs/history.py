"""The records of past runs for screens and commands: curves, sparklines, and the epoch margins of pairs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from db import metrics as db_metrics
from db import preference_counts as db_preference_counts
from db.comparisons import get_comparison
from db.run_rows import RunRow
from tui.runs.curves import RunHistory
from tui.text.sparkline import in_cells, sampled_steps

if TYPE_CHECKING:
    from tui.workspace.workspace import Workspace


SPARK_CELLS: Final = 8
_POINTS_A_CELL: Final = 4
"""A sparkline reads this many steps for each of its cells, whatever the length of the run."""
MISRANKED_LINES: Final = 6
"""A run's page shows at most this many misranked pairs; all of them can be judged again."""


@dataclass(frozen=True)
class MisrankedPair:
    """A pair that the run's adapter ranks the wrong way: its margins by epoch (None: not known), the last one below 0.

    `prompt` is the first line of its prompt for the first few pairs of a run; else empty.
    """

    comparison: int
    split: str
    margins: tuple[float | None, ...]
    prompt: str = ""

    @property
    def wrong(self) -> int:
        """The number of epochs in which the adapter ranked it the wrong way."""
        return sum(margin is not None and margin < 0 for margin in self.margins)


@dataclass(frozen=True)
class EpochMargins:
    """The pairs of `known` that are misranked after the last of `epochs`, the lowest margin first."""

    known: int
    epochs: int
    pairs: tuple[MisrankedPair, ...]


class RunRecords:
    """Reads curves and epoch margins. Each call reads only the part of a run that it returns."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._sparks: dict[int, tuple[int, list[float | None]]] = {}

    def metric_names(self, run: int) -> list[str]:
        """The names of the metrics that a run recorded."""
        return db_metrics.metric_names(self._workspace.connection, run)

    def history(self, run: int, names: Iterable[str]) -> RunHistory:
        """These metrics of a run, at every step."""
        history = RunHistory()
        for name in names:
            history.take(name, *db_metrics.curve(self._workspace.connection, run, name))
        return history

    def spark(self, run: RunRow) -> list[float | None]:
        """The loss of a run as `SPARK_CELLS` means of a few steps each, read again when the run has a new step."""
        kept = self._sparks.get(run.id)
        if kept is not None and kept[0] == run.step:
            return kept[1]
        steps = sampled_steps(run.step, SPARK_CELLS * _POINTS_A_CELL)
        curve = db_metrics.some_points(self._workspace.connection, run.id, "loss", steps)
        # A live run fills its line from the left.
        cells = in_cells(*curve, max(run.step, run.total_steps or 0), SPARK_CELLS) if run.step else []
        self._sparks[run.id] = run.step, cells
        return cells

    def general_text(self, run: int) -> tuple[float, float] | None:
        """Nats a token of the general text before and after a run; None where one of them is not known."""
        return db_metrics.general_text(self._workspace.connection, run)

    def epoch_margins(self, run: int) -> EpochMargins:
        """The misranked pairs. Those judged again since then, or taken out of training, are left out."""
        connection = self._workspace.connection
        by_pair: dict[int, dict[int, float | None]] = {}
        for row in db_metrics.run_margins(connection, run):
            by_pair.setdefault(row.comparison, {})[row.epoch] = row.margin
        epochs = max((max(margins) for margins in by_pair.values()), default=0)
        pairs = []
        for place, missed in enumerate(db_preference_counts.missed_pairs(connection, run)):
            margins = tuple(by_pair[missed.comparison].get(epoch + 1) for epoch in range(epochs))
            line = get_comparison(connection, missed.comparison).prompt.first_line if place < MISRANKED_LINES else ""
            pairs.append(MisrankedPair(missed.comparison, missed.split, margins, line))
        return EpochMargins(db_preference_counts.count_margins(connection, run), epochs, tuple(pairs))
