"""Held-out prompts that leave the model no room to answer: a trial goes on without them, and says so."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from db import trials as db_trials
from db.prompt_rows import PromptRow, with_system
from tui.events import WorkbenchEvent, WorkbenchNotice
from tui.text.format import count
from tui.workspace.workspace import Workspace

if TYPE_CHECKING:
    from engine.model import BaseModel


_NAMED = 3
"""So many of the prompts are named; the others are counted."""


def leave_out_too_long(
    workspace: Workspace,
    publish: Callable[[WorkbenchEvent], None],
    base: BaseModel,
    trial: int,
    prompts: Sequence[PromptRow],
    system: str | None = None,
) -> list[PromptRow]:
    """Take what the model cannot answer out of a trial, tell which, and give the prompts that are left."""
    reasons = {prompt.id: reason for prompt in prompts if (reason := _too_long(base, prompt, system))}
    if reasons:
        workspace.write(db_trials.leave_out, trial, list(reasons)).result()
        left_out = [prompt for prompt in prompts if prompt.id in reasons]
        over = db_trials.get_trial(workspace.connection, trial).status == "failed"
        publish(WorkbenchNotice("Prompts are too long for the model", _words(trial, left_out, reasons, over=over)))
    return [prompt for prompt in prompts if prompt.id not in reasons]


def _too_long(base: BaseModel, prompt: PromptRow, system: str | None) -> str:
    """Why the model cannot answer it; empty when it can."""
    from engine.generate import GenerationRequest, PromptTooLong, check_fits  # imports torch

    try:
        check_fits(base, GenerationRequest(str(prompt.id), with_system(prompt.messages, system), 0))
    except PromptTooLong as error:
        return str(error)
    return ""


def _words(trial: int, left_out: Sequence[PromptRow], reasons: dict[int, str], *, over: bool) -> str:
    named = [f"“{prompt.first_line[:60]}”: {reasons[prompt.id]}" for prompt in left_out[:_NAMED]]
    more = [f"And {len(left_out) - _NAMED} more."] if len(left_out) > _NAMED else []
    goes_on = "None is left, and it is over." if over else "It goes on with the others."
    return " ".join([f"Trial {trial} leaves out {count(len(left_out), 'prompt')}. {goes_on}", *named, *more])
