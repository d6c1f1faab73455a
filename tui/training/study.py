"""Studies: a search over settings, or an outlook on more verdicts, each made of runs over the folds of the pairs.

Every run of a study is an ordinary one in the history, tagged with the study's name; its adapter is never put in use,
and leaves once it was measured. What is done lies in the database, so that the same study continues where it ended.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from engine.config import TrainConfig
from tui.text.format import plain

if TYPE_CHECKING:
    from tui.workspace.workspace import Workspace

KEY = "studies"
"""The key of the database under which the latest study of each kind is stored."""
Kind = Literal["search", "outlook"]
FOLDS = 3
"""A run learns from two thirds of the pairs, and every pair is judged once by a run that did not see it."""
FEWEST_QUESTIONS = 12
"""With fewer pairs a fold would have fewer than four."""
MORE = 50
"""The further verdicts that an outlook estimates."""
SHARES = (0.25, 0.5, 1.0)
"""The shares of the pairs that the runs of an outlook learn from."""
_TRIED = ((1, 1, 1), (2, 1, 1), (1, 1, 2), (2, 3, 1), (4, 3, 1))
"""What a search tries, as factors of learning rate, beta and epochs: first the settings as given."""
_TAG = re.compile(r"(search|outlook)-\d+")
SEARCHED = ("learning_rate", "beta", "epochs")


@dataclass(frozen=True)
class Cell:
    """One run of a study: the place of its settings among those tried, and its fold."""

    tried: int
    fold: int


@dataclass(frozen=True)
class Study:
    """A study as the workspace stores it.

    Attributes:
        config: the settings as given; `pairs` is the fingerprint of the pairs, `pair_set` the choice of them.
        runs: (place of the settings, fold) → the run, for the runs that began.
        drifts: "base" or the place of the settings → tokens of an answer, and nats a token under the base.
        ended: why it is over: "finished", or "" while it is not.
        chosen, words: what came out, once all `runs` are finished.
        final: the run on all pairs with the chosen settings, with which a search ends.
        comparisons: the pairs that its runs on parts share; pairs that come later are not among them.
    """

    kind: Kind
    number: int
    config: Mapping[str, Any]
    pairs: str
    pair_set: Mapping[str, Any] | None
    runs: Mapping[Cell, int] = field(default_factory=dict)
    drifts: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    ended: str = ""
    chosen: int | None = None
    words: str = ""
    final: int | None = None
    comparisons: Sequence[int] = ()

    @property
    def tag(self) -> str:
        """The tag of its runs."""
        return f"{self.kind}-{self.number}"

    @property
    def given(self) -> TrainConfig:
        """The settings as given."""
        return TrainConfig(**self.config)

    @property
    def tried(self) -> list[TrainConfig]:
        """The settings that it tries, those as given first (for an outlook: last, with all pairs)."""
        return searched(self.given) if self.kind == "search" else [
            replace(self.given, train_share=share) for share in SHARES
        ]  # fmt: skip

    @property
    def cells(self) -> list[Cell]:
        """Its runs in order: all folds of one setting after the other."""
        return [Cell(tried, fold) for tried in range(len(self.tried)) for fold in range(FOLDS)]

    def config_of(self, cell: Cell) -> TrainConfig:
        """The settings of one of its runs."""
        whole = replace(self.tried[cell.tried], early_stop=None, eval_every=None, max_steps=None)
        return replace(whole, eval_share=1 / FOLDS, eval_fold=cell.fold)

    def name_of(self, cell: Cell) -> str:
        """The name of one of its runs, such as search-1-b2."""
        return f"{self.tag}-{chr(ord('a') + cell.tried)}{cell.fold + 1}"

    @property
    def names(self) -> list[str]:
        """The settings that it tries in words."""
        if self.kind == "outlook":
            return [f"{share:.0%} of the pairs" for share in SHARES]
        return [", ".join(f"{name.replace('_', ' ')} {plain(getattr(each, name))}" for name in SEARCHED)
                for each in self.tried]  # fmt: skip

    @property
    def first_runs(self) -> list[int]:
        """The run of each setting on its first fold, to lay over one another."""
        return [self.runs[Cell(tried, 0)] for tried in range(len(self.tried)) if Cell(tried, 0) in self.runs]

    def record(self) -> dict[str, Any]:
        """The study as plain values."""
        rows = [[cell.tried, cell.fold, run] for cell, run in self.runs.items()]
        return {**{name: getattr(self, name) for name in self.__dataclass_fields__}, "runs": rows}


def study_of(record: Mapping[str, Any]) -> Study:
    """The study of a stored record. Settings of another version of Palate under unknown names are left out."""
    known = TrainConfig.__dataclass_fields__
    return Study(
        **{
            **record,
            "config": {name: value for name, value in record["config"].items() if name in known},
            "runs": {Cell(tried, fold): run for tried, fold, run in record["runs"]},
            "drifts": {name: (tokens, nats) for name, (tokens, nats) in record["drifts"].items()},
        }
    )


def latest_study(workspace: Workspace, kind: Kind) -> Study | None:
    """The latest study of a kind, finished or not; None without one."""
    record = workspace.setting(KEY, {}).get(kind)
    return None if record is None else study_of(record)


def searched(config: TrainConfig) -> list[TrainConfig]:
    """The settings that a search tries: those as given, then other rates, betas and epochs."""
    return [
        replace(
            config,
            learning_rate=min(1.0, config.learning_rate * rate),
            beta=config.beta * beta,
            epochs=config.epochs * epochs,
        )
        for rate, beta, epochs in _TRIED
    ]


def study_words(study: Study) -> str:
    """How far a study is, in a few words."""
    if study.ended:
        return f"{study.tag} is over"
    if study.chosen is not None:
        return f"{study.tag} was left in its last run"
    return f"{study.tag} was left: {len(study.runs)} of {len(study.cells)} runs begun"


def is_of_study(tags: Sequence[str]) -> bool:
    """Whether a run with these tags belongs to a study, so that its adapter is not put in use."""
    return any(_TAG.fullmatch(tag) for tag in tags)
