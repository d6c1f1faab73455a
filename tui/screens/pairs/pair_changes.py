"""Changes to a pair that are no verdict: its note, and whether runs train on it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from db.pair_rows import ComparisonRow
from tui.errors import KNOWN_ERRORS
from tui.screens.base import PalateScreen
from tui.screens.dialog import AskText
from tui.workbench import Workbench


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


def note_of(workbench: Workbench, pair: ComparisonRow) -> str:
    """The note of a pair: the one kept with it, else the one that came with its verdict."""
    kept = workbench.data.note(pair.id)
    return kept if kept is not None else pair.standing.note if pair.standing else ""


def ask_note(screen: PalateScreen, comparison: int, kept: Callable[[str], None] = lambda _: None) -> None:
    """Ask for a note to replace the present one, and keep it. `kept` is called once the note is on the disk."""

    def keep(text: str | None) -> None:
        if text is not None:
            screen.run_worker(_keep_note(screen, comparison, text, kept), name="note")

    there = note_of(screen.workbench, screen.workbench.comparison(comparison))
    sentence = "Kept with this pair, and found by its words. An empty line takes the note off."
    screen.app.push_screen(AskText("Note", sentence, value=there, may_be_empty=True), keep)


async def _keep_note(screen: PalateScreen, comparison: int, text: str, kept: Callable[[str], None]) -> None:
    try:
        await asyncio.wrap_future(screen.workbench.data.keep_note(comparison, text))
    except KNOWN_ERRORS as error:
        screen.palate.tell_error(error)
    else:
        kept(text)
