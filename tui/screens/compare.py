"""The Compare screen: base and tuned answers to the same held-out questions. A look, with the names told."""

from collections.abc import Callable

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList, Static

from db.rows import TrialRow
from engine.config import Setting
from tui.errors import KNOWN_ERRORS, InputError
from tui.published import ModelChanged, Published, TrialChanged
from tui.screens.base import PalateScreen
from tui.screens.side_by_side import SideBySideScreen
from tui.theme import SIGNS
from tui.visible import visible_line
from tui.widgets.cursor_list import CursorList
from tui.widgets.form import Form
from tui.widgets.form_rows import ActionRow, ChoiceRow, FormRow
from tui.widgets.text_row import TextRow
from tui.words import when

QUESTIONS = 3
"""As many questions as the project that Palate grew from showed."""


class CompareScreen(PalateScreen):
    """Starts a side-by-side and lists those that were made."""

    MODE = "compare"
    CSS_PATH = ["base.tcss", "../widgets/form.tcss", "../widgets/cursor_list.tcss", "compare.tcss"]
    BINDINGS = [Binding("S", "start", "start", id="compare.start", tooltip="Have the answers written.")]

    def compose_body(self) -> ComposeResult:
        """The form, and the list below it."""
        with Vertical(id="compare"):
            yield Static(_ABOUT, id="about", markup=False)
            yield Form(
                ActionRow("look", "Compare", "Write base and tuned answers to held-out questions."),
                ChoiceRow("adapter", "adapter", "The adapter that answers beside the base model.", _NO_ADAPTER),
                questions_row(self._num_held_out),
                id="compare-form",
            )
            yield Static("", id="past", markup=False)
            yield CursorList(id="trials")

    def _num_held_out(self) -> int:
        return self.workbench.num_held_out()

    def screen_shown(self) -> None:
        """Read adapters and past side-by-sides again."""
        self._draw()

    def from_workbench(self, published: Published) -> None:
        """Follow adapters and side-by-sides."""
        if isinstance(published, TrialChanged | ModelChanged):
            self._draw()

    # -- drawing -------------------------------------------------------------------------------------------------

    def _draw(self) -> None:
        form = self.query_one(Form)
        adapter = form.row("adapter")
        assert isinstance(adapter, ChoiceRow)
        views = sorted((view for view in self.workbench.adapters() if view.fits), key=lambda view: not view.in_use)
        adapter.set_choices([(view.id, _named(view.name, view.in_use)) for view in views] or _NO_ADAPTER)
        self._draw_action()
        trials = [trial for trial in self.workbench.trials() if trial.kind == "side_by_side"]
        self.query_one("#trials", CursorList).show((str(trial.id), trial_line(trial)) for trial in trials)
        self.query_one("#trials").display = bool(trials)
        self.query_one("#past", Static).update(Content.styled("looked at before", "bold") if trials else _NOTHING_YET)

    def _draw_action(self) -> None:
        form = self.query_one(Form)
        row, adapter = form.row("look"), form.row("adapter")
        assert isinstance(row, ActionRow)
        assert isinstance(adapter, ChoiceRow)
        problem = None
        if adapter.value is None:
            problem = "There is no adapter yet. Press T and train one."
        elif self._num_held_out() == 0:
            problem = "No question is held out. Press D and add some."
        row.set_remark("enter or S", error=problem)

    # -- keys ----------------------------------------------------------------------------------------------------

    @on(FormRow.Changed)
    def settings_changed(self) -> None:
        """Say whether it can start."""
        self._draw_action()

    @on(Form.Left)
    def into_list(self) -> None:
        """Below the form stands the list."""
        trials = self.query_one("#trials", CursorList)
        if trials.display:
            trials.focus()

    @on(CursorList.Left)
    def into_form(self) -> None:
        """Above the list stands the form."""
        self.query_one(Form).action_edge(-1)

    @on(FormRow.Pressed)
    def action_start(self) -> None:
        """Have the answers written, and show them as they are done."""
        form = self.query_one(Form)
        adapter, questions = form.row("adapter"), form.row("num_questions")
        assert isinstance(adapter, ChoiceRow)
        assert isinstance(questions, TextRow)
        if questions.error or form.row("look").error:
            self.palate.tell("This cannot start", questions.error or form.row("look").error or "", severity="warning")
            return
        try:
            trial = self.workbench.start_side_by_side(adapter=adapter.value, num_questions=questions.value)
        except KNOWN_ERRORS as error:
            self.palate.tell_error(error)
            return
        self.palate.push_screen(SideBySideScreen(trial))

    @on(OptionList.OptionSelected)
    def open_trial(self, event: OptionList.OptionSelected) -> None:
        """Show one that was made before."""
        self.palate.push_screen(SideBySideScreen(int(str(event.option_id))))


def trial_line(trial: TrialRow) -> Content:
    """One side-by-side in the list: its state, the two names, how many questions, and when."""
    sign, colour = SIGNS[trial.status]
    done = f"{trial.done} of {trial.num_questions}" if trial.done < trial.num_questions else f"{trial.done}"
    names = f"base · {visible_line(trial.model_b_name, 24)}"
    questions = f"{done} question{'s' if trial.num_questions != 1 else ''}"
    words = f" {names.ljust(33)}{questions.ljust(20)}{when(trial.created)}"
    return Content.assemble((sign, colour), words)


def _named(name: str, in_use: bool) -> str:
    return visible_line(name, 24) + (" (in use)" if in_use else "")


def questions_row(num_held_out: Callable[[], int]) -> TextRow:
    """The row that asks how many questions: at least one, at most as many as are held out."""

    def parse(text: str) -> int:
        number = int(Setting("num_questions", int, False, QUESTIONS, "", 1, None, None, ()).parse(text))
        if number > num_held_out():
            raise InputError(f"{number} questions were asked for, {num_held_out()} are held out. Ask for fewer.")
        return number

    return TextRow("num_questions", "questions", "How many held-out questions both answer.", parse, QUESTIONS)


_NO_ADAPTER = [(None, "none yet")]
_ABOUT = Content(
    "The base model and an adapter answer the same held-out questions, which were never trained on. "
    "The names are shown: it is a look, not a proof."
)
_NOTHING_YET = Content.styled("Nothing to look back at yet.", "$quiet")
