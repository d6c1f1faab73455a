"""Frequent updates of a text, as during a run: unchanged text is not drawn, and text of as many lines causes no
layout."""

from textual.content import Content
from textual.widgets import Static


def update_static(static: Static, text: Content | str) -> None:
    """Show `text`. Unlike `Static.update`, this does not cause a layout of the whole screen each time."""
    shown, new = (Content(each) if isinstance(each, str) else each for each in (static.content, text))
    if not (isinstance(shown, Content) and isinstance(new, Content)):
        raise TypeError("Only plain text and Content can be updated in place.")
    if not shown.is_same(new):
        as_many_lines = static.styles.text_wrap == "nowrap" and shown.plain.count("\n") == new.plain.count("\n")
        static.update(new, layout=not as_many_lines)
