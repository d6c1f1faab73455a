"""Two people on one set of questions: another workspace comes along, and what both judged otherwise is settled."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import ClassVar

from textual.content import Content

from db.pair_rows import SETTLED, ComparisonRow, Disagreement, VerdictRow
from tui.curation.join_format import join_preview_words, joined_words, label_words
from tui.errors import KNOWN_ERRORS
from tui.screens.base import PalateScreen
from tui.screens.dialog import AskText, Choose, path_of
from tui.screens.pairs.review import ReviewScreen
from tui.text.sanitize import visible_line
from tui.widgets.pair.verdict_notes import letter_words

_WHERE = "The folder of the other person's workspace. It is only read, and no verdict of yours changes."


class SettleScreen(ReviewScreen):
    """The pairs on which others said otherwise, one after the other. A verdict given here is one that was settled."""

    REASONS: ClassVar = (SETTLED,)

    def __init__(self, rows: Sequence[Disagreement]) -> None:
        """`rows` are the pairs to settle; at least one."""
        super().__init__([(row.comparison, "") for row in rows])
        self._others = {row.comparison: row.others for row in rows}

    def why(self, pair: ComparisonRow) -> str:
        """What the others said."""
        said = [
            f"{visible_line(label_words(label), 24)}: {letter_words(pair, verdict, stacked=self.stacked)}"
            for label, verdict in self._others[pair.id]
        ]
        return " · ".join(said)

    def standing(self, pair: ComparisonRow) -> str:
        """What the owner said, and whether it was settled."""
        given = pair.standing
        settled = given is not None and SETTLED in self.workbench.reasons.of([given.id]).get(given.id, ())
        return f"you: {super().standing(pair)}{' · settled' if settled else ''}"

    def said(self, pair: ComparisonRow, verdict: VerdictRow) -> str:
        """A verdict in the words that the others' have."""
        return letter_words(pair, verdict.verdict, verdict.strength, stacked=self.stacked)

    def judged(self, pair: ComparisonRow, words: Content) -> None:
        """The next pair; after the last one this one stays, and says that it is settled."""
        if self.has_next:
            self.turn(1)
        else:
            super().judged(pair, words)


def settle_pairs(screen: PalateScreen) -> None:
    """Open the pairs that are to be settled, if there are any."""
    rows = screen.workbench.joining.disagreements()
    if rows:
        screen.app.push_screen(SettleScreen(rows))
    else:
        screen.palate.tell("Nothing to settle", "Nobody else judged a pair otherwise than you. P joins a workspace.")


async def join_workspace(screen: PalateScreen) -> None:
    """Ask for a workspace, show what would come along, and take it along."""
    app, joining = screen.app, screen.workbench.joining
    text = await app.push_screen_wait(AskText("Join a workspace", _WHERE, placeholder="folder"))
    if text is None:
        return
    other, person = path_of(text), None
    try:
        named = await asyncio.to_thread(joining.name_of, other)
        if named is None:
            person = await app.push_screen_wait(AskText("Whose is it?", "It does not say. The name of the person."))
            if person is None:
                return
        found = await asyncio.to_thread(joining.preview, other, person)
        choose = Choose("Join a workspace", join_preview_words(found), (("j", "join it"),))
        if await app.push_screen_wait(choose) is None:
            return
        done = await asyncio.to_thread(joining.join, other, person)
    except KNOWN_ERRORS as error:
        screen.palate.tell_error(error)
        return
    screen.palate.tell("Joined", " ".join(joined_words(done)), seconds=15)
    screen.screen_shown()
