"""A framed pane that holds one text from a model or a file, scrolled as a whole."""

from typing import Final

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget

from tui.visible import visible
from tui.widgets.rendered import rendered_lines

CUT: Final = "\n\n… cut here: the answer reached its token limit"


class PaneText(Widget):
    """The text itself, as markdown or as it was written; laid out once for each width."""

    def __init__(self) -> None:
        super().__init__()
        self._text = ""
        self._cut = False
        self._rendered = True
        self._laid_out: tuple[int, Content] | None = None

    def show(self, text: str, *, rendered: bool, cut: bool = False) -> None:
        """Show this text from now on."""
        if (text, rendered, cut) != (self._text, self._rendered, self._cut):
            self._text, self._rendered, self._cut = text, rendered, cut
            self._laid_out = None
            self.refresh(layout=True)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """The number of lines at this width."""
        del container, viewport
        return self._content(width).plain.count("\n") + 1 if width else 0

    def render(self) -> Content:
        """The lines at the width there is."""
        return self._content(max(self.content_size.width, 1))

    def _content(self, width: int) -> Content:
        if self._laid_out is None or self._laid_out[0] != width:
            lines = rendered_lines(self._text, width) if self._rendered else Content(visible(self._text)).wrap(width)
            content = Content("\n").join(lines)
            if not self._text.strip():
                content = Content.styled("(an empty answer)", "$quiet")
            if self._cut:
                content += Content("\n").join(Content.styled(CUT, "$quiet").wrap(width))
            self._laid_out = (width, content)
        return self._laid_out[1]


class TextPane(VerticalScroll):
    """A border, a title, and a text. It takes no focus: keys belong to the screen, which scrolls it."""

    can_focus = False

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._words_above = self._words_below = Content("")

    def compose(self) -> ComposeResult:
        """The text."""
        yield PaneText()

    def show(self, title: str, text: str, *, rendered: bool = True, cut: bool = False, note: str = "") -> None:
        """Show a text from its beginning, with `title` in the upper and `note` in the lower border."""
        self.set_titles(title, note)
        self.query_one(PaneText).show(text, rendered=rendered, cut=cut)
        if self.scroll_offset.y:
            self.scroll_home(animate=False)

    def set_titles(self, title: str | Content, note: str | Content = "") -> None:
        """Set what stands in the borders. Plain strings may come from anywhere: they are never markup."""
        words = _content(title)
        if words != self._words_above:  # a title that is set again sends the whole pane again
            self._words_above = words
            self.border_title = words
        self.set_note(note)

    def set_note(self, note: str | Content) -> None:
        """Say something short in the lower border."""
        words = _content(note)
        if words != self._words_below:
            self._words_below = words
            self.border_subtitle = words

    @property
    def overflows(self) -> bool:
        """Is there more text than the pane shows?"""
        return self.max_scroll_y > 0


def _content(text: str | Content) -> Content:
    return Content(visible(text)) if isinstance(text, str) else text
