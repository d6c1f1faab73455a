"""Inputs in the shapes that people have, and what is right for each. None of them holds anybody's data.

A case has the content of a file, and what reading it gives: one outcome for each record or row left out.
"""

import json
from dataclasses import dataclass
from typing import Any

from db.interchange.records import LeftOut, Read

NUT = {"role": "user", "content": "Name a nut."}
BRIEF = {"role": "system", "content": "Be brief."}
PIRATE = "Answer like a pirate."


def said(text: str, **more: Any) -> dict[str, Any]:
    """The assistant's message."""
    return {"role": "assistant", "content": text, **more}


@dataclass(frozen=True)
class Case:
    """One input. `content` is text, or rows that become JSON Lines. `format` is the name that it is recognised by.

    `outcomes` are `outcome` of every read. `remark` is a part of a remark on every record.
    """

    name: str
    content: str | list[Any]
    format: str
    outcomes: tuple[str, ...]
    ending: str = ".jsonl"
    remark: str = ""

    @property
    def text(self) -> str:
        """The file's content."""
        if isinstance(self.content, str):
            return self.content
        if self.ending == ".json":
            return json.dumps(self.content)
        return "".join(json.dumps(each) + "\n" for each in self.content)


def outcome(read: Read) -> str:
    """A record in one line: its turns, the chosen and the rejected answer, or both answers and the verdict."""
    if isinstance(read, LeftOut):
        return f"out: {read.reason}"
    turns = " ".join(f"{each['role'][0]}:{each['content']}" for each in read.messages)
    if read.verdict in ("a", "b"):
        return f"{turns} | {read.chosen} > {read.rejected}"
    return f"{turns} | {read.a} {read.verdict} {read.b}"


PLAIN = "u:Name a nut. | A hazelnut. > Nuts."
TIE = "u:Name a nut. | A hazelnut. tie Nuts."
OPEN = "u:Name a nut. | A hazelnut. None Nuts."
ROW = {"prompt": "Name a nut.", "chosen": "A hazelnut.", "rejected": "Nuts."}
CHAT = {"prompt": [NUT], "chosen": [said("A hazelnut.")], "rejected": [said("Nuts.")]}
WHOLE = {"chosen": [NUT, said("A hazelnut.")], "rejected": [NUT, said("Nuts.")]}
CALL = {"tool_calls": [{"id": "c1", "type": "function", "function": {"name": "clock", "arguments": "{}"}}]}
TOOLS = "holds tools that the model was offered or called"
HH = {
    "chosen": "\n\nHuman: Name a nut.\n\nAssistant: A hazelnut.",
    "rejected": "\n\nHuman: Name a nut.\n\nAssistant: Nuts.",
}
MOON = "u:Name a moon. | Titan. > No."
HH_MOON = {
    name: f"\n\nHuman: Name a moon.\n\nAssistant: {text}" for name, text in (("chosen", "Titan."), ("rejected", "No."))
}
LAST = "'chosen' must end with what 'Assistant:' says"


def hh(*turns: str) -> dict[str, str]:
    """The same transcript twice, but for its last letter."""
    text = "".join(f"\n\n{each}" for each in turns)
    return {"chosen": text, "rejected": text + "."}


def flat(
    *values: Any, status: tuple[str, ...] = ("submitted",), name: str = "preference", **more: Any
) -> dict[str, Any]:
    """A record of Argilla's second version."""
    row = {
        "id": "1",
        "status": "completed",
        "prompt": "Name a nut.",
        "response_a": "A hazelnut.",
        "response_b": "Nuts.",
    }
    return row | {f"{name}.responses": [*values], f"{name}.responses.status": [*status]} | more


def three(name: str, value: Any) -> dict[str, Any]:
    """A record of Argilla with three answers."""
    answers = {"reply_1": "A peanut?", "reply_2": "Nuts.", "reply_3": "A hazelnut."}
    return {"prompt": "Name a nut.", **answers, f"{name}.responses": [value], f"{name}.responses.status": ["submitted"]}


def task(*annotations: Any, **data: Any) -> dict[str, Any]:
    """A task of Label Studio."""
    data = data or {"prompt": "Name a nut.", "answer1": "A hazelnut.", "answer2": "Nuts."}
    return {"id": 1, "data": data, "annotations": [*annotations]}


LEFT = {"was_cancelled": False, "result": [{"type": "pairwise", "value": {"selected": "left"}}]}
CANCELLED = {"was_cancelled": True, "result": []}
BATTLE = {
    "model_a": "m",
    "model_b": "n",
    "winner": "model_a",
    "conversation_a": [NUT, said("A hazelnut.")],
    "conversation_b": [NUT, said("Nuts.")],
}
SCORED = ROW | WHOLE | {"prompt_id": "x", "messages": WHOLE["chosen"], "score_chosen": 8.0, "score_rejected": 2.0}
THANKS = [{"role": "user", "content": "Thanks."}]
EQUAL = "out: both scores are equal, so nothing says that the chosen answer is the better one"
RANKS = [{"value": "reply_3", "rank": 1}, {"value": "reply_1", "rank": 2}, {"value": "reply_2", "rank": 3}]
WORN = "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nName a nut.<|im_end|>\n<|im_start|>assistant\n"
LLAMA = "<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\nName a nut.<|eot_id|>"
LLAMA += "<|start_header_id|>assistant<|end_header_id|>\n\n"
GIRAFFE = "How tall is a giraffe?"
TALL = f"u:{GIRAFFE} | About five metres. > Tall."
LONG = {"prompt": GIRAFFE, "chosen": f"{GIRAFFE} About five metres.", "rejected": f"{GIRAFFE} Tall."}
WALL = {"role": "user", "content": "Name a nut."}
PICTURE = [{"type": "text", "text": "What is it?"}, {"type": "image_url", "image_url": {"url": "x"}}]
IGNORED = "; `--columns ignore={}` reads such rows without it"


def column(name: str, why: str) -> str:
    """The outcome of a row that is left out for a column."""
    return f"out: '{name}' {why}{IGNORED.format(name)}"


SEEN = "holds something that was seen or heard beside the text"
ASKED = "holds a part of what was asked"
