"""An answer written better in the person's editor: it is chosen over the one that it came from."""

import asyncio
from typing import Protocol

from textual.content import Content

from db.pair_rows import ComparisonRow
from tui.errors import KNOWN_ERRORS, begun
from tui.screens.actions import Actions
from tui.screens.dialog import Choose
from tui.screens.external_editor import Edited, edit_text
from tui.screens.pairs.pair_screen import PairScreen

_ANSWERS = {"1": "first", "2": "second"}


class ShownPair(Protocol):
    """What shows the pair: a feed, or a screen of its own kind."""

    @property
    def pair(self) -> ComparisonRow | None:
        """The pair that is shown."""

    def show_next(self, *, after: int | None = None, note: str | Content = "") -> None:
        """Show what follows the pair `after`."""


class EditAnswer(Actions):
    """Edits an answer of the pair that is shown."""

    def __init__(self, screen: PairScreen, feed: ShownPair) -> None:
        self._screen, self._feed = screen, feed

    def enabled(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """It needs a pair."""
        del action, parameters
        return True if self._feed.pair is not None else None

    def action_edit(self) -> None:
        """Ask which answer, unless one is marked; then open it in the editor."""
        screen, pair = self._screen, self._feed.pair
        refusal = screen.refusal(screen.palate.key_pressed_at)
        if pair is None or refusal is not None:
            screen.view.note(refusal or "")
        elif screen.view.marked in _ANSWERS.values():
            self._edit(pair, screen.view.marked)
        else:
            choose = Choose("Edit", "Which answer do you want to write better?", tuple(_ANSWERS.items()))
            screen.app.push_screen(choose, lambda key: self._edit(pair, _ANSWERS.get(key or "")))

    def _edit(self, pair: ComparisonRow, name: str | None) -> None:
        if name is not None:
            self._screen.gate.begin()  # keys meant for the editor must not judge
            self._screen.run_worker(self._write_better(pair, name), name="edit")

    async def _write_better(self, pair: ComparisonRow, name: str) -> None:
        """Let the person edit an answer; their text is chosen over it, and an open pair counts as skipped."""
        screen, original = self._screen, pair.first if name == "first" else pair.second
        try:
            edited = await screen.gate.commit(edit_text(screen.app, original.text))
        except (*KNOWN_ERRORS, OSError) as error:
            screen.palate.tell_error(error)
            return
        finally:
            screen.paint_again()
        if not edited.text.strip() or edited.text == original.text:
            edited.forget()
            screen.view.note("nothing was changed" if edited.text.strip() else "an empty answer is not kept")
        else:
            await self._keep(pair, original.id, edited)

    async def _keep(self, pair: ComparisonRow, original: int, edited: Edited) -> None:
        screen = self._screen
        screen.gate.begin()
        kept = begun(lambda: screen.workbench.labelling.edit_answer(pair.id, original, edited.text))
        if await screen.commit(asyncio.wrap_future(kept)):
            edited.forget()
            self._feed.show_next(after=pair.id, note="saved: your text is better than the answer")
        else:
            screen.palate.tell("Your text is kept", f"It is in {edited.file}.", severity="warning")
