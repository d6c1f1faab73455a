"""What is written to a terminal when a run is over."""

import pytest

from tui.terminal.notify import end_sequence


@pytest.mark.parametrize(
    ("kind", "environment", "written"),
    [
        ("off", {"TERM": "xterm-kitty"}, ""),
        ("bell", {"TERM": "xterm-kitty"}, "\a"),
        ("desktop", {"TERM": "xterm-256color"}, "\x1b]9;Palate: mine finished\a"),
        ("desktop", {"TERM": "foot"}, "\x1b]777;notify;Palate;mine finished\a"),
        ("desktop", {"TERM": "xterm-256color", "VTE_VERSION": "7600"}, "\x1b]777;notify;Palate;mine finished\a"),
        ("desktop", {"TERM": "tmux-256color"}, "\a"),
        ("desktop", {"TERM": "xterm-256color", "TMUX": "/tmp/tmux-0/default,1,0"}, "\a"),
        ("desktop", {"TERM": "screen"}, "\a"),
    ],
)
def test_the_sequence_is_one_that_the_terminal_knows(kind: str, environment: dict[str, str], written: str) -> None:
    assert end_sequence(kind, "mine", "finished", environment) == written


def test_a_name_cannot_end_the_sequence_or_begin_another() -> None:
    written = end_sequence("desktop", "a\a\x1b]0;b;c\x9c", "finished", {"TERM": "foot"})
    assert written.startswith("\x1b]777;notify;Palate;")
    assert written.endswith("\a")
    inside = written[len("\x1b]777;notify;Palate;") : -1]
    assert inside.isprintable()
    assert ";" not in inside
