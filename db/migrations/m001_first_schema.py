"""Migration 1: the schema of the first version.

Every value set is complete from the start, because SQLite cannot widen a CHECK without rebuilding the table.
"""

# UTC ISO text ending in Z, as db.times.utc_now writes it, so that the order of texts is the order of times.
_TIME = "CHECK ({0} GLOB '????-??-??T??:??:??*Z')"

_PROMPTS = (
    f"""CREATE TABLE prompt_sets (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE CHECK (name <> ''),
        held_out INTEGER NOT NULL CHECK (held_out IN (0, 1)),
        created TEXT NOT NULL {_TIME.format("created")}
    ) STRICT""",
    f"""CREATE TABLE prompts (
        id INTEGER PRIMARY KEY,
        set_id INTEGER NOT NULL REFERENCES prompt_sets (id),
        messages TEXT NOT NULL
            CHECK (json_valid(messages) AND json_type(messages) = 'array' AND json_array_length(messages) > 0),
        field TEXT CHECK (field <> ''),
        content_hash TEXT NOT NULL UNIQUE CHECK (length(content_hash) = 64),
        guard_hash TEXT NOT NULL CHECK (length(guard_hash) = 64),
        created TEXT NOT NULL {_TIME.format("created")}
    ) STRICT""",
    "CREATE INDEX prompts_of_set ON prompts (set_id, id)",
    "CREATE INDEX prompts_by_guard ON prompts (guard_hash)",
)

_COMPLETIONS = (
    f"""CREATE TABLE models (
        id INTEGER PRIMARY KEY,
        kind TEXT NOT NULL CHECK (kind IN ('base', 'adapter', 'server')),
        name TEXT NOT NULL CHECK (name <> ''),
        source TEXT NOT NULL,
        fingerprint TEXT NOT NULL,
        parent INTEGER REFERENCES models (id),
        created TEXT NOT NULL {_TIME.format("created")}
    ) STRICT""",
    # NULLs are distinct in a UNIQUE index; two rows of one parentless model would be two models.
    "CREATE UNIQUE INDEX models_once ON models (kind, source, fingerprint, ifnull(parent, 0))",
    f"""CREATE TABLE samplings (
        id INTEGER PRIMARY KEY,
        settings TEXT NOT NULL UNIQUE CHECK (json_valid(settings) AND json_type(settings) = 'object'),
        created TEXT NOT NULL {_TIME.format("created")}
    ) STRICT""",
    f"""CREATE TABLE completions (
        id INTEGER PRIMARY KEY,
        prompt INTEGER NOT NULL REFERENCES prompts (id),
        model INTEGER REFERENCES models (id),
        sampling INTEGER REFERENCES samplings (id),
        seed INTEGER,
        text TEXT NOT NULL,
        text_hash TEXT NOT NULL CHECK (length(text_hash) = 64),
        tokens INTEGER CHECK (tokens >= 0),
        cut INTEGER NOT NULL CHECK (cut IN (0, 1)),
        source TEXT NOT NULL CHECK (source IN ('model', 'server', 'human', 'import')),
        created TEXT NOT NULL {_TIME.format("created")},
        CHECK (source IN ('human', 'import') OR model IS NOT NULL),
        UNIQUE (prompt, id)
    ) STRICT""",
    "CREATE INDEX completions_by_text ON completions (prompt, text_hash)",
    """CREATE TRIGGER completions_stay BEFORE UPDATE ON completions
    BEGIN SELECT RAISE(ABORT, 'completions are never changed'); END""",
)

