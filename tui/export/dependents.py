"""What depends on an adapter: why it cannot be removed now, and what to do first. No torch, no Textual."""

from collections.abc import Iterator

from adapters.manifest import Adapter
from db import blind_trials as db_blind
from db import models as db_models
from db import runs as db_runs
from db import trials as db_trials
from tui.errors import WorkbenchError
from tui.text.format import count
from tui.workspace.settings import AT
from tui.workspace.settings_store import stored_settings
from tui.workspace.workspace import Workspace

_ALIVE = ("running", "interrupted")


def check_removable(workspace: Workspace, adapter: Adapter) -> None:
    """Raise `WorkbenchError` with the first reason why an adapter's files are still needed."""
    reason = next(_reasons(workspace, adapter), None)
    if reason is not None:
        raise WorkbenchError(f"{adapter.manifest.name} cannot be removed: {reason}")


def queue_settings_naming(workspace: Workspace, adapter: Adapter) -> list[str]:
    """The queue's settings that let this adapter write answers."""
    source = stored_settings(workspace).source
    names = (adapter.manifest.name.casefold(), adapter.manifest.id)
    kept = {each: getattr(source, each) or "" for each in ("policy", "against")}
    return [each for each, policy in kept.items() if policy.partition(AT)[0].casefold() in names]  # also on a server


def _reasons(workspace: Workspace, adapter: Adapter) -> Iterator[str]:
    manifest = adapter.manifest
    in_use: dict[str, str | None] = workspace.setting("adapters_in_use", {})
    if manifest.id in in_use.values():
        yield (
            "it is in use. Let the base model answer first: `palate adapters unload`, or B in Runs "
            f"(with the model {manifest.base_source})."
        )
    if children := workspace.registry.children(manifest.id):
        names = ", ".join(each.manifest.name for each in children)
        yield f"{names} came from it. Remove {'that one' if len(children) == 1 else 'those'} first, or keep it."
    yield from _runs(workspace, manifest.id)
    yield from _trials(workspace, manifest.id)
    for name in queue_settings_naming(workspace, adapter):
        yield f"the queue's setting {name} names it. Set another: `palate settings {name} default`."


def _runs(workspace: Workspace, id: str) -> Iterator[str]:
    for run in db_runs.list_runs(workspace.connection):
        if run.status in _ALIVE and run.parent_adapter == id:
            act = "Wait for its end, or stop it." if run.status == "running" else "Resume it, and let it end, first."
            yield f"run {run.id} ({run.status}) started from it. {act}"


def _trials(workspace: Workspace, id: str) -> Iterator[str]:
    models = db_models.models_of_source(workspace.connection, id)
    for trial in db_trials.list_trials(workspace.connection):
        if not models & {trial.model_a, trial.model_b} or trial.status != "running":
            continue
        if trial.kind == "side_by_side":
            yield "it is answering on the Compare screen. Wait for the end."
        elif missing := len(db_blind.missing_answers(workspace.connection, trial.id, trial.num_questions)):
            yield f"trial {trial.id} still needs its answers to {count(missing, 'prompt')}. Let them be written first."
