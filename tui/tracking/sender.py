"""A process that gives a run's figures to a tracker: `python -m tui.tracking.sender TRACKER FOLDER`.

It reads lines of JSON from its standard input: first `{"run": …}`, then `{"step": n, "metrics": {…}}`, and
`{"status": "finished"}` where the run has ended. A tracker prints, keeps global state and may wait for the network, so
it has no place in the process that trains.
"""

import json
import os
import shutil
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol


class Tracker(Protocol):
    """One run at a tracker."""

    def log(self, metrics: Mapping[str, float], step: int) -> None:
        """Store the figures of a step."""
        ...

    def finish(self, status: str | None) -> None:
        """End; None where the run may continue later."""
        ...


class TensorBoard:
    """Event files in a folder of the run, with its settings beside them. Files from an earlier time are replaced."""

    def __init__(self, run: Mapping[str, Any], folder: Path) -> None:
        from tensorboard.summary import Writer

        place = folder / run["name"]
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(mode=0o700, parents=True)
        (place / "settings.json").write_text(json.dumps(run["config"], indent=2) + "\n", encoding="utf-8")
        self._writer = Writer(str(place))

    def log(self, metrics: Mapping[str, float], step: int) -> None:
        """See `Tracker`."""
        for name, value in metrics.items():
            self._writer.add_scalar(name, value, step)
        self._writer.flush()

    def finish(self, status: str | None) -> None:
        """See `Tracker`."""
        del status
        self._writer.close()


class Trackio:
    """A run of trackio, which keeps runs on this machine unless its own variables name another place.

    The same run from an earlier time is replaced, since trackio would add every figure a second time. It is known by
    its name alone, and all workspaces share a project, so a part of the run's identity stands in the name.
    """

    def __init__(self, run: Mapping[str, Any], folder: Path) -> None:
        import trackio

        del folder
        project = os.environ.get("TRACKIO_PROJECT") or run["project"]
        name = f"{run['name']}-{run['id'][-8:]}"
        if not (os.environ.get("TRACKIO_SPACE_ID") or os.environ.get("TRACKIO_SERVER_URL")):
            _delete_earlier(trackio, project, name)
        self._run = trackio.init(
            project, name=name, config=dict(run["config"]), resume="allow", embed=False,
            auto_log_gpu=False, auto_log_cpu=False,
        )  # fmt: skip

    def log(self, metrics: Mapping[str, float], step: int) -> None:
        """See `Tracker`."""
        self._run.log(dict(metrics), step=step)

    def finish(self, status: str | None) -> None:
        """See `Tracker`."""
        del status
        self._run.finish()


def _delete_earlier(trackio: Any, project: str, name: str) -> None:
    try:
        runs = trackio.Api().runs(project)
    except ValueError:  # the project's first run
        return
    for each in [each for each in runs if each.name == name]:
        each.delete()


class WeightsAndBiases:
    """A run at Weights & Biases: its figures and settings, and nothing of the machine or its files."""

    def __init__(self, run: Mapping[str, Any], folder: Path) -> None:
        import wandb

        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        silent = wandb.Settings(
            silent=True, console="off", x_disable_stats=True, x_disable_meta=True, x_disable_machine_info=True,
            disable_git=True, disable_code=True, disable_job_creation=True,
        )  # fmt: skip
        project = os.environ.get("WANDB_PROJECT") or run["project"]
        self._run = wandb.init(
            project=project, id=run["id"], name=run["name"], config=dict(run["config"]), resume="allow",
            dir=str(folder), settings=silent,
        )  # fmt: skip

    def log(self, metrics: Mapping[str, float], step: int) -> None:
        """See `Tracker`."""
        self._run.log(dict(metrics), step=step)

    def finish(self, status: str | None) -> None:
        """See `Tracker`."""
        self._run.finish(exit_code=1 if status == "failed" else 0)


_TRACKERS: dict[str, Callable[[Mapping[str, Any], Path], Tracker]] = {
    "tensorboard": TensorBoard,
    "trackio": Trackio,
    "wandb": WeightsAndBiases,
}


def main() -> None:
    """Read lines until there is none."""
    kind, folder = sys.argv[1:]
    tracker: Tracker | None = None
    status: str | None = None
    for line in sys.stdin:
        message = json.loads(line)
        if tracker is None:
            tracker = _TRACKERS[kind](message["run"], Path(folder))
        elif "status" in message:
            status = message["status"]
        else:
            tracker.log(message["metrics"], message["step"])
    if tracker is not None:
        tracker.finish(status)


if __name__ == "__main__":
    main()
