"""Conversations of Ask, read: found by words, reopened, continued and exported as prompts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from db import conversations as db_conversations
from db import prompts as db_prompts
from db.interchange.replacing import write_beside
from db.pair_rows import ComparisonRow
from db.plain_json import plain_json
from db.prompt_rows import ConversationRow, Message, Messages, PromptRow
from tui.errors import InputError
from tui.workspace.export_list import note_export

if TYPE_CHECKING:
    from tui.workspace.workspace import Workspace


class Conversations:
    """Reads the conversations of a workspace."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def find(self, words: str = "") -> list[ConversationRow]:
        """The conversations that hold every one of these words, the one asked last first."""
        return db_conversations.list_conversations(self._workspace.connection, words.split())

    def prompt(self, prompt: int) -> PromptRow:
        """One turn, by its prompt.

        Raises:
            InputError: there is no such prompt, or it was forgotten.
        """
        found = db_prompts.prompts_by_id(self._workspace.connection, [prompt])
        if not found or found[0].forgotten:
            raise InputError(
                f"There is no prompt {prompt} to continue from. `palate ask --list` lists the conversations."
            )
        return found[0]

    def pair(self, prompt: int) -> ComparisonRow | None:
        """The two answers to a turn that were asked last; None where both were equal, or none was asked."""
        return db_conversations.newest_pair(self._workspace.connection, prompt)

    def only_answer(self, prompt: int) -> str | None:
        """The answer to a turn whose two answers were equal; None without any."""
        return db_conversations.only_answer(self._workspace.connection, prompt)

    def chosen(self, pair: ComparisonRow) -> str | None:
        """The answer that was written better or judged better; None without such a verdict."""
        return db_conversations.chosen_text(self._workspace.connection, pair)

    def turn_before(self, prompt: PromptRow) -> PromptRow | None:
        """The turn before this one; None at the beginning, or where that prompt was removed."""
        users = [place for place, each in enumerate(prompt.messages) if each["role"] == "user"]
        if len(users) < 2:
            return None
        return db_conversations.find_turn(self._workspace.connection, prompt.messages[: users[-2] + 1])

    def continued(self, pair: ComparisonRow, otherwise: str) -> Messages:
        """The conversation up to and with an answer of this pair: the chosen one, else `otherwise`."""
        answer = self.chosen(pair)
        return (*pair.prompt.messages, Message(role="assistant", content=otherwise if answer is None else answer))

    def export(self, prompt: PromptRow, target: Path) -> int:
        """Write every turn of a conversation as a prompt to a .jsonl file; returns how many there are.

        Raises:
            InputError: the file has another ending.
            InterchangeError: it cannot be written.
        """
        if target.suffix.lower() != ".jsonl":
            raise InputError(f"{target} is no .jsonl, in which prompts of several turns are written. Choose another.")
        users = [place for place, each in enumerate(prompt.messages) if each["role"] == "user"]
        turns = [list(prompt.messages[: place + 1]) for place in users]
        write_beside(target, (plain_json({"prompt": each}) + "\n" for each in turns))
        note_export(self._workspace.folder, target, "prompts")
        return len(turns)
