-- What a new workspace's database holds, for reading. `python -m tests.schema_document` makes it from db/migrations;
-- nothing reads it.

CREATE TABLE prompt_sets (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE CHECK (name <> ''),
        held_out INTEGER NOT NULL CHECK (held_out IN (0, 1)),
        created TEXT NOT NULL CHECK (created GLOB '????-??-??T??:??:??*Z')
    ) STRICT;

CREATE TABLE prompts (
        id INTEGER PRIMARY KEY,
        set_id INTEGER NOT NULL REFERENCES prompt_sets (id),
        messages TEXT NOT NULL
            CHECK (json_valid(messages) AND json_type(messages) = 'array' AND json_array_length(messages) > 0),
        field TEXT CHECK (field <> ''),
        content_hash TEXT NOT NULL UNIQUE CHECK (length(content_hash) = 64),
        guard_hash TEXT NOT NULL CHECK (length(guard_hash) = 64),
        created TEXT NOT NULL CHECK (created GLOB '????-??-??T??:??:??*Z')
    , forgotten INTEGER REFERENCES forgettings (id), forgotten_hash TEXT CHECK (length(forgotten_hash) = 64)) STRICT;

CREATE INDEX prompts_of_set ON prompts (set_id, id);

CREATE INDEX prompts_by_guard ON prompts (guard_hash);

CREATE INDEX prompts_by_field ON prompts (field);

CREATE INDEX prompts_forgotten ON prompts (id) WHERE forgotten IS NOT NULL;

CREATE TRIGGER prompts_stay BEFORE UPDATE OF id, messages, content_hash, guard_hash, forgotten, forgotten_hash
    ON prompts WHEN NOT (OLD.forgotten IS NULL AND NEW.forgotten IS NOT NULL
        AND (NEW.id, NEW.guard_hash, NEW.forgotten_hash) IS (OLD.id, OLD.guard_hash, OLD.content_hash)
        AND NEW.messages = '[{"content":"","role":"user"}]')
    BEGIN SELECT RAISE(ABORT, 'what a prompt asks is never changed'); END;

CREATE TABLE models (
        id INTEGER PRIMARY KEY,
        kind TEXT NOT NULL CHECK (kind IN ('base', 'adapter', 'server')),
        name TEXT NOT NULL CHECK (name <> ''),
        source TEXT NOT NULL,
        fingerprint TEXT NOT NULL,
        parent INTEGER REFERENCES models (id),
        created TEXT NOT NULL CHECK (created GLOB '????-??-??T??:??:??*Z')
    ) STRICT;

CREATE UNIQUE INDEX models_once ON models (kind, source, fingerprint, ifnull(parent, 0));

CREATE TABLE samplings (
        id INTEGER PRIMARY KEY,
        settings TEXT NOT NULL UNIQUE CHECK (json_valid(settings) AND json_type(settings) = 'object'),
        created TEXT NOT NULL CHECK (created GLOB '????-??-??T??:??:??*Z')
    ) STRICT;

CREATE TABLE completions (
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
        created TEXT NOT NULL CHECK (created GLOB '????-??-??T??:??:??*Z'), server INTEGER REFERENCES servers (id),
        CHECK (source IN ('human', 'import') OR model IS NOT NULL),
        UNIQUE (prompt, id)
    ) STRICT;

CREATE INDEX completions_by_text ON completions (prompt, text_hash);

CREATE TRIGGER completions_stay BEFORE UPDATE ON completions
    WHEN NOT (NEW.text = '' AND EXISTS (SELECT 1 FROM prompts p WHERE p.id = OLD.prompt AND p.forgotten IS NOT NULL)
        AND (NEW.id, NEW.prompt, NEW.model, NEW.sampling, NEW.seed, NEW.text_hash, NEW.tokens, NEW.cut, NEW.source,
            NEW.created, NEW.server) IS (OLD.id, OLD.prompt, OLD.model, OLD.sampling, OLD.seed, OLD.text_hash,
            OLD.tokens, OLD.cut, OLD.source, OLD.created, OLD.server))
    BEGIN SELECT RAISE(ABORT, 'completions are never changed'); END;

