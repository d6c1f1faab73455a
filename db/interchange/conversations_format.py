"""Two whole conversations without a prompt beside them: TRL's implicit format, HH-RLHF's transcripts, UltraFeedback.

HH-RLHF: https://huggingface.co/datasets/Anthropic/hh-rlhf. UltraFeedback, as binarized for training:
https://huggingface.co/datasets/HuggingFaceH4/ultrafeedback_binarized.
"""

import hashlib
from typing import Any

from db.interchange.chat_text import speaks
from db.interchange.checks import Row, is_empty
from db.interchange.format import CHAT, Format
from db.interchange.messages import assistant, is_messages
from db.interchange.preferred import SCORE_NAMES, preferred_rows
from db.interchange.reading import EQUAL_SCORES
from db.interchange.records import LeftOut, PairRecord
from db.interchange.trl_format import holds_messages, is_asked, is_preferred
from db.interchange.unfolding import unfolded

_SCORED = tuple(name for two in SCORE_NAMES for name in two)


def _is_scored(row: Row) -> bool:
    chosen = unfolded(row.get("chosen"))
    if not is_preferred(row) or not isinstance(chosen, list) or len(chosen) < 2 or not is_messages(chosen):
        return False
    scored = any(not is_empty(row.get(name)) for name in _SCORED)
    return scored or (row.has("prompt") and chosen[0].get("role") in ("user", "system"))


def write_implicit(record: PairRecord) -> dict[str, Any]:
    """Write TRL's implicit format: two whole conversations."""
    return {
        "chosen": [*record.messages, assistant(record.chosen)],
        "rejected": [*record.messages, assistant(record.rejected)],
    }


def write_ultrafeedback(record: PairRecord) -> dict[str, Any] | LeftOut:
    """Write UltraFeedback's format. An unknown score is null."""
    if record.score_a is not None and record.score_a == record.score_b:
        return LeftOut(record.at, EQUAL_SCORES)
    prompt = next(each["content"] for each in record.messages if each["role"] == "user")
    better, worse = (record.score_a, record.score_b) if record.verdict == "a" else (record.score_b, record.score_a)
    conversations = write_implicit(record)
    return {
        "prompt": prompt,
        "prompt_id": hashlib.sha256(prompt.encode()).hexdigest(),
        **conversations,
        "messages": conversations["chosen"],
        "score_chosen": better,
        "score_rejected": worse,
    }


def write_transcripts(record: PairRecord) -> dict[str, Any] | LeftOut:
    """Write HH-RLHF, or give the reason why a reader would not get the same record back."""
    if record.messages[0]["role"] == "system":
        return LeftOut(record.at, "the format has no system prompt")
    turns = [*(each["content"] for each in record.messages), record.a, record.b]
    if any(speaks(each) or each != each.strip() for each in turns):
        return LeftOut(record.at, "a text would change when it is read back: it has space around it, or turns in it")
    roles = [each["role"] for each in record.messages]
    if roles != ["user", "assistant"] * (len(roles) // 2) + ["user"]:
        return LeftOut(record.at, "the format needs questions and answers in alternation")
    asked = "".join(f"\n\n{_name(each['role'])}: {each['content']}" for each in record.messages)
    answers = {"chosen": record.chosen, "rejected": record.rejected}
    return {name: f"{asked}\n\nAssistant: {text}" for name, text in answers.items()}


def _name(role: str) -> str:
    return "Human" if role == "user" else "Assistant"


_NUT = [{"role": "user", "content": "Name a nut."}]

TRL_IMPLICIT = Format(
    "trl-implicit",
    "TRL, implicit prompt",
    lambda row: is_preferred(row) and holds_messages(row) and not is_asked(row),
    preferred_rows(),
    write_implicit,
    CHAT,
    shape="`chosen`, `rejected`: whole conversations as messages",
    traps="""No prompt has its own field, and none is guessed from letters that both answers share: that would eat the
beginning of "It is blue" and "It is green". Messages are split before the last one. Where the two conversations differ
before their last turn, the row is left out.""",
    examples=(
        {
            "chosen": [*_NUT, {"role": "assistant", "content": "A hazelnut."}],
            "rejected": [*_NUT, {"role": "assistant", "content": "Nuts."}],
        },
    ),
)
HH_RLHF = Format(
    "hh-rlhf",
    "HH-RLHF: transcripts",
    lambda row: is_preferred(row) and isinstance(row.get("chosen"), str) and not is_asked(row),
    preferred_rows(),
    write_transcripts,
    frozenset({"turns"}),
    shape=r'`chosen`, `rejected`: "\\n\\nHuman: …\\n\\nAssistant: …"',
    traps="""Split at the last `Assistant:`. Left out: a text without `Human:` and `Assistant:`, one that ends with
`Human:`, and one in which a speaker has two turns in a row. The writer leaves out texts with space around them or with
turns in them.""",
    examples=(
        {
            "chosen": "\n\nHuman: Name a nut.\n\nAssistant: A hazelnut.",
            "rejected": "\n\nHuman: Name a nut.\n\nAssistant: Nuts.",
        },
    ),
)
ULTRAFEEDBACK = Format(
    "ultrafeedback",
    "UltraFeedback, binarized",
    _is_scored,
    preferred_rows(),
    write_ultrafeedback,
    CHAT | {"scores"},
    shape="`chosen`, `rejected`: whole conversations; `score_chosen`, `score_rejected`; `prompt` and `messages` again",
    traps="""A score that is missing, NaN or "N/A" is unknown. Equal scores leave a row out, since they contradict the
choice; a choice against the scores is taken with a remark.""",
    examples=(
        {
            "prompt": "Name a nut.",
            "chosen": [*_NUT, {"role": "assistant", "content": "A hazelnut."}],
            "rejected": [*_NUT, {"role": "assistant", "content": "Nuts."}],
            "score_chosen": 8.5,
            "score_rejected": None,
        },
    ),
)
