"""Forget prompts: what it takes away, taking it away, and where their texts or what was learned from them remain."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from db import forgetting as db_forgetting
from db import held_out as db_held_out
from db import prompts as db_prompts
from db.forgetting import Forgettable
from tui.errors import InputError, WorkbenchError
from tui.generation.publishing import KEPT_PROBES
from tui.text.format import count
from tui.text.sanitize import visible_line
from tui.training.recovery import drop_checkpoint
from tui.workspace.copied import COPIED
from tui.workspace.export_list import exports

if TYPE_CHECKING:
    from tui.workspace.workspace import Workspace

_WITH_TEXTS = ("pairs", "prompts", "trial", "backup")
"""The kinds of exports that hold texts of prompts."""


@dataclass(frozen=True)
class Remains:
    """Where texts of the prompts, or adapters that learned from them, are outside of the database.

    `backups` are copies of the database, `exports` files that were written since the first of the prompts came,
    `adapters` the names of adapters, and `logs` log files with one of the texts.
    """

    backups: tuple[str, ...]
    exports: tuple[str, ...]
    adapters: tuple[str, ...]
    logs: tuple[str, ...]


@dataclass(frozen=True)
class ForgetPlan:
    """What forgetting takes away, and what remains. `prompt_set` is the id of the set that was named, or None."""

    name: str
    found: Forgettable
    remains: Remains
    prompt_set: int | None


class Forgetting:
    """Forgets prompts of a workspace. `changed` is called after it."""

    def __init__(self, workspace: Workspace, changed: Callable[[], None] = lambda: None) -> None:
        self._workspace = workspace
        self._changed = changed

    def plan(self, what: str) -> ForgetPlan:
        """What forgetting a prompt (by its number) or a prompt set (by its name) means.

        Raises:
            InputError: it is neither, or both.
            DatabaseError: nothing of it is left to forget.
        """
        connection = self._workspace.connection
        named = db_prompts.get_prompt_set(connection, what)
        number = int(what) if what.isdecimal() and len(what) < 19 else None
        if named is not None and number is not None and db_prompts.prompts_by_id(connection, [number]):
            raise InputError(f"{what} is a prompt's number and a set's name. Rename the set: `palate prompts rename`.")
        if named is not None:
            return self._planned(what, db_held_out.prompts_of(connection, named.id), named.id)
        if number is None:
            raise InputError(f"There is no prompt set {what!r}. Name a set, or a prompt by its number.")
        return self._planned(f"prompt {number}", [number], None)

    def forget(self, plan: ForgetPlan) -> Remains:
        """Take the texts away, and return where they remain. Blocks until the file is rewritten.

        Raises:
            DatabaseError: a run or an import is alive, a running trial asks one of the prompts, or the disk is full.
            WorkbenchError: another program kept the write-ahead log from being emptied.
        """
        texts = db_forgetting.texts_of(self._workspace.connection, plan.found.prompts)
        found = self._workspace.write(
            db_forgetting.forget_prompts, plan.found.prompts, prompt_set=plan.prompt_set
        ).result()
        for run in found.interrupted:
            drop_checkpoint(self._workspace, run)
        copied = self._workspace.folder / COPIED
        if _holds(copied, texts):
            copied.unlink()
        if self._workspace.setting(KEPT_PROBES):  # they hold the tokens of pairs
            self._workspace.keep_setting(KEPT_PROBES, {})
        self._changed()
        assert self._workspace.writer is not None
        if not self._workspace.writer.compact().result():
            raise WorkbenchError(
                "The texts are forgotten, but another program reads the database, so palate.db-wal still holds them. "
                "Close that program; the log is emptied when Palate closes."
            )
        return self._remains(found, texts)

    def _planned(self, name: str, prompts: Sequence[int], prompt_set: int | None) -> ForgetPlan:
        found = db_forgetting.forgettable(self._workspace.connection, prompts)
        texts = db_forgetting.texts_of(self._workspace.connection, found.prompts)
        return ForgetPlan(name, found, self._remains(found, texts), prompt_set)

    def _remains(self, found: Forgettable, texts: Sequence[str]) -> Remains:
        folder = self._workspace.folder
        hashes = db_forgetting.content_hashes(self._workspace.connection, found.prompts)
        copies = sorted((folder / "backups").rglob("*.db"))  # a restore keeps what it replaced in a folder there
        learned = set(found.adapters)
        written = exports(folder)
        holding = [each for each in written if each.kind in _WITH_TEXTS and each.at >= found.since]
        holding += [each for each in written if each.source in learned]
        return Remains(
            backups=tuple(str(each) for each in copies if db_forgetting.still_holds(each, hashes)),
            exports=tuple(each.path for each in holding),
            adapters=tuple(self._names(learned)),
            logs=tuple(str(each) for each in sorted((folder / "logs").glob("*")) if _holds(each, texts)),
        )

    def _names(self, ids: Iterable[str]) -> list[str]:
        known = {each.manifest.id: each.manifest.name for each in self._workspace.registry.list()}
        return sorted(known[each] for each in ids if each in known)


def _holds(file: Path, texts: Sequence[str]) -> bool:
    """Whether a text file has one of the texts, by the first line of each."""
    if not file.is_file():
        return False
    content = file.read_bytes()
    firsts = {text.strip().splitlines()[0].strip().encode("utf-8", "replace") for text in texts if text.strip()}
    return any(first in content for first in firsts if len(first) > 3)


# -- words -----------------------------------------------------------------------------------------------------


def forget_words(plan: ForgetPlan) -> list[str]:
    """What forgetting would do, one sentence each."""
    found = plan.found
    words = [
        f"{count(len(found.prompts), 'prompt')} with {count(found.completions, 'answer')}: their texts and all notes "
        f"on them leave for good. {count(found.verdicts, 'verdict')} and the hashes stay, and no run trains on them."
    ]
    if found.interrupted:
        runs = ", ".join(map(str, found.interrupted))
        words.append(f"Interrupted runs that have some of them cannot be resumed, and lose their checkpoints: {runs}.")
    for others, why in (
        (found.same_question, "Other prompts ask the same question and stay"),
        (found.later_turns, "Later turns of a conversation hold the question and an answer, and stay"),
    ):
        if others:
            words.append(f"{why}: {', '.join(map(str, others[:12]))}{' …' if len(others) > 12 else ''}.")
    return [*words, *remains_words(plan.remains)]


def remains_words(remains: Remains) -> list[str]:
    """Where the texts remain, one sentence for each kind of place."""
    kinds = (
        (remains.backups, "Backups that still hold the texts"),
        (remains.exports, "Exports that may hold the texts or what was learned from them"),
        (remains.logs, "Logs that hold one of the texts"),
        (remains.adapters, "Adapters that learned from the pairs"),
    )
    return [f"{words}: {', '.join(visible_line(each, 300) for each in names)}." for names, words in kinds if names]
