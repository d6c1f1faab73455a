"""The Train screen: what a run will be made of, then the run itself."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from textual import on
from textual.app import ComposeResult
from textual.message import Message

from db.run_rows import RunRow
from engine.config import TrainConfig
from tui.errors import KNOWN_ERRORS
from tui.events import (
    MachineRead,
    ModelChanged,
    RunChanged,
    SamplesStored,
    StudyChanged,
    VerdictStored,
    WorkbenchEvent,
)
from tui.runs.curves import RunHistory
from tui.screens.base import PalateScreen
from tui.screens.confirm import StopScreen
from tui.screens.name_picker import open_named
from tui.screens.runs.run_actions import ADAPTER_KEYS, AdapterList, RunActions
from tui.screens.runs.samples import SamplesScreen
from tui.screens.runs.study_actions import STUDY_KEYS, StudyActions
from tui.screens.runs.train_pickers import named_pairs, named_presets
from tui.screens.single_dismiss import leads_away_once
from tui.snapshots import WAITING, AdapterView, RunPhase, RunProgress, TrainPreview
from tui.training.newest_request import Dropped
from tui.training.pair_sets import PairSet
from tui.training.study import Kind
from tui.widgets.binding import Binding, TextualBinding, Writing
from tui.widgets.charts.run_charts import DrawThrottle, RunCharts
from tui.widgets.form.rows import FormRow
from tui.widgets.form.text_row import TextRow
from tui.widgets.runs.live_run import LiveRun
from tui.widgets.runs.train_setup import TrainSetup

if TYPE_CHECKING:
    from engine.estimates.preflight import Preflight


_SETTLED_S: Final = 0.3
"""How long settings must be unchanged before the preflight: nobody needs it for half a number."""


_NOTICED_S: Final = 0.2
"""What takes less needs no word."""
TALL: Final = 34
"""From this many lines on there is room for the newest samples below the curves."""


PreviewedRun = tuple[TrainConfig, PairSet]
"""What a preview is of."""


class PreviewCounted(Message):
    """What a run with the settings and pairs `wanted` would do is counted."""

    def __init__(self, wanted: PreviewedRun, preview: TrainPreview) -> None:
        super().__init__()
        self.wanted, self.preview = wanted, preview


class TrainScreen(PalateScreen):
    """Sets up a run, starts it, and shows it while it is alive and after its end."""

    MODE = "train"
    VERTICAL_BREAKPOINTS = [(0, "-low"), (TALL, "-tall")]
    BINDINGS = [
        Writing("S", "start", "start", id="train.start", tooltip="Start a run with these settings."),
        Writing("x,full_stop", "stop", "stop", id="train.stop", tooltip="End the run early: keep its adapter, or not."),
        Writing("space", "pause", "pause", id="train.pause", tooltip="Let the run wait at a checkpoint, or continue."),
        Writing("p", "presets", "presets", id="train.presets", tooltip="Take, save, rename or remove a preset."),
        Writing("w", "pairs", "which pairs", id="train.pairs", tooltip="Take or keep a set of pairs to train on."),
        Binding("s", "samples", "samples", id="run.samples", tooltip="Read how the answers change as the run learns."),
        Binding("n", "another", "another run", id="train.another", tooltip="Back to the settings, for another run."),
        Binding("v", "fineness", "dots", id="train.dots", tooltip="Draw with braille, quadrants or half blocks."),
        *STUDY_KEYS,
        *ADAPTER_KEYS,
    ]

    def __init__(self) -> None:
        super().__init__()
        self._run: int | None = None
        self._row: RunRow | None = None
        self._alive: RunProgress | None = None
        self._is_starting = False
        self._wanted: PreviewedRun | None = None
        """The settings and pairs of the newest preview that was asked for."""
        self._drawn: tuple[PreviewedRun | None, TrainPreview] | None = None
        self._history = RunHistory()
        self._pace = DrawThrottle(self.set_timer, self._draw_run)
        self._adapters = AdapterList(self)
        self._studies = StudyActions(self)
        self.take_actions(RunActions(self, self.shown_run, self._adapters))
        self.take_actions(self._studies)

    def compose_body(self) -> ComposeResult:
        """The settings, and the run; one of them is shown."""
        yield TrainSetup()
        yield LiveRun()

    # -- news ----------------------------------------------------------------------------------------------------

    def on_mount(self) -> None:
        """Start on the settings, unless a run is alive."""
        self._show_which()

    def screen_shown(self) -> None:
        """Follow the run that is alive, or the last one until a new one is offered; else the settings, up to date."""
        if not self.workbench.watching:
            self.workbench.ensure_model()  # where servers answer, nothing needed it so far
        alive = self.workbench.run_progress
        if alive is not None:
            self._follow(alive.run)
        elif self._run is None:
            self._read_setup()
        elif self.workbench.status().offer:
            self.action_another()
        else:
            self._follow(self._run)

    def from_workbench(self, published: WorkbenchEvent) -> None:
        """Follow the run; keep the plan true while verdicts come in and the model changes."""
        match published:
            case RunChanged(run=run, event=event) if run == self._run:
                metrics = getattr(event, "metrics", None)
                if metrics is not None:
                    self._history.add(event.step, metrics)  # type: ignore[union-attr]
                elif event is None:
                    self._read_news()
                self._pace.news()
            case MachineRead():
                self._draw_machine()
            case SamplesStored(run=run) if run == self._run:
                self._pace.news()
            case RunChanged(run=run) if self._progress(run) is not None:
                self._follow(run)
            case ModelChanged() | VerdictStored() if self._run is not None:
                self._pace.news()
            case ModelChanged() | StudyChanged():
                self._read_setup()
            case VerdictStored():
                self._draw_setup()

    # -- drawing -------------------------------------------------------------------------------------------------

    def _progress(self, run: int | None) -> RunProgress | None:
        """The progress of `run`, while it is alive."""
        alive = self.workbench.run_progress
        return alive if alive is not None and alive.run == run else None

    def shown_run(self) -> RunRow | None:
        """The run that is shown, once it is over."""
        return self._row if self._alive is None else None

    def _follow(self, run: int) -> None:
        self._run = run
        self._read_history()
        self._show_which()
        self._draw_run()

    def _read_history(self) -> None:
        self._history = RunHistory()
        self._read_news()

    def _read_news(self) -> None:
        """Read the figures from the newest known step on: one that watches hears of a change and not of its figures."""
        if self._run is not None:
            for row in self.workbench.run_metrics(self._run, from_step=self._history.newest_step):
                self._history.add(row.step, {row.name: row.value})

    def _show_which(self) -> None:
        watching = self._run is not None
        setup = self.query_one(TrainSetup)
        setup.display = not watching
        setup.disabled = watching  # a hidden row must not keep the focus, and with it its keys
        self.query_one(LiveRun).display = watching
        if not watching:
            setup.form.row("start").focus()
        self.refresh_bindings()

    def _read_setup(self) -> None:
        """Read what the rows offer, and draw."""
        setup = self.query_one(TrainSetup)
        setup.show_adapters(self.workbench.adapters())
        setup.show_sets(self.workbench.labelling_sets())
        setup.show_givers(self.workbench.other_givers())
        setup.set_presets(self.workbench.presets.all(setup.counted))
        self._studies.read()
        setup.show_studies(self._studies.search, self._studies.outlook)
        self._draw_setup()

    def _draw_setup(self) -> None:
        """Draw what is known at once, without a query: this comes after every key. The rest is counted on a thread."""
        setup = self.query_one(TrainSetup)
        config, pairs = setup.config(), setup.pairs
        setup.show_preset(config)
        self._wanted = config, pairs
        if (known := self.workbench.known_train_preview(config, pairs)) is not None:
            self._show_preview(known)
        self.workers.cancel_group(self, "preflight")
        self.workbench.ask_train_preview(config, pairs, partial(self._tell_preview, self._wanted))

    def _show_preview(self, preview: TrainPreview) -> None:
        """Draw it; what is known is drawn before it is counted, and is mostly the same afterwards."""
        if self._drawn is None or self._drawn[0] is not self._wanted or self._drawn[1] != preview:
            self._drawn = self._wanted, preview
            self.query_one(TrainSetup).show_preview(preview)

    def _tell_preview(self, wanted: PreviewedRun, preview: TrainPreview) -> None:
        """Called on the thread that counts."""
        with suppress(RuntimeError):  # the loop closed while the app was leaving
            self.post_message(PreviewCounted(wanted, preview))

    @on(PreviewCounted)
    def preview_counted(self, message: PreviewCounted) -> None:
        """Draw it, unless the settings have changed since; then look at the run more closely."""
        if message.wanted is not self._wanted or self._run is not None:
            return
        self._show_preview(message.preview)
        if message.preview.steps is not None and self.workbench.model_state.is_ready:
            look = partial(self._look, message.wanted)  # a coroutine would be left over where the worker never begins
            self.run_worker(look, group="preflight", exclusive=True)  # type: ignore[arg-type]

    async def _look(self, wanted: PreviewedRun) -> None:
        """Look at the run more closely, off the screen's thread and once the settings have stood for a moment."""
        await asyncio.sleep(_SETTLED_S)
        found: Preflight | str
        try:
            found = await asyncio.to_thread(self.workbench.preflight, *wanted, lambda: wanted is not self._wanted)
        except Dropped:
            return
        except KNOWN_ERRORS as error:
            found = str(error)
        if wanted is self._wanted:
            self.query_one(TrainSetup).show_preflight(found)

    def _draw_run(self) -> None:
        if self._run is None:
            return
        self._adapters.read()
        self._row, self._alive = self.workbench.run(self._run), self._progress(self._run)
        log, samples = self.workbench.run_log(self._run), self.workbench.run_samples(self._run)
        adapter = self._adapters.of(self._row)
        self.query_one(LiveRun).show(self._row, self._alive, self._history, log, adapter, samples)
        self._draw_machine()
        self.refresh_bindings()

    def _draw_machine(self) -> None:
        """Draw the machine's figures while the run is alive."""
        readings = self.workbench.machine_readings() if self._progress(self._run) is not None else ()
        self.query_one(LiveRun).show_machine(readings)

    @on(FormRow.Changed)
    def settings_changed(self) -> None:
        """Tell at once what the settings would do."""
        self._draw_setup()

    # -- actions -------------------------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only the keys that do something now."""
        alive = self._alive
        match action:
            case "start" | "presets" | "pairs":
                return self._run is None
            case "pause":
                return alive is not None and alive.phase not in (RunPhase.STOPPING, RunPhase.SAVING)
            case "stop":
                return alive is not None and alive.phase is not RunPhase.STOPPING
            case "use_base":
                return False  # that key belongs to Runs, where adapters are chosen
            case "another":
                return self._run is not None and alive is None
            case "fineness" | "samples":
                return self._run is not None
        return super().check_action(action, parameters)

    @on(FormRow.Pressed)
    @leads_away_once
    def row_pressed(self, message: FormRow.Pressed) -> None:
        """Start the run, a search or an outlook, or show the presets."""
        kinds: dict[str, Kind] = {"search": "search", "outlook": "outlook"}
        if message.row.key == "preset":
            self.action_presets()
        elif message.row.key in kinds:
            self._start_study(kinds[message.row.key])
        else:
            self.action_start()

    def action_start(self) -> None:
        """Start a run; a row that is not right takes the cursor instead."""
        if self._is_starting:
            return
        setup = self.query_one(TrainSetup)
        if self._refused(setup):
            return
        more = {"name": setup.run_name, "from_adapter": setup.start_from, "pairs": self._named(setup.pairs)}
        self._is_starting = True
        self.set_timer(_NOTICED_S, self._say_starting)
        self.run_worker(self._start(setup.config(), more), group="start")

    def _start_study(self, kind: Kind) -> None:
        setup = self.query_one(TrainSetup)
        if self._is_starting or self._refused(setup):
            return
        if setup.start_from is not None:
            words = "Set the row “start from” to the base model."
            self.palate.tell(f"The {kind} starts from the base", words, severity="warning")
            return
        name = setup.run_name if kind == "search" else None
        self._studies.start(kind, setup.config(), self._named(setup.pairs), name=name)

    def _refused(self, setup: TrainSetup) -> bool:
        """Whether a row is not right; it takes the cursor then."""
        if (wrong := setup.form.wrong()) is None:
            return False
        wrong.focus()
        self.palate.tell("A setting is not usable", wrong.problem or "", severity="warning")
        return True

    def _say_starting(self) -> None:
        if self._is_starting:
            self.query_one(TrainSetup).show_starting()

    async def _start(self, config: TrainConfig, more: Mapping[str, Any]) -> None:
        """Begin the run on another thread: every pair is read, hashed and recorded."""
        try:
            run = await asyncio.to_thread(self.workbench.trainer.start, config, **more)
        except KNOWN_ERRORS as error:
            self.palate.tell_error(error)
            self._read_setup()
        else:
            self._follow(run)
        finally:
            self._is_starting = False

    def _named(self, pairs: PairSet) -> PairSet:
        """The pairs under the name that they are kept under, if they are."""
        kept = self.workbench.pair_sets.all()
        return next((each for each in kept if replace(each, name=None) == pairs), pairs)

    def action_presets(self) -> None:
        """Show the presets."""
        open_named(self, named_presets(self.workbench, self.query_one(TrainSetup)))

    def action_pairs(self) -> None:
        """Show the sets of pairs."""
        open_named(self, named_pairs(self.workbench, self.query_one(TrainSetup)))

    def action_samples(self) -> None:
        """Show what the run answered while it learned."""
        if self._run is not None:
            self.app.push_screen(SamplesScreen(self.workbench.run(self._run), self.MODE))

    def take_setting(self, name: str, text: str) -> None:
        """Set a row of the form, for the next run, as if a person had typed it."""
        row = self.query_one(TrainSetup).form.row(name)
        assert isinstance(row, TextRow)
        row.take(text)
        if self._run is None:
            row.focus()

    def take_start(self, adapter: AdapterView) -> None:
        """Set up the next run to continue from this adapter."""
        if self._run is not None:
            self.action_another()
        setup = self.query_one(TrainSetup)
        setup.start_from_adapter(adapter, self.workbench.adapters())
        setup.form.row("from").focus()
        self._read_setup()

    def key_label(self, binding: TextualBinding) -> str:
        """The same key continues a run that waits."""
        waits = self._alive is not None and self._alive.phase in WAITING
        return "continue" if binding.action == "pause" and waits else super().key_label(binding)

    def action_pause(self) -> None:
        """Let the run wait, or continue."""
        alive = self._progress(self._run)
        if alive is None:
            return
        if alive.phase in WAITING:
            self.workbench.trainer.go_on()
        else:
            self.workbench.trainer.pause()

    def action_stop(self) -> None:
        """Ask whether what the run has learned is kept; then stop it. A search or an outlook is left at once."""
        alive = self._progress(self._run)
        if alive is not None and not self._studies.stop():
            self.app.push_screen(StopScreen(alive), self._stop_answered)

    def _stop_answered(self, answer: str | None) -> None:
        if answer is not None and self._progress(self._run) is not None:
            self.workbench.trainer.stop(discard=answer == "d")

    def action_another(self) -> None:
        """Back to the settings."""
        self._run = self._row = None
        self._show_which()
        self._read_setup()

    def action_fineness(self) -> None:
        """Draw curves with other blocks."""
        name = self.query_one(RunCharts).next_fineness()
        self.palate.tell("Curves", f"They are drawn with {name} characters now.")
