"""The statistics of a blind trial, as functions of plain counts. The unit is the prompt. No Textual here.

**The interval.** A trial counts wins, ties and losses; its win rate counts a tie as half a win. That is not a binomial
share, so Wilson's interval does not apply to it. But wins and losses are the two discordant cells of a paired table,
and win rate = (1 + δ)/2 with δ = P(win) − P(loss), the difference of paired proportions. Its interval here is
Tango's asymptotic score interval (T. Tango, "Equivalence test and confidence interval for the difference in
proportions for the paired-sample design", Statistics in Medicine 17, 891–908, 1998). Without ties it is Wilson's.

**Few decided prompts.** Such an interval is approximate: two equal policies end 4 to 0 or 0 to 4 in 12.5 % of trials of
four, and Wilson's interval leaves one half out there. With fewer than 20 decided prompts an exact sign test must agree.
From 20 on the interval decides alone: its error goes up and down about 5 % with that number, and is 7.8 % at most.

**Looking before the end.** A person who looks after every verdict and stops at the first "significant" one finds a
difference where there is none. A trial that may end early is therefore decided by a rule that is exact for any number
of looks. If the policies do not differ, each is equally likely to have won a decided prompt, so the lead (wins −
losses) is a fair random walk, whatever the ties:

- *Before the last prompt* it is settled when the mixture likelihood ratio of the lead, with a Beta(5, 5) prior on the
  chance to win, reaches 1/0.03. By Ville's inequality that happens by chance in at most 3 % of endless trials
  (H. Robbins, "Statistical methods related to the law of the iterated logarithm", 1970).
- *After the last prompt* it is settled by the smallest lead with which the chance of both together, early end or such
  a lead at the end, is at most 5 %. The chance is counted exactly, path by path.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property, partial
from math import inf, log, sqrt
from statistics import NormalDist
from typing import Final, Literal

Outcome = Literal["win", "tie", "loss"]

ERROR: Final = 0.05
"""The probability at which a trial of two equal policies may conclude "better" or "worse"."""
EARLY_ERROR: Final = 0.03
"""The part of `ERROR` that may be spent before the last prompt."""
PRIOR: Final = 5.0
"""Both parameters of the Beta prior: it expects win rates of 0.3 to 0.7 among the decided prompts."""
FEW_DECIDED: Final = 20
"""With fewer decided prompts than this, the sign test must agree with the interval."""
MOST_MORE: Final = 2000
"""Above this many further prompts no number is shown."""


_ASIDE: Final = 1e-12


@dataclass(frozen=True)
class Interval:
    """A 95 % interval, both ends within 0 and 1."""

    low: float
    high: float


@dataclass(frozen=True)
class Tally:
    """Prompts won, tied and lost by the policy on trial."""

    wins: int = 0
    ties: int = 0
    losses: int = 0

    @property
    def prompts(self) -> int:
        """All prompts that were judged."""
        return self.wins + self.ties + self.losses

    @property
    def decided(self) -> int:
        """Prompts that one of the two won."""
        return self.wins + self.losses

    @property
    def lead(self) -> int:
        """Wins minus losses."""
        return self.wins - self.losses

    @property
    def win_rate(self) -> float:
        """Wins plus half the ties, divided by all prompts; one half while there is no prompt."""
        return (self.wins + self.ties / 2) / self.prompts if self.prompts else 0.5

    @property
    def interval(self) -> Interval:
        """Tango's 95 % interval of the win rate."""
        return score_interval(self.wins, self.ties, self.losses)

    @property
    def beyond_chance(self) -> bool:
        """Whether the win rate is not one half, as far as such a tally can say: see `settles_at_end`."""
        return settles_at_end(self.wins, self.ties, self.losses)


