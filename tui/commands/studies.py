"""`palate train --search` and `--outlook`: runs over the folds of the pairs, and what they say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from engine.config import TrainConfig
from tui.commands.options import EventStream
from tui.detached import follow_detachable
from tui.events import RunChanged, StudyChanged, WorkbenchEvent
from tui.ipc.console import OwnerLeaves, emit, say, show
from tui.text.sanitize import visible
from tui.training.event_format import event_record, event_words
from tui.training.pair_sets import PairSet
from tui.training.study import FOLDS, Kind, Study

if TYPE_CHECKING:
    from tui.workbench import Workbench


def run_study(
    workbench: Workbench, kind: Kind, config: TrainConfig, pairs: PairSet, name: str | None, as_json: bool
) -> None:
    """Start or continue a study, report its runs, and print what came out. Ctrl+C leaves it to be continued."""
    with EventStream(workbench) as heard:
        study = workbench.studies.start(kind, config, pairs, name=name)
        say(study_plan_words(study))
        over = workbench.studies.over
        assert over is not None

        def report_all() -> None:
            for published in heard.until_done(over):
                report(workbench, published, as_json)

        try:
            follow_detachable(workbench, report_all)
        except (KeyboardInterrupt, OwnerLeaves) as left:
            workbench.studies.stop()
            say(f"The {kind} is left; `palate train --{kind}` with the same settings continues it.")
            if isinstance(left, OwnerLeaves):
                raise
            over.result()
    found = workbench.studies.latest(kind)
    assert found is not None
    if not found.ended:
        raise click.ClickException(f"The {kind} is not over. `palate train --{kind}` continues it.")
    print_study(found, as_json)


def study_plan_words(study: Study) -> str:
    """What a study is about to do, in words."""
    runs = len(study.cells)
    done = f", {len(study.runs)} of them begun" if study.runs else ""
    each = "settings" if study.kind == "search" else "numbers of pairs"
    return (
        f"{study.kind.capitalize()} {study.number}: {len(study.tried)} {each} × {FOLDS} folds make {runs} runs{done}."
    )


def report(workbench: Workbench, published: WorkbenchEvent, as_json: bool) -> None:
    """Report a moment of a study or of one of its runs; a person is spared the single steps."""
    if isinstance(published, StudyChanged) and (progress := workbench.studies.progress) is not None:
        if as_json:
            emit({"event": published.kind, "number": published.number, "done": progress.done, "total": progress.total})
        else:
            say(f"{progress.name}: {progress.done} of {progress.total} runs are finished.")
    elif isinstance(published, RunChanged) and published.event is not None:
        record = event_record(published.run, published.event)
        if record is not None and as_json:
            emit(record)
        elif record is not None and record["event"] in ("plan", "eval"):
            words = event_words(record)
            say(words if record["event"] == "plan" else f"Run {published.run}: {words}")


def print_study(study: Study, as_json: bool) -> None:
    """Print what came out."""
    if as_json:
        record = study.record()
        emit({"event": f"{study.kind} result", **record, "tried": study.names})
        return
    show(visible(study.words))
    say(f"Its runs have the tag {study.tag}: `palate runs tag:{study.tag}` lists them.")
