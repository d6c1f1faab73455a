"""The Compare screen: a blind trial of two policies, or a look at their answers side by side, and all past ones."""

from collections.abc import Callable

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList, Static

from db.run_rows import TrialRow
from engine.config import Setting
from tui.errors import KNOWN_ERRORS, InputError
from tui.events import ModelChanged, TrialChanged, VerdictStored, WorkbenchEvent
from tui.screens.base import PalateScreen
from tui.screens.compare.side_by_side import SideBySideScreen
from tui.screens.compare.trial import TrialScreen
from tui.screens.compare.trial_setup import TrialSetupScreen, policy_rows
from tui.screens.single_dismiss import leads_away_once
from tui.text.format import when
from tui.text.sanitize import visible_line
from tui.theme import SIGNS
from tui.widgets.binding import Binding, Writing
from tui.widgets.form.form import Form
from tui.widgets.form.rows import ActionRow, ChoiceRow, FormRow
from tui.widgets.form.text_row import TextRow
from tui.widgets.lists.cells import column, cut
from tui.widgets.lists.cursor_list import CursorList
from tui.workspace.settings import BASE

QUESTIONS = 3
"""As many questions as the project that Palate grew from showed."""


class CompareScreen(PalateScreen):
    """Starts trials and side-by-sides, and lists those that were made."""

    MODE = "compare"
    BINDINGS = [
        Writing("N", "trial", "new trial", id="compare.trial", tooltip="Set up a blind trial of two policies."),
        Writing("S", "start", "side by side", id="compare.start", tooltip="Have both answer, with their names shown."),
        Binding("B", "board", "board", id="compare.board", tooltip="Every policy over all trials."),
    ]

    def compose_body(self) -> ComposeResult:
        """The form, and the list below it."""
        with Vertical(id="compare"):
            yield Static(_ABOUT, id="about", markup=False)
            yield Form(
                ActionRow("trial", "Blind trial", "Set up a trial in which you judge without knowing who wrote what."),
                ActionRow("look", "Side by side", "Write both answers to held-out questions, and show the names."),
                ChoiceRow("adapter", "policy", "The policy to look at: an adapter, or one on a server.", _NO_ADAPTER),
                ChoiceRow("against", "against", "What it is compared with.", [(BASE, BASE)]),
                questions_row(self._num_held_out),
                id="compare-form",
            )
            yield Static("", id="past", markup=False)
            yield CursorList(id="trials")

    def _num_held_out(self) -> int:
        return self.workbench.num_held_out()

    def screen_shown(self) -> None:
        """Read adapters and past trials again."""
        self._draw()

    def from_workbench(self, published: WorkbenchEvent) -> None:
        """Follow adapters and trials."""
        if isinstance(published, TrialChanged | ModelChanged | VerdictStored):
            self._draw()

    # -- drawing -------------------------------------------------------------------------------------------------

    def _draw(self) -> None:
        form = self.query_one(Form)
        adapter = form.row("adapter")
        assert isinstance(adapter, ChoiceRow)
        against = form.row("against")
        assert isinstance(against, ChoiceRow)
        names = policy_rows(sorted(self.workbench.policies(), key=lambda each: not each.in_use))
        tuned = [each for each in names if each[0] != BASE]
        adapter.set_choices(tuned or _NO_ADAPTER)
        against.set_choices([(BASE, BASE), _PROMPTED, *tuned])
        self._draw_action()
        trials = self.workbench.trials()
        self.query_one("#trials", CursorList).show((str(trial.id), trial_line(trial)) for trial in trials)
        self.query_one("#trials").display = bool(trials)
        self.query_one("#past", Static).update(Content.styled("compared before", "bold") if trials else _NOTHING_YET)

    def _draw_action(self) -> None:
        form = self.query_one(Form)
        trial, look = form.row("trial"), form.row("look")
        adapter, against = form.row("adapter"), form.row("against")
        assert isinstance(trial, ActionRow)
        assert isinstance(look, ActionRow)
        assert isinstance(adapter, ChoiceRow)
        assert isinstance(against, ChoiceRow)
        problem = None
        if adapter.value is None:
            problem = "There is no adapter yet. Press T and train one."
        elif self._num_held_out() == 0:
            problem = "No question is held out. Press D and add some."
        trial.set_remark("enter or N", error=problem)
        if adapter.value == against.value:
            problem = "Choose two policies that differ."
        elif against.value == _PROMPTED[0]:
            problem = "Only in a blind trial (N)."
        look.set_remark("enter or S", error=problem)

    # -- keys ----------------------------------------------------------------------------------------------------

    @on(FormRow.Changed)
    def settings_changed(self) -> None:
        """Say whether it can start."""
        self._draw_action()

    @on(Form.Left)
    def into_list(self) -> None:
        """The list is below the form."""
        trials = self.query_one("#trials", CursorList)
        if trials.display:
            trials.focus()

    @on(CursorList.Left)
    def into_form(self) -> None:
        """The form is above the list."""
        self.query_one(Form).action_edge(-1)

    @on(FormRow.Pressed)
    @leads_away_once
    def pressed(self, message: FormRow.Pressed) -> None:
        """One of the two actions."""
        if message.row.key == "trial":
            self.action_trial()
        else:
            self.action_start()

    def action_trial(self) -> None:
        """Set up a blind trial of the two policies that are chosen here."""
        form = self.query_one(Form)
        adapter, against, problem = form.row("adapter"), form.row("against"), form.row("trial").error
        assert isinstance(adapter, ChoiceRow)
        assert isinstance(against, ChoiceRow)
        if problem:
            self.palate.tell("This cannot start", problem, severity="warning")
        else:
            prompted = against.value == _PROMPTED[0]
            other = BASE if prompted else against.value
            self.app.push_screen(TrialSetupScreen(adapter.value, other, prompted=prompted))

    def action_start(self) -> None:
        """Have the answers written, and show them as they are done."""
        form = self.query_one(Form)
        adapter, against, questions = form.row("adapter"), form.row("against"), form.row("num_questions")
        assert isinstance(adapter, ChoiceRow)
        assert isinstance(against, ChoiceRow)
        assert isinstance(questions, TextRow)
        problem = (form.wrong() and questions.error) or form.row("look").error
        if problem:
            self.palate.tell("This cannot start", problem, severity="warning")
            return
        try:
            trial = self.workbench.start_side_by_side(
                adapter=adapter.value, against=against.value, num_questions=questions.value
            )
        except KNOWN_ERRORS as error:
            self.palate.tell_error(error)
            return
        self.app.push_screen(SideBySideScreen(trial))

    def action_board(self) -> None:
        """Every policy over all trials."""
        from tui.screens.compare.board import BoardScreen  # scipy takes its time

        self.app.push_screen(BoardScreen())

    @on(OptionList.OptionSelected)
    @leads_away_once
    def open_trial(self, event: OptionList.OptionSelected) -> None:
        """Go on judging it, or show what came of it."""
        number = int(str(event.option_id))
        trial = next(each for each in self.workbench.trials() if each.id == number)
        if trial.kind == "side_by_side":
            self.app.push_screen(SideBySideScreen(number))
        elif trial.judge is not None and trial.sealed:
            self._continue_judging(trial)
        elif trial.sealed:
            self.app.push_screen(TrialScreen(number))
        else:
            from tui.screens.compare.trial_result import TrialResultScreen  # scipy takes its time

            self.app.push_screen(TrialResultScreen(number))

    def _continue_judging(self, trial: TrialRow) -> None:
        """Let the judge of a trial continue; a program that is in no list is started by its command alone."""
        assert trial.judged_by is not None
        judge = self.workbench.judges.by_id(trial.judged_by)
        if judge.row.command is not None and judge.row.command == trial.judge:
            line = f"palate compare --trial {trial.id} --judge COMMAND"
            self.palate.tell("A program judges this one", f"Continue it in a shell: `{line}`.")
            return
        try:
            self.workbench.judges.begin_trial(judge, trial.id)
        except KNOWN_ERRORS as error:
            self.palate.tell_error(error)
        else:
            self.palate.tell("The judge is at work", f"Trial {trial.id} opens by itself.")