CREATE TABLE trials (
        id INTEGER PRIMARY KEY,
        kind TEXT NOT NULL CHECK (kind IN ('side_by_side', 'blind')),
        name TEXT CHECK (name <> ''),
        model_a INTEGER NOT NULL REFERENCES models (id),
        model_b INTEGER NOT NULL REFERENCES models (id),
        sampling INTEGER NOT NULL REFERENCES samplings (id),
        num_questions INTEGER NOT NULL CHECK (num_questions > 0),
        status TEXT NOT NULL CHECK (status IN ('running', 'finished', 'stopped', 'failed')),
        created TEXT NOT NULL CHECK (created GLOB '????-??-??T??:??:??*Z'),
        ended TEXT CHECK (ended GLOB '????-??-??T??:??:??*Z')
    , prompt_set INTEGER REFERENCES prompt_sets (id), samples INTEGER NOT NULL DEFAULT 1 CHECK (samples > 0), repeats INTEGER NOT NULL DEFAULT 0 CHECK (repeats >= 0), may_end_early INTEGER NOT NULL DEFAULT 0 CHECK (may_end_early IN (0, 1)), judge TEXT CHECK (judge <> ''), opened TEXT CHECK (opened GLOB '????-??-??T??:??:??*Z'), opened_after INTEGER CHECK (opened_after >= 0), note TEXT NOT NULL DEFAULT '', sampling_b INTEGER REFERENCES samplings (id), server_a INTEGER REFERENCES servers (id), server_b INTEGER REFERENCES servers (id), judged_by INTEGER REFERENCES judges (id)) STRICT;

CREATE TABLE comparisons (
        id INTEGER PRIMARY KEY,
        prompt INTEGER NOT NULL REFERENCES prompts (id),
        a INTEGER NOT NULL,
        b INTEGER NOT NULL,
        side_seed INTEGER NOT NULL,
        flipped INTEGER NOT NULL CHECK (flipped IN (0, 1)),
        trial INTEGER REFERENCES trials (id),
        withdrawn INTEGER NOT NULL DEFAULT 0 CHECK (withdrawn IN (0, 1)),
        created TEXT NOT NULL CHECK (created GLOB '????-??-??T??:??:??*Z'),
        standing INTEGER REFERENCES verdicts (id),
        standing_verdict TEXT, repeats INTEGER REFERENCES comparisons (id), asked_first INTEGER NOT NULL DEFAULT 0 CHECK (asked_first IN (0, 1)), ranking INTEGER REFERENCES rankings (id),
        CHECK (a <> b AND (trial IS NOT NULL OR a < b)),
        CHECK ((standing IS NULL) = (standing_verdict IS NULL)),
        FOREIGN KEY (prompt, a) REFERENCES completions (prompt, id),
        FOREIGN KEY (prompt, b) REFERENCES completions (prompt, id)
    ) STRICT;

CREATE INDEX comparisons_of_prompt ON comparisons (prompt, trial);

CREATE INDEX comparisons_of_trial ON comparisons (trial, id) WHERE trial IS NOT NULL;

CREATE INDEX comparisons_open ON comparisons (id) WHERE trial IS NULL AND standing IS NULL;

CREATE UNIQUE INDEX comparisons_by_standing ON comparisons (standing) WHERE standing IS NOT NULL;

CREATE UNIQUE INDEX comparisons_once ON comparisons (a, b) WHERE trial IS NULL AND repeats IS NULL;

CREATE UNIQUE INDEX comparisons_again_once ON comparisons (repeats) WHERE repeats IS NOT NULL AND trial IS NULL;

CREATE INDEX comparisons_repeating ON comparisons (id) WHERE repeats IS NOT NULL AND trial IS NULL;

CREATE INDEX comparisons_judged ON comparisons (standing_verdict, standing)
    WHERE trial IS NULL AND repeats IS NULL AND standing IS NOT NULL;

CREATE INDEX comparisons_asked_first ON comparisons (id)
    WHERE asked_first = 1 AND trial IS NULL AND standing IS NULL;

CREATE INDEX comparisons_withdrawn ON comparisons (id) WHERE withdrawn = 1;

CREATE INDEX comparisons_counted ON comparisons (standing_verdict)
    WHERE trial IS NULL AND repeats IS NULL AND standing IS NOT NULL;

CREATE INDEX comparisons_of_ranking ON comparisons (ranking) WHERE ranking IS NOT NULL;

CREATE TRIGGER comparisons_stay BEFORE UPDATE OF id, prompt, a, b, side_seed, flipped, trial ON comparisons
    BEGIN SELECT RAISE(ABORT, 'the two answers and the sides of a comparison are never changed'); END;

