"""A person's changes to past runs: names, notes, tags and archiving. Each is stored first, then published."""

from collections.abc import Callable, Iterable
from typing import Any

from adapters.errors import AdapterNotFound
from adapters.names import clean_name
from db import runs as db_runs
from tui.errors import InputError
from tui.events import RunChanged, WorkbenchEvent
from tui.workspace.workspace import Workspace

LONGEST_TAG = 40


class RunLabels:
    """Renames, notes, tags and archives runs. Every change is on the disk when the call returns."""

    def __init__(
        self,
        workspace: Workspace,
        rename_adapter: Callable[[str, str], object],
        publish: Callable[[WorkbenchEvent], None],
    ) -> None:
        """`rename_adapter` gets an adapter's id and its new name."""
        self._workspace, self._rename_adapter, self._publish = workspace, rename_adapter, publish

    def rename(self, run: int, name: str) -> None:
        """Rename a run, and its adapter too where that has the run's name.

        Raises:
            AdapterNameError: the name cannot be used, or another adapter has it.
            NotFound: there is no such run.
        """
        row = db_runs.get_run(self._workspace.connection, run)
        registry = self._workspace.registry
        try:
            adapter = registry.get(row.adapter) if row.adapter else None
        except AdapterNotFound:
            adapter = None
        if adapter is not None and adapter.manifest.name == row.name:
            self._rename_adapter(adapter.manifest.id, name)
        self._keep(db_runs.rename_run, run, clean_name(name))

    def note(self, run: int, note: str) -> None:
        """Store a note on a run; an empty note deletes it."""
        self._keep(db_runs.note_run, run, note.strip())

    def tag(self, run: int, tags: Iterable[str]) -> None:
        """Store these tags of a run in place of the older ones.

        Raises:
            InputError: a tag is too long.
        """
        self._keep(db_runs.tag_run, run, tags_of(" ".join(tags)))

    def archive(self, run: int, archived: bool = True) -> None:
        """Archive a run, or undo that.

        Raises:
            InputError: it is still training.
        """
        if archived and db_runs.get_run(self._workspace.connection, run).status == "running":
            raise InputError(f"Run {run} is still training. Stop it, or wait for its end, before you put it away.")
        self._keep(db_runs.archive_run, run, archived)

    def _keep(self, function: Callable[..., None], run: int, value: Any) -> None:
        self._workspace.write(function, run, value).result()
        self._publish(RunChanged(run))


def tags_of(text: str) -> list[str]:
    """The tags that a person typed, separated by spaces or commas, each once.

    Raises:
        InputError: a tag is too long.
    """
    tags = list(dict.fromkeys(text.replace(",", " ").split()))
    if wrong := next((tag for tag in tags if len(tag) > LONGEST_TAG), None):
        raise InputError(f"The tag {wrong[:20]}… has {len(wrong)} characters; {LONGEST_TAG} are the most. Shorten it.")
    return tags
