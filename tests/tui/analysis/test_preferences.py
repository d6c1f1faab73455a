"""What choices say, worked by hand."""

import pytest

from db.preference_counts import Choice, JudgedGroup
from tui.analysis.label_noise import LabelNoise, label_noise, label_noise_rate
from tui.analysis.pace import Day, by_day
from tui.analysis.paired_comparison import Tally
from tui.analysis.preferences import Preference, count_preferences
from tui.analysis.report import Group, groups_of
from tui.analysis.traits import BOLD, CODE, COURTESY, CUT, HEADINGS, LISTS, MARKDOWN, REFUSAL, traits_of

LIST = "Some words:\n- one\n- two"
PLAIN = "Some words, one and two."


def choice(prompt: int, verdict: str, a: str, b: str, side: str | None = None) -> Choice:
    return Choice(prompt, verdict, side, a, b, 0, 0)


def found(name: str, *choices: Choice, equal: bool = False) -> Preference:
    likes = count_preferences(choices)
    return next(each for each in (likes.equal_length if equal else likes.preferences) if each.name == name)


# -- traits ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "flags"),
    [
        ("Plain words - no list, 3.5 of them.", 0),
        ("- one", LISTS | MARKDOWN),
        ("Words\n  * one", LISTS | MARKDOWN),
        ("Words\n12) twelve", LISTS | MARKDOWN),
        ("Words\n2024.5 is a number", 0),
        ("# Title", HEADINGS | MARKDOWN),
        ("#hashtag", 0),
        ("a **bold** word", BOLD | MARKDOWN),
        ("2 ** 3 ** 4", 0),
        ("call `f()`", CODE | MARKDOWN),
        ("I'm sorry, but no.", REFUSAL),
        ("  I cannot help with that.", REFUSAL),
        ("As an AI language model", REFUSAL),
        ("Certainly! Here it is.", COURTESY),
        ("Sure, here it is.", COURTESY),
        ("Surely not.", 0),
        ("Yes. Certainly!", 0),
        ("", 0),
    ],
)
def test_traits(text: str, flags: int) -> None:
    assert traits_of(text) == flags


def test_an_answer_that_was_cut_is_one() -> None:
    assert traits_of("x", cut=True) == CUT


# -- shares ----------------------------------------------------------------------------------------------------


def test_longer_by_hand() -> None:
    # Four questions of one pair each: the longer one wins three times. Wilson for 3 of 4: 0.30064 to 0.95441.
    preference = found(
        "longer",
        choice(1, "a", "long one", "short"),
        choice(2, "b", "short", "long one"),
        choice(3, "a", "long one", "short"),
        choice(4, "b", "long one", "short"),
        choice(5, "a", "equal", "equal"),
    )
    assert (preference.pairs, preference.neither, preference.questions) == (4, 0, Tally(3, 0, 1))
    assert preference.share == 0.75
    assert preference.interval is not None
    assert (preference.interval.low, preference.interval.high) == pytest.approx((0.30064, 0.95441), abs=1e-5)
    assert preference.says == "can't tell yet"


def test_a_question_counts_once_however_many_pairs_it_has() -> None:
    longer = [choice(1, "a", "long one", "short") for _ in range(9)]  # +9: one question for longer
    shorter = [choice(2, "b", "long one", "short")]  # −1: one against it
    even = [choice(3, "a", "long one", "short"), choice(3, "b", "long one", "short")]  # 0: a half
    preference = found("longer", *longer, *shorter, *even)
    assert (preference.pairs, preference.questions, preference.share) == (12, Tally(1, 1, 1), 0.5)


def test_ties_stand_apart() -> None:
    preference = found(
        "lists", choice(1, "a", LIST, PLAIN), choice(2, "tie", LIST, PLAIN), choice(3, "both_bad", PLAIN, LIST)
    )
    assert (preference.pairs, preference.neither, preference.questions) == (1, 2, Tally(1, 0, 0))
    likes = count_preferences([choice(1, "a", LIST, PLAIN), choice(2, "tie", LIST, PLAIN)])
    assert (likes.decided, likes.neither, likes.questions) == (1, 1, 2)


