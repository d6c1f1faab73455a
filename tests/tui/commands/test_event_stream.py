"""The events that a command hears: to its end and no longer, since an owner's workbench outlives it."""

from pathlib import Path

import pytest

import tui.commands
from tests.still_workbench import StillWorkbench
from tui.commands.options import EventStream
from tui.errors import InputError


def fail_while_hearing(workbench: StillWorkbench, listeners: int) -> None:
    with EventStream(workbench):
        assert len(workbench._publisher._listeners) == listeners
        raise InputError("It fails.")


def test_a_stream_is_closed_also_where_its_command_fails(tmp_path: Path) -> None:
    workbench = StillWorkbench(tmp_path / "space")
    before = len(workbench._publisher._listeners)
    with pytest.raises(InputError):
        fail_while_hearing(workbench, before + 1)
    assert len(workbench._publisher._listeners) == before
    workbench.close()


def test_no_command_opens_a_stream_without_closing_it() -> None:
    files = Path(tui.commands.__file__).parent.glob("*.py")
    opened = [line.strip() for each in files for line in each.read_text().splitlines() if "EventStream(" in line]
    assert len(opened) == 10
    assert [line for line in opened if not line.startswith("with ")] == []
