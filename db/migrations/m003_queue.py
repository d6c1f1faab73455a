"""Migration 3, for the queue: prompts that it passed over, margins of ready comparisons, and pairs asked again."""

QUEUE_SCHEMA: tuple[str, ...] = (
    # A prompt is passed over for one way of asking: another model, adapter or sampling may answer it.
    """CREATE TABLE passed_over (
        prompt INTEGER NOT NULL REFERENCES prompts (id),
        model_a INTEGER NOT NULL REFERENCES models (id),
        sampling_a INTEGER NOT NULL REFERENCES samplings (id),
        model_b INTEGER NOT NULL REFERENCES models (id),
        sampling_b INTEGER NOT NULL REFERENCES samplings (id),
        at TEXT NOT NULL CHECK (at GLOB '????-??-??T??:??:??*Z'),
        reason TEXT NOT NULL CHECK (reason <> ''),
        PRIMARY KEY (prompt, model_a, sampling_a, model_b, sampling_b)
    ) STRICT, WITHOUT ROWID""",
    # How much more the adapter, against its base, likes a than b. NOT NULL refuses NaN, which is bound as NULL.
    """CREATE TABLE margins (
        comparison INTEGER NOT NULL REFERENCES comparisons (id),
        model INTEGER NOT NULL REFERENCES models (id),
        margin REAL NOT NULL,
        PRIMARY KEY (comparison, model)
    ) STRICT, WITHOUT ROWID""",
    # In labelling two answers are compared once, and once more where a comparison is asked again.
    "DROP INDEX comparisons_once",
    "CREATE UNIQUE INDEX comparisons_once ON comparisons (a, b) WHERE trial IS NULL AND repeats IS NULL",
    "CREATE UNIQUE INDEX comparisons_again_once ON comparisons (repeats) WHERE repeats IS NOT NULL AND trial IS NULL",
    "CREATE INDEX comparisons_repeating ON comparisons (id) WHERE repeats IS NOT NULL AND trial IS NULL",
    # Skipped pairs are found and verdicts are counted through this index; a repeat takes part in neither.
    "DROP INDEX comparisons_judged",
    """CREATE INDEX comparisons_judged ON comparisons (standing_verdict, standing)
    WHERE trial IS NULL AND repeats IS NULL AND standing IS NOT NULL""",
)
