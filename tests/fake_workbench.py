"""A workbench in memory: what screens see of the real one, without database, model or thread.

Futures are resolved at once; with `hold` set they stay open until `release()`, as while a disk is slow.
"""

import math
import tempfile
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from adapters.names import free_name
from db.interchange.sources import Source
from db.interchange.writing import Exported
from db.pair_rows import ComparisonRow, CompletionRow, VerdictCounts, VerdictListRow, VerdictRow
from db.prompt_rows import Message, PromptRow, PromptSetRow, ReadPrompts, TakenPrompts
from db.run_rows import MetricRow, RunLogRow, RunRow, SampleRow, TrialRow
from engine.config import TrainConfig, settings_of
from engine.estimates.preflight import Preflight
from engine.sources.default_model import DEFAULT_SOURCE
from tests.fake_records import FakeRecords
from tui.curation.prompt_sets import PromptFile
from tui.errors import InputError, WorkbenchError
from tui.events import ModelChanged, QueueChanged, RunChanged, TrialChanged, VerdictStored, WorkbenchEvent
from tui.generation.policies import PolicyChoice, policy_choices
from tui.snapshots import (
    AdapterView,
    LoadState,
    MachineReading,
    ModelState,
    RunPhase,
    RunProgress,
    StudyProgress,
    TrainPreview,
    WorkbenchStatus,
)
from tui.training.newest_request import Dropped
from tui.training.pair_sets import ALL_PAIRS, PairSet, PairSets
from tui.training.presets import RESERVED, Presets
from tui.training.preview import STEM
from tui.training.study import Kind, Study
from tui.workspace.named_values import NamedValues

START = datetime(2026, 3, 2, 14, 10, tzinfo=UTC)

PROMPTS = (
    ("Why do leaves change colour in autumn?", "biology"),
    ("What is the difference between weather and climate?", "earth science"),
    ("Why does ice float on water?", "chemistry"),
    ("How does a vaccine protect against a disease?", "medicine"),
    ("Why is the sky blue?", "physics"),
    ("What is a black hole?", "astronomy"),
    ("How do plate tectonics cause earthquakes?", "geology"),
    ("Why do we dream?", "psychology"),
)
LEAVES = (
    "As the days grow shorter in autumn, trees stop making chlorophyll, the green pigment that they use to turn "
    "sunlight into sugar. As the green fades, yellow and orange pigments that were there all summer become visible.\n\n"
    "Red is different: some trees make it anew, from the sugar that is left in the leaf.",
    "Leaves contain several pigments:\n\n- **Chlorophyll** is green and does the work of photosynthesis.\n"
    "- **Carotenoids** are yellow and orange.\n- **Anthocyanins** are red and purple.\n\n"
    "In autumn the tree takes the chlorophyll apart, and the *other* colours show.",
)


def prompt(number: int, *, set_name: str = "science", text: str | None = None) -> PromptRow:
    """The prompt with this number, counted from 1."""
    words, field = PROMPTS[(number - 1) % len(PROMPTS)]
    messages: tuple[Message, ...] = ({"role": "user", "content": words if text is None else text},)
    return PromptRow(number, 1, set_name, set_name.endswith("held out"), messages, field)


def completion(number: int, prompt_id: int, text: str, *, cut: bool = False, tuned: bool = False) -> CompletionRow:
    """An answer as the model wrote it."""
    kind, name = ("adapter", "taste-3") if tuned else ("base", "smollm2-135m-instruct")
    model = 1 + tuned, kind, name
    return CompletionRow(number, prompt_id, text, 120, cut, number, "model", *model, {"temperature": 0.9})


def comparison(number: int, first: str | None = None, second: str | None = None, **changes: Any) -> ComparisonRow:
    """An open comparison; every second one is flipped. `first` and `second` are as shown."""
    asked = changes.pop("prompt", None) or prompt(number)
    flipped = number % 2 == 0
    shown = (first or LEAVES[0], second or LEAVES[1])
    a, b = reversed(shown) if flipped else shown
    row = ComparisonRow(
        id=number,
        prompt=asked,
        a=completion(2 * number - 1, asked.id, a),
        b=completion(2 * number, asked.id, b),
        side_seed=number,
        flipped=flipped,
        trial=None,
        created=START.isoformat(),
        standing=None,
    )
    return replace(row, **changes)


