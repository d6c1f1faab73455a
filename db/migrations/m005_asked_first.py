"""Migration 5: pairs that a person asked for come first in the queue, the newest of them at the front."""

ASKED_FIRST_SCHEMA: tuple[str, ...] = (
    "ALTER TABLE comparisons ADD COLUMN asked_first INTEGER NOT NULL DEFAULT 0 CHECK (asked_first IN (0, 1))",
    """CREATE INDEX comparisons_asked_first ON comparisons (id)
    WHERE asked_first = 1 AND trial IS NULL AND standing IS NULL""",
)
