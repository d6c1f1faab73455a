"""Text that is told again: drawn where it changed, laid out anew only where it takes other lines."""

import pytest
from textual.app import App, ComposeResult
from textual.content import Content
from textual.widgets import Static

from tui.widgets.update_static import update_static


class Told(App[None]):
    CSS = "Static { height: auto; } #line { text-wrap: nowrap; }"

    def compose(self) -> ComposeResult:
        yield Static("step 1", id="line", markup=False)
        yield Static("step 1", id="wrapped", markup=False)


@pytest.mark.parametrize(
    ("which", "text", "drawn"),
    [
        ("line", "step 1", []),
        ("line", "step 2", [False]),
        ("line", "step 1\nstep 2", [True]),
        ("line", Content.styled("step 1", "bold"), [False]),
        ("wrapped", "step 1", []),
        ("wrapped", "step 2 of many", [True]),
    ],
)
async def test_only_what_changed_is_drawn_and_only_other_lines_are_laid_out(
    monkeypatch: pytest.MonkeyPatch, which: str, text: str | Content, drawn: list[bool]
) -> None:
    app = Told()
    async with app.run_test(size=(40, 10)) as pilot:
        static = app.query_one(f"#{which}", Static)
        asked: list[bool] = []
        really = static.refresh

        def refresh(*regions: object, layout: bool = False, **more: object) -> Static:
            asked.append(layout)
            return really(*regions, layout=layout, **more)  # type: ignore[arg-type]

        monkeypatch.setattr(static, "refresh", refresh)
        update_static(static, text)
        assert asked == drawn
        await pilot.pause()
        shown = text.plain if isinstance(text, Content) else text
        assert str(static.content) == shown
        assert static.size.height == shown.count("\n") + 1
