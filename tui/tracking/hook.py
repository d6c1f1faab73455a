"""What is called at the end of a run: a command, or an address that gets a request."""

from __future__ import annotations

import json
import os
import shlex
import signal
import string
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

from db.run_rows import RunRow
from tui.errors import WorkbenchError
from tui.runs.fields import seconds_of
from tui.workspace.consent import Consents, Destination
from tui.workspace.settings import hook_host
from tui.workspace.settings_store import stored_settings
from tui.workspace.workspace import Workspace

HOOK_S: Final = 20.0


class HookFailed(WorkbenchError):
    """What the setting `hook` names could not be called, or failed. The run is not affected."""

    title = "The hook failed"


def call_hook(workspace: Workspace, row: RunRow, status: str) -> None:
    """Call what the setting `hook` names, if there is one, with the facts of a run.

    Raises:
        HookFailed: it cannot be called, fails, or takes longer than 20 s.
        TextsStay: it is an address elsewhere, and that was withdrawn.
    """
    hook = stored_settings(workspace).runs.hook
    if hook is None:
        return
    facts = run_facts(row, status)
    if host := hook_host(hook):
        Consents(workspace).require(Destination("hook", host), "`palate settings hook` with the address allows it.")
        _post(hook, facts)
    else:
        _run(hook, facts)


def run_facts(row: RunRow, status: str) -> dict[str, Any]:
    """The record that a hook gets: names, numbers and the error; no prompt, no answer, no note."""
    return {
        "event": "run_ended",
        "run": row.id,
        "name": row.name,
        "status": status,
        "error": row.error,
        "base": row.base_name,
        "adapter": row.adapter,
        "step": row.step,
        "total_steps": row.total_steps,
        "loss": row.loss,
        "margin": row.margin,
        "accuracy": row.accuracy,
        "seconds": round(seconds_of(row), 1),
    }


def _post(hook: str, facts: Mapping[str, Any]) -> None:
    import httpx2  # importing it takes a tenth of a second

    try:
        address = string.Template(hook).substitute(os.environ)
    except (KeyError, ValueError) as error:
        raise HookFailed(f"The hook names an environment variable that is not set: {error}. Set it.") from None
    try:
        # A redirect is not followed: the address was allowed, and no other.
        answer = httpx2.post(address, json=dict(facts), timeout=HOOK_S)
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
        reason = str(error).replace(address, hook) or type(error).__name__
        raise HookFailed(f"{hook} cannot be reached: {reason}. Check the address.") from None
    if not answer.is_success:
        raise HookFailed(f"{hook} answered with {answer.status_code} {answer.reason_phrase}. Check the address.")


def _run(hook: str, facts: Mapping[str, Any]) -> None:
    """Run the command in a session of its own, which is killed as a whole when its time is over."""
    environment = {**os.environ, **{f"PALATE_{name.upper()}": _text(value) for name, value in facts.items()}}
    try:
        process = subprocess.Popen(
            shlex.split(hook), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
            env=environment, start_new_session=True,
        )  # fmt: skip
    except (OSError, ValueError) as error:
        raise HookFailed(f"`{hook}` cannot be started: {error}. Check the command.") from None
    try:
        _, words = process.communicate(json.dumps(facts) + "\n", timeout=HOOK_S)
    except subprocess.TimeoutExpired:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        raise HookFailed(f"`{hook}` ran for {HOOK_S:g} s and was killed. Let it end sooner.") from None
    if process.returncode:
        said = (words.strip().splitlines() or ["nothing on stderr"])[-1]
        raise HookFailed(f"`{hook}` ended with {process.returncode}: {said}")


def _text(value: object) -> str:
    return "" if value is None else str(value)
