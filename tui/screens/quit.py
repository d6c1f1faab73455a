"""Asks before leaving while a run is alive."""

from tui.published import RunProgress
from tui.screens.dialog import Choose
from tui.visible import visible_line


class QuitScreen(Choose):
    """The answer `s`: stop the run, keep what is trained, and leave. None: stay."""

    def __init__(self, run: RunProgress) -> None:
        super().__init__(
            "A run is in progress",
            f"{visible_line(run.name, 40)} is at step {run.step} of {run.total_steps}. Leaving stops it; what is "
            "trained so far is kept as an adapter. Your verdicts are saved already.",
            (("s", "stop, keep what is trained, and leave"),),
        )
