"""Asks before leaving while a run is alive."""

from tui.published import RunProgress
from tui.screens.dialog import Choose
from tui.visible import visible_line


class QuitScreen(Choose):
    """The answer `g`: let the run go on without a terminal; `c`: write a checkpoint and leave; `s`: keep what was
    trained as an adapter, and leave. None: stay."""

    def __init__(self, run: RunProgress) -> None:
        super().__init__(
            "A run is in progress",
            f"{visible_line(run.name, 40)} {_place(run)}. With a checkpoint it can be resumed exactly where it stands. "
            "Your verdicts are saved already.",
            (
                ("g", "go on without a terminal; Palate leaves when the run ends"),
                ("c", "write a checkpoint and leave"),
                ("s", "stop, keep what is trained, and leave"),
            ),
        )


def _place(run: RunProgress) -> str:
    return f"is at step {run.step} of {run.total_steps}" if run.total_steps else "scores its reference"
