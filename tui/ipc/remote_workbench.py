"""A workspace that another process owns, for screens that watch it: read and followed, never changed.

About once a second the owner reports its status. The screens read what it has stored from the database.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from db.connection import data_version
from engine.config import TrainConfig
from tui.errors import WorkbenchError
from tui.events import CommandServed, MachineRead, ModelChanged, QueueChanged, RunChanged, WorkbenchEvent
from tui.ipc.client import Owner, connect, owner_of
from tui.ipc.protocol import Channel, ProtocolError
from tui.ipc.waiting import is_suspended
from tui.machine.monitor import REMEMBERED
from tui.machine.sampler import MachineSampler
from tui.reader import WorkspaceReader
from tui.snapshots import MachineReading, ModelState, RunProgress, TrainPreview, WorkbenchStatus
from tui.training.pair_sets import PairSet
from tui.training.preview import PreviewListener
from tui.workspace.workspace import Workspace

if TYPE_CHECKING:
    from engine.estimates.preflight import Preflight


logger = logging.getLogger(__name__)

LOOK_EVERY_S: Final = 1.0
_ENDS_WITHIN_S: Final = 3.0
"""A suspended owner may keep the thread that follows it for longer; the process ends all the same."""


class WatchOnly(WorkbenchError):
    """A process that only watches cannot change anything."""

    title = "Watching changes nothing"


class RemoteWorkbench(WorkspaceReader):
    """A workbench for screens that only watch: it reads, and refuses every other act."""

    def __init__(self, workspace: Workspace, channel: Channel, owner: Owner) -> None:
        super().__init__(workspace)
        self.left = False
        """The owner has left the workspace."""
        self.suspended = False
        """The owner was stopped, as by ctrl+Z, and answers once it is continued."""
        self._channel, self._owner = channel, owner
        self._listeners: list[Callable[[WorkbenchEvent], None]] = []
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None
        self._readings: deque[MachineReading] = deque(maxlen=REMEMBERED)
        self._sampler: MachineSampler | None = None
        self.previews = RefusedPreviews(self, owner.pid)

    def __getattr__(self, name: str) -> Any:
        """Refuse everything that a workbench does beyond reading."""
        if name.startswith("_"):
            raise AttributeError(name)
        return _Refusal(self._owner.pid)

    def subscribe(self, listener: Callable[[WorkbenchEvent], None]) -> Callable[[], None]:
        """Call `listener` with the owner's changes, until the returned function is called."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def start(self) -> None:
        """Follow the owner from now on."""
        self._thread = threading.Thread(target=self._follow, name="palate-watch", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop to follow the owner, and close the workspace."""
        self._closing.set()
        self._channel.close()
        if self._thread is not None:
            self._thread.join(_ENDS_WITHIN_S)  # it reads the workspace, which would open a connection again
        self.workspace.close()

    @property
    def watching(self) -> str:
        """Which owner this process watches, in words for the status line."""
        if self.left:
            return f"process {self._owner.pid} has left"
        doing = "owner is suspended:" if self.suspended else "owner is"
        return f"watching, {doing} {self._owner.pid}"

    @property
    def run_progress(self) -> RunProgress | None:
        """The progress of the owner's run, by its latest report."""
        return self.status().run

    def machine_readings(self) -> tuple[MachineReading, ...]:
        """The machine as this process sees it, since it watches the owner's run; the newest reading last."""
        return tuple(self._readings)

    @property
    def model_state(self) -> ModelState:
        """The owner's model, by its latest report."""
        status = self.status()
        return ModelState(status.model_name, status.model_state, status.model_detail, status.adapter_name, status.error)

    @property
    def is_writing(self) -> bool:
        """Whether the owner was generating an answer at its latest report."""
        return self.status().writing

    def status(self) -> WorkbenchStatus:
        """The owner's status, by its latest report. Reading it costs no query."""
        status = self._owner.status
        if self.left:
            status = replace(status, run=None, writing=False)
        return replace(status, watching=self.watching)

    # -- on the thread that follows ------------------------------------------------------------------------------

    def _follow(self) -> None:
        version = -1
        while not self._closing.wait(LOOK_EVERY_S):
            before = self.status()
            facts = self._ask() or self._reconnect()
            if self._closing.is_set():
                return
            if facts is None:
                self.left = True
                for published in (RunChanged(before.run.run) if before.run else ModelChanged(), CommandServed()):
                    self._publish(published)
                return
            self._owner = Owner(facts)
            now = data_version(self.workspace.connection)
            self._look_at_machine(before)
            self._publish_changes(before, self.status(), stored=now != version)
            version = now

    def _look_at_machine(self, before: WorkbenchStatus) -> None:
        """Look at the machine while a run is alive; owner and watcher are always on one machine."""
        run = self._owner.status.run
        if run is None:
            return
        if self._sampler is None or before.run is None or before.run.run != run.run:
            self._sampler = MachineSampler(self._owner.pid, self._owner.gpus)
            self._readings.clear()
            return
        self._readings.append(replace(self._sampler.read(), tokens_per_second=self._owner.tokens_per_second))
        self._publish(MachineRead())

    def _ask(self) -> dict[str, Any] | None:
        try:
            self._channel.send({"again": True})
            self._wait_while_suspended()
            facts = self._channel.receive(60.0)
        except (OSError, ProtocolError) as error:
            if not self._closing.is_set():  # else this process closed the channel itself
                logger.warning("The owner cannot be asked any more: %r", error)
            return None
        if facts is not None and "pid" not in facts:
            logger.warning("The owner refused: %s", facts)
            return None
        return facts

    def _wait_while_suspended(self) -> None:
        """Wait for the answer as long as the owner cannot give it, and publish when that begins and ends."""
        while not self._channel.has_news(LOOK_EVERY_S) and not self._closing.is_set():
            self._become(suspended=is_suspended(self._owner.pid))
            if not self.suspended:
                return
        self._become(suspended=False)

    def _become(self, *, suspended: bool) -> None:
        if suspended != self.suspended:
            self.suspended = suspended
            self._publish(QueueChanged(self.status().ready))

    def _reconnect(self) -> dict[str, Any] | None:
        """Connect once more: the connection may be lost although the owner is there."""
        channel = None if self._closing.is_set() else connect(str(self._owner.facts.get("door")))
        if channel is None:
            return None
        self._channel.close()
        self._channel = channel
        try:
            return dict(owner_of(channel).facts)
        except (OSError, WorkbenchError) as error:
            logger.warning("The owner does not answer: %r", error)
            return None

    def _publish_changes(self, before: WorkbenchStatus, now: WorkbenchStatus, *, stored: bool) -> None:
        """Publish the events that the owner's workbench would publish for these changes."""
        run = now.run or before.run
        if run is not None and (stored or now.run != before.run):
            self._publish(RunChanged(run.run))
        if (now.verdicts, now.ready, now.pairs) != (before.verdicts, before.ready, before.pairs):
            self._publish(CommandServed())
        if (now.adapter_name, now.model_state) != (before.adapter_name, before.model_state):
            self._publish(ModelChanged())
        if now != before:
            self._publish(QueueChanged(now.ready))

    def _publish(self, published: WorkbenchEvent) -> None:
        for listener in tuple(self._listeners):
            listener(published)


class RefusedPreviews:
    """Previews that say why no run can start here, as `RunPreviews` has them."""

    def __init__(self, workbench: RemoteWorkbench, owner: int) -> None:
        self._workbench, self._owner = workbench, owner

    def preview(self, config: TrainConfig, *_: Any) -> TrainPreview:
        """A preview whose problem names the owner."""
        return TrainPreview(self._workbench.status().pairs, 0, 0, 0, config.epochs, problem=_words(self._owner))

    def known(self, config: TrainConfig, *_: Any) -> TrainPreview:
        """The same as `preview`."""
        return self.preview(config)

    def ask(self, config: TrainConfig, chosen: PairSet, listener: PreviewListener) -> None:
        """Call `listener` with the same as `preview`, at once."""
        del chosen
        listener(self.preview(config))

    def preflight(self, *_: Any) -> Preflight:
        """Refuse: no model is loaded here."""
        raise WatchOnly(_words(self._owner))


class _Refusal:
    """Any attribute of a workbench; calling it raises `WatchOnly`."""

    def __init__(self, pid: int) -> None:
        self._pid = pid

    def __getattr__(self, name: str) -> _Refusal:
        if name.startswith("_"):
            raise AttributeError(name)
        return self

    def __call__(self, *_: Any, **__: Any) -> Any:
        raise WatchOnly(_words(self._pid))


def _words(pid: int) -> str:
    return f"Process {pid} owns this workspace, and this process only watches it. Press t to take over."