def run_row(number: int, name: str, status: str = "finished", **changes: Any) -> RunRow:
    """A run with the default settings."""
    config = {each.name: each.default for each in settings_of(TrainConfig)}
    started = START + timedelta(hours=number)
    row = RunRow(
        id=number,
        name=name,
        status=status,
        config=config,
        versions={"torch": "2.13.0", "peft": "0.21.2"},
        base_model=1,
        base_name="smollm2-135m-instruct",
        adapter=f"a{number:08x}" if status == "finished" else None,
        parent_adapter=None,
        started=started.isoformat(),
        ended=None if status == "running" else (started + timedelta(minutes=7)).isoformat(),
        heartbeat=started.isoformat(),
        total_steps=24,
        error=None,
        note="",
        train_pairs=28,
        eval_pairs=3,
        step=24,
        loss=0.41,
        margin=0.92,
        accuracy=0.88,
    )
    return replace(row, **changes)


def metrics_of(steps: int) -> list[MetricRow]:
    """Curves as a run gives them: the loss starts at ln 2."""
    rows = []
    for step in range(1, steps + 1):
        margin = 1.2 * (1 - math.exp(-(step - 1) / 10)) + 0.06 * math.sin(step * 2.1)
        figures = {
            "loss": math.log(1 + math.exp(-margin)),
            "rewards/margins": margin,
            "rewards/accuracies": min(1.0, 0.5 + margin / 2),
            "rewards/chosen": margin * 0.6,
            "rewards/rejected": -margin * 0.4,
            "learning_rate": 5e-5 * (1 - step / steps),
            "grad_norm": 2.0 / step,
        }
        rows += [MetricRow(step, name, value) for name, value in figures.items()]
        if step % 8 == 0:
            rows.append(MetricRow(step, "eval_loss", figures["loss"] + 0.05))
            for name in ("margins", "accuracies", "chosen", "rejected"):
                rows.append(MetricRow(step, f"eval_rewards/{name}", figures[f"rewards/{name}"] * 0.8))
    return rows