CREATE TRIGGER comparisons_repeats_stay BEFORE UPDATE OF repeats ON comparisons
    BEGIN SELECT RAISE(ABORT, 'the two answers and the sides of a comparison are never changed'); END;

CREATE TRIGGER comparisons_ranking_stays BEFORE UPDATE OF ranking ON comparisons
    BEGIN SELECT RAISE(ABORT, 'the two answers and the sides of a comparison are never changed'); END;

CREATE TABLE runs (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL CHECK (name <> ''),
        status TEXT NOT NULL CHECK (status IN ('running', 'finished', 'stopped', 'failed', 'interrupted')),
        config TEXT NOT NULL CHECK (json_valid(config) AND json_type(config) = 'object'),
        versions TEXT NOT NULL CHECK (json_valid(versions) AND json_type(versions) = 'object'),
        base_model INTEGER NOT NULL REFERENCES models (id),
        adapter TEXT,
        parent_adapter TEXT,
        started TEXT NOT NULL CHECK (started GLOB '????-??-??T??:??:??*Z'),
        ended TEXT CHECK (ended GLOB '????-??-??T??:??:??*Z'),
        heartbeat TEXT NOT NULL CHECK (heartbeat GLOB '????-??-??T??:??:??*Z'),
        total_steps INTEGER CHECK (total_steps >= 0),
        error TEXT,
        note TEXT NOT NULL DEFAULT ''
    , pair_set TEXT
        CHECK (pair_set IS NULL OR json_valid(pair_set) AND json_type(pair_set) = 'object'), tags TEXT NOT NULL DEFAULT '[]'
        CHECK (json_valid(tags) AND json_type(tags) = 'array'), archived INTEGER NOT NULL DEFAULT 0 CHECK (archived IN (0, 1)), idle_s REAL NOT NULL DEFAULT 0 CHECK (idle_s >= 0)) STRICT;

CREATE TABLE run_pairs (
        run INTEGER NOT NULL REFERENCES runs (id),
        comparison INTEGER NOT NULL REFERENCES comparisons (id),
        verdict INTEGER NOT NULL,
        split TEXT NOT NULL CHECK (split IN ('train', 'eval')),
        PRIMARY KEY (run, comparison),
        FOREIGN KEY (comparison, verdict) REFERENCES verdicts (comparison, id)
    ) STRICT, WITHOUT ROWID;

CREATE INDEX run_pairs_by_comparison ON run_pairs (comparison);

CREATE TRIGGER run_pairs_of_trials BEFORE INSERT ON run_pairs
    WHEN EXISTS (SELECT 1 FROM comparisons c WHERE c.id = NEW.comparison AND c.trial IS NOT NULL)
    BEGIN SELECT RAISE(ABORT, 'a verdict of a trial is never trained on'); END;

CREATE TRIGGER held_out_is_never_trained_on BEFORE INSERT ON run_pairs WHEN EXISTS (SELECT 1 FROM comparisons c JOIN prompts p ON p.id = c.prompt
        JOIN prompts h ON h.guard_hash = p.guard_hash JOIN prompt_sets s ON s.id = h.set_id
        WHERE c.id = NEW.comparison AND s.held_out = 1)
    BEGIN SELECT RAISE(ABORT, 'a prompt that is held out for trials is never trained on'); END;

CREATE TRIGGER held_out_comes_in_no_other_way BEFORE UPDATE OF comparison ON run_pairs WHEN EXISTS (SELECT 1 FROM comparisons c JOIN prompts p ON p.id = c.prompt
        JOIN prompts h ON h.guard_hash = p.guard_hash JOIN prompt_sets s ON s.id = h.set_id
        WHERE c.id = NEW.comparison AND s.held_out = 1)
    BEGIN SELECT RAISE(ABORT, 'a prompt that is held out for trials is never trained on'); END;

CREATE TABLE metrics (
        run INTEGER NOT NULL REFERENCES runs (id),
        name TEXT NOT NULL,
        step INTEGER NOT NULL CHECK (step >= 0),
        value REAL,
        PRIMARY KEY (run, name, step)
    ) STRICT, WITHOUT ROWID;

CREATE TABLE run_log (
        id INTEGER PRIMARY KEY,
        run INTEGER NOT NULL REFERENCES runs (id),
        at TEXT NOT NULL CHECK (at GLOB '????-??-??T??:??:??*Z'),
        level TEXT NOT NULL CHECK (level IN ('info', 'warning', 'error')),
        text TEXT NOT NULL
    ) STRICT;

