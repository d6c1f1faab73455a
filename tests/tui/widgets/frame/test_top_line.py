"""The top line: model and adapter on the left, modes on the right, cut before anything overlaps."""

import pytest
from textual.app import App, ComposeResult

from tests.waiting import until
from tui.widgets.frame.top_line import TopLine

MODE_WORDS = ["Label", "Train", "Runs", "Compare", "Data", "Ask"]


class Bare(App[None]):
    """A top line and nothing else."""

    def compose(self) -> ComposeResult:
        yield TopLine("runs")


async def drawn(width: int, model: str, adapter: str | None) -> str:
    app = Bare()
    async with app.run_test(size=(width, 5)) as pilot:
        line = app.query_one(TopLine)
        line.show(model, adapter)
        await until(pilot, lambda: line.size.width == width)
        content = line.render()
        assert content.cell_length <= width
        (marked,) = [content.plain[start:end] for start, end, style in content.spans if "underline" in str(style)]
        assert marked == "Runs"
        return content.plain


async def test_model_and_adapter_are_told() -> None:
    line = await drawn(100, "smollm2-135m", "taste-3")
    assert line.startswith(" palate · smollm2-135m + taste-3  ")
    assert line.endswith("Label  Train  Runs  Compare  Data  Ask")


@pytest.mark.parametrize("width", [60, 70, 80])
async def test_a_long_name_is_cut_and_the_modes_stay(width: int) -> None:
    line = await drawn(width, "meta-llama/Llama-3.1-8B-Instruct-with-a-long-name", "光" * 30)
    assert line.startswith(" palate · meta-llama")
    assert "…" in line
    assert line.split()[-6:] == MODE_WORDS


@pytest.mark.parametrize("width", range(60, 80))
async def test_an_adapter_that_does_not_fit_is_left_out_whole(width: int) -> None:
    line = await drawn(width, "smollm2", "taste-3-longer")
    assert line.split()[-6:] == MODE_WORDS
    told = " ".join(line.split()[2:-6])
    assert told in ("smollm2", "smollm2 + taste-3-longer")


async def test_a_click_on_a_word_goes_to_its_mode() -> None:
    app = Bare()
    gone: list[str] = []
    app.switch_mode = gone.append  # type: ignore[method-assign, assignment]
    async with app.run_test(size=(100, 5)) as pilot:
        line = app.query_one(TopLine)
        await until(pilot, lambda: line.size.width == 100)
        plain = line.render().plain
        for word in ("Label", "Compare", "Data", "Ask"):
            await pilot.click(TopLine, offset=(plain.index(word) + 1, 0))
        await pilot.click(TopLine, offset=(3, 0))
    assert gone == ["label", "compare", "data", "ask"]