class FakeWorkbench:
    """See the module's docstring. `open` and `judged` hold comparisons; tests may fill them as they like."""

    def __init__(self, comparisons: int = 6) -> None:
        self.rows = {number: comparison(number) for number in range(1, comparisons + 1)}
        self.verdicts: list[VerdictRow] = []
        self.undone: set[int] = set()
        self.named: set[int] = set()
        self.edits: list[tuple[int, int, str]] = []
        self.judged_with: list[dict[str, Any]] = []
        self.fail: Exception | None = None
        self.hold = False
        self.held: list[Callable[[], None]] = []
        self.listeners: list[Callable[[WorkbenchEvent], None]] = []
        self.state = WorkbenchStatus("smollm2-135m-instruct", LoadState.READY, prompts_left=112)
        self.sets = [
            PromptSetRow(1, "science", False, START.isoformat(), 200),
            PromptSetRow(2, "science, held out", True, START.isoformat(), 80),
        ]
        self.run_rows: list[RunRow] = []
        self.run_figures: dict[int, list[MetricRow]] = {}
        self.run_lines: dict[int, list[RunLogRow]] = {}
        self.adapter_views: list[AdapterView] = []
        self.trial_rows: dict[int, TrialRow] = {}
        self.trial_pairs: dict[int, list[ComparisonRow]] = {}
        self.started_with: list[dict[str, Any]] = []
        self.imported: list[Path] = []
        self.imports = SimpleNamespace(going_on=False)
        self.labelling = self
        self.previews = SimpleNamespace(
            preview=self.train_preview,
            known=self.known_train_preview,
            ask=self.ask_train_preview,
            preflight=self.preflight,
        )
        self.trainer = SimpleNamespace(
            start=self._start_run,
            resume=self._resume_run,
            stop=self._stop_run,
            pause=lambda: self._phase(RunPhase.PAUSED),
            go_on=lambda: self._phase(RunPhase.TRAINING),
        )
        self.prompts = SimpleNamespace(read_file=self._read_file, add_file=self._add_file)
        self.judges = SimpleNamespace(listed=list)
        self.side_by_side = SimpleNamespace(stop=self._stop_side_by_side)
        self.exported: list[tuple[Path, str]] = []
        self.preview_problem: str | None = None
        self.notify = "off"
        self.colours = "dark"
        self.thoughts_shown = False
        self.kept: dict[str, Any] = {}
        self.presets = Presets(self._kept_under("presets", RESERVED), lambda: "original", lambda: DEFAULT_SOURCE)
        self.pair_sets = PairSets(self._kept_under("pair sets", ()))
        self.samples: list[SampleRow] = []
        self.looked_at: list[PairSet] = []
        self.preflight_error: Exception | None = None
        self.discarded: bool | None = None
        self.records = FakeRecords(self.run_metrics)
        self.folder = Path(tempfile.mkdtemp(prefix="palate-test-"))
        self.data = FakeData(self)
        self.reasons = SimpleNamespace(of=lambda _: {}, offered=lambda: ["clear"], last=lambda: (), counts=dict)
        self.readings: tuple[MachineReading, ...] = ()
        self.ranked: list[tuple[list[int], list[int], dict[int, int], str, float]] = []
        self.latest_studies: dict[Kind, Study] = {}
        self.studied: list[tuple[Kind, TrainConfig]] = []
        self.studies = SimpleNamespace(
            start=lambda kind, config, *_, **__: self.studied.append((kind, config)),
            stop=self.studied.clear,
        )

    study_progress: StudyProgress | None = None

    def latest_study(self, kind: Kind) -> Study | None:
        """What the test says."""
        return self.latest_studies.get(kind)

    def machine_readings(self) -> tuple[MachineReading, ...]:
        """What a test put there."""
        return self.readings

    # -- what tests do -------------------------------------------------------------------------------------------

    def publish(self, published: WorkbenchEvent) -> None:
        """Tell every listener, as the lane's thread would."""
        for listener in tuple(self.listeners):
            listener(published)

    def release(self) -> None:
        """Let go of every future that was held."""
        self.hold = False
        held, self.held = self.held, []
        for resolve in held:
            resolve()

    def add_comparison(self, row: ComparisonRow) -> None:
        """A new comparison is ready."""
        self.rows[row.id] = row
        self.publish(QueueChanged(self.ready_count()))

    def set_state(self, **changes: Any) -> None:
        """Change the status and tell that the model moved."""
        self.state = replace(self.state, **changes)
        self.publish(ModelChanged())

    def _answer(self, act: Callable[[], Any]) -> "Future[Any]":
        future: Future[Any] = Future()

        def resolve() -> None:
            if self.fail is not None:
                error, self.fail = self.fail, None
                future.set_exception(error)
            else:
                future.set_result(act())

        if self.hold:
            self.held.append(resolve)
        else:
            resolve()
        return future

    def _kept_under(self, key: str, reserved: Sequence[str]) -> NamedValues:
        return NamedValues("preset", lambda: self.kept.get(key), lambda value: self.kept.update({key: value}), reserved)

    # -- life ----------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Nothing to load."""

    def close(self) -> None:
        """Nothing to close."""

    def subscribe(self, listener: Callable[[WorkbenchEvent], None]) -> Callable[[], None]:
        """Tell `listener` what is published."""
        self.listeners.append(listener)
        return lambda: self.listeners.remove(listener)

    def status(self) -> WorkbenchStatus:
        """The state, with what was judged here counted."""
        counts = self.counts()
        used = next((view.name for view in self.adapter_views if view.in_use), None)
        return replace(
            self.state,
            adapter_name=used,
            ready=self.ready_count(),
            verdicts=counts.total,
            pairs=counts.decisive,
            verdicts_today=counts.today,
            mean_seconds=counts.mean_seconds,
        )

    @property
    def run_progress(self) -> RunProgress | None:
        """The run in progress."""
        return self.state.run

    @property
    def model_state(self) -> ModelState:
        """The model, with the adapter in use."""
        status = self.status()
        return ModelState(status.model_name, status.model_state, status.model_detail, status.adapter_name, status.error)

    @property
    def is_writing(self) -> bool:
        """Is an answer being written?"""
        return self.state.writing

    @property
    def watching(self) -> str:
        """Nobody is watched, unless a test says so."""
        return self.state.watching

    # -- label ---------------------------------------------------------------------------------------------------

    def _standing(self, number: int) -> VerdictRow | None:
        rows = [row for row in self.verdicts if row.comparison == number and row.undoes is None]
        return next((row for row in reversed(rows) if row.id not in self.undone), None)

    def comparison(self, id: int) -> ComparisonRow:
        """One comparison with the verdict that stands."""
        trial = [row for rows in self.trial_pairs.values() for row in rows if row.id == id]
        row = trial[0] if trial else self.rows[id]
        return replace(row, standing=self._standing(id))

    def next_comparison(self, after: int | None = None) -> ComparisonRow | None:
        """Never judged first, then the skipped ones, oldest skip first."""
        standing = {number: self._standing(number) for number in self.rows}
        fresh = [number for number in sorted(self.rows) if standing[number] is None]
        skipped = sorted(
            (row.id, number) for number, row in standing.items() if row is not None and row.verdict == "skip"
        )
        ready = fresh + [number for _, number in skipped]
        others = [number for number in ready if number != after] or ready
        return self.comparison(others[0]) if others else None

    def ready_count(self) -> int:
        """Comparisons that were never judged."""
        return sum(self._standing(number) is None for number in self.rows)

    def edit_answer(self, comparison: int, original: int, text: str) -> "Future[int]":
        """The open pair counts as skipped."""

        def act() -> int:
            self.edits.append((comparison, original, text))
            self.judge(comparison, "skip", side=None, layout="none", seconds=None)
            return 1000 + len(self.edits)

        return self._answer(act)

    def pairs_of_prompt(self, prompt: int) -> list[ComparisonRow]:
        """Those that ask it, the newest first."""
        rows = [self.comparison(number) for number in sorted(self.rows, reverse=True)]
        return [row for row in rows if row.prompt.id == prompt]

    def rank_answers(
        self, pairs: Sequence[int], answers: Sequence[int], ranks: Mapping[int, int], *, layout: str, seconds: float
    ) -> "Future[int]":
        """The open pairs count as skipped."""

        def act() -> int:
            self.ranked.append((list(pairs), list(answers), dict(ranks), layout, seconds))
            for pair in pairs:
                self.judge(pair, "skip", side=None, layout=layout, seconds=None)
            return len(self.ranked)

        return self._answer(act)

    def find_pair(self, text: str, beside: ComparisonRow | None) -> ComparisonRow | None:
        """By the prompt's number or its words, behind the pair on the screen."""
        after = beside.id if beside else 0
        for number in sorted(self.rows, key=lambda each: (each <= after, each)):
            asked = self.rows[number].prompt
            if (text.isdecimal() and asked.id == int(text)) or text.lower() in asked.first_line.lower():
                return self.comparison(number)
        return None

    def names_known(self, comparison: int) -> bool:
        """Those that were opened with names."""
        return comparison in self.named

    def names_were_shown(self, comparison: int) -> "Future[None]":
        """Keep that."""
        return self._answer(lambda: self.named.add(comparison))

    def verdicts_beside(self, comparison: int) -> list[tuple[VerdictRow, str]]:
        """Nobody else judges here."""
        del comparison
        return []

    def judged_before(self, verdict: int | None) -> ComparisonRow | None:
        """The pair of the verdict before this one."""
        ids = [each for each in self._judged_ids() if verdict is None or each < verdict]
        return self.comparison(self.verdicts[ids[-1] - 1].comparison) if ids else None

    def judged_after(self, verdict: int) -> ComparisonRow | None:
        """The pair of the verdict after this one."""
        ids = [each for each in self._judged_ids() if each > verdict]
        return self.comparison(self.verdicts[ids[0] - 1].comparison) if ids else None

    def _judged_ids(self) -> list[int]:
        return sorted(row.id for number in self.rows if (row := self._standing(number)) is not None)

    def judge(
        self,
        comparison: int,
        verdict: str,
        *,
        strength: int = 1,
        side: str | None,
        layout: str,
        seconds: float | None,
        blind: bool = True,
        note: str = "",
        reasons: Sequence[str] = (),
    ) -> "Future[VerdictRow]":
        """Append a verdict."""

        def act() -> VerdictRow:
            number = len(self.verdicts) + 1
            at = (START + timedelta(seconds=20 * number)).isoformat()
            row = VerdictRow(
                number, comparison, at, verdict, strength, side, layout, seconds, blind, note, "person", None
            )
            self.verdicts.append(row)
            self.judged_with.append({"comparison": comparison, "verdict": verdict, **given})
            self.publish(VerdictStored(comparison, verdict))
            return row

        given = {"strength": strength, "side": side, "layout": layout, "seconds": seconds, "blind": blind}
        given |= {"note": note} if note else {}
        given |= {"reasons": reasons} if reasons else {}
        return self._answer(act)

    def undo(self) -> "Future[int | None]":
        """Take back the newest verdict that stands."""

        def act() -> int | None:
            done = [row for row in self.verdicts if row.undoes is None and row.id not in self.undone]
            if not done:
                return None
            self.undone.add(done[-1].id)
            taken = replace(done[-1], id=len(self.verdicts) + 1, verdict="undo", undoes=done[-1].id)
            self.verdicts.append(taken)
            self.publish(VerdictStored(taken.comparison, "undo"))
            return taken.comparison

        return self._answer(act)

    def last_undone(self) -> ComparisonRow | None:
        """The comparison whose verdict was taken back last."""
        taken = [row for row in self.verdicts if row.undoes is not None]
        return self.comparison(taken[-1].comparison) if taken else None

    # -- data ----------------------------------------------------------------------------------------------------

    def history(self, comparison: int) -> list[VerdictRow]:
        """Everything that was said of one comparison, oldest first."""
        return [row for row in self.verdicts if row.comparison == comparison]

    def counts(self) -> VerdictCounts:
        """What stands, counted."""
        rows = [row for number in self.rows if (row := self._standing(number)) is not None]
        kinds = [row.verdict for row in rows]
        times = [row.seconds for row in rows if row.seconds is not None]
        judged = sum(kind not in ("skip", "discard") for kind in kinds)
        mean = sum(times) / len(times) if times else None
        tail = kinds.count("tie"), kinds.count("both_bad"), kinds.count("skip"), kinds.count("discard"), mean
        return VerdictCounts(judged, judged, kinds.count("a") + kinds.count("b"), *tail, kinds.count("both_good"))

    def prompt_position(self, prompt: int) -> tuple[int, int]:
        """Where a prompt stands in its set."""
        return prompt, 200

    def other_givers(self) -> list[str]:
        """A judge beside the owner."""
        return ["judge:strict"]

    def note_offer_seen(self, offer: str) -> None:
        """Nothing is offered once."""

    def labelling_sets(self) -> list[str]:
        """The sets that are not held out."""
        return [each.name for each in self.sets if not each.held_out]

    def prompt_sets(self) -> list[PromptSetRow]:
        """The sets with their counts."""
        return list(self.sets)

    def _read_file(self, source: Source, *, held_out: bool = False) -> PromptFile:
        path = Path(source.name)
        if not path.exists():
            raise InputError(f"There is no file {path}. Check the path.")
        self.imported.append(path)
        return PromptFile(ReadPrompts((), (), ()), held_out)

    def _add_file(self, file: PromptFile, set_name: str, *, distinct: bool = False) -> "Future[TakenPrompts]":
        """A set of two prompts."""
        del distinct

        def act() -> TakenPrompts:
            self.sets.append(PromptSetRow(len(self.sets) + 1, set_name, file.held_out, START.isoformat(), 2))
            return TakenPrompts(set_name, 2, 1, 1, 0)

        return self._answer(act)

    def export_pairs(self, path: Path, form: str = "trl") -> Exported:
        """The number of pairs that were written."""
        if not path.parent.exists():
            raise InputError(f"There is no folder {path.parent}. Make it, or choose another one.")
        self.exported.append((path, form))
        return Exported(self.counts().decisive, {})

    # -- train ---------------------------------------------------------------------------------------------------

    def train_preview(self, config: TrainConfig, chosen: PairSet = ALL_PAIRS) -> TrainPreview:
        """What a run on 31 pairs would do, of which 12 are left where some are chosen."""
        pairs = 31 if chosen.everything else 12
        share = 0.1 if config.eval_share is None else config.eval_share  # its runs have evaluations to show
        held = max(1, round(pairs * share)) if share else 0
        per_step = config.batch_size * config.gradient_accumulation_steps
        steps = config.epochs * math.ceil((pairs - held) / per_step)
        steps = min(steps, config.max_steps) if config.max_steps else steps
        names = [*(each.name for each in self.adapter_views), *(each.name for each in self.run_rows)]
        name = free_name(STEM, names)
        return TrainPreview(pairs, pairs - held, held, steps, config.epochs, self.preview_problem, name)

    def known_train_preview(self, config: TrainConfig, chosen: PairSet) -> TrainPreview | None:
        """The same, known at once."""
        return self.train_preview(config, chosen)

    def ask_train_preview(self, config: TrainConfig, chosen: PairSet, tell: Callable[[TrainPreview], None]) -> None:
        """The same, at once."""
        tell(self.train_preview(config, chosen))

    def preflight(
        self, config: TrainConfig, chosen: PairSet = ALL_PAIRS, is_dropped: Callable[[], bool] = lambda: False
    ) -> Preflight:
        """A close look at what a run on those 31 pairs would do."""
        if self.preflight_error is not None:
            raise self.preflight_error
        if is_dropped():
            raise Dropped
        self.looked_at.append(chosen)
        preview = self.train_preview(config, chosen)
        notes = ("The shorter answer was chosen in 81% of the pairs, so answers will grow shorter.",)
        left_out = {"7": "both answers are the same", "9": "both answers are the same"}
        return Preflight(
            preview.train_pairs, preview.eval_pairs, left_out, 0, 0, preview.steps, 9410, 412, 0.19, 1e-3, notes,
            seconds=140.0,
        )  # fmt: skip

    def _start_run(
        self,
        config: TrainConfig,
        *,
        name: str | None = None,
        from_adapter: str | None = None,
        pairs: PairSet = ALL_PAIRS,
    ) -> int:
        """Start a run that moves only when a test says so (`step`)."""
        if self.preview_problem:
            raise WorkbenchError(self.preview_problem)
        number = max((row.id for row in self.run_rows), default=0) + 1
        total = self.train_preview(config).steps
        values: Mapping[str, Any] = {each.name: getattr(config, each.name) for each in settings_of(TrainConfig)}
        name = name or f"taste-{number}"
        nothing = {"step": 0, "loss": None, "margin": None, "accuracy": None}
        row = run_row(number, name, "running", config=values, total_steps=total, parent_adapter=from_adapter, **nothing)
        self.run_rows.insert(0, row)
        self.run_figures[number] = []
        self.started_with.append({"config": config, "name": name, "from_adapter": from_adapter, "pairs": pairs})
        self.state = replace(self.state, run=RunProgress(number, name, 0, total, None, None, RunPhase.REFERENCE))
        self.publish(RunChanged(number))
        return number

    def step(self, step: int) -> None:
        """The run in progress has done `step` steps."""
        run = self.state.run
        assert run is not None, "no run is in progress"
        rows = [row for row in metrics_of(run.total_steps) if row.step <= step]
        self.run_figures[run.run] = rows
        last = {row.name: row.value for row in rows}
        margin = last["rewards/margins"]
        self.state = replace(
            self.state, run=replace(run, step=step, margin=margin, seconds_left=90, phase=RunPhase.TRAINING)
        )
        figures = {"loss": last["loss"], "margin": margin, "accuracy": last["rewards/accuracies"]}
        self._change_run(run.run, step=step, **figures)

    def end_run(self, status: str = "finished", error: str | None = None) -> None:
        """The run in progress is over."""
        run = self.state.run
        assert run is not None, "no run is in progress"
        self.state = replace(self.state, run=None)
        adapter = None if status == "failed" else f"a{run.run:08x}"
        self._change_run(run.run, status=status, adapter=adapter, error=error, ended=START.isoformat())

    def _change_run(self, number: int, **changes: Any) -> None:
        self.run_rows = [replace(row, **changes) if row.id == number else row for row in self.run_rows]
        self.publish(RunChanged(number))

    def can_resume(self, run: RunRow) -> bool:
        """Every interrupted run left a checkpoint."""
        return run.status == "interrupted"

    def _resume_run(self, id: int, changes: Mapping[str, Any] | None = None) -> None:
        """The run is alive again; it moves when a test says so."""
        row = self.run(id)
        row = replace(row, status="running", config={**row.config, **(changes or {})})
        self.run_rows = [row if each.id == id else each for each in self.run_rows]
        total = row.total_steps or 0
        self.state = replace(self.state, run=RunProgress(id, row.name, row.step, total, None, None, RunPhase.REFERENCE))
        self.publish(RunChanged(id))

    def _stop_run(self, *, discard: bool = False) -> None:
        """The run is asked to stop; it is over when a test says so (`end_run`)."""
        self.discarded = discard
        if (run := self.state.run) is not None:
            self.state = replace(self.state, run=replace(run, phase=RunPhase.STOPPING))
            self.publish(RunChanged(run.run))

    def _phase(self, phase: RunPhase) -> None:
        assert self.state.run is not None
        self.state = replace(self.state, run=replace(self.state.run, phase=phase))
        self.publish(RunChanged(self.state.run.run))

    def runs(self) -> list[RunRow]:
        """Newest first."""
        return list(self.run_rows)

    def run(self, id: int) -> RunRow:
        """One run."""
        return next(row for row in self.run_rows if row.id == id)

    def run_metrics(self, id: int, *, from_step: int = 0) -> list[MetricRow]:
        """Its figures."""
        return [row for row in self.run_figures.get(id, []) if row.step >= from_step]

    def run_samples(self, id: int) -> list[SampleRow]:
        """What it answered."""
        del id
        return list(self.samples)

    def run_log(self, id: int) -> list[RunLogRow]:
        """Its log."""
        return list(self.run_lines.get(id, []))

    # -- adapters ------------------------------------------------------------------------------------------------

    def adapters(self) -> list[AdapterView]:
        """All adapters."""
        return list(self.adapter_views)

    def policies(self) -> list[PolicyChoice]:
        """Every policy that can be chosen; there is no server."""
        return policy_choices(self.adapter_views, [])

    def ensure_model(self) -> None:
        """It is loaded."""

    def use_adapter(self, name_or_id: str | None) -> None:
        """Another adapter is in use from now on."""
        self.adapter_views = [replace(view, in_use=name_or_id in (view.id, view.name)) for view in self.adapter_views]
        self.publish(ModelChanged())

    # -- compare -------------------------------------------------------------------------------------------------

    def start_side_by_side(self, *, adapter: str | None, num_questions: int, against: str = "base") -> int:
        """A trial without an answer yet; `answer_question` brings them."""
        number = len(self.trial_rows) + 1
        self.trial_rows[number] = TrialRow(
            id=number,
            kind="side_by_side",
            name=None,
            status="running",
            model_a=1,
            model_a_name="smollm2-135m-instruct" if against == "base" else against,
            model_a_kind="base" if against == "base" else "adapter",
            model_b=2,
            model_b_name=adapter or "taste-3",
            sampling={},
            num_questions=num_questions,
            created=START.isoformat(),
            ended=None,
            done=0,
            judged=0,
        )
        self.trial_pairs[number] = []
        self.publish(TrialChanged(number, 0, num_questions))
        return number

    def answer_question(self, trial: int) -> None:
        """One more question of a trial is answered by both."""
        row, pairs = self.trial_rows[trial], self.trial_pairs[trial]
        number = 1000 * trial + len(pairs) + 1
        asked = prompt(len(pairs) + 1, set_name="science, held out")
        pair = comparison(number, prompt=asked, flipped=False, trial=trial)
        tuned = completion(2 * number, asked.id, LEAVES[1], tuned=True)
        pairs.append(replace(pair, b=tuned))
        over = len(pairs) == row.num_questions
        self.trial_rows[trial] = replace(row, done=len(pairs), status="finished" if over else "running")
        self.publish(TrialChanged(trial, len(pairs), row.num_questions))

    def _stop_side_by_side(self) -> None:
        """Stop the trial that is running."""
        for number, row in self.trial_rows.items():
            if row.status == "running":
                self.trial_rows[number] = replace(row, status="stopped")
                self.publish(TrialChanged(number, row.done, row.num_questions))

    def trials(self) -> list[TrialRow]:
        """Newest first."""
        return [self.trial_rows[number] for number in sorted(self.trial_rows, reverse=True)]

    def trial_comparisons(self, trial: int) -> list[ComparisonRow]:
        """a is the base's answer, b the tuned one's."""
        return list(self.trial_pairs[trial])

    def num_held_out(self) -> int:
        """Questions that a trial may ask."""
        return sum(each.prompts for each in self.sets if each.held_out)


