"""The Train screen: what a run will be made of, then the run itself."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from textual import on
from textual.app import ComposeResult

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
from tui.screens.name_picker import open_named
from tui.screens.runs.run_actions import ADAPTER_KEYS, AdapterList, RunActions
from tui.screens.runs.run_control import RUN_KEYS, RunControl
from tui.screens.runs.samples import SamplesScreen
from tui.screens.runs.setup_preview import PreviewCounted, SetupPreview
from tui.screens.runs.study_actions import STUDY_KEYS, StudyActions
from tui.screens.runs.train_pickers import named_pairs, named_presets
from tui.screens.single_dismiss import leads_away_once
from tui.snapshots import AdapterView, RunProgress
from tui.training.pair_sets import PairSet
from tui.training.study import Kind
from tui.widgets.binding import Binding, Writing
from tui.widgets.charts.run_charts import DrawThrottle, RunCharts
from tui.widgets.form.rows import FormRow
from tui.widgets.form.text_row import TextRow
from tui.widgets.runs.live_run import LiveRun
from tui.widgets.runs.train_setup import TrainSetup

_NOTICED_S: Final = 0.2
"""What takes less needs no word."""
TALL: Final = 34
"""From this many lines on there is room for the newest samples below the curves."""


class TrainScreen(PalateScreen):
    """Sets up a run, starts it, and shows it while it is alive and after its end."""

    MODE = "train"
    VERTICAL_BREAKPOINTS = [(0, "-low"), (TALL, "-tall")]
    BINDINGS = [
        Writing("S", "start", "start", id="train.start", tooltip="Start a run with these settings."),
        *RUN_KEYS,
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
        self._preview = SetupPreview(self)
        self._history = RunHistory()
        self._pace = DrawThrottle(self.set_timer, self._draw_run)
        self._adapters = AdapterList(self)
        self._studies = StudyActions(self)
        control = RunControl(self, self._studies, shown=lambda: self._alive, now=lambda: self._progress(self._run))
        self.take_actions(RunActions(self, self.shown_run, self._adapters), control, self._studies)

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
            case ModelChanged() | VerdictStored() | StudyChanged() if self._run is not None:
                self._pace.news()
            case ModelChanged() | StudyChanged():
                self._read_setup()
            case VerdictStored():
                self._preview.draw()

    # -- drawing -------------------------------------------------------------------------------------------------

    def _progress(self, run: int | None) -> RunProgress | None:
        """The progress of `run`, while it is alive."""
        alive = self.workbench.run_progress
        return alive if alive is not None and alive.run == run else None

    def shown_run(self) -> RunRow | None:
        """The run that is shown, once it is over; a study deletes the adapters of its own."""
        return self._row if self._alive is None and self.workbench.study_progress is None else None

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
        presets = self.workbench.presets
        setup.set_presets(presets.all(setup.counted), presets.auto, presets.start)
        self._studies.read()
        setup.show_studies(self._studies.search, self._studies.outlook)
        self._preview.draw()

    @on(PreviewCounted)
    def preview_counted(self, message: PreviewCounted) -> None:
        """Draw it while the settings are shown."""
        if self._run is None:
            self._preview.counted(message)

    def _draw_run(self) -> None:
        if self._run is None:
            return
        self._adapters.read()
        self._row, self._alive = self.workbench.run(self._run), self._progress(self._run)
        log, samples = self.workbench.run_log(self._run), self.workbench.run_samples(self._run)
        adapter = self._adapters.of(self._row)
        study = self.workbench.study_progress
        self.query_one(LiveRun).show(self._row, self._alive, self._history, log, adapter, samples, study)
        self._draw_machine()
        self.refresh_bindings()

    def _draw_machine(self) -> None:
        """Draw the machine's figures while the run is alive."""
        readings = self.workbench.machine_readings() if self._progress(self._run) is not None else ()
        self.query_one(LiveRun).show_machine(readings)

    @on(FormRow.Changed)
    def settings_changed(self) -> None:
        """Show at once what a run by these settings would do."""
        self._preview.draw()

    # -- actions -------------------------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only the keys that do something now."""
        match action:
            case "start" | "presets" | "pairs":
                return self._run is None
            case "use_base":
                return False  # that key belongs to Runs, where adapters are chosen
            case "another":
                return self._run is not None and self._alive is None and self.workbench.study_progress is None
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
        """Whether a row is not right, which takes the cursor then, or the settings are not known yet."""
        if setup.awaits_count:
            self.palate.tell("The pairs are not counted yet", "The settings depend on it. Try again in a moment.")
            return True
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

    def action_another(self) -> None:
        """Back to the settings."""
        self._run = self._row = None
        self._show_which()
        self._read_setup()

    def action_fineness(self) -> None:
        """Draw curves with other blocks."""
        name = self.query_one(RunCharts).next_fineness()
        self.palate.tell("Curves", f"They are drawn with {name} characters now.")