def test_a_pair_that_does_not_differ_in_a_trait_says_nothing_of_it() -> None:
    preference = found("lists", choice(1, "a", LIST, LIST + "\n- three"))
    assert (preference.pairs, preference.share, preference.interval, preference.says) == (
        0,
        None,
        None,
        "can't tell yet",
    )


def test_sides_count_where_one_was_pressed() -> None:
    preference = found(
        "left", choice(1, "a", "x", "y", "left"), choice(2, "b", "x", "y", "right"), choice(3, "a", "x", "y")
    )
    assert (preference.pairs, preference.questions) == (2, Tally(1, 0, 1))


def test_enough_questions_say_more_often_or_less_often() -> None:
    # Wilson: 21 of 30 gives 0.5212 to 0.8333, and 20 of 30 gives 0.4878 to 0.8077.
    pairs = [choice(at, "a" if at < 21 else "b", "long one", "short") for at in range(30)]
    assert found("longer", *pairs).says == "more often"
    assert found("longer", *(each._replace(verdict="ab"[each.verdict == "a"]) for each in pairs)).says == "less often"
    assert found("longer", *(each._replace(verdict="a" if each.prompt < 20 else "b") for each in pairs)).says == (
        "can't tell yet"
    )


def test_about_equal_length_leaves_out_what_is_merely_longer() -> None:
    longer_list = LIST + " and much more" * 5
    choices = [choice(1, "a", LIST, PLAIN), choice(2, "a", longer_list, PLAIN), choice(3, "b", longer_list, PLAIN)]
    assert (len(LIST), len(PLAIN)) == (23, 24)
    assert found("lists", *choices).pairs == 3
    assert found("lists", *choices, equal=True).questions == Tally(1, 0, 0)
    assert [each.name for each in count_preferences(choices).equal_length] == ["lists", "markdown"]


# -- slips -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("different", "rate"), [(0, 0), (0.18, 0.1), (0.42, 0.3), (0.5, None), (0.8, None)])
def test_the_rate_of_slips(different: float, rate: float | None) -> None:
    # 2 · 0.1 · 0.9 = 0.18 and 2 · 0.3 · 0.7 = 0.42
    assert label_noise_rate(different) == rate


def test_slips_of_fifty_pairs() -> None:
    found = label_noise([("a", "b")] * 9 + [("b", "b")] * 41 + [("tie", "a")] * 7)
    assert (found.pairs, found.different, found.rate, found.smoothing) == (50, 9, 0.1, 0.1)
    # Wilson for 9 of 50: 0.09770 to 0.30801, which 2e(1 − e) gives at 0.05150 and 0.19015.
    assert (found.low, found.high) == pytest.approx((0.05150, 0.19015), abs=5e-5)


@pytest.mark.parametrize(
    "verdicts",
    [
        [],
        [("a", "b")] + [("a", "a")] * 8,  # too few
        [("a", "a")] * 30,  # nothing to smooth
        [("a", "b")] * 30,  # worse than a coin
    ],
)
def test_no_smoothing_is_offered(verdicts: list[tuple[str, str]]) -> None:
    assert label_noise(verdicts).smoothing is None


def test_no_smoothing_is_more_than_a_run_takes() -> None:
    assert LabelNoise(100, 50, 0.4999, 0.4, 0.5).smoothing == 0.49


# -- pace and groups -------------------------------------------------------------------------------------------


def test_days() -> None:
    timed = [("2026-03-01", None), ("2026-03-02", 8.0), ("2026-03-02", 9.0), ("2026-03-02", 100.0)]
    assert by_day(timed) == [Day("2026-03-01", 1, None), Day("2026-03-02", 3, 9.0)]


def test_groups_are_everything_then_sets_then_fields() -> None:
    judged = [
        JudgedGroup("science", "physics", "person", 3),
        JudgedGroup("mine", "physics", "person", 2),
        JudgedGroup("mine", None, "person", 1),
    ]
    assert groups_of(judged) == [
        Group(pairs=6),
        Group("mine", None, 3),
        Group("science", None, 3),
        Group(None, "physics", 5),
    ]
