"""Chosen and rejected answers under other names: LLaMA-Factory, axolotl, NeMo, ms-swift, OpenAI, StackExchange.

LLaMA-Factory: https://github.com/hiyouga/LLaMA-Factory (data/README.md). axolotl:
https://docs.axolotl.ai/docs/rlhf.html. ms-swift: https://swift.readthedocs.io (Custom dataset). OpenAI:
https://platform.openai.com/docs/guides/direct-preference-optimization.
"""

from typing import Any

from db.interchange.asked import ASKED, PROMPTS, Asked, asked_of, with_system_field
from db.interchange.checks import Row, checked_text, is_empty
from db.interchange.fields import check_fields
from db.interchange.format import CHAT, Format
from db.interchange.messages import assistant, ending_with_user, is_messages, turns_of
from db.interchange.preferred import preferred_rows
from db.interchange.reading import each_row, judged
from db.interchange.records import PairRecord, Read
from db.interchange.trl_format import is_preferred
from db.interchange.unfolding import unfolded, unfolded_object

_NO_TOOLS = {"tools": [], "parallel_tool_calls": True}


def _read_openai(row: Row) -> Read:
    asked = row.part(unfolded_object(row.get("input")))
    check_fields(row, {"messages", *_NO_TOOLS} - {"tools"}, asked.object(), "input")
    found = asked_of(asked, ("messages",))
    chosen, rejected = (_last(row, name) for name in ("preferred_output", "non_preferred_output"))
    return judged(row, PairRecord(row.at, found.messages, chosen, rejected, "a", remarks=found.remarks))


def _last(row: Row, name: str) -> str:
    turns = turns_of(row, unfolded(row.get(name)), name)
    if len(turns) != 1 or turns[0]["role"] != "assistant":
        raise row.wrong(f"{name!r} must hold one message of the assistant")
    return turns[0]["content"]


def _write_openai(record: PairRecord) -> dict[str, Any]:
    return {
        "input": {"messages": list(record.messages), **_NO_TOOLS},
        "preferred_output": [assistant(record.chosen)],
        "non_preferred_output": [assistant(record.rejected)],
    }


def _read_swift(row: Row) -> Read:
    turns = turns_of(row, unfolded(row.get("messages")), "messages")
    if len(turns) < 2 or turns[-1]["role"] != "assistant":
        raise row.wrong("'messages' must end with the chosen answer of the assistant")
    found = with_system_field(row, Asked(ending_with_user(row, turns[:-1], "messages")))
    if is_empty(row.get("rejected_messages")):
        rejected = row.text("rejected_response")
    else:
        others = turns_of(row, unfolded(row.get("rejected_messages")), "rejected_messages")
        if others[:-1] not in (turns[:-1], ()) or others[-1]["role"] != "assistant":
            raise row.wrong("'rejected_messages' must differ from 'messages' in the last answer alone")
        rejected = others[-1]["content"]
    return judged(row, PairRecord(row.at, found.messages, turns[-1]["content"], rejected, "a"))


def _read_two_outputs(row: Row) -> Read:
    """The older form of LLaMA-Factory's rankings: a list of two outputs, the better one first."""
    outputs = unfolded(row.get("output"), str)
    if not isinstance(outputs, list) or len(outputs) != 2:
        raise row.wrong("'output' must be a list of the better and the worse answer")
    found = asked_of(row)
    chosen, rejected = (checked_text(row, each, "output") for each in outputs)
    return judged(row, PairRecord(row.at, found.messages, chosen, rejected, "a", remarks=found.remarks))


def _is_sharegpt(row: Row) -> bool:
    return is_preferred(row) and not is_empty(row.get("conversations"))


def _is_alpaca(row: Row) -> bool:
    return is_preferred(row) and not is_empty(row.get("instruction"))


def _is_axolotl(row: Row) -> bool:
    chosen = row.get("chosen")
    return is_preferred(row) and isinstance(chosen, dict) and is_messages(chosen)


_MOON = [{"from": "human", "value": "Name a moon."}]

