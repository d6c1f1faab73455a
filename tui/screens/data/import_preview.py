"""A look at a file of pairs before it is imported: its format, what is left out and why, and its first pairs."""

import re
from collections.abc import Iterator

from textual import events
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from tui.curation.import_format import example_words, summary_words, taken_words
from tui.curation.import_tally import Preview
from tui.screens.dialog import Dialog
from tui.text.sanitize import visible

PREVIEWED = 2000
"""So many pairs and rows left out are looked at before a person is asked."""
_KEYS = (("enter", "import"), ("r", "and keep rejects"), ("f", "format"), ("c", "columns"), ("esc", "back"))
_WIDTH = 66
_COLUMNS = re.compile(r"`--columns ([^`]+)`")
_HELP = re.compile(r"; --columns says which of its columns they are, and `palate import --help` lists every format")


def in_key_words(text: str) -> str:
    """Words about a file with this screen's key in place of the command line's flag.

    >>> in_key_words("'x' is not read; `--columns ignore=x` reads such rows without it")
    "'x' is not read; c with ignore=x reads such rows without it"
    """
    return _HELP.sub("", _COLUMNS.sub(r"c with \1", text))


class ShowPreview(Dialog[str | None]):
    """The preview. The answer is the key that was pressed: enter, r, f or c, and None when the person goes back."""

    AUTO_FOCUS = "VerticalScroll"

    def __init__(self, preview: Preview) -> None:
        super().__init__("Import")
        self._preview = preview

    def compose_question(self) -> ComposeResult:
        """What the file holds, its first pairs, and the keys."""
        with VerticalScroll():
            yield Static(Content("\n").join(self._lines()), id="preview")
        keys = [Content.assemble((key, "bold $accent"), f" {words}  ") for key, words in _KEYS]
        yield Static(Content.assemble(*keys), id="hint")

    def _lines(self) -> Iterator[Content]:
        found = self._preview.found
        part = "" if self._preview.whole else f"of the first {self._preview.rows:,} rows "
        yield Content.assemble((visible(found.format), "bold"), f": {part}{visible(taken_words(found))}")
        for words in summary_words(found):
            yield Content.styled(visible(in_key_words(words)), "$warning")
        for pair in self._preview.examples:
            yield Content("")
            yield from (Content(visible(line)) for line in example_words(pair, _WIDTH))

    def on_key(self, event: events.Key) -> None:
        """A key that is an answer answers."""
        if event.key in [key for key, _ in _KEYS[:-1]]:
            event.stop()
            self.dismiss(event.key)
