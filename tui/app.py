"""The app: six modes over one workbench. It passes events to the screens of a mode, and asks before leaving."""

import asyncio
import contextlib
import os
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final

from textual._compositor import CompositorUpdate
from textual.app import SystemCommand
from textual.driver import Driver
from textual.screen import Screen

from db.errors import ReplacedDatabase
from tui.driver import PalateDriver
from tui.errors import KNOWN_ERRORS, title_of
from tui.events import (
    CommandServed,
    DatabaseReplaced,
    ModelChanged,
    RunEnded,
    WorkbenchEvent,
    WorkbenchFailed,
    WorkbenchNotice,
)
from tui.keymap import read_key_file
from tui.screens.base import PalateScreen, RunSetup
from tui.screens.error_guard import SurvivingApp
from tui.screens.help import HelpScreen
from tui.screens.leaving import Leaving
from tui.screens.messages import FromWorkbench
from tui.screens.modes import LATER, SHEETS, import_screens, when_shown
from tui.screens.pairs.label import LabelScreen
from tui.screens.palette import Palette, key_commands, until_it_takes_keys
from tui.screens.suspension import SUSPEND, SuspendableApp
from tui.terminal.gc_freeze import keep_collections_short
from tui.terminal.notify import end_sequence
from tui.terminal.signals import HANG_UP, HEARD_WITHIN_S, Signals
from tui.text.sanitize import beginning, visible, visible_line
from tui.theme import DARK, THEMES
from tui.widgets.binding import Binding, TextualBinding, Writing
from tui.widgets.cell_widths import AlignedUpdate
from tui.widgets.frame.top_line import MODES
from tui.workbench import Workbench

_STATUS_EVERY_S: Final = 0.25
"""Seconds between two updates of the status lines: events come faster than a person reads."""
_NOTICE_S: Final = 8.0
_STAYS_S: Final = 1e6
"""Seconds for a notice that requires an action: it stays until a click removes it or Palate ends."""

_LONGEST_NOTICE: Final = 1000
"""Characters of a notice: a person cannot read more in eight seconds."""

_IMPORTED_AFTER_S: Final = 1.0
"""Seconds before the other screens are imported: the first paint needs only the Label screen."""


