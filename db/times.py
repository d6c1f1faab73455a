"""The one way times are written: UTC, ISO 8601, milliseconds, `Z`; so text order is the order of time."""

from datetime import UTC, datetime


def utc_text(moment: datetime) -> str:
    """An aware moment as the database writes it, such as `2025-03-01T14:10:05.123Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def utc_now() -> str:
    """The present moment."""
    return utc_text(datetime.now(UTC))
