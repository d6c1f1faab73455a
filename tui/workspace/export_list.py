"""The list of what was written outside of the workspace: one JSON object a line in `exports.jsonl`.

It is a file and not a table, because a command that only reads the workspace writes exports too.
"""

import json
import logging
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from db.times import utc_now
from tui.errors import InputError
from tui.text.sanitize import visible_line

logger = logging.getLogger(__name__)

EXPORTS = "exports.jsonl"


@dataclass(frozen=True)
class NotedExport:
    """One file or folder that was written.

    `kind` is pairs, prompts, trial, backup, adapter or model, `source` the adapter's id.
    """

    at: str
    path: str
    kind: str
    source: str = ""


def check_free(target: Path, *, overwrite: bool) -> None:
    """Raise `InputError` where `target` exists and nobody asked for it to be overwritten."""
    if target.exists() and not overwrite:
        raise InputError(f"{target} exists already. Write elsewhere, or ask for it to be overwritten (--overwrite).")


def note_export(folder: Path, target: Path, kind: str, source: str = "") -> None:
    """Note an export of the workspace in `folder`. Where the list cannot be written, the log says so."""
    line = json.dumps(asdict(NotedExport(utc_now(), str(target.absolute()), kind, source))) + "\n"
    try:
        descriptor = os.open(folder / EXPORTS, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(line)
    except OSError as error:
        logger.warning("%s was not noted in %s: %s", visible_line(str(target), 200), EXPORTS, error)


def exports(folder: Path) -> list[NotedExport]:
    """Every export that was noted and still lies where it was written, the oldest first, each path once."""
    try:
        lines = (folder / EXPORTS).read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []
    found = {each.path: each for each in map(_export, lines) if each is not None}
    return [each for each in found.values() if Path(each.path).exists()]


def _export(line: str) -> NotedExport | None:
    """The export on a line; None where a process was killed while it wrote the line."""
    try:
        return NotedExport(**json.loads(line))
    except (ValueError, TypeError):
        return None
