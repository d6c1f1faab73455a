"""Setting up a blind trial: two policies, the prompts, the sampling, and how it may end."""

import asyncio
from collections.abc import Sequence
from typing import Any, ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from engine.config import SamplingConfig, Setting, settings_of
from tui.analysis.likes_prompt import prompt_of
from tui.errors import KNOWN_ERRORS, InputError
from tui.events import ModelChanged, WorkbenchEvent
from tui.generation.policies import PolicyChoice
from tui.judges.judgement import NO_PERSON
from tui.screens.base import PalateScreen
from tui.screens.compare.trial import TrialScreen
from tui.screens.dialog import AskText
from tui.screens.single_dismiss import leads_away_once
from tui.text.sanitize import visible_line
from tui.trials.blind import TrialPlan
from tui.widgets.binding import Binding, Writing
from tui.widgets.form.form import Form, RowHelp, setting_row
from tui.widgets.form.rows import ActionRow, ChoiceRow, FormRow, OpenRow
from tui.widgets.form.text_row import TextRow
from tui.workspace.settings import is_served

PROMPTS: Final = 20
"""Enough to settle a clear difference (15 to 5), judged in a quarter of an hour."""
_ABOUT: Final = Content(
    "You judge answers of both without knowing whose they are. The names stay sealed until the end. "
    "You can leave at any time and continue days later."
)


class TrialSetupScreen(PalateScreen):
    """A form; pressing its first row begins the trial and goes to the first pair."""

    MODE = "compare"
    WATCHABLE = False
    BINDINGS: ClassVar = [
        Writing("S", "start", "begin", id="setup.start", tooltip="Begin the trial."),
        Binding("escape", "back", "back", id="setup.back", tooltip="Back; nothing is begun."),
    ]

    def __init__(self, policy: str, against: str, *, prompted: bool = False) -> None:
        """`prompted`: ask for the system prompt of `against` at once."""
        super().__init__()
        self._loaded_model = policy, against
        self._prompted = prompted
        self._system: str | None = None

    def compose_body(self) -> ComposeResult:
        """The words, the rows, and the sentence of the row under the cursor."""
        policies = policy_rows(self.workbench.policies())
        sets = [(each.id, visible_line(each.name, 24)) for each in self.workbench.prompt_sets() if each.held_out]
        policy, against = self._loaded_model
        with Vertical(id="setup"):
            yield Static(_ABOUT, id="about", markup=False)
            yield Form(
                ActionRow("begin", "Begin the trial", "Have the answers written, and judge them as they come."),
                ChoiceRow("policy", "on trial", "The policy whose wins are counted.", policies, default=policy),
                ChoiceRow("against", "against", "What it is compared with.", policies, default=against),
                OpenRow("against_system", "its system prompt", _SYSTEM_HELP),
                self._number("num_prompts", "prompts", _PROMPTS_HELP, PROMPTS, 1),
                ChoiceRow("prompt_set", "prompt set", "Where prompts come from.", [(None, "all held out"), *sets]),
                self._number("samples", "samples each", _SAMPLES_HELP, 1, 1),
                self._number("repeats", "asked again", _REPEATS_HELP, 2, 0),
                ChoiceRow("judge", "judged by", _JUDGE_HELP, self._judges()),
                ChoiceRow("may_end_early", "may end early", _EARLY_HELP, [(True, "yes"), (False, "no")]),
                *(setting_row(each) for each in settings_of(SamplingConfig)),
                id="trial-form",
            )
            yield RowHelp()

    def _number(self, name: str, label: str, help: str, default: int, low: int) -> TextRow:
        def parse(text: str) -> int:
            number = int(Setting(name, int, False, default, "", low, None, None, ()).parse(text))
            if name == "num_prompts" and number > self._held_out():
                raise InputError(f"{number} prompts were asked for, {self._held_out()} are held out. Ask for fewer.")
            return number

        return TextRow(name, label, help, parse, default)

    def _judges(self) -> list[tuple[int | None, str]]:
        """The person, and every judge that agrees with them enough."""
        able = [each for each in self.workbench.judges.listed() if each.problem is None]
        return [(None, "you"), *((each.row.id, visible_line(each.name, 24)) for each in able)]

    def _held_out(self) -> int:
        rows = [row for row in self.query(ChoiceRow) if row.key == "prompt_set"]
        wanted = rows[0].value if rows else None
        sets = [each for each in self.workbench.prompt_sets() if each.held_out and wanted in (None, each.id)]
        return sum(each.prompts for each in sets)

    # -- what is asked -------------------------------------------------------------------------------------------

    @property
    def form(self) -> Form:
        """The rows."""
        return self.query_one(Form)

    def plan(self) -> TrialPlan:
        """The trial as the rows say it."""
        values: dict[str, Any] = {row.key: row.value for row in self.form.rows if isinstance(row, TextRow | ChoiceRow)}
        names = [each.name for each in settings_of(SamplingConfig)]
        sampling = SamplingConfig(**{name: values.pop(name) for name in names})
        judge = values.pop("judge")
        if judge is not None:  # it sees both orders, so no pair is repeated
            values |= {"judge": self.workbench.judges.by_id(judge).name, "judged_by": judge, "repeats": 0}
        return TrialPlan(**values, sampling=sampling, against_system=self._system)

    def screen_shown(self) -> None:
        """Start with the cursor on the first row."""
        self._draw_action()
        if self.focused is None:
            self.form.action_edge(0)
        if self._prompted:
            self._prompted = False
            self.run_worker(self._ask_system(), name="system prompt")

    def from_workbench(self, published: WorkbenchEvent) -> None:
        """The model may be ready now."""
        if isinstance(published, ModelChanged):
            self._draw_action()

    def _problem(self) -> str | None:
        wrong = self.form.wrong()
        if wrong is not None:
            return f"{wrong.label} is not right"
        plan = self.plan()
        if plan.policy == plan.against and not plan.against_system:
            return "choose two policies that differ"
        if plan.num_prompts > self._held_out():
            return f"only {self._held_out()} prompts are held out"
        if is_served(plan.policy) and is_served(plan.against):
            return None
        self.workbench.ensure_model()
        return None if self.workbench.model_state.is_ready else "the model is not ready yet"

    def _draw_action(self) -> None:
        row = self.form.row("begin")
        assert isinstance(row, ActionRow)
        row.set_remark("enter or S", error=self._problem())
        system = self.form.row("against_system")
        assert isinstance(system, OpenRow)
        words = "none" if self._system is None else f"“{visible_line(self._system, 24)}”"
        remark = "The prompt as rival." if self._system is None else "enter shows all of it"
        system.set_value(words, remark, changed=self._system is not None)

    # -- keys ----------------------------------------------------------------------------------------------------

    @on(FormRow.Changed)
    def settings_changed(self) -> None:
        """Say whether it can begin."""
        self._draw_action()

    @on(FormRow.Focused)
    def show_sentence(self, message: FormRow.Focused) -> None:
        """The sentence of the row under the cursor."""
        self.query_one(RowHelp).show(message.row)

    @on(FormRow.Pressed)
    def pressed(self, message: FormRow.Pressed) -> None:
        """The first row begins; the other one asks for the system prompt."""
        if message.row.key == "against_system":
            self.run_worker(self._ask_system(), name="system prompt", exclusive=True)
        else:
            self.action_start()

    async def _ask_system(self) -> None:
        """Ask for the system prompt, beginning with the present one or what the person's choices ask for."""
        sentence, value = f"{_OWN_PROMPT}\n\n{self._system}", self._system
        if value is None:
            try:
                value = prompt_of(await asyncio.to_thread(self.workbench.preferences.read))
            except KNOWN_ERRORS as error:
                self.palate.tell_error(error)
                return
            sentence = f"{_FROM_CHOICES}\n\n{value}" if value else _NOTHING_SETTLED
        if self.is_current:
            ask = AskText(_SYSTEM_TITLE, sentence, value=value, may_be_empty=True, select=False)
            self.app.push_screen(ask, self._take_system)

    def _take_system(self, text: str | None) -> None:
        if text is not None:
            self._system = text or None
            self._draw_action()

    @leads_away_once
    def action_start(self) -> None:
        """Begin, and go to the first pair."""
        problem = self._problem()
        if problem:
            self.palate.tell("This cannot begin", problem, severity="warning")
            return
        try:
            plan = self.plan()
            trial = self._begin(plan)
        except KNOWN_ERRORS as error:
            self.palate.tell_error(error)
            return
        if plan.judged_by is None:
            self.app.switch_screen(TrialScreen(trial))
            return
        self.palate.tell("The judge is at work", f"Trial {trial} opens by itself. {NO_PERSON}")
        self.dismiss()

    def _begin(self, plan: TrialPlan) -> int:
        """Begin the trial and its judge, or neither; returns the trial."""
        if plan.judged_by is None:
            return self.workbench.blind_trials.start(plan)
        judges = self.workbench.judges
        judge = judges.by_id(plan.judged_by)
        judges.check_can_begin(judge)
        trial = self.workbench.blind_trials.start(plan)
        judges.begin_trial(judge, trial)
        return trial

    def action_back(self) -> None:
        """Back to the list."""
        self.dismiss()


