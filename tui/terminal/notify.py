"""The end of a run, signalled by the terminal's bell or a desktop notification. No Textual here."""

from collections.abc import Mapping

from tui.text.sanitize import visible_line

BELL = "\a"


def end_sequence(kind: str, name: str, status: str, environment: Mapping[str, str]) -> str:
    """What to write to the terminal when run `name` ended; `kind` is off, bell or desktop.

    tmux and screen drop a desktop notification silently, since their passthrough is off by default. So the bell rings
    there: they mark the window and pass the bell on. foot, rxvt and VTE's terminals know OSC 777, others know OSC 9; a
    terminal that knows neither ignores the sequence.

    >>> end_sequence("desktop", "taste-1", "finished", {"TERM": "xterm-kitty"})
    '\\x1b]9;Palate: taste-1 finished\\x07'
    """
    if kind == "off":
        return ""
    term = environment.get("TERM", "")
    if kind == "bell" or environment.get("TMUX") or term.startswith(("screen", "tmux")):
        return BELL
    words = f"{visible_line(name, 40)} {status}".replace(";", ",")
    if term.startswith(("foot", "rxvt")) or environment.get("VTE_VERSION"):
        return f"\x1b]777;notify;Palate;{words}{BELL}"
    return f"\x1b]9;Palate: {words}{BELL}"
