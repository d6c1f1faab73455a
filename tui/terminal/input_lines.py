"""Lines that a person types into a command, or that come from a pipe."""

import sys
import termios
from collections.abc import Iterator


def is_typed() -> bool:
    """Whether a person types at a terminal."""
    return sys.stdin.isatty()


def lines_of_input() -> Iterator[str]:
    """What comes line by line to the end of the input, without lines that hold nothing.

    At a terminal, what was typed before a line is asked for is dropped: it would answer what was not read yet.
    """
    for line in _at_a_terminal() if is_typed() else sys.stdin:
        if line.strip():
            yield line.strip()


def _at_a_terminal() -> Iterator[str]:
    import readline  # noqa: F401  the arrow keys of `input`

    while True:
        termios.tcflush(sys.stdin.fileno(), termios.TCIFLUSH)
        try:
            yield input("\n› ")
        except EOFError:
            return
