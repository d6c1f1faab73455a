"""Two new answers in place of a pair: the pair is skipped, and its prompt is answered again, here and now."""

import asyncio
from dataclasses import replace

from db.pair_rows import ComparisonRow
from tui.events import AnswersGrowing, WorkbenchEvent
from tui.screens.actions import Actions
from tui.screens.pairs.pair_feed import PairFeed
from tui.screens.pairs.pair_screen import PairScreen


class NewAnswers(Actions):
    """Replaces the pair that a feed shows."""

    def __init__(self, screen: PairScreen, feed: PairFeed) -> None:
        self._screen, self._feed = screen, feed
        self.replaced: ComparisonRow | None = None
        """The pair whose prompt is being answered again on this screen."""

    @property
    def judged_pair(self) -> int | None:
        """The replaced pair if it had a verdict before, so that it was not skipped; else None."""
        return self.replaced.id if self.replaced is not None and not self.replaced.undecided else None

    def forget(self) -> None:
        """Another pair is shown, so no longer wait for new answers."""
        self.replaced = None

    def enabled(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """It needs a pair."""
        del action, parameters
        return True if self._feed.pair is not None else None

    def hear(self, published: WorkbenchEvent) -> None:
        """Show the text so far. A pause, and answers to other prompts, change nothing."""
        asked = self.replaced and self.replaced.prompt.id
        if isinstance(published, AnswersGrowing) and published.prompt.id == asked:
            self._feed.grow(published if published.texts else replace(published, texts=("", "")))

    def action_new_answers(self) -> None:
        """Skip this pair and have its prompt answered again."""
        pair, refusal = self._feed.pair, self._screen.refusal(self._screen.palate.key_pressed_at)
        if pair is None or refusal is not None:
            self._screen.view.note(refusal or "")
        else:
            self._screen.gate.begin()
            self._screen.run_worker(self._answer_again(pair), name="new answers")

    async def _answer_again(self, pair: ComparisonRow) -> None:
        """Show the new answers while they are written, and their pair when it is there."""
        if not await self._screen.commit(self._set_aside(pair)):
            return
        job = self._screen.workbench.new_answers.write(pair.prompt)
        self._feed.pair = self._feed.growing = None
        self._screen.gate.hide()
        self.replaced = pair
        self._screen.clock.reset()
        self._feed.grow(AnswersGrowing(pair.prompt, ("", "")))
        self._screen.refresh_status()
        done = asyncio.shield(asyncio.wrap_future(job.done))  # the job outlives this screen
        await asyncio.gather(done, return_exceptions=True)  # the workbench publishes what went wrong
        if self.replaced is pair:
            self._feed.show_next(after=pair.id)

    async def _set_aside(self, pair: ComparisonRow) -> None:
        """Skip the pair, unless it has another verdict. Nothing is skipped when no answers can be written."""
        workbench = self._screen.workbench
        workbench.new_answers.check()
        if pair.undecided:
            layout, seconds = self._screen.layout_word, self._screen.seconds_read()
            skipped = workbench.labelling.judge(pair.id, "skip", side=None, layout=layout, seconds=seconds)
            await asyncio.wrap_future(skipped)
