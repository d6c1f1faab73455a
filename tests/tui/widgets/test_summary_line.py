"""A line's parts are left out whole, the last first."""

import pytest
from textual.app import App, ComposeResult
from textual.content import Content

from tests.screens import text_of, until
from tui.widgets.summary_line import SummaryLine, whole_parts

LINE = "step 3 of 6 · epoch 1.5 of 3 · 4 min left · 0.19 pairs/s"


@pytest.mark.parametrize("width", range(11, 60))
def test_parts_are_left_out_whole_at_every_width(width: int) -> None:
    line = whole_parts(Content(LINE), width).plain
    parts = LINE.split(" · ")
    assert line == " · ".join(parts[: line.count(" · ") + 1])
    longer = " · ".join(parts[: line.count(" · ") + 2])
    assert len(line) <= width
    assert line == LINE or len(longer) > width


def test_a_first_part_that_is_too_long_is_cut() -> None:
    assert whole_parts(Content(LINE), 6).plain == "step …"


def test_colours_stay() -> None:
    line = whole_parts(Content.assemble(("●", "$accent"), " run 1 · ", ("long", "bold")), 9)
    assert (line.plain, [span.style for span in line.spans]) == ("● run 1", ["$accent"])


class Bare(App[None]):
    """One line."""

    def compose(self) -> ComposeResult:
        yield SummaryLine()


async def test_the_line_follows_the_width_of_the_terminal() -> None:
    app = Bare()
    async with app.run_test(size=(80, 5)) as pilot:
        app.query_one(SummaryLine).update(Content(LINE))
        await until(pilot, lambda: LINE in text_of(app))
        await pilot.resize_terminal(45, 5)
        await until(pilot, lambda: text_of(app).splitlines()[0] == "step 3 of 6 · epoch 1.5 of 3 · 4 min left")
