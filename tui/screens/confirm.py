"""Asks before a run is left, stopped, or resumed after it ran out of memory."""

from db.run_rows import RunRow
from tui.screens.dialog import Choose
from tui.snapshots import RunProgress
from tui.text.sanitize import visible_line


class QuitScreen(Choose):
    """The answer `g`: let the run continue without a terminal; `c`: write a checkpoint and leave; `s`: keep what was
    trained as an adapter, and leave, which a run of a study `on_part` of the pairs does not offer. None: stay."""

    def __init__(self, run: RunProgress, *, on_part: bool = False) -> None:
        keep = ("s", "stop, keep what is trained, and leave")
        super().__init__(
            "A run is in progress",
            f"{visible_line(run.name, 40)} {_place(run)}. With a checkpoint it can be resumed exactly where it is. "
            "Your verdicts are saved already.",
            (
                ("g", "continue without a terminal; Palate leaves when the run ends"),
                ("c", "write a checkpoint and leave"),
                *(() if on_part else (keep,)),
            ),
        )


def _place(run: RunProgress) -> str:
    return f"is at step {run.step} of {run.total_steps}" if run.total_steps else "scores its reference"


class ResumeScreen(Choose):
    """Asks how a run that fell to memory is resumed. The answer `g`: with gradient checkpointing; `r`: as before."""

    def __init__(self, run: RunRow) -> None:
        super().__init__(
            "Memory ran out",
            f"{visible_line(run.name, 40)} ran out of memory, and gradient checkpointing was off. With it the run "
            "needs less memory and takes longer; the adapter is the same, bit for bit.",
            (("g", "resume with gradient checkpointing"), ("r", "resume as before")),
        )


class StopScreen(Choose):
    """The answer `k`: stop the run and keep what it learned; `d`: stop it and discard that. None: let it continue."""

    def __init__(self, run: RunProgress) -> None:
        keep = ("k", "stop and keep: what it has learned becomes an adapter")
        discard = ("d", "stop and discard: no adapter; the record of the run stays")
        words = f"{visible_line(run.name, 40)} is at step {run.step} of {run.total_steps}. esc lets it continue."
        if not run.step:
            words = f"{visible_line(run.name, 40)} has not finished a step, so there is nothing to keep."
        super().__init__("Stop this run?", words, (keep, discard) if run.step else (("d", "stop"),))
