"""Markdown as lines: marks become styles, hostile text stays text."""

import pytest

from tui.widgets.pair.markdown import rendered_lines


def lines(text: str, width: int = 40) -> list[str]:
    return [line.plain.rstrip() for line in rendered_lines(text, width)]


def test_lists_hang_under_their_words() -> None:
    text = "Pigments:\n\n- **green** is for the work that goes on in summer\n- red\n  1. made anew\n  2. from sugar\n"
    assert lines(text, 30) == [
        "Pigments:",
        "",
        "• green is for the work that",
        "  goes on in summer",
        "• red",
        "  1. made anew",
        "  2. from sugar",
    ]


def test_paragraphs_of_an_item_and_quotes() -> None:
    assert lines("1. one\n\n   more\n2. two\n\n> said\n> so") == [
        "1. one",
        "",
        "   more",
        "",
        "2. two",
        "",
        "│ said",
        "│ so",
    ]


def test_line_breaks_stay_as_they_were_written() -> None:
    assert lines("a\nb\n\nc") == ["a", "b", "", "c"]


TABLE = "Colours:\n\n| pigment | colour |\n|---|---|\n| chlorophyll | **green** |\n| carotene |\n\nThat is all."


def test_a_table_is_aligned() -> None:
    assert lines(TABLE) == [
        "Colours:",
        "",
        "pigment     │ colour",
        "────────────┼───────",
        "chlorophyll │ green",
        "carotene    │",
        "",
        "That is all.",
    ]
    (line,) = [line for line in rendered_lines(TABLE, 40) if "green" in line.plain]
    assert any(str(span.style) == "bold" and line.plain[span.start : span.end] == "green" for span in line.spans)


def test_a_table_in_little_room_wraps_its_cells_and_in_none_becomes_rows() -> None:
    assert lines("| a | b |\n|-|-|\n| one two three | four |", 16) == [
        "a         │ b",
        "──────────┼─────",
        "one two   │ four",
        "three     │",
    ]
    wide = "|" + " word |" * 8
    assert lines(f"{wide}\n|{'-|' * 8}\n{wide}", 30)[0].startswith("word | word | word")
    assert all(len(each) <= 30 for each in lines(f"{wide}\n|{'-|' * 8}\n{wide}", 30))


def test_a_table_of_a_model_is_no_way_into_the_terminal() -> None:
    (head, _, row) = lines("| a\x1b[2J | b |\n|-|-|\n| &#x202E;x | [/] |")
    assert "␛[2J" in head
    assert "⟨202E⟩x" in row
    assert "[/]" in row


def test_code_keeps_its_spaces() -> None:
    assert lines("```python\nif x:\n\n    y()\n```") == ["  if x:", "", "      y()"]


def test_marks_become_styles() -> None:
    (line,) = rendered_lines("a **b** *c* `d`", 40)
    assert line.plain == "a b c d"
    assert {(line.plain[start:end], style) for start, end, style in line.spans if end > start} == {
        ("b", "bold"),
        ("c", "italic"),
        ("d", "$code"),
    }


def test_a_link_shows_its_address() -> None:
    assert lines("[here](http://e.org/x) <http://a.org>") == ["here (http://e.org/x) http://a.org"]
    assert lines("[](http://e.org)") == [" (http://e.org)"]
    assert lines("![a picture](http://e.org/p.png)") == ["[a picture](http://e.org/p.png)"]


@pytest.mark.parametrize(
    "text",
    [
        "[/]",
        "[bold]x[/bold]",
        "[/x] [@click=app.quit]q[/]",
        "<script>alert(1)</script>",
        "\\[x\\]",
        "> " * 300 + "deep",
        "- " * 300,
        "`" * 500,
        "*" * 999,
        "[" * 999,
        "a" * 5000,
        "光" * 90,
        "",
        "\n\n",
    ],
)
@pytest.mark.parametrize("width", [1, 7, 40])
def test_hostile_text_is_only_text(text: str, width: int) -> None:
    for line in rendered_lines(text, width):
        assert "@click" not in "".join(str(style) for _, _, style in line.spans)
    assert all(line.cell_length <= max(width, 8) for line in rendered_lines(text, width))


def test_escapes_stay_outside_even_as_entities() -> None:
    shown = "\n".join(lines("\x1b[2J &#x202E;x [a](http://e.org/&#x202E;)"))
    assert "␛[2J" in shown
    assert "\x1b" not in shown
    assert "\u202e" not in shown


def test_what_renders_to_nothing_is_shown_as_written() -> None:
    assert lines("[x]: http://e.org") == ["[x]: http://e.org"]
