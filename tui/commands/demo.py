"""`palate demo`: the whole loop, played by a program on a workspace of its own."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import click

from engine.sources.default_model import DEFAULT_SOURCE
from tui.commands.options import Options
from tui.errors import InputError
from tui.ipc.console import console


@click.command()
@click.option("--pace", default=1.0, type=click.FloatRange(0, 10), show_default=True, help="2: twice as long to read.")
@click.pass_obj
def demo(options: Options, pace: float) -> None:
    """Play the whole loop in about five minutes, with a program that judges. Your own workspace is not touched."""
    if console().folder is not None or not (os.isatty(0) and (os.isatty(1) or os.isatty(2))):
        raise InputError("The demo is shown on a terminal. Start it in one.")
    with tempfile.TemporaryDirectory(prefix="palate-demo-") as name:
        code = _play(options, Path(name), pace)
    raise SystemExit(code)


def _play(options: Options, folder: Path, pace: float) -> int:
    from dataclasses import replace

    from tui.terminal.redirect import redirect_output
    from tui.workbench import Workbench

    choice = replace(options.choice, source=options.choice.source or DEFAULT_SOURCE)
    workbench = Workbench(folder / "workspace", choice, seed=options.seed)
    try:
        (folder / "workspace" / "logs").mkdir(mode=0o700, exist_ok=True)
        with redirect_output(folder / "workspace" / "logs" / "output.log"):
            from tui.demo_app import ANSWER_TOKENS, DemoApp  # Textual, after the redirection

            # One pair ahead is enough during the run, which nobody labels beside.
            for name, value in (("low_mark", "1"), ("high_mark", "1"), ("ask_again", "0")):
                workbench.change_setting(name, value)
            workbench.change_setting("max_new_tokens", ANSWER_TOKENS)
            app = DemoApp(workbench, pace=pace)
            app.run(mouse=False)
    finally:
        workbench.close()
    return app.return_code or 0