CREATE INDEX run_log_of_run ON run_log (run, id);

CREATE TABLE checkpoints (
        run INTEGER PRIMARY KEY REFERENCES runs (id),
        step INTEGER NOT NULL CHECK (step >= 0),
        path TEXT NOT NULL,
        bytes INTEGER NOT NULL CHECK (bytes >= 0),
        created TEXT NOT NULL CHECK (created GLOB '????-??-??T??:??:??*Z')
    ) STRICT;

CREATE TABLE run_margins (
        run INTEGER NOT NULL REFERENCES runs (id),
        epoch INTEGER NOT NULL CHECK (epoch > 0),
        comparison INTEGER NOT NULL REFERENCES comparisons (id),
        split TEXT NOT NULL CHECK (split IN ('train', 'eval')),
        margin REAL,
        PRIMARY KEY (run, epoch, comparison)
    ) STRICT, WITHOUT ROWID;

CREATE INDEX run_margins_of_comparison ON run_margins (comparison);

CREATE TABLE reference_logps (
        key TEXT PRIMARY KEY CHECK (length(key) = 64),
        chosen REAL NOT NULL,
        rejected REAL NOT NULL,
        created TEXT NOT NULL CHECK (created GLOB '????-??-??T??:??:??*Z')
    ) STRICT, WITHOUT ROWID;

CREATE TABLE settings (
        key TEXT PRIMARY KEY CHECK (key <> ''),
        value TEXT NOT NULL CHECK (json_valid(value))
    ) STRICT, WITHOUT ROWID;

CREATE TABLE clean_close (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        clean INTEGER NOT NULL CHECK (clean IN (0, 1))
    ) STRICT;

CREATE TABLE trial_prompts (
        trial INTEGER NOT NULL REFERENCES trials (id),
        place INTEGER NOT NULL CHECK (place > 0),
        prompt INTEGER NOT NULL REFERENCES prompts (id),
        PRIMARY KEY (trial, place),
        UNIQUE (trial, prompt)
    ) STRICT, WITHOUT ROWID;

CREATE INDEX trial_prompts_by_prompt ON trial_prompts (prompt);

CREATE TABLE comparison_notes (
        comparison INTEGER PRIMARY KEY REFERENCES comparisons (id),
        note TEXT NOT NULL,
        at TEXT NOT NULL CHECK (at GLOB '????-??-??T??:??:??*Z')
    ) STRICT;

CREATE TRIGGER notes_searched AFTER INSERT ON comparison_notes
    BEGIN
        INSERT INTO verdict_words (verdict_words, rowid, prompt, a, b, said, facts, note)
        SELECT 'delete', t.id, t.prompt, t.a, t.b, t.said, t.facts, ''
        FROM verdict_texts t WHERE t.comparison = NEW.comparison;
        INSERT INTO verdict_words (rowid, prompt, a, b, said, facts, note)
        SELECT t.id, t.prompt, t.a, t.b, t.said, t.facts, NEW.note
        FROM verdict_texts t WHERE t.comparison = NEW.comparison;
    END;

CREATE TRIGGER notes_searched_anew AFTER UPDATE OF note ON comparison_notes
    BEGIN
        INSERT INTO verdict_words (verdict_words, rowid, prompt, a, b, said, facts, note)
        SELECT 'delete', t.id, t.prompt, t.a, t.b, t.said, t.facts, OLD.note
        FROM verdict_texts t WHERE t.comparison = NEW.comparison;
        INSERT INTO verdict_words (rowid, prompt, a, b, said, facts, note)
        SELECT t.id, t.prompt, t.a, t.b, t.said, t.facts, NEW.note
        FROM verdict_texts t WHERE t.comparison = NEW.comparison;
    END;

CREATE TRIGGER notes_kept BEFORE DELETE ON comparison_notes
    BEGIN SELECT RAISE(ABORT, 'an empty note is written in place of one that is taken away'); END;

CREATE TABLE prompt_moves (
        id INTEGER PRIMARY KEY,
        prompt INTEGER NOT NULL REFERENCES prompts (id),
        from_set INTEGER NOT NULL REFERENCES prompt_sets (id),
        to_set INTEGER NOT NULL REFERENCES prompt_sets (id),
        comparison INTEGER NOT NULL REFERENCES comparisons (id),
        at TEXT NOT NULL CHECK (at GLOB '????-??-??T??:??:??*Z')
    ) STRICT;