def adapter_view(number: int, name: str, *, in_use: bool = False, parent: str | None = None) -> AdapterView:
    """An adapter that fits."""
    lineage = (parent, name) if parent else (name,)
    return AdapterView(
        id=f"a{number:08x}",
        name=name,
        parent=None,
        parent_name=parent,
        run=number,
        pairs=31,
        created=(START + timedelta(hours=number)).isoformat(),
        in_use=in_use,
        fits=True,
        folder=f"/home/you/.local/share/palate/adapters/a{number:08x}",
        lineage=lineage,
    )


class FakeData:
    """What the Data screen reads of judged pairs; words of a query are looked for in prompts alone."""

    def __init__(self, workbench: FakeWorkbench) -> None:
        self._bench = workbench
        self.notes: dict[int, str] = {}

    def interrupter(self) -> Callable[[], None]:
        """No query takes long enough to be ended."""
        return lambda: None

    def page(
        self, query: str = "", *, before: int | None = None, limit: int = 200, **_more: object
    ) -> list[VerdictListRow]:
        """Standing verdicts, newest first, older than the verdict `before`."""
        found, bench = [], self._bench
        for row in reversed(bench.verdicts):
            if bench._standing(row.comparison) != row or (before is not None and row.id >= before):
                continue
            asked = bench.rows[row.comparison].prompt
            if query.strip().lower() not in asked.first_line.lower():
                continue
            words = row.strength, row.seconds, asked.first_line, asked.set_name, asked.field, row.note
            found.append(VerdictListRow(row.id, row.comparison, row.at, row.verdict, *words, None))
        return found[:limit]

    def count(self, query: str, **_more: object) -> int:
        """How many there are."""
        return len(self.page(query, limit=10**9))

    def is_out(self, _pair: ComparisonRow) -> bool:
        """None is."""
        return False

    def note(self, comparison: int) -> str | None:
        """The one that was kept."""
        return self.notes.get(comparison)

    def keep_note(self, comparison: int, note: str) -> "Future[None]":
        """Keep it."""
        return self._bench._answer(lambda: self.notes.update({comparison: note}))

    def withdrawals(self, _comparison: int) -> list[Any]:
        """None was taken out."""
        return []
