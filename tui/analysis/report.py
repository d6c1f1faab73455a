"""Reads a person's preferences from the workspace. The result is cached until something is stored again."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from db import preference_counts as db_preference_counts
from db.agreements import verdicts_of_two
from db.connection import data_version
from db.givers import find_giver, list_givers
from db.pair_rows import OWNER, GiverRow
from db.preference_counts import JudgedGroup, MissedPair
from db.repeats import repeated_verdicts
from db.tags import count_tags
from db.times import utc_text
from tui.analysis.agreement import Agreement, AgreementOfTwo, agreement
from tui.analysis.label_noise import LabelNoise, label_noise
from tui.analysis.pace import Day, by_day
from tui.analysis.preferences import PreferenceSummary, count_preferences
from tui.snapshots import AdapterView
from tui.workspace.workspace import Workspace

DAYS: Final = 14
"""The pace covers this many days."""


@dataclass(frozen=True)
class Group:
    """A group of pairs to count: those of a prompt set or of a field, or all where both are None.

    `pairs` is the number of judged pairs.
    """

    set_name: str | None = None
    field: str | None = None
    pairs: int = 0

    @property
    def key(self) -> tuple[str | None, str | None]:
        """The identity of the group, which does not depend on its number of pairs."""
        return self.set_name, self.field


@dataclass(frozen=True)
class Missed:
    """The pairs that the adapter in use ranks the wrong way, of `known` pairs in the last epoch of its run."""

    adapter: str
    run: int
    known: int
    pairs: tuple[MissedPair, ...]


@dataclass(frozen=True)
class ReasonLikes:
    """What the verdicts with one reason prefer."""

    reason: str
    summary: PreferenceSummary


@dataclass(frozen=True)
class PreferenceReport:
    """All contents of the page. `missed` is None where no adapter made by a run is in use.

    `givers` names the people and judges whose choices these are, empty for the owner. `with_others` is the owner's
    agreement with everyone who judged some of the same pairs.
    """

    group: Group
    source: str
    givers: tuple[str, ...]
    groups: tuple[Group, ...]
    imported: int
    summary: PreferenceSummary
    agreement: Agreement
    with_others: tuple[AgreementOfTwo, ...]
    reasons: tuple[ReasonLikes, ...]
    label_noise: LabelNoise
    missed: Missed | None
    days: tuple[Day, ...]


class PreferenceReporter:
    """Statistics over every choice. 100,000 verdicts take most of a second, so do not read on the event loop."""

    def __init__(self, workspace: Workspace, adapters: Callable[[], Sequence[AdapterView]]) -> None:
        """`adapters` lists the adapters of the workspace."""
        self._workspace, self._adapters = workspace, adapters
        self._kept: dict[tuple[int, str, tuple[str | None, str | None], tuple[str, ...]], PreferenceReport] = {}

    def version(self) -> int:
        """A number that changes once something was stored. Compare it only with numbers read on the same thread."""
        return data_version(self._workspace.connection)

    def read(
        self,
        group: Group | None = None,
        *,
        source: str = "person",
        givers: tuple[str, ...] = (),
        version: int | None = None,
    ) -> PreferenceReport:
        """The report on `group`, or on every pair where it is None. The last report of the same `version` is reused.

        `source` is person, or import for pairs from a file. `givers` are labels of people and judges whose verdicts
        are read in place of the owner's.

        Raises:
            NotFound: nobody of such a name gave a verdict.
        """
        group = group or Group()
        if version is None:
            return self._read(group, source, givers)
        key = (version, source, group.key, givers)
        if key not in self._kept:
            page = self._read(group, source, givers)
            # No caller asks for a report of another version again.
            self._kept = {each: kept for each, kept in self._kept.items() if each[0] == version} | {key: page}
            return page
        return self._kept[key]

    def missed(self, run: int) -> list[MissedPair]:
        """The pairs with a margin below 0 in a run's last epoch, the lowest first, to judge them again."""
        return db_preference_counts.missed_pairs(self._workspace.connection, run)

    def givers(self) -> list[GiverRow]:
        """The owner, then every other person and judge who gave verdicts."""
        return list_givers(self._workspace.connection)

    def giver(self, name: str) -> GiverRow:
        """The person or judge of that name or label; "me" is the owner.

        Raises:
            NotFound: nobody of that name gave a verdict.
        """
        return find_giver(self._workspace.connection, name)

    def of_two(self, first: GiverRow, second: GiverRow) -> AgreementOfTwo:
        """The agreement of two people or judges, on the pairs that both judged before they settled any together."""
        said = verdicts_of_two(self._workspace.connection, first.giver, second.giver)
        found = agreement([(one, other) for _, one, other in said])
        return AgreementOfTwo(spoken(first), spoken(second), found)

    def with_others(self) -> list[AgreementOfTwo]:
        """The owner's agreement with everyone who judged some of the same pairs."""
        own, *others = self.givers()
        found = [self.of_two(own, each) for each in others]
        return [each for each in found if each.agreement.pairs]

    def _read(self, group: Group, source: str, labels: tuple[str, ...]) -> PreferenceReport:
        connection = self._workspace.connection
        givers = [find_giver(connection, each).giver for each in labels]
        judged = db_preference_counts.judged_groups(connection)
        twice = repeated_verdicts(connection)
        since = utc_text(datetime.now().astimezone() - timedelta(days=DAYS))
        choices = partial(
            db_preference_counts.choices,
            connection,
            source=source,
            set_name=group.set_name,
            field=group.field,
            givers=givers,
        )
        by_reason = [ReasonLikes(name, count_preferences(choices(tag=name))) for name in count_tags(connection)]
        return PreferenceReport(
            group=group,
            source=source,
            givers=labels,
            groups=tuple(groups_of([each for each in judged if each.source == source])),
            imported=sum(each.pairs for each in judged if each.source == "import"),
            summary=count_preferences(choices()),
            agreement=agreement(twice),
            with_others=tuple(self.with_others()),
            reasons=tuple(each for each in by_reason if each.summary.decided + each.summary.neither),
            label_noise=label_noise(twice),
            missed=self._missed(),
            days=tuple(by_day(db_preference_counts.seconds_by_day(connection, since))),
        )

    def _missed(self) -> Missed | None:
        used = next((each for each in self._adapters() if each.in_use and each.fits), None)
        if used is None or used.run is None:
            return None
        known = db_preference_counts.count_margins(self._workspace.connection, used.run)
        return Missed(used.name, used.run, known, tuple(self.missed(used.run)))


def spoken(row: GiverRow) -> str:
    """A giver's name in a sentence: the owner's own name or "you", and "judge" before a judge's."""
    if row.giver == OWNER:
        return "You"
    return f"judge {row.name}" if row.giver.kind == "judge" else row.name


def groups_of(judged: Sequence[JudgedGroup]) -> list[Group]:
    """The group of all pairs, then one for each prompt set, then one for each field, by name."""
    sets: Counter[str] = Counter()
    fields: Counter[str] = Counter()
    for each in judged:
        sets[each.set_name] += each.pairs
        if each.field is not None:
            fields[each.field] += each.pairs
    every = [Group(pairs=sum(sets.values()))]
    every += [Group(set_name=name, pairs=pairs) for name, pairs in sorted(sets.items())]
    return every + [Group(field=name, pairs=pairs) for name, pairs in sorted(fields.items())]
