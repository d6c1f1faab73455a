"""A run in processes of its own: started by `torch.distributed.run`, followed through its events, ended with its owner.

The processes have a session of their own, so no terminal reaches them. Each holds a connection to the owner, which
shows both ends when the other is gone: a worker without an owner ends at once, and a run whose worker was killed is
interrupted. Everything between the processes goes through a folder for the owner alone and the loopback interface.
"""

import json
import logging
import os
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from engine import errors
from engine.distributed.event_lines import PolicyWritten, read_event
from engine.distributed.job import WorkerJob
from engine.distributed.link import Wish
from engine.errors import EngineError, PeerLost, ProcessLost, TrainingError
from engine.events import Event, Notice, NoticeLevel, RunPlanned

logger = logging.getLogger(__name__)

JOB, EVENTS, LOG = "job.json", "events.jsonl", "workers.log"
_ROOT = Path(__file__).resolve().parents[2]
_LOOPBACK = "lo" if sys.platform == "linux" else "lo0"
_POLL_S = 0.1
_GATHERED_S = 5.0
"""After the first sign of a failure, the others have this long to say why."""
_ENDED_S = 10.0


@dataclass
class _Worker:
    """The owner's end of a connection; `rank` is None before its first message."""

    socket: socket.socket
    rank: int | None = None
    pid: int = 0
    unread: bytes = b""
    over: bool = False


@dataclass(frozen=True)
class _Asked:
    """The first worker asks for the reference logps under these keys."""

    keys: tuple[str, ...]


@dataclass
class _Failures:
    """What went wrong. The worst is a worker's own error, else a lost process, else a process that lost its peer."""

    found: list[EngineError] = field(default_factory=list)
    since: float | None = None

    def add(self, error: EngineError) -> None:
        self.since = self.since or time.monotonic()
        self.found.append(error)

    def worst(self) -> EngineError:
        return min(self.found, key=lambda each: (isinstance(each, ProcessLost), isinstance(each, PeerLost)))


