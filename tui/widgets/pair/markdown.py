"""Markdown as styled lines of one width: one widget and few bytes, where Textual's Markdown needs dozens of widgets.

Line breaks are kept, since answers mean them; formulas stay as they were written. Links are text: nothing
here can be clicked or opened. The text passes the gate of `tui.text.sanitize` on its way.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.token import Token
from textual.content import Content

from tui.text.sanitize import visible
from tui.widgets.pair.markdown_table import table_lines

_PARSER: Final = MarkdownIt("commonmark", {"html": False}).enable(["strikethrough", "table"])
_INLINE: Final = {"strong": "bold", "em": "italic", "s": "strike"}
_LEAST_WIDTH: Final = 8
"""Indented lists keep at least this many cells for text."""


Rows = tuple[tuple[Content, ...], ...]


@dataclass(frozen=True)
class Block:
    """A paragraph, a heading or a code block: its text, and the prefixes of its first and its other lines.

    `tight` blocks follow the one before without an empty line. A table has `rows` in place of a text.
    """

    content: Content
    first: str
    rest: str
    tight: bool
    rows: Rows = ()


def rendered_lines(text: str, width: int) -> list[Content]:
    """The lines of a markdown text, none wider than `width` cells; the text itself if it renders to nothing."""
    lines: list[Content] = []
    for block in blocks_of(text):
        if lines and not block.tight:
            lines.append(Content(""))
        lines += _laid_out(block, width)
    return lines or Content(visible(text)).wrap(width)


def _laid_out(block: Block, width: int) -> list[Content]:
    room = max(width - len(block.first), _LEAST_WIDTH)
    first, rest = (block.first, block.rest) if width - len(block.first) >= _LEAST_WIDTH else ("", "")
    wrapped = table_lines(block.rows, room) if block.rows else _wrapped(block.content, room)
    return [
        Content.assemble((rest if number else first, "$quiet"), line.rstrip()) for number, line in enumerate(wrapped)
    ]


def _wrapped(content: Content, room: int) -> list[Content]:
    return [line for part in content.split("\n", allow_blank=True) for line in part.wrap(room) or [part]]


@lru_cache(maxsize=32)
def blocks_of(text: str) -> tuple[Block, ...]:
    """The blocks of a markdown text in order, with lists and quotes flattened into the prefixes of lines."""
    reader = _Reader()
    for token in _PARSER.parse(visible(text)):
        reader.read(token)
    return tuple(reader.blocks)


class _Reader:
    """Reads the parser's tokens; `_nesting` holds the prefix that each open list item or quote adds to a line."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self._nesting: list[str] = []
        self._marker: str | None = None
        self._heading = False
        self._tight_list = False
        self._rows: list[list[Content]] | None = None

    def read(self, token: Token) -> None:
        """Read one token."""
        kind = token.type
        if kind == "list_item_open":
            self._marker = f"{token.info}{token.markup} " if token.info else "• "
            self._nesting.append(" " * len(self._marker))
        elif kind == "blockquote_open":
            self._nesting.append("│ ")
        elif kind in ("list_item_close", "blockquote_close"):
            self._close(kind)
        elif kind in ("heading_open", "heading_close"):
            self._heading = kind == "heading_open"
        elif kind == "paragraph_open":
            self._tight_list = token.hidden
        elif kind == "table_open":
            self._rows = []
        elif kind == "tr_open" and self._rows is not None:
            self._rows.append([])
        elif kind == "table_close" and self._rows is not None:
            rows, self._rows = tuple(map(tuple, self._rows)), None
            self._add(Content(""), rows=rows)
        elif kind == "inline" and self._rows is not None:
            self._rows[-1].append(_inline(token, ""))
        elif kind == "inline":
            self._add(_inline(token, "bold" if self._heading else ""), tight=self._tight_list and not self._heading)
        elif kind in ("fence", "code_block"):
            self._add(Content.styled(token.content.rstrip("\n").expandtabs(4), "$code"), code=True)
        elif kind == "hr":
            self._add(Content.styled("─" * 12, "$quiet"))

    def _close(self, kind: str) -> None:
        if kind == "list_item_close" and self._marker is not None:
            self._add(Content(""), tight=True)  # an item without text still shows its mark
        self._nesting.pop()

    def _add(
        self, content: Content, *, tight: bool = False, code: bool = False, rows: tuple[tuple[Content, ...], ...] = ()
    ) -> None:
        rest = "".join(self._nesting)
        first = rest
        if self._marker is not None:
            first = rest[: len(rest) - len(self._marker)] + self._marker
        follows = self._marker is not None or len(self._nesting) > 0
        self._marker = None
        bar = "  " if code else ""
        previous_in_list = bool(self.blocks) and self.blocks[-1].first != ""
        self.blocks.append(Block(content, first + bar, rest + bar, tight and follows and previous_in_list, rows))


def _inline(token: Token, style: str) -> Content:
    """The text of a paragraph with its marks as styles; a link's address follows its words."""
    parts: list[tuple[str, str]] = []
    styles = [style] if style else []
    address = ""
    for child in token.children or ():
        name, _, end = child.type.rpartition("_")
        if name in _INLINE and end == "open":
            styles.append(_INLINE[name])
        elif name in _INLINE and end == "close":
            styles.remove(_INLINE[name])
        elif child.type == "link_open":
            address = str(child.attrs.get("href", ""))
        elif child.type == "link_close":
            said = parts[-1][0] if parts else ""
            parts.append(("" if said == address else f" ({visible(address)})", "$quiet"))
        else:
            parts.append((_words(child), " ".join([*styles, "$code"] if child.type == "code_inline" else styles)))
    return Content.assemble(*parts)


def _words(child: Token) -> str:
    """A token's own text. Made visible again: the parser turns `&#x202E;` into the character itself."""
    if child.type in ("softbreak", "hardbreak"):
        return "\n"
    if child.type == "image":
        return visible(f"[{child.content}]({child.attrs.get('src', '')})")
    return visible(child.content)
