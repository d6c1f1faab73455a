"""The Data screen: every current verdict, the prompt sets, import and export."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from db.pair_rows import VerdictCounts
from db.prompt_rows import PromptSetRow
from tui.curation.verdict_list import DataSearch, Found
from tui.errors import KNOWN_ERRORS
from tui.events import ImportMoved, PairChanged, VerdictStored, WorkbenchEvent
from tui.screens.base import PalateScreen
from tui.screens.data.filter_picker import FilterPicker
from tui.screens.data.import_export import export_file, import_file
from tui.screens.data.joining import join_workspace, settle_pairs
from tui.screens.data.preferences import PreferencesScreen
from tui.screens.data.prompts import PromptsScreen
from tui.screens.pairs.pair_changes import ask_note, take_out
from tui.screens.pairs.reason_list import edit_reasons
from tui.screens.pairs.verdict import VerdictScreen
from tui.screens.single_dismiss import leads_away_once
from tui.text.format import count
from tui.text.sanitize import visible_line
from tui.widgets.binding import Binding, TextualBinding, Writing
from tui.widgets.form.line_input import LineInput
from tui.widgets.import_progress import ImportLine
from tui.widgets.lists.verdict_list import VerdictList, heading

_EMPTY = "No verdicts yet. Press L and judge the first pair."
_NOTHING_FOUND = "No verdict matches. Press esc to see all of them."
_LETTERS = ("prompts", "find", "filter", "take_out", "note", "import", "export", "likes", "reasons", "settle", "join")


class DataScreen(PalateScreen):
    """Look through what was judged, open it again, bring data in and out."""

    MODE = "data"
    READ_BEFORE_LAYOUT = True
    AUTO_FOCUS = "VerdictList"
    BINDINGS: ClassVar = [
        Binding("slash", "find", "find", id="data.find", key_display="/", tooltip="Find by words and filters."),
        Binding("f", "filter", "filter", id="data.filter", tooltip="Choose a filter: verdict, set, policy, run."),
        Writing("t", "take_out", "take out", id="data.take-out", tooltip="Take out of training, or put back."),
        Writing("c", "note", "note", id="data.note", tooltip="Keep a note with this pair.", show=False),
        Writing("i", "import", "import", id="data.import", tooltip="Take in prompts or judged pairs from a file."),
        Binding("o", "export", "export", id="data.export", tooltip="Write your judged pairs to a file."),
        Binding("p", "prompts", "prompts", id="data.prompts", tooltip="Prompt sets: add, hold out, move, remove."),
        Binding("w", "likes", "what you like", id="data.likes", tooltip="Your preferences, with intervals."),
        Writing("d", "settle", "settle", id="data.settle", tooltip="Pairs that others judged otherwise than you."),
        Writing("P", "join", "join", id="data.join", tooltip="Take along what another person judged.", show=False),
        Writing("r", "reasons", "reasons", id="data.reasons", tooltip="The list of reasons for verdicts.", show=False),
        Binding("j", "move(1)", "down", show=False, id="data.down", tooltip="Next verdict."),
        Binding("k", "move(-1)", "up", show=False, id="data.up", tooltip="Verdict before."),
        Binding("escape", "clear", "all", id="data.clear", tooltip="Take words and filters off: every verdict again."),
    ]

    def compose_body(self) -> ComposeResult:
        """The filter, the list, and the prompt sets below it."""
        with Vertical(id="verdicts"):
            yield LineInput(placeholder="words, or verdict:tie set:science noted", id="filter", select=False)
            yield Static(heading(), id="heading")
            yield VerdictList()
            yield Static(id="nothing")
        yield ImportLine()
        yield Static(id="sets")

    # -- what is shown -------------------------------------------------------------------------------------------

    def screen_shown(self) -> None:
        """Read everything again: it may have changed elsewhere."""
        self.load()

    def from_workbench(self, published: WorkbenchEvent) -> None:
        """A verdict was stored, or a pair changed, while the list is in sight."""
        if isinstance(published, VerdictStored | PairChanged) and self.is_current:
            self.load()
        elif isinstance(published, ImportMoved):
            self.query_one(ImportLine).show(published.progress)
            if published.progress is None and self.is_current:
                self.load()

    def on_mount(self) -> None:
        """Searching has a thread of its own, so that keys are never held up."""
        self._search = DataSearch(self.workbench.data)
        self.shown_query: str | None = None
        self._finding = 0

    def on_unmount(self) -> None:
        """End what is still searched for."""
        self._search.close()

    @property
    def query_text(self) -> str:
        """What is typed into the line."""
        return self.query_one("#filter", Input).value

    def load(self) -> None:
        """Read the newest verdicts that are asked for, and the sets."""
        self.query_one("#verdicts").border_title = Content(counts_line(self.workbench.counts()))
        self.query_one("#sets", Static).update(sets_line(self.workbench.prompt_sets()))
        self._ask()

    def _ask(self) -> None:
        """Look for what is typed, beside the loop."""
        self.run_worker(self._find(self.query_text), name="find")

    async def _find(self, query: str) -> None:
        """Show what a query finds, then its count; for a query that cannot be read, show why."""
        # The same question again, because something changed: as much is read as there was, so that the mark stays.
        there = len(self.query_one(VerdictList).rows) if query == self.shown_query else 0
        self._finding += 1
        try:
            found = await self._search.page(query, at_least=there)
        except KNOWN_ERRORS as error:  # a filter that does not exist, or a database that was replaced
            self.shown_query = query
            self._draw_caption(str(error), wrong=True)
            return
        finally:
            self._finding -= 1
        if found is None:
            return  # another search was asked for since
        self.shown_query = query
        self.query_one(VerdictList).show(found.rows, complete=found.complete)
        self._draw_found(found, len(found.rows) if found.complete else None)
        if not found.complete and query.strip():
            total = await self._search.count(query)
            if total is not None:
                self._draw_found(found, total)

    async def on_verdict_list_wanted(self, event: VerdictList.Wanted) -> None:
        """Read on below what is shown; not while it is being read again, which this question would end."""
        event.stop()
        if self._finding:
            return
        try:
            found = await self._search.page(self.query_text, event.before)
        except KNOWN_ERRORS as error:
            self._draw_caption(str(error), wrong=True)
            return
        if found is not None and found.query == self.query_text:
            self.query_one(VerdictList).add(found.rows, complete=found.complete)
            self._draw_found(found, None)

    def _draw_found(self, found: Found, total: int | None) -> None:
        """An empty list says what to press; a long one says that there is more."""
        shown, filtered = len(self.query_one(VerdictList).rows), bool(found.query.strip())
        self.query_one("#verdicts").set_class(shown == 0, "-empty")
        if not shown:  # a hidden text that changes would have the screen laid out again
            self.query_one("#nothing", Static).update(Content(_NOTHING_FOUND if filtered else _EMPTY))
        more = "" if found.complete else f"the newest {shown:,}, more as you go down"
        matches = count(total, "match").replace("matchs", "matches") if filtered and total is not None else ""
        self._draw_caption(" · ".join(part for part in (matches, more) if part))
        self.refresh_bindings()

    def _draw_caption(self, words: str, *, wrong: bool = False) -> None:
        """A sentence below the list."""
        subtitle = Content.styled(visible_line(words, 400), "$warning" if wrong else "$quiet")
        self.query_one("#verdicts").border_subtitle = subtitle if words else None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only a filter can be taken off."""
        if action == "clear" and not self.query_one("#filter").has_class("-open"):
            return False
        if action in _LETTERS and isinstance(self.focused, Input):
            return False  # these keys are letters there
        if action in ("take_out", "note"):
            marked = self.query_one(VerdictList).marked
            return True if marked is not None and marked.trial is None else None
        return super().check_action(action, parameters)

    def key_label(self, binding: TextualBinding) -> str:
        """What is out can be put back."""
        marked = self.query_one(VerdictList).marked
        return "put back" if binding.action == "take_out" and marked and marked.out else binding.description

    # -- looking through -----------------------------------------------------------------------------------------

    @leads_away_once
    def on_option_list_option_selected(self, event: VerdictList.OptionSelected) -> None:
        """Enter or a click on a line opens its pair."""
        event.stop()
        if event.option_id is not None:
            self.app.push_screen(VerdictScreen(int(event.option_id)))

    def action_move(self, lines: int) -> None:
        """Move the mark."""
        verdicts = self.query_one(VerdictList)
        if lines > 0:
            verdicts.action_cursor_down()
        else:
            verdicts.action_cursor_up()

    def action_likes(self) -> None:
        """What the choices say."""
        self.app.push_screen(PreferencesScreen())

    def on_option_list_option_highlighted(self, _event: VerdictList.OptionHighlighted) -> None:
        """What the keys do depends on the row under the mark."""
        self.refresh_bindings()

    def action_prompts(self) -> None:
        """Prompt sets and their prompts."""
        self.app.push_screen(PromptsScreen())

    def action_settle(self) -> None:
        """The pairs on which others said otherwise."""
        settle_pairs(self)

    def action_join(self) -> None:
        """Take along what another person judged."""
        self.run_worker(join_workspace(self), name="join", exit_on_error=True)

    def action_reasons(self) -> None:
        """The list of reasons."""
        edit_reasons(self)

    def action_find(self) -> None:
        """Type words and filters; the list follows every key."""
        self.query_one("#filter").add_class("-open")
        self.query_one("#filter").focus()
        self.refresh_bindings()

    def action_filter(self) -> None:
        """Choose a filter instead of typing it."""
        self.app.push_screen(FilterPicker(self.workbench.data.filter_values), self._add_filter)

    def _add_filter(self, piece: str | None) -> None:
        if piece is not None:
            line = self.query_one("#filter", Input)
            line.add_class("-open")
            line.value = f"{line.value.strip()} {piece}".strip() + " "
            line.cursor_position = len(line.value)

    def action_take_out(self) -> None:
        """Take the marked pair out of training, or put it back."""
        marked = self.query_one(VerdictList).marked
        if marked is not None:
            self.run_worker(take_out(self, marked.comparison, not marked.out), name="take out")

    def action_note(self) -> None:
        """Keep a note with the marked pair."""
        marked = self.query_one(VerdictList).marked
        if marked is not None:
            ask_note(self, marked.comparison)

    def on_input_changed(self, _event: Input.Changed) -> None:
        """The list follows every key."""
        self._ask()

    def on_input_submitted(self, _event: Input.Submitted) -> None:
        """Enter goes to the list and keeps the filter."""
        self.query_one(VerdictList).focus()

    def action_clear(self) -> None:
        """Take the filter off."""
        line = self.query_one("#filter", Input)
        line.value = ""
        line.remove_class("-open")
        self.query_one(VerdictList).focus()
        self.refresh_bindings()

    # -- in and out ----------------------------------------------------------------------------------------------

    def action_import(self) -> None:
        """Import a file, or stop the import in progress."""
        self.run_worker(import_file(self), name="import", exit_on_error=True)

    def action_export(self) -> None:
        """Write the judged pairs to a file."""
        self.run_worker(export_file(self), name="export", exit_on_error=True)


# -- words -----------------------------------------------------------------------------------------------------


def counts_line(counts: VerdictCounts) -> str:
    """The current verdicts, in one line; kinds that do not occur are left out."""
    parts = [count(counts.total, "verdict"), count(counts.decisive, "pair")]
    others = ((counts.ties, "tie"), (counts.both_bad, "both bad"), (counts.both_good, "both good"))
    for number, word in (*others, (counts.skipped, "skipped"), (counts.discarded, "discarded")):
        if number:
            parts.append(count(number, word) if word == "tie" else f"{number:,} {word}")
    return " · ".join(parts)


def sets_line(sets: list[PromptSetRow]) -> Content:
    """Every prompt set with its count; held-out ones say so."""
    if not sets:
        return Content.styled("No prompt sets. Press i to add one.", "$quiet")
    width = max(len(visible_line(each.name, 40)) for each in sets)
    lines = [
        Content.assemble(
            f"{visible_line(each.name, 40):<{width}}",
            (f"  {each.prompts:>6,} prompts  {'held out for trials' if each.held_out else 'for labelling'}", "$quiet"),
        )
        for each in sets
    ]
    return Content("\n").join(lines)