CREATE INDEX prompt_moves_of_comparison ON prompt_moves (comparison);

CREATE TABLE passed_over (
        prompt INTEGER NOT NULL REFERENCES prompts (id),
        model_a INTEGER NOT NULL REFERENCES models (id),
        sampling_a INTEGER NOT NULL REFERENCES samplings (id),
        model_b INTEGER NOT NULL REFERENCES models (id),
        sampling_b INTEGER NOT NULL REFERENCES samplings (id),
        at TEXT NOT NULL CHECK (at GLOB '????-??-??T??:??:??*Z'),
        reason TEXT NOT NULL CHECK (reason <> ''),
        PRIMARY KEY (prompt, model_a, sampling_a, model_b, sampling_b)
    ) STRICT, WITHOUT ROWID;

CREATE TABLE margins (
        comparison INTEGER NOT NULL REFERENCES comparisons (id),
        model INTEGER NOT NULL REFERENCES models (id),
        margin REAL NOT NULL,
        PRIMARY KEY (comparison, model)
    ) STRICT, WITHOUT ROWID;

CREATE TABLE names_shown (
        comparison INTEGER PRIMARY KEY REFERENCES comparisons (id),
        at TEXT NOT NULL CHECK (at GLOB '????-??-??T??:??:??*Z')
    ) STRICT;

CREATE TABLE run_samples (
        run INTEGER NOT NULL REFERENCES runs (id),
        prompt INTEGER NOT NULL REFERENCES prompts (id),
        step INTEGER NOT NULL CHECK (step >= 0),
        text TEXT NOT NULL,
        tokens INTEGER NOT NULL CHECK (tokens >= 0),
        cut INTEGER NOT NULL CHECK (cut IN (0, 1)),
        PRIMARY KEY (run, prompt, step)
    ) STRICT, WITHOUT ROWID;

CREATE VIRTUAL TABLE verdict_words USING fts5(prompt, a, b, said, facts, note, content='', prefix='2',
        tokenize='unicode61 remove_diacritics 2');

CREATE TABLE withdrawals (
        id INTEGER PRIMARY KEY,
        comparison INTEGER NOT NULL REFERENCES comparisons (id),
        at TEXT NOT NULL CHECK (at GLOB '????-??-??T??:??:??*Z'),
        withdrawn INTEGER NOT NULL CHECK (withdrawn IN (0, 1))
    ) STRICT;

CREATE INDEX withdrawals_of_comparison ON withdrawals (comparison, id);

CREATE TRIGGER withdrawals_count AFTER INSERT ON withdrawals
    BEGIN UPDATE comparisons SET withdrawn = NEW.withdrawn WHERE id = NEW.comparison; END;

CREATE TRIGGER withdrawals_no_update BEFORE UPDATE ON withdrawals
    BEGIN SELECT RAISE(ABORT, 'what was taken out and put back is only ever added'); END;

CREATE TRIGGER withdrawals_no_delete BEFORE DELETE ON withdrawals
    BEGIN SELECT RAISE(ABORT, 'what was taken out and put back is only ever added'); END;

CREATE TABLE import_batch (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        source TEXT NOT NULL,
        at TEXT NOT NULL CHECK (at GLOB '????-??-??T??:??:??*Z'),
        set_id INTEGER NOT NULL REFERENCES prompt_sets (id),
        new_set INTEGER NOT NULL CHECK (new_set IN (0, 1)),
        first_prompt INTEGER NOT NULL,
        last_prompt INTEGER NOT NULL,
        first_completion INTEGER NOT NULL,
        last_completion INTEGER NOT NULL,
        first_comparison INTEGER NOT NULL,
        last_comparison INTEGER NOT NULL
    ) STRICT;

CREATE TABLE import_late (
        comparison INTEGER PRIMARY KEY REFERENCES comparisons (id),
        verdict TEXT NOT NULL,
        strength INTEGER NOT NULL,
        side TEXT,
        seconds REAL,
        note TEXT NOT NULL,
        line INTEGER NOT NULL
    , more TEXT NOT NULL DEFAULT '{}'
        CHECK (json_valid(more) AND json_type(more) = 'object')) STRICT;

