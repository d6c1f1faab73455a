"""What you like: what the choices of a person say, each share with its interval, and what follows from it."""

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from db.pair_rows import GiverRow
from tui.analysis import report_format as words
from tui.analysis.preferences import Preference
from tui.analysis.report import Group, PreferenceReport
from tui.errors import KNOWN_ERRORS
from tui.events import ModelChanged, VerdictStored, WorkbenchEvent
from tui.screens.base import PalateScreen
from tui.screens.pairs.review import ReviewScreen
from tui.text.format import signed
from tui.text.sanitize import visible, visible_line
from tui.widgets.binding import Binding, TextualBinding, Writing


class PreferencesScreen(PalateScreen):
    """One text that scrolls; its figures are counted on a thread, and again only when something was stored."""

    MODE = "data"
    AUTO_FOCUS = "#likes"
    BINDINGS: ClassVar = [
        Binding("escape", "back", "back", id="likes.back", tooltip="Back to the verdicts."),
        Binding("f", "group(1)", "set or field", id="likes.group", tooltip="Only one prompt set, then only one field."),
        Binding("F", "group(-1)", "the one before", show=False, id="likes.group-back", tooltip="The group before."),
        Binding("i", "source", "imported", id="likes.source", tooltip="Pairs that came with a file, or your own."),
        Binding("v", "giver", "verdicts of", id="likes.giver", tooltip="What another person or a judge prefers."),
        Writing("w", "missed", "look again", id="likes.missed", tooltip="Open the pairs that the adapter gets wrong."),
        Writing("s", "smoothing", "smoothing", id="likes.smoothing", tooltip="The next run's label smoothing."),
        Binding("j", "scroll(1)", "down", show=False, id="likes.down", tooltip="Scroll down."),
        Binding("k", "scroll(-1)", "up", show=False, id="likes.up", tooltip="Scroll up."),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._group, self._source = Group(), "person"
        self._givers: tuple[str, ...] = ()
        self._rows: list[GiverRow] = []
        self._page: PreferenceReport | None = None

    def compose_body(self) -> ComposeResult:
        """The text."""
        with VerticalScroll(id="likes"):
            yield Static(Content.styled("Counting …", "$quiet"), id="likes-text", markup=False)

    # -- what is shown -------------------------------------------------------------------------------------------

    @property
    def page(self) -> PreferenceReport | None:
        """What is shown; None while it is counted for the first time."""
        return self._page

    def screen_shown(self) -> None:
        """Count, unless nothing was stored since."""
        version = self.workbench.preferences.version()
        self.run_worker(self._read(version), name="likes", exclusive=True)

    def from_workbench(self, published: WorkbenchEvent) -> None:
        """A verdict was stored or another adapter answers, while the page is in sight."""
        if isinstance(published, VerdictStored | ModelChanged) and self.is_current:
            self.screen_shown()

    async def _read(self, version: int) -> None:
        read = partial(self.workbench.preferences.read, self._group, source=self._source, givers=self._givers)
        try:
            page = await asyncio.to_thread(read, version=version)
        except KNOWN_ERRORS as error:
            self.palate.tell_error(error)
            return
        self._page = page
        self._rows = self.workbench.preferences.givers()
        self.query_one("#likes-text", Static).update(page_text(page))
        self.refresh_bindings()

    # -- keys ----------------------------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only the keys that do something now."""
        page = self._page
        match action:
            case "group":
                return page is not None and len(page.groups) > 2
            case "source":
                return page is not None and (page.imported > 0 or self._source == "import")
            case "giver":
                return len(self._rows) > 1
            case "missed":
                return page is not None and page.missed is not None and bool(page.missed.pairs)
            case "smoothing":
                return page is not None and page.label_noise.smoothing is not None
        return super().check_action(action, parameters)

    def key_label(self, binding: TextualBinding) -> str:
        """The key that turns to imported pairs turns back."""
        return "your own" if binding.action == "source" and self._source == "import" else binding.description

    def action_back(self) -> None:
        """Back to the verdicts."""
        self.dismiss()

    def action_group(self, by: int) -> None:
        """The next prompt set or field, or everything again."""
        assert self._page is not None
        groups = self._page.groups
        keys = [each.key for each in groups]
        place = keys.index(self._group.key) if self._group.key in keys else 0
        self._group = groups[(place + by) % len(groups)]
        self.screen_shown()

    def action_source(self) -> None:
        """Imported pairs, or the person's own verdicts."""
        self._source, self._givers = "person" if self._source == "import" else "import", ()
        self._group = Group()
        self.screen_shown()

    def action_giver(self) -> None:
        """The next person or judge, or the owner again."""
        labels = [each.label for each in self._rows]
        place = labels.index(self._givers[0]) if self._givers and self._givers[0] in labels else 0
        following = (place + 1) % len(labels)
        self._source, self._givers = "person", (labels[following],) if following else ()
        self.screen_shown()

    def action_missed(self) -> None:
        """Open the pairs that the adapter ranks the other way, the lowest margin first."""
        assert self._page is not None
        assert self._page.missed is not None
        pairs = [(each.comparison, f"margin {signed(each.margin)}") for each in self._page.missed.pairs]
        self.app.push_screen(ReviewScreen(pairs))

    async def action_smoothing(self) -> None:
        """Set the next run's label smoothing, and show it where it can be changed."""
        assert self._page is not None
        smoothing = f"{self._page.label_noise.smoothing:g}"
        palate = self.palate
        (await palate.open_train()).take_setting("label_smoothing", smoothing)
        palate.tell("Label smoothing", f"It is {smoothing} for the next run. Backspace in its row takes it back.")

    def action_scroll(self, lines: int) -> None:
        """Scroll by lines."""
        self.query_one("#likes").scroll_relative(y=lines, animate=False)


# -- the text --------------------------------------------------------------------------------------------------


def page_text(page: PreferenceReport) -> Content:
    """The page from its head to the pace."""
    parts = [
        Content.assemble(("What your choices say", "bold"), f"  {visible_line(words.group_words(page.group), 48)}"),
        _quiet(words.counted_words(page)),
        _quiet(words.HOW),
        Content(""),
        *_table(page.summary.preferences),
        _quiet(words.LONGER_ELSEWHERE),
    ]
    if page.summary.equal_length:
        parts += [Content(""), _quiet(words.EQUAL), *_table(page.summary.equal_length)]
    if page.reasons:
        lines = (Content(visible(words.reason_words(each))) for each in page.reasons)
        parts += [Content(""), _head("By reason"), *lines]
    parts += [Content(""), _head("You against yourself"), *map(Content, words.agreement_words(page))]
    parts += [Content(words.flip_words(page.label_noise)), *_offer(page)]
    if page.with_others:
        parts += [Content(""), _head("You and others"), *(Content(visible(each)) for each in words.others_words(page))]
    parts += [Content(""), _head("Still the other way round"), Content(visible(words.missed_words(page.missed)))]
    if page.days:
        parts += [Content(""), _head("Pace"), *(_quiet(words.day_words(day)) for day in reversed(page.days))]
    return Content("\n").join(parts)


def _offer(page: PreferenceReport) -> list[Content]:
    smoothing = page.label_noise.smoothing
    if smoothing is None:
        return []
    offer = f" sets the label smoothing of the next run to {smoothing:g}. Nothing is set by itself."
    return [Content.assemble(("s", "bold $accent"), offer)]


def _table(preferences: Sequence[Preference]) -> list[Content]:
    return [_quiet(_aligned("the answer", "chosen", "95 % interval", "", "pairs", "neither")), *map(_line, preferences)]


def _line(preference: Preference) -> Content:
    line = _aligned(*words.cells(preference))
    return Content.styled(line, "bold") if preference.says in ("more often", "less often") else Content(line)


def _aligned(name: str, share: str, interval: str, says: str, pairs: str, neither: str) -> str:
    return f"{name:<25}{share:>6}  {interval:<14}{says:<14}{pairs:>6}{neither:>8}"


def _head(title: str) -> Content:
    return Content.styled(title, "bold")


def _quiet(line: str) -> Content:
    return Content.styled(visible(line), "$quiet")
