"""`palate judges` with a program: added, measured, listed, refused for trials, removed."""

import json
import shlex
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.judge_server import fill_judged
from tests.still_workbench import StillWorkbench
from tui.cli import main

Invoke = Callable[..., Result]
SHORTER = "q = json.load(sys.stdin); print('first' if len(q['first']) < len(q['second']) else 'second')"


@pytest.fixture
def palate(tmp_path: Path) -> Invoke:
    workbench = StillWorkbench(tmp_path / "space")
    workbench.workspace.write(fill_judged, 8, "").result()
    workbench.close()
    return lambda *words: CliRunner().invoke(main, ["--workspace", str(tmp_path / "space"), *words])


@pytest.fixture
def command(tmp_path: Path) -> str:
    file = tmp_path / "judge.py"
    file.write_text(f"import json, sys\n{SHORTER}\n", encoding="utf-8")
    return shlex.join([sys.executable, str(file)])


def test_a_program_is_added_measured_listed_and_removed(palate: Invoke, command: str) -> None:
    assert "There is no judge yet" in palate("judges").stderr
    assert palate("judges", "add", "short", "--command", command).exit_code == 0
    tried = palate("judges", "try", "short", "--pairs", "4", "--json")
    assert tried.exit_code == 0, tried.output
    *judged, figures = [json.loads(line) for line in tried.stdout.splitlines()]
    assert [each["event"] for each in judged] == ["judged"] * 4
    assert (figures["pairs"], figures["same"], figures["trials"]) == (4, 4, False)
    shown = palate("judges", "try", "short").stdout  # the other four
    assert "agrees with you       8 of 8" in shown
    assert "It decides no trial. It was measured on 8 of your pairs, and 20 are needed." in shown
    assert palate("judges", "rubric", "short", command.split()[-1]).exit_code == 1
    assert "surely chose the other answer" in palate("judges", "slips", "short").stderr
    assert palate("judges", "remove", "short").exit_code == 0
    assert "There is no judge 'short'" in palate("judges", "try", "short").stderr
