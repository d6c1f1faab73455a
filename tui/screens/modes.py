"""The style sheets of all screens, and the screens that are imported only after the first paint."""

import importlib
from collections.abc import Callable
from pathlib import Path, PurePath
from typing import Any, Final

from textual.screen import Screen

_TUI: Final = Path(__file__).parents[1]


def _sheet_order(sheet: Path) -> tuple[str, str]:
    return sheet.relative_to(_TUI).parts[0], sheet.name


SHEETS: Final[list[str | PurePath]] = [
    _TUI / "screens" / "base.tcss",
    *sorted(_TUI.rglob("*.tcss"), key=_sheet_order, reverse=True),
]
"""Every style sheet, widgets' before screens'. Screens name none: Textual would parse all of them once more."""

LATER: Final = {
    "train": ("tui.screens.runs.train", "TrainScreen"),
    "runs": ("tui.screens.runs.runs", "RunsScreen"),
    "compare": ("tui.screens.compare.compare", "CompareScreen"),
    "data": ("tui.screens.data.data", "DataScreen"),
    "ask": ("tui.screens.ask.ask", "AskScreen"),
}
"""The modes beside Label: module and class of the screen of each."""


def import_screens() -> None:
    """Import the screens of `LATER`, so that no key waits for an import."""
    for module, _ in LATER.values():
        importlib.import_module(module)
    importlib.import_module("scipy.optimize")  # intervals of shares need it, and its import takes half a second


def when_shown(module: str, name: str) -> Callable[[], Screen[Any]]:
    """A screen that is imported and created when it is first shown."""

    def make() -> Screen[Any]:
        screen: Screen[Any] = getattr(importlib.import_module(module), name)()
        # Textual takes a new screen for one with styles of an earlier theme, and parses every sheet twice.
        screen._css_update_count = screen.app._css_update_count
        return screen

    return make
