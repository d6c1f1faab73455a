"""TRL's formats with a prompt beside the answers, and the original project's list.

https://huggingface.co/docs/trl/dataset_formats.
"""

from typing import Any

from db.interchange.asked import PROMPTS
from db.interchange.checks import Row, is_empty
from db.interchange.format import CHAT, Format
from db.interchange.messages import assistant
from db.interchange.preferred import preferred_rows
from db.interchange.records import PairRecord
from db.interchange.unfolding import unfolded
from db.prompt_rows import Messages

_TRAPS = """A prompt and several leading turns in both answers belong together; answers that hold the whole conversation
must agree with the prompt. Several rejected answers are as many pairs of one question. Answers that begin with their
prompt in most rows of a file lose that beginning, with a remark; in fewer rows they keep it."""


def is_preferred(row: Row) -> bool:
    """Whether a row has a chosen or a rejected answer."""
    return row.has("chosen") or row.has("rejected")


def is_asked(row: Row) -> bool:
    """Whether a row has a prompt beside its answers."""
    return any(not is_empty(row.get(name)) for name in PROMPTS)


def holds_messages(row: Row) -> bool:
    """Whether the chosen answer is a list of messages."""
    return isinstance(unfolded(row.get("chosen")), list)


def _is_original(row: Row) -> bool:
    known = set(row.object()) <= {"prompt", "question", "chosen", "rejected"}
    return row.unit == "entry" and is_preferred(row) and known and not holds_messages(row) and is_asked(row)


def write_messages(record: PairRecord) -> dict[str, Any]:
    """Write TRL's explicit conversational format."""
    return {
        "prompt": list(record.messages),
        "chosen": [assistant(record.chosen)],
        "rejected": [assistant(record.rejected)],
    }


def write_texts(record: PairRecord) -> dict[str, Any]:
    """Write TRL's explicit standard format, also the original project's: texts, with empty lines between the turns."""
    return {"prompt": joined(record.messages), "chosen": record.chosen, "rejected": record.rejected}


def joined(messages: Messages) -> str:
    """The texts of a prompt joined into one, as for a model without a chat template."""
    return "\n\n".join(message["content"] for message in messages)


TRL = Format(
    "trl",
    "TRL, explicit prompt, as messages",
    lambda row: is_preferred(row) and is_asked(row) and holds_messages(row),
    preferred_rows(),
    write_messages,
    CHAT,
    shape="`prompt`, `chosen`, `rejected`: texts or messages",
    traps=_TRAPS,
    examples=(
        {
            "prompt": [{"role": "user", "content": "Name a tree."}],
            "chosen": [{"role": "assistant", "content": "An oak."}],
            "rejected": [{"role": "assistant", "content": "Trees are plants."}],
        },
    ),
)
TRL_TEXT = Format(
    "trl-text",
    "TRL, explicit prompt, as texts",
    lambda row: is_preferred(row) and is_asked(row),
    preferred_rows(),
    write_texts,
    joined=joined,
    shape="`prompt` (or `question`, `instruction`, `query`), `chosen`, `rejected`: texts",
    traps="""A text that writes a list of messages, as JSON or as Python does, is read as messages. A prompt that wears
a chat template, or is a transcript, is read as turns, with a remark.""",
    examples=({"prompt": "The sky is", "chosen": " blue.", "rejected": " green."},),
)
PREFERENCE_DATA = Format(
    "preference-data",
    "the original project's preference_data.json",
    _is_original,
    preferred_rows(),
    write_texts,
    joined=joined,
    endings=(".json", ".jsonl", ".csv", ".parquet"),
    shape="a list of `prompt` or `question`, `chosen`, `rejected`: texts",
    traps="As trl-text.",
    examples=({"question": "Why is the sky blue?", "chosen": "Air scatters blue light.", "rejected": "It is."},),
)
