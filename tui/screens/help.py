"""Every key of a screen, made from the same declarations as the keys themselves."""

from typing import Any

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.geometry import Size
from textual.screen import Screen
from textual.widget import Widget

from tui.screens.base import AppInterface
from tui.screens.dialog import Dialog
from tui.widgets.binding import Binding
from tui.widgets.frame.key_line import declared_order


class HelpScreen(Dialog[None]):
    """The keys of the screen that was on top, each with what it does."""

    AUTO_FOCUS = "VerticalScroll"
    BINDINGS = [
        Binding("question_mark,q", "leave", "Back", show=False, id="help.back", tooltip="Back to the screen."),
    ]

    def __init__(self, screen: Screen[Any]) -> None:
        super().__init__("Keys")
        self._screen = screen

    def on_mount(self) -> None:
        """Where there is little room, the frame itself names the way back."""
        self.query_one("#dialog").border_subtitle = Content("esc back")

    def compose_question(self) -> ComposeResult:
        """One line for each key, the screen's first, then those that work everywhere."""
        with VerticalScroll():
            yield KeyTable(*_described(self._screen))


class KeyTable(Widget):
    """Keys on the left, sentences on the right, wrapped beside their keys."""

    def __init__(self, here: list[tuple[str, str]], everywhere: list[tuple[str, str]]) -> None:
        super().__init__()
        self._here, self._everywhere = here, everywhere

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """The number of lines at this width."""
        del container, viewport
        return len(self._lines(width))

    def render(self) -> Content:
        """The screen's own keys, then those that work everywhere."""
        return Content("\n").join(self._lines(self.content_size.width))

    def _lines(self, width: int) -> list[Content]:
        longest = max(len(keys) for keys, _ in [*self._here, *self._everywhere])
        lines = [line for row in self._here for line in _lines_of(*row, longest, width)]
        lines += [Content(""), Content.styled("everywhere".rjust(longest), "$quiet")]
        return lines + [line for row in self._everywhere for line in _lines_of(*row, longest, width)]


def _described(screen: Screen[Any]) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """(keys, sentence) of the screen's own actions, and of the app's."""
    rows: dict[tuple[bool, str], tuple[list[str], str]] = {}
    app = screen.app
    assert isinstance(app, AppInterface)
    for active in screen.active_bindings.values():
        binding = active.binding
        if binding.id is None:
            continue
        key = (active.node is app, binding.action)
        keys, _ = rows.setdefault(key, ([], binding.tooltip or binding.description))
        shown = app.name_of_key(binding)
        if shown not in keys:
            keys.append(shown)
    order = declared_order(screen)
    rows = dict(sorted(rows.items(), key=lambda row: order(row[0][1])))
    made = {key: (" ".join(keys), sentence) for key, (keys, sentence) in rows.items()}
    return (
        [row for (of_app, _), row in made.items() if not of_app],
        [row for (of_app, _), row in made.items() if of_app],
    )


def _lines_of(keys: str, sentence: str, longest: int, width: int) -> list[Content]:
    wrapped = Content(sentence).wrap(max(width - longest - 2, 8))
    starts = [keys.rjust(longest)] + [" " * longest] * (len(wrapped) - 1)
    return [Content.assemble((start, "bold $accent"), "  ", line) for start, line in zip(starts, wrapped, strict=True)]
