"""The list of filters on the Data screen."""

from collections.abc import Callable

from textual.content import Content

from tui.curation.verdict_query import FILTERS, FLAGS, NAMED
from tui.screens.dialog import AskText
from tui.screens.picker import Pick
from tui.text.query import Term
from tui.text.sanitize import visible_line


class FilterPicker(Pick):
    """The filters of the Data screen. The answer is a piece of a query, such as `verdict:tie`.

    `values_of` gives what a filter can be set to, an empty list where its value is typed.
    """

    def __init__(self, values_of: Callable[[str], list[str]]) -> None:
        every = FILTERS | FLAGS
        width = max(map(len, every))
        rows = [(name, Content.assemble(f"{name:<{width}}  ", (words, "$quiet"))) for name, words in every.items()]
        super().__init__("Filter", "", rows)
        self._values_of = values_of

    def picked(self, name: str) -> None:
        """A flag is whole; other filters need a value, chosen or typed."""
        if name in FLAGS:
            self.dismiss(name)
            return
        values = self._values_of(name)
        if values:
            rows = [(str(at), Content(visible_line(value, 60))) for at, value in enumerate(values)]
            pick = Pick(name, "", rows)
            self.app.push_screen(pick, lambda at: self._take(name, None if at is None else values[int(at)]))
        else:
            self.app.push_screen(AskText(name, FILTERS[name]), lambda value: self._take(name, value))

    def _take(self, name: str, value: str | None) -> None:
        if value is not None:
            self.dismiss(str(Term(value.replace('"', " "), name, "=" if name in NAMED else ":")))
