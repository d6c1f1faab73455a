"""Migration 14: an index that counts the verdicts of each kind that stand, without a look at any comparison."""

COUNTING_SCHEMA: tuple[str, ...] = (
    """CREATE INDEX comparisons_counted ON comparisons (standing_verdict)
    WHERE trial IS NULL AND repeats IS NULL AND standing IS NOT NULL""",
)
