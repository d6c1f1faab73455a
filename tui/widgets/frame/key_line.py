"""The last line of every screen: its keys, whole words only."""

from collections.abc import Callable
from typing import Any, Final

from textual.binding import Binding
from textual.content import Content
from textual.screen import Screen
from textual.widget import Widget

_GAP: Final = "  "
_HELP: Final = ("?", "more", True)


class KeyLine(Widget):
    """The keys that do something now, in the order in which the screen declares them; `?` is always among them."""

    ALLOW_SELECT = False

    def __init__(self) -> None:
        super().__init__()
        self._drawn: tuple[tuple[str, str, bool], ...] = ()

    def on_mount(self) -> None:
        """Update the line when the screen's active keys change."""
        self.screen.bindings_updated_signal.subscribe(self, lambda _: self.refresh_keys())

    def refresh_keys(self) -> None:
        """Draw again if the active keys changed."""
        if self._keys() != self._drawn:
            self.refresh()

    def render(self) -> Content:
        """The line in the available width. Keys without room are left out whole."""
        self._drawn = self._keys()
        return key_line(self._drawn, self.size.width)

    def _keys(self) -> tuple[tuple[str, str, bool], ...]:
        label = getattr(self.screen, "key_label", lambda binding: binding.description)
        found: dict[str, tuple[str, str, bool]] = {}
        for active in self.screen.active_bindings.values():
            binding = active.binding
            if binding.show and binding.action not in found:
                found[binding.action] = (self.app.get_key_display(binding), label(binding), active.enabled)
        order = declared_order(self.screen)
        return tuple(found[action] for action in sorted(found, key=order))


def declared_order(screen: Screen[Any]) -> Callable[[str], int]:
    """A sort key for actions: as the screen declares them; the actions of a focused widget come after those."""
    declared = [binding.action for binding in type(screen).BINDINGS if isinstance(binding, Binding)]
    return lambda action: declared.index(action) if action in declared else len(declared)


def key_line(keys: tuple[tuple[str, str, bool], ...], width: int) -> Content:
    """As many of `keys` (key, word, is it enabled) as `width` cells take, then `?`."""
    help_key = _one(*_HELP)
    line = Content(" ")
    for key, word, enabled in keys:
        item = _one(key, word, enabled) + Content(_GAP)
        if line.cell_length + item.cell_length + help_key.cell_length + 1 > width:
            break
        line += item
    return line + help_key


def _one(key: str, word: str, enabled: bool) -> Content:
    if not enabled:
        return Content.styled(f"{key} {word}", "$line")
    return Content.assemble((key, "bold $accent"), " ", (word, "$quiet"))
