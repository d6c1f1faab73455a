"""One line about the import that goes on; no line while there is none."""

from textual.content import Content
from textual.widgets import Static

from tui.curation.import_format import import_progress_words
from tui.snapshots import ImportProgress


class ImportLine(Static):
    """How far an import is, and what ends it."""

    DEFAULT_CSS = "ImportLine { display: none; height: 1; padding: 0 2; } ImportLine.-shown { display: block; }"

    def show(self, progress: ImportProgress | None) -> None:
        """Tell this; None: nothing goes on."""
        self.set_class(progress is not None, "-shown")
        if progress is not None:
            stop = (
                Content("")
                if progress.phase == "taking back"
                else Content.assemble("   ", ("i", "bold $accent"), " stop")
            )
            self.update(
                Content.assemble(("● ", "$accent"), ("import  ", "$quiet"), import_progress_words(progress), stop)
            )
