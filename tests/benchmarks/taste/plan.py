"""The cells of the table, in the order in which they are worth most: one seed of all cells comes before the next."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tests.benchmarks.taste.arms import RIVAL

SIZES: dict[str, tuple[int, ...]] = {"default": (100, 50, 25, 200), "ordinal": (100, 50, 25), "sft": (100,)}
FLIPPED = 0.2


@dataclass(frozen=True)
class Cell:
    """One run, or the system prompt alone: `verdicts` is the number of judged pairs, whatever was said of them.

    `flips` is the share of the decided verdicts that name the other answer.
    """

    taste: str
    arm: str
    verdicts: int
    flips: float
    seed: int


def first_table(tastes: Sequence[str], seeds: Sequence[int]) -> Iterator[Cell]:
    """Two tastes × {default at 25 to 200, ordinal at 25 to 100, SFT at 100} and 20 % flips at 100, for each seed."""
    for seed in seeds:
        for taste in tastes:
            yield Cell(taste, RIVAL, 0, 0.0, seed)
        yield from (Cell(taste, arm, sizes[0], 0.0, seed) for arm, sizes in SIZES.items() for taste in tastes)
        yield from (Cell(taste, arm, 100, FLIPPED, seed) for arm in ("default", "ordinal") for taste in tastes)
        yield from (
            Cell(taste, arm, size, 0.0, seed) for arm, sizes in SIZES.items() for size in sizes[1:] for taste in tastes
        )


def asked_cells(
    tastes: Sequence[str], seeds: Sequence[int], arms: Sequence[str], sizes: Sequence[int], flips: Sequence[float]
) -> Iterator[Cell]:
    """Every combination that was asked for; the system prompt has no sizes."""
    for seed in seeds:
        for taste in tastes:
            for arm in arms:
                if arm == RIVAL:
                    yield Cell(taste, arm, 0, 0.0, seed)
                else:
                    yield from (Cell(taste, arm, size, share, seed) for size in sizes for share in flips)
