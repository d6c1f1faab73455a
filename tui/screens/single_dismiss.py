"""How a screen goes, and what it leads to: once."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Generic, TypeVar

from textual.await_complete import AwaitComplete
from textual.screen import Screen

Answer = TypeVar("Answer")
Handler = TypeVar("Handler", bound=Callable[..., None])


class SingleDismiss(Screen[Answer], Generic[Answer]):
    """A screen that is dismissed once, however often that is asked."""

    def dismiss(self, result: Answer | None = None) -> AwaitComplete:
        """Go, with an answer. Textual takes away whatever is on top: with two keys read at once, the screen below."""
        return super().dismiss(result) if self.is_active else AwaitComplete.nothing()  # type: ignore[no-untyped-call]


def leads_away_once(handler: Handler) -> Handler:
    """Do nothing when the screen is covered or gone: enter was pressed twice, and the first one led away already."""

    @wraps(handler)
    def once(screen: Screen[Any], *message: Any) -> None:
        if screen.is_active:
            handler(screen, *message)

    return once  # type: ignore[return-value]
