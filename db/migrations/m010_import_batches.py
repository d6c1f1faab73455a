"""Migration 10, for imports: the rows of an import are hidden until all are stored, and deleted if it fails."""

_TIME = "CHECK (at GLOB '????-??-??T??:??:??*Z')"
# The pairs that an import has stored and not shown yet; append-only begins when they are shown.
_HIDDEN = "EXISTS (SELECT 1 FROM import_batch b WHERE {0} BETWEEN b.first_comparison AND b.last_comparison)"

BATCH_SCHEMA: tuple[str, ...] = (
    # One row while an import is running: the ids that belong to it. `new_set` is 1 where the import made the set.
    f"""CREATE TABLE import_batch (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        source TEXT NOT NULL,
        at TEXT NOT NULL {_TIME},
        set_id INTEGER NOT NULL REFERENCES prompt_sets (id),
        new_set INTEGER NOT NULL CHECK (new_set IN (0, 1)),
        first_prompt INTEGER NOT NULL,
        last_prompt INTEGER NOT NULL,
        first_completion INTEGER NOT NULL,
        last_completion INTEGER NOT NULL,
        first_comparison INTEGER NOT NULL,
        last_comparison INTEGER NOT NULL
    ) STRICT""",
    # Verdicts on older pairs that waited for one. They are added at the moment when the import's rows are shown.
    """CREATE TABLE import_late (
        comparison INTEGER PRIMARY KEY REFERENCES comparisons (id),
        verdict TEXT NOT NULL,
        strength INTEGER NOT NULL,
        side TEXT,
        seconds REAL,
        note TEXT NOT NULL,
        line INTEGER NOT NULL
    ) STRICT""",
    # The score that a file gives an answer, such as UltraFeedback's score_chosen.
    """CREATE TABLE answer_scores (
        completion INTEGER PRIMARY KEY REFERENCES completions (id),
        score REAL NOT NULL
    ) STRICT""",
    "DROP TRIGGER verdicts_no_delete",
    f"""CREATE TRIGGER verdicts_no_delete BEFORE DELETE ON verdicts WHEN NOT {_HIDDEN.format("OLD.comparison")}
    BEGIN SELECT RAISE(ABORT, 'verdicts are only ever added'); END""",
    "DROP VIEW standing_verdicts",
    f"""CREATE VIEW standing_verdicts AS SELECT v.* FROM comparisons c JOIN verdicts v ON v.id = c.standing
    WHERE NOT {_HIDDEN.format("c.id")}""",
    # The words of a verdict that is taken back. Its facts are still the same, and its hidden pair can have no note.
    """CREATE TRIGGER verdicts_unsearched BEFORE DELETE ON verdicts WHEN OLD.verdict <> 'undo'
    BEGIN
        INSERT INTO verdict_words (verdict_words, rowid, prompt, a, b, said, facts, note)
        SELECT 'delete', t.id, t.prompt, t.a, t.b, t.said, t.facts, '' FROM verdict_texts t WHERE t.id = OLD.id;
    END""",
    # Taking a comparison back looks it up in that table; without an index each look-up would walk the whole table.
    "CREATE INDEX run_margins_of_comparison ON run_margins (comparison)",
)
