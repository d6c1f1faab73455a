"""The palette of keys, found by name."""

from textual.await_complete import AwaitComplete
from textual.command import CommandPalette


class Palette(CommandPalette):
    """Textual's palette, except that a second enter takes nothing else away.

    It does not derive from `SingleDismiss`: Textual takes styles and component classes from the first base alone.
    """

    def dismiss(self, result: None = None) -> AwaitComplete:
        """Go, once."""
        return super().dismiss(result) if self.is_active else AwaitComplete.nothing()  # type: ignore[no-untyped-call]
