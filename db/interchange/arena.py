"""The arena: battles of two models, as conversations and as a table.

Conversations: https://huggingface.co/datasets/lmsys/chatbot_arena_conversations. The table is that of the arena's
contest on Kaggle, lmsys-chatbot-arena: prompts and answers of all turns are lists, written as JSON text.

A battle whose conversations differ before their last turn is left out: its verdict was about both conversations as a
whole, and no single pair of answers represents it.
"""

from typing import Any

from db.interchange.checks import Row, checked_text, kind_of, messages_of, same_turns, turns_of
from db.interchange.records import LeftOut, PairRecord, Read
from db.interchange.sources import unfolded
from db.interchange.trl import EMPTY, SAME, assistant, cell
from db.prompt_rows import Message, Messages

DIFFER = "the two conversations differ before their last turn"

_WINNERS = {"model_a": "a", "model_b": "b", "tie": "tie", "tie (bothbad)": "both_bad"}
_NAMES = {verdict: winner for winner, verdict in _WINNERS.items()}
_FLAGS = {"winner_model_a": "a", "winner_model_b": "b", "winner_tie": "tie"}
_TRUE = (1, True, "1", "true", "True", "1.0")
_FALSE = (0, False, None, "", "0", "false", "False", "0.0")


def judged(row: Row, messages: Messages, a: str, b: str, verdict: str | None, **more: Any) -> Read:
    """A record, or the reason to leave it out where an answer is empty or both are equal."""
    if not a.strip() or not b.strip():
        return LeftOut(row.at, EMPTY)
    if a == b:
        return LeftOut(row.at, SAME)
    return PairRecord(row.at, messages, a, b, verdict, **more)


# -- as conversations ------------------------------------------------------------------------------------------


def read_battle(row: Row, *, table: bool = False) -> Read:
    """Read a battle of two conversations.

    Raises:
        InterchangeError: the winner is not a known one, or a conversation does not end with an answer.
    """
    winner = row.text("winner")
    if winner not in _WINNERS:
        raise row.wrong(f"'winner' is {winner!r}; known are {', '.join(map(repr, _WINNERS))}")
    first, second = (_turns(row, cell(row, name, table), name) for name in ("conversation_a", "conversation_b"))
    if not same_turns(first[:-1], second[:-1]):
        return LeftOut(row.at, DIFFER)
    prompt = messages_of(row, list(first[:-1]), "conversation_a")
    names = {f"model_{each}": row.optional_text(f"model_{each}") for each in "ab"}
    return judged(row, prompt, first[-1]["content"], second[-1]["content"], _WINNERS[winner], **names)


def write_battle(record: PairRecord) -> dict[str, Any]:
    """Write a battle. The name of an unknown model is "not known"."""
    return {
        "question_id": f"palate-{record.at}",
        "model_a": record.model_a or "not known (a)",
        "model_b": record.model_b or "not known (b)",
        "winner": _NAMES[record.verdict or "tie"],
        "judge": "person",
        "conversation_a": [*record.messages, assistant(record.a)],
        "conversation_b": [*record.messages, assistant(record.b)],
        "turn": sum(message["role"] == "user" for message in record.messages),
        "anony": True,
    }


def _turns(row: Row, value: Any, name: str) -> Messages:
    turns = turns_of(row, value, name)
    if len(turns) < 2 or turns[-1]["role"] != "assistant":
        raise row.wrong(f"{name!r} must hold a whole conversation that ends with the assistant's answer")
    return turns


# -- as a table ------------------------------------------------------------------------------------------------


def read_battle_row(row: Row, **_: Any) -> Read:
    """Read a row of the contest's table.

    Raises:
        InterchangeError: there is not exactly one winner, or the lists differ in length.
    """
    prompts, first, second = (_texts(row, name) for name in ("prompt", "response_a", "response_b"))
    if not len(prompts) == len(first) == len(second):
        raise row.wrong("'prompt', 'response_a' and 'response_b' must be lists of the same length")
    if first[:-1] != second[:-1]:
        return LeftOut(row.at, DIFFER)
    if None in prompts or None in first[:-1]:
        return LeftOut(row.at, "a turn is missing")
    said = [text for turn in zip(prompts, first, strict=True) for text in turn][:-1]
    roles = ("user", "assistant")
    messages = tuple(Message(role=roles[at % 2], content=text or "") for at, text in enumerate(said))
    names = {f"model_{each}": row.optional_text(f"model_{each}") for each in "ab"}
    return judged(row, messages, first[-1] or "", second[-1] or "", _winner(row), **names)


def write_battle_row(record: PairRecord) -> dict[str, Any] | LeftOut:
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


def _texts(row: Row, name: str) -> list[str | None]:
    """The turns under a name: a list, the JSON text of a list, or a single text."""
    value = unfolded(row.get(name), str | None)
    if isinstance(value, str):
        return [checked_text(row, value, name)]
    if not isinstance(value, list) or not value:
        raise row.wrong(f"{name!r} must be a list of texts, not {kind_of(value)}")
    return [None if each is None else checked_text(row, each, name) for each in value]


def _winner(row: Row) -> str:
    flags = {verdict: row.get(name) for name, verdict in _FLAGS.items()}
    if any(each not in (*_TRUE, *_FALSE) for each in flags.values()):
        raise row.wrong(f"{', '.join(_FLAGS)} must be 0 or 1")
    won = [verdict for verdict, flag in flags.items() if flag in _TRUE]
    if len(won) != 1:
        raise row.wrong(f"exactly one of {', '.join(_FLAGS)} must be 1")
    return won[0]
