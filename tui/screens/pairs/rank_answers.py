"""Four answers in place of a pair: two more are written for its prompt, and all of them are ranked at once."""

import asyncio

from db.pair_rows import ComparisonRow, CompletionRow
from tui.screens.actions import Actions
from tui.screens.pairs.pair_feed import PairFeed
from tui.screens.pairs.pair_screen import PairScreen
from tui.screens.pairs.ranking import MOST_RANKED, RankingScreen


class RankAnswers(Actions):
    """Ranks answers to the prompt of the pair that a feed shows."""

    def __init__(self, screen: PairScreen, feed: PairFeed) -> None:
        self._screen, self._feed = screen, feed

    def enabled(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """It needs a pair."""
        del action, parameters
        return True if self._feed.pair is not None else None

    def action_rank(self) -> None:
        """Have two more answers written, unless there are four, and open the ranking."""
        pair, refusal = self._feed.pair, self._screen.refusal(self._screen.palate.key_pressed_at)
        if pair is None or refusal is not None:
            self._screen.view.note(refusal or "")
        else:
            self._screen.gate.begin()
            self._screen.run_worker(self._rank(pair), name="ranking")

    async def _rank(self, pair: ComparisonRow) -> None:
        screen = self._screen
        pairs = self._pairs_beside(pair)
        written = self._write_more(pair) if len(pairs) < 2 else asyncio.sleep(0)
        if not await screen.commit(written):
            return
        pairs = self._pairs_beside(pair)
        answers = answers_of(pairs)
        if len(answers) <= 2:
            screen.view.note("the model found no other answers to this prompt")
        elif self._feed.pair is pair and not screen.is_active:
            screen.view.note("more answers are there; 4 ranks them")  # keys meant for another screen give no places
        elif self._feed.pair is pair:
            screen.app.push_screen(RankingScreen(pairs, answers), lambda _: self._feed.show_next())

    async def _write_more(self, pair: ComparisonRow) -> None:
        job = self._screen.workbench.new_answers.write(pair.prompt)  # while the model loads, this raises
        self._screen.view.note("two more answers are being written…")
        done = asyncio.shield(asyncio.wrap_future(job.done))
        await asyncio.gather(done, return_exceptions=True)  # the workbench publishes what went wrong

    def _pairs_beside(self, pair: ComparisonRow) -> list[ComparisonRow]:
        """The pair, and another open one of its prompt, under the same system prompt."""
        others = self._screen.workbench.pairs_of_prompt(pair.prompt.id)
        alike = [each for each in others if each.id != pair.id and each.standing is None and asked_alike(pair, each)]
        return [pair, *alike[:1]]


def asked_alike(one: ComparisonRow, other: ComparisonRow) -> bool:
    """Whether the answers of both pairs were written under one system prompt: others cannot be compared."""
    answers = (one.a, one.b, other.a, other.b)
    return len({(each.sampling or {}).get("system") for each in answers}) == 1


def answers_of(pairs: list[ComparisonRow]) -> list[CompletionRow]:
    """Different answers of these pairs in the order in which they would be shown, four at most."""
    found = {answer.text: answer for pair in pairs for answer in (pair.first, pair.second)}
    return list(found.values())[:MOST_RANKED]
