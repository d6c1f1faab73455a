"""Messages to token ids, and the boundary between prompt and completion.

A completion starts where the tokens of the prompt alone and of the prompt with an answer begin to differ, as in TRL.
All masks come from these lengths, never from token ids, because a tokenizer may pad with its end-of-turn token.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from engine.config import TrainConfig
from engine.errors import ModelError, TemplateRefused, TokenUnknown
from engine.limits import check_tokens, limits_of
from engine.preference import AS_TEMPLATE, Message, Outcome, PreferencePair
from engine.template import AnswerText, Opening, Rewriting, complete, open_answer, render, unfinished
from engine.thoughts import without_thoughts


@dataclass(frozen=True)
class EncodedPair:
    """A pair as token ids, ready for training.

    `moved` is the end of the prompt whose tokens differ beside an answer and so are scored with it, "" where there is
    none. `shortened` says that an answer was cut at `max_length`, its end of turn included. `rewriting` is what the
    chat template would have made of an answer that it changes; the judged text is encoded in its place. `outcome`,
    `edited`, `question`, `chosen_foreign` and `rejected_foreign` are those of the `PreferencePair`.
    """

    key: str
    prompt_ids: tuple[int, ...]
    chosen_ids: tuple[int, ...]
    rejected_ids: tuple[int, ...]
    moved: str = ""
    shortened: bool = False
    rewriting: Rewriting | None = None
    outcome: Outcome = "better"
    edited: bool = False
    question: str | None = None
    chosen_foreign: bool = False
    rejected_foreign: bool = False

    @property
    def is_foreign(self) -> bool:
        """Whether the policy did not write both answers."""
        return self.chosen_foreign or self.rejected_foreign

    @property
    def tokens(self) -> int:
        """Tokens of both sequences; the prompt counts twice, as in TRL's `num_tokens`."""
        return 2 * len(self.prompt_ids) + len(self.chosen_ids) + len(self.rejected_ids)

    @property
    def row_tokens(self) -> int:
        """Tokens of the pair in one row, where the prompt counts once."""
        return len(self.prompt_ids) + len(self.chosen_ids) + len(self.rejected_ids)


@dataclass(frozen=True)
class LeftOut:
    """A pair that cannot be trained on, with the reason in words."""

    key: str
    reason: str


def encode_prompt(tokenizer: Any, messages: Sequence[Message], thinking: str = AS_TEMPLATE) -> list[int]:
    """The token ids that a policy reads before it answers.

    With a chat template these are the messages and the template's opening of an answer. Without one they are the
    contents as plain text, with an empty line between them. `thinking` sets the template's switch: template, on or off.

    Raises:
        TokenUnknown: a token of the text is beyond those of the tokenizer's model.
        TemplateRefused: the chat template raises an error.
    """
    return _tokens(tokenizer, *_prompt_text(tokenizer, messages, thinking))


def encode_openings(
    tokenizer: Any, messages: Sequence[Message], answers: Sequence[str], thinking: str = AS_TEMPLATE
) -> tuple[list[int], list[int]]:
    """The tokens that the prompt with each of several short answers begins with, and the token of each behind them.

    At least two answers, of which none begins with another one; a token may hold the end of the prompt's text.

    Raises:
        ModelError: two answers begin with the same token.
        TokenUnknown, TemplateRefused: see `encode_prompt`.
    """
    text, special = _prompt_text(tokenizer, messages, thinking)
    encoded = [_tokens(tokenizer, text + answer, special) for answer in answers]
    shared = min(_common_prefix(encoded[0], other) for other in encoded[1:])
    first = [ids[shared] for ids in encoded if len(ids) > shared]
    if len(set(first)) < len(answers):
        raise ModelError(f"The tokenizer does not tell {', '.join(answers)} apart by one token. Take another model.")
    return encoded[0][:shared], first


def encode_pair(tokenizer: Any, pair: PreferencePair, config: TrainConfig) -> EncodedPair | LeftOut:
    """The pair's token ids under the run's length and cut rules, or the reason why it is left out."""
    if pair.outcome not in config.outcomes:
        return LeftOut(pair.key, f"these settings do not learn from a verdict of {pair.outcome.replace('_', ' ')}")
    if config.cut == "leave-out" and (pair.chosen_cut or pair.rejected_cut):
        return LeftOut(pair.key, "an answer was cut by the token limit")
    try:
        encoded = _encoded(tokenizer, pair, config)
    except TokenUnknown:
        return LeftOut(pair.key, "it has a token that the tokenizer knows and the model does not")
    except TemplateRefused as error:
        return LeftOut(pair.key, f"the chat template refuses it: {error.words}")
    longest = limits_of(tokenizer).length
    return _fitted(encoded, config.max_length if longest is None else min(config.max_length, longest), config)


