"""The judges of a workspace and what each is worth, read for its owner and for a process beside it. No Textual here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from db import judge_records as db_records
from db import judges as db_judges
from db import models as db_models
from db import repeats as db_repeats
from db.judge_records import ExampleRow, MeasuredRow
from db.judges import JudgeRow
from tui.analysis.agreement import Agreement, agreement
from tui.errors import InputError
from tui.judges.figures import JudgeFigures, figures_of, own_word
from tui.judges.work import JudgeProgress
from tui.workspace.servers import ServerList
from tui.workspace.workspace import Workspace

EXAMPLES, ANSWER_TOKENS = "examples", "answer_tokens"
"""A judge's settings: the verdicts that it is shown as examples, and the longest answer in tokens."""


@dataclass(frozen=True)
class JudgeView:
    """A judge with its figures. `where` is its server's name, "here", or "program"; `model` the model's name."""

    row: JudgeRow
    where: str
    model: str
    figures: JudgeFigures

    @property
    def name(self) -> str:
        """Its name."""
        return self.row.name

    @property
    def examples(self) -> tuple[int, ...]:
        """The verdicts that it is shown as examples, by id."""
        return examples_of(self.row)

    @property
    def problem(self) -> str | None:
        """Why it decides no trial; None where it may."""
        return self.figures.problem


class JudgeRecords:
    """Reads judges and their figures."""

    progress: JudgeProgress | None = None
    """What a judge does now beside the person; None without one, and where another process owns the workspace."""
    failure: str = ""
    """Why a judge's last work beside the person failed; empty where it did not."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace, self._servers = workspace, ServerList(workspace)

    def listed(self) -> list[JudgeView]:
        """The judges in use, the oldest first."""
        return [self.view(row) for row in db_judges.list_judges(self._workspace.connection)]

    def named(self, name: str) -> JudgeView:
        """The judge in use of that name.

        Raises:
            InputError: there is none.
        """
        found = self.find(name)
        if found is None:
            raise InputError(f"There is no judge {name!r}. `palate judges` lists them.")
        return found

    def find(self, name: str) -> JudgeView | None:
        """The judge in use of that name; None without one."""
        rows = db_judges.list_judges(self._workspace.connection)
        return next((self.view(row) for row in rows if row.name == name.strip()), None)

    def by_id(self, judge: int) -> JudgeView:
        """One judge, in use or archived."""
        return self.view(db_judges.get_judge(self._workspace.connection, judge))

    def view(self, row: JudgeRow) -> JudgeView:
        """A judge with where it is and its figures."""
        return JudgeView(row, self._where(row), self._model_name(row), figures_of(self.measured(row)))

    def measured(self, row: JudgeRow) -> list[MeasuredRow]:
        """The pairs that the judge and the owner both judged, in the order in which the judge saw them."""
        return db_records.measured(self._workspace.connection, row.id, examples_of(row))

    def examples(self, row: JudgeRow) -> list[ExampleRow]:
        """The examples that the judge is shown now: those of a question that is held out by now are left out."""
        return db_records.examples(self._workspace.connection, examples_of(row))

    def own_agreement(self) -> Agreement:
        """The owner's agreement with themselves on pairs judged twice, in the words of a judge: a, b, tie."""
        twice = db_repeats.repeated_verdicts(self._workspace.connection)
        return agreement([(own_word(one), own_word(two)) for one, two in twice])

    def _where(self, row: JudgeRow) -> str:
        if row.kind == "command":
            return "program"
        if row.server is None:
            return "here"
        return self._servers.by_id(row.server).name

    def _model_name(self, row: JudgeRow) -> str:
        if row.command is not None:
            return row.command
        return "none" if row.model is None else db_models.get_model(self._workspace.connection, row.model).name


def examples_of(row: JudgeRow) -> tuple[int, ...]:
    """The verdicts that a judge is shown as examples, by id."""
    listed = row.settings.get(EXAMPLES, [])
    return tuple(each for each in listed if isinstance(each, int)) if isinstance(listed, Sequence) else ()
