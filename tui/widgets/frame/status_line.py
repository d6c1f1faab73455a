"""The line that shows what the machine does: pairs ready, verdicts, the run in progress."""

from typing import Final

from textual.content import Content
from textual.widget import Widget

from tui.snapshots import LoadState, RunPhase, RunProgress, WorkbenchStatus
from tui.text.format import count, duration, signed
from tui.text.sanitize import visible_line
from tui.theme import SIGNS
from tui.widgets.summary_line import SEPARATOR, whole_parts

_WITH_STEP: Final = (RunPhase.EVALUATING, RunPhase.SAMPLING, RunPhase.SAVING)
_AROUND: Final = 5
"""Columns beside the words: one at either edge, the run's sign and its space, and one at least between both sides."""


class StatusLine(Widget):
    """Draws one `WorkbenchStatus`. It sends nothing to the terminal while its text stays the same."""

    ALLOW_SELECT = False

    def __init__(self) -> None:
        super().__init__()
        self._status: WorkbenchStatus | None = None
        self._drawn = ""

    def show(self, status: WorkbenchStatus) -> None:
        """Show this status from now on."""
        self._status = status
        drawn = self._drawn
        if str(self.render()) != drawn:
            self.refresh()

    def render(self) -> Content:
        """The line in the available width."""
        if self._status is None:
            return Content("")
        line = status_line(self._status, self.size.width)
        self._drawn = str(line)
        return line


def status_line(status: WorkbenchStatus, width: int) -> Content:
    """The machine on the left, the run on the right; a narrow line leaves out the least important parts first."""
    run = run_parts(status.run) if status.run else []
    parts = machine_parts(status)
    offer = offer_words(status)
    beside = _width(run) if run else offer.cell_length
    while len(parts) > 1 and _width(parts) + beside + _AROUND > width:
        parts.pop()
    while len(run) > 2 and _width(parts) + _width(run) + _AROUND > width:
        run.pop(2)
    left = Content(" " + SEPARATOR.join(parts)).stylize("$quiet")
    if not run:
        return _with_offer(left, offer, width)
    sign, colour = SIGNS["paused" if status.run and status.run.phase is RunPhase.PAUSED else "running"]
    right = Content.assemble((sign, colour), " ", (SEPARATOR.join(run), "$foreground"), " ")
    gap = max(width - left.cell_length - right.cell_length, 1)
    return whole_parts(Content.assemble(left, " " * gap, right), width)


def offer_words(status: WorkbenchStatus) -> Content:
    """What the person could do next: a run, or the first trial of what was trained; empty where nothing is offered."""
    if status.untried:
        name = visible_line(status.untried, 20)
        return Content.assemble(
            (f"{name} is trained: ", "$quiet"), ("C", "bold $accent"), (" tries it blind ", "$quiet")
        )
    if status.offer:
        pairs = count(status.offer, "new pair")
        return Content.assemble((f"{pairs}: ", "$quiet"), ("T", "bold $accent"), (" trains ", "$quiet"))
    return Content("")


def _with_offer(left: Content, offer: Content, width: int) -> Content:
    """The machine on the left, and the offer on the right, if there is room for it."""
    gap = width - left.cell_length - offer.cell_length
    if offer and gap > 0:
        return Content.assemble(left, " " * gap, offer)
    return whole_parts(left, width)


def machine_parts(status: WorkbenchStatus) -> list[str]:
    """What the machine does, and the person's progress, the most important first."""
    parts = [status.watching, _queue(status)] if status.watching else [_queue(status)]
    if status.merging:
        parts.append(visible_line(status.merging, 60))
    if status.goal is not None:
        parts.append(_goal(status, status.goal))
    if status.verdicts or status.pairs:
        parts.append(f"{count(status.verdicts, 'verdict')}, {count(status.pairs, 'pair')}")
    if status.verdicts_today:
        parts.append(f"{status.verdicts_today:,} today")
    if status.mean_seconds:
        parts.append(f"{duration(status.mean_seconds)} each")
    return parts


def _goal(status: WorkbenchStatus, goal: int) -> str:
    """The person's progress in this sitting, and the time for the rest at their pace."""
    done = f"{status.verdicts_here:,} of {goal:,}"
    if status.verdicts_here >= goal:
        return f"{done}, your goal is reached"
    left = (goal - status.verdicts_here) * status.mean_seconds if status.mean_seconds else None
    return done if left is None else f"{done}, {duration(left)} to go"


def _queue(status: WorkbenchStatus) -> str:
    model = visible_line(status.model_name, 32)
    if status.model_state not in (LoadState.READY, LoadState.FAILED, LoadState.UNUSED):
        doing = visible_line(status.model_detail, 60) or f"Loading {model}…"
        return f"{status.ready} ready{SEPARATOR}{doing}" if status.ready else doing
    if status.model_state is LoadState.FAILED:
        return f"{status.ready} ready{SEPARATOR}no model" if status.ready else "no model"
    return f"{status.ready} ready" + (", writing" if status.writing else "")


def run_parts(run: RunProgress) -> list[str]:
    """The state of the run in progress, the most important first (name and step are always shown)."""
    parts = [visible_line(run.name, 24) or f"run {run.run}"]
    if run.phase is not RunPhase.TRAINING or not run.total_steps:
        parts.append(run.doing)
    if run.total_steps and (run.phase is RunPhase.TRAINING or (run.phase in _WITH_STEP and run.step)):
        parts.append(f"step {run.step}/{run.total_steps}")
    if run.phase is RunPhase.TRAINING and run.margin is not None:
        parts.append(f"margin {signed(run.margin)}")
    if run.seconds_left is not None and run.step < run.total_steps and run.phase is not RunPhase.STOPPING:
        parts.append(f"{duration(run.seconds_left)} left")
    return parts


def _width(parts: list[str]) -> int:
    return Content(SEPARATOR.join(parts)).cell_length
