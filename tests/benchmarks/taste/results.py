"""Results: a line of JSON for each cell that is done, so that the benchmark goes on another day where it ended."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.benchmarks.taste.plan import Cell

Record = dict[str, Any]


def read(file: Path) -> dict[Cell, Record]:
    """The records by cell; the newest counts. A last line that was never written to its end is passed over."""
    if not file.exists():
        return {}
    found: dict[Cell, Record] = {}
    lines = file.read_text(encoding="utf-8").split("\n")
    for place, line in enumerate(lines):
        try:
            record = json.loads(line) if line.strip() else None
        except ValueError:
            if place < len(lines) - 1 and any(each.strip() for each in lines[place + 1 :]):
                raise SystemExit(f"Line {place + 1} of {file} is no JSON. Take it out and try again.") from None
            record = None
        if record is not None:
            found[Cell(**record["cell"])] = record
    return found


def check_same(found: Mapping[Cell, Record], **asked: Any) -> None:
    """Answers of one length to one kind of question make a table: raises `SystemExit` where a record has another."""
    for cell, record in found.items():
        for name, value in asked.items():
            if record[name] != value:
                raise SystemExit(f"The results hold {cell} with {name} {record[name]}. Give another --results.")


def append(file: Path, record: Record) -> None:
    """Add a record; it is on the disk when this returns. A line that was never written to its end is cut off first."""
    file.parent.mkdir(parents=True, exist_ok=True)
    if file.exists():
        content = file.read_bytes()
        if content and not content.endswith(b"\n"):
            os.truncate(file, content.rfind(b"\n") + 1)
    with file.open("a", encoding="utf-8") as out:
        out.write(json.dumps(record) + "\n")
        out.flush()
        os.fsync(out.fileno())
