"""A workspace with a few past runs, on a real database: curves, pairs that stay wrong, notes, a family of adapters."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from sqlite3 import Connection
from typing import Any

from db.metrics import add_margins
from db.models import ensure_model
from db.runs import (
    add_log,
    add_metrics,
    archive_run,
    create_run,
    note_run,
    set_run_adapter,
    set_status,
    set_total_steps,
    tag_run,
)
from db.verdicts import add_verdict
from engine.config import TrainConfig
from tests.db_workspace import compared
from tests.still_workbench import StillWorkbench

STEPS = 40


def figures(step: int, height: float) -> dict[str, float]:
    """A loss that falls from `height`, and what goes with it; evaluated every tenth step."""
    loss = height / (1 + step / 10)
    known = {"loss": loss, "rewards/margins": 1 - loss, "rewards/accuracies": 0.5 + step / 100, "epoch": step / 20}
    known |= {"rewards/chosen": 0.5 - loss, "rewards/rejected": -0.5, "grad_norm": 2.0, "learning_rate": 5e-5}
    return known | ({"eval_loss": loss + 0.1, "eval_rewards/accuracies": 0.6} if step % 10 == 0 else {})


def fill_runs(conn: Connection) -> None:
    """Six runs: 1 finished and 2 from its adapter, 3 in between, 4 failed, 5 archived, 6 interrupted."""
    pairs = [compared(conn, f"Question {at}?", f"first {at}", f"second {at}") for at in range(1, 5)]
    verdicts = [add_verdict(conn, comparison=pair, verdict="a", layout="side").id for pair in pairs]
    trained = [(pair, "train" if at < 3 else "eval", verdicts[at]) for at, pair in enumerate(pairs)]
    changes: list[dict[str, Any]] = [
        {"learning_rate": 1e-5},
        {"learning_rate": 1e-4, "beta": 0.3},
        {},
        {"learning_rate": 2e-4},
        {"epochs": 7},
        {},
    ]
    base = ensure_model(conn, kind="base", name="smollm2-135m-instruct", source="smollm2", fingerprint="f")
    for number, change in enumerate(changes, 1):
        run = create_run(
            conn,
            name=f"taste-{number}",
            config={**asdict(TrainConfig()), **change},
            versions={"torch": "2.13.0"},
            base_model=base,
            parent_adapter="a00000001" if number == 2 else None,
            pairs=trained,
        )
        set_total_steps(conn, run, STEPS)
        done = STEPS if number != 6 else 12
        for step in range(1, done + 1):
            add_metrics(conn, run, [(step, *each) for each in figures(step, 0.6 + 0.1 * number).items()])
        status = {4: "failed", 6: "interrupted"}.get(number, "finished")
        set_status(conn, run, status, "The loss became nan." if status == "failed" else None)
        if status == "finished":
            set_run_adapter(conn, run, f"a{number:08x}")
    add_margins(conn, 2, 1, [(pairs[0], "train", -0.4), (pairs[1], "train", -0.2), (pairs[2], "train", 0.3)])
    add_margins(conn, 2, 2, [(pairs[0], "train", -0.1), (pairs[1], "train", 0.2), (pairs[2], "train", -0.6)])
    add_log(conn, 2, "warning", "The chosen answers become unlikely.")
    note_run(conn, 1, "the first test")
    tag_run(conn, 2, ["short", "warm"])
    archive_run(conn, 5, True)


@contextmanager
def workbench_with_runs(folder: Path) -> Iterator[StillWorkbench]:
    """A real workbench, without a model, on those runs."""
    workbench = StillWorkbench(folder)
    try:
        workbench.workspace.write(fill_runs).result()
        yield workbench
    finally:
        workbench.close()
