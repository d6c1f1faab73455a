"""What a workspace does with its judges: add them, measure them, and let them judge. No Textual here.

A judge's verdicts are stored beside the owner's, with the judge's name, and count only in a trial that it decides. So
nothing here teaches a run anything unless a person chooses the judge's verdicts for it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from adapters.manifest import Adapter
from db import blind_trials as db_blind
from db import comparisons as db_comparisons
from db import judge_records as db_records
from db import judges as db_judges
from db import models as db_models
from db import preference_counts as db_preference_counts
from db import trials as db_trials
from db.judges import JudgeRow
from db.pair_rows import ComparisonRow, ModelRow
from db.run_rows import TrialRow
from tui.analysis.preferences import count_preferences
from tui.compute.seeds import seed_from
from tui.compute.services import Services
from tui.errors import InputError, WorkbenchError
from tui.events import JudgesChanged, TrialChanged, VerdictStored
from tui.generation.policies import ServedPolicy, model_row, policy_by_name, server_of
from tui.generation.publishing import target_of
from tui.judges.asking import LABEL_TOKENS, Asker, Judged, LocalAsker, ModelQuestions, ProgramAsker, ServerAsker
from tui.judges.examples import DEFAULT, MOST_EXAMPLES, choose_examples, shown
from tui.judges.figures import own_word
from tui.judges.program import ExternalJudge
from tui.judges.records import ANSWER_TOKENS, EXAMPLES, JudgeRecords, JudgeView, examples_of
from tui.judges.rubric import checked_rubric, first_rubric
from tui.judges.work import JudgeProgress, JudgeWork
from tui.workspace.settings import AT, BASE

TRY_PAIRS = 100
"""The pairs that a judge is measured on, unless another number is given."""
SORTED_BY = "queue_judge"
"""The setting that keeps the judge by whom the queue is sorted."""
_LONGEST_NAME = 60
WAIT_FOR_ANSWERS_S = 0.5
"""While the answers of a trial are being written, a judge looks again after this time."""
MOST_SORTED = 1000
"""The most waiting pairs that are judged at once to sort the queue."""
MOST_TOKENS = 4096
"""The longest answer of a judge in tokens, for models that think before they answer."""
Tick = Callable[[], None]


@dataclass(frozen=True, kw_only=True)
class NewJudge:
    """A judge to add: a `policy` here, on a `server` (by name) or on the one that it names itself (`base@box`), or a
    `command`.

    `rubric` None: begun from the owner's choices. `examples` is how many of the owner's verdicts it is shown.
    """

    name: str
    server: str | None = None
    policy: str = BASE
    command: str | None = None
    rubric: str | None = None
    examples: int = DEFAULT
    answer_tokens: int = LABEL_TOKENS


class Judges(JudgeRecords):
    """Adds, measures and asks judges."""

    def __init__(self, services: Services, *, seed: int) -> None:
        super().__init__(services.workspace)
        self._services, self._seed = services, seed
        self._publish = services.publish
        self._work = JudgeWork(services.publish)

    # -- beside the person ---------------------------------------------------------------------------------------

    @property
    def progress(self) -> JudgeProgress | None:  # type: ignore[override]  # read alone, there and here
        """What a judge does now beside the person."""
        return self._work.progress

    @property
    def failure(self) -> str:  # type: ignore[override]  # as above
        """Why a judge's last work beside the person failed; empty where it did not."""
        return self._work.failure

    def begin_measuring(self, judge: JudgeView, pairs: int = TRY_PAIRS) -> None:
        """Measure the judge on up to `pairs` questions, beside everything else.

        Raises:
            WorkbenchError: a judge works already; and see `asker`.
        """
        asker = self.asker(judge)
        left = max(pairs - judge.figures.pairs, 0)
        begun = JudgeProgress(judge.name, "measuring", 0, left)
        self._work.start(begun, lambda tick: self.measure(judge, asker, pairs=pairs, tick=tick))

    def begin_sorting(self, judge: JudgeView) -> None:
        """Sort the queue by the judge, beside everything else. Raises as `begin_measuring` does."""
        asker = self.asker(judge)
        self._work.start(
            JudgeProgress(judge.name, "sorting the queue"), lambda tick: self.sort_queue(judge, asker, tick=tick)
        )

    def check_can_begin(self, judge: JudgeView) -> None:
        """Raise what `begin_trial` would raise for this judge now, before there is a trial."""
        self.asker(judge)
        self._work.check_free()

    def begin_trial(self, judge: JudgeView, trial: int) -> None:
        """Let the judge decide its trial to its end, while answers are written. Raises as `begin_measuring` does."""
        asker = self.asker(judge)
        row = db_trials.get_trial(self._workspace.connection, trial)
        begun = JudgeProgress(judge.name, f"trial {trial}", row.judged, row.total - row.same)
        self._work.start(begun, lambda tick: self._decide(judge, asker, trial, tick))

    def stop(self) -> None:
        """Stop what a judge does beside the person; what was judged stays."""
        self._work.stop()

    def close(self) -> None:
        """End the work of a judge."""
        self._work.close()

    def _decide(self, judge: JudgeView, asker: Asker, trial: int, tick: Tick) -> Iterator[Judged]:
        """Judge the pairs of a trial as they are written, then open it."""
        while True:
            complete = self._row(trial).done == self._row(trial).total
            yield from self.judge_trial(judge, asker, trial, tick=tick)
            if complete or self._row(trial).status != "running":
                break
            tick()
            time.sleep(WAIT_FOR_ANSWERS_S)
        self._workspace.write(db_blind.open_trial, trial).result()
        row = self._row(trial)
        self._publish(TrialChanged(trial, row.done, row.total))

    def _row(self, trial: int) -> TrialRow:
        return db_trials.get_trial(self._workspace.connection, trial)

    # -- the list ------------------------------------------------------------------------------------------------

    def add(self, new: NewJudge) -> JudgeView:
        """Add a judge; one of the same name that differs is archived, and keeps its verdicts.

        Raises:
            InputError: its name, number of examples or tokens is not usable, or there is no such server.
            NotAllowed: its rubric holds an answer of a trial.
            AdapterError, ModelError: the policy here is not there.
        """
        name = new.name.strip()
        if not name or len(name) > _LONGEST_NAME:
            raise InputError(f"A judge's name has 1 to {_LONGEST_NAME} characters. Give it another one.")
        if not 0 <= new.examples <= MOST_EXAMPLES:
            raise InputError(f"A judge is shown 0 to {MOST_EXAMPLES} examples, not {new.examples}. Change it.")
        if not 1 <= new.answer_tokens <= MOST_TOKENS:
            raise InputError(f"A judge's answer has 1 to {MOST_TOKENS} tokens, not {new.answer_tokens}. Change it.")
        if new.command is not None:
            added = self._workspace.write(db_judges.set_command_judge, name, new.command).result()
            self._publish(JudgesChanged())
            return self.by_id(added)
        rubric = self.first_rubric() if new.rubric is None else new.rubric
        settings: dict[str, Any] = {EXAMPLES: self._choose_examples(new.examples)}
        if new.answer_tokens != LABEL_TOKENS:
            settings[ANSWER_TOKENS] = new.answer_tokens
        return self._store(name, rubric, settings, **self._place_of(new))

    def change_rubric(self, name: str, rubric: str) -> JudgeView:
        """Give a judge another rubric. That makes another judge of its name, which is not measured yet.

        Raises:
            InputError: there is no such judge, it is a program, or the rubric is empty or too long.
            NotAllowed: the rubric holds an answer of a trial.
        """
        row = self.named(name).row
        if row.kind == "command":
            raise InputError(f"{name} is a program, which has no rubric here. Change the program.")
        return self._store(row.name, rubric, dict(row.settings), model=row.model, server=row.server)

    def remove(self, name: str) -> None:
        """Offer a judge no longer; its verdicts stay.

        Raises:
            InputError: there is no such judge.
        """
        self._workspace.write(db_judges.archive_judge, self.named(name).row.id).result()
        self._publish(JudgesChanged())

    def first_rubric(self) -> str:
        """The rubric from what the owner's choices say."""
        return first_rubric(count_preferences(db_preference_counts.choices(self._workspace.connection)))

    def _store(self, name: str, rubric: str, settings: Mapping[str, Any], **place: int | None) -> JudgeView:
        rubric = checked_rubric(rubric)
        db_records.check_rubric(self._workspace.connection, rubric)
        stored = self._workspace.write(
            db_judges.set_model_judge, name, rubric=rubric, settings=settings, **place
        ).result()
        self._publish(JudgesChanged())
        return self.by_id(stored)

    def _choose_examples(self, number: int) -> list[int]:
        if not number:
            return []
        candidates = db_records.example_candidates(self._workspace.connection)
        return [each.verdict for each in choose_examples(candidates, number, seed=self._seed)]

    def _place_of(self, new: NewJudge) -> dict[str, int | None]:
        """Where a new judge is: the policy's model, and its server."""
        word = new.policy if new.server is None else f"{new.policy}{AT}{new.server}"
        policy = policy_by_name(word, self._services)
        return {"model": model_row(policy, self._services), "server": server_of(policy)}

    # -- asking --------------------------------------------------------------------------------------------------

    def needs_model(self, judge: JudgeView) -> bool:
        """Must the base model be loaded for this judge?"""
        return judge.row.kind == "model" and judge.row.server is None

    def check_for_trials(self, judge: JudgeView) -> None:
        """Raise unless the judge may decide a trial.

        Raises:
            WorkbenchError: it was measured on too few pairs, or agrees with the owner too little.
        """
        if judge.problem is not None:
            raise WorkbenchError(
                f"{judge.name} decides no trial. {judge.problem} Measure it: `palate judges try {judge.name}`."
            )

    def asker(
        self, judge: JudgeView, *, folder: Path | None = None, environment: Mapping[str, str] | None = None
    ) -> Asker:
        """Who is asked for this judge; `folder` and `environment` are a program's.

        Raises:
            WorkbenchError: it is known by its name alone, or its model is not the one that is loaded.
            AdapterError: its adapter is gone.
            TextsStay: nobody allowed texts to go to its server.
            JudgeError: its program is not there.
        """
        row = judge.row
        if row.command is not None:
            program = ExternalJudge(row.command, folder=folder, environment=environment)
            program.check()
            return ProgramAsker(program)
        if row.model is None:
            raise WorkbenchError(f"{row.name} is known by its name alone. Add it: `palate judges add {row.name}`.")
        questions = ModelQuestions(row.rubric, shown(self.examples(row)))
        if row.server is not None:
            named = self._servers.by_id(row.server)
            act = f"Allow it: `palate servers allow {named.name}`."
            self._servers.consents.require(named.destination, act)
            most = int(row.settings.get(ANSWER_TOKENS, LABEL_TOKENS))
            target = partial(target_of, ServedPolicy(named, self._served_adapter(row.model)), self._services)
            return ServerAsker(named.server, questions, most, target)
        return LocalAsker(self._services, self._policy_of(row.model), questions)

    def measure(self, judge: JudgeView, asker: Asker, *, pairs: int = TRY_PAIRS, tick: Tick) -> Iterator[Judged]:
        """Let the judge judge pairs of the owner's that it never saw, until `pairs` questions are measured.

        Each question comes once, by chance; the same workspace and judge give the same pairs.
        """
        left = pairs - judge.figures.pairs
        measured = {each.prompt for each in self.measured(judge.row)}
        chosen = [each[0] for each in self._unmeasured(judge.row) if each[1] not in measured][: max(left, 0)]
        yield from self._judge(judge.row, asker, self._pairs(chosen), tick)

    def look_for_slips(self, judge: JudgeView, asker: Asker, *, pairs: int, tick: Tick) -> Iterator[Judged]:
        """Let the judge judge up to `pairs` more of the owner's decisive verdicts."""
        waiting = self._all_unmeasured(judge.row)
        decisive = [comparison for comparison, _, verdict in waiting if own_word(verdict) != "tie"][:pairs]
        yield from self._judge(judge.row, asker, self._pairs(decisive), tick)

    def sort_queue(self, judge: JudgeView, asker: Asker, *, tick: Tick) -> Iterator[Judged]:
        """Let the judge judge what waits in the queue, and ask what it is least sure of first from now on."""
        self._workspace.keep_setting(SORTED_BY, judge.row.id)
        connection = self._workspace.connection
        waiting = db_records.unsorted(connection, judge.row.id, examples_of(judge.row), MOST_SORTED)
        yield from self._judge(judge.row, asker, self._pairs(waiting), tick)

    def next_comparison(self, after: int | None) -> ComparisonRow | None:
        """The ready comparison that the judge of the queue is least sure of; see `next_by_judge`."""
        judge = self._workspace.setting(SORTED_BY)
        return db_records.next_by_judge(self._workspace.connection, judge, after=after)

    def judge_trial(self, judge: JudgeView, asker: Asker, trial: int, *, tick: Tick) -> Iterator[Judged]:
        """Let the judge judge the pairs of its trial that are written and have no verdict.

        Raises:
            WorkbenchError: another judge or a person decides this trial.
        """
        row = db_trials.get_trial(self._workspace.connection, trial)
        if row.judged_by != judge.row.id:
            raise WorkbenchError(f"{judge.name} does not decide trial {trial}. Begin another trial with it.")
        pairs = db_trials.trial_comparisons(self._workspace.connection, trial)
        waiting = [each for each in pairs if each.standing is None and not each.same]
        for judged in self._judge(judge.row, asker, waiting, tick):
            self._publish(VerdictStored(judged.pair.id, judged.judgement.verdict or "discard"))
            yield judged

    def _judge(self, row: JudgeRow, asker: Asker, pairs: Sequence[ComparisonRow], tick: Tick) -> Iterator[Judged]:
        for judged in asker.judge(pairs, tick):
            judgement = judged.judgement
            self._workspace.write(
                db_records.judge_as,
                row.id,
                comparison=judged.pair.id,
                verdict=judgement.verdict or "discard",
                note=judgement.note,
                confidence=judgement.confidence,
                seconds=round(judged.seconds, 3),
            ).result()
            yield judged

    def _unmeasured(self, row: JudgeRow) -> list[tuple[int, int, str]]:
        """The owner's pairs that the judge may be measured on, one of each question, in an order by chance."""
        order = sorted(self._all_unmeasured(row), key=lambda each: seed_from(self._seed, "try", each[0]))
        first: dict[int, tuple[int, int, str]] = {}
        for each in order:
            first.setdefault(each[1], each)
        return list(first.values())

    def _all_unmeasured(self, row: JudgeRow) -> list[tuple[int, int, str]]:
        return db_records.unmeasured(self._workspace.connection, row.id, examples_of(row))

    def _pairs(self, comparisons: Sequence[int]) -> list[ComparisonRow]:
        return db_comparisons.comparisons_by_id(self._workspace.connection, comparisons)

    def _policy_of(self, model: int) -> Adapter | None:
        """The adapter of a judge here, None for the base.

        Raises:
            WorkbenchError: it belongs to a base model that is not loaded, or its weights changed.
        """
        row = db_models.get_model(self._workspace.connection, model)
        base = row if row.parent is None else db_models.get_model(self._workspace.connection, row.parent)
        if base.fingerprint != self._services.loaded_model.required().fingerprint:
            raise WorkbenchError(f"This judge is {base.name}. Start Palate with --model {base.source}.")
        return None if row.parent is None else self._adapter_of(row)

    def _served_adapter(self, model: int) -> Adapter | None:
        """The adapter of a judge on a server, None for the base there. Raises as `_policy_of` does."""
        row = db_models.get_model(self._workspace.connection, model)
        return None if row.kind == "server" else self._adapter_of(row)

    def _adapter_of(self, row: ModelRow) -> Adapter:
        adapter = self._workspace.registry.get(row.source)
        if adapter.manifest.checksum != row.fingerprint:
            raise WorkbenchError(f"The weights of {row.name} are no longer those of this judge. Add it again.")
        return adapter