def tally_prompts(outcomes: Iterable[tuple[int, Outcome]]) -> Tally:
    """Tally prompts from the outcomes of their samples, given as (prompt, outcome).

    A prompt with several samples counts once: it is won when more of them were won than lost.

    >>> tally_prompts([(1, "win"), (1, "tie"), (2, "win"), (2, "loss"), (3, "loss")])
    Tally(wins=1, ties=1, losses=1)
    """
    points: dict[int, int] = {}
    for prompt, outcome in outcomes:
        points[prompt] = points.get(prompt, 0) + {"win": 1, "tie": 0, "loss": -1}[outcome]
    values = list(points.values())
    return Tally(sum(v > 0 for v in values), sum(v == 0 for v in values), sum(v < 0 for v in values))


# -- the interval ----------------------------------------------------------------------------------------------


def score_interval(wins: float, ties: float, losses: float, *, level: float = 0.95) -> Interval:
    """Tango's score interval of the win rate (see the module's text); without ties it is Wilson's.

    The counts may be fractions, for a projection of a longer trial.

    >>> score_interval(11, 0, 5)
    Interval(low=0.4440..., high=0.8583...)
    """
    total = wins + ties + losses
    if total <= 0:
        return Interval(0.0, 1.0)
    z = NormalDist().inv_cdf((1 + level) / 2)
    middle = (wins - losses) / total

    def beyond(delta: float, side: float) -> float:
        return _distance(wins, losses, total, delta) - side * z * _deviation(wins, losses, total, delta)

    from scipy.optimize import brentq  # imported here, because it takes half a second and most sessions never need it

    # The middle itself solves the equation where the deviation is 0 there; the ends are the other solutions.
    low = -1.0 if middle == -1 else brentq(beyond, -1, middle - _ASIDE, args=(1.0,))
    high = 1.0 if middle == 1 else brentq(beyond, middle + _ASIDE, 1, args=(-1.0,))
    return Interval((1 + low) / 2, (1 + high) / 2)


def share_interval(count: int, total: int) -> Interval:
    """Wilson's 95 % interval of a plain share, such as the share of verdicts for the left answer."""
    return score_interval(count, 0, total - count)


def sign_test(wins: float, losses: float) -> float:
    """The chance that two equal policies are at least this far apart: the exact sign test, two-sided.

    Not both counts may be 0. They may be fractions, as those of `score_interval`.

    >>> sign_test(8, 1)
    0.0390625
    """
    from scipy.special import betainc  # see score_interval

    more, fewer = max(wins, losses), min(wins, losses)
    return min(1.0, 2 * float(betainc(more, fewer + 1, 0.5)))


def settles_at_end(wins: float, ties: float, losses: float) -> bool:
    """Whether these counts settle a trial that is judged to its end without an earlier look."""
    interval = score_interval(wins, ties, losses)
    if interval.low <= 0.5 <= interval.high:
        return False
    return wins + losses >= FEW_DECIDED or sign_test(wins, losses) <= ERROR


def _distance(wins: float, losses: float, total: float, delta: float) -> float:
    return wins - losses - total * delta


def _deviation(wins: float, losses: float, total: float, delta: float) -> float:
    """Standard deviation of wins − losses where the difference is `delta`; losses are at their likeliest share."""
    a = 2 * total
    b = (2 * total - wins + losses) * delta - wins - losses
    c = -losses * delta * (1 - delta)
    lost = (sqrt(max(b * b - 4 * a * c, 0.0)) - b) / (2 * a)
    return sqrt(max(total * (2 * lost + delta * (1 - delta)), 0.0))


# -- the rule for looking early --------------------------------------------------------------------------------


@cache
def early_lead(decided: int) -> float:
    """The smallest lead that settles a trial after `decided` decided prompts, before its end; inf where none does.

    >>> early_lead(10), early_lead(40)
    (inf, 22)
    """
    from scipy.special import betaln  # see score_interval

    wanted = log(1 / EARLY_ERROR)
    for lead in range(decided % 2, decided + 1, 2):
        wins, losses = (decided + lead) / 2, (decided - lead) / 2
        ratio = decided * log(2) + betaln(PRIOR + wins, PRIOR + losses) - betaln(PRIOR, PRIOR)
        if ratio >= wanted:
            return lead
    return inf