class PalateApp(SuspendableApp, SurvivingApp):
    """Palate in a terminal."""

    TITLE = "Palate"
    CSS_PATH = SHEETS
    ENABLE_COMMAND_PALETTE = True
    MODES = {"label": LabelScreen, **{mode: when_shown(*where) for mode, where in LATER.items()}}
    DEFAULT_MODE = "label"
    BINDINGS = [
        Writing("L", "go('label')", "Label", show=False, id="app.label", tooltip="Judge pairs of answers."),
        Binding("T", "go('train')", "Train", show=False, id="app.train", tooltip="Train an adapter on your verdicts."),
        Binding("R", "go('runs')", "Runs", show=False, id="app.runs", tooltip="Every run, with its curves."),
        Binding("C", "go('compare')", "Compare", show=False, id="app.compare", tooltip="Base and tuned, side by side."),
        Binding("D", "go('data')", "Data", show=False, id="app.data", tooltip="Verdicts, prompts, import, export."),
        Writing("A", "go('ask')", "Ask", show=False, id="app.ask", tooltip="Ask what you like, and judge the answers."),
        Writing("comma", "settings", "Settings", show=False, id="app.settings", tooltip="How answers are written."),
        Binding(
            "V", "servers", "Servers", show=False, id="app.servers", tooltip="Servers that answer: add, try, allow."
        ),
        Binding(
            "J", "judges", "Judges", show=False, id="app.judges", tooltip="Judges in your place: add, measure, use."
        ),
        Binding("question_mark", "keys", "Keys", show=False, id="app.keys", key_display="?", tooltip="Every key here."),
        Binding("ctrl+p", "command_palette", "Palette", show=False, id="app.palette", tooltip="Find keys by name."),
        Binding("q", "quit", "Leave", show=False, id="app.quit", tooltip="Leave Palate; what you judged is saved."),
        Binding("ctrl+l", "repaint", "Repaint", show=False, id="app.repaint", tooltip="Draw the whole screen again."),
        SUSPEND,
    ]

    def __init__(
        self,
        workbench: Workbench,
        keys: Path | None = None,
        *,
        signals: Signals | None = None,
        resume: int | None = None,
    ) -> None:
        """Show `workbench`. The file `keys` changes keys, and `signals` end the app.

        `resume` is a run that was taken over from another process. It continues as soon as the model is loaded.
        """
        super().__init__()
        self.workbench = workbench
        self._signals = signals
        self.leaving = Leaving(self, signals)
        self._key_file = keys
        self._unsubscribe: Callable[[], None] = lambda: None
        self._status_drawn = 0.0
        self._status_due = False
        self._resume = resume
        self._model_was_ready = False
        for theme in THEMES.values():
            self.register_theme(theme)
        self.apply_colours()

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Palate's own colours for the style sheets."""
        return DARK.variables

    def on_mount(self) -> None:
        """Subscribe to the workbench. Its threads only post messages to the app."""
        self._unsubscribe = self.workbench.subscribe(self._receive)
        if self._key_file is not None and self._key_file.exists():
            self._move_keys(self._key_file)

    def _move_keys(self, path: Path) -> None:
        """Use the person's own keys, and show a warning about those that cannot be used."""
        from tui.screens.key_registry import declared_keys, normal_key  # imports every screen

        read = read_key_file(path, declared_keys(type(self)), normal_key)
        self.set_keymap({id: ",".join(keys) for id, keys in read.keys.items()})
        if read.problems:
            self.tell("Some of your keys cannot be used", f"{path}\n" + "\n".join(read.problems), severity="warning")

    def on_ready(self) -> None:
        """Start the workbench once the first screen is shown: the compute thread then imports torch."""
        if self._signals is not None:
            loop = asyncio.get_running_loop()
            self._signals.hear(lambda number: self._soon(loop, number))
        self.set_interval(HEARD_WITHIN_S, lambda: None)
        self.workbench.start()
        if self._resume is not None:
            self.workbench.ensure_model()  # servers may answer, and the run needs it
        self.set_timer(_IMPORTED_AFTER_S, lambda: self.run_worker(import_screens, thread=True))
        self.ready_to_survive = True
        if self.leaving.taken_over:
            self.leaving.leave()

    def _soon(self, loop: asyncio.AbstractEventLoop, number: int) -> None:
        """Let the event loop handle a signal, which may come between any two instructions."""
        with contextlib.suppress(RuntimeError):  # the app has ended, and `Signals` remembers the signal
            loop.call_soon_threadsafe(self.hang_up if number == HANG_UP else self.leaving.leave)

    def get_driver_class(self) -> type[Driver]:
        """The driver that survives the loss of its terminal."""
        return PalateDriver

    def on_unmount(self) -> None:
        """Stop listening."""
        self._unsubscribe()

    def _display(self, screen: Screen[Any], renderable: Any) -> None:
        """Write the changes, so that characters of doubtful width do not move others."""
        aligned: Any = AlignedUpdate(renderable) if isinstance(renderable, CompositorUpdate) else renderable
        super()._display(screen, aligned)

    # -- events of the workbench -----------------------------------------------------------------------------------

    def _receive(self, published: WorkbenchEvent) -> None:
        """Post an event to the app. The workbench calls this on its threads."""
        with contextlib.suppress(RuntimeError):  # the loop closed while the app was leaving
            self.post_message(FromWorkbench(published))

    def on_from_workbench(self, message: FromWorkbench) -> None:
        """Pass an event to the screens of this mode, then update the status lines."""
        published = message.published
        if isinstance(published, WorkbenchFailed):
            seconds = _STAYS_S if isinstance(published, DatabaseReplaced) else _NOTICE_S
            self.tell(published.title, published.text, severity="error", seconds=seconds)
        elif isinstance(published, WorkbenchNotice):
            self.tell(published.title, published.text)
        elif isinstance(published, RunEnded):
            self._notify_end(published)
        elif isinstance(published, ModelChanged):
            self._shorten_collections()
        if self._resume is not None and self._model_is_ready():
            run, self._resume = self._resume, None
            self.run_worker(partial(self._continue_run, run), group="resume")  # type: ignore[arg-type]
        for screen in self.screen_stack:
            if isinstance(screen, PalateScreen) and screen.is_mounted:  # a new screen reads everything when shown
                self._in_screen(screen, lambda screen: _deliver(published, screen))
        self._refresh_status_soon()
        self.leaving.note_news()

    def _in_screen(self, screen: PalateScreen, act: Callable[[PalateScreen], None]) -> None:
        """Do it in one screen. An error in it must not stop the others, or the status lines, from being updated."""
        try:
            act(screen)
        except Exception as error:
            if not self.outlives(error, screen):
                raise

    def _model_is_ready(self) -> bool:
        return self.workbench.model_state.is_ready

    def _shorten_collections(self) -> None:
        """Freeze all live objects, only once per loaded model.

        A second call would keep the current screen in memory for ever.
        """
        ready, before = self._model_is_ready(), self._model_was_ready
        self._model_was_ready = ready
        if ready and not before and not self.is_headless:  # a headless app is one of many in the process of a test
            keep_collections_short()

    def _notify_end(self, ended: RunEnded) -> None:
        """Notify the person through the terminal, if the settings say so; not of a run that was left or interrupted."""
        sequence = end_sequence(self.workbench.notify, ended.name, ended.status, os.environ)
        if sequence and ended.status != "interrupted" and self._driver is not None:
            self._driver.write(sequence)

    async def _continue_run(self, run: int) -> None:
        """Continue the run that was taken over, and show it. Its pairs are read on another thread."""
        try:
            await asyncio.to_thread(self.workbench.trainer.resume, run)
        except KNOWN_ERRORS as error:
            self.tell_error(error)
        else:
            self.switch_mode("train")

    def _refresh_status_soon(self) -> None:
        if self._status_due:
            return
        wait = self._status_drawn + _STATUS_EVERY_S - time.monotonic()
        if wait <= 0:
            self.refresh_status()
        else:
            self._status_due = True
            self.set_timer(wait, self.refresh_status)

    def refresh_status(self) -> None:
        """Draw the status lines of the screen on top."""
        self._status_due = False
        self._status_drawn = time.monotonic()
        for screen in self.screen_stack:
            if isinstance(screen, PalateScreen):
                self._in_screen(screen, PalateScreen.refresh_status)

    def get_key_display(self, binding: TextualBinding) -> str:
        """The name of a key, short enough for the line of keys."""
        return super().get_key_display(binding).replace("shift+", "⇧")

    def name_of_key(self, binding: TextualBinding) -> str:
        """The one key of this binding; its display in the line of keys may name two, such as ↑↓."""
        return self.get_key_display(replace(binding, key_display=None))

    # -- notices -------------------------------------------------------------------------------------------------

    def tell(self, title: str, text: str, *, severity: str = "information", seconds: float = _NOTICE_S) -> None:
        """Show a title and a sentence. Both may come from files or models, so they are never parsed as markup."""
        level: Any = severity
        words = visible(beginning(text, characters=_LONGEST_NOTICE, lines=12))
        self.notify(words, title=visible_line(title, 80), severity=level, markup=False, timeout=seconds)

    def tell_error(self, error: BaseException) -> None:
        """Show an error: its title, and its sentence with the next action."""
        seconds = _STAYS_S if isinstance(error, ReplacedDatabase) else _NOTICE_S
        self.tell(title_of(error), str(error) or type(error).__name__, severity="error", seconds=seconds)

    # -- actions -------------------------------------------------------------------------------------------------

    async def open_train(self) -> RunSetup:
        """Show the Train screen, and close every screen above it."""
        from tui.screens.runs.train import TrainScreen  # not needed for the first paint

        await self.switch_mode("train")
        screen = self._screen_stacks["train"][0]  # another mode may be on top by now
        assert isinstance(screen, TrainScreen)
        screen.pop_until_active()
        return screen

    def action_go(self, mode: str) -> None:
        """Show the screen of `mode`."""
        self.switch_mode(mode)

    def action_keys(self) -> None:
        """Show every key of the screen on top."""
        self.push_screen(HelpScreen(self.screen))

    def action_command_palette(self) -> None:
        """Show the palette."""
        if not isinstance(self.screen, Palette):
            self.push_screen(Palette(id="--command-palette"))

    def action_settings(self) -> None:
        """Show the settings of the queue, over the screen of any mode."""
        from tui.screens.settings import SettingsScreen  # not needed for the first paint

        self._show_once(SettingsScreen)

    def action_servers(self) -> None:
        """Show the servers, over the screen of any mode."""
        from tui.screens.servers import ServersScreen  # not needed for the first paint

        self._show_once(ServersScreen)

    def action_judges(self) -> None:
        """Show the judges, over the screen of any mode."""
        from tui.screens.compare.judges import JudgesScreen  # scipy takes its time, and most sessions need none

        self._show_once(JudgesScreen)

    def _show_once(self, kind: Callable[[str], PalateScreen]) -> None:
        """Show such a screen over one of Palate's own, unless it is shown already."""
        if isinstance(self.screen, PalateScreen) and type(self.screen) is not kind:
            self.push_screen(kind(self.current_mode))

    def action_repaint(self) -> None:
        """Draw everything again, for a terminal whose screen is corrupt."""
        self.refresh(repaint=True, layout=True)

    def action_other_theme(self) -> None:
        """Change between dark and light, and store the choice, unless this process only watches."""
        other = next(colours for colours, theme in THEMES.items() if theme.name != self.theme)
        self.theme = THEMES[other].name
        if not self.workbench.watching:
            self.workbench.change_setting("colours", other)

    def restart_with(self, model: str) -> None:
        """Leave, so that the caller opens the workspace again with another base model."""
        self.leaving.restart_with(model)

    def apply_colours(self) -> None:
        """Use the colours from the workspace's settings."""
        self.theme = THEMES[self.workbench.colours].name

    def action_help_quit(self) -> None:
        """Say which key leaves Palate, since Ctrl+C does not."""
        self.tell("Still here", "Press q to leave Palate.")

    async def action_quit(self) -> None:
        """Leave Palate; ask first while a run is in progress."""
        self.leaving.ask()

    def hang_up(self) -> None:
        """End without a terminal. See `Leaving.hang_up`."""
        self.leaving.hang_up()

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """The palette: the keys of this screen and of the app, from their declarations."""
        yield from key_commands(screen, self.name_of_key, self._run_from_palette)
        other = "Light" if self.theme == DARK.name else "Dark"
        yield SystemCommand(f"{other} colours", "Change between dark and light.", self.action_other_theme)

    async def _run_from_palette(self, action: str, node: Any) -> None:
        """Run the action of a key once the screen below the palette is painted again."""
        await until_it_takes_keys(node)
        self.key_pressed_at = time.monotonic()
        await self.run_action(action, node)


def _deliver(published: WorkbenchEvent, screen: PalateScreen) -> None:
    if isinstance(published, CommandServed):
        screen.changed_elsewhere()
    else:
        screen.from_workbench(published)


assert [mode for mode, _ in MODES] == list(PalateApp.MODES), "the top line shows other modes than the app has"
