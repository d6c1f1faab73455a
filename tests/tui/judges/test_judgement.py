"""What follows from a judge's two looks at a pair, and what counts as a label."""

import math

import pytest

from tui.judges.judgement import Judgement, Look, choices_in, combine, label_shares, read_label


@pytest.mark.parametrize(
    ("text", "choice"),
    [
        ("1", "first"),
        (" 2\n", "second"),
        ("0", "tie"),
        ("<think>answer 1 says prefer answer 1</think>\n2", "second"),
        ("", None),
        ("12", None),
        ("1.", None),
        ("Answer 1", None),
        ("1 because it is longer", None),
        ("3", None),
        ("１", None),
        ("<think>1", None),
        ("first", None),
    ],
)
def test_only_a_bare_label_counts(text: str, choice: str | None) -> None:
    assert read_label(text) == choice


def test_without_shares_two_orders_have_to_agree() -> None:
    assert combine(Look("first"), Look("second")) == Judgement("a", "first", "second")
    assert combine(Look("second"), Look("first")) == Judgement("b", "second", "first")
    assert combine(Look("first"), Look("first")) == Judgement("tie", "first", "first")
    assert combine(Look("tie"), Look("first")) == Judgement("tie", "tie", "first")
    assert not combine(Look("tie"), Look("first")).agrees


def test_an_order_without_a_label_gives_no_verdict() -> None:
    assert combine(Look("first"), Look(None)) == Judgement(None, "first", None)
    assert combine(Look(None), Look(None)).note == "with a first: none; with b first: none"


def look(first: float, second: float, tie: float = 0.0) -> Look:
    shares = {"first": first, "second": second, "tie": tie}
    return Look(max(shares, key=lambda each: shares[each]), shares)


def test_shares_of_both_orders_are_averaged() -> None:
    # a: (0.9 + 0.4) / 2 = 0.65, b: (0.1 + 0.6) / 2 = 0.35; both looks chose the first place, and a is ahead by 0.3.
    judgement = combine(look(0.9, 0.1), look(0.6, 0.4))
    assert (judgement.verdict, judgement.a_first, judgement.b_first) == ("a", "first", "first")
    assert judgement.confidence == pytest.approx(0.3)
    assert not judgement.agrees


def test_a_preference_for_a_place_alone_cancels_out() -> None:
    judgement = combine(look(0.8, 0.2), look(0.8, 0.2))
    assert (judgement.verdict, judgement.confidence) == ("tie", 0.0)


def test_the_tie_wins_where_its_share_is_the_largest() -> None:
    # tie: 0.5; a: (0.3 + 0.2) / 2 = 0.25, b: the same.
    assert combine(look(0.3, 0.2, 0.5), look(0.3, 0.2, 0.5)).verdict == "tie"
    assert combine(look(0.3, 0.2, 0.5), look(0.3, 0.2, 0.5)).confidence == pytest.approx(0.25)


def test_shares_from_the_first_token() -> None:
    found = label_shares({"1": math.log(0.6), " 2": math.log(0.2), "The": math.log(0.2)})
    assert found is not None
    assert found == {"first": pytest.approx(0.75), "second": pytest.approx(0.25), "tie": 0.0}


def test_shares_are_not_told_where_labels_are_unlikely() -> None:
    assert label_shares({"1": math.log(0.3), "2": math.log(0.1), "The": math.log(0.6)}) is None
    assert label_shares({}) is None
    assert label_shares({"1": math.nan}) is None


def test_a_note_keeps_both_choices() -> None:
    assert choices_in(Judgement("a", "first", "second").note) == ("first", "second")
    assert choices_in(Judgement(None, None, "tie").note) == ("none", "tie")
    assert choices_in("a note of mine") is None
