"""The Ask screen: a question of one's own, both answers as they are written, judged with Label's keys."""

import asyncio
from concurrent.futures import Future
from typing import ClassVar, Final

from textual import events, on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from db.pair_rows import ComparisonRow
from tui.asking.asking import Asked
from tui.errors import KNOWN_ERRORS, begun
from tui.events import AskedEnded, AskedGrowing, ModelChanged, PairChanged, VerdictStored, WorkbenchEvent
from tui.screens.ask.conversation_actions import ConversationActions, ConversationScreen
from tui.screens.ask.talk import Talk, turns
from tui.screens.pairs.edit_answer import EditAnswer
from tui.screens.pairs.keys import NOTE_KEY, REASON_KEY, VERDICT_KEYS, VIEW_KEYS, pair_key, writing_key
from tui.screens.pairs.pair_changes import ask_note, note_of
from tui.screens.pairs.verdict import written_by
from tui.text.sanitize import visible, visible_line
from tui.widgets.binding import Binding, TextualBinding, Writing
from tui.widgets.form.text_editor import TextEditor
from tui.widgets.pair.pair_view import PairView
from tui.widgets.pair.verdict_notes import judged_words, undone_words

_STILL_WRITING: Final = "both answers are still being written; esc stops them"
_SAME: Final = "both answers are the same, so there is nothing to judge; g asks again"