_COMPARISONS = (
    f"""CREATE TABLE trials (
        id INTEGER PRIMARY KEY,
        kind TEXT NOT NULL CHECK (kind IN ('side_by_side', 'blind')),
        name TEXT CHECK (name <> ''),
        model_a INTEGER NOT NULL REFERENCES models (id),
        model_b INTEGER NOT NULL REFERENCES models (id),
        sampling INTEGER NOT NULL REFERENCES samplings (id),
        num_questions INTEGER NOT NULL CHECK (num_questions > 0),
        status TEXT NOT NULL CHECK (status IN ('running', 'finished', 'stopped', 'failed')),
        created TEXT NOT NULL {_TIME.format("created")},
        ended TEXT {_TIME.format("ended")}
    ) STRICT""",
    # a is the older completion, or policy 1's in a trial. standing and standing_verdict repeat what the verdicts say,
    # kept by a trigger, so that the queue and the counts never walk through all verdicts.
    f"""CREATE TABLE comparisons (
        id INTEGER PRIMARY KEY,
        prompt INTEGER NOT NULL REFERENCES prompts (id),
        a INTEGER NOT NULL,
        b INTEGER NOT NULL,
        side_seed INTEGER NOT NULL,
        flipped INTEGER NOT NULL CHECK (flipped IN (0, 1)),
        trial INTEGER REFERENCES trials (id),
        withdrawn INTEGER NOT NULL DEFAULT 0 CHECK (withdrawn IN (0, 1)),
        created TEXT NOT NULL {_TIME.format("created")},
        standing INTEGER REFERENCES verdicts (id),
        standing_verdict TEXT,
        CHECK (a <> b AND (trial IS NOT NULL OR a < b)),
        CHECK ((standing IS NULL) = (standing_verdict IS NULL)),
        FOREIGN KEY (prompt, a) REFERENCES completions (prompt, id),
        FOREIGN KEY (prompt, b) REFERENCES completions (prompt, id)
    ) STRICT""",
    "CREATE UNIQUE INDEX comparisons_once ON comparisons (a, b) WHERE trial IS NULL",
    "CREATE INDEX comparisons_of_prompt ON comparisons (prompt, trial)",
    "CREATE INDEX comparisons_of_trial ON comparisons (trial, id) WHERE trial IS NOT NULL",
    "CREATE INDEX comparisons_open ON comparisons (id) WHERE trial IS NULL AND standing IS NULL",
    """CREATE INDEX comparisons_judged ON comparisons (standing_verdict, standing)
    WHERE trial IS NULL AND standing IS NOT NULL""",
    "CREATE UNIQUE INDEX comparisons_by_standing ON comparisons (standing) WHERE standing IS NOT NULL",
    """CREATE TRIGGER comparisons_stay BEFORE UPDATE OF id, prompt, a, b, side_seed, flipped, trial ON comparisons
    BEGIN SELECT RAISE(ABORT, 'the two answers and the sides of a comparison are never changed'); END""",
)

_VERDICTS = (
    f"""CREATE TABLE verdicts (
        id INTEGER PRIMARY KEY,
        comparison INTEGER NOT NULL REFERENCES comparisons (id),
        at TEXT NOT NULL {_TIME.format("at")},
        verdict TEXT NOT NULL CHECK (verdict IN ('a', 'b', 'tie', 'both_bad', 'skip', 'discard', 'undo')),
        strength INTEGER NOT NULL DEFAULT 1 CHECK (strength IN (1, 2)),
        side TEXT CHECK (side IN ('left', 'right')),
        layout TEXT NOT NULL CHECK (layout IN ('side', 'stacked', 'none')),
        seconds REAL CHECK (seconds >= 0),
        blind INTEGER NOT NULL CHECK (blind IN (0, 1)),
        note TEXT NOT NULL DEFAULT '',
        source TEXT NOT NULL CHECK (source IN ('person', 'import')),
        undoes INTEGER,
        CHECK ((verdict = 'undo') = (undoes IS NOT NULL)),
        FOREIGN KEY (comparison, undoes) REFERENCES verdicts (comparison, id),
        UNIQUE (comparison, id)
    ) STRICT""",
    "CREATE UNIQUE INDEX verdicts_undone_once ON verdicts (undoes) WHERE undoes IS NOT NULL",
    "CREATE INDEX verdicts_by_time ON verdicts (at)",
    "CREATE INDEX verdicts_by_person ON verdicts (id) WHERE source = 'person' AND verdict <> 'undo'",
    "CREATE INDEX verdicts_timed ON verdicts (id, seconds) WHERE seconds IS NOT NULL",
    """CREATE TRIGGER verdicts_no_update BEFORE UPDATE ON verdicts
    BEGIN SELECT RAISE(ABORT, 'verdicts are only ever added'); END""",
    """CREATE TRIGGER verdicts_no_delete BEFORE DELETE ON verdicts
    BEGIN SELECT RAISE(ABORT, 'verdicts are only ever added'); END""",
    # INSERT OR REPLACE deletes without a delete trigger unless recursive_triggers is on in that connection.
    """CREATE TRIGGER verdicts_no_replace BEFORE INSERT ON verdicts
    WHEN EXISTS (SELECT 1 FROM verdicts WHERE id = NEW.id OR (NEW.undoes IS NOT NULL AND undoes = NEW.undoes))
    BEGIN SELECT RAISE(ABORT, 'verdicts are only ever added'); END""",
    """CREATE TRIGGER verdicts_undo_a_verdict BEFORE INSERT ON verdicts
    WHEN NEW.verdict = 'undo' AND EXISTS (SELECT 1 FROM verdicts WHERE id = NEW.undoes AND verdict = 'undo')
    BEGIN SELECT RAISE(ABORT, 'an undo cannot be undone'); END""",
    """CREATE TRIGGER verdicts_stand AFTER INSERT ON verdicts
    BEGIN
        UPDATE comparisons SET (standing, standing_verdict) = (
            SELECT v.id, v.verdict FROM verdicts v
            WHERE v.comparison = NEW.comparison AND v.verdict <> 'undo'
                AND NOT EXISTS (SELECT 1 FROM verdicts u WHERE u.undoes = v.id)
            ORDER BY v.id DESC LIMIT 1)
        WHERE id = NEW.comparison;
    END""",
    "CREATE VIEW standing_verdicts AS SELECT v.* FROM comparisons c JOIN verdicts v ON v.id = c.standing",
)

