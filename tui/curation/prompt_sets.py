"""Read and change prompts and prompt sets for a screen and for commands: list, add, move, hold out and return them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

from db import held_out as db_held_out
from db import prompt_lists as db_prompt_lists
from db import prompt_sets as db_prompt_sets
from db import prompts as db_prompts
from db.prompt_rows import AddedPrompts, Crossing, PromptListRow, PromptRow, PromptSetRow, SetCounts
from tui.errors import InputError
from tui.text.format import count

if TYPE_CHECKING:
    from tui.workspace.workspace import Workspace


class PromptSets:
    """Reads and changes prompts and their sets. `changed` is called, on the writer's thread, after each change."""

    def __init__(self, workspace: Workspace, changed: Callable[[], None] = lambda: None) -> None:
        self._workspace = workspace
        self._changed = changed

    # -- reading -------------------------------------------------------------------------------------------------

    def sets(self) -> list[SetCounts]:
        """Every prompt set with the counts of its prompts."""
        return db_prompt_lists.set_counts(self._workspace.connection)

    def find_set(self, name: str) -> PromptSetRow:
        """The set of that name.

        Raises:
            InputError: there is none; the message names the existing sets.
        """
        row = db_prompts.get_prompt_set(self._workspace.connection, name)
        if row is None:
            names = ", ".join(repr(each.name) for each in db_prompts.list_prompt_sets(self._workspace.connection))
            raise InputError(f"There is no prompt set {name!r}. There are: {names}.")
        return row

    def prompts(
        self, set_id: int, *, words: Sequence[str] = (), after: int = 0, limit: int = 200
    ) -> list[PromptListRow]:
        """The prompts of a set behind the id `after` that hold all of `words`, at most `limit`."""
        return db_prompt_lists.list_prompts(self._workspace.connection, set_id, words=words, after=after, limit=limit)

    def prompt(self, prompt: int) -> PromptRow:
        """One prompt with its set."""
        return db_prompts.get_prompt(self._workspace.connection, prompt)

    def crossing(self, prompts: Sequence[int]) -> Crossing:
        """The effects of moving these prompts from labelling to trials, or the other way round."""
        return db_held_out.crossing(self._workspace.connection, prompts)

    def crossing_of_set(self, set_id: int) -> Crossing:
        """The effects of moving a whole set from labelling to trials, or the other way round."""
        connection = self._workspace.connection
        return db_held_out.crossing(connection, db_held_out.prompts_of(connection, set_id))

    # -- changing ------------------------------------------------------------------------------------------------

    def new_set(self, name: str, *, held_out: bool) -> Future[int]:
        """Create an empty set."""
        return self._write(db_prompt_sets.create_prompt_set, name, held_out=held_out)

    def rename(self, set_id: int, name: str) -> Future[None]:
        """Rename a set."""
        return self._write(db_prompt_sets.rename_set, set_id, name)

    def set_held_out(self, set_id: int, held_out: bool) -> Future[Crossing]:
        """Hold a set out for trials, or return it to labelling."""
        return self._write(db_held_out.set_held_out, set_id, held_out)

    def add(self, set_id: int, text: str, *, field: str | None = None) -> Future[AddedPrompts]:
        """Add one prompt to a set; `text` is a user message."""
        return self._write(db_prompt_sets.add_question, set_id, text, field)

    def move(self, prompts: Sequence[int], set_id: int) -> Future[Crossing]:
        """Move prompts into a set."""
        return self._write(db_held_out.move_prompts, prompts, set_id)

    def remove(self, prompt: int) -> Future[None]:
        """Remove a prompt that was never used."""
        return self._write(db_prompt_sets.remove_prompt, prompt)

    def _write(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Future[Any]:
        done = self._workspace.write(function, *args, **kwargs)
        done.add_done_callback(lambda over: None if over.cancelled() or over.exception() else self._changed())
        return done


# -- words -----------------------------------------------------------------------------------------------------


def holding_out_words(meant: Crossing, *, done: bool = False) -> list[str]:
    """The effects of holding prompts out, one sentence each, for before or after it (`done`)."""
    leave = "left" if done else "leave"
    words = [f"{count(meant.prompts, 'prompt')}: trials ask them, and no run ever trains on them."]
    if meant.verdicts:
        pairs = count(meant.pairs, "preference pair")
        words.append(f"{count(meant.verdicts, 'verdict')} on them stay in the list, but {pairs} {leave} training.")
    if meant.elsewhere:
        words.append(f"The same questions in other sets ({meant.elsewhere:,}) are held out with them.")
    if meant.trained:
        words.append(f"Runs trained on {meant.trained:,} of them already: no trial asks those.")
    if meant.interrupted:
        runs = ", ".join(str(each) for each in meant.interrupted)
        words.append(f"Interrupted runs that have some cannot be resumed: {runs}.")
    return words


def release_words(meant: Crossing) -> list[str]:
    """The effects of returning prompts to labelling, one sentence each."""
    words = [f"{count(meant.prompts, 'prompt')}: they are asked in labelling, and no later trial asks them."]
    if meant.pairs:
        words.append(f"{count(meant.pairs, 'preference pair')} of standing verdicts come into training again.")
    return words


def added_words(added: AddedPrompts, set_name: str) -> str:
    """The outcome of adding one prompt, in words."""
    if added.added:
        return f"The prompt is in the set {set_name!r}."
    if added.duplicates:
        return "That prompt is there already, so nothing was added."
    return "The same question is in a set of the other kind, held out or for labelling, so nothing was added."
