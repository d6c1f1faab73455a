"""Pairs that a person asked for: they stand at the front of the queue, the newest first."""

ASKED_FIRST_SCHEMA: tuple[str, ...] = (
    "ALTER TABLE comparisons ADD COLUMN asked_first INTEGER NOT NULL DEFAULT 0 CHECK (asked_first IN (0, 1))",
    """CREATE INDEX comparisons_asked_first ON comparisons (id)
    WHERE asked_first = 1 AND trial IS NULL AND standing IS NULL""",
)