def trial_line(trial: TrialRow) -> Content:
    """One trial in the list: its state, the two names, how far it is, and when."""
    sign, colour = SIGNS["paused" if trial.sealed else trial.status]
    first = cut(visible_line(trial.first_name), 14)
    names = cut(f"{first} · {visible_line(trial.model_b_name)}", 32)
    words = f" {column(names, 33)}{_how_far(trial).ljust(26)}{when(trial.created)}"
    return Content.assemble((sign, colour), words)


def _how_far(trial: TrialRow) -> str:
    if trial.sealed:
        return f"sealed, {trial.judged} of {trial.total - trial.same} judged"
    if trial.kind == "blind":
        return f"blind, {trial.judged} judged"
    done = f"{trial.done} of {trial.num_questions}" if trial.done < trial.num_questions else f"{trial.done}"
    return f"{done} question{'s' if trial.num_questions != 1 else ''}"


def questions_row(num_held_out: Callable[[], int]) -> TextRow:
    """The row that asks how many questions: at least one, at most as many as are held out."""

    def parse(text: str) -> int:
        number = int(Setting("num_questions", int, False, QUESTIONS, "", 1, None, None, ()).parse(text))
        if number > num_held_out():
            raise InputError(f"{number} questions were asked for, {num_held_out()} are held out. Ask for fewer.")
        return number

    return TextRow("num_questions", "questions", "How many held-out questions both answer.", parse, QUESTIONS)


_PROMPTED = ("prompted", "base with a system prompt")
_NO_ADAPTER = [(None, "none yet")]
_ABOUT = Content(
    "Two policies answer the same held-out questions, which were never trained on. A blind trial proves which is "
    "better; side by side the names are shown, and it is only a look."
)
_NOTHING_YET = Content.styled("Nothing to look back at yet.", "$quiet")
