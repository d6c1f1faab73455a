"""`palate runs`: past runs and the one in progress."""

from dataclasses import asdict
from typing import Any

import click

from db.rows import RunRow
from tui.commands.session import Options, as_json, emit, say, show_table
from tui.words import when


@click.group(invoke_without_command=True)
@as_json
@click.pass_context
def runs(ctx: click.Context, as_json: bool) -> None:
    """Every run, newest first."""
    if ctx.invoked_subcommand is not None:
        return
    with ctx.obj.reading() as view:
        rows = view.runs()
    if as_json:
        for row in rows:
            emit({"event": "run", **asdict(row)})
    elif rows:
        show_table([_summary(row) for row in rows])
    else:
        say("There is no run yet. Start one with `palate train`.")


def _summary(row: RunRow) -> dict[str, Any]:
    return {
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


@runs.command()
@click.argument("run", type=int, metavar="ID")
@as_json
@click.pass_obj
def show(options: Options, run: int, as_json: bool) -> None:
    """One run: settings, figures of every step, and its log."""
    with options.reading() as view:
        row, metrics, log = view.run(run), view.run_metrics(run), view.run_log(run)
    by_step: dict[int, dict[str, Any]] = {}
    for metric in metrics:
        by_step.setdefault(metric.step, {"step": metric.step})[metric.name] = metric.value
    if as_json:
        emit({"event": "run", **asdict(row)})
        for figures in by_step.values():
            emit({"event": "step", "run": run, **figures})
        for line in log:
            emit({"event": "log", "run": run, "at": line.at, "level": line.level, "text": line.text})
        return
    show_table([_summary(row)])
    print()
    show_table([{"setting": name, "value": str(value)} for name, value in row.config.items()])
    print()
    names = ("step", "loss", "rewards/margins", "rewards/accuracies", "eval_loss", "eval_rewards/accuracies")
    show_table([{name: figures.get(name) for name in names} for figures in by_step.values()])
    for line in log:
        say(f"{when(line.at)}  {line.level}  {line.text}")
