"""The arena: battles of two models, as conversations and as a table.

Conversations: https://huggingface.co/datasets/lmsys/chatbot_arena_conversations, and the arena's sets of 2025. The
table is that of the arena's contests on Kaggle: prompts and answers of all turns are lists, written as JSON text.

A battle whose conversations differ before their last turn is left out: its verdict was about both conversations as a
whole, and no single pair of answers represents it.
"""

from typing import Any

from db.interchange.checks import Row, checked_text, is_empty, kind_of
from db.interchange.format import CHAT, Format
from db.interchange.messages import assistant, ending_with_user, same_turns, turns_of
from db.interchange.reading import DIFFER, each_row, judged
from db.interchange.records import LeftOut, PairRecord, Read
from db.interchange.unfolding import unfolded
from db.prompt_rows import Message, Messages

_WINNERS = {
    "model_a": "a",
    "model_b": "b",
    "tie": "tie",
    "tie (bothbad)": "both_bad",
    "both_bad": "both_bad",
    "bothbad": "both_bad",
    "tie_bothbad": "both_bad",
}
_NAMES = {"a": "model_a", "b": "model_b", "tie": "tie", "both_bad": "tie (bothbad)"}
_FLAGS = {"winner_model_a": "a", "winner_model_b": "b", "winner_tie": "tie"}
_TRUE = (1, True, "1", "true", "True", "1.0")
_FALSE = (0, False, None, "", "0", "false", "False", "0.0")
_MODELS = frozenset({"model_a", "model_b"})


def _read_battle(row: Row) -> Read:
    first, second = (_turns(row, name) for name in ("conversation_a", "conversation_b"))
    verdict = _winner(row)
    if not same_turns(first[:-1], second[:-1]):
        return LeftOut(row.at, DIFFER)
    prompt = ending_with_user(row, first[:-1], "conversation_a")
    return judged(row, PairRecord(row.at, prompt, first[-1]["content"], second[-1]["content"], verdict, **_models(row)))


def _turns(row: Row, name: str) -> Messages:
    turns = turns_of(row, unfolded(row.get(name)), name)
    if len(turns) < 2 or turns[-1]["role"] != "assistant":
        raise row.wrong(f"{name!r} must hold a whole conversation that ends with the assistant's answer")
    return turns


def _winner(row: Row) -> str:
    winner = row.text("winner")
    verdict = _WINNERS.get(winner.strip().casefold())
    if verdict is None:
        raise row.wrong(f"'winner' is {winner!r}; known are {', '.join(map(repr, _NAMES.values()))}")
    return verdict


def _models(row: Row) -> dict[str, Any]:
    return {name: row.optional_text(name) for name in sorted(_MODELS)}


def _write_battle(record: PairRecord) -> dict[str, Any]:
    return {
        "question_id": f"palate-{record.at}",
        "model_a": record.model_a or "not known (a)",
        "model_b": record.model_b or "not known (b)",
        "winner": _NAMES[record.verdict or "tie"],
        "judge": "program" if record.judge else "person",
        "conversation_a": [*record.messages, assistant(record.a)],
        "conversation_b": [*record.messages, assistant(record.b)],
        "turn": sum(message["role"] == "user" for message in record.messages),
        "anony": True,
    }


def _read_battle_row(row: Row) -> Read:
    prompts, first, second = (_texts(row, name) for name in ("prompt", "response_a", "response_b"))
    if not len(prompts) == len(first) == len(second):
        raise row.wrong("'prompt', 'response_a' and 'response_b' must be lists of the same length")
    verdict = _winner(row) if not is_empty(row.get("winner")) else _flagged(row)
    if first[:-1] != second[:-1]:
        return LeftOut(row.at, DIFFER)
    if None in prompts or None in first[:-1]:
        return LeftOut(row.at, "a turn is missing")
    said = [text for turn in zip(prompts, first, strict=True) for text in turn][:-1]
    roles = ("user", "assistant")
    messages = tuple(Message(role=roles[at % 2], content=text or "") for at, text in enumerate(said))
    return judged(row, PairRecord(row.at, messages, first[-1] or "", second[-1] or "", verdict, **_models(row)))


