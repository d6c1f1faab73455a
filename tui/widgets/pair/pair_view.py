"""A prompt and two answers: the panes that Label and Data share."""

from collections.abc import Sequence
from typing import Final

from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.content import Content

from db.pair_rows import ComparisonRow
from db.prompt_rows import PromptRow
from tui.text.sanitize import visible, visible_line
from tui.text.thoughts import folded, has_thoughts
from tui.text.word_diff import Spans, differences
from tui.widgets.pair.prompt_pane import PromptPane, PromptText, prompt_text
from tui.widgets.pair.text_pane import TextPane

_PANES: Final = ("first", "second", "prompt")


class PairView(Vertical):
    """The prompt above, the two answers beside or below each other.

    Scrolling moves both answers, or only the marked pane. A zoomed answer takes the whole width.
    """

    can_focus = False

    def __init__(self) -> None:
        super().__init__()
        self.rendered = True
        self.thoughts_shown = False
        """Are the thoughts before an answer on the screen? The person judges what is there."""
        self._pair: ComparisonRow | None = None
        self._marked: str | None = None
        self._zoomed = False
        self._differing = False
        self._names: dict[str, str | Content] = {}
        self.differences_note = ""
        """The note about the marks of differences, after they were added or removed."""

    def compose(self) -> ComposeResult:
        """Three panes."""
        yield PromptPane(id="prompt")
        with Container(id="answers"):
            yield TextPane(id="first")
            yield TextPane(id="second")

    # -- content -------------------------------------------------------------------------------------------------

    def show(self, pair: ComparisonRow, *, position: tuple[int, int] = (0, 0)) -> None:
        """Show this comparison from the beginning of its texts. Nothing shown reveals model, length or time."""
        self._pair, self._names = pair, {}
        self._marked, self._zoomed, self._differing = None, False, False
        with self.app.batch_update():
            title = prompt_title(pair.prompt, position)
            self.prompt.ask(title, pair.prompt.messages, rendered=self.rendered)
            self._show_answers()
            self._show_marks()

    def show_growing(self, prompt: PromptRow, texts: tuple[str, str], *, position: tuple[int, int] = (0, 0)) -> None:
        """Show the text so far of a pair's answers as plain text; markdown is rendered once the pair is complete."""
        self._pair, self._names = None, {}
        with self.app.batch_update():
            title, note = prompt_title(prompt, position), "both answers are being written"
            self.prompt.ask(title, prompt.messages, rendered=self.rendered, note=note)
            for name, text in zip(("first", "second"), texts, strict=True):
                shown = text if self.thoughts_shown else folded(text, growing=True)
                self.pane(name).show(self.title_of(name), shown or "…", rendered=False)

    def note(self, words: str | Content) -> None:
        """Show a short note in the lower border of the prompt."""
        self.pane("prompt").set_note(words)

    def set_answer_titles(self, first: str | Content, second: str | Content) -> None:
        """Name the two answers, where names may be shown."""
        self._names = {"first": first, "second": second}
        self.retitle()

    def _show_answers(self) -> None:
        if self._pair is None:
            return
        marks = self._differences() if self._differing else ((), ())
        rendered = self.rendered and not self._differing
        for name, answer, own in zip(("first", "second"), (self._pair.first, self._pair.second), marks, strict=True):
            title, note = self._names.get(name, self.title_of(name)), self._thoughts_note(answer.text)
            shown = self._seen(answer.text)
            self.pane(name).show(title, shown, rendered=rendered, cut=answer.cut, marks=own, note=note)

    def _seen(self, text: str) -> str:
        """An answer as it is shown: its thoughts stay folded until a key opens them."""
        return text if self.thoughts_shown else folded(text)

    def _thoughts_note(self, text: str) -> str:
        if not has_thoughts(text):
            return ""
        return "with its thoughts · o folds them" if self.thoughts_shown else "thoughts folded · o opens them"

    @property
    def has_thoughts(self) -> bool:
        """Has one of the answers thoughts?"""
        return self._pair is not None and any(has_thoughts(each.text) for each in (self._pair.first, self._pair.second))

    def toggle_thoughts(self) -> None:
        """Open the thoughts before the answers, or fold them."""
        self.thoughts_shown = not self.thoughts_shown
        self._show_answers()

    def _differences(self) -> tuple[Spans, Spans]:
        assert self._pair is not None
        first, second = (self._seen(each.text) for each in (self._pair.first, self._pair.second))
        found = differences(visible(first), visible(second))
        self._differing = found is not None
        self.differences_note = "too long to compare word by word"
        if found is not None:
            same = "the same words; spaces differ"
            self.differences_note = "words that differ are underlined; d again" if any(found) else same
        return found or ((), ())

    def title_of(self, name: str) -> str:
        """The key that chooses an answer; stacked panes also have their name."""
        number = "1" if name == "first" else "2"
        return f"{number} · {name}" if self.screen.has_class("-narrow") else number

    @property
    def prompt(self) -> PromptPane:
        """The pane above the answers."""
        return self.query_one(PromptPane)

    def pane(self, name: str) -> TextPane:
        """The pane called "prompt", "first" or "second"."""
        return self.query_one(f"#{name}", TextPane)

    # -- the view ------------------------------------------------------------------------------------------------

    def retitle(self) -> None:
        """Name the panes again, after the width changed."""
        for name in ("first", "second"):
            answer = self._pair and (self._pair.first if name == "first" else self._pair.second)
            note = self._thoughts_note(answer.text) if answer else ""
            self.pane(name).set_titles(self._names.get(name, self.title_of(name)), note)

    def toggle_rendered(self) -> None:
        """Show markdown, or the text as it was written."""
        if self._differing:
            self._differing = False  # marks are only in the text as it was written
        else:
            self.rendered = not self.rendered
            if self._pair is not None:
                self.prompt.query_one(PromptText).ask(self._pair.prompt.messages, rendered=self.rendered)
        self._show_answers()

    @property
    def marked(self) -> str | None:
        """The marked pane: "prompt", "first", "second", or None."""
        return self._marked

    def toggle_differences(self) -> None:
        """Mark the words in which the answers differ, in the texts as they were written, or remove the marks."""
        self._differing = not self._differing
        self.differences_note = ""
        self._show_answers()

    def copied(self) -> tuple[str, str]:
        """The name and the text of what is copied: the marked pane, or the prompt and both answers."""
        assert self._pair is not None
        prompt = prompt_text(self._pair.prompt.messages)
        first, second = (self._seen(each.text) for each in (self._pair.first, self._pair.second))
        texts = {"prompt": prompt, "first": first, "second": second}
        if self._marked is not None:
            return {"prompt": "the prompt", "first": "the first answer", "second": "the second answer"}[
                self._marked
            ], texts[self._marked]
        return "the prompt and both answers", "\n\n---\n\n".join(texts[name] for name in ("prompt", "first", "second"))

    def mark_next(self) -> None:
        """Mark the first answer, then the second, then the prompt if it has more to show, then none."""
        stops: Sequence[str | None] = ("first", "second") if self._zoomed else (None, *_PANES)
        if not self.pane("prompt").overflows:
            stops = [stop for stop in stops if stop != "prompt"]
        place = stops.index(self._marked) if self._marked in stops else 0
        self._marked = stops[(place + 1) % len(stops)]
        self._show_marks()

    def toggle_zoom(self) -> None:
        """Zoom the marked answer (the first one, if none is marked), or end the zoom."""
        self._zoomed = not self._zoomed
        if self._zoomed and self._marked not in ("first", "second"):
            self._marked = "first"
        elif not self._zoomed:
            self._marked = None
        self._show_marks()

    def _show_marks(self) -> None:
        for name in _PANES:
            self.pane(name).set_class(self._marked == name, "-marked")
            self.pane(name).set_class(self._zoomed and name != "prompt" and name != self._marked, "-hidden")

    def scroll_lines(self, lines: int) -> None:
        """Scroll both answers, or the marked pane, by a number of lines."""
        for pane in self._moving():
            pane.scroll_relative(y=lines, animate=False)

    def scroll_pages(self, pages: int) -> None:
        """Scroll by pages of the smaller pane, with two lines kept in sight."""
        moving = self._moving()
        page = min(pane.scrollable_content_region.height for pane in moving)
        self.scroll_lines(pages * max(page - 2, 1))

    def scroll_to_edge(self, *, end: bool) -> None:
        """Scroll to the beginning or the end."""
        for pane in self._moving():
            if end:
                pane.scroll_end(animate=False)
            else:
                pane.scroll_home(animate=False)

    def _moving(self) -> list[TextPane]:
        return [self.pane(self._marked)] if self._marked else [self.pane("first"), self.pane("second")]


def prompt_title(asked: PromptRow, position: tuple[int, int]) -> str:
    """`science · prompt 38 of 200 · biology`."""
    parts = [visible_line(asked.set_name, 32)]
    if position[0]:
        parts.append(f"prompt {position[0]} of {position[1]}")
    if asked.field:
        parts.append(visible_line(asked.field, 24))
    return " · ".join(parts)