@cache
def final_lead(decided: int) -> float:
    """The smallest lead that settles a trial at its end, if it might have ended early; inf where none does.

    >>> final_lead(20), final_lead(80)
    (10, 20)
    """
    inside = {0: 1.0}  # lead → probability of that lead without an early end
    ended = 0.0
    for played in range(1, decided + 1):
        reached: dict[int, float] = {}
        for lead, chance in inside.items():
            for step in (-1, 1):
                reached[lead + step] = reached.get(lead + step, 0.0) + chance / 2
        limit = early_lead(played)
        if played == decided:
            return _smallest(reached, ERROR - ended)
        ended += sum(chance for lead, chance in reached.items() if abs(lead) >= limit)
        inside = {lead: chance for lead, chance in reached.items() if abs(lead) < limit}
    return inf


def _smallest(chances: Mapping[int, float], room: float) -> float:
    found = inf
    for lead in sorted({abs(each) for each in chances}, reverse=True):
        room -= sum(chance for each, chance in chances.items() if abs(each) == lead)
        if room < 0:
            break
        found = lead
    return found


# -- what follows ----------------------------------------------------------------------------------------------


Rule = Callable[[float, float, float], bool]
"""Whether so many wins, ties and losses settle a trial. They may be fractions, for a projection of a longer one."""


@dataclass(frozen=True)
class Conclusion:
    """What the rule that decides a trial says of its tally."""

    tally: Tally
    rule: Rule

    @cached_property
    def word(self) -> Literal["better", "worse", "not settled"]:
        """The conclusion in a word."""
        if not self.tally.lead or not self.rule(self.tally.wins, self.tally.ties, self.tally.losses):
            return "not settled"
        return "better" if self.tally.lead > 0 else "worse"

    @property
    def settled(self) -> bool:
        """Whether the conclusion is "better" or "worse"."""
        return self.word != "not settled"

    @cached_property
    def more(self) -> int | None:
        """See `more_prompts`. It may take a second, so it is counted where it is read."""
        return None if self.settled else more_prompts(self.tally, self.rule)


def conclude(tally: Tally, *, planned: int, may_end_early: bool) -> Conclusion:
    """The conclusion after these prompts of a trial of `planned` prompts.

    `settles_at_end` decides a trial that is judged to its end without an earlier look. The rule for looking early
    decides a trial that may end early or that was left before its end.
    """
    looked = may_end_early or tally.prompts < planned
    return Conclusion(tally, partial(settles_looked_at, planned=planned) if looked else settles_at_end)


def settles_looked_at(wins: float, ties: float, losses: float, *, planned: int) -> bool:
    """Whether these counts settle a trial of `planned` prompts by the rule for looking early."""
    decided, lead = round(wins + losses), abs(wins - losses)
    at_end = round(wins + ties + losses) >= planned
    # The early lead is never the smaller one, and is found sooner.
    return lead >= early_lead(decided) or (at_end and lead >= final_lead(decided))


def more_prompts(tally: Tally, rule: Rule = settles_at_end) -> int | None:
    """About the number of further prompts after which the rule settles the trial, if the rates stay the same.

    None where that is more than `MOST_MORE`, or where there is no lead.
    """
    if tally.lead == 0:
        return None

    def open_after(more: int) -> bool:
        grown = (tally.prompts + more) / tally.prompts
        return not rule(tally.wins * grown, tally.ties * grown, tally.losses * grown)

    if open_after(MOST_MORE):
        return None
    few, many = 0, MOST_MORE  # it settles somewhere in (few, many]
    while many - few > 1:
        middle = (few + many) // 2
        few, many = (middle, many) if open_after(middle) else (few, middle)
    return many


def between(interval: Interval) -> str:
    """An interval in whole per cent, such as `44 to 86 %`."""
    return f"{round(100 * interval.low)} to {round(100 * interval.high)} %"
