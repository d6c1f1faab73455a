"""The Label screen: two answers, one key."""

from textual.app import ComposeResult
from textual.widgets import Static

from tui.screens.base import PalateScreen


class LabelScreen(PalateScreen):
    """Judge pairs of answers."""

    MODE = "label"

    def compose_body(self) -> ComposeResult:
        """Two panes."""
        yield Static("")
