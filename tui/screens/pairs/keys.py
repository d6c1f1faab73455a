"""The keys of screens that show a pair. All of them are named `label.` and a word: a keymap moves one everywhere."""

from functools import partial
from typing import Final

from tui.widgets.binding import Binding


def pair_key(
    keys: str, action: str, id: str, word: str, tooltip: str, *, show: bool = True, writes: bool = False
) -> Binding:
    """A key of a pair. It has priority, since only then is it done before the next key that was typed ahead."""
    return Binding(keys, action, word, show=show, priority=True, id=f"label.{id}", tooltip=tooltip, writes=writes)


writing_key = partial(pair_key, writes=True)

VERDICT_KEYS: Final = (
    writing_key("1,left", "judge('left', 1)", "left", "left", "The left (first) answer is better."),
    writing_key("2,right", "judge('right', 1)", "right", "right", "The right (second) answer is better."),
    writing_key(
        "shift+left,exclamation_mark",
        "judge('left', 2)",
        "much-left",
        "much",
        "The left (first) answer is much better.",
    ),
    writing_key(
        "shift+right,at", "judge('right', 2)", "much-right", "much", "The right (second) is much better.", show=False
    ),
    writing_key("0", "say('tie')", "tie", "tie", "Both are equally good. Only the loss ordinal learns from ties."),
    writing_key(
        "x", "say('both_bad')", "both-bad", "both bad", "Both are bad. Only an unpaired weight learns from it."
    ),
    writing_key(
        "plus",
        "say('both_good')",
        "both-good",
        "both good",
        "Both are good. Only an unpaired weight learns from it.",
        show=False,
    ),
)
"""Keys that decide."""

FEED_KEYS: Final = (
    writing_key("s", "say('skip')", "skip", "skip", "Not now: the pair comes back later."),
    writing_key("u", "undo", "undo", "undo", "Take back the last verdict and open its pair again."),
)
"""Keys where one pair comes after another."""

REASON_KEY: Final = writing_key("full_stop", "reasons", "why", "why", "Say why: reasons of the verdict just given.")

NOTE_KEY: Final = writing_key("c", "note", "note", "note", "Keep a note with this pair.")

VIEW_KEYS: Final = (
    pair_key("m", "raw", "raw", "raw", "Rendered markdown, or the text as it was written."),
    pair_key("z", "zoom", "zoom", "zoom", "Give one answer the whole width; tab changes which."),
    pair_key("tab,shift+tab", "mark", "mark", "one pane", "Scroll first or second alone, or both again."),
    pair_key("d", "compare", "differ", "differ", "Mark the words in which the answers differ."),
    pair_key("o", "thoughts", "thoughts", "thoughts", "Open the thoughts before the answers, or fold them."),
    writing_key("y", "copy", "copy", "copy", "Copy the marked text, or the prompt with both answers.", show=False),
    pair_key("j,down", "scroll(1)", "down", "down", "Scroll both answers down.", show=False),
    pair_key("k,up", "scroll(-1)", "up", "up", "Scroll both answers up.", show=False),
    pair_key("pagedown,space", "page(1)", "page-down", "page down", "Scroll a page down.", show=False),
    pair_key("pageup,b", "page(-1)", "page-up", "page up", "Scroll a page up.", show=False),
    pair_key("home", "edge(False)", "start", "start", "Scroll to the beginning.", show=False),
    pair_key("end", "edge(True)", "end", "end", "Scroll to the end.", show=False),
)
"""Keys that change what is seen of a pair. One of them also writes: a copy goes into a file of the workspace."""
