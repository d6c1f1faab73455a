"""The list of exports: what still lies where it was written, and what cannot be noted."""

import logging
from pathlib import Path

import pytest

from tui.workspace.export_list import EXPORTS, exports, note_export


def test_exports_that_are_still_there_come_back_once(tmp_path: Path) -> None:
    space = tmp_path / "space"
    space.mkdir()
    assert exports(space) == []
    for name in ("a.jsonl", "b.jsonl", "a.jsonl"):
        (tmp_path / name).touch()
        note_export(space, tmp_path / name, "pairs")
    (tmp_path / "b.jsonl").unlink()
    with (space / EXPORTS).open("a") as file:
        file.write('{"at": "2026')  # a process was killed there
    assert [(each.path, each.kind, each.source) for each in exports(space)] == [
        (str(tmp_path / "a.jsonl"), "pairs", "")
    ]
    assert (space / EXPORTS).stat().st_mode & 0o777 == 0o600


def test_an_export_is_made_where_it_cannot_be_noted(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        note_export(tmp_path / "no such folder", tmp_path / "a.jsonl", "pairs")
    assert "was not noted" in caplog.text
