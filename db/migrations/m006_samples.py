"""Migration 6, for runs: which pairs were asked for, and what the model answered while it learned."""

TRAIN_SCHEMA: tuple[str, ...] = (
    # NULL means every standing pair, else the requested set. run_pairs lists the pairs that it gave.
    """ALTER TABLE runs ADD COLUMN pair_set TEXT
        CHECK (pair_set IS NULL OR json_valid(pair_set) AND json_type(pair_set) = 'object')""",
    # The same prompts at every step; step 0 is the policy that the run started from.
    """CREATE TABLE run_samples (
        run INTEGER NOT NULL REFERENCES runs (id),
        prompt INTEGER NOT NULL REFERENCES prompts (id),
        step INTEGER NOT NULL CHECK (step >= 0),
        text TEXT NOT NULL,
        tokens INTEGER NOT NULL CHECK (tokens >= 0),
        cut INTEGER NOT NULL CHECK (cut IN (0, 1)),
        PRIMARY KEY (run, prompt, step)
    ) STRICT, WITHOUT ROWID""",
)
