"""The result of a trial, and the board of all trials, as `palate compare` prints them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from db.interchange.trial_export import export_trial
from tui.commands.output import show_table
from tui.compute.loaded_model import ModelChoice
from tui.errors import InputError
from tui.ipc.console import emit, say, show
from tui.text.sanitize import visible
from tui.trials.results import (
    board_of,
    by_reason,
    doubts,
    rate_words,
    reason_tally_words,
    result_of,
    sentence,
    tally_words,
)
from tui.workspace.export_list import note_export

if TYPE_CHECKING:
    from db.pair_rows import ComparisonRow
    from db.run_rows import TrialRow
    from tui.reader import WorkspaceReader

Export = tuple[str, Path] | None
"""Format and file."""


def show_past(view: WorkspaceReader, trial: int, export: Export, as_json: bool) -> None:
    """Print the result of a trial, and write the trial to a file where `export` names one.

    Raises:
        InputError: nobody judges that trial, or it is not over.
    """
    row, pairs = view.trial(trial), view.trial_comparisons(trial)
    if row.kind != "blind":
        raise InputError(f"Trial {trial} is a side-by-side, which nobody judges. Open it in the app: press C.")
    if row.sealed:
        judged = f"{row.judged} of {row.total - row.same} pairs are judged"
        raise InputError(f"Trial {trial} is sealed: {judged}. Continue in the app: press C.")
    if export is not None:
        format, path = export
        written = export_trial(path, row, pairs, format, _reasons(view, pairs))  # type: ignore[arg-type]
        say(f"{written} comparisons in {path}.")
        note_export(view.folder, path, "trial")
    _result(view, row, pairs, as_json)


def _result(view: WorkspaceReader, row: TrialRow, pairs: list[ComparisonRow], as_json: bool) -> None:
    result = result_of(row, pairs, unmet=view.unmet_prompts(row))
    reasons = by_reason(pairs, _reasons(view, pairs))
    tally, interval = result.tally, result.tally.interval
    if as_json:
        counts = {"wins": tally.wins, "ties": tally.ties, "losses": tally.losses, "prompts": tally.prompts}
        rate = {"win_rate": tally.win_rate, "low": interval.low, "high": interval.high, "interval": "Tango, 95 %"}
        outcome = {"conclusion": result.conclusion.word, "more": result.conclusion.more, "sentence": sentence(result)}
        policies = {"policy": row.model_b_name, "against": row.model_a_name, "against_system": row.against_system}
        policies |= {"status": row.status, "judge": row.judge}
        biases = {"left": result.left.count, "longer": result.longer.count, "decisive": result.left.total}
        same = {"same": result.same, "cut": [result.cut_a.count, result.cut_b.count], "not_blind": result.not_blind}
        emit({"event": "result", "trial": row.id} | policies | counts | rate | outcome | biases | same)
        for name, found in reasons:
            ends = {"wins": found.get("win", 0), "ties": found.get("tie", 0), "losses": found.get("loss", 0)}
            emit({"event": "result_by_reason", "trial": row.id, "reason": name, **ends})
        return
    show(f"{visible(sentence(result))}\n")
    show(f"{visible(row.model_b_name)} against {visible(row.model_a_name)}, {tally.prompts} prompts")
    show(f"{tally_words(tally)}\n{rate_words(tally)}\n")
    if row.against_system is not None:
        show(f"{'the system prompt':<22}{visible(row.against_system)}")
    for name, words, _ in doubts(result):
        show(f"{name:<22}{words}")
    for at, each in enumerate(reasons):
        show(f"{'why' if at == 0 else '':<22}{reason_tally_words(*each)}")


def _reasons(view: WorkspaceReader, pairs: list[ComparisonRow]) -> dict[int, tuple[str, ...]]:
    return view.reasons.of([each.standing.id for each in pairs if each.standing is not None])


def _base_name(view: WorkspaceReader) -> str:
    return ModelChoice().resolved(view.workspace.setting("model")).name


def show_board(view: WorkspaceReader, as_json: bool) -> None:
    """Print every meeting of two policies, and how strong each policy is over all of them."""
    trials = [(trial, view.trial_comparisons(trial.id)) for trial in view.trials() if not trial.sealed]
    board = board_of(trials, [_base_name(view), *(each.name for each in view.adapters() if each.fits)])
    rows = [
        {"event": "met", "policy": each.first, "against": each.second, "trials": each.trials}
        | {"wins": each.tally.wins, "ties": each.tally.ties, "losses": each.tally.losses}
        | {"win_rate": each.tally.win_rate, "low": each.tally.interval.low, "high": each.tally.interval.high}
        for each in board.meetings
    ]
    strengths = [
        {"event": "strength", "policy": str(each.policy), "strength": each.value, "low": each.low, "high": each.high}
        for each in (board.board.strengths if board.board else ())
    ]
    if as_json:
        for record in [*rows, *strengths]:
            emit(record)
        return
    for table in (rows, strengths):
        if table:
            show_table([{key: value for key, value in row.items() if key != "event"} for row in table])
            show()
    if not rows:
        say("You have finished no trial yet. Start one in the app: press C.")
    if board.by_programs:
        say(f"Trials that a program judged are left out: {board.by_programs}.")
    if board.next_match:
        say(f"Compare next: {board.next_match[0]} and {board.next_match[1]}.")
