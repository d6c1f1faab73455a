"""Text that is told again and again, as while a run moves: what did not change is not drawn, and nothing is laid out
anew where the text takes the same lines."""

from textual.content import Content
from textual.widgets import Static


def tell(static: Static, text: Content | str) -> None:
    """Show `text`, as `Static.update` does, which has the whole screen laid out each time."""
    told, new = _content(static.content), _content(text)
    if told is None or new is None:
        static.update(text)
    elif not told.is_same(new):
        one_to_one = static.styles.text_wrap == "nowrap" and told.plain.count("\n") == new.plain.count("\n")
        static.update(text, layout=not one_to_one)


def _content(text: object) -> Content | None:
    """What a Static holds, where it can be compared."""
    return Content(text) if isinstance(text, str) else text if isinstance(text, Content) else None