class DeviceRun:
    """The processes of one run, as their owner sees them.

    Attributes:
        has_begun: whether the workers have loaded the model.
    """

    def __init__(self, job: WorkerJob, folder: Path, wake: Callable[[], None]) -> None:
        """`folder` is the run's own. `wake` is called on another thread whenever the next event is there."""
        self._job, self._folder, self._wake = job, folder, wake
        self._queue: SimpleQueue[Event | _Asked | EngineError | None] = SimpleQueue()
        self._workers: list[_Worker] = []
        self._failures = _Failures()
        self._sending = threading.Lock()
        self._given = self._consumed = 0
        self._wish: Callable[[], Wish] = lambda: Wish.NOTHING
        self._sent: tuple[Wish, int] | None = None
        self._closing = self._is_lost = False
        self.has_begun = False

    @property
    def is_lost(self) -> bool:
        """Whether a failure ended the run; the next event raises it."""
        return self._is_lost

    @property
    def is_ready(self) -> bool:
        """Whether the next event is there, or will be computed in this turn."""
        return not self._queue.empty() or (self.has_begun and self.takes_turns)

    @property
    def owes_word(self) -> bool:
        """Whether the owner has not yet told the processes that the latest event is consumed."""
        return self._given > self._consumed

    def consumed(self) -> None:
        """Tell the processes that the latest event is consumed, and what is wanted next. They continue then."""
        if self.owes_word:
            self._consumed = self._given
            self._say_wish()

    @property
    def takes_turns(self) -> bool:
        """Whether run and owner compute on one device, so that only one of them computes at a time."""
        return self._job.ahead == 0

    def events(
        self, wish: Callable[[], Wish], known: Mapping[str, tuple[float, float]], loaded: Callable[[Path | None], None]
    ) -> Generator[Event, None, None]:
        """Start the processes and yield the events of the run, as `train_dpo` does; closing the generator ends them.

        After an event, `consumed` lets the processes continue before the next one is asked for.

        Args:
            wish: what is wanted of the run, asked every 0.1 s on another thread.
            known: reference logps from earlier runs.
            loaded: called with a folder that holds the policy as it is now, and with None when there is a newer one.

        Raises:
            EngineError: what ended the run in a worker; `ProcessLost` where one was killed.
        """
        self._wish = wish
        with ExitStack() as stack:
            place = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="palate-run-")))
            self._job = replace(self._job, place=str(place), events=str(self._folder / EVENTS))
            stack.callback((self._folder / JOB).unlink, missing_ok=True)
            follower = self._started(stack)
            stack.callback(loaded, None)
            names = ", ".join(self._job.devices)
            yield Notice(NoticeLevel.INFO, f"The run computes in processes of its own, on {names}.")
            for event in self._arriving(known):
                self._given += 1
                if isinstance(event, PolicyWritten):
                    loaded(Path(event.folder))
                    shutil.rmtree(event.folder, ignore_errors=True)
                else:
                    self.has_begun = self.has_begun or isinstance(event, RunPlanned)
                    yield event
                self.consumed()
            follower.join()

    def _arriving(self, known: Mapping[str, tuple[float, float]]) -> Iterator[Event]:
        while (item := self._queue.get()) is not None:
            if isinstance(item, _Asked):
                self._say({"known": {key: known[key] for key in item.keys if key in known}})
            elif isinstance(item, EngineError):
                raise item
            else:
                yield item

    # -- starting and ending -------------------------------------------------------------------------------------

    def _started(self, stack: ExitStack) -> threading.Thread:
        """Start the processes and the thread that follows them; `stack` ends both."""
        listener = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
        listener.bind(self._job.address)
        listener.listen(len(self._job.devices))
        launcher = self._launched()
        stack.callback(self._end, launcher)
        follower = threading.Thread(target=self._follow, args=(listener, launcher), name="palate-devices", daemon=True)
        follower.start()
        stack.callback(self._leave, follower)
        return follower

    def _launched(self) -> subprocess.Popen[bytes]:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._job.write(self._folder / JOB)
        paths = [str(_ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(paths),
            "OMP_NUM_THREADS": str(self._job.threads),
            "TORCHELASTIC_SIGNALS_TO_HANDLE": "SIGTERM,SIGINT",  # a lost terminal ends no run
            "GLOO_SOCKET_IFNAME": _LOOPBACK,
            "NCCL_SOCKET_IFNAME": _LOOPBACK,
        }
        place = Path(self._job.place)
        # The launcher's rendezvous is a file, because its usual server would listen on every interface.
        meeting = ["--rdzv-backend", "c10d", "--rdzv-endpoint", str(place / "launcher")]
        meeting += ["--rdzv-conf", "store_type=file", "--rdzv-id", place.name, "--local-addr", "127.0.0.1"]
        command = [
            *(sys.executable, "-P", "-m", "torch.distributed.run", *meeting, "--nnodes", "1", "--max-restarts", "0"),
            *("--nproc-per-node", str(len(self._job.devices)), "-m", "engine.worker", str(self._folder / JOB)),
        ]
        with open(os.open(self._folder / LOG, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as log:
            return subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment, start_new_session=True
            )

    def _leave(self, follower: threading.Thread) -> None:
        """Close the connections, which ends the workers."""
        self._closing = True
        follower.join()

    def _end(self, launcher: subprocess.Popen[bytes]) -> None:
        """Wait for the end of the processes; kill those that do not end."""
        try:
            launcher.wait(_ENDED_S)
        except subprocess.TimeoutExpired:
            for each in self._workers:
                with suppress(ProcessLookupError):
                    os.kill(each.pid, signal.SIGKILL)
            launcher.kill()
            launcher.wait()

    # -- on the following thread ---------------------------------------------------------------------------------

    def _follow(self, listener: socket.socket, launcher: subprocess.Popen[bytes]) -> None:
        """Read the workers' messages until all are done, then put None for the end of the run, or its error."""
        try:
            self._read_all(listener, launcher)
        except (OSError, ValueError, KeyError, TypeError) as error:
            self._failures.add(TrainingError(f"The events of the run cannot be read: {error}"))
        for each in self._workers:
            with suppress(OSError):
                each.socket.sendall(b'{"leave": true}\n')
            each.socket.close()
        if not self._closing:
            self._is_lost = bool(self._failures.found)
            self._put(self._failure() if self._is_lost else None)

    def _read_all(self, listener: socket.socket, launcher: subprocess.Popen[bytes]) -> None:
        file = os.open(self._folder / EVENTS, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        with selectors.DefaultSelector() as selector, open(file, encoding="utf-8") as lines:
            selector.register(listener, selectors.EVENT_READ)
            while not self._closing and not self._is_over(launcher):
                for key, _ in selector.select(_POLL_S):
                    if key.fileobj is listener:
                        worker = _Worker(listener.accept()[0])
                        self._workers.append(worker)
                        selector.register(worker.socket, selectors.EVENT_READ, worker)
                    else:
                        self._read(selector, key.data, lines)
                self._say_wish()

    def _is_over(self, launcher: subprocess.Popen[bytes]) -> bool:
        """Whether nothing more will come: every worker is done, or a failure is known and all had time to say why."""
        if launcher.poll() is not None and len(self._workers) < len(self._job.devices):
            self._failures.add(ProcessLost(f"The processes of the run did not start: {self._last_line()}"))
            return True
        connected = [each for each in self._workers if each.socket.fileno() >= 0]
        if self._failures.since is not None:
            return not connected or time.monotonic() > self._failures.since + _GATHERED_S
        return len(self._workers) == len(self._job.devices) and all(each.over for each in self._workers)

    def _read(self, selector: selectors.BaseSelector, worker: _Worker, lines: Any) -> None:
        try:
            read = worker.socket.recv(1 << 16)
        except OSError:
            read = b""
        if not read:
            selector.unregister(worker.socket)
            worker.socket.close()
            if not worker.over:
                self._failures.add(self._lost(worker))
            return
        *messages, worker.unread = (worker.unread + read).split(b"\n")
        for message in messages:
            self._hear(worker, json.loads(message), lines)

    def _hear(self, worker: _Worker, message: Mapping[str, Any], lines: Any) -> None:
        match message:
            case {"hello": int(rank), "pid": int(pid)}:
                worker.rank, worker.pid = rank, pid
                self._sent = None  # a new first worker has received nothing yet
                if sum(each.rank is not None for each in self._workers) == len(self._job.devices):
                    (self._folder / JOB).unlink(missing_ok=True)  # it holds texts, and all have read it
            case {"line": int()}:
                self._put(read_event(lines.readline())[1])
            case {"ask": [*keys]}:
                self._put(_Asked(tuple(keys)))
            case {"failed": str(name), "text": str(text)}:
                self._failures.add(_error_of(name, text))
            case {"over": True}:
                worker.over = True

    def _put(self, item: Event | _Asked | EngineError | None) -> None:
        self._queue.put(item)
        self._wake()

    def _say_wish(self) -> None:
        """Send the wish where it changed. A met wish stays until its event is consumed, so that a pause holds."""
        with self._sending:
            wish = self._wish()
            if wish is Wish.NOTHING and self._sent is not None and self.owes_word:
                wish = self._sent[0]
            if (wish, self._consumed) != self._sent:
                self._send({"want": wish, "consumed": self._consumed})
                self._sent = wish, self._consumed

    def _say(self, message: Mapping[str, Any]) -> None:
        with self._sending:
            self._send(message)

    def _send(self, message: Mapping[str, Any]) -> None:
        """Send to the first worker, which decides for all. An error is ignored: reading finds a worker that is gone."""
        for each in self._workers:
            if each.rank == 0:
                with suppress(OSError):
                    each.socket.sendall((json.dumps(message) + "\n").encode())

    def _lost(self, worker: _Worker) -> ProcessLost:
        if worker.rank is None:
            return ProcessLost("A process of the run was killed or crashed at its start. Free memory, and try again.")
        number, count = worker.rank + 1, len(self._job.devices)
        which = f"Process {number} of {count}, on {self._job.devices[worker.rank]},"
        return ProcessLost(f"{which} was killed or crashed. Free memory if the system killed it.")

    def _failure(self) -> EngineError:
        """The most telling error; what the processes wrote about it goes to the log."""
        logger.error("The processes of a run wrote:\n%s", self._written()[-8000:])
        return self._failures.worst()

    def _written(self) -> str:
        try:
            return (self._folder / LOG).read_text(encoding="utf-8", errors="replace")
        except OSError as error:
            return str(error)

    def _last_line(self) -> str:
        lines = [line.strip() for line in self._written().splitlines() if line.strip()]
        return lines[-1] if lines else "they wrote nothing about it."


def _error_of(name: str, text: str) -> EngineError:
    """A worker's error by the name of its class."""
    kind = getattr(errors, name, None)
    if isinstance(kind, type) and issubclass(kind, EngineError) and kind.__init__ is EngineError.__init__:
        return kind(text)
    return TrainingError(f"{name}: {text}")
