"""Numbers and times in words, for screens and commands. No Textual here."""

from datetime import datetime, timedelta
from typing import Any, Final

_MINUTE, _HOUR, _DAY = 60, 3600, 86400

UNDECIDED_WORDS: Final = {
    "tie": "tie",
    "both_bad": "both bad",
    "both_good": "both good",
    "skip": "skipped",
    "discard": "discarded",
}
"""The verdicts that choose no answer, in words."""


def count(number: int, noun: str) -> str:
    """The number with its noun, in the plural where the number is not 1.

    >>> count(1, "verdict"), count(1200, "verdict")
    ('1 verdict', '1,200 verdicts')
    """
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def plain(value: Any) -> str:
    """A setting's value as a person would type it: 5e-5 rather than 5e-05.

    >>> plain(5e-5), plain(0.1), plain(None)
    ('5e-5', '0.1', 'none')
    """
    if value is None:
        return "none"
    if isinstance(value, float):
        return f"{value:g}".replace("e-0", "e-").replace("e+0", "e+")
    return str(value)


def duration(seconds: float) -> str:
    """A length of time, rounded as a person would say it.

    >>> duration(14.2), duration(125), duration(7300)
    ('14 s', '2 min', '2 h 2 min')
    """
    if seconds < _MINUTE - 0.5:
        return f"{max(round(seconds), 0)} s"
    minutes = round(seconds / _MINUTE)
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    return f"{round(seconds / _DAY)} days"


def when(at: str, now: datetime | None = None) -> str:
    """A stored UTC time in this machine's zone: "14:10", "yesterday 14:10", "3 May 14:10", "3 May 2025"."""
    now = now or datetime.now().astimezone()
    moment = datetime.fromisoformat(at.replace("Z", "+00:00")).astimezone(now.tzinfo)
    clock = f"{moment:%H:%M}"
    if moment.date() == now.date():
        return clock
    if moment.date() == now.date() - timedelta(days=1):
        return f"yesterday {clock}"
    day = f"{moment.day} {moment:%b}"
    return f"{day} {clock}" if moment.year == now.year else f"{day} {moment.year}"


def signed(number: float | None, digits: int = 2) -> str:
    """A number with its sign, as margins are shown; "–" where there is none yet."""
    return "–" if number is None else f"{number:+.{digits}f}"


def percent(share: float) -> str:
    """A share in whole per cent.

    >>> percent(0.675)
    '68 %'
    """
    return f"{round(100 * share)} %"


def size_words(number: float) -> str:
    """Bytes in GB with one decimal, or in whole MB below one GB.

    >>> size_words(12_060_000_000), size_words(350_000_000)
    ('12.1 GB', '350 MB')
    """
    return f"{number / 1e9:.1f} GB" if number >= 0.95e9 else f"{number / 1e6:.0f} MB"


def whole_words(text: str, most: int) -> str:
    """The beginning of a line in at most `most` characters, with a sign where words were left out.

    >>> whole_words("Why is the sky blue?", 14), whole_words("Why?", 14), whole_words("photosynthesis", 6)
    ('Why is the …', 'Why?', 'photo…')
    """
    if len(text) <= most:
        return text
    end = text.rfind(" ", 0, most - 1)
    return f"{text[:end]} …" if end > 0 else f"{text[: most - 1]}…"
