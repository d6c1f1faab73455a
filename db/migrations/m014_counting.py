"""An index that counts: how many verdicts of each kind stand, without a look at any comparison."""

COUNTING_SCHEMA: tuple[str, ...] = (
    """CREATE INDEX comparisons_counted ON comparisons (standing_verdict)
    WHERE trial IS NULL AND repeats IS NULL AND standing IS NOT NULL""",
)
