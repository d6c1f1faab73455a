"""Which preference pairs a run uses: all, or those since a day, of one prompt set, judged much better, or by others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, cast

from db import prompts as db_prompts
from db import verdicts as db_verdicts
from db.givers import find_giver
from db.pair_rows import PairFilter, PairRow
from db.times import utc_text
from engine.config import TrainConfig
from engine.preference import Outcome, PreferencePair
from tui.analysis.report_format import givers_words
from tui.errors import InputError
from tui.workspace.named_values import NamedValues
from tui.workspace.workspace import Workspace


def parse_day(text: str) -> str | None:
    """Parse a day such as 2026-03-02; None for an empty text or `none`.

    Raises:
        InputError: the text is not a day.
    """
    text = text.strip()
    if text.lower() in ("", "none"):
        return None
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise InputError(f"{text!r} is no day. Write it as 2026-03-02, or none for all days.") from None


@dataclass(frozen=True, kw_only=True)
class PairSet:
    """A choice of preference pairs; the default is all of them.

    `since` is the first day, in this machine's time zone, whose verdicts count. `prompt_set` is the name of a prompt
    set. `strong` keeps only the verdicts "much better". `verdicts_of` names the people and judges whose verdicts are
    read (labels of `GiverRow`); empty means the owner. Of several, the first one who judged a pair decides it. `name`
    is the name that a person gave the choice.
    """

    name: str | None = None
    since: str | None = None
    prompt_set: str | None = None
    strong: bool = False
    verdicts_of: tuple[str, ...] = ()

    @property
    def everything(self) -> bool:
        """Does the set hold every pair that the owner judged?"""
        return self.since is None and self.prompt_set is None and not self.strong and not self.verdicts_of

    def record(self) -> dict[str, Any] | None:
        """The set as a run stores it; None for all pairs."""
        if self.everything:
            return None
        kept = {"since": self.since, "prompt_set": self.prompt_set, "strong": self.strong}
        return {"name": self.name, **kept, "verdicts_of": list(self.verdicts_of)}

    def words(self) -> str:
        """The set in words, after its name if it has one."""
        parts = ["much better only"] if self.strong else []
        parts += [f"verdicts of {givers_words(self.verdicts_of)}"] if self.verdicts_of else []
        parts += [f"of {self.prompt_set}"] if self.prompt_set else []
        parts += [f"since {self.since}"] if self.since else []
        words = " · ".join(parts) or "all pairs"
        return f"{self.name}: {words}" if self.name else words


ALL_PAIRS = PairSet()


def pair_set_of(record: Mapping[str, Any] | None) -> PairSet:
    """The set that a stored record describes."""
    known = PairSet.__dataclass_fields__
    kept = {name: value for name, value in (record or {}).items() if name in known}
    return PairSet(**kept | {"verdicts_of": tuple(kept.get("verdicts_of") or ())})


def preference_pair(row: PairRow) -> PreferencePair:
    """The engine's record of a stored pair; its key is the comparison's id."""
    return PreferencePair(
        key=str(row.comparison),
        prompt=row.messages,
        chosen=row.chosen,
        rejected=row.rejected,
        chosen_cut=row.chosen_cut,
        rejected_cut=row.rejected_cut,
        thinking=row.thinking,
        outcome=_outcome(row),
        edited=row.edited,
        chosen_foreign=row.chosen_foreign,
        rejected_foreign=row.rejected_foreign,
        question=None if row.ranking is None else f"ranking {row.ranking}",
    )


def _outcome(row: PairRow) -> Outcome:
    if row.said != "better":
        return cast(Outcome, row.said)
    return "much" if row.strength > 1 else "better"


def learned_beside(config: TrainConfig) -> tuple[str, ...]:
    """The verdicts that prefer no answer and that a run with these settings learns from."""
    return tuple(kind for kind in db_verdicts.NOT_DECISIVE if kind in config.outcomes)


def pairs_of(workspace: Workspace, chosen: PairSet, also: tuple[str, ...] = ()) -> list[PairRow]:
    """The training records of a set, by the current verdicts, and those whose verdict is one of `also`.

    Raises:
        InputError: there is no prompt set of that name for labelling.
        NotFound: nobody of such a name gave a verdict.
    """
    return db_verdicts.preference_pairs(workspace.connection, filter_of(workspace, chosen, also))


def filter_of(workspace: Workspace, chosen: PairSet, also: tuple[str, ...] = ()) -> PairFilter:
    """The set as the database's filter. Raises `InputError` and `NotFound` as `pairs_of` does."""
    set_id = None
    if chosen.prompt_set is not None:
        sets = db_prompts.labelling_sets(workspace.connection)
        set_id = sets.get(chosen.prompt_set)
        if set_id is None:
            names = ", ".join(sets)
            raise InputError(f"There is no prompt set {chosen.prompt_set!r} for labelling. There are: {names}.")
    since = None
    if chosen.since is not None:
        midnight = datetime.fromisoformat(chosen.since).astimezone()
        since = utc_text(midnight)
    givers = tuple(find_giver(workspace.connection, each).giver for each in chosen.verdicts_of)
    return PairFilter(since=since, set_id=set_id, strong=chosen.strong, givers=givers, also=also)


class PairSets:
    """The sets of pairs that a person saved under names."""

    def __init__(self, kept: NamedValues) -> None:
        self.kept = kept

    def all(self) -> list[PairSet]:
        """Every set, in the order in which they were saved."""
        return [replace(pair_set_of(record), name=name) for name, record in self.kept.all().items()]

    def get(self, name: str) -> PairSet:
        """The set of that name.

        Raises:
            InputError: there is none.
        """
        found = next((each for each in self.all() if (each.name or "").casefold() == name.strip().casefold()), None)
        if found is None:
            names = ", ".join(each.name or "" for each in self.all()) or "none yet"
            raise InputError(f"There is no set of pairs {name!r}. There are: {names}.")
        return found

    def save(self, name: str, chosen: PairSet) -> PairSet:
        """Save a set under a name. Raises `InputError` for a name that is not usable."""
        record = {"since": chosen.since, "prompt_set": chosen.prompt_set, "strong": chosen.strong}
        return self.get(self.kept.save(name, record | {"verdicts_of": list(chosen.verdicts_of)}))
