"""Cohen's kappa, worked by hand, and the coverage of its interval."""

import random

import pytest

from tui.analysis.kappa import cohens_kappa, kappa_words


def test_a_table_worked_by_hand() -> None:
    # The first said a 60 and b 40 times, the second a 50 and b 50 times; 45 + 35 = 80 of 100 are equal.
    # e = (60·50 + 40·50) / 10,000 = 0.5; kappa = (0.8 − 0.5) / 0.5 = 0.6.
    # Wilson's interval of 80 of 100 is 0.71117 to 0.86663, so kappa's is 0.42234 to 0.73327.
    verdicts = [("a", "a")] * 45 + [("a", "b")] * 15 + [("b", "a")] * 5 + [("b", "b")] * 35
    found = cohens_kappa(verdicts)
    assert found is not None
    assert found.value == pytest.approx(0.6)
    assert (found.low, found.high) == (pytest.approx(0.42234, abs=1e-5), pytest.approx(0.73327, abs=1e-5))
    assert kappa_words(found) == "κ 0.60 (0.42 to 0.73)"


def test_it_does_not_matter_who_is_named_first() -> None:
    verdicts = [("a", "a"), ("a", "tie"), ("b", "a"), ("b", "b"), ("tie", "b")]
    assert cohens_kappa(verdicts) == cohens_kappa([(other, one) for one, other in verdicts])


def test_full_agreement_is_no_certainty() -> None:
    found = cohens_kappa([("a", "a"), ("b", "b")] * 10)
    assert found is not None
    assert (found.value, found.high) == (1.0, 1.0)
    assert found.low < 0.75


def test_nothing_and_one_word_alone_have_no_kappa() -> None:
    assert cohens_kappa([]) is None
    assert cohens_kappa([("a", "a")] * 5) is None


def test_one_who_always_says_the_same_agrees_by_chance_alone() -> None:
    found = cohens_kappa([("a", "a"), ("b", "a")] * 20)
    assert found is not None
    assert found.value == pytest.approx(0.0)
    assert kappa_words(found).startswith("κ 0.00 (−0.")


@pytest.mark.parametrize("kappa", [0.0, 0.4, 0.9])
def test_the_interval_holds_the_true_kappa_nineteen_times_in_twenty(kappa: float) -> None:
    draw = random.Random(5)
    held = 0
    for _ in range(400):
        own = [draw.choice("ab") for _ in range(60)]
        verdicts = [(each, each if draw.random() < kappa else draw.choice("ab")) for each in own]
        found = cohens_kappa(verdicts)
        held += found is not None and found.low <= kappa <= found.high
    assert 0.92 <= held / 400 <= 0.99
