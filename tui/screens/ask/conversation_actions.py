"""What one does with a conversation: ask again, begin another, open a past one, choose who answers, export."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from textual.content import Content

from db.pair_rows import ComparisonRow
from db.prompt_rows import PromptRow
from tui.asking.asking import Asked
from tui.asking.choice import AskChoice
from tui.errors import KNOWN_ERRORS
from tui.screens.actions import Actions
from tui.screens.ask.past import PastConversations
from tui.screens.ask.talk import Talk
from tui.screens.dialog import AskText, Choose, path_of
from tui.screens.pairs.pair_screen import PairScreen
from tui.screens.picker import Pick
from tui.text.format import count
from tui.text.sanitize import visible_line
from tui.widgets.form.text_editor import TextEditor
from tui.workspace.settings import IN_USE

_NEEDS_PROMPT = ("again", "anew", "export", "earlier", "later")
_SAMPLING = "Changes of the settings of the queue for questions, such as temperature=0.7 top_p=1. Empty: none."


class ConversationScreen(PairScreen):
    """The Ask screen, as the actions on its conversation see it."""

    talk: Talk

    @property
    def pair(self) -> ComparisonRow | None:
        """The pair that is shown."""
        raise NotImplementedError

    @property
    def editor(self) -> TextEditor:
        """The text field."""
        raise NotImplementedError

    def begin(self, asked: Asked | None) -> None:
        """The answers to a question are being written."""
        raise NotImplementedError

    def draw(self, note: str | Content = "") -> None:
        """Show the turn that the conversation is at."""
        raise NotImplementedError

    def give_back(self, text: str) -> None:
        """Put a question that was not answered into the text field again."""
        raise NotImplementedError

    def toggle_names(self) -> None:
        """Show the names of the pair, or hide them."""
        raise NotImplementedError


class ConversationActions(Actions):
    """Works on the conversation of the Ask screen."""

    def __init__(self, screen: ConversationScreen) -> None:
        self._screen = screen

    def enabled(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Most need a conversation; stopping needs answers that are being written."""
        del parameters
        talk = self._screen.talk
        if action == "stop":
            return talk.asked is not None
        if action == "names":
            return True if self._screen.pair is not None else None
        return None if action in _NEEDS_PROMPT and talk.prompt is None else True

    # -- the conversation ----------------------------------------------------------------------------------------

    def action_stop(self) -> None:
        """Stop the writing, and put a new question back into the text field."""
        again, text = self._screen.talk.asks_again, self._screen.talk.stop()
        self._screen.draw("stopped; nothing was stored")
        if not again:
            self._screen.give_back(text)

    def action_again(self) -> None:
        """Two new answers to the question that is shown."""
        screen = self._screen
        if screen.talk.asked is not None or screen.gate.deciding:
            screen.view.note("both answers are still being written; esc stops them")
            return
        try:
            screen.begin(screen.talk.ask_again())
        except KNOWN_ERRORS as error:
            screen.palate.tell_error(error)

    def action_names(self) -> None:
        """Show who wrote which answer, or hide it."""
        self._screen.toggle_names()

    def action_anew(self) -> None:
        """Begin another conversation."""
        screen = self._screen
        if screen.talk.asked is None and not screen.gate.deciding:
            screen.talk.begin_anew()
            screen.draw()
            screen.editor.focus()

    def action_earlier(self) -> None:
        """The turn before."""
        self._turn(self._screen.talk.earlier, "this is the first turn")

    def action_later(self) -> None:
        """The turn after."""
        self._turn(self._screen.talk.later, "this is the last turn")

    def _turn(self, move: Callable[[], bool], otherwise: str) -> None:
        screen = self._screen
        if screen.talk.asked is not None or screen.gate.deciding:
            return
        if move():
            screen.screen_shown()
        else:
            screen.view.note(otherwise)

    # -- past ones -----------------------------------------------------------------------------------------------

    def action_past(self) -> None:
        """Find a past conversation and open it."""
        screen = self._screen
        if screen.talk.asked is None:
            screen.app.push_screen(PastConversations(screen.workbench.conversations.find), self._open)

    def _open(self, prompt: int | None) -> None:
        screen = self._screen
        if prompt is None:
            return
        try:
            row = screen.workbench.conversations.prompt(prompt)
        except KNOWN_ERRORS as error:  # it was forgotten since
            screen.palate.tell_error(error)
            return
        screen.talk.begin_anew()
        screen.talk.open(row)
        screen.set_focus(None)
        screen.screen_shown()

    def action_export(self) -> None:
        """Write the conversation to a file of prompts."""
        prompt = self._screen.talk.prompt
        if prompt is not None:
            self._screen.run_worker(self._export(prompt), name="export")

    async def _export(self, prompt: PromptRow) -> None:
        screen = self._screen
        sentence = "Every turn becomes a prompt with the turns before it, in a .jsonl file that Data takes in."
        text = await screen.app.push_screen_wait(AskText("Export", sentence, value=f"conversation-{prompt.id}.jsonl"))
        if text is None:
            return
        path = path_of(text)
        if path.exists() and not await self._replaces(path):
            return
        try:
            turns = screen.workbench.conversations.export(prompt, path)
        except (*KNOWN_ERRORS, OSError) as error:
            screen.palate.tell_error(error)
        else:
            screen.palate.tell("Exported", f"{count(turns, 'prompt')} in {path.absolute()}.")

    async def _replaces(self, path: Path) -> bool:
        question = Choose("Export", f"{path} is there already.", (("r", "replace it"),))
        return await self._screen.app.push_screen_wait(question) is not None

    # -- who answers ---------------------------------------------------------------------------------------------

    def action_policies(self) -> None:
        """Choose the two policies."""
        self._screen.run_worker(self._choose(), name="policies")

    async def _choose(self) -> None:
        screen = self._screen
        asking = screen.workbench.asking
        choice = asking.choice
        rows = [(IN_USE, Content("the adapter in use, or the base where there is none"))]
        rows += [(each.word, Content(visible_line(each.label, 48))) for each in screen.workbench.policies()]
        chosen: list[str] = []
        for title, sentence in (
            ("Who answers", "The first policy."),
            ("Who answers", "The other one; the same twice gives two answers of one policy."),
        ):
            word = await screen.app.push_screen_wait(Pick(title, sentence, rows))
            if word is None:
                return
            chosen.append(word)
        shown = (
            await screen.app.push_screen_wait(
                Choose("Names", "Judge them blind?", (("h", "hide the names"), ("s", "show the names")))
            )
            if chosen[0] != chosen[1]
            else "h"
        )
        if shown is not None:
            self._keep(replace(choice, first=chosen[0], second=chosen[1], named=shown == "s"))

    def action_sampling(self) -> None:
        """Change how the answers are sampled."""
        choice = self._screen.workbench.asking.choice
        ask = AskText("Sampling", _SAMPLING, value=choice.sampling, placeholder="temperature=0.7", may_be_empty=True)
        self._screen.app.push_screen(ask, lambda text: self._sampled(choice, text))

    def _sampled(self, choice: AskChoice, text: str | None) -> None:
        if text is not None:
            self._keep(replace(choice, sampling=text))

    def _keep(self, choice: AskChoice) -> None:
        """Keep a choice for the next questions; the answers that are shown stay."""
        screen = self._screen
        try:
            screen.workbench.asking.keep(choice)
        except KNOWN_ERRORS as error:
            screen.palate.tell_error(error)
            return
        policies = screen.workbench.asking.policies(choice)
        who = " and ".join(dict.fromkeys(visible_line(name, 32) for name in policies.names))
        sampling = f", with {visible_line(choice.sampling, 60)}" if choice.sampling else ""
        screen.palate.tell("From the next question on", f"{who}{sampling}.")
        screen.screen_shown()
