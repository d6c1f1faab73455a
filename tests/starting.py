"""Programs of the project as processes of their own, forked from a process that has imported torch already.

Only the start is another one than a person's: `tests/tui/test_run_app.py` and the tests over ssh start `palate` anew.
"""

import atexit
import ctypes
import functools
import json
import os
import select
import signal
import socket
import subprocess
import sys
import termios
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, Final

import pexpect
from ptyprocess import PtyProcess

ROOT: Final = Path(__file__).parents[1]
SMALL: Final = {"OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": "", "PYTHONPATH": str(ROOT)}
OF_THE_TERMINAL: Final = ("COLUMNS", "LINES")
"""They tell the size of the tests' own terminal, and a program believes them more than its own."""
_ADOPT_ORPHANS: Final = 36  # PR_SET_CHILD_SUBREAPER in <linux/prctl.h>
_one_at_a_time: Final = threading.Lock()


def environment(**more: str) -> dict[str, str]:
    """This process's own, for a program that computes on one thread and asks its terminal for the size."""
    kept = {name: value for name, value in os.environ.items() if name not in OF_THE_TERMINAL}
    return {**kept, **SMALL, **more}


@functools.cache
def _server() -> socket.socket:
    """The link to this process's own server, which starts with the first program."""
    if ctypes.CDLL(None).prctl(_ADOPT_ORPHANS, 1, 0, 0, 0):
        raise OSError("This process cannot become the parent of what its server forks.")
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    command = [sys.executable, "-m", "tests.fork_server", str(theirs.fileno())]
    server = subprocess.Popen(
        command, cwd=ROOT, env=environment(), stdin=-3, pass_fds=[theirs.fileno()], start_new_session=True
    )
    theirs.close()
    if not ours.recv(16):
        raise RuntimeError(f"The server did not start: exit status {server.wait()}.")

    def end() -> None:
        ours.close()
        server.wait()

    atexit.register(end)
    return ours


def fork(
    words: Sequence[str],
    files: Sequence[int],
    *,
    env: Mapping[str, str],
    cwd: Path = ROOT,
    terminal: bool = False,
    ignoring: bool = False,
) -> int:
    """Start `python WORDS` with these three standard files, as a child of this process; returns its id.

    With `terminal` its files are the terminal of a session of its own. With `ignoring` it ignores what a script's
    background job ignores (SIGINT, SIGQUIT) and what `nohup` adds (SIGHUP); without, it hears them.
    """
    asked = {"words": list(words), "env": dict(env), "cwd": str(cwd), "terminal": terminal, "ignoring": ignoring}
    with _one_at_a_time:
        link = _server()
        socket.send_fds(link, [json.dumps(asked).encode()], list(files))
        return int(link.recv(32))


class Child:
    """A program that was started here, in the words of `subprocess.Popen`."""

    def __init__(self, words: Sequence[str], pid: int) -> None:
        self.args, self.pid = list(words), pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """The exit status (a signal's number is negative), None while it runs."""
        if self.returncode is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self.returncode = os.waitstatus_to_exitcode(status) if pid else None
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end.

        Raises:
            subprocess.TimeoutExpired: it did not end within so many seconds.
        """
        if self.poll() is None:
            file = os.pidfd_open(self.pid)
            try:
                ended, _, _ = select.select([file], [], [], timeout)
            finally:
                os.close(file)
            if not ended:
                raise subprocess.TimeoutExpired(self.args, timeout or 0)
        code = self.poll()
        assert code is not None
        return code

    def send_signal(self, number: int) -> None:
        """Send it a signal, if it still runs."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """Send it SIGKILL, if it still runs."""
        self.send_signal(signal.SIGKILL)


class Process(Child):
    """A program with pipes."""

    def __init__(
        self,
        words: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        cwd: Path = ROOT,
        stderr: int | None = None,
        ignoring: bool = False,
    ) -> None:
        """Without `stderr`, a file's number, there is a pipe for that as well."""
        pipes = [os.pipe() for _ in range(2 if stderr is not None else 3)]
        theirs, ours = [pipes[0][0], *(write for _, write in pipes[1:])], [read for read, _ in pipes[1:]]
        files = theirs if stderr is None else [*theirs, stderr]
        super().__init__(words, fork(words, files, env=env or environment(), cwd=cwd, ignoring=ignoring))
        for each in theirs:
            os.close(each)
        self.stdin: IO[str] = open(pipes[0][1], "w")  # noqa: SIM115  `close` closes them
        self.stdout: IO[str] = open(ours[0])  # noqa: SIM115
        self.stderr: IO[str] | None = open(ours[1]) if stderr is None else None  # noqa: SIM115

    def __enter__(self) -> "Process":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End it, if it did not end by itself, and close the pipes."""
        self.kill()
        self.wait()
        self._close_pipes()

    def _close_pipes(self) -> None:
        for end in (self.stdin, self.stdout, self.stderr):
            if end is not None:
                _close(end)

    def communicate(self, text: str = "", timeout: float | None = None) -> tuple[str, str]:
        """Say `text`, hear everything to the end of both pipes, and wait.

        Raises:
            subprocess.TimeoutExpired: it did not end within so many seconds.
        """
        heard = {"out": "", "err": ""}
        threads = [
            threading.Thread(target=lambda name=name, pipe=pipe: heard.update({name: pipe.read()}), daemon=True)
            for name, pipe in (("out", self.stdout), ("err", self.stderr))
            if pipe is not None and not pipe.closed
        ]
        for each in threads:
            each.start()
        if not self.stdin.closed:
            self.stdin.write(text)
            _close(self.stdin)
        self.wait(timeout)
        for each in threads:
            each.join()
        self._close_pipes()
        return heard["out"], heard["err"]


def _close(end: IO[str]) -> None:
    with suppress(BrokenPipeError):  # what is left to say, nobody hears
        end.close()


def run(
    words: Sequence[str], *, env: Mapping[str, str] | None = None, cwd: Path = ROOT
) -> "subprocess.CompletedProcess[str]":
    """Run a program to its end."""
    with Process(words, env=env, cwd=cwd) as process:
        out, err = process.communicate(timeout=300)
        return subprocess.CompletedProcess(list(words), process.wait(), out, err)


class Spawn(pexpect.spawn):
    """A program on a pseudo-terminal, in the words of pexpect."""

    def __init__(self, words: Sequence[str], *, ignoring: bool = False, **options: Any) -> None:
        self._ignoring = ignoring
        super().__init__(sys.executable, list(words), **options)

    def _spawnpty(self, args: Sequence[bytes], **options: Any) -> PtyProcess:
        words = [os.fsdecode(each) for each in args[1:]]
        ours, theirs = os.openpty()
        rows, columns = options.get("dimensions") or (24, 80)
        env = options.get("env") or environment()
        try:
            termios.tcsetwinsize(theirs, (rows, columns))
            pid = fork(words, [theirs] * 3, env=env, terminal=True, ignoring=self._ignoring)
        finally:
            os.close(theirs)
        return PtyProcess(pid, ours)
