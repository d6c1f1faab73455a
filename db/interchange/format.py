"""One format: how its rows are recognised, read and written, and what its document says."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from db.interchange.checks import Row
from db.interchange.reading import ReadRows
from db.interchange.records import DECISIVE, LeftOut, PairRecord, Read
from db.interchange.sources import Source
from db.prompt_rows import Messages

FACTS = {
    "tie": "ties",
    "both_bad": "both bad",
    "both_good": "both good",
    "skip": "skips",
    "discard": "discarded",
    "open": "not judged",
    "strength": "strength",
    "side": "side",
    "seconds": "seconds",
    "note": "note",
    "field": "field",
    "scores": "scores",
    "tags": "reasons",
    "person": "who judged",
    "others": "others' verdicts",
    "ranking": "ranking",
    "turns": "several turns",
    "system": "system prompt",
}
"""The facts that a file may hold beside "this answer is better", and their column heads in a table."""

JUDGED = frozenset({"tie", "both_bad", "both_good", "skip", "discard", "open"})
CHAT = frozenset({"turns", "system"})

Written = dict[str, Any] | list[dict[str, Any]] | LeftOut

_KINDS = {
    "tie": "ties",
    "both_bad": "pairs that are both bad",
    "both_good": "pairs that are both good",
    "skip": "skipped pairs",
    "discard": "discarded pairs",
    "open": "pairs without a verdict",
}


@dataclass(frozen=True)
class Format:
    """One format of files of pairs.

    Attributes:
        fits: whether a row is in this format.
        read_rows: its reader; the reader declares the fields that it uses, see `fields.check_fields`.
        write_record: its writer, None where Palate only reads the format.
        carries: the facts that are unchanged after a round trip.
        joined: how several turns become one text, for a format that has no place for turns.
        endings: those of the files that it is written as, its own first.
        head: the other members of a file that is one JSON object with examples.
        shape, traps: a line and some sentences for the document. `examples`: rows that it reads.
    """

    name: str
    words: str
    fits: Callable[[Row], bool]
    read_rows: ReadRows
    write_record: Callable[[PairRecord], Written] | None = None
    carries: frozenset[str] = frozenset()
    joined: Callable[[Messages], str] | None = None
    endings: tuple[str, ...] = (".jsonl", ".json", ".csv", ".parquet")
    head: dict[str, Any] | None = None
    shape: str = ""
    traps: str = ""
    examples: tuple[dict[str, Any], ...] = field(default=(), repr=False)

    def read(self, source: Source, *, strict: bool = False) -> Iterator[Read]:
        """Every row of a source, as records or as a row that is left out.

        Raises:
            InterchangeError: the source cannot be read; with `strict`, also a row that cannot be used.
        """
        yield from self.read_rows(source.rows(), strict)

    def write(self, record: PairRecord) -> list[dict[str, Any]] | LeftOut:
        """The rows of a record, or the reason why the format cannot hold it."""
        assert self.write_record is not None, f"{self.name} is only read"
        kind = "open" if record.verdict is None else record.verdict
        if kind not in DECISIVE and kind not in self.carries:
            return LeftOut(record.at, f"the format has no place for {_KINDS[kind]}")
        written = self.write_record(record)
        return [written] if isinstance(written, dict) else written
