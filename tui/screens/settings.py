"""The settings that a workspace keeps about the answers written ahead: queue, sources, sampling."""

from typing import Final

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Static

from tui.errors import KNOWN_ERRORS
from tui.screens.base import PalateScreen
from tui.screens.single_dismiss import leads_away_once
from tui.text.format import plain
from tui.text.sanitize import visible_line
from tui.widgets.binding import Binding
from tui.widgets.form.form import Form, RowHelp, setting_row
from tui.widgets.form.rows import ActionRow, ChoiceRow, FormRow
from tui.widgets.form.text_row import TextRow

_INTRO: Final = "How answers are written ahead. A change counts from the next answers on."
_MODEL: Final = "The base model that answers and is trained. Enter: the default, another one, or a server."


class SettingsScreen(PalateScreen):
    """Every setting of the queue with its value; what is changed is kept as soon as its row is left."""

    WATCHABLE = False
    BINDINGS = [Binding("escape", "back", "back", id="settings.back", tooltip="Back; what was changed is kept.")]

    def __init__(self, mode: str) -> None:
        """Come from the screen of `mode`."""
        super().__init__()
        self.MODE = mode
        self._kept: dict[str, str] = {}

    def compose_body(self) -> ComposeResult:
        """A sentence, the rows, and the sentence of the row under the cursor."""
        with Vertical(id="settings"):
            yield Static(_INTRO, id="intro", markup=False)
            model = ActionRow("model", "model", _MODEL, visible_line(self.workbench.model_state.name, 40))
            yield Form(model, *(setting_row(each) for each, _ in self.workbench.settings()), id="settings-form")
            yield RowHelp()

    def on_mount(self) -> None:
        """Show what is kept."""
        for each, now in self.workbench.settings():
            self._kept[each.name] = plain(now)
            row = self._form.row(each.name)
            if isinstance(row, TextRow):
                row.take(plain(now))
            elif isinstance(row, ChoiceRow):
                row.take(now)
        self._form.rows[0].focus()

    @property
    def _form(self) -> Form:
        return self.query_one(Form)

    @on(FormRow.Focused)
    def show_sentence(self, message: FormRow.Focused) -> None:
        """The sentence of the row under the cursor; a row that was left is kept."""
        self._keep_changed()
        self.query_one(RowHelp).show(message.row)

    @on(FormRow.Changed)
    def value_changed(self, message: FormRow.Changed) -> None:
        """A choice, or a value that was taken back, counts at once; what is being typed when it is done."""
        if not (isinstance(message.row, TextRow) and message.row.is_open):
            self._keep_changed()

    @on(FormRow.Pressed)
    @leads_away_once
    def open_models(self) -> None:
        """The models to choose from."""
        from tui.screens.models import ModelsScreen  # few people open it

        self.app.push_screen(ModelsScreen(self.MODE))

    def action_back(self) -> None:
        """Keep what was changed and go back; a value that is not right stays in sight."""
        if (wrong := self._form.wrong()) is not None:
            wrong.focus()
            self.palate.tell("A setting is not usable", wrong.problem or "", severity="warning")
            return
        self._keep_changed()
        if all(self._text(row) == self._kept[row.key] for row in self._form.rows if row.key in self._kept):
            self.dismiss()

    def _keep_changed(self) -> None:
        for row in self._form.rows:
            text = self._text(row)
            if row.key in self._kept and row.error is None and text != self._kept[row.key]:
                self._keep(row, text)

    def _keep(self, row: FormRow, text: str) -> None:
        try:
            self.workbench.change_setting(row.key, text)
        except KNOWN_ERRORS as error:
            row.error = str(error)
            row.show()
            return
        self._kept[row.key] = text
        self.palate.apply_colours()

    def _text(self, row: FormRow) -> str:
        return plain(row.value) if isinstance(row, TextRow | ChoiceRow) else ""
