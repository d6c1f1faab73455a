"""A framed pane that holds one text from a model or a file, scrolled as a whole."""

from typing import Final

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget

from tui.text.sanitize import beginning, visible
from tui.text.word_diff import Spans
from tui.widgets.pair.markdown import rendered_lines

SHOWN_CHARACTERS: Final = 1 << 16
SHOWN_LINES: Final = 2000
"""A longer text is shown from its beginning, and grows when a person scrolls to the end. The layout of a million
characters takes most of a second, in which nothing else can be drawn."""

CUT: Final = "\n\n… cut here: the answer reached its token limit"


class PaneText(Widget):
    """The text itself, as markdown or as it was written; laid out once for each width."""

    def __init__(self) -> None:
        super().__init__()
        self._text = ""
        self._cut = False
        self._rendered = True
        self._parts = 1
        self._marks: Spans = ()
        self._laid_out: tuple[int, Content] | None = None

    def show(self, text: str, *, rendered: bool, cut: bool = False, marks: Spans = ()) -> None:
        """Show this text from now on; `marks` are underlined in a text that is not rendered."""
        if (text, rendered, cut, marks) != (self._text, self._rendered, self._cut, self._marks):
            self._parts = self._parts if text == self._text else 1
            self._text, self._rendered, self._cut, self._marks = text, rendered, cut, marks
            self._laid_out = None
            self.refresh(layout=True)

    def show_more(self) -> None:
        """Show twice as much of a text whose end is not shown."""
        if self._shown() != self._text:
            self._parts *= 2
            self._laid_out = None
            self.refresh(layout=True)

    def _shown(self) -> str:
        """The text, or its beginning where it is long."""
        return beginning(self._text, characters=self._parts * SHOWN_CHARACTERS, lines=self._parts * SHOWN_LINES)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """The number of lines at this width."""
        del container, viewport
        return self._content(width).plain.count("\n") + 1 if width else 0

    def _size_updated(self, size: Size, virtual_size: Size, container_size: Size, layout: bool = True) -> bool:
        """Request no second layout: the layout that found the new height painted the text already."""
        del layout
        return super()._size_updated(size, virtual_size, container_size, layout=False)

    def render(self) -> Content:
        """The lines in the available width."""
        return self._content(max(self.content_size.width, 1))

    def _content(self, width: int) -> Content:
        if self._laid_out is None or self._laid_out[0] != width:
            shown = self._shown()
            content = Content("\n").join(self._lines(shown, width))
            if not self._text.strip():
                content = Content.styled("(an empty answer)", "$quiet")
            if left := len(self._text) - len(shown):
                words = f"\n\n… {left:,} more characters: go to the end of these, and they follow"
                content += Content("\n").join(Content.styled(words, "$quiet").wrap(width))
            elif self._cut:
                content += Content("\n").join(Content.styled(CUT, "$quiet").wrap(width))
            self._laid_out = (width, content)
        return self._laid_out[1]

    def _lines(self, shown: str, width: int) -> list[Content]:
        return rendered_lines(shown, width) if self._rendered else self._marked(shown).wrap(width)

    def _marked(self, shown: str) -> Content:
        """The text as it was written, with its marks."""
        content = Content(visible(shown))
        for start, end in self._marks:
            content = content.stylize("underline $accent", start, end)
        return content


class TextPane(VerticalScroll):
    """A border, a title, and a text. It takes no focus: keys belong to the screen, which scrolls it."""

    can_focus = False

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._words_above = self._words_below = Content("")

    def compose(self) -> ComposeResult:
        """The text."""
        yield PaneText()

    def show(
        self,
        title: str | Content,
        text: str,
        *,
        rendered: bool = True,
        cut: bool = False,
        note: str = "",
        marks: Spans = (),
    ) -> None:
        """Show a text from its beginning, with `title` in the upper and `note` in the lower border."""
        self.set_titles(title, note)
        self.query_one(PaneText).show(text, rendered=rendered, cut=cut, marks=marks)
        if self.scroll_offset.y:
            self.scroll_home(animate=False)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Show more of a long text when a person scrolls to its end."""
        super().watch_scroll_y(old_value, new_value)
        if new_value > old_value and new_value >= self.max_scroll_y:
            self.query_one(PaneText).show_more()

    def set_titles(self, title: str | Content, note: str | Content = "") -> None:
        """Set the texts in the borders. Plain strings may come from anywhere, so they are never markup."""
        words = _content(title)
        if words != self._words_above:  # setting the same title would send the whole pane again
            self._words_above = words
            self.border_title = words
        self.set_note(note)

    def set_note(self, note: str | Content) -> None:
        """Show a short note in the lower border."""
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