class AskScreen(ConversationScreen):
    """Asks, shows and judges. The text field has the keys until escape leaves it."""

    MODE = "ask"
    BINDINGS: ClassVar = [
        *VERDICT_KEYS,
        Writing("enter,i", "write", "write", id="ask.write", tooltip="Write the next question."),
        Binding("escape", "stop", "stop", id="ask.stop", tooltip="Stop the answers that are being written."),
        writing_key("u", "undo", "undo", "undo", "Take back the last verdict on this question."),
        writing_key("g", "again", "new-answers", "ask again", "Two new answers to this question."),
        writing_key("w", "names", "names", "names", "Show who wrote which answer, or hide it."),
        writing_key("e", "edit", "edit", "edit", "Write an answer better in your editor; it becomes the chosen one."),
        writing_key("N", "anew", "anew", "new", "Begin another conversation; this one is kept."),
        Binding("slash", "past", "past", id="ask.past", key_display="/", tooltip="Find and open past conversations."),
        Writing("P", "policies", "who answers", id="ask.policies", tooltip="Choose the two policies that answer."),
        Writing("t", "sampling", "sampling", id="ask.sampling", tooltip="Change how these answers are sampled."),
        pair_key("p", "earlier", "earlier", "earlier", "The turn before this one."),
        pair_key("n", "later", "later", "later", "The turn after this one.", show=False),
        REASON_KEY,
        NOTE_KEY,
        writing_key("X", "say('discard')", "discard", "discard", "Throw the pair away: never asked, never trained on."),
        Writing("E", "export", "export", id="ask.export", tooltip="Write the conversation to a file of prompts."),
        *VIEW_KEYS,
    ]

    def __init__(self) -> None:
        super().__init__()
        self._names_of: int | None = None
        """The pair whose names are shown although the choice hides them, or the other way round."""
        self._drawn: tuple[int, int | None] | None = None
        """The pair in the panes, and its verdict."""
        self._noted: set[int] = set()
        """The pairs of which it is recorded that they were shown with names."""
        self.take_actions(ConversationActions(self), EditAnswer(self, self))

    def compose_body(self) -> ComposeResult:
        """The panes or the words in their place, and the text field."""
        yield PairView()
        yield Static(id="empty")
        yield TextEditor(id="question")

    def on_mount(self) -> None:
        """Begin in the text field. Textual calls the base class's handler as well."""
        self.talk = Talk(self.workbench)
        self.set_class(True, "-empty")
        self.editor.focus()

    @property
    def editor(self) -> TextEditor:
        """The text field."""
        return self.query_one(TextEditor)

    @property
    def typing(self) -> bool:
        """Has the text field the keys?"""
        return isinstance(self.focused, TextEditor)

    @property
    def pair(self) -> ComparisonRow | None:
        """The pair that is shown."""
        return self.talk.pair if self.is_mounted and self.talk.asked is None else None

    @property
    def shown_pair(self) -> ComparisonRow | None:
        """The pair that is shown."""
        return self.pair

    @property
    def has_text(self) -> bool:
        """Answers that grow, or that are the same, can be read as well."""
        return self.is_mounted and (self.talk.asked is not None or self.talk.prompt is not None)

    # -- news ----------------------------------------------------------------------------------------------------

    def screen_shown(self) -> None:
        """Show what came since."""
        if self.talk.asked is not None and self.talk.asked.ended is not None:
            self._ended(self.talk.asked.ended)
        elif self.talk.asked is None:
            self.talk.read()
            if self.pair is None or self._drawn != _state_of(self.pair):
                self.draw(self._verdict_words())
            else:
                self._name_answers()
                self.call_after_refresh(self.painted)

    def from_workbench(self, published: WorkbenchEvent) -> None:
        """Follow the answers, and what is said of the pair elsewhere."""
        asked = self.talk.asked
        if isinstance(published, AskedGrowing) and asked is not None and published.number == asked.number:
            self._grow(published.texts)
        elif isinstance(published, AskedEnded) and asked is not None and published.number == asked.number:
            self._ended(published)
        elif isinstance(published, VerdictStored | PairChanged) and self.pair is not None:
            if published.comparison == self.pair.id and not self.gate.deciding and self.is_current:
                self.screen_shown()
        elif isinstance(published, ModelChanged) and self.talk.prompt is None and asked is None:
            self._draw_empty()

    def on_resize(self, _event: events.Resize) -> None:
        """Panes are named by their place. Textual calls the base class's handler as well."""
        self._name_answers()
        self.editor.border_title = Content(self._continues())

    # -- what is shown -------------------------------------------------------------------------------------------

    def begin(self, asked: Asked | None) -> None:
        """The answers to a question are being written."""
        if asked is None:
            return
        self.gate.hide()
        self.clock.reset()
        self._names_of = None
        self.set_class(False, "-empty")
        self._grow(asked.shown())
        self.refresh_bindings()

    def _grow(self, texts: tuple[str, str]) -> None:
        asked, prompt = self.talk.asked, self.talk.growing
        assert asked is not None
        assert prompt is not None
        with self.app.batch_update():
            self.view.show_growing(prompt, texts)
            self._entitle(prompt.set_name, turns(prompt.messages))
            self._name_answers()

    def _ended(self, ended: AskedEnded) -> None:
        asked, again = self.talk.asked, self.talk.asks_again
        assert asked is not None
        self.talk.take_end()
        if ended.problem:
            self.palate.tell("There is no answer", ended.problem, severity="error")
        if ended.problem and not again:
            self.give_back(asked.question.messages[-1]["content"])
        self.draw()

    def give_back(self, text: str) -> None:
        """Put a question that was not answered into the text field again, unless something else is there."""
        if not self.editor.text.strip():
            self.editor.put(text)
            self.editor.focus()

    def draw(self, note: str | Content = "") -> None:
        """Show the turn that the conversation is at; verdict keys count from when it is on the screen."""
        talk = self.talk
        self.gate.hide()
        with self.app.batch_update():
            self.set_class(talk.prompt is None, "-empty")
            self._drawn = None if talk.pair is None else _state_of(talk.pair)
            if talk.pair is not None:
                self.view.show(talk.pair)
            elif talk.prompt is not None:
                self.view.show_growing(talk.prompt, (talk.same or "", talk.same or ""))
                note = _SAME
            self._draw_words(note)
        self.clock.reset()
        self.refresh_status()
        self.refresh_bindings()
        self.call_after_refresh(self.painted)

    def _draw_words(self, note: str | Content) -> None:
        if self.talk.prompt is None:
            self._draw_empty()
        else:
            self._entitle(self.talk.prompt.set_name, turns(self.talk.prompt.messages))
            self.view.note(note)
            self._name_answers()
        self.editor.border_title = Content(self._continues())

    def _draw_empty(self) -> None:
        self.query_one("#empty", Static).update(_empty_words(self._who_answers()))

    def _entitle(self, set_name: str, turn: int) -> None:
        words = visible_line(set_name, 32) + (f" · turn {turn}" if turn > 1 else "")
        self.view.prompt.set_titles(words, self.view.prompt._words_below)

    def _who_answers(self) -> str:
        asking = self.workbench.asking
        try:
            policies = asking.policies(asking.choice)
        except KNOWN_ERRORS as error:
            return str(error)
        first, second = (visible_line(name, 32) for name in policies.names)
        if policies.sources.alike:
            return f"{first} answers twice."
        return f"{first} and {second} answer, names {'shown' if policies.named else 'hidden'}."

    def _continues(self) -> str:
        if self.talk.prompt is None:
            return "your question"
        pair = self.talk.pair
        chosen = None if pair is None else self.workbench.conversations.chosen(pair)
        if pair is None or chosen in (pair.a.text, pair.b.text):
            return "your next turn"
        if chosen is not None:
            return "your next turn, after the answer that you wrote"
        return f"your next turn, after the {'first' if self.stacked else 'left'} answer"

    # -- names ---------------------------------------------------------------------------------------------------

    @property
    def names_shown(self) -> bool:
        """Are the names of the two policies on the screen?"""
        if self.talk.asked is not None:
            return self.talk.asked.question.policies.named
        pair = self.pair
        if pair is None or not differ(pair):
            return False
        return self.workbench.asking.choice.named != (self._names_of == pair.id)

    def _name_answers(self) -> None:
        """Put names into the borders where they are shown, and record that a pair was shown with them."""
        if not self.is_mounted or not self.has_text:
            return
        names = self._names() if self.names_shown else None
        if self.pair is not None and names is not None and self.pair.id not in self._noted:
            self._noted.add(self.pair.id)
            self.workbench.labelling.names_were_shown(self.pair.id)
        titles = [self._title(name, names[place] if names else "") for place, name in enumerate(("first", "second"))]
        self.view.set_answer_titles(*titles)

    def _names(self) -> tuple[str, str]:
        if self.talk.asked is not None:
            names = self.talk.asked.question.policies.names
            left, right = self.talk.asked.left_to_right
            return names[left], names[right]
        assert self.pair is not None
        return written_by(self.pair.first), written_by(self.pair.second)

    def _title(self, pane: str, name: str) -> Content:
        pair = self.pair
        letter = None if pair is None else pair.first_letter if pane == "first" else pair.second_letter
        chosen = pair is not None and pair.standing is not None and pair.standing.verdict == letter
        named = (f" · {visible_line(name, 32)}", "$quiet") if name else ""
        return Content.assemble(self.view.title_of(pane), named, (" ✓", "$success") if chosen else "")

    def toggle_names(self) -> None:
        """Show the names of this pair, or hide them; this changes no other pair."""
        pair = self.pair
        if pair is None or not differ(pair):
            self.view.note("one policy wrote both answers")
            return
        self._names_of = None if self._names_of == pair.id else pair.id
        self._name_answers()
        shown = "names are shown: a verdict on this pair is not blind"
        self.view.note(shown if self.names_shown else "names are hidden")

    # -- verdicts ------------------------------------------------------------------------------------------------

    def judged(self, pair: ComparisonRow, words: Content) -> None:
        """The pair stays; the conversation continues with what was chosen."""
        del pair
        self.show_next(note=words)

    def show_next(self, *, after: int | None = None, note: str | Content = "") -> None:
        """Show the pair with its verdict."""
        del after
        self.talk.read()
        self.draw(note)

    def _verdict_words(self) -> str:
        pair = self.pair
        if pair is None or pair.standing is None:
            return ""
        return judged_words(pair, note_of(self.workbench, pair), named=self.workbench.names_known(pair.id))

    def action_undo(self) -> None:
        """Take back the last verdict on this question."""
        prompt = self.talk.prompt
        if prompt is None:
            return
        if self.gate.undo(self.palate.key_pressed_at):
            taken = begun(lambda: self.workbench.labelling.undo(prompt=prompt.id))
            self.run_worker(self._undo(taken), name="undo")
        else:
            self.view.note("that key came too early, and was dropped")

    async def _undo(self, taken: Future[int | None]) -> None:
        if await self.commit(asyncio.wrap_future(taken)):
            self.reasons.note_undone()
            again, words = taken.result(), "there is no verdict to take back"
            if again is not None:
                self.talk.show_pair(again)
                words = undone_words(self.workbench.comparison(again), self.workbench.last_undone())
            self.show_next(note=words)

    def action_note(self) -> None:
        """Keep a note with the pair."""
        if self.pair is not None:
            ask_note(self, self.pair.id, lambda text: self.view.note(f"note: {text}" if text else "no note"))

    # -- the text field ------------------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """While one types, no key of the screen does anything."""
        if action in _OWN and (not self.is_mounted or self.typing):
            return False
        if action in ("note", "undo") and self.talk.prompt is None:
            return None
        return super().check_action(action, parameters)

    def action_write(self) -> None:
        """Go to the text field."""
        self.editor.focus()

    @on(TextEditor.Left)
    def leave_editor(self) -> None:
        """The keys are those of the pair again."""
        self.set_focus(None)
        self.paint_again()

    @on(TextEditor.Sent)
    def send(self) -> None:
        """Ask what was typed."""
        text = self.editor.text.strip()
        if not text or self.talk.asked is not None:
            self.view.note(_STILL_WRITING if text else "")
            return
        try:
            asked = self.talk.ask(text, self._otherwise())
        except KNOWN_ERRORS as error:
            self.palate.tell_error(error)
            return
        self.editor.load_text("")
        self.begin(asked)

    def _otherwise(self) -> str:
        """The answer with which the conversation continues when none was chosen: the marked one, else the left."""
        pair = self.talk.pair
        if pair is None:
            return self.talk.same or ""
        return pair.second.text if self.view.marked == "second" else pair.first.text


def differ(pair: ComparisonRow) -> bool:
    """Did two policies write the answers?"""
    return (pair.first.model_id, pair.first.server) != (pair.second.model_id, pair.second.server)


def _state_of(pair: ComparisonRow) -> tuple[int, int | None]:
    return pair.id, pair.standing.id if pair.standing else None


def _empty_words(who: str) -> Content:
    return Content.assemble(
        ("Ask what you like", "bold"),
        "\n\n",
        (visible(who), "$quiet"),
        ("\nBoth answers are side by side, and a verdict on them teaches as any other.", "$quiet"),
        ("\n\nenter sends · ctrl+j begins a new line · esc leaves the text field for the keys", "$quiet"),
    )


_OWN: Final = {each.action.partition("(")[0] for each in AskScreen.BINDINGS if isinstance(each, TextualBinding)}
