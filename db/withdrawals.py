"""Take pairs out of training and put them back. Rows are only ever added, as for verdicts, so the history stays."""

from dataclasses import dataclass
from sqlite3 import Connection

from db.comparisons import get_comparison
from db.errors import NotAllowed
from db.inserting import insert
from db.pair_rows import ComparisonRow
from db.times import utc_now


@dataclass(frozen=True)
class WithdrawalRow:
    """One change of a pair: taken out of training (`withdrawn`) or put back."""

    id: int
    comparison: int
    at: str
    withdrawn: bool


def set_withdrawn(conn: Connection, comparison: int, withdrawn: bool) -> bool:
    """Take a pair out of training, or put it back; returns whether that changed anything.

    Raises:
        NotFound: there is no such comparison.
        NotAllowed: it belongs to a trial or is a repeat, and no run ever trains on those; or it was forgotten.
    """
    pair = get_comparison(conn, comparison)
    if pair.prompt.forgotten:
        raise NotAllowed(f"The texts of comparison {comparison} were forgotten: no run can train on it.")
    if pair.trial is not None or pair.repeats is not None:
        kind = f"part of trial {pair.trial}" if pair.trial is not None else f"a repeat of pair {pair.repeats}"
        raise NotAllowed(f"Comparison {comparison} is {kind}: no run trains on it, so there is nothing to take out.")
    if is_withdrawn(conn, pair) == withdrawn:
        return False
    insert(conn, "withdrawals", {"comparison": comparison, "at": utc_now(), "withdrawn": withdrawn})
    return True


def is_withdrawn(conn: Connection, pair: ComparisonRow) -> bool:
    """Whether this pair is taken out of training."""
    row = conn.execute("SELECT withdrawn FROM comparisons WHERE id = ?", (pair.id,)).fetchone()
    return bool(row["withdrawn"])


def withdrawals(conn: Connection, comparison: int) -> list[WithdrawalRow]:
    """Every change of a pair, taken out or put back, the oldest first."""
    rows = conn.execute("SELECT * FROM withdrawals WHERE comparison = ? ORDER BY id", (comparison,))
    return [WithdrawalRow(row["id"], row["comparison"], row["at"], bool(row["withdrawn"])) for row in rows]
