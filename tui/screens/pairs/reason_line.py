"""The line that `.` opens: the reasons of one verdict, each on a digit. It takes every key until enter or esc."""

from collections.abc import Sequence
from typing import Final

from textual import events
from textual.app import ComposeResult
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from tui.screens.single_dismiss import SingleDismiss
from tui.text.sanitize import visible_line
from tui.widgets.binding import Binding

DIGITS: Final = "356789"
"""The digits of the first reasons. They are no keys of Label, so if the `.` gets lost on its way they judge nothing."""
MORE_DIGITS: Final = "1240"
"""The digits of the last four of ten reasons. They are keys of Label, so they count only after a second `.`."""
EDIT: Final = "edit"
"""The answer of a person who wants to change the list."""


def _key(key: str, action: str, word: str, tooltip: str) -> Binding:
    """A key of the line. It has priority over `on_key`, which takes every other one."""
    return Binding(key, action, word, priority=True, id=f"reasons.{action}", tooltip=tooltip)


class ReasonLine(SingleDismiss[tuple[str, ...] | str | None], ModalScreen[tuple[str, ...] | str | None]):
    """The answer holds the chosen reasons; it is `EDIT` to change the list, and None to leave all as it was."""

    BINDINGS = [
        _key("enter", "keep", "keep", "Keep these reasons with the verdict."),
        _key("escape", "drop", "back", "Back; the verdict keeps the reasons it had."),
        _key("full_stop", "more", "more", "The digits 1, 2, 4 and 0, for a list of ten."),
        _key("space", "last", "as last", "The reasons that were given last."),
        _key("e", "edit", "edit", "Change the list of reasons."),
    ]

    def __init__(self, about: str | None, offered: Sequence[str], given: Sequence[str], last: Sequence[str]) -> None:
        """`about` names the verdict; None where there is none to give a reason for. `given` are its reasons so far."""
        super().__init__()
        self._about = about
        self._offered = dict(zip(DIGITS + MORE_DIGITS, offered, strict=False))
        self._chosen = list(given)
        self._last = list(last)
        self._more = False

    def compose(self) -> ComposeResult:
        """One line or two above the lines of the screen below."""
        yield Static(id="reason-line", markup=False)

    def on_mount(self) -> None:
        """Show the reasons."""
        self._draw()

    def on_resize(self, _event: events.Resize) -> None:
        """Lines break between reasons."""
        self._draw()

    def _draw(self) -> None:
        self.query_one("#reason-line", Static).update(Content("\n").join([*self._lines(), self._hints()]))

    def _lines(self) -> list[Content]:
        """The verdict, then the reasons, none of them broken."""
        if self._about is None:
            return [Content("There is no verdict to give a reason for.")]
        words = [self._reason(digit, name) for digit, name in self._offered.items()]
        words += [Content.styled(f"✓{visible_line(each, 24)}", "bold") for each in self._strange()]
        lines = [Content.assemble(("why  ", "bold"), (visible_line(self._about, 70), "$quiet"))]
        room = self.app.size.width - 2
        for word in words:
            if len(lines) > 1 and lines[-1].cell_length + 2 + word.cell_length <= room:
                lines[-1] = lines[-1] + "  " + word
            else:
                lines.append(word)
        return lines

    def _reason(self, digit: str, name: str) -> Content:
        counts = digit in DIGITS or self._more
        chosen = name in self._chosen
        word = visible_line(name, 24)
        return Content.assemble(
            (digit if counts else f".{digit}", "bold $accent" if counts else "$quiet"),
            (f"✓{word}" if chosen else f" {word}", "bold" if chosen else ""),
        )

    def _strange(self) -> list[str]:
        """Reasons of the verdict that are no longer in the list."""
        return [each for each in self._chosen if each not in self._offered.values()]

    def _hints(self) -> Content:
        keys = [("enter", "keep"), ("esc", "back")] if self._about is not None else [("esc", "back")]
        if self._about is not None and self._last:
            keys.append(("space", f"as last: {', '.join(visible_line(each, 12) for each in self._last)}"))
        keys.append(("e", "edit the list"))
        return Content("   ").join(Content.assemble((key, "bold $accent"), f" {word}") for key, word in keys)

    def on_key(self, event: events.Key) -> None:
        """Choose or unchoose the reason of a digit. No key reaches the screen below."""
        event.stop()
        digit = event.character or ""
        if self._about is not None and digit in self._offered and (digit in DIGITS or self._more):
            self._toggle(self._offered[digit])

    def _toggle(self, name: str) -> None:
        if name in self._chosen:
            self._chosen.remove(name)
        else:
            self._chosen.append(name)
        self._draw()

    def action_more(self) -> None:
        """Let the digits of the last four reasons count."""
        self._more = True
        self._draw()

    def action_last(self) -> None:
        """Take the reasons that were given last."""
        self._chosen += [each for each in self._last if each not in self._chosen]
        self._draw()

    def action_edit(self) -> None:
        """Change the list."""
        self.dismiss(EDIT)

    def action_keep(self) -> None:
        """Keep the reasons."""
        self.dismiss(tuple(self._chosen) if self._about is not None else None)

    def action_drop(self) -> None:
        """Leave the verdict as it was."""
        self.dismiss(None)
