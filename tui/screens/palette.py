"""The palette of keys, found by name."""

from textual.command import CommandPalette

from tui.screens.single_dismiss import SingleDismiss


class Palette(SingleDismiss[None], CommandPalette):
    """Textual's palette, except that a second enter takes nothing else away."""
