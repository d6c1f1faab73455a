"""Characters of doubtful width: the cursor is put right behind each, and nothing else is touched."""

import pytest

from tui.widgets.cell_widths import hold_columns

AT = "\x1b[2;5H"


@pytest.mark.parametrize(
    "text",
    ["plain", "秋天树叶", "ascii \x1b[1mbold\x1b[0m", "é à", "…→①│─", "ภาษาไทย", "e\u0301", "한국어", "עברית"],
)
def test_what_terminals_agree_on_stays_as_it_is(text: str) -> None:
    assert hold_columns(AT + text) == AT + text


@pytest.mark.parametrize(
    ("cluster", "cells"),
    [
        ("👍", 2),
        ("👍🏽", 2),
        ("👨\u200d👩\u200d👧\u200d👦", 2),
        ("🇩🇪", 2),
        ("❤\ufe0f", 2),
        ("1\ufe0f\u20e3", 2),
        ("🫨", 2),
    ],
)
def test_a_cluster_is_blanked_written_and_left_at_its_column(cluster: str, cells: int) -> None:
    wanted = f"{AT}ab{' ' * cells}\x1b[7G{cluster}\x1b[{7 + cells}G│"
    assert hold_columns(f"{AT}ab{cluster}│") == wanted


def test_columns_are_counted_over_escapes_and_wide_characters() -> None:
    written = f"{AT}\x1b[1m秋\x1b[0m👍\x1b[38;5;3m🌙x\n\x1b[3;1H🌙"
    moon = "  \x1b[{0}G🌙\x1b[{1}G"
    assert hold_columns(written) == (
        f"{AT}\x1b[1m秋\x1b[0m  \x1b[7G👍\x1b[9G\x1b[38;5;3m{moon.format(9, 11)}x\n\x1b[3;1H{moon.format(1, 3)}"
    )


def test_vowel_signs_beside_their_letter_are_kept_and_the_next_edge_keeps_its_column() -> None:
    assert hold_columns(f"{AT}हिन्दी  │ x │\n\x1b[3;1Hab│") == f"{AT}हिन्दी  \x1b[10G│ x \x1b[14G│\n\x1b[3;1Hab│"


def test_two_flags_are_two_clusters() -> None:
    assert hold_columns(f"{AT}🇩🇪🇯🇵") == f"{AT}  \x1b[5G🇩🇪\x1b[7G  \x1b[7G🇯🇵\x1b[9G"
