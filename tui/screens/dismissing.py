"""How a screen goes: once."""

from typing import Generic, TypeVar

from textual.await_complete import AwaitComplete
from textual.screen import Screen

Answer = TypeVar("Answer")


class GoesOnce(Screen[Answer], Generic[Answer]):
    """A screen that is dismissed once, however often it is told to go."""

    def dismiss(self, result: Answer | None = None) -> AwaitComplete:
        """Go, with an answer. Textual takes away whatever is on top: with two keys read at once, the screen below."""
        return super().dismiss(result) if self.is_active else AwaitComplete.nothing()
