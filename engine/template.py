"""Messages through a model's chat template: what it writes, what it refuses, and what it would change of an answer.

A template is a program of the model's maker. It may raise, read the clock, or rewrite what it is given.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jinja2 import TemplateError

from engine.errors import TemplateRefused
from engine.preference import AS_TEMPLATE, Message
from engine.thoughts import CHANNEL_OPENING, MARKS, split_thoughts, template_switch, to_channels, without_thoughts

_RAISED = (TemplateError, ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
"""What a template may end in: its own `raise_exception`, and everything that an expression can raise."""
_CLOCK = "strftime_now"
_PROBE = "palate"
_SHOWN = 60


@dataclass(frozen=True)
class Rewriting:
    """What a chat template would make of an answer.

    `verb` is what it does: "drops the thoughts of", "trims", "adds to" or "rewrites". `judged` is the answer that was
    judged, and `rendered` what the template writes in its place.
    """

    verb: str
    judged: str
    rendered: str

    def words(self) -> str:
        """The example in words, with both texts shortened."""
        return f"it {self.verb} {_quoted(self.judged)} and writes {_quoted(self.rendered)}"


@dataclass(frozen=True)
class AnswerText:
    """A prompt with its answer as the model reads them.

    `before` is the prompt in it, and `rewriting` what the template would have changed of the answer.
    """

    text: str
    before: str
    rewriting: Rewriting | None = None


def render(
    tokenizer: Any,
    messages: Sequence[Mapping[str, Any]],
    *,
    add_generation_prompt: bool = False,
    thinking: str = AS_TEMPLATE,
) -> str:
    """The messages as the chat template writes them; `thinking` is template, on or off.

    Raises:
        TemplateRefused: the template raises an error.
    """
    words = _rendered(tokenizer, messages, add_generation_prompt, thinking)
    if isinstance(words, str):
        return words
    reason = _first_line(words)
    raise TemplateRefused(reason, _what_to_change(tokenizer, messages, add_generation_prompt)) from words


@dataclass(frozen=True)
class Opening:
    """A prompt as the model reads it before its answer.

    `text` ends with the template's opening of an answer. `bare` is what the template writes before an answer without
    thoughts, and `end` what it writes behind one, None where it hides that. `thinking` is the setting of its switch.
    """

    tokenizer: Any
    prompt: Sequence[Message]
    text: str
    bare: str | None
    end: str | None
    thinking: str = AS_TEMPLATE


def open_answer(tokenizer: Any, prompt: Sequence[Message], thinking: str = AS_TEMPLATE) -> Opening:
    """The prompt through the chat template, ready for answers.

    Raises:
        TemplateRefused: the template raises an error.
    """
    text = render(tokenizer, prompt, add_generation_prompt=True, thinking=thinking)
    probe = render(tokenizer, [*prompt, Message(role="assistant", content=_PROBE)], thinking=thinking)
    bare, found, end = probe.rpartition(_PROBE)
    return Opening(tokenizer, prompt, text, bare if found else None, end if found else None, thinking)


def complete(opening: Opening, answer: str) -> AnswerText:
    """The prompt with a finished answer: the judged text and an end of turn, behind the opening of an answer.

    For answers that the template keeps, this is what the template writes. An answer that it would change is kept.

    Raises:
        TemplateRefused: the template raises an error, or changes an answer and hides how it ends a turn.
    """
    turn = _turn(opening, answer)
    rendered, end = render(opening.tokenizer, [*opening.prompt, turn], thinking=opening.thinking), opening.end
    before = _before(opening, answer)
    judged = join(before, answer)
    if end is None:
        if rendered.startswith(judged):
            return AnswerText(rendered, before)
        raise TemplateRefused(f"it changes the answer {_quoted(answer)}, and its end of a turn cannot be found")
    if rendered == judged + end or _differs_by_clock(opening, before, rendered.removesuffix(answer + end)):
        return AnswerText(judged + end, before)
    return AnswerText(judged + end, before, _rewriting(before, answer, rendered.removesuffix(end)))


def unfinished(opening: Opening, answer: str, thoughts: str) -> AnswerText:
    """The prompt with an answer that the token limit cut, so without an end of turn; `thoughts` is with or without.

    Behind an opening that begins thoughts, an answer without their end was cut inside them.

    Raises:
        TemplateRefused: the answer goes without its thoughts, and how the template writes one cannot be found.
    """
    if thoughts == "with":
        return AnswerText(join(opening.text, answer), opening.text)
    rest = "" if _is_without_thoughts(opening.text, answer) else without_thoughts(answer)
    if opening.bare is None and _is_without_thoughts(opening.text, rest):
        raise TemplateRefused("it begins thoughts, and how it writes an answer without them cannot be found")
    before = _before(opening, rest)
    return AnswerText(join(before, rest), before)


def _before(opening: Opening, answer: str) -> str:
    """What the model reads before this answer: without the thoughts that the opening begins where it has none."""
    bare = opening.bare if _is_without_thoughts(opening.text, answer) else None
    return opening.text if bare is None else bare


def _turn(opening: Opening, answer: str) -> Any:
    """The answer as a message; a template that writes channels takes its thoughts apart."""
    thoughts, rest = split_thoughts(answer)
    if thoughts is None or not opening.text.endswith(CHANNEL_OPENING):
        return Message(role="assistant", content=answer)
    return {"role": "assistant", "thinking": thoughts, "content": rest}


def _differs_by_clock(opening: Opening, before: str, written: str) -> bool:
    """Is the text before an answer as it was, but for the time that passed between the two?"""
    reads_clock = _CLOCK in str(opening.tokenizer.chat_template)
    return reads_clock and written != before and len(written) == len(before)


def join(opening: str, answer: str) -> str:
    """The answer behind the opening. Thoughts that the opening begins are not begun again by the answer."""
    if opening.endswith(CHANNEL_OPENING):
        return opening + to_channels(answer)
    for begin, _ in MARKS:
        if opening.rstrip().endswith(begin) and answer.startswith(begin):
            return opening + answer.removeprefix(begin).lstrip("\n")
    return opening + answer


def _is_without_thoughts(opening: str, answer: str) -> bool:
    return any(opening.rstrip().endswith(begin) and end not in answer for begin, end in MARKS)


def _rewriting(opening: str, answer: str, rendered: str) -> Rewriting:
    written = rendered[_common_prefix(opening, rendered) :]
    if any(end in answer and end not in written for _, end in MARKS):
        verb = "drops the thoughts of"
    elif written.strip() == answer.strip():
        verb = "trims"
    else:
        verb = "adds to" if answer.strip() in written else "rewrites"
    return Rewriting(verb, answer, written)


def _common_prefix(first: str, second: str) -> int:
    """How many first characters both share."""
    pairs = enumerate(zip(first, second, strict=False))
    return next((place for place, (one, other) in pairs if one != other), min(len(first), len(second)))


def _rendered(
    tokenizer: Any, messages: Sequence[Mapping[str, Any]], add_generation_prompt: bool, thinking: str = AS_TEMPLATE
) -> str | Exception:
    turns, more = [dict(message) for message in messages], template_switch(thinking)
    try:
        return str(
            tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=add_generation_prompt, **more)
        )
    except _RAISED as error:
        return error


def _what_to_change(tokenizer: Any, messages: Sequence[Mapping[str, Any]], add_generation_prompt: bool) -> str:
    rest = [message for message in messages if message["role"] != "system"]
    without_system = len(rest) < len(messages)
    if without_system and rest and isinstance(_rendered(tokenizer, rest, add_generation_prompt), str):
        return "Leave out the system prompt, or choose another model."
    if any(message["role"] != ("user", "assistant")[place % 2] for place, message in enumerate(rest)):
        return "Let user and assistant take turns in it, beginning with the user, or choose another model."
    return "Change the prompt, or choose another model."


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    line = (lines[0] if lines else type(error).__name__).strip().rstrip(".")
    return line if len(line) <= 200 else f"{line[:199]}…"


def _quoted(text: str) -> str:
    line = text.strip("\n").replace("\n", "⏎")
    return f"“{line if len(line) <= _SHOWN else line[: _SHOWN - 1] + '…'}”"
