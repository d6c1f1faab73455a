"""The first line of every screen: the model and adapter on the left, the modes on the right."""

from typing import Final

from textual import events
from textual.content import Content
from textual.widget import Widget

from tui.text.sanitize import visible_line

MODES: Final = (
    ("label", "Label"),
    ("train", "Train"),
    ("runs", "Runs"),
    ("compare", "Compare"),
    ("data", "Data"),
    ("ask", "Ask"),
)
_GAP, _NARROW_GAP, _NARROW = 2, 1, 72
"""Spaces between two modes, those on a narrow terminal, and below how many columns it is one."""


class TopLine(Widget):
    """`palate · model + adapter` and the six modes, the current one marked."""

    ALLOW_SELECT = False

    def __init__(self, mode: str) -> None:
        super().__init__()
        self._mode = mode
        self._model = ""
        self._adapter: str | None = None

    def show(self, model: str, adapter: str | None) -> None:
        """Show the model and the adapter in use. Redraws only when they changed."""
        if (model, adapter) != (self._model, self._adapter):
            self._model, self._adapter = model, adapter
            self.refresh()

    def render(self) -> Content:
        """The line in the available width."""
        modes = _modes_width(self._gap)
        room = self.size.width - modes - 4
        name = " palate" if room < 14 or not self._model else " palate · " + self._loaded(room - 10)
        gap = max(self.size.width - Content(name).cell_length - modes - 1, 1)
        title = Content.assemble(("palate", "bold"), (name[len(" palate") :], "$quiet"))
        return Content.assemble(" ", title, " " * gap, self._modes())

    def _loaded(self, width: int) -> str:
        """Model and adapter, or the model alone where both do not fit."""
        both = visible_line(f"{self._model} + {self._adapter}" if self._adapter else self._model)
        return both if Content(both).cell_length <= width else visible_line(self._model, width)

    def _modes(self) -> Content:
        words = []
        for mode, word in MODES:
            if mode == self._mode:
                words.append(Content.styled(word, "bold underline $accent"))
            else:
                words.append(Content.assemble((word[0], "$foreground"), (word[1:], "$quiet")))
        return Content(" " * self._gap).join(words)

    @property
    def _gap(self) -> int:
        return _NARROW_GAP if self.size.width < _NARROW else _GAP

    def on_click(self, event: events.Click) -> None:
        """Show a mode after a click on its word."""
        start = self.size.width - _modes_width(self._gap) - 1
        for mode, word in MODES:
            if start <= event.x < start + len(word):
                self.app.switch_mode(mode)
                return
            start += len(word) + self._gap


def _modes_width(gap: int) -> int:
    return sum(len(word) for _, word in MODES) + gap * (len(MODES) - 1)
