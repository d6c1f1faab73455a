"""The outcome of the rows of an import, counted by kind and by reason."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from db.interchange.format import Format
from db.interchange.records import DECISIVE, LeftOut, PairRecord, Read
from db.interchange.sources import Source
from db.prompt_rows import Imported, LeftOutLines

LINES_TOLD = 3
"""At most this many lines are named for each reason."""
EXAMPLES = 3
"""So many pairs of a preview are shown."""


@dataclass
class Reasons:
    """How many lines have a reason, and the first of them."""

    counts: Counter[str] = field(default_factory=Counter)
    lines: dict[str, list[int]] = field(default_factory=dict)
    last: dict[str, int] = field(default_factory=dict)

    def add(self, reason: str, at: int) -> None:
        """Count one line. Several pairs of one row are one line."""
        if self.last.get(reason) == at:
            return
        self.last[reason] = at
        self.counts[reason] += 1
        if self.counts[reason] <= LINES_TOLD:
            self.lines.setdefault(reason, []).append(at)

    def by_reason(self) -> tuple[LeftOutLines, ...]:
        """Every reason, the most frequent first."""
        return tuple(LeftOutLines(each, number, tuple(self.lines[each])) for each, number in self.counts.most_common())


@dataclass
class ImportTally:
    """The outcome of the rows so far."""

    kinds: Counter[str] = field(default_factory=Counter)
    left_out: Reasons = field(default_factory=Reasons)
    remarks: Reasons = field(default_factory=Reasons)
    ranked: set[int] = field(default_factory=set)

    def add(self, read: Read) -> None:
        """Count one row."""
        if isinstance(read, LeftOut):
            self.left_out.add(read.reason, read.at)
            return
        self.kinds[read.verdict or "open"] += 1
        if read.answers > 2:
            self.ranked.add(read.at)
        for remark in read.remarks:
            self.remarks.add(remark, read.at)

    def move(self, verdict: str, left_out: LeftOut) -> None:
        """Count as left out a row that was counted as stored."""
        self.kinds["a" if verdict in DECISIVE else verdict] -= 1  # only the sum of a and b is reported
        self.add(left_out)

    def imported(self, source: Source, format: Format, set_name: str, rejects: str | None = None) -> Imported:
        """The counts as the outcome of the import."""
        kinds = self.kinds
        return Imported(
            source=source.name,
            format=format.name,
            set_name=set_name,
            pairs=kinds["a"] + kinds["b"],
            ties=kinds["tie"],
            both_bad=kinds["both_bad"],
            both_good=kinds["both_good"],
            skipped=kinds["skip"],
            discarded=kinds["discard"],
            not_judged=kinds["open"],
            ranked=len(self.ranked),
            left_out=self.left_out.by_reason(),
            remarks=self.remarks.by_reason(),
            rejects=rejects,
            unit=source.unit,
        )


@dataclass(frozen=True)
class Preview:
    """A look at a source before anything is stored.

    `found` counts what would be read; pairs that the workspace holds already are not known yet. `examples` are its
    first pairs. `rows` were looked at, which were all of them if `whole`.
    """

    found: Imported
    examples: tuple[PairRecord, ...]
    rows: int
    whole: bool
