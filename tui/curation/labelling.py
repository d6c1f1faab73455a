"""The owner's verdicts on pairs, with better answers, rankings and the undo of the newest of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from functools import partial
from typing import Any, TypeVar

from db import blind_trials as db_blind
from db import edits as db_edits
from db import names_shown as db_names_shown
from db import rankings as db_rankings
from db import verdicts as db_verdicts
from db.pair_rows import VerdictRow
from tui.compute.seeds import seed_from
from tui.events import VerdictStored, WorkbenchEvent
from tui.workspace.workspace import Workspace

T = TypeVar("T")


class Labelling:
    """Stores verdicts on the writer's thread. A future resolves once its verdict is on the disk.

    `repeats` gives the share of judged pairs that are asked again, 0 to 1. `publish` and `changed` are called on the
    writer's thread after a verdict is stored.
    """

    def __init__(
        self,
        workspace: Workspace,
        publish: Callable[[WorkbenchEvent], None],
        changed: Callable[[], None],
        *,
        seed: int,
        repeats: Callable[[], float],
    ) -> None:
        self._workspace, self._publish, self._changed = workspace, publish, changed
        self._seed, self._repeats = seed, repeats

    def judge(
        self,
        comparison: int,
        verdict: str,
        *,
        strength: int = 1,
        side: str | None = None,
        layout: str = "none",
        seconds: float | None = None,
        blind: bool = True,
        note: str = "",
        reasons: Sequence[str] = (),
    ) -> Future[VerdictRow]:
        """Store a verdict in canonical terms (`a`, `b`, …)."""
        stored = self._workspace.write_verdict(
            db_verdicts.judge,
            share=self._repeats(),
            pick=partial(seed_from, self._seed, "again"),
            comparison=comparison,
            verdict=verdict,
            strength=strength,
            side=side,
            layout=layout,
            seconds=seconds,
            blind=blind,
            note=note,
            tags=tuple(reasons),
        )
        return self._published(stored, comparison, verdict)

    def judge_as(self, command: str, comparison: int, verdict: str, *, note: str = "") -> Future[VerdictRow]:
        """Store the verdict of the program `command`, which never passes for the owner's own."""
        stored = self._workspace.write_verdict(
            db_blind.judge_by_command, command, comparison=comparison, verdict=verdict, note=note
        )
        return self._published(stored, comparison, verdict)

    def edit_answer(self, comparison: int, original: int, text: str) -> Future[int]:
        """Store `text` as a better answer than `original` of an open pair, which counts as skipped.

        Resolves to the new comparison, decided for the text; `undo` undoes both.
        """
        edited = self._workspace.write_verdict(db_edits.add_edit, comparison=comparison, original=original, text=text)
        return self._published(edited, comparison, "skip")

    def rank_answers(
        self, pairs: Sequence[int], answers: Sequence[int], ranks: Mapping[int, int], *, layout: str, seconds: float
    ) -> Future[int]:
        """Store a ranking of answers (ids of completions) in place of open pairs of their prompt.

        `ranks` gives 1 to the best; answers without one stay undecided. Resolves to the ranking's id.
        """
        known = [db_names_shown.names_known(self._workspace.connection, pair) for pair in pairs]
        stored = self._workspace.write_verdict(
            db_rankings.rank_answers,
            answers,
            ranks,
            instead_of=pairs,
            side_seed=self._seed,
            seconds=seconds,
            layout=layout,
            blind=not any(known),
        )
        return self._published(stored, pairs[0], "skip")

    def names_were_shown(self, comparison: int) -> Future[None]:
        """Record that this pair was shown with names, so that no later verdict on it is blind."""
        return self._workspace.write(db_names_shown.note_names_shown, comparison)

    def undo(self, *, prompt: int | None = None) -> Future[int | None]:
        """Undo the newest current verdict, or the newest on this prompt.

        Resolves to the comparison that is open again, if any.
        """
        undone = self._workspace.write_verdict(db_edits.undo_labelling, prompt=prompt)
        return self._published(undone, None, "undo")

    def _published(self, stored: Future[T], comparison: int | None, verdict: str) -> Future[T]:
        stored.add_done_callback(lambda done: self._after_verdict(done, comparison, verdict))
        return stored

    def _after_verdict(self, done: Future[Any], comparison: int | None, verdict: str) -> None:
        if done.cancelled() or done.exception() is not None:
            return  # the caller that waits for the future gets the error
        result = done.result()
        affected = comparison if comparison is not None else result
        if isinstance(affected, int):
            self._publish(VerdictStored(affected, verdict))
        self._changed()
