"""Migration 2: blind trials, their sides and repeated pairs."""

from db.migrations.m001_first_schema import _TIME

BLIND_TRIALS: tuple[str, ...] = (
    "ALTER TABLE trials ADD COLUMN prompt_set INTEGER REFERENCES prompt_sets (id)",
    "ALTER TABLE trials ADD COLUMN samples INTEGER NOT NULL DEFAULT 1 CHECK (samples > 0)",
    # How many pairs are asked a second time, sides swapped, to see whether the person agrees with themselves.
    "ALTER TABLE trials ADD COLUMN repeats INTEGER NOT NULL DEFAULT 0 CHECK (repeats >= 0)",
    "ALTER TABLE trials ADD COLUMN may_end_early INTEGER NOT NULL DEFAULT 0 CHECK (may_end_early IN (0, 1))",
    # The command that judges in a person's place.
    "ALTER TABLE trials ADD COLUMN judge TEXT CHECK (judge <> '')",
    # When the names were shown, and after how many verdicts: with fewer verdicts than pairs the seal was broken.
    f"ALTER TABLE trials ADD COLUMN opened TEXT {_TIME.format('opened')}",
    "ALTER TABLE trials ADD COLUMN opened_after INTEGER CHECK (opened_after >= 0)",
    "ALTER TABLE trials ADD COLUMN note TEXT NOT NULL DEFAULT ''",
    """CREATE TABLE trial_prompts (
        trial INTEGER NOT NULL REFERENCES trials (id),
        place INTEGER NOT NULL CHECK (place > 0),
        prompt INTEGER NOT NULL REFERENCES prompts (id),
        PRIMARY KEY (trial, place),
        UNIQUE (trial, prompt)
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX trial_prompts_by_prompt ON trial_prompts (prompt)",
    "ALTER TABLE comparisons ADD COLUMN repeats INTEGER REFERENCES comparisons (id)",
    """CREATE TRIGGER comparisons_repeats_stay BEFORE UPDATE OF repeats ON comparisons
    BEGIN SELECT RAISE(ABORT, 'the two answers and the sides of a comparison are never changed'); END""",
    f"""CREATE TABLE comparison_notes (
        comparison INTEGER PRIMARY KEY REFERENCES comparisons (id),
        note TEXT NOT NULL,
        at TEXT NOT NULL {_TIME.format("at")}
    ) STRICT""",
    # A held-out prompt that became one for labelling, and the comparison of a trial that was the reason.
    f"""CREATE TABLE prompt_moves (
        id INTEGER PRIMARY KEY,
        prompt INTEGER NOT NULL REFERENCES prompts (id),
        from_set INTEGER NOT NULL REFERENCES prompt_sets (id),
        to_set INTEGER NOT NULL REFERENCES prompt_sets (id),
        comparison INTEGER NOT NULL REFERENCES comparisons (id),
        at TEXT NOT NULL {_TIME.format("at")}
    ) STRICT""",
    "CREATE INDEX prompt_moves_of_comparison ON prompt_moves (comparison)",
)
"""Blind trials: their settings, their prompts, the seal, notes, and prompts that left the held-out sets."""
