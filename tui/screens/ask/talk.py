"""The conversation on the Ask screen: the turn that is shown, and the question whose answers are being written."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from db.pair_rows import ComparisonRow
from db.prompt_rows import Message, Messages, PromptRow
from tui.asking.asking import Asked
from tui.workbench import Workbench


@dataclass
class Talk:
    """What is asked and answered. `prompt` is the turn that is shown, None before the first question is answered."""

    workbench: Workbench
    prompt: PromptRow | None = None
    pair: ComparisonRow | None = None
    """The two answers to the shown turn; None while they are written, and where both are equal."""
    same: str | None = None
    """The text of both answers where they are equal."""
    asked: Asked | None = None
    """The question whose answers are being written."""
    _ahead: list[PromptRow] = field(default_factory=list)

    def ask(self, text: str, otherwise: str) -> Asked:
        """Ask the next question. The conversation continues with the chosen answer, else with the text `otherwise`.

        Raises:
            NotAllowed, AdapterError, SettingError: see `Asking.ask`.
        """
        messages = (*self._so_far(otherwise), Message(role="user", content=text))
        return self._begin(messages)

    def ask_again(self) -> Asked | None:
        """Have the shown question answered again; None where none is shown. Raises what `ask` does."""
        return None if self.prompt is None else self._begin(self.prompt.messages)

    @property
    def asks_again(self) -> bool:
        """Whether the answers that are being written are new ones to the question that is shown."""
        shown = None if self.prompt is None else self.prompt.messages
        return self.asked is not None and self.asked.question.messages == shown

    def _begin(self, messages: Messages) -> Asked:
        asking = self.workbench.asking
        choice = asking.choice
        self.asked = asking.ask(messages, choice)
        if choice.needs_model():
            self.workbench.ensure_model()
        return self.asked

    def _so_far(self, otherwise: str) -> Messages:
        if self.prompt is None:
            return ()
        if self.pair is not None:
            return self.workbench.conversations.continued(self.pair, otherwise)
        return (*self.prompt.messages, Message(role="assistant", content=otherwise))

    def stop(self) -> str:
        """Stop the writing; returns the question, which was not answered."""
        asked, self.asked = self.asked, None
        if asked is None:
            return ""
        self.workbench.asking.stop(asked)
        return asked.question.messages[-1]["content"]

    def take_end(self) -> None:
        """Take in the end of the question that was asked: its turn is the one that is shown from now on.

        A pair without a verdict that others replace is skipped, as in Label: it comes back there after all others.
        """
        asked, before = self.asked, self.pair if self.asks_again else None
        assert asked is not None
        assert asked.ended is not None
        self.asked = None
        if before and asked.ended.comparison and self.workbench.comparison(before.id).standing is None:
            self.workbench.labelling.judge(before.id, "skip")
        if asked.ended.prompt is not None:
            self._ahead.clear()
            self.prompt = self.workbench.conversations.prompt(asked.ended.prompt)
            self.pair = None if asked.ended.comparison is None else self.workbench.comparison(asked.ended.comparison)
            self.same = asked.shown()[0] if self.pair is None else None

    def open(self, prompt: PromptRow) -> None:
        """Show this turn, with the answers that were asked last."""
        conversations = self.workbench.conversations
        self.prompt, self.pair = prompt, conversations.pair(prompt.id)
        self.same = conversations.only_answer(prompt.id) if self.pair is None else None

    def read(self) -> None:
        """Read the pair again: it may have another verdict."""
        if self.pair is not None:
            self.pair = self.workbench.comparison(self.pair.id)

    def show_pair(self, comparison: int) -> None:
        """Show this pair of the turn, unless a person wrote one of its answers."""
        pair = self.workbench.comparison(comparison)
        if "human" not in (pair.a.source, pair.b.source):
            self.pair = pair

    def begin_anew(self) -> None:
        """Forget what is shown: the next question begins a conversation."""
        self.prompt = self.pair = self.same = None
        self._ahead.clear()

    def earlier(self) -> bool:
        """Show the turn before; False where there is none."""
        before = None if self.prompt is None else self.workbench.conversations.turn_before(self.prompt)
        if before is None or self.prompt is None:
            return False
        self._ahead.append(self.prompt)
        self.open(before)
        return True

    def later(self) -> bool:
        """Show the turn from which `earlier` came; False where there is none."""
        if not self._ahead:
            return False
        self.open(self._ahead.pop())
        return True

    @property
    def growing(self) -> PromptRow | None:
        """The question whose answers are being written, as a prompt that is not stored yet."""
        if self.asked is None:
            return None
        question = self.asked.question
        known = self.prompt or PromptRow(0, 0, question.set_name, False, (), None)
        return replace(known, set_name=question.set_name, messages=question.messages, field=None)


def turns(messages: Messages) -> int:
    """How many questions a conversation has."""
    return sum(each["role"] == "user" for each in messages)
