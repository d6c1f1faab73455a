"""What changes how a pair is seen: scroll, zoom, mark a pane, raw or rendered, words that differ, copy."""

from collections.abc import Callable

from tui.screens.actions import Actions
from tui.screens.base import PalateScreen
from tui.widgets.pair.pair_view import PairView
from tui.workspace.copied import write_copied

_OF_WHOLE_PAIRS = ("raw", "compare", "copy", "thoughts")


class ViewActions(Actions):
    """Works on the `PairView` of a screen. Nothing here judges."""

    def __init__(
        self,
        screen: PalateScreen,
        *,
        has_pair: Callable[[], bool],
        has_text: Callable[[], bool],
        touch: Callable[[], None],
    ) -> None:
        """`has_pair`: are both answers there? `has_text`: is there anything to read? `touch` is called at each key."""
        self._screen, self._touch = screen, touch
        self._has_pair, self._has_text = has_pair, has_text

    def enabled(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Without a text there is nothing to see."""
        del parameters
        if action == "thoughts" and not (self._has_pair() and self._view.has_thoughts):
            return False  # few models think, so the key is named only where there is something to open
        return True if (self._has_pair() if action in _OF_WHOLE_PAIRS else self._has_text()) else None

    @property
    def _view(self) -> PairView:
        return self._screen.query_one(PairView)

    def action_raw(self) -> None:
        """Markdown, or the text as it was written."""
        self._touch()
        self._view.toggle_rendered()
        self._screen.refresh_bindings()

    def action_thoughts(self) -> None:
        """Open the thoughts before the answers, or fold them."""
        self._touch()
        self._view.toggle_thoughts()

    def action_compare(self) -> None:
        """Mark the words in which the answers differ, or take the marks off."""
        self._touch()
        self._view.toggle_differences()
        self._view.note(self._view.differences_note)

    def action_copy(self) -> None:
        """Copy what is marked, or all, through the terminal (OSC 52) and into a file.

        Inside tmux the clipboard is reached only with `set -g set-clipboard on`. The text goes out in base64, so
        nothing in it reaches the terminal as a command.
        """
        self._touch()
        what, text = self._view.copied()
        try:
            file = write_copied(self._screen.workbench.folder, text)
            self._screen.app.copy_to_clipboard(text.encode("utf-8", "replace").decode("utf-8"))
        except OSError as error:
            self._screen.palate.tell_error(error)
            return
        self._view.note(f"{what} copied; it is also in {file}")

    def action_zoom(self) -> None:
        """One answer over the whole width, or both."""
        self._touch()
        self._view.toggle_zoom()

    def action_mark(self) -> None:
        """Mark the next pane."""
        self._touch()
        self._view.mark_next()

    def action_scroll(self, lines: int) -> None:
        """Scroll by lines."""
        self._touch()
        self._view.scroll_lines(lines)

    def action_page(self, pages: int) -> None:
        """Scroll by pages."""
        self._touch()
        self._view.scroll_pages(pages)

    def action_edge(self, end: bool) -> None:
        """Scroll to the beginning or the end."""
        self._touch()
        self._view.scroll_to_edge(end=end)
