"""The key line: whole words, and `?` always."""

import pytest

from tui.widgets.frame.key_line import key_line

KEYS = (("1", "left", True), ("2", "right", True), ("x", "both bad", True), ("s", "skip", False))


def test_all_keys_where_there_is_room() -> None:
    assert key_line(KEYS, 80).plain == " 1 left  2 right  x both bad  s skip  ? more"


@pytest.mark.parametrize("width", range(8, 50))
def test_keys_are_left_out_whole(width: int) -> None:
    line = key_line(KEYS, width)
    assert line.cell_length <= width
    shown = [part for part in line.plain.split("  ") if part]
    whole = [f"{key} {word}" for key, word, _ in KEYS]
    assert [part.strip() for part in shown] == [*whole[: len(shown) - 1], "? more"]


def test_a_key_that_does_nothing_now_is_dim() -> None:
    line = key_line(KEYS, 80)
    dim = [line.plain[start:end] for start, end, style in line.spans if style == "$line"]
    assert dim == ["s skip"]
