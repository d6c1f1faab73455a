"""Reads a workspace, for its owner and for a process beside the owner."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, TextIO

from adapters.manifest import Adapter
from adapters.registry import line_of
from db import blind_trials as db_blind
from db import comparisons as db_comparisons
from db import metrics as db_metrics
from db import names_shown as db_names_shown
from db import pair_lookup as db_pair_lookup
from db import prompts as db_prompts
from db import repeats as db_repeats
from db import runs as db_runs
from db import samples as db_samples
from db import trials as db_trials
from db import verdicts as db_verdicts
from db.givers import list_givers
from db.interchange.import_columns import known_columns
from db.interchange.selection import Selection, judged_pairs, kept_back
from db.interchange.sources import Source
from db.interchange.writing import Exported, write_pairs
from db.judges import judge_names
from db.pair_rows import ComparisonRow, VerdictCounts, VerdictRow
from db.people import list_people
from db.prompt_rows import MovedPrompt, PromptSetRow
from db.run_rows import MarginRow, MetricRow, RunLogRow, RunRow, SampleRow, TrialRow
from db.times import utc_text
from engine.config import Setting
from engine.sources.default_model import DEFAULT_SOURCE
from tui.analysis.agreement import Agreement, agreement
from tui.analysis.report import PreferenceReporter
from tui.curation.conversations import Conversations
from tui.curation.import_source import preview_of, recognised
from tui.curation.import_tally import Preview
from tui.curation.joining import Joining
from tui.curation.prompt_sets import PromptSets
from tui.curation.reasons import ReasonTags
from tui.curation.verdict_list import VerdictBrowser
from tui.generation.policies import PolicyChoice, policy_choices
from tui.judges.records import JudgeRecords
from tui.runs.history import RunRecords
from tui.snapshots import AdapterView, StudyProgress
from tui.training.pair_sets import PairSets
from tui.training.presets import RESERVED, Presets
from tui.training.study import Kind, Study, latest_study
from tui.workspace.export_list import note_export
from tui.workspace.named_values import NamedValues
from tui.workspace.servers import ServerList
from tui.workspace.settings_store import list_settings, stored_settings
from tui.workspace.workspace import Workspace

_PLACE_DIGITS = 18
"""A longer number is searched for as words of a prompt: the database has no place in a set that is so large."""


class WorkspaceReader:
    """Reads a workspace. Every call is a short query on this thread's read-only connection."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.preferences = PreferenceReporter(workspace, self.adapters)
        self.judges = JudgeRecords(workspace)
        self.records = RunRecords(workspace)
        self.data = VerdictBrowser(workspace)
        self.prompts = PromptSets(workspace)
        self.servers = ServerList(workspace)
        self.conversations = Conversations(workspace)
        self.reasons = ReasonTags(workspace)
        self.joining = Joining(workspace)
        self.presets = Presets(
            self._kept("preset", "train_presets", RESERVED),
            lambda: stored_settings(workspace).runs.preset,
            lambda: self.model_source,
        )
        self.pair_sets = PairSets(self._kept("set of pairs", "pair_sets", ("all", "all pairs")))

    def _kept(self, word: str, key: str, reserved: Sequence[str]) -> NamedValues:
        workspace = self.workspace
        return NamedValues(
            word, lambda: workspace.setting(key), lambda value: workspace.keep_setting(key, value), reserved
        )

    @property
    def model_source(self) -> str:
        """The Hub id, folder or file of the base model, as a person named it."""
        return str(self.workspace.setting("model", DEFAULT_SOURCE))

    # -- comparisons and verdicts ------------------------------------------------------------------------------

    def next_comparison(self, after: int | None = None) -> ComparisonRow | None:
        """The comparison to judge next, or None when none is ready. `after` is skipped unless it is the only one."""
        return db_comparisons.next_open(self.workspace.connection, after=after)

    def comparison(self, comparison: int) -> ComparisonRow:
        """One comparison with both answers and its current verdict."""
        return db_comparisons.get_comparison(self.workspace.connection, comparison)

    def open_comparisons(self, limit: int) -> list[ComparisonRow]:
        """Comparisons without a verdict, in the order in which they will be judged."""
        return db_comparisons.open_comparisons(self.workspace.connection, limit)

    def ready_count(self) -> int:
        """How many comparisons wait for their first verdict."""
        return db_comparisons.count_open(self.workspace.connection)

    @property
    def folder(self) -> Path:
        """The workspace's folder."""
        return self.workspace.folder

    def last_undone(self) -> ComparisonRow | None:
        """The comparison whose verdict was taken back last: it may be that of a text or a ranking beside a pair."""
        found = db_verdicts.last_undone(self.workspace.connection)
        return None if found is None else self.comparison(found)

    def judged_before(self, verdict: int | None) -> ComparisonRow | None:
        """The labelling pair with the newest current verdict before this one; None means before now."""
        found = db_verdicts.judged_before(self.workspace.connection, verdict)
        return None if found is None else self.comparison(found)

    def judged_after(self, verdict: int) -> ComparisonRow | None:
        """The labelling pair with the oldest current verdict after this one."""
        found = db_verdicts.judged_after(self.workspace.connection, verdict)
        return None if found is None else self.comparison(found)

    def find_pair(self, text: str, beside: ComparisonRow | None) -> ComparisonRow | None:
        """A labelling pair by the place of its prompt in the set of the pair `beside`, or by words of its prompt.

        The search starts after that pair, so a second call finds the next match.
        """
        connection, after = self.workspace.connection, beside.id if beside else 0
        if text.isdecimal() and len(text) <= _PLACE_DIGITS and beside is not None:
            found = db_pair_lookup.find_place(connection, beside.prompt.set_id, int(text), after=after)
        else:
            found = db_pair_lookup.find_words(connection, text, after=after)
        return None if found is None else self.comparison(found)

    def names_known(self, comparison: int) -> bool:
        """Were these two answers ever shown with the names of their policies?"""
        return db_names_shown.names_known(self.workspace.connection, comparison)

    def history(self, comparison: int) -> list[VerdictRow]:
        """Every verdict on a comparison, oldest first."""
        return db_verdicts.history(self.workspace.connection, comparison)

    def verdicts_beside(self, comparison: int) -> list[tuple[VerdictRow, str]]:
        """The verdicts of other people and of judges on a comparison, oldest first, each with who gave it."""
        connection = self.workspace.connection
        people, judges = list_people(connection), judge_names(connection)
        return [
            (row, f"judge {judges[row.judge]}" if row.judge is not None else people.get(row.person or 0, ""))
            for row in db_verdicts.verdicts_beside(connection, comparison)
        ]

    def counts(self) -> VerdictCounts:
        """The numbers of current verdicts; a day begins at this machine's midnight."""
        midnight = datetime.now().astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
        return db_verdicts.counts(self.workspace.connection, utc_text(midnight))

    def agreement(self) -> Agreement:
        """How far the person agreed with themselves on repeated pairs."""
        return agreement(db_repeats.repeated_verdicts(self.workspace.connection))

    def export_pairs(
        self,
        target: Path | TextIO,
        form: str = "trl",
        selection: Selection = Selection(),  # noqa: B008
    ) -> Exported:
        """Write the judged pairs of a selection to a file or a stream in the format `form`.

        Pairs that are excluded from training are not written, but counted.
        """
        connection = self.workspace.connection
        done = write_pairs(target, judged_pairs(connection, selection), form)
        if isinstance(target, Path):
            note_export(self.folder, target, "pairs")
        return replace(done, left_out=done.left_out | kept_back(connection, selection))

    def import_preview(self, source: Source, format: str = "auto", rows: int | None = None) -> Preview:
        """Look at the first `rows` outcomes of a source (None: all of them) as an import would read them.

        Raises:
            InterchangeError: the source cannot be read, or is in no known format.
        """
        return preview_of(*recognised(source, format, known_columns(self.workspace.connection)), rows=rows)

    # -- prompts -----------------------------------------------------------------------------------------------

    def settings(self) -> list[tuple[Setting, Any]]:
        """Every setting of the queue with its value in this workspace."""
        return list(list_settings(self.workspace))

    def link_lost(self) -> str:
        """What a run does when its terminal is lost: "go-on" or "leave"."""
        return stored_settings(self.workspace).leaving.link_lost

    @property
    def watching(self) -> str:
        """Which process this one watches, in words for the status line; empty for the owner."""
        return ""

    @property
    def colours(self) -> str:
        """The colours of the screens: dark or light."""
        return stored_settings(self.workspace).look.colours

    @property
    def thoughts_shown(self) -> bool:
        """Are thoughts before an answer shown from the start?"""
        return stored_settings(self.workspace).look.thoughts_shown == "open"

    @property
    def notify(self) -> str:
        """How the end of a run is announced: off, bell or desktop."""
        return stored_settings(self.workspace).runs.notify

    def prompt_sets(self) -> list[PromptSetRow]:
        """Every prompt set with the number of its prompts."""
        return db_prompts.list_prompt_sets(self.workspace.connection)

    def labelling_sets(self) -> list[str]:
        """The names of the prompt sets that are not held out. Their prompts are not counted."""
        return list(db_prompts.labelling_sets(self.workspace.connection))

    def other_givers(self) -> list[str]:
        """The labels (see `GiverRow`) of all people and judges who gave verdicts, the owner left out."""
        return [each.label for each in list_givers(self.workspace.connection)[1:]]

    def prompt_position(self, prompt: int) -> tuple[int, int]:
        """The position of a prompt in its set, from 1, and the size of the set."""
        return db_prompts.prompt_position(self.workspace.connection, prompt)

    def num_held_out(self) -> int:
        """How many prompts are held out for trials."""
        return sum(each.prompts for each in self.prompt_sets() if each.held_out)

    def pairs_of_prompt(self, prompt: int) -> list[ComparisonRow]:
        """The pairs of a prompt that were asked alone, the newest first."""
        return db_comparisons.pairs_of_prompt(self.workspace.connection, prompt)

    # -- runs --------------------------------------------------------------------------------------------------

    def runs(self) -> list[RunRow]:
        """Every run, newest first."""
        return [self._as_it_is(row) for row in db_runs.list_runs(self.workspace.connection)]

    def run(self, run: int) -> RunRow:
        """One run."""
        return self._as_it_is(db_runs.get_run(self.workspace.connection, run))

    def owner(self) -> dict[str, Any] | None:
        """The process that owns the workspace now (pid, host, since); None without one."""
        return self.workspace.owner()

    def _as_it_is(self, run: RunRow) -> RunRow:
        """Show a run whose process was killed as interrupted. Its row says running until the next owner starts."""
        if run.status != "running" or self.owner() is not None:
            return run
        return replace(run, status="interrupted", ended=run.heartbeat)

    @property
    def study_progress(self) -> StudyProgress | None:
        """The progress of the search or outlook that this process runs; None without one."""
        return None

    def latest_study(self, kind: Kind) -> Study | None:
        """The latest search or outlook, finished or not; None without one."""
        return latest_study(self.workspace, kind)

    def run_metrics(self, run: int, *, from_step: int = 0) -> list[MetricRow]:
        """The figures of a run from a step on, in the order of its steps."""
        return db_runs.run_metrics(self.workspace.connection, run, from_step=from_step)

    def run_margins(self, run: int) -> list[MarginRow]:
        """Every pair's margin in every epoch of a run, the lowest first in each."""
        return db_metrics.run_margins(self.workspace.connection, run)

    def can_resume(self, run: RunRow) -> bool:
        """Was the run interrupted, with its pairs recorded? Without a checkpoint it begins again from its start."""
        return run.status == "interrupted" and run.pairs > 0

    def run_samples(self, run: int) -> list[SampleRow]:
        """The sampled answers of a run's policy during training, by prompt and then by step."""
        return db_samples.run_samples(self.workspace.connection, run)

    def run_log(self, run: int) -> list[RunLogRow]:
        """The log of a run, oldest first."""
        return db_runs.run_log(self.workspace.connection, run)

    # -- adapters ----------------------------------------------------------------------------------------------

    def adapters(self) -> list[AdapterView]:
        """Every adapter in the registry, newest first."""
        kept: dict[str, Any] = self.workspace.setting("adapters_in_use", {})
        in_use = {each for each in kept.values() if each}
        known = {each.manifest.id: each for each in self.workspace.registry.list()}
        views = [self._view(each, known, each.manifest.id in in_use) for each in known.values()]
        return sorted(views, key=lambda view: view.created, reverse=True)

    def _view(self, adapter: Adapter, known: Mapping[str, Adapter], in_use: bool) -> AdapterView:
        manifest = adapter.manifest
        parent = known.get(manifest.parent or "")
        return AdapterView(
            id=manifest.id,
            name=manifest.name,
            parent=manifest.parent,
            parent_name=parent.manifest.name if parent else None,
            run=manifest.run,
            pairs=manifest.pairs,
            created=manifest.created,
            in_use=in_use,
            fits=self.base_fingerprint() in (None, manifest.base_fingerprint),
            folder=str(adapter.folder),
            lineage=tuple(each.manifest.name for each in line_of(adapter, known)),
        )

    def policies(self) -> list[PolicyChoice]:
        """Every policy that can be chosen: adapters and the base, here and on each server that texts may go to."""
        return policy_choices(self.adapters(), self.servers.all())

    def base_fingerprint(self) -> str | None:
        """The fingerprint of the loaded base model; None where no model is loaded."""
        return None

    # -- comparisons of two policies ---------------------------------------------------------------------------

    def trials(self) -> list[TrialRow]:
        """Every side-by-side and every blind trial, newest first."""
        return db_trials.list_trials(self.workspace.connection)

    def trial(self, trial: int) -> TrialRow:
        """One side-by-side or blind trial."""
        return db_trials.get_trial(self.workspace.connection, trial)

    def trial_comparisons(self, trial: int) -> list[ComparisonRow]:
        """The answered questions of a trial: `a` is the first policy's answer, `b` that of the one on trial."""
        return db_trials.trial_comparisons(self.workspace.connection, trial)

    def unmet_prompts(self, trial: TrialRow) -> int:
        """How many held-out prompts no trial of these two policies has used."""
        models = {"model_a": trial.model_a, "model_b": trial.model_b}
        return db_blind.count_unmet(self.workspace.connection, **models, prompt_set=trial.prompt_set)

    def comparison_notes(self, trial: int) -> dict[int, str]:
        """The notes on a trial's comparisons, by comparison."""
        return db_blind.comparison_notes(self.workspace.connection, trial)

    def moved_prompts(self, trial: int) -> list[MovedPrompt]:
        """The prompts that left the held-out sets because of a trial's comparisons."""
        return db_blind.moved_prompts(self.workspace.connection, trial)
