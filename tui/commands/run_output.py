"""Runs as lines of a table, as CSV and as JSON, and one run with all that it recorded."""

from __future__ import annotations

import csv
import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from db.run_rows import MetricRow, RunLogRow, RunRow
from tui.commands.output import show_table
from tui.ipc.console import emit, say, show
from tui.runs.fields import FIELDS, SETTINGS, seconds_of
from tui.text.format import count, when
from tui.text.sanitize import visible

if TYPE_CHECKING:
    from tui.runs.history import EpochMargins
    from tui.runs.lineage import TreeLine


def run_summary(row: RunRow, fields: Sequence[str] = ()) -> dict[str, Any]:
    shown = {
        "run": row.id,
        "name": row.name,
        "status": row.status,
        "pairs": row.pairs,
        "steps": f"{row.step}/{row.total_steps or '–'}",
        "loss": row.loss,
        "margin": row.margin,
        "accuracy": row.accuracy,
        "started": when(row.started),
    }
    extra = {name: FIELDS[name].words(row) for name in fields if name not in shown and name != "step"}
    return {**shown, **extra}


def record_of(row: RunRow) -> dict[str, Any]:
    """A run as one flat record: its facts, then every setting under its own name."""
    facts = {
        "run": row.id,
        "name": row.name,
        "status": row.status,
        "tags": " ".join(row.tags),
        "note": row.note,
        "archived": int(row.archived),
        "base": row.base_name,
        "adapter": row.adapter,
        "parent_adapter": row.parent_adapter,
        "started": row.started,
        "ended": row.ended,
        "seconds": round(seconds_of(row), 3),
        "train_pairs": row.train_pairs,
        "eval_pairs": row.eval_pairs,
        "step": row.step,
        "total_steps": row.total_steps,
        "loss": row.loss,
        "margin": row.margin,
        "accuracy": row.accuracy,
    }
    settings = {SETTINGS.get(name, name): value for name, value in row.config.items()}
    return {**facts, **{name: value for name, value in settings.items() if name not in facts}}


def write_csv(records: Sequence[Mapping[str, Any]]) -> None:
    """Write records of one kind as CSV; a value that a record lacks, or that is NaN, is an empty cell."""
    names = list(dict.fromkeys(name for record in records for name in record))
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow([visible(name) for name in names])
    for record in records:
        writer.writerow([_cell(record.get(name)) for name in names])


def _cell(value: Any) -> Any:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    return visible(value) if isinstance(value, str) else value


def steps_of(metrics: Sequence[MetricRow]) -> list[dict[str, Any]]:
    by_step: dict[int, dict[str, Any]] = {}
    for metric in metrics:
        by_step.setdefault(metric.step, {"step": metric.step})[metric.name] = metric.value
    return list(by_step.values())


def emit_run(row: RunRow, steps: Sequence[Mapping[str, Any]], wrong: EpochMargins, log: Sequence[RunLogRow]) -> None:
    emit(run_event(row))
    for figures in steps:
        kind = "step" if "loss" in figures else "metrics"  # such as the general text before the first step
        emit({"event": kind, "run": row.id, **{name: json_value(value) for name, value in figures.items()}})
    for pair in wrong.pairs:
        emit({"event": "wrong_pair", "run": row.id, "comparison": pair.comparison, "split": pair.split,
              "margins": pair.margins})  # fmt: skip
    for line in log:
        emit({"event": "log", "run": row.id, "at": line.at, "level": line.level, "text": line.text})


def print_run(
    row: RunRow,
    steps: Sequence[Mapping[str, Any]],
    wrong: EpochMargins,
    family: Sequence[TreeLine],
    log: Sequence[RunLogRow],
) -> None:
    show_table([run_summary(row)])
    show()
    show_table([{"setting": name, "value": str(value)} for name, value in row.config.items()])
    show()
    for each in family:
        words = (" ◂" if each.here else "") + (f" · run {each.run}" if each.run is not None else "")
        show(visible(f"{each.branch}{each.name}{words}{' · no adapter' if each.gone else ''}"))
    if wrong.known:
        pairs = f"{len(wrong.pairs):,} of {count(wrong.known, 'pair')}"
        say(f"{pairs} are ranked the other way after the last epoch: `palate runs show {row.id} --csv pairs`.")
    show()
    names = ("step", "loss", "rewards/margins", "rewards/accuracies", "eval_loss", "eval_rewards/accuracies")
    show_table([{name: figures.get(name) for name in names} for figures in steps if "loss" in figures])
    for line in log:
        say(f"{when(line.at)}  {line.level}  {line.text}")


def run_event(row: RunRow) -> dict[str, Any]:
    return {"event": "run", **{name: json_value(value) for name, value in asdict(row).items()}}


def json_value(value: Any) -> Any:
    """The value as JSON can hold it: JSON has no infinity and no NaN, so these become text."""
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value
