"""A process that has imported what is slow to import, and forks a process of its own for every program asked for.

A program that imports torch and transformers costs three seconds of processor time before it does anything. Forked from
here it costs a tenth of a second. What it is given is what a shell would give it: words, environment, folder, the three
standard files, a session with a terminal, signals that are ignored. See `tests.starting` for the other side.
"""

import atexit
import fcntl
import gc
import importlib
import json
import os
import random
import runpy
import signal
import socket
import sys
import termios
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

import torch

from tests import gate

LONGEST = 1 << 17
IMPORTED = (
    "asyncio", "bitsandbytes", "engine.training.scorer", "engine.train", "openai", "peft", "scipy.optimize",
    "tests.tiny", "transformers.models.llama.modeling_llama", "tui.app", "tui.cli", "tui.workbench",
)  # fmt: skip


def serve(link: socket.socket) -> Callable[[], object]:
    """Fork whatever is asked for until the link closes. Returns in a forked process alone: with what it is to run."""
    while True:
        request, files, _, _ = socket.recv_fds(link, LONGEST, 3)
        if not request:
            sys.exit()
        asked = json.loads(request)
        hearing, telling = os.pipe()
        between = os.fork()
        if between == 0:
            # The process between ends at once, so that the tests' own process inherits the one that is meant.
            pid = os.fork()
            if pid == 0:
                os.close(hearing)
                os.close(telling)
                link.close()
                return become(asked, files)
            os.write(telling, str(pid).encode())
            os._exit(0)
        os.close(telling)
        for file in files:
            os.close(file)
        os.waitpid(between, 0)
        link.send(os.read(hearing, 32))
        os.close(hearing)


def given_names() -> set[str]:
    """The variables that this process was started with."""
    return {each.partition("=")[0] for each in Path("/proc/self/environ").read_text().split("\0")}


def become(asked: dict[str, Any], files: list[int]) -> Callable[[], object]:
    """Make this process what was asked for, up to its first line of code."""
    if asked["terminal"]:
        os.setsid()
    for standard, file in enumerate(files):
        os.dup2(file, standard)
        os.close(file)
    if asked["terminal"]:
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    for each in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
        usual = signal.default_int_handler if each == signal.SIGINT else signal.SIG_DFL
        signal.signal(each, signal.SIG_IGN if asked["ignoring"] else usual)
    os.chdir(asked["cwd"])
    set_by_imports = {name: value for name, value in os.environ.items() if name not in given_names()}
    os.environ.clear()
    os.environ.update({**set_by_imports, **asked["env"]})
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=stream is sys.stderr or os.isatty(stream.fileno()))  # type: ignore[union-attr]
    random.seed()
    gate.keep()
    kind, what, *rest = asked["words"]
    sys.argv = [kind, *rest]
    if kind == "-m":
        return lambda: runpy.run_module(what, run_name="__main__", alter_sys=True)
    return lambda: exec(compile(what, "<string>", "exec"), {"__name__": "__main__"})


def main() -> Callable[[], object]:
    """Import, and say so; then serve."""
    torch.set_num_threads(1)
    for name in IMPORTED:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()  # or every child would copy all of it at its first collection
    if (threads := len(os.listdir("/proc/self/task"))) != 1:
        raise SystemExit(f"a process of {threads} threads cannot be forked safely")
    link = socket.socket(fileno=int(sys.argv[1]))
    link.send(b"ready")
    return serve(link)


def end(code: int) -> NoReturn:
    """End as an interpreter does, but for taking apart all that is imported: that costs a quarter of a second."""
    threading._shutdown()  # type: ignore[attr-defined]  # waits for threads that are no daemons
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


def run(program: Callable[[], object]) -> int:
    """Run a program to its end; returns the exit status that the interpreter would end with."""
    try:
        program()
    except SystemExit as told:
        if told.code is None or isinstance(told.code, int):
            return told.code or 0
        sys.stderr.write(f"{told.code}\n")
        return 1
    except BaseException:  # noqa: BLE001  told as the interpreter tells it
        sys.excepthook(*sys.exc_info())  # type: ignore[arg-type]
        return 1
    return 0


if __name__ == "__main__":
    end(run(main()))
