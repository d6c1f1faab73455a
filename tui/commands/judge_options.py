"""What the commands share that ask a judge."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tui.ipc.console import console

if TYPE_CHECKING:
    from tui.judges.asking import Asker
    from tui.judges.records import JudgeView
    from tui.workbench import Workbench

JUDGE_ENVIRONMENT = ("PATH", "HOME", "USER", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "VIRTUAL_ENV", "PYTHONPATH")
"""The variables that a judge gets from a client: enough to find and start a program, and no keys."""
judge_env = click.option(
    "--judge-env",
    multiple=True,
    metavar="NAME",
    help="An environment variable that the judge needs, where the process that has the workspace open runs it.",
)


def asker_of(workbench: Workbench, judge: JudgeView) -> Asker:
    """Who is asked for this judge; a program runs where the command was typed."""
    speaker = console()
    return workbench.judges.asker(judge, folder=speaker.folder, environment=speaker.environment)
