"""Agreement with oneself, worked by hand."""

import pytest

from tui.analysis.agreement import AgreementOfTwo, agreement, in_words, of_two_in_words


def test_four_pairs_by_hand() -> None:
    # first: a a b b; second: a b b b. Same 3 of 4; by chance (2·1 + 2·3) / 16 = 1/2; kappa (3/4 − 1/2) / (1/2) = 1/2.
    found = agreement([("a", "a"), ("a", "b"), ("b", "b"), ("b", "b")])
    assert (found.pairs, found.same, found.share, found.kappa) == (4, 3, 0.75, 0.5)
    # Wilson for 3 of 4: 0.30064 to 0.95441
    assert (found.low, found.high) == (pytest.approx(0.30064, abs=1e-5), pytest.approx(0.95441, abs=1e-5))


def test_chance_alone_gives_a_kappa_of_zero_and_contradiction_a_negative_one() -> None:
    assert agreement([("a", "a"), ("a", "b"), ("b", "a"), ("b", "b")]).kappa == pytest.approx(0.0)
    assert agreement([("a", "b"), ("b", "a")]).kappa == pytest.approx(-1.0)


def test_ties_are_a_word_of_their_own() -> None:
    # Same 2 of 3; by chance (1·1 + 1·2 + 1·0) / 9 = 1/3; kappa (2/3 − 1/3) / (2/3) = 1/2.
    assert agreement([("a", "a"), ("tie", "tie"), ("b", "tie")]).kappa == pytest.approx(0.5)


def test_one_word_throughout_has_no_kappa() -> None:
    found = agreement([("a", "a")] * 5)
    assert (found.share, found.kappa) == (1.0, None)
    assert "κ" not in in_words(found)


def test_without_pairs_nothing_is_claimed() -> None:
    assert agreement([]).share is None
    assert in_words(agreement([])) == "No pair was judged twice yet."


def test_the_sentence() -> None:
    words = in_words(agreement([("a", "a"), ("a", "b"), ("b", "b"), ("b", "b")]))
    assert words == (
        "You agreed with yourself on 3 of 4 repeated pairs (75%; 95 % interval 30% to 95%; "
        "Cohen's κ 0.50, -0.40 to 0.91)."
    )


def test_full_agreement_has_an_interval_too() -> None:
    # All of 20 agree. Wilson's share goes down to 0.83887; (0.83887 − 1/2) ÷ (1/2).
    found = agreement([("a", "a"), ("b", "b")] * 10)
    assert (found.kappa, found.kappa_high) == (1.0, 1.0)
    assert found.kappa_low == pytest.approx(0.67775, abs=1e-5)


def test_two_people_by_name() -> None:
    found = AgreementOfTwo("You", "Ben", agreement([("a", "a"), ("a", "b"), ("b", "b"), ("b", "b")]))
    assert of_two_in_words(found).startswith("You and Ben agreed on 3 of 4 pairs (75%; ")
    nothing = AgreementOfTwo("You", "judge ./j", agreement([]))
    assert of_two_in_words(nothing) == "You and judge ./j judged no pair that the other judged as well."
