"""What keeps order among runs: a note, tags, another name, the archive; and the way on from a run's adapter."""

from collections.abc import Callable
from typing import Final

from db.run_rows import RunRow
from tui.errors import KNOWN_ERRORS
from tui.screens.actions import Actions
from tui.screens.base import PalateScreen
from tui.screens.dialog import AskText
from tui.screens.runs.run_actions import AdapterList, ShownRun
from tui.text.sanitize import visible_line
from tui.widgets.binding import TextualBinding, Writing

LABEL_KEYS: Final = (
    Writing("f", "train_on", "train on", id="run.train-on", tooltip="Open Train, to continue from this run's adapter."),
    Writing("c", "note", "note", id="run.note", tooltip="Keep a note with this run."),
    Writing("t", "tag", "tags", id="run.tag", tooltip="Keep tags with this run, to filter by."),
    Writing("n", "rename", "rename", id="run.rename", tooltip="Give this run (and its adapter) another name."),
    Writing("a", "archive", "archive", id="run.archive", tooltip="Put this run away, or bring it back."),
)


class RunLabelActions(Actions):
    """The actions of `LABEL_KEYS`."""

    def __init__(self, screen: PalateScreen, run: ShownRun, adapters: AdapterList) -> None:
        self._screen, self._run, self._adapters = screen, run, adapters

    def enabled(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Without a run there is nothing to keep; a live run is not put away."""
        del parameters
        run = self._run()
        if action == "archive":
            return run is not None and run.status != "running"
        if action == "train_on":
            adapter = self._adapters.of(run)
            return adapter is not None and adapter.fits
        return run is not None

    def word(self, binding: TextualBinding) -> str:
        """What was put away is brought back with the same key."""
        run = self._run()
        return "bring back" if binding.action == "archive" and run is not None and run.archived else binding.description

    def action_note(self) -> None:
        """Ask for the note."""
        self._ask(
            "Note", "Say what this run was for; an empty line takes the note away.", lambda run: run.note, self._note
        )

    def action_tag(self) -> None:
        """Ask for the tags."""
        sentence = "Words apart by spaces. In the table, tag:word shows the runs that have it."
        self._ask("Tags", sentence, lambda run: " ".join(run.tags), self._tag)

    def action_rename(self) -> None:
        """Ask for the name."""
        sentence = "Its adapter is renamed as well, where it has the run's name."
        self._ask("Name", sentence, lambda run: run.name, self._rename, may_be_empty=False)

    def _ask(
        self,
        title: str,
        sentence: str,
        value: Callable[[RunRow], str],
        keep: Callable[[int, str], None],
        *,
        may_be_empty: bool = True,
    ) -> None:
        run = self._run()
        if run is None:
            return

        def answered(text: str | None) -> None:
            if text is not None and text != value(run):
                self._try(keep, run.id, text)

        title = f"{title} of run {run.id} · {visible_line(run.name, 40)}"
        self._screen.app.push_screen(AskText(title, sentence, value=value(run), may_be_empty=may_be_empty), answered)

    def _note(self, run: int, text: str) -> None:
        self._screen.workbench.run_labels.note(run, text)

    def _tag(self, run: int, text: str) -> None:
        self._screen.workbench.run_labels.tag(run, [text])

    def _rename(self, run: int, text: str) -> None:
        self._screen.workbench.run_labels.rename(run, text)

    def action_archive(self) -> None:
        """Put the run away, or bring it back."""
        run = self._run()
        if run is not None and self._try(self._screen.workbench.run_labels.archive, run.id, not run.archived):
            words = (
                "is in the list again." if run.archived else "is put away. In the table, A shows it; a brings it back."
            )
            self._screen.palate.tell("Archive", f"Run {run.id} {words}")

    def _try(self, act: Callable[..., None], *args: object) -> bool:
        """Do it. Where it fails, show the error and return False."""
        try:
            act(*args)
        except KNOWN_ERRORS as error:
            self._screen.palate.tell_error(error)
            return False
        return True

    async def action_train_on(self) -> None:
        """Open Train with this run's adapter as the start."""
        adapter = self._adapters.of(self._run())
        if adapter is None:
            return
        palate = self._screen.palate
        if palate.workbench.run_progress is not None:
            palate.tell("A run is alive", "Wait for its end, or stop it on the Train screen, before you start another.")
            return
        (await palate.open_train()).take_start(adapter)
