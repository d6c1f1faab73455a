"""A run in progress or over: its progress, its curves, and its notices."""

from collections.abc import Sequence
from typing import Final

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from db.run_rows import RunLogRow, RunRow, SampleRow
from tui.runs.curves import RunHistory
from tui.runs.format import took
from tui.snapshots import AdapterView, MachineReading, RunPhase, RunProgress, StudyProgress
from tui.text.format import count, duration
from tui.text.sanitize import visible, visible_line
from tui.theme import SIGNS
from tui.training.row_words import in_row_words
from tui.widgets.charts.run_charts import RunCharts
from tui.widgets.runs.machine_lines import machine_lines
from tui.widgets.runs.run_samples import newest_lines
from tui.widgets.summary_line import SEPARATOR, SummaryLine
from tui.widgets.update_static import update_static

_NOTICES: Final = 3
_BAR: Final = 24


class LiveRun(Vertical):
    """Draws one run from its complete state, at most about once a second."""

    def __init__(self) -> None:
        super().__init__()
        self._readings: Sequence[MachineReading] = ()

    def compose(self) -> ComposeResult:
        """Two lines, the machine, four charts, the newest notices."""
        yield SummaryLine(id="run-headline")
        yield SummaryLine(id="run-progress")
        yield Static("", id="run-machine", markup=False)
        yield RunCharts()
        yield Static("", id="run-samples", markup=False)
        yield Static("", id="run-notices", markup=False)

    def show(
        self,
        run: RunRow,
        progress: RunProgress | None,
        history: RunHistory,
        log: list[RunLogRow],
        adapter: AdapterView | None,
        samples: Sequence[SampleRow] = (),
        study: StudyProgress | None = None,
    ) -> None:
        """Draw the current state of the run. `progress` is None once it is over; `adapter` is its adapter, if any.

        `study` is the search or the outlook in progress. It takes some time between two of its runs.
        """
        waits = progress is not None and progress.phase is RunPhase.PAUSED
        update_static(self.query_one("#run-headline", Static), headline(run, adapter, waits=waits, study=study))
        place = self.query_one("#run-progress", Static)
        width = place.content_size.width
        line = progress_line(run, progress, history, width) if progress else ending_line(run, adapter)
        update_static(place, line)
        self.query_one(RunCharts).draw(history, run.total_steps or 0)
        newest = self.query_one("#run-samples", Static)
        update_static(newest, newest_lines(samples, self.size.width - 2))
        newest.set_class(bool(samples), "-some")
        notices = self.query_one("#run-notices", Static)
        update_static(notices, Content("\n").join(notice_line(row) for row in log[-_NOTICES:]))
        notices.display = bool(log)

    def show_machine(self, readings: Sequence[MachineReading]) -> None:
        """Draw the machine's figures; none once the run is over, when its page has them."""
        self._readings = readings
        place = self.query_one("#run-machine", Static)
        place.display = bool(readings)
        if readings:
            update_static(place, machine_lines(readings, place.content_size.width or self.size.width - 2))

    def on_resize(self, _event: events.Resize) -> None:
        """The columns fit the width, which is not known before the first layout. Textual calls the base's as well."""
        self.call_after_refresh(lambda: self.show_machine(self._readings))


def headline(
    run: RunRow, adapter: AdapterView | None, *, waits: bool = False, study: StudyProgress | None = None
) -> Content:
    """The sign, the run and its name; and once it is over, whether its adapter is in use, or how far the study is."""
    sign, colour = SIGNS["paused" if waits else run.status]
    line = Content.assemble((sign, colour), f" run {run.id} · ", (visible_line(run.name, 40), "bold"))
    if run.status == "running":
        return line
    line += Content.styled(f" · {run.status}", colour)
    if study is not None:
        return line + Content.styled(f" · {study.name} continues, {study.done} of {study.total} runs done", "$quiet")
    if adapter is None:
        return line
    if adapter.in_use:
        return line + Content.styled(" · its adapter is in use", "$success")
    return line + Content.assemble(" · press ", ("U", "bold $accent"), " to use its adapter")


def progress_line(run: RunRow, progress: RunProgress, history: RunHistory, width: int = 0) -> Content:
    """A bar of the steps, with epoch, time left and pairs per second.

    Before the first step and after the last one, the bar shows the pairs or answers of the phase if they are counted;
    without a count, the line is the phase in a sentence. Where `width` cells are too few, the last parts are left out
    whole; 0 means that the width is not known.
    """
    done, total = progress.step, progress.total_steps
    doing = progress.doing
    if progress.part_total and done in (0, total):
        beside = f"step {done} of {total}" if done else _FIRST.get(progress.phase, "")
        return _bar(progress.part_done, progress.part_total, [doing, beside], width)
    if not total or not done:
        return Content.styled(_PHASES.get(progress.phase, doing), "$quiet")
    parts = [f"step {done} of {total}", f"epoch {_epoch(run, done, total, history):.1f} of {run.config['epochs']}"]
    if progress.phase is not RunPhase.TRAINING:
        parts.insert(0 if done == total else len(parts), doing)
    if progress.seconds_left is not None and _has_time_left(progress):
        parts.append(f"{duration(progress.seconds_left)} left")
    speed = history.last("pairs_per_second")
    if speed is not None and progress.phase is RunPhase.TRAINING and done < total:
        parts.append(f"{speed:.1f} pairs/s" if speed >= 1 else f"{speed:.2f} pairs/s")
    return _bar(done, total, parts, width)


def _has_time_left(progress: RunProgress) -> bool:
    """Is there a time left? Not while the run stops, nor after the last step."""
    return progress.phase is not RunPhase.STOPPING and progress.step < progress.total_steps


def _bar(done: int, total: int, parts: Sequence[str], width: int) -> Content:
    filled = round(_BAR * done / total)
    bar = Content.assemble(("━" * filled, "$accent"), ("━" * (_BAR - filled), "$line"))
    kept = [part for part in parts if part]
    lines = [bar + Content("  " + SEPARATOR.join(kept[:number])) for number in range(len(kept), 0, -1)]
    return next((line for line in lines if not width or line.cell_length <= width), lines[-1])


def ending_line(run: RunRow, adapter: AdapterView | None) -> Content:
    """The result of a run that is over."""
    if run.error:
        return Content.styled(visible_line(run.error), "$error" if run.status == "failed" else "$warning")
    gone = "its adapter was removed" if run.adapter else "no adapter was saved"
    made = f" · adapter {visible_line(adapter.name, 40)}" if adapter else f" · {gone}"
    return Content(f"{count(run.step, 'step')} on {count(run.train_pairs, 'pair')} in {took(run)}{made}")


def notice_line(row: RunLogRow, *, whole: bool = False) -> Content:
    """One line of the log, marked when it is a warning; `whole` gives all of its text."""
    sign, colour = {"warning": ("!", "$warning"), "error": ("×", "$error")}.get(row.level, ("·", "$quiet"))
    text = in_row_words(row.text)
    return Content.assemble((sign, colour), f" {visible(text) if whole else visible_line(text)}")


def _epoch(run: RunRow, done: int, total: int, history: RunHistory) -> float:
    reported = history.last("epoch")
    return reported if reported is not None else float(run.config["epochs"]) * done / total


_FIRST: Final = {RunPhase.REFERENCE: "answers that you wait for come first"}
_PHASES: Final = {
    RunPhase.REFERENCE: "Preparing the run. Answers that you wait for come first.",
    RunPhase.RESUMING: "Resuming the run…",
    RunPhase.TRAINING: "The first step is being computed…",
    RunPhase.STOPPING: "Stopping…",
}
