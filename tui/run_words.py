"""How screens say what runs and settings are. No Textual here."""

from datetime import UTC, datetime

from db.rows import RunRow
from tui.words import duration


def took(run: RunRow, now: datetime | None = None) -> str:
    """How long a run took, or has been going on."""
    end = datetime.fromisoformat(run.ended) if run.ended else now or datetime.now(UTC)
    return duration((end - datetime.fromisoformat(run.started)).total_seconds())
