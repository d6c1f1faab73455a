"""A long text is shown from its beginning and goes on where one reaches the end of that; nothing freezes."""

import time

import pytest
from textual.app import App, ComposeResult
from textual.widgets import Input

from tests.screens import until
from tui.widgets.form.line_input import LineInput
from tui.widgets.pair.text_pane import SHOWN_CHARACTERS, SHOWN_LINES, PaneText, TextPane

LONG = {
    "one line": "word " * 200_000,
    "no space": "x" * 1_000_000,
    "10,000 lines": "a line of an answer\n" * 10_000,
    "wide": "漢" * 1_000_000,
    "escapes": "\x1b[2J" * 250_000,
    "heaped": "e" + "\u0301" * 1_000_000,
    "emphasis": "*a " * 300_000,
    "links": "[a](b" * 200_000,
    "quotes": ">" * 1_000_000,
    "table": "|a" * 500_000,
}
HANGS_S = 20.0
"""Of this process's own time: no measure of speed, but what is laid out in more than linear time takes longer."""
WORDS_BELOW = 200
"""What the line about the rest of a text takes at most."""


class PaneApp(App[None]):
    CSS = "TextPane { height: 1fr; } PaneText { width: 1fr; height: auto; }"

    def compose(self) -> ComposeResult:
        yield TextPane(id="pane")
        yield LineInput(id="line")

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return {"quiet": "#888888", "code": "#888888"}


@pytest.mark.parametrize("name", LONG)
@pytest.mark.parametrize("rendered", [True, False], ids=["markdown", "raw"])
async def test_a_megabyte_is_painted_at_once(name: str, rendered: bool) -> None:
    app = PaneApp()
    async with app.run_test(size=(80, 24)) as pilot:
        pane = app.query_one(TextPane)
        began = time.process_time()
        pane.show("1", LONG[name], rendered=rendered)
        await pilot.pause()
        assert time.process_time() - began < HANGS_S
        text = pane.query_one(PaneText)
        assert text._text == LONG[name]
        laid_out = text.render().plain
        assert "more characters: go to the end" in " ".join(laid_out.split())
        assert len(laid_out.replace("\n", "").replace(" ", "")) <= SHOWN_CHARACTERS + WORDS_BELOW


async def test_the_end_of_a_long_text_is_reached_by_going_there() -> None:
    app = PaneApp()
    text = "\n".join(f"line {at}" for at in range(3 * SHOWN_LINES))
    async with app.run_test(size=(80, 24)) as pilot:
        pane = app.query_one(TextPane)
        pane.show("1", text, rendered=False, cut=True)
        await pilot.pause()
        shown = pane.query_one(PaneText).render().plain
        left = len(text) - len("\n".join(text.split("\n")[:SHOWN_LINES]))
        assert f"… {left:,} more characters: go to the end of these, and they follow" in shown
        assert "token limit" not in shown
        for _ in range(2):
            pane.scroll_end(animate=False)
            await pilot.pause()
        await until(pilot, lambda: f"line {3 * SHOWN_LINES - 1}" in pane.query_one(PaneText).render().plain)
        assert "token limit" in pane.query_one(PaneText).render().plain
        pane.show("1", "another", rendered=False)
        await pilot.pause()
        assert pane.query_one(PaneText).render().plain == "another"


async def test_an_ordinary_text_stands_there_whole() -> None:
    app = PaneApp()
    async with app.run_test(size=(80, 24)) as pilot:
        pane = app.query_one(TextPane)
        pane.show("1", "y" * SHOWN_CHARACTERS, rendered=False)
        await pilot.pause()
        assert "more characters" not in pane.query_one(PaneText).render().plain


async def test_what_is_pasted_into_a_line_cannot_steer_the_terminal() -> None:
    app = PaneApp()
    async with app.run_test(size=(80, 24)) as pilot:
        line = app.query_one(LineInput)
        line.value = "a\x1b]52;c;aGk=\x07b"
        await pilot.pause()
        assert line.value == "a�]52;c;aGk=�b"
        assert isinstance(line, Input)
        assert LineInput("\x9b31m").value == "�31m"
