"""Judged trials in the formats of other tools: LLM Comparator and the arena.

LLM Comparator: https://github.com/PAIR-code/llm-comparator (README, "Data Format"). The arena: the battles of
https://huggingface.co/datasets/lmsys/chatbot_arena_conversations, one JSON object a line.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Literal

from db.errors import NotAllowed
from db.interchange.replacing import write_beside
from db.pair_rows import ComparisonRow
from db.plain_json import plain_json
from db.prompt_rows import Messages
from db.run_rows import TrialRow

TrialFormat = Literal["llm-comparator", "arena"]

_NO_REASONS: Final[Mapping[int, Sequence[str]]] = {}
_REASONS: Final = {"name": "reasons", "type": "text"}
_WINNERS: Final = {"a": "model_a", "b": "model_b", "tie": "tie", "both_bad": "tie (bothbad)", "both_good": "tie"}


SCORES = {("a", 1): 1.0, ("a", 2): 1.5, ("b", 1): -1.0, ("b", 2): -1.5}
LABELS = {
    1.5: "A is much better",
    1.0: "A is better",
    0.0: "same",
    -1.0: "B is better",
    -1.5: "B is much better",
}
"""The scores of LLM Comparator by verdict and strength, and their labels."""


def export_trial(
    path: Path,
    trial: TrialRow,
    comparisons: Sequence[ComparisonRow],
    format: TrialFormat,
    reasons: Mapping[int, Sequence[str]] = _NO_REASONS,
) -> int:
    """Write a trial's judged comparisons and return their number. Model a is the one that the policy was tried against.

    `reasons` maps a verdict to its reasons, for the format that has a place for them.

    Pairs without a verdict, those judged after names were shown, forgotten ones and repeats are left out. Pairs of
    equal answers are ties.

    Raises:
        NotAllowed: the trial is still sealed.
        InterchangeError: the file cannot be written. An older file of that name is unchanged then.
    """
    if trial.sealed:
        raise NotAllowed(f"Trial {trial.id} is still sealed, and the file would name who wrote what. Judge it first.")
    judged = [
        each
        for each in comparisons
        if each.repeats is None and not each.prompt.forgotten and verdict_that_counts(each) is not None
    ]
    comparator = format == "llm-comparator"
    write_beside(path, _as_comparator(trial, judged, reasons) if comparator else _as_battles(trial, judged))
    return len(judged)


def verdict_that_counts(pair: ComparisonRow) -> str | None:
    """The verdict a, b, tie, both_bad or both_good of a pair that counts, else None."""
    if pair.same:
        return "tie"
    if pair.standing is None or not pair.standing.blind:
        return None
    return pair.standing.verdict if pair.standing.verdict in _WINNERS else None


def _as_comparator(trial: TrialRow, judged: Sequence[ComparisonRow], reasons: Mapping[int, Sequence[str]]) -> list[str]:
    record = {
        "metadata": {"source_path": f"palate: trial {trial.id}", "custom_fields_schema": [_REASONS]},
        "models": [{"name": trial.model_a_name}, {"name": trial.model_b_name}],
        "examples": [_example(each, reasons) for each in judged],
    }
    return [plain_json(record, indent=1) + "\n"]


def _example(pair: ComparisonRow, reasons: Mapping[int, Sequence[str]]) -> dict[str, Any]:
    verdict = pair.standing
    score = 0.0 if verdict is None else SCORES.get((verdict.verdict, verdict.strength), 0.0)
    rating = {"score": score, "rating_label": LABELS[score], "is_flipped": pair.flipped}
    said = [] if verdict is None else [rating | {"rationale": verdict.note or None, "custom_fields": {}}]
    return {
        "input_text": input_text(pair.prompt.messages),
        "tags": [pair.prompt.field] if pair.prompt.field else [],
        "output_text_a": pair.a.text,
        "output_text_b": pair.b.text,
        "score": score,
        "individual_rater_scores": said,
        "custom_fields": {"reasons": "; ".join(reasons[verdict.id])} if verdict and verdict.id in reasons else {},
    }


def _as_battles(trial: TrialRow, judged: Sequence[ComparisonRow]) -> list[str]:
    return [plain_json(_battle(trial, each)) + "\n" for each in judged]


def _battle(trial: TrialRow, pair: ComparisonRow) -> dict[str, Any]:
    asked = list(pair.prompt.messages)
    return {
        "question_id": f"trial-{trial.id}-{pair.id}",
        "model_a": trial.model_a_name,
        "model_b": trial.model_b_name,
        "winner": _WINNERS[verdict_that_counts(pair) or "tie"],
        "judge": "program" if trial.judge else "person",
        "conversation_a": [*asked, {"role": "assistant", "content": pair.a.text}],
        "conversation_b": [*asked, {"role": "assistant", "content": pair.b.text}],
        "turn": sum(message["role"] == "user" for message in asked),
        "anony": True,
        "tstamp": pair.standing.at if pair.standing else pair.created,
    }


def input_text(messages: Messages) -> str:
    """A prompt as a single text, the only form that the format has."""
    if len(messages) == 1:
        return messages[0]["content"]
    return "\n\n".join(f"{message['role']}: {message['content']}" for message in messages)
