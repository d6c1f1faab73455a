"""Read and change prompts and prompt sets for a screen and for commands: list, add, move, hold out and return them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from db import held_out as db_held_out
from db import prompt_lists as db_prompt_lists
from db import prompt_sets as db_prompt_sets
from db import prompts as db_prompts
from db.interchange.questions import read_prompts
from db.prompt_rows import (
    AddedPrompts,
    Crossing,
    PromptListRow,
    PromptRow,
    PromptSetRow,
    ReadPrompts,
    SetCounts,
    SimilarPrompt,
    SkippedLine,
    StoredQuestion,
    TakenPrompts,
)
from tui.curation.near_prompts import near_pairs, similar_prompts
from tui.errors import InputError
from tui.text.format import count, percent

if TYPE_CHECKING:
    from db.interchange.sources import Source
    from tui.workspace.workspace import Workspace


NOT_COMPARED: Final = "from here on not compared with others, since too many share most of their words"
NEARLY_THE_SAME: Final = "nearly the same as another prompt"


@dataclass(frozen=True)
class PromptFile:
    """A file of prompts that was read, for a set that is held out or not.

    `near` holds the places of the prompts that are nearly the same as others, in the order of `read.similar`.
    """

    read: ReadPrompts
    held_out: bool
    near: tuple[int, ...] = ()

    @property
    def distinct(self) -> ReadPrompts:
        """The file without those prompts, which count as left out."""
        read, near = self.read, set(self.near)
        lines = tuple(SkippedLine(read.lines[place], NEARLY_THE_SAME) for place in self.near)
        kept = tuple(prompt for place, prompt in enumerate(read.prompts) if place not in near)
        return replace(read, prompts=kept, skipped=(*read.skipped, *lines))


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

    def similar(self, set_id: int | None = None) -> list[tuple[StoredQuestion, StoredQuestion, float]]:
        """Prompts of a set (None: of all labelling sets) that are nearly the same as an earlier one, with it.

        Held-out prompts are compared as well where the set is for labelling, since a run on their like spoils a trial.
        """
        questions = db_prompt_lists.stored_questions(self._workspace.connection)
        name = None if set_id is None else self._name_of(set_id)
        pairs = [(questions[each.key], questions[each.other], each.likeness) for each in near_pairs(questions)]
        return [each for each in pairs if name is None or name in (each[0].set_name, each[1].set_name)]

    def similar_together(self, set_id: int) -> list[PromptListRow]:
        """The prompts of a set that are nearly the same as another, each behind those that it is like."""
        groups: dict[int, list[int]] = {}
        first: dict[int, int] = {}
        for later, earlier, _ in self.similar(set_id):
            first[later.id] = begun = first.get(earlier.id, earlier.id)
            groups.setdefault(begun, [begun]).append(later.id)
        return self.listed([each for group in groups.values() for each in group])

    def read_file(self, source: Source, *, held_out: bool = False) -> PromptFile:
        """Read a file or data set of prompts for a set of this kind, and find those nearly the same as others.

        Raises:
            InterchangeError: the file cannot be read; its message names the line.
        """
        read = read_prompts(source)
        stored = db_prompt_lists.stored_questions(self._workspace.connection)
        found, compared = similar_prompts(read.prompts, stored, held_out=held_out)
        if compared < len(read.prompts):
            read = replace(read, remarks=(*read.remarks, SkippedLine(read.lines[compared], NOT_COMPARED)))
        return PromptFile(replace(read, similar=tuple(found.values())), held_out, tuple(found))

    def listed(self, prompts: Sequence[int]) -> list[PromptListRow]:
        """These prompts as lists show them, in this order."""
        return db_prompt_lists.prompts_listed(self._workspace.connection, prompts)

    def _name_of(self, set_id: int) -> str | None:
        return next((each.row.name for each in self.sets() if each.row.id == set_id), None)

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

    def add_file(self, file: PromptFile, set_name: str, *, distinct: bool = False) -> Future[TakenPrompts]:
        """Add the prompts of a file that was read to a set, all or nothing.

        `distinct` leaves out those that are nearly the same as others. Where the set is of the other kind it resolves
        to `NotAllowed`.
        """
        read = file.distinct if distinct else file.read
        return self._write(db_prompt_sets.add_file, set_name, file.held_out, read)

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


def similar_words(similar: Sequence[SimilarPrompt]) -> list[str]:
    """How many new prompts are nearly the same as others, one sentence for each kind of others."""
    held = sum(each.held_out for each in similar)
    words = []
    if others := len(similar) - held:
        words.append(f"{count(others, 'prompt')} {_are(others)} nearly the same as others.")
    if held:
        words.append(f"{count(held, 'prompt')} {_are(held)} nearly the same as held-out ones, which spoils trials.")
    return words


def similar_line(each: SimilarPrompt) -> str:
    """Both prompts with their likeness and the set of the older one; the text of a held-out one is not repeated."""
    where = f" in {each.set_name!r}" if each.set_name else " in this file"
    like = "a held-out prompt" if each.held_out else f"“{each.like}”"
    return f"{percent(each.likeness)} “{each.line}” ≈ {like}{where}"


def _are(number: int) -> str:
    return "is" if number == 1 else "are"
