"""The entry point of `palate`. The app runs in a child process, so that it can continue after the shell's job ends."""

import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial

from tui.terminal.launcher import COMPLETING, in_a_child
from tui.terminal.signals import HANG_UP, Signals

WITH_VALUE = ("--workspace", "--model", "--dtype", "--device", "--seed")
"""The options before a command's name that take a value; a test compares them with the command line."""
PRINT_ONLY = ("-h", "--help", "--version")


def main() -> None:
    """Run the command that was typed. The app forks before anything heavy is imported."""
    with _quiet_interrupts() as begin:
        line = in_a_child() if opens_the_app(sys.argv[1:], os.environ) else None
        if line is None:
            Signals((HANG_UP, signal.SIGTERM), ignored_stay=True)  # a signal ends a command through every `finally`
        from tui.cli import main as command  # after the fork, since imports may start threads

        begin()
        command(prog_name="palate", obj=line)


@contextmanager
def _quiet_interrupts() -> Iterator[Callable[[], object]]:
    """Ctrl+C before `begin` is called, or while the interpreter ends, ends the process as it ends any program.

    Python would print a traceback, since nothing catches the exception there.
    """
    handler = signal.getsignal(signal.SIGINT)
    if handler is not signal.default_int_handler:  # ignored, as in a script's background job
        yield lambda: None
        return
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        yield partial(signal.signal, signal.SIGINT, handler)
    finally:
        signal.signal(signal.SIGINT, signal.SIG_DFL)


def opens_the_app(words: Sequence[str], environment: Mapping[str, str]) -> bool:
    """Whether these words of a command line name no command, only options. A shell's completion opens no app."""
    if COMPLETING in environment:
        return False
    is_value = False
    for word in words:
        if word in PRINT_ONLY or not (is_value or word.startswith("-")):
            return False
        is_value = not is_value and word in WITH_VALUE
    return True
