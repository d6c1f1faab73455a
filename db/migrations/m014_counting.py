"""Migration 14: an index that counts the standing verdicts of each kind without reading any comparison."""

COUNTING_SCHEMA: tuple[str, ...] = (
    """CREATE INDEX comparisons_counted ON comparisons (standing_verdict)
    WHERE trial IS NULL AND repeats IS NULL AND standing IS NOT NULL""",
)