CREATE TABLE answer_scores (
        completion INTEGER PRIMARY KEY REFERENCES completions (id),
        score REAL NOT NULL
    ) STRICT;

CREATE VIEW standing_verdicts AS SELECT v.* FROM comparisons c JOIN verdicts v ON v.id = c.standing
    WHERE NOT EXISTS (SELECT 1 FROM import_batch b WHERE c.id BETWEEN b.first_comparison AND b.last_comparison);

CREATE TABLE servers (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE CHECK (name <> ''),
        url TEXT NOT NULL CHECK (url <> ''),
        protocol TEXT NOT NULL CHECK (protocol <> ''),
        model TEXT NOT NULL CHECK (model <> ''),
        key_env TEXT CHECK (key_env GLOB '[A-Za-z_]*' AND key_env NOT GLOB '*[^A-Za-z0-9_]*'),
        allowed TEXT CHECK (allowed GLOB '????-??-??T??:??:??*Z'),
        archived INTEGER NOT NULL DEFAULT 0 CHECK (archived IN (0, 1)),
        created TEXT NOT NULL CHECK (created GLOB '????-??-??T??:??:??*Z')
    ) STRICT;

CREATE TABLE people (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE CHECK (name <> ''),
        created TEXT NOT NULL CHECK (created GLOB '????-??-??T??:??:??*Z')
    ) STRICT;

CREATE TABLE judges (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL CHECK (name <> ''),
        kind TEXT NOT NULL CHECK (kind IN ('command', 'model')),
        command TEXT CHECK (command <> ''),
        model INTEGER REFERENCES models (id),
        server INTEGER REFERENCES servers (id),
        rubric TEXT NOT NULL DEFAULT '',
        settings TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(settings) AND json_type(settings) = 'object'),
        archived INTEGER NOT NULL DEFAULT 0 CHECK (archived IN (0, 1)),
        created TEXT NOT NULL CHECK (created GLOB '????-??-??T??:??:??*Z'),
        CHECK ((kind = 'command') = (command IS NOT NULL))
    ) STRICT;

CREATE UNIQUE INDEX judges_by_name ON judges (name) WHERE archived = 0;

CREATE TRIGGER judges_stay BEFORE UPDATE OF kind, command, model, server, rubric, settings ON judges
    BEGIN SELECT RAISE(ABORT, 'what a judge is told to do is never changed'); END;

CREATE TABLE rankings (
        id INTEGER PRIMARY KEY,
        prompt INTEGER NOT NULL REFERENCES prompts (id),
        created TEXT NOT NULL CHECK (created GLOB '????-??-??T??:??:??*Z')
    ) STRICT;

CREATE INDEX rankings_of_prompt ON rankings (prompt);

CREATE TABLE ranking_answers (
        ranking INTEGER NOT NULL REFERENCES rankings (id),
        place INTEGER NOT NULL CHECK (place BETWEEN 1 AND 8),
        completion INTEGER NOT NULL REFERENCES completions (id),
        PRIMARY KEY (ranking, place),
        UNIQUE (ranking, completion)
    ) STRICT, WITHOUT ROWID;

CREATE TABLE forgettings (
        id INTEGER PRIMARY KEY,
        at TEXT NOT NULL CHECK (at GLOB '????-??-??T??:??:??*Z'),
        prompt_set INTEGER REFERENCES prompt_sets (id),
        prompts INTEGER NOT NULL CHECK (prompts > 0),
        completions INTEGER NOT NULL CHECK (completions >= 0),
        verdicts INTEGER NOT NULL CHECK (verdicts >= 0)
    ) STRICT;

CREATE TABLE "verdicts" (
        id INTEGER PRIMARY KEY,
        comparison INTEGER NOT NULL REFERENCES comparisons (id),
        at TEXT NOT NULL CHECK (at GLOB '????-??-??T??:??:??*Z'),
        verdict TEXT NOT NULL
            CHECK (verdict IN ('a', 'b', 'tie', 'both_bad', 'both_good', 'skip', 'discard', 'undo')),
        strength INTEGER NOT NULL DEFAULT 1 CHECK (strength BETWEEN 0 AND 3),
        side TEXT CHECK (side IN ('left', 'right')),
        layout TEXT NOT NULL CHECK (layout IN ('side', 'stacked', 'grid', 'none')),
        seconds REAL CHECK (seconds >= 0),
        blind INTEGER NOT NULL CHECK (blind IN (0, 1)),
        note TEXT NOT NULL DEFAULT '',
        source TEXT NOT NULL CHECK (source IN ('person', 'import', 'model')),
        undoes INTEGER,
        person INTEGER REFERENCES people (id),
        judge INTEGER REFERENCES judges (id),
        confidence REAL CHECK (confidence BETWEEN 0 AND 1),
        origin TEXT CHECK (origin <> ''),
        act INTEGER REFERENCES verdicts (id),
        CHECK ((verdict = 'undo') = (undoes IS NOT NULL)),
        CHECK ((source = 'model') = (judge IS NOT NULL)),
        CHECK (person IS NULL OR source <> 'model'),
        CHECK (act < id),
        FOREIGN KEY (comparison, undoes) REFERENCES verdicts (comparison, id),
        UNIQUE (comparison, id)
    ) STRICT;