def _encoded(tokenizer: Any, pair: PreferencePair, config: TrainConfig) -> EncodedPair:
    """The pair's token ids, of whatever length.

    Both answers follow one opening, so that a clock in the template does not move within a pair. An answer that did not
    end by itself follows it without an end of turn, as the policy wrote it.
    """
    texts = [(pair.chosen, pair.chosen_cut), (pair.rejected, pair.rejected_cut)]
    if tokenizer.chat_template is None:
        prompt, special = _prompt_text(tokenizer, pair.prompt)
        answers = [AnswerText(_plain(tokenizer, prompt, *each, config), prompt) for each in texts]
    else:
        opening, special = open_answer(tokenizer, pair.prompt, pair.thinking), False
        answers = [_answer(opening, *each, config) for each in texts]
        prompt = answers[0].before if answers[0].before == answers[1].before else opening.text
    prompt_ids, chosen_ids, rejected_ids = (
        _tokens(tokenizer, text, special) for text in (prompt, *(answer.text for answer in answers))
    )
    boundary = min(_common_prefix(prompt_ids, chosen_ids), _common_prefix(prompt_ids, rejected_ids))
    return EncodedPair(
        pair.key,
        tuple(prompt_ids[:boundary]),
        tuple(chosen_ids[boundary:]),
        tuple(rejected_ids[boundary:]),
        moved=tokenizer.decode(prompt_ids[boundary:]),
        rewriting=answers[0].rewriting or answers[1].rewriting,
        outcome=pair.outcome,
        edited=pair.edited,
        question=pair.question,
        chosen_foreign=pair.chosen_foreign,
        rejected_foreign=pair.rejected_foreign,
    )


def _fitted(pair: EncodedPair, max_length: int, config: TrainConfig) -> EncodedPair | LeftOut:
    """The pair within `max_length` tokens, or why it is left out."""
    room = max_length - len(pair.prompt_ids)
    limit = str(max_length) if max_length == config.max_length else f"the {max_length} that the model reads"
    longest = max(len(pair.chosen_ids), len(pair.rejected_ids))
    if room <= 0:
        return LeftOut(pair.key, f"the prompt alone has {len(pair.prompt_ids)} tokens of {limit}")
    if longest > room and config.truncation == "leave-out":
        total = len(pair.prompt_ids) + longest
        return LeftOut(pair.key, f"prompt and answer have {total} tokens, more than {limit}")
    chosen, rejected = pair.chosen_ids[:room], pair.rejected_ids[:room]
    if not pair.prompt_ids:
        return LeftOut(pair.key, "no part of the prompt is left before the answers, so they cannot be scored")
    if not chosen or not rejected:
        return LeftOut(pair.key, "an answer is empty")
    if chosen == rejected:
        return LeftOut(pair.key, "both answers are the same" + (" after cutting" if longest > room else ""))
    return replace(pair, chosen_ids=chosen, rejected_ids=rejected, shortened=longest > room)


def _prompt_text(tokenizer: Any, messages: Sequence[Message], thinking: str = AS_TEMPLATE) -> tuple[str, bool]:
    """The prompt as text, and whether the tokenizer must add its own special tokens to it."""
    if tokenizer.chat_template is None:
        return "\n\n".join(message["content"] for message in messages), True
    return render(tokenizer, messages, add_generation_prompt=True, thinking=thinking), False


def _answer(opening: Opening, answer: str, cut: bool, config: TrainConfig) -> AnswerText:
    """Prompt and answer through the chat template."""
    if cut and config.cut != "as-trl":
        return unfinished(opening, answer, config.thoughts)
    return complete(opening, _learned(answer, config))


def _learned(answer: str, config: TrainConfig) -> str:
    """The part of an answer that a run learns from."""
    return without_thoughts(answer) if config.thoughts == "without" else answer


def _plain(tokenizer: Any, prompt: str, answer: str, cut: bool, config: TrainConfig) -> str:
    """Prompt and answer without a chat template. An answer that did not end by itself gets no end."""
    answer = _learned(answer, config)
    end = (tokenizer.eos_token or "") if not cut or config.cut == "as-trl" else ""
    return prompt + answer if answer.endswith(end) else prompt + answer + end


def _tokens(tokenizer: Any, text: str, add_special_tokens: bool) -> list[int]:
    ids = list(tokenizer(text, add_special_tokens=add_special_tokens)["input_ids"])
    check_tokens(tokenizer, ids)
    return ids


def _common_prefix(first: Sequence[int], second: Sequence[int]) -> int:
    """How many first tokens both share."""
    for position, (one, other) in enumerate(zip(first, second, strict=False)):
        if one != other:
            return position
    return min(len(first), len(second))
