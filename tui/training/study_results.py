"""What came out of a study, from the margins of the pairs that its runs kept aside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from db import metrics as db_metrics
from db import runs as db_runs
from db import verdicts as db_verdicts
from engine.cross_fit import Drift, Outlook, OutOfFold, choose, drift_problem, outlook
from tui.training.study import FOLDS, MORE, SHARES, Cell, Study

if TYPE_CHECKING:
    from tui.workspace.workspace import Workspace


class StudyResults:
    """Reads the finished runs of a study."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def concluded(self, study: Study) -> Study:
        """The study with what came out, once all of its runs are finished."""
        tried = [self._out_of_fold(study, place) for place in range(len(study.tried))]
        if study.kind == "outlook":
            return replace(study, words=self._outlook(study, tried).words())
        base = Drift(*study.drifts["base"])
        problems = {place: drift_problem(base, Drift(*study.drifts[str(place)])) for place in range(1, len(tried))}
        left_out = {place: problem for place, problem in problems.items() if problem is not None}
        found = choose(tried, study.names, left_out)
        words = found.sentence
        if left_out:
            words += " Left out: " + "; ".join(f"{study.names[place]}: {why}" for place, why in left_out.items()) + "."
        return replace(study, chosen=found.chosen, words=words)

    def _out_of_fold(self, study: Study, tried: int) -> OutOfFold:
        """The margins of the pairs kept aside, from the last epoch of each fold's run."""
        folds = []
        for fold in range(FOLDS):
            run = study.runs[Cell(tried, fold)]
            rows = {row.comparison: row for row in db_verdicts.run_preference_pairs(self._workspace.connection, run)}
            margins: dict[str, list[float]] = {}
            for each in db_metrics.last_margins(self._workspace.connection, run, "eval"):
                row = rows[each.comparison]
                name = f"pair {row.comparison}" if row.ranking is None else f"ranking {row.ranking}"
                margins.setdefault(name, []).append(each.margin or 0.0)
            folds.append(margins)
        return OutOfFold(tuple(folds))

    def _outlook(self, study: Study, tried: Sequence[OutOfFold]) -> Outlook:
        sizes = []
        for place in range(len(SHARES)):
            runs = [study.runs[Cell(place, fold)] for fold in range(FOLDS)]
            trained = [db_runs.get_run(self._workspace.connection, run).train_pairs for run in runs]
            sizes.append(sum(trained) / FOLDS)
        whole = db_runs.get_run(self._workspace.connection, study.runs[Cell(len(SHARES) - 1, 0)])
        return outlook(sizes, tried, whole.train_pairs + whole.eval_pairs, MORE)
