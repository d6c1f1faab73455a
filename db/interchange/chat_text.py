r"""Chats that were written out as one text: with the markers of a chat template, or as a transcript.

A prompt that wears a template already would get a second one in training, so its turns are read from the markers. What
begins like a template and cannot be read is refused. Transcripts: "\n\nHuman: …\n\nAssistant:", as HH-RLHF has them.
"""

import re
from dataclasses import dataclass

from db.interchange.messages import ROLES
from db.prompt_rows import Message, Messages

_TURN = re.compile(r"\n\n(Human|Assistant):")
_SPEAKERS = {"Human": "user", "Assistant": "assistant", "USER": "user", "ASSISTANT": "assistant", "User": "user"}
_MARKED = re.compile(r"(?:^|\n)(Human|USER|User|ASSISTANT|Assistant):")


@dataclass(frozen=True)
class Template:
    """The markers of a chat template: `turn` finds a turn's beginning with its role, `end` is what closes a turn."""

    name: str
    turn: re.Pattern[str]
    end: str


_TEMPLATES = (
    Template("ChatML", re.compile(r"<\|im_start\|>(\w+)\n"), "<|im_end|>"),
    Template("Llama 3", re.compile(r"<\|start_header_id\|>(\w+)<\|end_header_id\|>\n\n"), "<|eot_id|>"),
    Template("Gemma", re.compile(r"<start_of_turn>(\w+)\n"), "<end_of_turn>"),
    Template("Phi", re.compile(r"<\|(system|user|assistant)\|>\n?"), "<|end|>"),
    Template("Zephyr", re.compile(r"<\|(system|user|assistant)\|>\n?"), "</s>"),
    Template("Tulu", re.compile(r"<\|(system|user|assistant)\|>\n?"), "<|endoftext|>"),
)
_BEGINNINGS = ("<s>", "<bos>", "<|begin_of_text|>", "<|endoftext|>")
_ENDS = ("<|im_end|>", "<|eot_id|>", "<end_of_turn>", "<|end|>", "<|endoftext|>", "<|end_of_text|>", "</s>", "<eos>")
_WORN = re.compile(
    r"<\|im_start\|>|<\|start_header_id\|>|<start_of_turn>|<\|(?:system|user|assistant)\|>|\[INST\]|<<SYS>>|"
    r"<\|im_end\|>|<\|eot_id\|>|<end_of_turn>|### (?:Instruction|Response):"
)
_LLAMA_2 = re.compile(r"\[INST\]\s*(?:<<SYS>>\n(.*?)\n<</SYS>>\n\n)?(.*?)\s*\[/INST\]\s*(.*?)\s*(?:</s>|$)", re.DOTALL)


def worn_template(text: str) -> str | None:
    """The first marker of a chat template in a text, None without one."""
    found = _WORN.search(text)
    return found[0] if found else None


def begins_with_template(text: str) -> bool:
    """Whether a text begins with such a marker, perhaps behind the beginning of a sequence."""
    return _WORN.match(_bare(text)) is not None


def template_turns(text: str) -> tuple[str, Messages] | None:
    """The name of the template that a prompt wears and its turns; None where it cannot be read to its end."""
    bare = _bare(text)
    if bare.startswith("[INST]"):
        return _llama_2(bare)
    for template in _TEMPLATES:
        if template.turn.match(bare) and template.end in bare:
            turns = _turns(template, bare)
            return None if turns is None else (template.name, turns)
    return None


def without_end(text: str) -> str:
    """An answer without the end-of-turn markers of a template behind it."""
    while True:
        bare = text.rstrip()
        if not bare.endswith(_ENDS):
            return text
        end = next(each for each in _ENDS if bare.endswith(each))
        if end == "</s>" and "<s>" in bare:
            return text
        text = bare[: -len(end)]


def has_markers(text: str) -> bool:
    """Whether a text holds the speakers of a transcript in at least two lines."""
    return len(_MARKED.findall(text)) > 1


def prompt_transcript(text: str) -> Messages | None:
    """The turns of a prompt that is a transcript and ends with an empty "Assistant:"; None where it is none."""
    parts = _MARKED.split("\n" + text.strip())
    turns = [(_SPEAKERS[who], said.strip()) for who, said in zip(parts[1::2], parts[2::2], strict=True)]
    if len(turns) < 2 or parts[0].strip() or turns[-1] != ("assistant", "") or turns[0][0] != "user":
        return None
    messages = tuple(Message(role=role, content=said) for role, said in turns[:-1])
    roles = [each["role"] for each in messages]
    alternating = roles == [("user", "assistant")[at % 2] for at in range(len(roles))]
    return messages if alternating and roles[-1] == "user" and all(each["content"] for each in messages) else None


def transcript_turns(text: str) -> Messages | None:
    """Every turn of a text that begins with "Human:" and speaks in turns; None where it is none."""
    if "Human:" not in text:
        return None
    text = text if text.startswith("\n\n") else "\n\n" + text.lstrip()
    parts = _TURN.split(text)  # the text before the first turn, then speakers and texts in alternation
    if len(parts) < 5 or parts[0].strip():
        return None
    return tuple(
        Message(role=_SPEAKERS[who], content=said.strip()) for who, said in zip(parts[1::2], parts[2::2], strict=True)
    )


def _bare(text: str) -> str:
    text = text.lstrip()
    beginning = next((each for each in _BEGINNINGS if text.startswith(each)), "")
    return text[len(beginning) :].lstrip()


def _turns(template: Template, text: str) -> Messages | None:
    parts = template.turn.split(text)
    turns = []
    for role, said in zip(parts[1::2], parts[2::2], strict=True):
        head, _, rest = said.partition(template.end)
        if role not in ROLES or rest.strip():
            return None
        turns.append(Message(role=ROLES[role], content=head.strip()))
    if turns and turns[-1]["role"] == "assistant" and not turns[-1]["content"]:
        turns.pop()
    return _sound(turns)


def _llama_2(text: str) -> tuple[str, Messages] | None:
    turns: list[Message] = []
    while text:
        found = _LLAMA_2.match(text)
        if found is None:
            return None
        system, said, answer = found.groups()
        turns += [Message(role="system", content=system)] if system else []
        turns.append(Message(role="user", content=said))
        turns += [Message(role="assistant", content=answer)] if answer else []
        text = _bare(text[found.end() :])
    sound = _sound(turns)
    return None if sound is None else ("Llama 2", sound)


def _sound(turns: list[Message]) -> Messages | None:
    """The turns, where they end with the user's and the system speaks first."""
    if not turns or turns[-1]["role"] != "user" or any(each["role"] == "system" for each in turns[1:]):
        return None
    return tuple(turns) if all(each["content"] for each in turns) else None


def speaks(text: str) -> bool:
    """Whether a text holds a turn of a transcript, or begins with one."""
    return _TURN.search(f"\n\n{text}") is not None
