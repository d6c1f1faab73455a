"""The servers that may answer in place of the model here: which there are, whether they are up, and what they offer."""

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import OptionList

from tui.errors import KNOWN_ERRORS
from tui.screens.base import PalateScreen
from tui.screens.dialog import AskText, Choose
from tui.screens.list_changes import ask_to_remove, try_to
from tui.screens.single_dismiss import leads_away_once
from tui.text.sanitize import visible, visible_line
from tui.widgets.binding import Binding, TextualBinding, Writing
from tui.widgets.lists.cells import column, cut
from tui.widgets.lists.list_with_page import ListWithPage, page_keys
from tui.workspace.servers import NamedServer, report_lines

_ABOUT: Final = (
    "A server answers in place of the model here. A policy on it is written NAME@SERVER, such as base@box or "
    "taste-3@box, wherever a policy is chosen."
)
_EMPTY: Final = "No server yet. Press a to add one."
_LABEL: Final = 22


class ServersScreen(PalateScreen):
    """The list above, what is known of the marked server below."""

    AUTO_FOCUS = "CursorList"
    BINDINGS: ClassVar = [
        Writing("t", "try", "try", id="servers.try", tooltip="Ask the marked server what it is, and how fast."),
        Writing("a", "add", "add", id="servers.add", tooltip="Add a server: its name, address, model and key."),
        Writing("l", "allow", "allow", id="servers.allow", tooltip="Let texts be sent to it, or no longer."),
        Writing("x", "remove", "remove", id="servers.remove", tooltip="Offer the marked server no longer."),
        *page_keys("servers"),
        Binding("escape", "back", "back", id="servers.back", tooltip="Back to where you came from."),
    ]

    def __init__(self, mode: str) -> None:
        """Come from the screen of `mode`."""
        super().__init__()
        self.MODE = mode
        self._list: ListWithPage[NamedServer] = ListWithPage(_ABOUT, _EMPTY)
        self.reports: dict[str, Sequence[tuple[str, str]]] = {}
        """What each server said of itself while this screen is open, as labels and words."""

    def compose_body(self) -> ComposeResult:
        """A sentence, the list, and the marked server."""
        yield self._list

    # -- what is shown -------------------------------------------------------------------------------------------

    def screen_shown(self) -> None:
        """Read the list again: it may have changed elsewhere."""
        rows = {each.name: each for each in self.workbench.servers.all()}
        width = max([len(visible_line(name, 24)) for name in rows] or [0])
        self._list.show(rows, partial(_line, width=width))
        self._draw()

    @on(OptionList.OptionHighlighted)
    def _draw(self) -> None:
        self._list.show_page(self._about)
        self.refresh_bindings()

    def _about(self, marked: NamedServer) -> Content:
        key = f"in the variable {marked.server.key_env}" if marked.server.key_env else "none"
        lines: list[tuple[str, str]] = [("address", marked.server.url), ("model", marked.server.model), ("key", key)]
        lines += [*self.reports.get(marked.name, [("not asked yet", "press t to see whether it is up")])]
        shown = [Content.assemble((label.ljust(_LABEL), "$quiet"), visible(words)) for label, words in lines]
        return Content("\n").join(shown)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Dim what needs a server of the list."""
        marked = self._list.marked
        if action == "try":
            return True if marked else None
        if action == "allow":
            return True if marked and marked.id is not None and not marked.destination.is_this_machine else None
        if action == "remove":
            return True if marked and marked.id is not None else None
        return super().check_action(action, parameters)

    def key_label(self, binding: TextualBinding) -> str:
        """A server that texts may go to can be forbidden."""
        marked = self._list.marked
        return "forbid" if binding.action == "allow" and marked and marked.allowed else binding.description

    # -- keys ----------------------------------------------------------------------------------------------------

    def action_back(self) -> None:
        """Back to where the person came from."""
        self.dismiss()

    def action_page(self, by: int) -> None:
        """Scroll the marked server's page."""
        self._list.scroll_page(by)

    @on(OptionList.OptionSelected)
    def action_try(self) -> None:
        """Ask the marked server, beside everything else."""
        if (marked := self._list.marked) is not None:
            self.reports[marked.name] = [("asked", "waiting for its answer …")]
            self._draw()
            self.run_worker(self._inspect(marked.name), name=f"try {marked.name}")

    async def _inspect(self, name: str) -> None:
        try:
            report = await asyncio.to_thread(self.workbench.servers.inspect, name)
            if report.is_up:
                self.workbench.servers.keep_protocol(name, report.protocol)
        except KNOWN_ERRORS as error:
            self.reports[name] = [("does not answer", str(error))]
        else:
            self.reports[name] = report_lines(report)
        if self.is_mounted:
            self.screen_shown()

    @leads_away_once
    def action_add(self) -> None:
        """Ask for name, address, model and key, one after the other."""
        self._ask([], list(_QUESTIONS))

    def _ask(self, given: list[str], questions: list[tuple[str, str, str]]) -> None:
        if not questions:
            self._add(*given)
            return
        title, sentence, example = questions[0]
        optional = len(questions) == 1

        def answered(text: str | None) -> None:
            if text is not None:
                self._ask([*given, text], questions[1:])

        self.app.push_screen(AskText(title, sentence, placeholder=example, may_be_empty=optional), answered)

    def _add(self, name: str, url: str, model: str, key_env: str) -> None:
        self.run_worker(self._add_beside(name, url, model, key_env), name="add a server")

    async def _add_beside(self, name: str, url: str, model: str, key_env: str) -> None:
        """Add it on a thread, since the server is asked what it is."""
        servers = self.workbench.servers
        try:
            added = await asyncio.to_thread(servers.add, name, url, model=model, key_env=key_env or None)
        except KNOWN_ERRORS as error:
            self.palate.tell_error(error)
            return
        self.screen_shown()
        if not added.allowed:
            self._ask_consent(added)

    def action_allow(self) -> None:
        """Ask whether texts may be sent to the marked server; one that they may be sent to is forbidden."""
        marked = self._list.marked
        if marked is None:
            return
        if not marked.allowed:
            self._ask_consent(marked)
            return
        try_to(self, lambda: self.workbench.servers.forbid(marked.name))

    def _ask_consent(self, named: NamedServer) -> None:
        place = visible_line(named.destination.place, 60)
        sentence = f"Your prompts, and the answers that it is to judge or score, would be sent to {place}."
        choose = Choose("Send texts there?", sentence, (("y", "yes, from now on"),))

        def answered(answer: str | None) -> None:
            if answer is not None:
                try_to(self, lambda: self.workbench.servers.allow(named.name))

        self.app.push_screen(choose, answered)

    @leads_away_once
    def action_remove(self) -> None:
        """Ask, then offer the marked server no longer."""
        marked = self._list.marked
        if marked is None:
            return
        sentence = f"{visible_line(marked.name, 40)} is offered no longer. Its answers stay and still name it."
        ask_to_remove(self, "server", sentence, lambda: self.workbench.servers.remove(marked.name))


def _line(each: NamedServer, width: int) -> Content:
    texts = ("texts allowed", "$quiet") if each.allowed else ("texts not allowed", "$warning")
    name = column(visible_line(each.name, 24), width + 2)
    model = column(cut(visible_line(each.server.model), 28), 30)
    return Content.assemble((name, "bold"), model, (f"{each.program:<18}", "$quiet"), texts)


_QUESTIONS: Final = (
    ("Add a server", "A name for it, which is written behind the @ of a policy.", "box"),
    ("Its address", "The address of its API.", "http://gpu-box:8000/v1"),
    ("Its model", "The name of the base model at that server.", "meta-llama/Llama-3.1-8B-Instruct"),
    ("Its key", "The environment variable that holds its key. Leave it empty where it needs none.", "BOX_KEY"),
)
