"""What can be done with a judged pair besides judging it anew: a note, and out of training or back."""

import asyncio

from tui.errors import KNOWN_ERRORS
from tui.screens.base import PalateScreen
from tui.screens.dialog import AskText


async def take_out(screen: PalateScreen, comparison: int, out: bool) -> None:
    """Take a pair out of training, or put it back, and say so."""
    try:
        await asyncio.wrap_future(screen.workbench.data.set_out(comparison, out))
    except KNOWN_ERRORS as error:
        screen.palate.tell_error(error)
        return
    if out:
        screen.palate.tell(
            "Out of training", "No later run and no export has this pair; its history stays. t puts it back."
        )
    else:
        screen.palate.tell("Back in training", "The next run has this pair again, if its verdict decides.")


def ask_note(screen: PalateScreen, comparison: int) -> None:
    """Ask for a note in place of the one that is there, and keep it."""

    def keep(text: str | None) -> None:
        if text is not None:
            screen.run_worker(_keep_note(screen, comparison, text), name="note")

    there = screen.workbench.data.note(comparison)
    sentence = "Kept with this pair, and found by its words. An empty line takes the note off."
    screen.app.push_screen(AskText("Note", sentence, value=there, may_be_empty=True), keep)


async def _keep_note(screen: PalateScreen, comparison: int, text: str) -> None:
    try:
        await asyncio.wrap_future(screen.workbench.data.keep_note(comparison, text))
    except KNOWN_ERRORS as error:
        screen.palate.tell_error(error)
