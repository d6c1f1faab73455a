"""The strengths of policies that met in several trials, by Bradley and Terry's model. No Textual here.

P(i beats j) = 1 / (1 + exp(sⱼ − sᵢ)) (R. Bradley, M. Terry, Biometrika 39, 1952); a tie is half a win for each. scipy
fits the strengths. A weak ridge keeps the strength of a policy that won every time finite. The intervals are sandwich
intervals with the prompt as the unit, because verdicts on one prompt are not independent evidence (P. Huber, 1967).
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from statistics import NormalDist
from typing import Final

import numpy as np
from numpy.typing import NDArray

LEAST_POLICIES: Final = 3
"""For two policies the win rate is enough."""
RIDGE: Final = 0.01
"""Half of this times the squared strengths is added to the loss: about one hundredth of a prompt for each policy."""
_Z: Final = NormalDist().inv_cdf(0.975)


@dataclass(frozen=True)
class Game:
    """One verdict: `points` is 1 where `first` was better, 0 where `second` was, 0.5 for a tie."""

    first: Hashable
    second: Hashable
    points: float
    prompt: Hashable


@dataclass(frozen=True)
class Strength:
    """One policy's strength in nats, its 95 % interval, and the number of verdicts on its answers.

    A difference of 1 is a win rate of 73 %. The strengths of all policies add up to 0.
    """

    policy: Hashable
    value: float
    low: float
    high: float
    games: int


@dataclass(frozen=True)
class Board:
    """The policies, strongest first, with the covariance of their strengths."""

    strengths: tuple[Strength, ...]
    covariance: NDArray[np.float64]  # (policies, policies), in the order of `strengths`

    def certainty(self, first: int, second: int) -> float:
        """The difference of two strengths (places on the board) over its standard error."""
        c = self.covariance
        error = float(np.sqrt(max(c[first, first] + c[second, second] - 2 * c[first, second], 1e-12)))
        return abs(self.strengths[first].value - self.strengths[second].value) / error

    def next_match(self, policies: Sequence[Hashable]) -> tuple[Hashable, Hashable] | None:
        """The two neighbours among these whose order is least certain; None when all are certain or there are none."""
        places = [place for place, each in enumerate(self.strengths) if each.policy in policies]
        doubts = [(self.certainty(*pair), pair) for pair in pairwise(places)]
        if not doubts or min(doubts)[0] >= _Z:
            return None
        first, second = min(doubts)[1]
        return self.strengths[first].policy, self.strengths[second].policy


def rank(games: Sequence[Game]) -> Board:
    """Fit strengths to every game.

    >>> rank([Game("a", "b", 1, 1), Game("a", "b", 1, 2), Game("a", "b", 0, 3)]).strengths[0].policy
    'a'
    """
    from scipy.optimize import minimize  # imported here, because it takes half a second and most sessions never need it
    from scipy.special import expit

    policies = sorted({each for game in games for each in (game.first, game.second)}, key=str)
    place = {policy: at for at, policy in enumerate(policies)}
    design = np.zeros((len(games), len(policies)))  # (games, policies): +1 for the first, −1 for the second
    for at, game in enumerate(games):
        design[at, place[game.first]], design[at, place[game.second]] = 1.0, -1.0
    points = np.array([game.points for game in games])  # (games,)

    def loss(strengths: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        leads = design @ strengths
        value = np.logaddexp(0, leads) - points * leads
        slope = design.T @ (expit(leads) - points)
        return float(value.sum() + RIDGE / 2 * strengths @ strengths), slope + RIDGE * strengths

    fitted = minimize(loss, np.zeros(len(policies)), jac=True, method="BFGS", options={"gtol": 1e-8}).x
    covariance = _sandwich(games, design, points, fitted)
    values = fitted - fitted.mean()
    order = np.argsort(-values, kind="stable")
    errors = np.sqrt(np.diag(covariance))
    low, high = (values - _Z * errors).tolist(), (values + _Z * errors).tolist()
    counts = np.abs(design).sum(axis=0).astype(int)
    strengths = (Strength(policies[at], float(values[at]), low[at], high[at], int(counts[at])) for at in order)
    return Board(tuple(strengths), covariance[np.ix_(order, order)])


def _sandwich(
    games: Sequence[Game], design: NDArray[np.float64], points: NDArray[np.float64], fitted: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Covariance of the centred strengths, (policies, policies), with verdicts on one prompt taken together."""
    from scipy.special import expit

    policies = design.shape[1]
    chances = expit(design @ fitted)  # (games,)
    curvature = (design.T * (chances * (1 - chances))) @ design + RIDGE * np.eye(policies)
    pulls: dict[Hashable, NDArray[np.float64]] = {}
    for game, row, miss in zip(games, design, chances - points, strict=True):
        pulls[game.prompt] = pulls.get(game.prompt, np.zeros(policies)) + row * miss
    scatter = sum((np.outer(pull, pull) for pull in pulls.values()), np.zeros((policies, policies)))
    small = len(pulls) / max(len(pulls) - 1, 1)
    bread = np.linalg.inv(curvature)
    centre = np.eye(policies) - 1 / policies
    return np.asarray(centre @ bread @ (small * scatter + RIDGE * np.eye(policies)) @ bread @ centre)


def suggest(policies: Sequence[Hashable], games: Sequence[Game]) -> tuple[Hashable, Hashable] | None:
    """The next two of `policies` to compare: one without games against the best, else the least certain neighbours."""
    met = {each for game in games for each in (game.first, game.second)}
    new = [policy for policy in policies if policy not in met]
    known = [policy for policy in policies if policy in met]
    if new and known:
        on_board = [each.policy for each in rank(games).strengths if each.policy in known]
        return new[0], on_board[0]
    if new:
        return next(combinations(new, 2), None)
    return rank(games).next_match(policies) if games else None
