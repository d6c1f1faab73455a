"""What every screen of Palate is made of: top line, body, status line, key line."""

from dataclasses import replace
from functools import cached_property
from typing import ClassVar, Final, Protocol, runtime_checkable

from textual import events
from textual.app import ComposeResult
from textual.containers import Container
from textual.content import Content
from textual.messages import Prune
from textual.widget import Widget

from tui.events import WorkbenchEvent
from tui.screens.actions import Actions
from tui.screens.single_dismiss import SingleDismiss
from tui.snapshots import AdapterView
from tui.widgets.binding import TextualBinding
from tui.widgets.frame.key_line import KeyLine
from tui.widgets.frame.status_line import StatusLine
from tui.widgets.frame.top_line import TopLine
from tui.workbench import Workbench

LEAST_WIDTH: Final = 60
LEAST_HEIGHT: Final = 16
WIDE: Final = 90
"""From this many columns on, panes are side by side; below, they are stacked."""


class RunSetup(Protocol):
    """The Train screen, as other screens prepare its next run."""

    def take_setting(self, name: str, text: str) -> None:
        """Set one setting of the next run, as if a person had typed it."""

    def take_start(self, adapter: AdapterView) -> None:
        """Let the next run start from this adapter."""


@runtime_checkable
class AppInterface(Protocol):
    """What a screen may ask of the app, beside what every Textual app does."""

    workbench: Workbench
    key_pressed_at: float
    """When the key that is being handled was read from the terminal, in monotonic seconds."""

    def tell(self, title: str, text: str, *, severity: str = "information", seconds: float = 8.0) -> None:
        """Show a notice: a title and a sentence."""

    def tell_error(self, error: BaseException) -> None:
        """Show what went wrong, and what to do."""

    def restart_with(self, model: str) -> None:
        """Close the workspace, and open it again with another base model."""

    def apply_colours(self) -> None:
        """Use the colours that the workspace keeps."""

    def name_of_key(self, binding: TextualBinding) -> str:
        """The one key of this binding, as the help names it."""

    async def open_train(self) -> RunSetup:
        """Show the Train screen itself; whatever was opened over it is closed."""


class TooSmall(Widget):
    """Replaces a screen that does not fit."""

    def render(self) -> Content:
        """The size that is needed, and the size there is."""
        width, height = self.app.size
        return Content(
            f"Palate needs {LEAST_WIDTH}×{LEAST_HEIGHT}, this terminal is {width}×{height}. "
            "Make it larger; nothing is lost."
        )


