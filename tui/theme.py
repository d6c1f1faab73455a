"""The two looks of Palate. One accent colour; everything else is a shade of the text."""

from typing import Final

from textual.theme import Theme


def _run_colours(*colours: str) -> dict[str, str]:
    """The colours of runs that are drawn over one another: $run-0 and so on."""
    return {f"run-{slot}": colour for slot, colour in enumerate(colours)}


DARK: Final = Theme(
    name="palate-dark",
    primary="#e8a15c",
    secondary="#e8a15c",
    accent="#e8a15c",
    foreground="#d9dbe0",
    background="#15171b",
    surface="#15171b",
    panel="#23262d",
    success="#8fbf7f",
    warning="#e6c35c",
    error="#e5726b",
    dark=True,
    variables={
        "quiet": "#8b919d",
        "code": "#a9c7c9",
        "line": "#3c414b",
        **_run_colours("#e8a15c", "#6cc7cf", "#d08fd6", "#8fbf7f", "#e5726b", "#7d9fe8", "#e6e7ea", "#c9b458"),
        "block-cursor-background": "#2c313a",
        "block-cursor-foreground": "#ffffff",
        "block-cursor-text-style": "none",
        "block-cursor-blurred-background": "#23262d",
        "block-cursor-blurred-foreground": "#d9dbe0",
        "scrollbar": "#3c414b",
        "scrollbar-hover": "#565c68",
        "scrollbar-active": "#e8a15c",
        "scrollbar-background": "#15171b",
        "scrollbar-background-hover": "#15171b",
        "scrollbar-background-active": "#15171b",
        "scrollbar-corner-color": "#15171b",
        "border": "#e8a15c",
        "border-blurred": "#3c414b",
    },
)

LIGHT: Final = Theme(
    name="palate-light",
    primary="#9a4a06",
    secondary="#9a4a06",
    accent="#9a4a06",
    foreground="#24262b",
    background="#fbfaf8",
    surface="#fbfaf8",
    panel="#efece7",
    success="#2f6f2a",
    warning="#7a5a00",
    error="#a8241c",
    dark=False,
    variables={
        "quiet": "#676c76",
        "code": "#2a5a60",
        "line": "#c6c2bb",
        **_run_colours("#9a4a06", "#0b6a74", "#86308c", "#2f6f2a", "#a8241c", "#2b4fb0", "#24262b", "#7a5a00"),
        "block-cursor-background": "#e9e3da",
        "block-cursor-foreground": "#000000",
        "block-cursor-text-style": "none",
        "block-cursor-blurred-background": "#efece7",
        "block-cursor-blurred-foreground": "#24262b",
        "scrollbar": "#c6c2bb",
        "scrollbar-hover": "#a09b92",
        "scrollbar-active": "#9a4a06",
        "scrollbar-background": "#fbfaf8",
        "scrollbar-background-hover": "#fbfaf8",
        "scrollbar-background-active": "#fbfaf8",
        "scrollbar-corner-color": "#fbfaf8",
        "border": "#9a4a06",
        "border-blurred": "#c6c2bb",
    },
)

THEMES: Final = {"dark": DARK, "light": LIGHT}
"""Under the words of the setting `colours`."""

SIGNS: Final = {
    "running": ("●", "$accent"),
    "finished": ("✓", "$success"),
    "stopped": ("✓", "$quiet"),
    "paused": ("‖", "$warning"),
    "interrupted": ("!", "$warning"),
    "failed": ("×", "$error"),
}
"""The sign and the colour of each state a run or a trial may be in: always both, never colour alone."""
