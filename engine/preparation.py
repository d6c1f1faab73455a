"""From preference pairs to the encoded pairs of a run, split by prompt, and the reasons of those left out."""

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.chat import EncodedPair, LeftOut, encode_pair
from engine.config import TrainConfig
from engine.errors import PairsError
from engine.events import Notice, NoticeLevel
from engine.preference import AS_TEMPLATE, DECISIVE, PreferencePair, split_by_prompt
from engine.questions import count_questions
from engine.thoughts import split_thoughts

_Z = 1.96
_SURE_POINTS = 10
_FEW_CUT, _CUT_BIAS = 10, 0.6


@dataclass(frozen=True)
class PreparedPairs:
    """The pairs of a run as token ids.

    Attributes:
        left_out: the key of a pair that cannot be trained on → the reason in words.
        digest: `pairs_digest` of the pairs as texts, without those left out.
        thoughts: what becomes of the thoughts before answers, as a sentence; empty where no answer has any.
        cut: that cut answers were chosen before others that had ended, as a sentence; else empty.
    """

    train: tuple[EncodedPair, ...]
    evaluation: tuple[EncodedPair, ...]
    left_out: Mapping[str, str]
    digest: str
    thoughts: str = ""
    cut: str = ""

    def notices(self) -> tuple[Notice, ...]:
        """What a person should know about these pairs before a run; nothing is repaired in silence."""
        notices = [_moved_notice(pair) for pair in self.train + self.evaluation if pair.moved]
        if said := rewriting_words(self.train + self.evaluation):
            notices.append(Notice(NoticeLevel.WARNING, said))
        shortened = sum(pair.shortened for pair in self.train + self.evaluation)
        if shortened:
            notices.append(
                Notice(NoticeLevel.WARNING, f"{_pairs(shortened)} cut at the longest length, without an end of turn.")
            )
        if self.cut:
            notices.append(Notice(NoticeLevel.WARNING, self.cut))
        if self.thoughts:
            notices.append(Notice(NoticeLevel.INFO, self.thoughts))
        if self.left_out:
            notices.append(Notice(NoticeLevel.WARNING, _left_out_words(self.left_out)))
        if said := evaluation_words(count_questions(self.train), count_questions(self.evaluation)):
            notices.append(Notice(NoticeLevel.INFO, said))
        return tuple(notices)


def prepare_pairs(tokenizer: Any, pairs: Sequence[PreferencePair], config: TrainConfig) -> PreparedPairs:
    """Encode the pairs and split them by prompt; unusable pairs are left out before the split.

    Raises:
        PairsError: two pairs have one key, or none that prefers an answer is left to train on.
    """
    pairs = config.as_learned(pairs)
    if len({pair.key for pair in pairs}) < len(pairs):
        raise PairsError(f"{len(pairs)} pairs have only {len({pair.key for pair in pairs})} different keys.")
    encoded: dict[str, EncodedPair] = {}
    left_out: dict[str, str] = {}
    for pair in pairs:
        result = encode_pair(tokenizer, pair, config)
        if isinstance(result, LeftOut):
            left_out[result.key] = result.reason
        else:
            encoded[result.key] = result
    train, evaluation = split_by_prompt([pair for pair in pairs if pair.key in encoded], config.split, config.seed)
    if not train:
        raise PairsError(_none_left(len(pairs), left_out))
    if not any(pair.outcome in DECISIVE for pair in train):
        raise PairsError(
            f"None of {_pairs(len(train))} to train on prefers an answer, and ties or bad answers alone teach no "
            "taste. Judge more pairs."
        )
    keys = {pair.key for pair in train + evaluation}
    used = [pair for pair in pairs if pair.key in keys]
    return PreparedPairs(
        tuple(encoded[pair.key] for pair in train),
        tuple(encoded[pair.key] for pair in evaluation),
        left_out,
        pairs_digest(used),
        thoughts_words(used, config),
        cut_words(used, config),
    )


def thoughts_words(pairs: Sequence[PreferencePair], config: TrainConfig) -> str:
    """Whether the thoughts before the answers of these pairs are trained on; empty where no answer has any."""
    with_thoughts = sum(split_thoughts(text)[0] is not None for pair in pairs for text in (pair.chosen, pair.rejected))
    if not with_thoughts:
        return ""
    answers = "1 answer has" if with_thoughts == 1 else f"{with_thoughts} answers have"
    done = "they are trained on" if config.thoughts == "with" else "the run trains on what is behind them alone"
    return f"{answers} thoughts before it, and {done} (--thoughts {config.thoughts})."


