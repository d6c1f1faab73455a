"""The one gate for untrusted text: what could steer a terminal is replaced by something that can be seen.

Model output, prompts and imported files may carry escape sequences (a window title, a clipboard, a cleared screen),
C1 controls, marks that turn the direction of text round, and characters of no width. Every screen and every command
passes such text through `visible` before it is shown; what is stored and trained on stays as it was.
"""

from typing import Final

_PICTURES: Final = 0x2400  # the Unicode block of control pictures: U+2400 stands for NUL, U+241B for escape
_DELETE: Final = 0x7F
_INVISIBLE: Final = (
    *range(0x80, 0xA0),  # C1: one byte that some terminals take for an escape sequence
    0x00AD,  # soft hyphen
    0x061C,  # Arabic letter mark
    0x180E,  # Mongolian vowel separator
    *range(0x200B, 0x2010),  # characters of no width, and the marks of direction
    *range(0x2028, 0x202F),  # separators of lines and paragraphs, embeddings and overrides of direction
    *range(0x2060, 0x2070),  # word joiner, invisible operators, isolates of direction
    0xFEFF,  # byte order mark
    *range(0xFFF9, 0xFFFC),  # interlinear annotations
    *range(0xD800, 0xE000),  # lone surrogates, which no terminal's encoding can write
    *range(0xE0000, 0xE0080),  # tags, which carry text that nobody sees
)


def _table() -> dict[int, str]:
    """What each character becomes; those that are not named here stay."""
    table = {code: chr(_PICTURES + code) for code in range(0x20)}
    del table[ord("\n")], table[ord("\t")]
    table[_DELETE] = "␡"
    table.update({code: f"⟨{code:04X}⟩" for code in _INVISIBLE})
    # These join letters and emoji in honest text, and do no harm there: Persian, Hindi, families of emoji.
    del table[0x200C], table[0x200D]
    return table


_TABLE: Final = _table()


def visible(text: str) -> str:
    r"""`text` with every character that could steer a terminal replaced by a visible one.

    Line ends are made `\n` and tabs are kept; control characters become their pictures (escape becomes ␛), C1 and
    direction marks their code in ⟨⟩. Costs about 6 µs for 10,000 characters of plain ASCII.

    >>> visible("a\x1b[2Jb")
    'a␛[2Jb'
    """
    if text.isascii() and text.isprintable():
        return text
    return text.replace("\r\n", "\n").translate(_TABLE)


def visible_line(text: str, width: int | None = None) -> str:
    """The first line of `text` that says something, made visible; cut to `width` characters with an ellipsis.

    An ellipsis also tells that further lines follow.
    """
    lines = [" ".join(line.split()) for line in visible(text).splitlines() if line.strip()]
    if not lines:
        return ""
    line = lines[0] + (" …" if len(lines) > 1 else "")
    if width is not None and len(line) > width:
        line = line[: max(width - 1, 0)].rstrip() + "…"
    return line
