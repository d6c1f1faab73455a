"""What sends a shown run elsewhere: its figures to a tracker, its adapter to the Hub. Each is asked about once."""

import asyncio
from collections.abc import Callable
from typing import Final

from tui.errors import KNOWN_ERRORS, InputError
from tui.export.hub_push import allow_repository, push_adapter, repository_place
from tui.screens.actions import Actions
from tui.screens.base import PalateScreen
from tui.screens.dialog import AskText, Choose
from tui.screens.runs.run_actions import AdapterList, ShownRun
from tui.snapshots import AdapterView
from tui.tracking.trackers import TRACKERS, allow_tracker, destination_of, require_installed, send_run, where_words
from tui.widgets.binding import Writing
from tui.workspace.consent import Consents, Destination

_SENT: Final = "Its figures, settings and name; no prompt, no answer and no note."
_PUSHED: Final = (
    "The adapter in PEFT's own format, with its card: settings, figures, trials and the name of the base model. "
    "A new repository is yours alone."
)

DESTINATION_KEYS: Final = (
    Writing("e", "track", "send figures", id="run.track", tooltip="Send this run's figures to a tracker."),
    Writing("P", "push", "push", id="adapter.push", tooltip="Upload the adapter with its card to the Hub."),
)


class RunDestinations(Actions):
    """The actions of `DESTINATION_KEYS`."""

    def __init__(self, screen: PalateScreen, run: ShownRun, adapters: AdapterList) -> None:
        self._screen, self._run, self._adapters = screen, run, adapters

    def enabled(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A run that is there has figures; only one with an adapter has something to upload."""
        del parameters
        return self._run() is not None if action == "track" else self._adapters.of(self._run()) is not None

    def action_track(self) -> None:
        """Ask which tracker gets the figures."""
        run = self._run()
        if run is None:
            return
        answers = [(name[0] if name != "tensorboard" else "b", name) for name in TRACKERS]
        names, id = dict(answers), run.id

        def chosen(answer: str | None) -> None:
            if answer is not None:
                self._ask_tracker(id, names[answer])

        self._screen.app.push_screen(Choose(f"Send the figures of run {id}", _SENT, answers), chosen)

    def action_push(self) -> None:
        """Ask for the repository."""
        adapter = self._adapters.of(self._run())
        if adapter is None:
            return

        def named(repository: str | None) -> None:
            if repository is None:
                return
            try:
                place = repository_place(repository)
            except KNOWN_ERRORS as error:
                self._screen.palate.tell_error(error)
                return
            allow = lambda: allow_repository(self._screen.workbench.workspace, repository)  # noqa: E731
            self._ask_once(place, _PUSHED, allow, lambda: self._push(adapter, repository))

        question = AskText(f"Push {adapter.name}", _PUSHED, placeholder="USER/REPO")
        self._screen.app.push_screen(question, named)

    # -- inside --------------------------------------------------------------------------------------------------

    def _ask_once(
        self, place: Destination | None, what: str, allow: Callable[[], None], go_on: Callable[[], None]
    ) -> None:
        """Go on, where texts stay here or may go there; else ask first, and keep the answer."""
        if place is None or Consents(self._screen.workbench.workspace).may_go_to(place):
            go_on()
            return

        def answered(answer: str | None) -> None:
            if answer is not None:
                allow()
                go_on()

        question = Choose(f"To {place.place}?", f"{what} This is asked once.", (("a", "allow it from now on"),))
        self._screen.app.push_screen(question, answered)

    def _ask_tracker(self, run: int, tracker: str) -> None:
        try:
            require_installed(tracker)
        except InputError as error:
            self._screen.palate.tell_error(error)
            return
        allow = lambda: allow_tracker(self._screen.workbench.workspace, tracker)  # noqa: E731
        self._ask_once(destination_of(tracker), _SENT, allow, lambda: self._track(run, tracker))

    def _track(self, run: int, tracker: str) -> None:
        workbench = self._screen.workbench

        def send() -> str:
            send_run(workbench.workspace, workbench.run(run), workbench.run_metrics(run), tracker)
            return where_words(workbench.workspace, tracker)

        self._beside(send, f"Run {run} is at {tracker}")

    def _push(self, adapter: AdapterView, repository: str) -> None:
        workbench = self._screen.workbench
        self._beside(lambda: push_adapter(workbench, adapter.id, repository), f"{adapter.name} is on the Hub")

    def _beside(self, act: Callable[[], str], title: str) -> None:
        """Act beside the event loop, since the network takes its time, and say how it went."""

        async def acting() -> None:
            try:
                words = await asyncio.to_thread(act)
            except KNOWN_ERRORS as error:
                self._screen.palate.tell_error(error)
            else:
                self._screen.palate.tell(title, words)

        self._screen.run_worker(acting(), name="destination")
