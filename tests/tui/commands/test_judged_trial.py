"""A trial of 80 held-out prompts by a judge whose errors are known, beside the same trial by the owner's program."""

import json
import logging
import shlex
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from db.servers import add_server
from tests.adapter_server import AdapterServer, adapter_server
from tests.judge_server import JudgeServer, fill_judged, serving
from tests.still_workbench import StillWorkbench
from tui.cli import main

logger = logging.getLogger(__name__)

PROMPTS, FLIPS, FIRST = 80, 0.05, 0.1
SHORTER = "q = json.load(sys.stdin); print('first' if len(q['first']) < len(q['second']) else 'second')"
PROGRAM = shlex.join([sys.executable, "-c", f"import json, sys; {SHORTER}"])
POLICIES = ("--adapter", "base@brief", "--against", "base@wordy", "--num-questions", str(PROMPTS))

pytestmark = pytest.mark.long


def test_the_trial_by_the_judge_holds_what_the_program_says_with_the_judges_errors(tmp_path: Path) -> None:
    judging, writing = serving(JudgeServer(flips=FLIPS, first=FIRST)), adapter_server(AdapterServer())
    with judging as judge, writing as brief, adapter_server(AdapterServer(most_words=9)) as wordy:
        workbench = StillWorkbench(tmp_path / "space")
        workbench.workspace.write(fill_judged, 60, judge.url).result()
        for name, url in (("brief", brief.url), ("wordy", wordy.url)):
            workbench.workspace.write(add_server, name, url, model="base").result()
        workbench.close()
        palate(tmp_path, "judges", "add", "mine", "--server", "box", "--examples", "0")
        figures = palate(tmp_path, "judges", "try", "mine", "--pairs", "60")[-1]
        by_judge, by_program = (
            palate(tmp_path, "compare", "--judge", each, *POLICIES)[-1] for each in ("mine", PROGRAM)
        )
    logger.info("measured %s\nby the judge %s\nby the program %s", figures, by_judge, by_program)
    assert by_judge["wins"] + by_judge["ties"] + by_judge["losses"] == PROMPTS
    # The judge's verdict is a tie where the place decided one look, else wrong with the chance of a flip.
    rate = (by_program["wins"] + by_program["ties"] / 2) / PROMPTS
    expected = (1 - FIRST) * (rate * (1 - FLIPS) + (1 - rate) * FLIPS) + FIRST / 2
    assert by_judge["low"] < expected < by_judge["high"]
    # p = 0.9 · 0.95 and e = 0.9 / 2, since the owner never says tie: kappa is 0.736.
    assert figures["kappa_low"] < 0.736 < figures["kappa_high"]


def palate(folder: Path, *words: str) -> list[dict[str, Any]]:
    done = CliRunner().invoke(main, ["--workspace", str(folder / "space"), *words, "--json"])
    assert done.exit_code == 0, done.output
    return [json.loads(line) for line in done.stdout.splitlines()]
