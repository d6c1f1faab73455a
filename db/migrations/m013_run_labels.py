"""Migration 13: a run's name, note and tags."""

RUN_LABELS: tuple[str, ...] = (
    """ALTER TABLE runs ADD COLUMN tags TEXT NOT NULL DEFAULT '[]'
        CHECK (json_valid(tags) AND json_type(tags) = 'array')""",
    "ALTER TABLE runs ADD COLUMN archived INTEGER NOT NULL DEFAULT 0 CHECK (archived IN (0, 1))",
)
