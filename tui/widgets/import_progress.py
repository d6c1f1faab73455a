"""One line about the import in progress; no line without one."""

from textual.content import Content
from textual.widgets import Static

from tui.curation.import_format import import_progress_words
from tui.snapshots import ImportProgress


class ImportLine(Static):
    """The progress of an import, and the key that stops it."""

    DEFAULT_CSS = "ImportLine { display: none; height: 1; padding: 0 2; } ImportLine.-shown { display: block; }"

    def show(self, progress: ImportProgress | None) -> None:
        """Show this progress; None hides the line."""
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
