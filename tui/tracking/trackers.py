"""Trackers of runs: which there are, where each sends figures, and the process that gives them a run."""

from __future__ import annotations

import hashlib
import json
import math
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any, Final
from urllib.parse import urlsplit

from db.metrics import KEPT
from db.run_rows import MetricRow, RunRow
from tui.errors import InputError, WorkbenchError
from tui.workspace.consent import Consents, Destination
from tui.workspace.workspace import Workspace

TRACKERS: Final = ("trackio", "tensorboard", "wandb")
PROJECT: Final = "palate"
_OFFLINE: Final = ("offline", "disabled", "dryrun")
_ROOT: Final = Path(__file__).resolve().parents[2]
_LONGEST_S: Final = 120.0


class TrackerFailed(WorkbenchError):
    """A tracker did not take a run's figures; the run itself is not affected."""

    title = "The figures were not taken"


def destination_of(tracker: str, environment: Mapping[str, str] = os.environ) -> Destination | None:
    """Where a tracker sends figures, by the variables that it reads itself; None where they stay on this machine."""
    if tracker == "trackio":
        if space := environment.get("TRACKIO_SPACE_ID"):
            return Destination("tracker", f"huggingface.co/spaces/{space}")
        url = environment.get("TRACKIO_SERVER_URL")
        return Destination("tracker", _host(url)) if url else None
    if tracker == "wandb" and environment.get("WANDB_MODE") not in _OFFLINE:
        return Destination("tracker", _host(environment.get("WANDB_BASE_URL") or "https://api.wandb.ai"))
    return None


def _host(url: str) -> str:
    """The host of an address, without a name, a password or a token that it may hold."""
    return urlsplit(url).netloc.rpartition("@")[2].lower() or url


def require_installed(tracker: str) -> None:
    """Raise `InputError` where a tracker is not installed beside Palate."""
    if find_spec(tracker) is None:
        raise InputError(
            f"{tracker} is not installed. Install it beside Palate: `.venv/bin/python -m pip install {tracker}`."
        )


def check_tracker(workspace: Workspace, tracker: str) -> None:
    """Raise where a run's figures cannot go to this tracker now.

    Raises:
        InputError: it is not installed.
        TextsStay: the figures would leave this machine, and nobody allowed that.
    """
    require_installed(tracker)
    destination = destination_of(tracker)
    if destination is not None:
        Consents(workspace).require(
            destination, f"`palate runs --to {tracker} --allow` allows it, or e on a run's page."
        )


def allow_tracker(workspace: Workspace, tracker: str) -> None:
    """Record that a person lets figures of runs leave for this tracker."""
    if destination := destination_of(tracker):
        Consents(workspace).allow(destination)


def place_of(workspace: Workspace, tracker: str) -> Path:
    """The folder in which a tracker keeps its files: TensorBoard its runs, wandb what it has not sent."""
    return workspace.folder / tracker


def run_record(row: RunRow) -> dict[str, Any]:
    """What a tracker gets of a run besides its figures: name, settings and sizes, and no text of a person."""
    identity = hashlib.sha256(f"{row.started} {row.base_name} {row.id}".encode()).hexdigest()
    config = {**row.config, "base": row.base_name, "train_pairs": row.train_pairs, "eval_pairs": row.eval_pairs}
    name = f"{row.id}-{''.join(each if each.isalnum() or each in '-_.' else '-' for each in row.name)}"
    return {"id": f"palate-{identity[:12]}", "project": PROJECT, "name": name, "config": config}


def by_step(metrics: Iterable[MetricRow]) -> list[tuple[int, dict[str, float]]]:
    """The figures of each step that has any."""
    found: dict[int, dict[str, float]] = {}
    for each in metrics:
        if each.name != KEPT and each.value is not None:
            found.setdefault(each.step, {})[each.name] = each.value
    return sorted(found.items())


class Feed:
    """Gives one run to a tracker, in a process that writes its words to `log`."""

    def __init__(self, tracker: str, row: RunRow, folder: Path, log: Path) -> None:
        self._tracker, self._log = tracker, log
        try:
            self._process = self._started(folder)
        except OSError as error:
            raise TrackerFailed(f"{tracker} cannot be started: {error}. Free some space, or try again.") from error
        self._say({"run": run_record(row)})

    def _started(self, folder: Path) -> subprocess.Popen[str]:
        self._log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        paths = [str(_ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
        command = [sys.executable, "-P", "-m", "tui.tracking.sender", self._tracker, str(folder)]
        with open(os.open(self._log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600), "wb") as words:
            return subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=words, stderr=words, text=True, start_new_session=True,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
            )  # fmt: skip

    def give(self, step: int, metrics: Mapping[str, float | None]) -> None:
        """Give the figures of a step; those that are NaN or infinite are left out."""
        finite = {name: value for name, value in metrics.items() if value is not None and math.isfinite(value)}
        if finite:
            self._say({"step": step, "metrics": finite})

    def end(self, status: str | None, timeout_s: float = _LONGEST_S) -> None:
        """Say how the run ended (None: it may continue), and wait until the tracker has everything.

        Raises:
            TrackerFailed: it failed, or took longer than `timeout_s`.
        """
        if status is not None:
            self._say({"status": status})
        with suppress(OSError):
            self._input.close()
        try:
            code = self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self.kill()
            raise TrackerFailed(f"{self._tracker} did not take them within {timeout_s:g} s. {self._act}") from None
        if code:
            raise TrackerFailed(f"{self._tracker} says: {self._last_words()} {self._act}")

    def kill(self) -> None:
        """End the process without waiting for the tracker."""
        self._process.kill()
        self._process.wait()

    @property
    def _input(self) -> IO[str]:
        assert self._process.stdin is not None  # Popen opened it as a pipe
        return self._process.stdin

    def _say(self, message: Mapping[str, Any]) -> None:
        with suppress(OSError):  # a process that is gone says why at the end
            self._input.write(json.dumps(message) + "\n")
            self._input.flush()

    @property
    def _act(self) -> str:
        return f"Its output is in {self._log}; `palate runs --to {self._tracker}` sends them again."

    def _last_words(self) -> str:
        try:
            lines = self._log.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            lines = []
        words = next((line.strip() for line in reversed(lines) if line.strip()), "nothing")
        return words if words.endswith(".") else words + "."


def log_of(workspace: Workspace, tracker: str) -> Path:
    """The file that gets the words of a tracker's process."""
    return workspace.folder / "logs" / f"{tracker}.log"


def send_run(workspace: Workspace, row: RunRow, metrics: Iterable[MetricRow], tracker: str) -> None:
    """Give a whole run to a tracker, and wait until it has it.

    Raises:
        InputError, TextsStay: see `check_tracker`.
        TrackerFailed: the tracker failed.
    """
    check_tracker(workspace, tracker)
    feed = Feed(tracker, row, place_of(workspace, tracker), log_of(workspace, tracker))
    for step, figures in by_step(metrics):
        feed.give(step, figures)
    feed.end(None if row.status in ("running", "interrupted") else row.status)


def where_words(workspace: Workspace, tracker: str) -> str:
    """Where to look for what was sent, as a sentence."""
    if destination := destination_of(tracker):
        return f"They are at {destination.place}."
    if tracker == "tensorboard":
        return f"Look at them with `tensorboard --logdir {place_of(workspace, tracker)}`."
    if tracker == "trackio":
        return f"Look at them with `trackio show --project {os.environ.get('TRACKIO_PROJECT') or PROJECT}`."
    return f"They wait in {place_of(workspace, tracker)}; `wandb sync` sends them."
