"""Text that is told again and again, as while a run moves: what did not change is not drawn, and nothing is laid out
anew where the text takes the same lines."""

from textual.content import Content
from textual.widgets import Static


def tell(static: Static, text: Content | str) -> None:
    """Show `text`, as `Static.update` does, which has the whole screen laid out each time."""
    shown, new = (Content(each) if isinstance(each, str) else each for each in (static.content, text))
    if not (isinstance(shown, Content) and isinstance(new, Content)):
        raise TypeError("Only plain text and Content can be updated in place.")
    if not shown.is_same(new):
        as_many_lines = static.styles.text_wrap == "nowrap" and shown.plain.count("\n") == new.plain.count("\n")
        static.update(new, layout=not as_many_lines)
