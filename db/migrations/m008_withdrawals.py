"""Migration 8: verdicts that are left out of training."""

WITHDRAWAL_SCHEMA: tuple[str, ...] = (
    """CREATE TABLE withdrawals (
        id INTEGER PRIMARY KEY,
        comparison INTEGER NOT NULL REFERENCES comparisons (id),
        at TEXT NOT NULL CHECK (at GLOB '????-??-??T??:??:??*Z'),
        withdrawn INTEGER NOT NULL CHECK (withdrawn IN (0, 1))
    ) STRICT""",
    "CREATE INDEX withdrawals_of_comparison ON withdrawals (comparison, id)",
    """CREATE TRIGGER withdrawals_count AFTER INSERT ON withdrawals
    BEGIN UPDATE comparisons SET withdrawn = NEW.withdrawn WHERE id = NEW.comparison; END""",
    """CREATE TRIGGER withdrawals_no_update BEFORE UPDATE ON withdrawals
    BEGIN SELECT RAISE(ABORT, 'what was taken out and put back is only ever added'); END""",
    """CREATE TRIGGER withdrawals_no_delete BEFORE DELETE ON withdrawals
    BEGIN SELECT RAISE(ABORT, 'what was taken out and put back is only ever added'); END""",
)
