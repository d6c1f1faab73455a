"""Text that is told again and again, as while a run moves: what did not change is not drawn, and nothing is laid out
anew where the text takes the same lines."""

from textual.content import Content
from textual.widgets import Static


def tell(static: Static, text: Content | str) -> None:
    """Show `text`, as `Static.update` does, which has the whole screen laid out each time."""
    told, new = (Content(each) if isinstance(each, str) else each for each in (static.content, text))
    if not told.is_same(new):
        as_many_lines = static.styles.text_wrap == "nowrap" and told.plain.count("\n") == new.plain.count("\n")
        static.update(new, layout=not as_many_lines)
