"""What Palate and the machine do at this moment, as lines for a terminal and as a record. No Textual here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from tui.machine.figures import known, reading_record, scale_of, values_of
from tui.snapshots import LoadState, MachineReading, RunPhase, RunProgress, WorkbenchStatus
from tui.text.format import count, duration, signed, when
from tui.text.sanitize import visible_line
from tui.text.sparkline import bars

_LABEL: Final = 13
_NUMBER: Final = 8
_HISTORY: Final = 40
"""Readings in a line of history."""


@dataclass(frozen=True)
class Activity:
    """`owner` is the process that has the workspace open (pid, host, since), None where no process has; `readings` are
    the machine's, the newest last."""

    status: WorkbenchStatus
    owner: Mapping[str, Any] | None
    readings: Sequence[MachineReading]


def activity_lines(activity: Activity) -> list[str]:
    """A line for each thing that there is to say."""
    status, owner = activity.status, activity.owner
    process = "no process has this workspace open"
    if owner is not None:
        host, since = visible_line(str(owner.get("host")), 40), when(str(owner.get("since")))
        process = f"{owner.get('pid')} on {host}, since {since}"
    facts = [("process", process), ("model", _model(status)), ("queue", _queue(status)), ("run", _run(status.run))]
    lines = [f"{label:<{_LABEL}}{words}" for label, words in facts if words]
    return [*lines, *machine_history(activity.readings)]


def machine_history(readings: Sequence[MachineReading]) -> Iterable[str]:
    """A line for each figure of the machine: its name, its newest number, and its history."""
    for figure in known(readings):
        values = values_of(figure, readings[-_HISTORY:])
        number = figure.write(values[-1] or 0.0).rjust(_NUMBER)
        yield f"{figure.words:<{_LABEL}}{number}  {bars(values, scale_of(figure, readings[-1]))}"


def activity_record(activity: Activity) -> dict[str, Any]:
    """The same as one record for `--json`; what there is not is null or left out."""
    status, owner = activity.status, activity.owner
    return {
        "event": "status",
        "owner": None if owner is None else {name: owner.get(name) for name in ("pid", "host", "since")},
        "model": status.model_name or None,
        "model_state": status.model_state,
        "adapter": status.adapter_name,
        "ready": status.ready,
        "writing": status.writing,
        "verdicts": status.verdicts,
        "verdicts_today": status.verdicts_today,
        "pairs": status.pairs,
        "run": None if status.run is None else asdict(status.run),
        "machine": reading_record(activity.readings[-1]) if activity.readings else None,
    }


def _model(status: WorkbenchStatus) -> str:
    if not status.model_name:
        return ""
    adapter = f" + {visible_line(status.adapter_name, 40)}" if status.adapter_name else ""
    state = "no model" if status.model_state is LoadState.FAILED else str(status.model_state)
    detail = visible_line(status.model_detail, 60) or state
    return f"{visible_line(status.model_name, 40)}{adapter} · {detail}"


def _queue(status: WorkbenchStatus) -> str:
    writing = ", writing" if status.writing else ""
    given = f"{count(status.verdicts, 'verdict')}, {count(status.pairs, 'pair')}"
    return f"{status.ready} ready{writing} · {given} · {status.verdicts_today:,} today"


def _run(run: RunProgress | None) -> str:
    if run is None:
        return "no run is alive"
    parts = [f"{run.run} {visible_line(run.name, 40)}"]
    if run.phase is not RunPhase.TRAINING or not run.step:
        parts.append(run.doing)
    if run.step and run.total_steps:
        parts.append(f"step {run.step}/{run.total_steps}")
    if run.margin is not None:
        parts.append(f"margin {signed(run.margin)}")
    if run.seconds_left is not None and run.step < run.total_steps:
        parts.append(f"{duration(run.seconds_left)} left")
    return " · ".join(parts)
