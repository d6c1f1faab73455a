"""Where `palate` begins: the app runs in a child, so that it can go on when the shell wants its prompt back."""

import os
import signal
import sys
from collections.abc import Mapping, Sequence

from tui.terminal.launcher import COMPLETING, in_a_child
from tui.terminal.signals import HANG_UP, Signals

WITH_VALUE = ("--workspace", "--model", "--dtype", "--device", "--seed")
"""The options before a command's name that take a value; a test holds them against the command line."""
ONLY_TELL = ("-h", "--help", "--version")


def main() -> None:
    """Run the command that was typed. Nothing heavy is imported before the app has a process of its own."""
    line = in_a_child() if opens_the_app(sys.argv[1:], os.environ) else None
    if line is None:
        Signals((HANG_UP, signal.SIGTERM), ignored_stay=True)  # a command ends by way of every `finally`
    from tui.cli import main as command  # after the fork: an app brings imports and threads along

    command(prog_name="palate", obj=line)


def opens_the_app(words: Sequence[str], environment: Mapping[str, str]) -> bool:
    """Do these words of a command line hold options alone, and no command? A shell that completes asks for no app."""
    if COMPLETING in environment:
        return False
    is_value = False
    for word in words:
        if word in ONLY_TELL or not (is_value or word.startswith("-")):
            return False
        is_value = not is_value and word in WITH_VALUE
    return True
