"""The one format of stored times: UTC, ISO 8601, milliseconds, `Z`. The order of texts is the order of times."""

from datetime import UTC, datetime


def utc_text(moment: datetime) -> str:
    """An aware datetime as the database writes it, such as `2025-03-01T14:10:05.123Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def utc_now() -> str:
    """The present time as the database writes it."""
    return utc_text(datetime.now(UTC))
