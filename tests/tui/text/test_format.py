"""Numbers and times as a person says them."""

from datetime import UTC, datetime

import pytest

from tui.text.format import count, duration, signed, when, whole_words


def test_count() -> None:
    assert [count(number, "pair") for number in (0, 1, 31, 1200)] == ["0 pairs", "1 pair", "31 pairs", "1,200 pairs"]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (14.2, "14 s"), (59.4, "59 s"), (59.6, "1 min"), (125, "2 min"), (3599, "1 h"), (7320, "2 h 2 min"),
     (3 * 86400, "3 days")],
)  # fmt: skip
def test_duration(seconds: float, words: str) -> None:
    assert duration(seconds) == words


@pytest.mark.parametrize(
    ("at", "words"),
    [
        ("2026-03-02T14:10:59+00:00", "14:10"),
        ("2026-03-02T14:10:59Z", "14:10"),
        ("2026-03-01T23:59:00+00:00", "yesterday 23:59"),
        ("2026-01-07T08:00:00+00:00", "7 Jan 08:00"),
        ("2025-12-31T08:00:00+00:00", "31 Dec 2025"),
    ],
)
def test_when(at: str, words: str) -> None:
    assert when(at, datetime(2026, 3, 2, 18, 0, tzinfo=UTC)) == words


def test_signed() -> None:
    assert [signed(0.424), signed(-1.0, 1), signed(None)] == ["+0.42", "-1.0", "–"]


@pytest.mark.parametrize(
    ("text", "most", "shown"),
    [
        ("Why is the sky blue?", 14, "Why is the …"),
        ("Why is the sky blue?", 20, "Why is the sky blue?"),
        ("photosynthesis", 6, "photo…"),
        ("", 6, ""),
        ("a b", 1, "…"),
    ],
)
def test_a_line_is_cut_between_words(text: str, most: int, shown: str) -> None:
    assert whole_words(text, most) == shown
    assert len(whole_words(text, most)) <= most