def _texts(row: Row, name: str) -> list[str | None]:
    """The turns under a name: a list, the JSON text of a list, or a single text."""
    value = unfolded(row.get(name), str | None)
    if isinstance(value, str):
        return [checked_text(row, value, name)]
    if not isinstance(value, list) or not value:
        raise row.wrong(f"{name!r} must be a list of texts, not {kind_of(value)}")
    return [None if each is None else checked_text(row, each, name) for each in value]


def _flagged(row: Row) -> str:
    flags = {verdict: row.get(name) for name, verdict in _FLAGS.items()}
    if any(isinstance(each, list | dict) or each not in (*_TRUE, *_FALSE) for each in flags.values()):
        raise row.wrong(f"{', '.join(_FLAGS)} must be 0 or 1")
    won = [verdict for verdict, flag in flags.items() if flag in _TRUE]
    if len(won) != 1:
        raise row.wrong(f"exactly one of {', '.join(_FLAGS)} must be 1")
    return won[0]


def _write_battle_row(record: PairRecord) -> dict[str, Any] | LeftOut:
    """Write a row of the contest's table, or give the reason why the table cannot hold the record."""
    if record.messages[0]["role"] == "system":
        return LeftOut(record.at, "the format has no system prompt")
    roles = [message["role"] for message in record.messages]
    if roles != ["user", "assistant"] * (len(roles) // 2) + ["user"]:
        return LeftOut(record.at, "the format needs questions and answers in alternation")
    texts = [message["content"] for message in record.messages]
    return {
        "id": str(record.at),
        "model_a": record.model_a or "not known (a)",
        "model_b": record.model_b or "not known (b)",
        "prompt": texts[::2],
        "response_a": [*texts[1::2], record.a],
        "response_b": [*texts[1::2], record.b],
        **{name: int(record.verdict == verdict) for name, verdict in _FLAGS.items()},
    }


_NUT = {"role": "user", "content": "Name a nut."}

ARENA = Format(
    "arena",
    "Arena, conversations",
    lambda row: row.has("conversation_a", "conversation_b"),
    each_row(_read_battle, _MODELS | {"winner", "conversation_a", "conversation_b", "full_conversation"}),
    _write_battle,
    CHAT | {"tie", "both_bad"},
    shape="`conversation_a`, `conversation_b`, `winner`: model_a, model_b, tie, tie (bothbad) or both_bad",
    traps="""Of conversations of several turns the last turn is taken if both agree until there. If they differ before,
or end with the user, the battle is left out.""",
    examples=(
        {
            "model_a": "x",
            "model_b": "y",
            "winner": "both_bad",
            "conversation_a": [_NUT, {"role": "assistant", "content": "Uh."}],
            "conversation_b": [_NUT, {"role": "assistant", "content": [{"type": "text", "text": "Eh."}]}],
        },
    ),
)
ARENA_TABLE = Format(
    "arena-csv",
    "Arena, table",
    lambda row: (
        row.has("response_a", "response_b") and (any(map(row.has, _FLAGS)) or row.get("winner") in (*_WINNERS, ""))
    ),
    each_row(_read_battle_row, _MODELS | {"prompt", "response_a", "response_b", "winner", *_FLAGS}),
    _write_battle_row,
    frozenset({"tie", "turns"}),
    endings=(".csv", ".jsonl", ".json", ".parquet"),
    shape="`prompt`, `response_a`, `response_b`: lists as JSON text, or texts; `winner_model_a` … or `winner`",
    traps="As arena. Exactly one of `winner_model_a`, `winner_model_b`, `winner_tie` is 1.",
    examples=({"prompt": "Name a nut.", "response_a": "A hazelnut.", "response_b": "Nuts.", "winner": "model_a"},),
)
