"""Words in columns, measured in the cells of a terminal rather than in characters."""

from rich.cells import cell_len, set_cell_size


def cut(words: str, width: int) -> str:
    """`words` in `width` cells at most, with an ellipsis where some are left out.

    >>> cut("smollm2", 5), cut("日本語", 5)
    ('smol…', '日本…')
    """
    return words if cell_len(words) <= width else set_cell_size(words, width - 1) + "…"


def column(words: str, width: int) -> str:
    """`words` in exactly `width` cells: cut, or filled up with spaces."""
    return set_cell_size(cut(words, width), width)
