"""Changes of a list that a screen shows: tried, with an error shown, and removals that are asked first."""

from collections.abc import Callable

from tui.errors import KNOWN_ERRORS
from tui.screens.base import PalateScreen
from tui.screens.dialog import Choose


def try_to(screen: PalateScreen, act: Callable[[], object]) -> None:
    """Change something and show the list again; an error becomes a notice."""
    try:
        act()
    except KNOWN_ERRORS as error:
        screen.palate.tell_error(error)
    screen.screen_shown()


def ask_to_remove(screen: PalateScreen, kind: str, sentence: str, remove: Callable[[], object]) -> None:
    """Ask whether to remove the marked row, a `kind` such as "server"; then try to."""

    def answered(answer: str | None) -> None:
        if answer is not None:
            try_to(screen, remove)

    screen.app.push_screen(Choose(f"Remove this {kind}?", sentence, (("y", "remove"),)), answered)