CREATE UNIQUE INDEX verdicts_undone_once ON verdicts (undoes) WHERE undoes IS NOT NULL;

CREATE INDEX verdicts_by_time ON verdicts (at);

CREATE INDEX verdicts_by_person ON verdicts (id) WHERE source = 'person' AND verdict <> 'undo';

CREATE INDEX verdicts_timed ON verdicts (id, seconds) WHERE seconds IS NOT NULL;

CREATE INDEX verdicts_noted ON verdicts (id) WHERE note <> '';

CREATE INDEX verdicts_of_others ON verdicts (person, id) WHERE person IS NOT NULL;

CREATE INDEX verdicts_of_judge ON verdicts (judge, id) WHERE judge IS NOT NULL;

CREATE UNIQUE INDEX verdicts_taken_over_once ON verdicts (origin) WHERE origin IS NOT NULL;

CREATE INDEX verdicts_of_act ON verdicts (act) WHERE act IS NOT NULL;

CREATE TRIGGER verdicts_no_update BEFORE UPDATE ON verdicts
    WHEN NOT (NEW.note = '' AND EXISTS (SELECT 1 FROM comparisons c JOIN prompts p ON p.id = c.prompt
            WHERE c.id = OLD.comparison AND p.forgotten IS NOT NULL)
        AND (NEW.id, NEW.comparison, NEW.at, NEW.verdict, NEW.strength, NEW.side, NEW.layout, NEW.seconds, NEW.blind,
            NEW.source, NEW.undoes, NEW.person, NEW.judge, NEW.confidence, NEW.origin, NEW.act)
        IS (OLD.id, OLD.comparison, OLD.at, OLD.verdict, OLD.strength, OLD.side, OLD.layout, OLD.seconds, OLD.blind,
            OLD.source, OLD.undoes, OLD.person, OLD.judge, OLD.confidence, OLD.origin, OLD.act))
    BEGIN SELECT RAISE(ABORT, 'verdicts are only ever added'); END;

CREATE TRIGGER verdicts_no_delete BEFORE DELETE ON verdicts WHEN NOT EXISTS (SELECT 1 FROM import_batch b WHERE OLD.comparison BETWEEN b.first_comparison AND b.last_comparison)
    BEGIN SELECT RAISE(ABORT, 'verdicts are only ever added'); END;

CREATE TRIGGER verdicts_no_replace BEFORE INSERT ON verdicts
    WHEN EXISTS (SELECT 1 FROM verdicts WHERE id = NEW.id OR (NEW.undoes IS NOT NULL AND undoes = NEW.undoes)
        OR (NEW.origin IS NOT NULL AND origin = NEW.origin))
    BEGIN SELECT RAISE(ABORT, 'verdicts are only ever added'); END;

CREATE TRIGGER verdicts_undo_a_verdict BEFORE INSERT ON verdicts
    WHEN NEW.verdict = 'undo' AND EXISTS (SELECT 1 FROM verdicts WHERE id = NEW.undoes AND verdict = 'undo')
    BEGIN SELECT RAISE(ABORT, 'an undo cannot be undone'); END;

CREATE TRIGGER verdicts_undo_ones_own BEFORE INSERT ON verdicts
    WHEN NEW.verdict = 'undo' AND EXISTS (SELECT 1 FROM verdicts v
        WHERE v.id = NEW.undoes AND (v.person IS NOT NEW.person OR v.judge IS NOT NEW.judge))
    BEGIN SELECT RAISE(ABORT, 'only whoever gave a verdict can undo it'); END;

