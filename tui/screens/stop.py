"""Asks before a run is stopped."""

from tui.published import RunProgress
from tui.screens.dialog import Choose
from tui.visible import visible_line


class StopScreen(Choose):
    """The answer `k`: stop the run and keep what it has learned; `d`: stop it and discard that. None: let it go on."""

    def __init__(self, run: RunProgress) -> None:
        keep = ("k", "stop and keep: what it has learned becomes an adapter")
        discard = ("d", "stop and discard: no adapter; the record of the run stays")
        words = f"{visible_line(run.name, 40)} is at step {run.step} of {run.total_steps}. esc lets it go on."
        if not run.step:
            words = f"{visible_line(run.name, 40)} has not finished a step, so there is nothing to keep."
        super().__init__("Stop this run?", words, (keep, discard) if run.step else (("d", "stop"),))
