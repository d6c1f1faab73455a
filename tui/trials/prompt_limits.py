"""Held-out prompts that the model cannot answer: a trial continues without them, and says so."""

from __future__ import annotations

from collections.abc import Sequence

from db import trials as db_trials
from db.prompt_rows import PromptRow, with_system
from db.run_rows import TrialRow
from engine.preference import AS_TEMPLATE
from engine.requests import GenerationRequest
from tui.compute.services import Services
from tui.events import WorkbenchNotice
from tui.generation.completion_writer import why_unanswerable
from tui.text.format import count

_NAMED = 3
"""At most this many prompts are named; the others are counted."""


def leave_out_unanswerable(services: Services, trial: TrialRow, prompts: Sequence[PromptRow]) -> list[PromptRow]:
    """Take prompts that the model cannot answer, as either side asks them, out of a trial.

    It publishes them, and returns the remaining ones.
    """
    base, reasons = services.loaded_model.required(), {}
    sides = {(each.get("system"), each.get("thinking", AS_TEMPLATE)) for each in trial.samplings}
    for prompt in prompts:
        for system, thinking in sides:
            request = GenerationRequest(str(prompt.id), with_system(prompt.messages, system), 0)
            if error := why_unanswerable(base, request, thinking):
                reasons[prompt.id] = str(error)
    leave_out_prompts(services, trial.id, prompts, reasons)
    return [prompt for prompt in prompts if prompt.id not in reasons]


def leave_out_prompts(services: Services, trial: int, prompts: Sequence[PromptRow], reasons: dict[int, str]) -> None:
    """Take those of the prompts that have a reason out of a trial, and publish why."""
    left_out = [prompt for prompt in prompts if prompt.id in reasons]
    if not left_out:
        return
    services.workspace.write(db_trials.leave_out, trial, [each.id for each in left_out]).result()
    over = db_trials.get_trial(services.workspace.connection, trial).status == "failed"
    text = _words(trial, left_out, reasons, over=over)
    services.publish(WorkbenchNotice("The model cannot answer every prompt", text))


def _words(trial: int, left_out: Sequence[PromptRow], reasons: dict[int, str], *, over: bool) -> str:
    named = [f"“{prompt.first_line[:60]}”: {reasons[prompt.id]}" for prompt in left_out[:_NAMED]]
    more = [f"And {len(left_out) - _NAMED} more."] if len(left_out) > _NAMED else []
    rest = "None is left, and the trial is over." if over else "It continues with the others."
    return " ".join([f"Trial {trial} leaves out {count(len(left_out), 'prompt')}. {rest}", *named, *more])