CREATE TRIGGER verdicts_stand AFTER INSERT ON verdicts
    BEGIN
        UPDATE comparisons SET (standing, standing_verdict) = (
            SELECT v.id, v.verdict FROM verdicts v JOIN comparisons c ON c.id = v.comparison
            WHERE v.comparison = NEW.comparison AND v.verdict <> 'undo' AND (v.source = 'import' OR v.source = 'person' AND v.person IS NULL
        OR v.source = 'model' AND EXISTS (SELECT 1 FROM trials t WHERE t.id = c.trial AND t.judged_by IS NOT NULL))
                AND NOT EXISTS (SELECT 1 FROM verdicts u WHERE u.undoes = v.id)
            ORDER BY v.id DESC LIMIT 1)
        WHERE id = NEW.comparison;
    END;

CREATE TRIGGER verdicts_searched AFTER INSERT ON verdicts WHEN NEW.verdict <> 'undo'
    BEGIN
        INSERT INTO verdict_words (rowid, prompt, a, b, said, facts, note)
        SELECT t.id, t.prompt, t.a, t.b, t.said, t.facts,
            ifnull((SELECT n.note FROM comparison_notes n WHERE n.comparison = t.comparison), '')
        FROM verdict_texts t WHERE t.id = NEW.id;
    END;

CREATE TRIGGER verdicts_unsearched BEFORE DELETE ON verdicts WHEN OLD.verdict <> 'undo'
    BEGIN
        INSERT INTO verdict_words (verdict_words, rowid, prompt, a, b, said, facts, note)
        SELECT 'delete', t.id, t.prompt, t.a, t.b, t.said, t.facts, '' FROM verdict_texts t WHERE t.id = OLD.id;
    END;

CREATE VIEW verdict_texts AS SELECT v.id, v.comparison,
        (SELECT group_concat(m.value ->> '$.content', char(10)) FROM json_each(p.messages) m) AS prompt,
        a.text AS a, b.text AS b, v.note AS said, 'verdict ' || v.verdict || ' strength ' || v.strength || ' side ' || ifnull(v.side, 'none')
        || ' blind ' || v.blind || ' source ' || CASE WHEN r.judge IS NULL THEN v.source ELSE 'model' END
        || ' trial ' || ifnull(c.trial, 'none')
        || ' written ' || a.source || ' written ' || b.source
        || ' model ' || ifnull(a.model, 'none') || ' model ' || ifnull(b.model, 'none')
        || CASE v.verdict
            WHEN 'a' THEN ' chosen ' || a.source || ' chosen ' || ifnull(a.model, 'none')
            WHEN 'b' THEN ' chosen ' || b.source || ' chosen ' || ifnull(b.model, 'none')
            ELSE ' chosen none' END
        || CASE WHEN EXISTS (SELECT 1 FROM verdicts e
            WHERE e.comparison = v.comparison AND e.id < v.id AND e.verdict NOT IN ('undo', 'skip')
                AND (e.person IS NULL AND e.source = 'person' OR e.source = 'import' OR e.judge = v.judge))
            THEN ' judged again' ELSE ' judged once' END AS facts
    FROM verdicts v
    JOIN comparisons c ON c.id = v.comparison
    JOIN prompts p ON p.id = c.prompt
    JOIN completions a ON a.id = c.a
    JOIN completions b ON b.id = c.b
    LEFT JOIN trials r ON r.id = c.trial
    WHERE v.verdict <> 'undo' AND (v.source = 'import' OR v.source = 'person' AND v.person IS NULL
        OR v.source = 'model' AND EXISTS (SELECT 1 FROM trials t WHERE t.id = c.trial AND t.judged_by IS NOT NULL));

CREATE TABLE tags (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL COLLATE NOCASE UNIQUE CHECK (name <> ''),
        place INTEGER NOT NULL CHECK (place >= 0),
        archived INTEGER NOT NULL DEFAULT 0 CHECK (archived IN (0, 1)),
        created TEXT NOT NULL CHECK (created GLOB '????-??-??T??:??:??*Z')
    ) STRICT;

CREATE TABLE verdict_tags (
        verdict INTEGER NOT NULL REFERENCES verdicts (id),
        tag INTEGER NOT NULL REFERENCES tags (id),
        PRIMARY KEY (verdict, tag)
    ) STRICT, WITHOUT ROWID;

CREATE INDEX verdict_tags_by_tag ON verdict_tags (tag, verdict);
