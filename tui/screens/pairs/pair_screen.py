"""Looking at a pair: scroll, zoom, mark, raw or rendered, words that differ, copy. Nothing here judges."""

from db.pair_rows import ComparisonRow
from tui.screens.base import PalateScreen
from tui.screens.clipboard import copy_text
from tui.widgets.binding import Binding
from tui.widgets.pair.pair_view import PairView


def pair_key(
    keys: str, action: str, id: str, word: str, tooltip: str, *, show: bool = True, writes: bool = False
) -> Binding:
    """A key of every screen that shows a pair. All of them name it `label.` and `id`: a keymap moves it everywhere."""
    return Binding(keys, action, word, show=show, priority=True, id=f"label.{id}", tooltip=tooltip, writes=writes)


LOOKING_KEYS = (
    pair_key("m", "raw", "raw", "raw", "Rendered markdown, or the text as it was written."),
    pair_key("z", "zoom", "zoom", "zoom", "Give one answer the whole width; tab changes which."),
    pair_key("tab,shift+tab", "mark", "mark", "one pane", "Scroll first or second alone, or both again."),
    pair_key("d", "compare", "differ", "differ", "Mark the words in which the answers differ."),
    pair_key(
        "y", "copy", "copy", "copy", "Copy the marked text, or the prompt with both answers.", show=False, writes=True
    ),
    pair_key("j,down", "scroll(1)", "down", "down", "Scroll both answers down.", show=False),
    pair_key("k,up", "scroll(-1)", "up", "up", "Scroll both answers up.", show=False),
    pair_key("pagedown,space", "page(1)", "page-down", "page down", "Scroll a page down.", show=False),
    pair_key("pageup,b", "page(-1)", "page-up", "page up", "Scroll a page up.", show=False),
    pair_key("home", "edge(False)", "start", "start", "Scroll to the beginning.", show=False),
    pair_key("end", "edge(True)", "end", "end", "Scroll to the end.", show=False),
)
"""Keys that change what is seen of a pair, and nothing else."""

_LOOKING = ("raw", "zoom", "mark", "compare", "copy", "scroll", "page", "edge")


class PairScreen(PalateScreen):
    """A screen with a pair of answers on it. Subclasses say which pair, and hear of every key by `touch`."""

    AUTO_FOCUS = ""

    @property
    def view(self) -> PairView:
        """The panes."""
        return self.query_one(PairView)

    @property
    def shown_pair(self) -> ComparisonRow | None:
        """The pair that can be looked at."""
        raise NotImplementedError

    @property
    def can_look(self) -> bool:
        """Do the panes hold texts, be they still growing?"""
        return self.shown_pair is not None

    def touch(self) -> None:
        """Somebody is there."""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Without a text there is nothing to look at."""
        needed = self.shown_pair is not None if action in ("raw", "compare", "copy") else self.can_look
        if action in _LOOKING and not needed:
            return None
        return super().check_action(action, parameters)

    def key_label(self, binding: Binding) -> str:
        """Stacked panes are first and second."""
        if binding.action == "raw" and not self.view.rendered:
            return "markdown"
        words = {"left": "first", "right": "second"} if self.stacked else {}
        return words.get(binding.description, binding.description)

    def action_raw(self) -> None:
        """Markdown, or the text as it was written."""
        self.touch()
        self.view.toggle_rendered()
        self.refresh_bindings()

    def action_compare(self) -> None:
        """Mark the words in which the answers differ, or take the marks off."""
        self.touch()
        self.view.toggle_differences()
        self.view.note(self.view.differences_note)

    def action_copy(self) -> None:
        """Copy what is marked, or all."""
        self.touch()
        what, text = self.view.copied()
        try:
            file = copy_text(self.app, text, self.workbench.folder)
        except OSError as error:
            self.palate.tell_error(error)
            return
        self.view.note(f"{what} copied; it is also in {file}")

    def action_zoom(self) -> None:
        """One answer over the whole width, or both."""
        self.touch()
        self.view.toggle_zoom()

    def action_mark(self) -> None:
        """Mark the next pane."""
        self.touch()
        self.view.mark_next()

    def action_scroll(self, lines: int) -> None:
        """Scroll by lines."""
        self.touch()
        self.view.scroll_lines(lines)

    def action_page(self, pages: int) -> None:
        """Scroll by pages."""
        self.touch()
        self.view.scroll_pages(pages)

    def action_edge(self, end: bool) -> None:
        """Scroll to the beginning or the end."""
        self.touch()
        self.view.scroll_to_edge(end=end)