def cut_words(pairs: Sequence[PreferencePair], config: TrainConfig) -> str:
    """That a cut answer was mostly chosen where one answer was cut and the other one had ended; else empty.

    With 12 of 18 such pairs the answers that end by themselves fell from 18 % to none and from 15 to 3 %; with 8 of 24
    they rose from 15 to 34 % (docs/BENCHMARKS.md).
    """
    mixed = [pair for pair in pairs if pair.outcome in DECISIVE and pair.chosen_cut != pair.rejected_cut]
    cut = sum(pair.chosen_cut for pair in mixed)
    if config.cut == "as-trl" or len(mixed) < _FEW_CUT or cut < _CUT_BIAS * len(mixed):
        return ""
    return (
        f"In {cut} of the {len(mixed)} pairs with one answer that the token limit cut, that one was chosen, so fewer "
        "answers will end by themselves. Raise the limit of new tokens (--max-new-tokens) before you label more."
    )


def evaluation_words(train: int, evaluation: int) -> str | None:
    """How little the pairs that are kept aside can show; None where their accuracy is known to 10 points.

    Half of Wilson's 95 % interval at an accuracy of a half is z / (2 √(n + z²)): 26 points for 10 pairs.
    """
    if not evaluation:
        return f"No pairs are kept aside of {_pairs(train)}, so nothing shows which step is best: the last one is kept."
    points = 100 * _Z / (2 * (evaluation + _Z**2) ** 0.5)
    if points <= _SURE_POINTS:
        return None
    return (
        f"{_pairs(evaluation)} to evaluate on: accuracy is known to about {points:.0f} points either way, and an "
        "earlier step than the last is kept only where it is clearly better."
    )


def pairs_digest(pairs: Sequence[PreferencePair]) -> str:
    """SHA-256 (hex) of pairs with their keys, in any order. It does not depend on a tokenizer or a chat template.

    Rankings are not part of it: a checkpoint holds them, and older ones know none.
    """
    rows = [
        (
            pair.key,
            [[turn["role"], turn["content"]] for turn in pair.prompt],
            *(pair.chosen, pair.rejected, pair.chosen_cut, pair.rejected_cut),
            *((pair.thinking,) if pair.thinking != AS_TEMPLATE else ()),
            *((["outcome", pair.outcome],) if pair.outcome != "better" else ()),
            *((["edited"],) if pair.edited else ()),
            *((["foreign", pair.chosen_foreign, pair.rejected_foreign],) if pair.is_foreign else ()),
        )
        for pair in sorted(pairs, key=lambda pair: pair.key)
    ]
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()


def rewriting_words(pairs: Sequence[EncodedPair]) -> str | None:
    """What the chat template would change of these pairs' answers, with an example; None where it keeps all of them."""
    changed = [pair for pair in pairs if pair.rewriting is not None]
    if not changed or changed[0].rewriting is None:
        return None
    return (
        f"The chat template would change answers of {_pairs(len(changed))}; they are trained on as they were judged, "
        f"with an end of turn. In pair {changed[0].key} {changed[0].rewriting.words()}."
    )


def _left_out_words(left_out: Mapping[str, str]) -> str:
    """How many pairs are left out, and how many for each reason."""
    reasons = "; ".join(f"{number} × {reason}" for reason, number in Counter(left_out.values()).most_common())
    return f"{_pairs(len(left_out))} left out of this run: {reasons}."


def _moved_notice(pair: EncodedPair) -> Notice:
    return Notice(
        NoticeLevel.WARNING,
        f"Pair {pair.key}: the prompt's end {pair.moved!r} has other tokens beside an answer, "
        "so it is trained on as part of the answers.",
    )


def _none_left(found: int, left_out: Mapping[str, str]) -> str:
    if not found:
        return "There is no pair to train on. Judge some comparisons first."
    reasons = ", ".join(sorted(set(left_out.values())))
    return f"None of {_pairs(found)} can be trained on: {reasons}. Judge more, or change these settings."


def _pairs(count: int) -> str:
    return "1 pair" if count == 1 else f"{count} pairs"
