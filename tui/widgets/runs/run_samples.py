"""The answers of a run's policy to the same prompts during training, side by side with its first answers."""

from collections.abc import Sequence
from itertools import groupby

from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.content import Content
from textual.widgets import Static

from db.run_rows import SampleRow
from tui.text.sanitize import visible_line
from tui.widgets.pair.text_pane import TextPane


class RunSamples(Vertical):
    """One prompt at a time: the answer of step 0, and beside it that of a later step, at first the newest."""

    def __init__(self) -> None:
        super().__init__()
        self._prompts: list[list[SampleRow]] = []
        self._at = 0
        self._step: int | None = None
        self._rendered = True

    def compose(self) -> ComposeResult:
        """The prompt, and two panes; they are stacked where the room is small."""
        yield Static("", id="sample-prompt", markup=False)
        with Container(id="sample-panes"):
            yield TextPane(id="sample-first")
            yield TextPane(id="sample-later")

    def show(self, samples: Sequence[SampleRow]) -> None:
        """Show these samples, ordered by prompt and then by step. A view of the newest step moves to the new one."""
        self._prompts = [list(rows) for _, rows in groupby(samples, key=lambda row: row.prompt)]
        self._at = min(self._at, max(len(self._prompts) - 1, 0))
        self._draw()

    @property
    def places(self) -> tuple[int, int]:
        """How many steps are before and after the one that is shown."""
        steps = self._steps()
        if not steps:
            return 0, 0
        at = steps.index(self._shown_step())
        return at, len(steps) - 1 - at

    @property
    def prompts(self) -> int:
        """How many prompts there are."""
        return len(self._prompts)

    def turn(self, by: int) -> None:
        """Show the step `by` samples later."""
        before, after = self.places
        if -before <= by <= after:
            at = before + by
            self._step = None if by == after else self._steps()[at]
            self._draw()

    def next_prompt(self) -> None:
        """Show the next prompt at the same step; after the last one comes the first."""
        if self._prompts:
            self._at = (self._at + 1) % len(self._prompts)
            self._draw()

    def toggle_rendered(self) -> None:
        """Show rendered markdown, or the text as it was written."""
        self._rendered = not self._rendered
        self._draw()

    def scroll_panes(self, lines: int) -> None:
        """Scroll both answers by lines."""
        for pane in self.query(TextPane):
            pane.scroll_relative(y=lines, animate=False)

    def scroll_pages(self, pages: int) -> None:
        """Scroll both answers by pages."""
        self.scroll_panes(pages * max(self.query_one("#sample-later").size.height - 1, 1))

    # -- drawing -------------------------------------------------------------------------------------------------

    def _steps(self) -> list[int]:
        return [row.step for row in self._prompts[self._at]] if self._prompts else []

    def _shown_step(self) -> int:
        steps = self._steps()
        return self._step if self._step in steps else steps[-1]

    def _draw(self) -> None:
        if not self._prompts:
            return
        rows = {row.step: row for row in self._prompts[self._at]}
        first, later = self._prompts[self._at][0], rows[self._shown_step()]
        place = f"prompt {self._at + 1} of {len(self._prompts)}"
        head = Content.assemble((f"{place} · ", "$quiet"), visible_line(first.question, 400))
        self.query_one("#sample-prompt", Static).update(head)
        start = "step 0, as it started" if first.step == 0 else f"step {first.step}, the first sample"
        same = " · the same answer" if later.text == first.text and later.step != first.step else ""
        at, after = self.places
        note = f"sample {at + 1} of {at + after + 1}{same}"
        for id, title, row, words in (("first", start, first, ""), ("later", f"step {later.step}", later, note)):
            pane = self.query_one(f"#sample-{id}", TextPane)
            pane.show(title, row.text, rendered=self._rendered, cut=row.cut, note=words)


def newest_lines(samples: Sequence[SampleRow], width: int) -> Content:
    """A line for each prompt: its beginning, and the beginning of the newest answer."""
    lines = []
    for _, rows in groupby(samples, key=lambda row: row.prompt):
        newest = list(rows)[-1]
        asked = visible_line(newest.question, 400)
        room = max(width // 3, 12)
        asked = asked if len(asked) <= room else asked[: room - 1] + "…"
        answer = visible_line(newest.text.strip(), 400) or "(an empty answer)"
        lines.append(Content.assemble((asked.ljust(room), "$quiet"), "  ", answer))
    return Content("\n").join(lines)