class PalateScreen(SingleDismiss[None]):
    """A screen of one mode. Subclasses give `MODE` and `compose_body`, and override the hooks they need."""

    MODE: str = "label"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (WIDE, "-wide")]
    WATCHABLE: ClassVar[bool] = True
    """May a process that only watches open it? False for screens that judge or change something, and for a pair with
    names, because showing names is recorded."""
    READ_BEFORE_LAYOUT: ClassVar[bool] = False
    """Is `screen_shown` called before the first layout? Then one layout is enough, but no widget has a size yet."""
    _coming_up = False
    _has_read = False

    def __init__(self) -> None:
        super().__init__()
        self._groups: dict[str, Actions] = {}

    def take_actions(self, *groups: Actions) -> None:
        """Make the actions of these groups this screen's own: each `action_…` is set on the instance.

        An action that the screen's own class defines is not replaced.
        """
        for group in groups:
            for name in group.names():
                self._groups[name] = group
                if not hasattr(type(self), f"action_{name}"):
                    setattr(self, f"action_{name}", getattr(group, f"action_{name}"))

    def compose(self) -> ComposeResult:
        """The four parts, and the notice that takes their place where they would not fit."""
        self._set_size_classes()
        yield TopLine(self.MODE)
        with Container(id="body"):
            yield from self.compose_body()
        yield StatusLine()
        yield KeyLine()
        yield TooSmall()

    def compose_body(self) -> ComposeResult:
        """The widgets between top line and status line."""
        raise NotImplementedError

    # -- hooks ---------------------------------------------------------------------------------------------------

    def from_workbench(self, published: WorkbenchEvent) -> None:
        """Something was published while this screen is on top. Does nothing unless a screen overrides it."""

    def changed_elsewhere(self) -> None:
        """Another process changed something through this one: read it again if this screen is on top."""
        if self.is_current:
            self.screen_shown()

    def screen_shown(self) -> None:
        """This screen came on top: read again what may have changed since. For screens to override."""

    def out_of_sight(self) -> None:
        """Nobody sees this screen until it is drawn again. For screens that measure reading to override."""

    def key_label(self, binding: TextualBinding) -> str:
        """The word that the key line shows for `binding`."""
        group = self._groups.get(binding.action.partition("(")[0])
        return group.word(binding) if group is not None else binding.description

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Ask the group that the action belongs to."""
        group = self._groups.get(action)
        return group.enabled(action, parameters) if group is not None else super().check_action(action, parameters)

    # -- what they share -----------------------------------------------------------------------------------------

    @cached_property
    def palate(self) -> AppInterface:
        """The app, as its screens see it."""
        app = self.app
        assert isinstance(app, AppInterface)
        return app

    @property
    def workbench(self) -> Workbench:
        """The coordinator that this app shows."""
        return self.palate.workbench

    @property
    def stacked(self) -> bool:
        """Are the panes stacked here?"""
        return self.app.size.width < WIDE

    @property
    def too_small(self) -> bool:
        """Is this terminal too small to show the screen?"""
        width, height = self.app.size
        return width < LEAST_WIDTH or height < LEAST_HEIGHT

    def refresh_status(self) -> None:
        """Draw the top line and the status line; lines that stay the same send nothing to the terminal."""
        if not self.is_mounted:
            return
        status = self.workbench.status()
        self.query_one(TopLine).show(status.model_name, status.adapter_name)
        # A screen does not offer what it already shows.
        offer = 0 if self.MODE == "train" else status.offer
        offered = replace(status, offer=offer, untried="" if self.MODE == "compare" else status.untried)
        self.query_one(StatusLine).show(offered)

    def _set_size_classes(self) -> None:
        """Set the classes of this size now: Textual would add them after the first layout, and lay out again."""
        size = self.app.size
        for side, breakpoints in ((size.width, self.HORIZONTAL_BREAKPOINTS), (size.height, self.VERTICAL_BREAKPOINTS)):
            reached = [each for each in breakpoints or () if each[0] <= side]
            if reached:
                self.add_class(max(reached)[1])

    def on_mount(self) -> None:
        """Read what the screen shows, where it does so before the first layout."""
        if self.READ_BEFORE_LAYOUT:
            self._has_read = True
            self.screen_shown()

    async def on_prune(self, event: Prune) -> None:
        """Cancel this screen's background reads before its widgets are removed."""
        del event
        self.workers.cancel_node(self)

    def on_screen_resume(self) -> None:
        """Bring the lines and the body up to date once: Textual sends this twice when a mode is first opened."""
        if not self._coming_up:
            self._coming_up = True
            self.call_later(self._come_up)

    def _come_up(self) -> None:
        self._coming_up = False
        if self.is_current:
            self._note_offer_seen()
            self.refresh_status()
            if not self._has_read:
                self.screen_shown()
            self._has_read = False

    def _note_offer_seen(self) -> None:
        """Record that a person saw this screen, so that the status line does not offer it again."""
        offer = {"train": "run", "compare": "trial"}.get(self.MODE)
        if offer is not None and not self.workbench.watching:
            self.workbench.note_offer_seen(offer)

    def on_resize(self, _event: events.Resize) -> None:
        """Show the notice in place of the screen where that would not fit."""
        self.set_class(self.too_small, "-too-small")
        if self.too_small:
            self.query_one(TooSmall).refresh()
