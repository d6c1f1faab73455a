"""Every key of a screen, made from the same declarations as the keys themselves."""

from typing import Any

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Static

from tui.screens.dialog import Dialog


class HelpScreen(Dialog[None]):
    """The keys of the screen that was on top, each with what it does."""

    AUTO_FOCUS = "VerticalScroll"
    BINDINGS = [
        Binding("question_mark,q", "leave", "Back", show=False, id="help.back", tooltip="Back to the screen."),
    ]

    def __init__(self, screen: Screen[Any]) -> None:
        super().__init__("Keys")
        self._screen = screen

    def compose_question(self) -> ComposeResult:
        """One line for each key, the screen's first, then those that work everywhere."""
        with VerticalScroll():
            yield Static(self._keys())
        yield Static(Content.assemble(("esc", "bold $accent"), " back"), id="hint")

    def _keys(self) -> Content:
        here, everywhere = _described(self._screen)
        width = max((len(keys) for keys, _ in [*here, *everywhere]), default=0)
        lines = [_line(*row, width) for row in here]
        lines += [Content(""), Content.styled("everywhere", "$quiet")]
        lines += [_line(*row, width) for row in everywhere]
        return Content("\n").join(lines)


def _described(screen: Screen[Any]) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """(keys, sentence) of the screen's own actions, and of the app's."""
    rows: dict[tuple[bool, str], tuple[list[str], str]] = {}
    app = screen.app
    for active in screen.active_bindings.values():
        binding = active.binding
        if binding.id is None:
            continue
        key = (active.node is app, binding.action)
        keys, _ = rows.setdefault(key, ([], binding.tooltip or binding.description))
        shown = app.get_key_display(binding)
        if shown not in keys:
            keys.append(shown)
    made = {key: (" ".join(keys), sentence) for key, (keys, sentence) in rows.items()}
    return (
        [row for (of_app, _), row in made.items() if not of_app],
        [row for (of_app, _), row in made.items() if of_app],
    )


def _line(keys: str, sentence: str, width: int) -> Content:
    return Content.assemble((keys.rjust(width), "bold $accent"), "  ", sentence)