_RUNS = (
    f"""CREATE TABLE runs (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL CHECK (name <> ''),
        status TEXT NOT NULL CHECK (status IN ('running', 'finished', 'stopped', 'failed', 'interrupted')),
        config TEXT NOT NULL CHECK (json_valid(config) AND json_type(config) = 'object'),
        versions TEXT NOT NULL CHECK (json_valid(versions) AND json_type(versions) = 'object'),
        base_model INTEGER NOT NULL REFERENCES models (id),
        adapter TEXT,
        parent_adapter TEXT,
        started TEXT NOT NULL {_TIME.format("started")},
        ended TEXT {_TIME.format("ended")},
        heartbeat TEXT NOT NULL {_TIME.format("heartbeat")},
        total_steps INTEGER CHECK (total_steps >= 0),
        error TEXT,
        note TEXT NOT NULL DEFAULT ''
    ) STRICT""",
    """CREATE TABLE run_pairs (
        run INTEGER NOT NULL REFERENCES runs (id),
        comparison INTEGER NOT NULL REFERENCES comparisons (id),
        verdict INTEGER NOT NULL,
        split TEXT NOT NULL CHECK (split IN ('train', 'eval')),
        PRIMARY KEY (run, comparison),
        FOREIGN KEY (comparison, verdict) REFERENCES verdicts (comparison, id)
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE metrics (
        run INTEGER NOT NULL REFERENCES runs (id),
        name TEXT NOT NULL,
        step INTEGER NOT NULL CHECK (step >= 0),
        value REAL,
        PRIMARY KEY (run, name, step)
    ) STRICT, WITHOUT ROWID""",
    f"""CREATE TABLE run_log (
        id INTEGER PRIMARY KEY,
        run INTEGER NOT NULL REFERENCES runs (id),
        at TEXT NOT NULL {_TIME.format("at")},
        level TEXT NOT NULL CHECK (level IN ('info', 'warning', 'error')),
        text TEXT NOT NULL
    ) STRICT""",
    "CREATE INDEX run_log_of_run ON run_log (run, id)",
    # From where a run can be resumed; each checkpoint file replaces the whole one before it, so a run has one row.
    f"""CREATE TABLE checkpoints (
        run INTEGER PRIMARY KEY REFERENCES runs (id),
        step INTEGER NOT NULL CHECK (step >= 0),
        path TEXT NOT NULL,
        bytes INTEGER NOT NULL CHECK (bytes >= 0),
        created TEXT NOT NULL {_TIME.format("created")}
    ) STRICT""",
    # The epoch margins: each pair's margin in each epoch. NULL where it was not a number.
    """CREATE TABLE run_margins (
        run INTEGER NOT NULL REFERENCES runs (id),
        epoch INTEGER NOT NULL CHECK (epoch > 0),
        comparison INTEGER NOT NULL REFERENCES comparisons (id),
        split TEXT NOT NULL CHECK (split IN ('train', 'eval')),
        margin REAL,
        PRIMARY KEY (run, epoch, comparison)
    ) STRICT, WITHOUT ROWID""",
    # `key` is the engine's: token ids, boundary, weights, reference adapter, dtype, device, way of scoring, versions.
    # A bound NaN becomes NULL; NOT NULL refuses it, because a reference that is not a number must never be reused.
    f"""CREATE TABLE reference_logps (
        key TEXT PRIMARY KEY CHECK (length(key) = 64),
        chosen REAL NOT NULL,
        rejected REAL NOT NULL,
        created TEXT NOT NULL {_TIME.format("created")}
    ) STRICT, WITHOUT ROWID""",
)

_HOUSE = (
    """CREATE TABLE settings (
        key TEXT PRIMARY KEY CHECK (key <> ''),
        value TEXT NOT NULL CHECK (json_valid(value))
    ) STRICT, WITHOUT ROWID""",
    # One row: did the last owner close the file properly? The WAL does not show that: a reader may leave one behind.
    """CREATE TABLE clean_close (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        clean INTEGER NOT NULL CHECK (clean IN (0, 1))
    ) STRICT""",
    "INSERT INTO clean_close (id, clean) VALUES (1, 1)",
)

FIRST_SCHEMA: tuple[str, ...] = (*_PROMPTS, *_COMPLETIONS, *_COMPARISONS, *_VERDICTS, *_RUNS, *_HOUSE)
