"""Rankings: three to eight answers to a prompt that are put in order at once. The pairs that follow belong to one."""

from collections.abc import Mapping, Sequence
from itertools import combinations
from sqlite3 import Connection
from typing import Any

from db.comparisons import add_comparison, find_comparison, get_comparison
from db.completions import copy_completion
from db.errors import NotAllowed, NotFound
from db.inserting import insert
from db.pair_rows import VerdictRow
from db.times import utc_now
from db.verdicts import add_verdict

FEWEST, MOST = 3, 8


def add_ranking(conn: Connection, prompt: int, answers: Sequence[int], *, side_seed: int) -> int:
    """Store answers (ids of completions) to be ranked, in the order in which they are shown, and all their pairs.

    The pairs are never asked one by one. Returns the id of the ranking.

    Raises:
        NotAllowed: there are fewer than three or more than eight answers; see `add_comparison` for the others.
    """
    if not FEWEST <= len(answers) <= MOST:
        raise NotAllowed(f"A ranking has {FEWEST} to {MOST} answers, not {len(answers)}.")
    ranking = insert(conn, "rankings", {"prompt": prompt, "created": utc_now()})
    rows = [(ranking, place, answer) for place, answer in enumerate(answers, 1)]
    conn.executemany("INSERT INTO ranking_answers VALUES (?, ?, ?)", rows)
    for a, b in combinations(sorted(answers), 2):
        add_comparison(conn, prompt=prompt, a=a, b=b, side_seed=side_seed, ranking=ranking)
    return ranking


def ranking_answers(conn: Connection, ranking: int) -> list[int]:
    """The answers (ids of completions) of a ranking, in the order in which they are shown.

    Raises:
        NotFound: there is no such ranking.
    """
    rows = conn.execute("SELECT completion FROM ranking_answers WHERE ranking = ? ORDER BY place", (ranking,))
    found = [row["completion"] for row in rows]
    if not found:
        raise NotFound(f"There is no ranking {ranking}.")
    return found


def rank_answers(
    conn: Connection,
    answers: Sequence[int],
    ranks: Mapping[int, int],
    *,
    instead_of: Sequence[int],
    side_seed: int,
    seconds: float | None,
    **said: Any,
) -> int:
    """Store answers to a prompt and their ranking at once; open pairs of `instead_of` count as skipped for good.

    One undo takes all of it back. Returns the id of the ranking. `said` goes to `add_verdict`. For errors see
    `add_ranking` and `rank`.
    """
    pairs = [get_comparison(conn, each) for each in instead_of]
    ranked = _not_compared(conn, answers)
    ranking = add_ranking(conn, pairs[0].prompt.id, ranked, side_seed=side_seed)
    places = {new: ranks[old] for old, new in zip(answers, ranked, strict=True) if old in ranks}
    given = rank(conn, ranking, places, seconds=seconds, **said)
    for pair in pairs:
        if pair.undecided:  # an earlier skip would let it come back
            add_verdict(conn, comparison=pair.id, verdict="skip", act=given[0].id, layout=said.get("layout", "none"))
    return ranking


def _not_compared(conn: Connection, answers: Sequence[int]) -> list[int]:
    """The answers, or copies of them where two were compared before."""
    found: list[int] = []
    for answer in answers:
        compared = any(find_comparison(conn, each, answer) is not None for each in found)
        found.append(copy_completion(conn, answer) if compared else answer)
    return found


def rank(
    conn: Connection, ranking: int, ranks: Mapping[int, int], *, seconds: float | None = None, **said: Any
) -> list[VerdictRow]:
    """Store a ranking as verdicts on its pairs, which are undone together; returns them.

    `ranks` has a rank for each ranked answer (an id of a completion), 1 for the best; equal ranks are a tie. Pairs with
    an answer that has no rank stay without a verdict. The seconds are stored once, with the first verdict. `said` goes
    to `add_verdict`.

    Raises:
        NotFound: there is no such ranking.
        NotAllowed: fewer than two answers have a rank, or one of them is not one of its answers.
    """
    answers = ranking_answers(conn, ranking)
    unknown = sorted(set(ranks) - set(answers))
    if len(ranks) < 2 or unknown:
        raise NotAllowed(f"A ranking needs two answers of ranking {ranking} at least, and no other ones.")
    pairs = conn.execute("SELECT id, a, b FROM comparisons WHERE ranking = ? ORDER BY id", (ranking,)).fetchall()
    given: list[VerdictRow] = []
    for pair in pairs:
        if pair["a"] in ranks and pair["b"] in ranks:
            difference = ranks[pair["a"]] - ranks[pair["b"]]
            verdict = "tie" if difference == 0 else "a" if difference < 0 else "b"
            first = {"seconds": seconds} if not given else {"act": given[0].id}
            given.append(add_verdict(conn, comparison=pair["id"], verdict=verdict, **first, **said))
    return given
