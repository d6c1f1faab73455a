"""The keys that add to the marked prompt set, rename it, hold it out, or make another."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from textual.content import Content

from db.prompt_rows import SetCounts
from tui.curation.prompt_sets import PromptSets, added_words
from tui.generation.prompt_growth import GrowthRequest
from tui.screens.actions import Actions
from tui.screens.base import PalateScreen
from tui.screens.data.grow import GrowScreen
from tui.screens.data.prompt_dialogs import crossing_question
from tui.screens.dialog import AskText, Choose
from tui.screens.external_editor import edit_text
from tui.screens.picker import Pick
from tui.text.sanitize import visible_line
from tui.widgets.binding import TextualBinding, Writing

SET_KEYS: Final = (
    Writing("a", "add", "add", id="prompts.add", tooltip="Type a prompt for the marked set."),
    Writing("e", "write", "write", id="prompts.write", tooltip="Write a prompt for the marked set in your editor."),
    Writing("n", "new_set", "new set", id="prompts.new-set", tooltip="Make a set, for labelling or for trials."),
    Writing("r", "rename", "rename", id="prompts.rename", tooltip="Give the marked set another name."),
    Writing("h", "hold_out", "hold out", id="prompts.hold-out", tooltip="Hold the set out for trials, or back."),
    Writing("M", "grow", "more", id="prompts.grow", tooltip="A model writes more; you take each or not."),
)
_HERE: Final = ""


class PromptSetActions(Actions):
    """The actions of `SET_KEYS`. `marked` gives the marked set, and `run` does something and shows what it changed."""

    def __init__(
        self, screen: PalateScreen, marked: Callable[[], SetCounts | None], run: Callable[[Awaitable[object]], None]
    ) -> None:
        self._screen, self._marked, self._run = screen, marked, run

    @property
    def _prompts(self) -> PromptSets:
        return self._screen.workbench.prompts

    def enabled(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """All but a new set need a marked one, and a set that is held out does not grow."""
        del parameters
        marked = self._marked()
        if action == "new_set":
            return True
        return True if marked is not None and not (action == "grow" and marked.row.held_out) else None

    def word(self, binding: TextualBinding) -> str:
        """A set that is held out can be released."""
        marked = self._marked()
        return "release" if binding.action == "hold_out" and marked and marked.row.held_out else super().word(binding)

    def action_add(self) -> None:
        """Type a prompt for the marked set."""
        marked = self._marked()
        if marked is not None:
            sentence = f"A question for the set {marked.row.name!r}. For more than a line press e instead."
            ask = AskText("Add a prompt", sentence)
            self._screen.app.push_screen(ask, lambda text: self._run(self._add(marked, text)) if text else None)

    async def _add(self, marked: SetCounts, text: str) -> None:
        added = await asyncio.wrap_future(self._prompts.add(marked.row.id, text))
        self._screen.palate.tell("Add a prompt", added_words(added, marked.row.name))

    def action_write(self) -> None:
        """Write a prompt in the editor."""
        marked = self._marked()
        if marked is not None:
            self._run(self._write(marked))

    async def _write(self, marked: SetCounts) -> None:
        edited = await edit_text(self._screen.app, "")
        if edited.text.strip():
            await self._add(marked, edited.text)
        edited.forget()

    def action_grow(self) -> None:
        """Let a model write more prompts like those of the marked set; ask which, where there is a choice."""
        marked = self._marked()
        if marked is None or marked.row.held_out:
            return
        servers = self._screen.workbench.servers.all()
        if not servers:
            self._grow(marked, _HERE)
            return
        rows = [(_HERE, Content("the base model here"))]
        rows += [(each.name, Content(visible_line(f"{each.name} · {each.server.model}", 60))) for each in servers]
        sentence = f"Who writes more prompts like those of {marked.row.name!r}? A few of them are shown to it."
        pick = Pick("More prompts", sentence, rows)
        self._screen.app.push_screen(pick, lambda key: self._grow(marked, key) if key is not None else None)

    def _grow(self, marked: SetCounts, server: str) -> None:
        request = GrowthRequest(marked.row.name, server=None if server == _HERE else server)
        self._screen.app.push_screen(GrowScreen(request, marked.row.id))

    def action_new_set(self) -> None:
        """Ask for a name, then what the set is for."""
        self._screen.app.push_screen(
            AskText("New set", "Its name, for one: letters", placeholder="name"), self._new_set_named
        )

    def _new_set_named(self, name: str | None) -> None:
        if name:
            kinds = (("l", "for labelling"), ("h", "held out for trials, never trained on"))
            make = lambda key: self._run(self._new_set(name, key == "h")) if key else None  # noqa: E731
            self._screen.app.push_screen(Choose("New set", f"What is {name!r} for?", kinds), make)

    async def _new_set(self, name: str, held_out: bool) -> None:
        await asyncio.wrap_future(self._prompts.new_set(name, held_out=held_out))

    def action_rename(self) -> None:
        """Ask for another name."""
        marked = self._marked()
        if marked is not None:
            ask = AskText("Rename", f"Another name for {marked.row.name!r}.", value=marked.row.name)
            self._screen.app.push_screen(ask, lambda name: self._run(self._rename(marked, name)) if name else None)

    async def _rename(self, marked: SetCounts, name: str) -> None:
        await asyncio.wrap_future(self._prompts.rename(marked.row.id, name))

    def action_hold_out(self) -> None:
        """Say what it means, then hold the set out or release it."""
        marked = self._marked()
        if marked is not None:
            self._run(self._ask_to_cross(marked))

    async def _ask_to_cross(self, marked: SetCounts) -> None:
        to_trials = not marked.row.held_out
        meant = await asyncio.to_thread(self._prompts.crossing_of_set, marked.row.id)
        act = lambda key: self._run(self._cross(marked, to_trials)) if key else None  # noqa: E731
        self._screen.app.push_screen(crossing_question(marked.row.name, meant, to_trials), act)

    async def _cross(self, marked: SetCounts, to_trials: bool) -> None:
        await asyncio.wrap_future(self._prompts.set_held_out(marked.row.id, to_trials))