OPENAI = Format(
    "openai",
    "OpenAI's preference format, also Together's and Fireworks'",
    lambda row: row.has("input", "preferred_output"),
    each_row(_read_openai, {"input", "preferred_output", "non_preferred_output"}),
    _write_openai,
    CHAT,
    shape="`input.messages`, `preferred_output`, `non_preferred_output`: messages",
    traps="A row whose `input` offers tools is left out.",
    examples=(
        {
            "input": {"messages": [{"role": "user", "content": "Name a river."}], "tools": []},
            "preferred_output": [{"role": "assistant", "content": "The Mekong."}],
            "non_preferred_output": [{"role": "assistant", "content": "It depends."}],
        },
    ),
)
SWIFT = Format(
    "ms-swift",
    "ms-swift: messages and a rejected response",
    lambda row: row.has("messages") and (row.has("rejected_response") or row.has("rejected_messages")),
    each_row(_read_swift, {"messages", "rejected_response", "rejected_messages", "system"}),
    shape="`messages`, whose last one is the chosen answer; `rejected_response`",
    traps="`rejected_messages` may repeat the conversation, and may not differ before its last turn.",
    examples=(
        {
            "messages": [{"role": "user", "content": "Name a tree."}, {"role": "assistant", "content": "An oak."}],
            "rejected_response": "Trees are plants.",
        },
    ),
)
ALPACA = Format(
    "llama-factory",
    "LLaMA-Factory, alpaca: instruction, input, chosen, rejected",
    _is_alpaca,
    preferred_rows(),
    shape="`instruction`, `input`, `chosen`, `rejected`, perhaps `system` and `history`",
    traps="`instruction` and `input` are joined by a line break. `history` holds earlier questions and answers.",
    examples=({"instruction": "Translate to Latin.", "input": "the dog", "chosen": "canis", "rejected": "dog"},),
)
TWO_OUTPUTS = Format(
    "llama-factory-outputs",
    "LLaMA-Factory, older: a list of two outputs",
    lambda row: isinstance(unfolded(row.get("output"), str), list) and row.has("instruction"),
    each_row(_read_two_outputs, ASKED | {"output"}),
    shape="`instruction`, `input`, `output`: a list, the better answer first",
    traps="A list of another length than two is left out.",
    examples=({"instruction": "Translate to Latin.", "input": "the dog", "output": ["canis", "dog"]},),
)
SHAREGPT = Format(
    "sharegpt",
    "LLaMA-Factory, sharegpt: conversations, chosen, rejected",
    _is_sharegpt,
    preferred_rows(),
    shape="`conversations` of `from` and `value`; `chosen`, `rejected`: one of these, or texts",
    traps="The conversation ends with the question; an answer behind it is left away.",
    examples=(
        {
            "conversations": _MOON,
            "chosen": {"from": "gpt", "value": "Titan."},
            "rejected": {"from": "gpt", "value": "No."},
        },
    ),
)
AXOLOTL = Format(
    "axolotl",
    "axolotl and NeMo: one message object for each answer",
    _is_axolotl,
    preferred_rows(),
    shape="`messages` or `prompt`; `chosen`, `rejected`: one message each",
    traps="As trl.",
    examples=(
        {
            "messages": [{"role": "user", "content": "Name a moon."}],
            "chosen": {"role": "assistant", "content": "Titan."},
            "rejected": {"role": "assistant", "content": "No."},
        },
    ),
)
NEMO = Format(
    "nemo",
    "NeMo: chosen_response and rejected_response",
    lambda row: row.has("chosen_response", "rejected_response"),
    preferred_rows("chosen_response", "rejected_response"),
    shape="`prompt`, `chosen_response`, `rejected_response`",
    traps="As trl-text.",
    examples=({"prompt": "Name a nut.", "chosen_response": "A hazelnut.", "rejected_response": "Nuts."},),
)
STACK = Format(
    "stack-exchange",
    "StackExchange, paired: response_j is better than response_k",
    lambda row: row.has("response_j", "response_k"),
    preferred_rows("response_j", "response_k", prompts=PROMPTS),
    shape="`question`, `response_j`, `response_k`",
    traps="`response_j` is the better one, as its data card says.",
    examples=({"question": "Name a nut.", "response_j": "A hazelnut.", "response_k": "Nuts."},),
)
