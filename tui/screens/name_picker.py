"""Things under names, in a dialog: presets of settings, and sets of pairs. Take one, save, rename, remove."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import OptionList, Static

from tui.errors import KNOWN_ERRORS
from tui.screens.base import PalateScreen
from tui.screens.dialog import AskText, Choose, Dialog
from tui.text.sanitize import visible, visible_line
from tui.widgets.binding import Writing
from tui.widgets.lists.cursor_list import CursorList
from tui.workspace.named_values import NamedValues

_NAME = 18


@dataclass(frozen=True)
class NamedRow:
    """One of them: its name, what it is in a few words, a sentence, and whether it is the person's own."""

    name: str
    words: str
    sentence: str
    own: bool


@dataclass(frozen=True)
class Named:
    """What a dialog of names works on.

    `word` is what they are called, `rows` gives them, `use` takes one by its name, `save` keeps what is set now
    and gives the name that it is kept under.
    """

    title: str
    word: str
    kept: NamedValues
    rows: Callable[[], Sequence[NamedRow]]
    use: Callable[[str], None]
    save: Callable[[str], str]


class NamePicker(Dialog[tuple[str, str] | None]):
    """The answer is an act (use, save, rename or remove) with the name under the cursor. None: back."""

    AUTO_FOCUS = "CursorList"
    BINDINGS = [
        Writing("s", "act('save')", "save", id="named.save", tooltip="Keep what is set at the moment under a name."),
        Writing("r", "act('rename')", "rename", id="named.rename", tooltip="Give one of your own another name."),
        Writing("x", "act('remove')", "remove", id="named.remove", tooltip="Forget one of your own."),
    ]

    def __init__(self, named: Named, at: str | None = None) -> None:
        """Show them with the cursor on the one called `at`, else on the first."""
        super().__init__(named.title)
        self._first = at
        self._rows = {row.name: row for row in named.rows()}

    def compose_question(self) -> ComposeResult:
        """The names, the sentence of the one under the cursor, and the keys."""
        yield CursorList()
        yield Static("", id="named-sentence", markup=False)
        yield Static("", id="hint", markup=False)

    def on_mount(self) -> None:
        """Fill the list."""
        names = self.query_one(CursorList)
        names.show((row.name, _line(row)) for row in self._rows.values())
        if self._first in self._rows:
            names.highlighted = list(self._rows).index(self._first)
        self._draw_row()

    @property
    def _row(self) -> NamedRow:
        return self._rows[self.query_one(CursorList).current or next(iter(self._rows))]

    @on(OptionList.OptionHighlighted)
    def _draw_row(self) -> None:
        row = self._row
        words = Content.styled(
            visible(f"{row.words}\n{row.sentence}"), "$quiet"
        )  # a prompt set's name comes from files
        self.query_one("#named-sentence", Static).update(words)
        keys = [("enter", "take"), ("s", "save")] + ([("r", "rename"), ("x", "remove")] if row.own else [])
        hints = [Content.assemble((key, "bold $accent"), f" {word}   ") for key, word in [*keys, ("esc", "back")]]
        self.query_one("#hint", Static).update(Content("").join(hints))

    @on(OptionList.OptionSelected)
    def _use(self) -> None:
        self.dismiss(("use", self._row.name))

    def action_act(self, act: str) -> None:
        """Save, rename or remove; only one's own can be renamed or removed."""
        if act == "save" or self._row.own:
            self.dismiss((act, self._row.name))


def _line(row: NamedRow) -> Content:
    name = visible_line(row.name, 40).ljust(_NAME)
    return Content.assemble((name, "bold" if row.own else ""), ("  " + visible_line(row.words, 44), "$quiet"))


def open_named(screen: PalateScreen, named: Named, at: str | None = None) -> None:
    """Show the dialog, and do what is answered."""
    screen.app.push_screen(NamePicker(named, at), partial(_answered, screen, named))


def _answered(screen: PalateScreen, named: Named, answer: tuple[str, str] | None) -> None:
    if answer is None:
        return
    act, name = answer
    again = partial(_again, screen, named, name)
    match act:
        case "use":
            _try(screen, partial(named.use, name))
        case "save":
            ask = AskText("Save", f"Keep what is set at the moment under this name, as a {named.word} of your own.")
            screen.app.push_screen(ask, partial(again, named.save))
        case "rename":
            ask = AskText("Rename", f"Another name for this {named.word}.", value=name)
            screen.app.push_screen(ask, partial(again, partial(named.kept.rename, name)))
        case "remove":
            sentence = f"{visible_line(name, 40)} is forgotten. Runs keep what they were made with."
            choose = Choose(f"Remove this {named.word}?", sentence, (("y", "remove"),))
            screen.app.push_screen(choose, partial(again, lambda _: named.kept.remove(name)))


def _again(screen: PalateScreen, named: Named, name: str, act: Callable[[str], str | None], text: str | None) -> None:
    """Do it with what was answered, then show the names again, with the cursor on the one it was about."""
    done: list[str | None] = []
    if text is not None:
        _try(screen, lambda: done.append(act(text)))
    open_named(screen, named, done[0] if done and done[0] else name)


def _try(screen: PalateScreen, act: Callable[[], object]) -> None:
    try:
        act()
    except KNOWN_ERRORS as error:
        screen.palate.tell_error(error)
