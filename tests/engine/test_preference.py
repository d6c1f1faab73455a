"""The split by prompt and the fingerprint of pairs."""

from collections import Counter

import pytest

from engine.preference import (
    Message,
    PairsByPrompt,
    PreferencePair,
    Split,
    pairs_fingerprint,
    prompt_digest,
    split_by_prompt,
)


def _pair(key: str, question: str, chosen: str = "yes") -> PreferencePair:
    return PreferencePair(key, (Message(role="user", content=question),), chosen, "no")


def test_a_prompt_is_never_on_both_sides_and_a_tenth_of_the_prompts_is_kept() -> None:
    pairs = [_pair(f"{question}-{copy}", f"question {question}") for copy in range(3) for question in range(20)]
    train, evaluation = split_by_prompt(pairs, 0.1, seed=42)
    train_prompts = {pair.prompt[0]["content"] for pair in train}
    eval_prompts = {pair.prompt[0]["content"] for pair in evaluation}
    assert len(eval_prompts) == 2
    assert not train_prompts & eval_prompts
    assert len(train) == 54
    assert len(evaluation) == 6
    assert [pair.key for pair in train] == [pair.key for pair in pairs if pair in train]


def test_the_split_depends_on_the_seed_and_not_on_the_order() -> None:
    pairs = [_pair(str(number), f"question {number}") for number in range(40)]
    _, first = split_by_prompt(pairs, 0.2, seed=1)
    _, reversed_order = split_by_prompt(pairs[::-1], 0.2, seed=1)
    _, other_seed = split_by_prompt(pairs, 0.2, seed=2)
    assert set(map(repr, first)) == set(map(repr, reversed_order))
    assert set(map(repr, first)) != set(map(repr, other_seed))


@pytest.mark.parametrize(("count", "kept"), [(49, 0), (50, 5), (100, 10), (2000, 200), (5000, 200)])
def test_the_share_kept_aside_follows_the_number_of_pairs(count: int, kept: int) -> None:
    pairs = [_pair(str(number), f"question {number}") for number in range(count)]
    train, evaluation = split_by_prompt(pairs, None, seed=3)
    assert (len(train), len(evaluation)) == (count - kept, kept)
    by_prompt = PairsByPrompt.of(Counter(prompt_digest(pair.prompt, "3") for pair in pairs))
    assert by_prompt.split(None) == (count - kept, kept)


def test_too_few_prompts_for_an_evaluation_share_all_train() -> None:
    pairs = [_pair(str(number), f"question {number}") for number in range(9)]
    train, evaluation = split_by_prompt(pairs, 0.1, seed=0)
    assert (len(train), len(evaluation)) == (9, 0)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("eval_share", [0.0, 0.1, 0.25, 0.9])
def test_counts_by_prompt_give_the_sizes_of_the_split(eval_share: float, seed: int) -> None:
    pairs = [_pair(f"{at}", f"question {at % 23 if at % 3 else 0}") for at in range(60)]
    train, evaluation = split_by_prompt(pairs, eval_share, seed)
    by_prompt = PairsByPrompt.of(Counter(prompt_digest(pair.prompt, str(seed)) for pair in pairs))
    assert by_prompt.split(eval_share) == (len(train), len(evaluation))


def test_the_fingerprint_knows_contents_but_neither_order_nor_keys() -> None:
    one, two = _pair("1", "a"), _pair("2", "b")
    assert pairs_fingerprint([one, two]) == pairs_fingerprint([_pair("9", "b"), _pair("8", "a")])
    assert pairs_fingerprint([one, two]) != pairs_fingerprint([one, _pair("2", "b", "yes!")])
    assert pairs_fingerprint([one]) != pairs_fingerprint([one, one])
    cut = PreferencePair("1", one.prompt, "yes", "no", chosen_cut=True)
    assert pairs_fingerprint([one]) != pairs_fingerprint([cut])


def test_every_fold_is_kept_aside_once_and_a_share_of_the_others_is_trained_on() -> None:
    given = [_pair(str(number), f"question {number}") for number in range(20)]
    assert Split(1 / 3, 2).places(100, 1 / 3)[0] == range(66, 100)  # 100 · ⅓ · 3 is a little less than 100 in floats
    kept = [split_by_prompt(given, Split(1 / 3, fold), 7)[1] for fold in range(3)]
    assert sorted(each.key for fold in kept for each in fold) == sorted(each.key for each in given)
    assert [len(fold) for fold in kept] == [6, 7, 7]
    assert kept[0] == split_by_prompt(given, 1 / 3, 7)[1]
    assert split_by_prompt(given, Split(1 / 3, 3), 7)[1] == ()
    train, evaluation = split_by_prompt(given, Split(1 / 3, 1, 0.5), 7)
    assert (len(train), evaluation) == (7, kept[1])  # half of 13, rounded up
    quarter, _ = split_by_prompt(given, Split(1 / 3, 1, 0.25), 7)
    assert {each.key for each in quarter} < {each.key for each in train}  # nested
    by_prompt = PairsByPrompt.of(Counter(prompt_digest(each.prompt, "7") for each in given))
    assert by_prompt.split(Split(1 / 3, 1, 0.5)) == (7, 7)