def policy_rows(choices: Sequence[PolicyChoice]) -> list[tuple[str, str]]:
    """Policies as the rows of a form offer them: the word that is taken, and what a person reads."""
    return [(each.word, visible_line(each.label, 24) + (" (in use)" if each.in_use else "")) for each in choices]


_SYSTEM_TITLE: Final = "The prompt as rival"
_SYSTEM_HELP: Final = (
    "A system prompt for the policy it is compared with, and for that one alone.\n"
    "It is written from your choices, and you edit it: does training beat a prompt?"
)
_FROM_CHOICES: Final = "Your choices ask for this. Change it as you like; an empty line takes it away."
_OWN_PROMPT: Final = "The system prompt of the policy it is compared with. An empty line takes it away."
_NOTHING_SETTLED: Final = "Your choices settle nothing yet that a prompt could ask for. Write one yourself."
_PROMPTS_HELP: Final = (
    "How many held-out prompts both answer.\nThose that the two were not tried on yet come first; 20 settle 15 to 5."
)
_SAMPLES_HELP: Final = (
    "Pairs of answers to each prompt, to see the spread.\nA prompt still counts once: won when more of them are won."
)
_REPEATS_HELP: Final = (
    "Pairs that are asked a second time at the end, sides swapped.\nThey tell how far you agree with yourself."
)
_JUDGE_HELP: Final = (
    "You, or a judge that agrees with you well enough (see J).\n"
    "A judge is cheap and no person: it proves less than you do, and its trials are never counted as your own."
)
_EARLY_HELP: Final = (
    "Offer the result as soon as it is settled.\n"
    "The rule allows for looking after every verdict, and asks a little more."
)
