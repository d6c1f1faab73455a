PRAGMA page_size = 4096;
PRAGMA application_id = 1346456660;
PRAGMA user_version = 14;
PRAGMA journal_mode = wal;
BEGIN;
CREATE TABLE "_sqlite_migrations" (
   "id" INTEGER PRIMARY KEY,
   "migration_set" TEXT,
   "name" TEXT,
   "applied_at" TEXT
);
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
    ) STRICT;
CREATE TABLE models (
        id INTEGER PRIMARY KEY,
        kind TEXT NOT NULL CHECK (kind IN ('base', 'adapter', 'server')),
        name TEXT NOT NULL CHECK (name <> ''),
        source TEXT NOT NULL,
        fingerprint TEXT NOT NULL,
        parent INTEGER REFERENCES models (id),
        created TEXT NOT NULL CHECK (created GLOB '????-??-??T??:??:??*Z')
    ) STRICT;
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
        created TEXT NOT NULL CHECK (created GLOB '????-??-??T??:??:??*Z'),
        CHECK (source IN ('human', 'import') OR model IS NOT NULL),
        UNIQUE (prompt, id)
    ) STRICT;
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
    , prompt_set INTEGER REFERENCES prompt_sets (id), samples INTEGER NOT NULL DEFAULT 1 CHECK (samples > 0), repeats INTEGER NOT NULL DEFAULT 0 CHECK (repeats >= 0), may_end_early INTEGER NOT NULL DEFAULT 0 CHECK (may_end_early IN (0, 1)), judge TEXT CHECK (judge <> ''), opened TEXT CHECK (opened GLOB '????-??-??T??:??:??*Z'), opened_after INTEGER CHECK (opened_after >= 0), note TEXT NOT NULL DEFAULT '') STRICT;
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
        standing_verdict TEXT, repeats INTEGER REFERENCES comparisons (id), asked_first INTEGER NOT NULL DEFAULT 0 CHECK (asked_first IN (0, 1)),
        CHECK (a <> b AND (trial IS NOT NULL OR a < b)),
        CHECK ((standing IS NULL) = (standing_verdict IS NULL)),
        FOREIGN KEY (prompt, a) REFERENCES completions (prompt, id),
        FOREIGN KEY (prompt, b) REFERENCES completions (prompt, id)
    ) STRICT;
CREATE TABLE verdicts (
        id INTEGER PRIMARY KEY,
        comparison INTEGER NOT NULL REFERENCES comparisons (id),
        at TEXT NOT NULL CHECK (at GLOB '????-??-??T??:??:??*Z'),
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
    ) STRICT;
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
CREATE TABLE comparison_notes (
        comparison INTEGER PRIMARY KEY REFERENCES comparisons (id),
        note TEXT NOT NULL,
        at TEXT NOT NULL CHECK (at GLOB '????-??-??T??:??:??*Z')
    ) STRICT;
CREATE TABLE prompt_moves (
        id INTEGER PRIMARY KEY,
        prompt INTEGER NOT NULL REFERENCES prompts (id),
        from_set INTEGER NOT NULL REFERENCES prompt_sets (id),
        to_set INTEGER NOT NULL REFERENCES prompt_sets (id),
        comparison INTEGER NOT NULL REFERENCES comparisons (id),
        at TEXT NOT NULL CHECK (at GLOB '????-??-??T??:??:??*Z')
    ) STRICT;
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
    ) STRICT;
CREATE TABLE answer_scores (
        completion INTEGER PRIMARY KEY REFERENCES completions (id),
        score REAL NOT NULL
    ) STRICT;
DELETE FROM "verdict_words_data";
DELETE FROM "verdict_words_idx";
DELETE FROM "verdict_words_docsize";
DELETE FROM "verdict_words_config";
INSERT INTO "_sqlite_migrations" VALUES (1, 'palate', '001_first_schema', '2026-11-29 16:39:46.494515+00:00');
INSERT INTO "_sqlite_migrations" VALUES (2, 'palate', '002_blind_trials', '2026-11-29 16:39:46.525333+00:00');
INSERT INTO "_sqlite_migrations" VALUES (3, 'palate', '003_queue', '2026-11-29 16:39:46.525807+00:00');
INSERT INTO "_sqlite_migrations" VALUES (4, 'palate', '004_names_shown', '2026-11-29 16:39:46.525950+00:00');
INSERT INTO "_sqlite_migrations" VALUES (5, 'palate', '005_asked_first', '2026-11-29 16:39:46.526487+00:00');
INSERT INTO "_sqlite_migrations" VALUES (6, 'palate', '006_samples_and_pair_sets', '2026-11-29 16:39:46.526979+00:00');
INSERT INTO "_sqlite_migrations" VALUES (7, 'palate', '007_search', '2026-11-29 16:39:46.544146+00:00');
INSERT INTO "_sqlite_migrations" VALUES (8, 'palate', '008_withdrawals', '2026-11-29 16:39:46.544488+00:00');
INSERT INTO "_sqlite_migrations" VALUES (9, 'palate', '009_wall', '2026-11-29 16:39:46.544726+00:00');
INSERT INTO "_sqlite_migrations" VALUES (10, 'palate', '010_import_batches', '2026-11-29 16:39:46.545121+00:00');
INSERT INTO "_sqlite_migrations" VALUES (11, 'palate', '012_wall_by_index', '2026-11-29 16:39:46.545323+00:00');
INSERT INTO "_sqlite_migrations" VALUES (12, 'palate', '013_run_labels', '2026-11-29 16:39:46.546768+00:00');
INSERT INTO "_sqlite_migrations" VALUES (13, 'palate', '014_counting', '2026-11-29 16:39:46.546907+00:00');
INSERT INTO "_sqlite_migrations" VALUES (14, 'palate', '015_run_idle', '2026-11-29 16:39:46.555841+00:00');
INSERT INTO "prompt_sets" VALUES (1, 'science', 0, '2026-11-29T16:39:46.679Z');
INSERT INTO "prompt_sets" VALUES (2, 'science, held out', 1, '2026-11-29T16:39:46.735Z');
INSERT INTO "prompt_sets" VALUES (3, 'mine', 0, '2026-11-29T16:39:46.762Z');
INSERT INTO "prompt_sets" VALUES (4, 'trial', 1, '2026-11-29T16:39:49.335Z');
INSERT INTO "prompt_sets" VALUES (5, 'pairs', 0, '2026-11-29T16:40:32.671Z');
INSERT INTO "prompts" VALUES (1, 1, '[{"content":"Why do leaves change colour in autumn?","role":"user"}]', 'biology', 'df77338eed1e5f33b44a7fead8598472c637b12910d58af95e6c40dc3944dcff', '70705ef43ba6e0d55cb508725049c31b80f23bb8c1b3bcdb8fa05c941520ee32', '2026-11-29T16:39:46.681Z');
INSERT INTO "prompts" VALUES (2, 1, '[{"content":"Why does salt melt ice on a winter road?","role":"user"}]', 'chemistry', '92a2a6c33104c57ebf218d132f185350eb456096f920fa729cfd778eea18da39', 'c8d5d3831bb11d062635f7dac20f72e3aa654d32a9cd2a846eebce19dbc48721', '2026-11-29T16:39:46.681Z');
INSERT INTO "prompts" VALUES (3, 1, '[{"content":"Why is the sky blue but the sunset red?","role":"user"}]', 'physics', '21de5e8855cc60c96e0a61b8cf259943ad6f668734058a6f227a46c1cc1f7f95', '70db59e780bcac9989465c538f5e674fd0cbd22904a73eea787c5474e47aef4a', '2026-11-29T16:39:46.681Z');
INSERT INTO "prompts" VALUES (4, 1, '[{"content":"Why does the Moon always show us the same face?","role":"user"}]', 'astronomy', '598a6743490165581134101949d80b966fe4bb01e89b220e69a326170f69cd5e', '75ea837038d8ee153e3a5ba5f66a5843b4ebca382f191cae79611596720dfbf1', '2026-11-29T16:39:46.681Z');
INSERT INTO "prompts" VALUES (5, 1, '[{"content":"Why do continents move?","role":"user"}]', 'earth science', '759ff36cdf70504fa521543dd451b6f224eed6986eb528bc4d5e4fdd07cb2d85', '270f4d075f0990e9dd41766b150d74b3e9f538a8a14b78b586dae253b836ead5', '2026-11-29T16:39:46.681Z');
INSERT INTO "prompts" VALUES (6, 1, '[{"content":"Why can''t you divide by zero?","role":"user"}]', 'mathematics', 'b1e351d5c38bc073180ee42c6a1c4f648567997c9c10d02e71be12909f592ea8', '327b1a5f8c164374de723b770dd3a66322970240ff8f8100cdd6e85ae34dd32d', '2026-11-29T16:39:46.681Z');
INSERT INTO "prompts" VALUES (7, 1, '[{"content":"Why don''t antibiotics work against a cold?","role":"user"}]', 'medicine', '517290fe2103fa4b114d045a7462eb1463053d2337879db4cc84aeb43c2aabe9', 'd0a58addcc150f4aa648b6a2a95164312b8d5ca89ef739fb90cb5a3261a73335', '2026-11-29T16:39:46.681Z');
INSERT INTO "prompts" VALUES (8, 1, '[{"content":"How does a computer do so much with nothing but zeros and ones?","role":"user"}]', 'computer science', '213abfd16accbaca0453e03379ff8160798772461299b7593170d57fa396ac95', '2ffb614bbfdce963ab7de5ce5b7c42040e1aac2b2090ab57e31aef5012e62380', '2026-11-29T16:39:46.681Z');
INSERT INTO "prompts" VALUES (9, 1, '[{"content":"Why do we remember embarrassing moments so vividly?","role":"user"}]', 'psychology', '60864a24de3573d397f110dde88e0c7e16444014175edece9a4a27dfd51b39c5', 'f0b64c73a7ea662974a5bc8592b0a97d86cc5c306dea40c4449deada75ac2eff', '2026-11-29T16:39:46.681Z');
INSERT INTO "prompts" VALUES (10, 1, '[{"content":"Why did the return of wolves to Yellowstone interest so many scientists?","role":"user"}]', 'ecology', 'c6403f02d57c277467f180cc8a15a0e4cc8434d4274df29a907b2cf0780f1e2b', '3137360a566a04170b6e484393b41b5e3c42c18a57b478b3c1d6c5b6db63558b', '2026-11-29T16:39:46.681Z');
INSERT INTO "prompts" VALUES (11, 1, '[{"content":"Why is glass transparent when most solids are not?","role":"user"}]', 'materials', '9619ca2119ade3b4aae11ed69aa6413ec5db1784765bafa60c20f8558d846d70', 'd77127888f941fd97b058f7c19d8aae4f616a6f18e2f144d19e6bc97adad7250', '2026-11-29T16:39:46.681Z');
INSERT INTO "prompts" VALUES (12, 1, '[{"content":"How did people first work out that the Earth is round, and what did they measure?","role":"user"}]', 'history of science', '4f089fd1104b333b4158c4c26c3218f3cf1e774fc9e82faf466ece5c5dcd2566', '2aa3054e36783f9cb71c645a42a3a394dc7eb35f5c91ac7b14afcfaaca87c858', '2026-11-29T16:39:46.681Z');
INSERT INTO "prompts" VALUES (13, 1, '[{"content":"How do nerve cells pass a message from one to the next?","role":"user"}]', 'neuroscience', '489519eedc68df4404cb0d42cde8feab8aab486a1491254bcd2bce57fb2382d8', 'b77d09fa6b9ca5a4786b39b1d3b962a701bd32ae17050eecfc40c8195777f08f', '2026-11-29T16:39:46.681Z');
INSERT INTO "prompts" VALUES (14, 1, '[{"content":"Why are so many bridges built with arches or triangles?","role":"user"}]', 'engineering', 'c3901f6c8dccb5ba95ab27cf5490b901fcb78f1ffd708685418579a5f189b831', '102c9c503c69a7bc64f4e16bddf796a038423bc37a07d15444bec3c0bdcee881', '2026-11-29T16:39:46.681Z');
INSERT INTO "prompts" VALUES (15, 1, '[{"content":"How does a single fertilised egg know how to become a whole animal?","role":"user"}]', 'biology', '7aae434495af3b3cef676936ff1194d1f05178af9c62506bf3e2cd7e80542abd', 'a8c017d894c1321ed7f483e0ada38b57b4b75791faeee5a7681db3aae7a4aba1', '2026-11-29T16:39:46.681Z');
INSERT INTO "prompts" VALUES (16, 1, '[{"content":"How does soap manage to wash away grease that water alone cannot?","role":"user"}]', 'chemistry', '4955be4fd6426b2bf37aa89424baa0242e8fac974b6694b9b56c0ddd5ef27495', '4a3f1633e186bf5ddeee3b2eef53abac7ec6c55321322f56155804c30d3d2ce2', '2026-11-29T16:39:46.681Z');
INSERT INTO "prompts" VALUES (17, 1, '[{"content":"Explain Einstein''s idea that moving clocks run slow, without any formula.","role":"user"}]', 'physics', '09e2f8421c1aefb4596be562dad3d52568cfc54d1eb28120ac93833452885fb9', '9be9b0fe768f13982c84d1d4f910ce9cb79f06302d4460c494998ebe07af955f', '2026-11-29T16:39:46.681Z');
INSERT INTO "prompts" VALUES (18, 1, '[{"content":"How do astronomers know what a star is made of without going there?","role":"user"}]', 'astronomy', 'f61fa5588b5a627707932db57aa3c48a9ca5d5cb8341ab45ee1f504aa44dc102', 'bcef495bc9f482b8151c1f7885689778a9c8553f20837fdf199ed20b336fd764', '2026-11-29T16:39:46.681Z');
INSERT INTO "prompts" VALUES (19, 1, '[{"content":"How do scientists find out what lies at the centre of the Earth if nobody can dig that deep?","role":"user"}]', 'earth science', 'fd58b862e00333472475d79d2d21b1f4da5c978ccd30859cd2e58a0535de3157', 'c2fd93959db47efbf040c7f2b5677cfe18be28e419bcd927e6840aee3d2b9823', '2026-11-29T16:39:46.681Z');
INSERT INTO "prompts" VALUES (20, 1, '[{"content":"Explain what a proof is to someone who thinks that many examples are enough.","role":"user"}]', 'mathematics', '146493c2da4e2339ae3ca80c2074fee2f19060abdcdba05cd9edf00042b88439', '6798e0bbb539f0dc3e6d9b76ebede47757d5eca70cd8946451063e28b5ec453a', '2026-11-29T16:39:46.681Z');
INSERT INTO "prompts" VALUES (21, 1, '[{"content":"How does a vaccine teach the body to defend itself?","role":"user"}]', 'medicine', 'c0c15e67248918c29ca920cc090f8753a3558e9a9f4fab26c2a1ec86e4f7e8a1', '9ae624679c17aad68df3485424e8dccba9d81a92ed735358b3d83f14b84aa402', '2026-11-29T16:39:46.681Z');
INSERT INTO "prompts" VALUES (22, 1, '[{"content":"Explain what an algorithm is with a recipe, then say where the comparison breaks down.","role":"user"}]', 'computer science', 'af75f84acb3c64213fba7ddab328dfb53eb151947ee13769b7588485c34d2c9e', 'f424a8565f6652d3618a17f030d4fc2c6d73cda368f3d69ccd58515823a09b26', '2026-11-29T16:39:46.681Z');
INSERT INTO "prompts" VALUES (23, 1, '[{"content":"How do habits form, and how can a person change one that is bad?","role":"user"}]', 'psychology', 'b507c5c25ef67f24901b0fdc16d99f41fd88e664f19f6bd9c606232c839a7b8a', 'ae4f7d59e90ccac49c12bc27416580fb5bb05ad90543d33de34578fa8a6ee527', '2026-11-29T16:39:46.681Z');
INSERT INTO "prompts" VALUES (24, 1, '[{"content":"How does a coral reef support so much life in water that is poor in nutrients?","role":"user"}]', 'ecology', '6aa467ca192832dc0a74f3c1be9031f3f9955f2ff9929f9a41743fde3e58a271', '2431835cf512b73b5621edf5016ba4ed0fd144d5945aaf426ff7ec9b26f62550', '2026-11-29T16:39:46.681Z');
INSERT INTO "prompts" VALUES (25, 1, '[{"content":"How does adding a little carbon turn iron into steel?","role":"user"}]', 'materials', '2c4a0b68feb7388f0d12d3b6f98254c045716a2146809b5164df735691257373', '96b3be657f2c9e3501b8eaa2b53bb78d43707aefcca9eefad8b70590bdc164ff', '2026-11-29T16:39:46.681Z');
INSERT INTO "prompts" VALUES (26, 1, '[{"content":"Why was the idea that the Earth goes around the Sun so hard to accept?","role":"user"}]', 'history of science', 'ed0e013e6fcd9b31c3e41a3e8ced768e3b02c9c7e5e08255e0bfc91b44dc2776', 'f26804db298adcdaff07973bcccf5f4801811c84852f300a39219a8130c5db6c', '2026-11-29T16:39:46.681Z');
INSERT INTO "prompts" VALUES (27, 1, '[{"content":"Why do we dream? Give the main ideas and say how well each is supported.","role":"user"}]', 'neuroscience', '563c862de673ac73f5ed936712e9d053c22e818b362ec162bfadde5e4a2ec9eb', '328ac659faf76149125786e87945157cecdfa2d340e73886f5d2a3f6d3d150d1', '2026-11-29T16:39:46.681Z');
INSERT INTO "prompts" VALUES (28, 1, '[{"content":"How does an aeroplane stay in the air, and what does the pilot do when an engine fails?","role":"user"}]', 'engineering', '1444aec0d8bf7ab59b726ad169c76581f3a6ab2c6d6566deb7b12bb7aa6af389', '59ac38cbe9af9730027bac2f3fe7ed4a3a30bc487b4baa9a210dd7f153f7a051', '2026-11-29T16:39:46.681Z');
INSERT INTO "prompts" VALUES (29, 1, '[{"content":"Explain to a ten-year-old what DNA does.","role":"user"}]', 'biology', '3a1c96ed105e5e13c45ddbe1ca99ee3fbd7c1eed3b3688aacc1b743ea942237b', '46ae2fc07917bdd4b515ef73524029cf088e372686d3045f06687fa2fad5aea7', '2026-11-29T16:39:46.682Z');
INSERT INTO "prompts" VALUES (30, 1, '[{"content":"Explain the difference between a mixture and a compound to someone who likes cooking.","role":"user"}]', 'chemistry', '4f46d8c6ece9d6b2279bbb0336b284ba0d48f85388f780363cee24ff8acf8e5d', '4e5c0f652b303c99f34cdd106235504114293711ddddb1b322263070619ee4cf', '2026-11-29T16:39:46.682Z');
INSERT INTO "prompts" VALUES (31, 1, '[{"content":"Why does a spinning bicycle wheel resist being tipped over?","role":"user"}]', 'physics', 'cf89c31ff63f36e0e85e7f5074c6ea78e166f781ed262a07690625da44cdfbf5', 'a178b38795234b636f0f075f0db6e95265e0325b916329d5c854326d5f9fea7f', '2026-11-29T16:39:46.682Z');
INSERT INTO "prompts" VALUES (32, 1, '[{"content":"Explain to a six-year-old why we have seasons.","role":"user"}]', 'astronomy', 'f61479b3a1925a0f6a076c87c2210466b9d46e4fb4969e76e62fbcf41d929e06', '328340bb0dbac36a9fed38bf865eebf01993cc3996956d09e0e5dfdb5bfe6b73', '2026-11-29T16:39:46.682Z');
INSERT INTO "prompts" VALUES (33, 1, '[{"content":"Explain to a child where the sand on a beach comes from.","role":"user"}]', 'earth science', 'dd19370d0445941dc0ac1c667983963c2831d220bb0288a3dad3eb99da74a4fd', 'fbfb3ca0a4b8766040084831ad51be1b4aee8edac8dcc0d7215b8f745e066392', '2026-11-29T16:39:46.682Z');
INSERT INTO "prompts" VALUES (34, 1, '[{"content":"Why is a minus times a minus a plus? Give a picture, not a rule.","role":"user"}]', 'mathematics', 'fd0f250c69a7688f28be2b51d281ec0d97e2df1bc161a120012f3eb96cd032e6', '9088dc541794f53e0921d168196414022c1d276ff245dbaa690f602b5955d429', '2026-11-29T16:39:46.682Z');
INSERT INTO "prompts" VALUES (35, 1, '[{"content":"Explain to a worried child what happens when a broken bone heals.","role":"user"}]', 'medicine', 'e045569274a7755a67fc3b3250c3641098c810fbeedf2bbf6e2dff498a45e5f5', '954cf430c1c71740640fde73976e2ed600664c56c57bf20a320dd0342462bc5b', '2026-11-29T16:39:46.682Z');
INSERT INTO "prompts" VALUES (36, 1, '[{"content":"Why do programs have bugs even when very clever people write them?","role":"user"}]', 'computer science', '562b37e08a155c75c45239412bb5672e4d364f9384efa9f8e57f7f38ae4792cf', 'e7b60f7c293f064de19381a9cdadd554b8e7bbf8e9e3a748f04c8238a5b8154c', '2026-11-29T16:39:46.682Z');
INSERT INTO "prompts" VALUES (37, 1, '[{"content":"Explain cognitive dissonance with a story from everyday life.","role":"user"}]', 'psychology', 'f7fb2ed257c06087b03d4174023d245ef07584c15daeccb4800ed3ccc30570e0', '03b22b9039ea207fec26df227320c5337bd5253d00ac6e6a775e9c6b4f778ef8', '2026-11-29T16:39:46.682Z');
INSERT INTO "prompts" VALUES (38, 1, '[{"content":"Explain a food web to a child by starting with a single oak tree.","role":"user"}]', 'ecology', 'af8531d0de5ca505036c94ab01734a1f2e9313b947901d9aa1c65b645ed0563c', '1bd6c3603b61b88168e399dfcb9fa76f6bdd0de06904c0bba77037a9e44eeee9', '2026-11-29T16:39:46.682Z');
INSERT INTO "prompts" VALUES (39, 1, '[{"content":"Explain to a child why rubber bands stretch and spring back.","role":"user"}]', 'materials', '35ef80668b26402a93e605fbae5dcdb6558703a325eb546ccf4359f8504969af', '43b0bcecb3bd74efc17b81221143a39777eeaa87a79ba42f3c055738ca15c191', '2026-11-29T16:39:46.682Z');
INSERT INTO "prompts" VALUES (40, 1, '[{"content":"Tell the story of the discovery of penicillin, including the parts that are usually left out.","role":"user"}]', 'history of science', 'ddab041eedae044cca02e49ac9a3fbdc1dc06abaca0588a2a65eb8d035875d6a', '20e2200919b7be2df4da945723bf69559101a41bd227cd8da0a2feaa09dde72c', '2026-11-29T16:39:46.682Z');
INSERT INTO "prompts" VALUES (41, 1, '[{"content":"Explain to a child why a stubbed toe hurts a moment after the bump.","role":"user"}]', 'neuroscience', '2c5dee5fdb13fe6d285bbd23d0c738c728e9adebb38e4b5d5df03552e620ceab', '34feccf424d0486e8c9268cb3cdb0e4823bb8af779105a0f7930f1dd308e4207', '2026-11-29T16:39:46.682Z');
INSERT INTO "prompts" VALUES (42, 1, '[{"content":"Explain to a child how a zip works.","role":"user"}]', 'engineering', '232c31d522a5133246dd207c13cbcfaf614dfd1424682aa3264f8abe8e254fd0', '0563db0234e0cb2d370aba69752f8108b82354cf5789f1c8dda43246eb6ee27f', '2026-11-29T16:39:46.682Z');
INSERT INTO "prompts" VALUES (43, 1, '[{"content":"Compare how plants and animals get the energy they need to live.","role":"user"}]', 'biology', 'f587366fb06ce38a99c9e420be13a3fed42b171e065326cf963815ee25137c22', '348ccfc62ab41c026807e6cab133d38c27bfd5407f9322e76754c513c46c80df', '2026-11-29T16:39:46.682Z');
INSERT INTO "prompts" VALUES (44, 1, '[{"content":"Why does iron rust while gold stays shiny?","role":"user"}]', 'chemistry', '055068374ce97dd1c6bf3b86b2f4ed2965c1595b0f267d2f41876dc21ea495ba', '6c67f28e59a303f34407035179f1adff4a2888a91f04c6cb5ac243af1d477b5f', '2026-11-29T16:39:46.682Z');
INSERT INTO "prompts" VALUES (45, 1, '[{"content":"How does a refrigerator make things cold when it uses energy that ends up as heat?","role":"user"}]', 'physics', '0c7f139e9b9733e68689ef1fb306c5f4ce47f816c5c952ea239ccdc5e1ca9c56', 'a4245612f0d7a21d52aea12a0b6ab4600054610fa8d83519494456b6514dce0a', '2026-11-29T16:39:46.682Z');
INSERT INTO "prompts" VALUES (46, 1, '[{"content":"What would you see and feel if you fell into a black hole?","role":"user"}]', 'astronomy', 'eca01c42da83b2693bed53a0ac9b4d44949e854d27185827c4879410c1e4d08f', '0be70c104659ad34d344a17450038d41295a0de39a0c4e4996f73e3c5d3245f2', '2026-11-29T16:39:46.682Z');
INSERT INTO "prompts" VALUES (47, 1, '[{"content":"Why are some volcanoes explosive while others pour out lava quietly?","role":"user"}]', 'earth science', '7420902393851af31c783fac507b327f4ec60ca9cfa6bf670a0b749f66263362', '4f9e6d908ffc8730a70325d46e0b3ac1c80417863f9bcf5f0cc57832016635d1', '2026-11-29T16:39:46.682Z');
INSERT INTO "prompts" VALUES (48, 1, '[{"content":"How can some infinities be bigger than others?","role":"user"}]', 'mathematics', '2775b958f6590bb95cd5b1dddf794ba54b4cb253066cbffe9223265d65a51755', 'af9436b5b5cd208449123ff7378009447fc57ca0ae8420d0370f45f6a2aaab19', '2026-11-29T16:39:46.682Z');
INSERT INTO "prompts" VALUES (49, 1, '[{"content":"What does the appendix do, and why do people live well without it?","role":"user"}]', 'medicine', '2d8d565672b35483b000a24cc4cfc8bbf1d6e4353e2668798369301e2c22387f', '1f9b568848d8290a3684d7162b2c2859c013d4bd4be67fdb9157f33c56a62cc2', '2026-11-29T16:39:46.682Z');
INSERT INTO "prompts" VALUES (50, 1, '[{"content":"How does a search engine find an answer in a fraction of a second?","role":"user"}]', 'computer science', '0a6db93f17273c31fc57f4da02a3cf25bd6d7acf1acc545798972130da7976b2', 'e78cf3e8923a63bcd74cbdfca97509e8cfae7e3163a2ccc83b389566cbfba2db', '2026-11-29T16:39:46.682Z');
INSERT INTO "prompts" VALUES (51, 1, '[{"content":"Why do people see faces in clouds and electrical sockets?","role":"user"}]', 'psychology', '032184fcc01016fccf7d89584e147ec6ed2f36d2ecd8a2ef6c43f44029b3d664', '5bd24b25d21ffd69036cc9ef73e5fb3898356ba638ce384f9285928861392ef7', '2026-11-29T16:39:46.682Z');
INSERT INTO "prompts" VALUES (52, 1, '[{"content":"What would happen if all the mosquitoes in the world disappeared?","role":"user"}]', 'ecology', '51320022412842fec9e26f9672ac10f706746db2d420510181995d01aac22262', '127f3d693938a8964b15846c2061f745d8a751fe53b80e391a66414e6401fbc4', '2026-11-29T16:39:46.682Z');
INSERT INTO "prompts" VALUES (53, 1, '[{"content":"Why do metals conduct electricity so well and plastics so badly?","role":"user"}]', 'materials', 'f693beb2301e59fabe9e3869b1a1d17aa2617fb0f46cdb78a16b370b1540f858', 'ad95732fe6b7e2856cee19338e4488ae68aca6bfbc972e594a803eb94d89e02b', '2026-11-29T16:39:46.682Z');
INSERT INTO "prompts" VALUES (54, 1, '[{"content":"What did Marie Curie discover, and what did it cost her?","role":"user"}]', 'history of science', '8719f9594837fa3062a45e95190beccab89e35c8280c5a6662b5f87df953dd7e', '0ad2695e02c95679b5255083b516829ce1b4291ee215c7d888ebb2008c6faca9', '2026-11-29T16:39:46.682Z');
INSERT INTO "prompts" VALUES (55, 1, '[{"content":"How can the brain tell where a sound comes from?","role":"user"}]', 'neuroscience', '1e6f8ca5860c2d2bbacda91951da489b94bb699cb249998055bfbcdb44c7b639', '15cc9b29a5ee59d2003bfc7b517aa794054123894e7efc8fb52bc15ee87ee7e3', '2026-11-29T16:39:46.682Z');
INSERT INTO "prompts" VALUES (56, 1, '[{"content":"Why do wind turbines usually have three blades?","role":"user"}]', 'engineering', '834f7f129407065eade393cce9b1d976082a8384fa79a029ab9bd9c5671329a7', 'fcacf9c7a33ad06e9d57e364dc62073d2920105c459f168f3f5c9a220517a8c6', '2026-11-29T16:39:46.682Z');
INSERT INTO "prompts" VALUES (57, 1, '[{"content":"Many people say that evolution means survival of the strongest. What is wrong with that?","role":"user"}]', 'biology', '3a306f879f64ab904bf31596b84e92c23e023597e25cd556f55de19048563803', 'f1d2cc14958074f9ec135e9164b915f151cdb56d12388e933f4fc55fc35709ec', '2026-11-29T16:39:46.682Z');
INSERT INTO "prompts" VALUES (58, 1, '[{"content":"What happens, step by step, when you strike a match?","role":"user"}]', 'chemistry', '3ac24f0e7518ae3347eb360f21b46acc8a5588ec73438f2e71d990a57e5348b2', 'acfc1796d92f0ce42fcfcc7481c489e772ef1d65cd63fa0f9e39ad5b84e14c8d', '2026-11-29T16:39:46.682Z');
INSERT INTO "prompts" VALUES (59, 1, '[{"content":"What would happen if you dropped a ball into a tunnel that goes right through the Earth?","role":"user"}]', 'physics', '3f91066347c37f63d318d35989d8cc1e78cbacf50f30220f8d64f1cffa3c6721', '8a5286c659e6b30e9fd18e102a7d83df42855e4ba28b67b155ea4042e703b699', '2026-11-29T16:39:46.682Z');
INSERT INTO "prompts" VALUES (60, 1, '[{"content":"Why is Pluto no longer called a planet, and do you find the reasons convincing?","role":"user"}]', 'astronomy', '5eeb13a94c0a214944c7856df47de2571f13343e6d8f87e62b7e246f657a6d97', 'ba2d575067e3178d44090570e99f1009273387da169326d00e1fda36ebac3f2b', '2026-11-29T16:39:46.682Z');
INSERT INTO "prompts" VALUES (61, 1, '[{"content":"Compare weather and climate with a comparison that a teenager would remember.","role":"user"}]', 'earth science', 'd7fcd1740ca726d5bbe08fb27f05c304af877f74341ac9a2fca04a2322d566e0', '3febd7d891a7c897d7034ab28f0473f1c37bd14b38ce50c92598cdaf46bf8f66', '2026-11-29T16:39:46.682Z');
INSERT INTO "prompts" VALUES (62, 1, '[{"content":"In a room of about two dozen people, why is it so likely that two share a birthday?","role":"user"}]', 'mathematics', 'fb5ad2a3231092b6cad2b2aacc260fccac33068a8452cd249b65e03ac0c83808', 'd652da1ffed2e2c8e98ee953e0b57532683b88ab03e5ad8bc2cd72ee78782825', '2026-11-29T16:39:46.682Z');
INSERT INTO "prompts" VALUES (63, 1, '[{"content":"Why do doctors tell us to finish a course of antibiotics, and is that advice changing?","role":"user"}]', 'medicine', '67ac789fce9ae87881fcd6fd3f4cf9492ab2dea3c21a31196f68d13f3e4b477a', 'f1d93c3bb34660e3d6f7db8841b07800c6d11ef3fe5734a5967a8d41213675a4', '2026-11-29T16:39:46.682Z');
INSERT INTO "prompts" VALUES (64, 1, '[{"content":"What is the difference between memory and storage? Explain it with a desk and a cupboard.","role":"user"}]', 'computer science', '5ba95febade57ca8df937d57b3dbdf815ecd6091dc417835640161353c9f2f76', 'd3d6ba88bdc568723c2941c890343bc193c256a16c9b917602d91443257b5cbc', '2026-11-29T16:39:46.682Z');
INSERT INTO "prompts" VALUES (65, 1, '[{"content":"What would you tell someone who believes that we use only ten percent of our brain?","role":"user"}]', 'psychology', '9007278d2390ef5a22b48be06c708588ab1a7415f1b6b0d3c63fe91a8eced03e', '3cba31bfc734068ce7a788e79e899b1b42d18f85c53d29bd67588e0a3b8be298', '2026-11-29T16:39:46.682Z');
INSERT INTO "prompts" VALUES (66, 1, '[{"content":"Why can one new species upset a whole island?","role":"user"}]', 'ecology', '7748f4c2d83006ad6420ca13388c4485b81ba8f81a7c9e342710f0845339f954', 'ad1d7e8d5291b172232672861a957c4ce908744b95492d200b5fd7a518b59887', '2026-11-29T16:39:46.682Z');
INSERT INTO "prompts" VALUES (67, 1, '[{"content":"Compare concrete with reinforced concrete: what does each part of the mixture do?","role":"user"}]', 'materials', '00232822db553d26d8d41ced6fff326ba8623b40324d155fe40d1425d1892367', 'ac1f99a7522a66869d638f8c82914988e4c55a0b5cf033b6be9c652d3293ec5a', '2026-11-29T16:39:46.682Z');
INSERT INTO "prompts" VALUES (68, 1, '[{"content":"Did Newton really think of gravity because of an apple?","role":"user"}]', 'history of science', '2b4df86d84077cf66378d9c1f4f0e1ae886c1cedf3d1d465bbef25b15f7a6ca9', 'ba26ef4ebe8de0dd0a92811c7216e8b8bfa1c3e7db3394d749ceb8e5520b509d', '2026-11-29T16:39:46.682Z');
INSERT INTO "prompts" VALUES (69, 1, '[{"content":"What happens in the brain when we learn to ride a bicycle?","role":"user"}]', 'neuroscience', '97c870b75ccafe19c6e2e9f92ef102b7605fc3f7f2db773e25680241f962909d', 'e0e7f32929297ef997159505b07d02390fda686cbf3557b08734f1ffbb5d5510', '2026-11-29T16:39:46.682Z');
INSERT INTO "prompts" VALUES (70, 1, '[{"content":"What would have to change in a city if every car became electric next year?","role":"user"}]', 'engineering', '28b22c4da825cf29a8145471367b2a190fe2f263519952f1a32f4c0c0ae7ddd4', 'b39fbe87981e40642f2b0ef6e403a98f62c09fb8a6f7649e1670ce4488bbac66', '2026-11-29T16:39:46.682Z');
INSERT INTO "prompts" VALUES (71, 1, '[{"content":"What would happen to a cell if its mitochondria suddenly stopped working?","role":"user"}]', 'biology', 'f89cf2f3d6e4a31f653ab7967f807c4b59fb01c694ec5ab223c48507f2edaaee', '6057d0060f40e9032f63a0f583f1ccd9c26d5c1bea44bfa05d64640e52782682', '2026-11-29T16:39:46.683Z');
INSERT INTO "prompts" VALUES (72, 1, '[{"content":"Compare an ionic bond with a covalent bond, using an everyday picture for each.","role":"user"}]', 'chemistry', '2900cddd0c62918782f285acba4147568c8e341607a28f16708fe15c5543e0e3', '64aaf72ee90a3a184a8ae0f0a55c201ae3dd50ad4a1ee03bec3e1c90912069d6', '2026-11-29T16:39:46.683Z');
INSERT INTO "prompts" VALUES (73, 1, '[{"content":"Why do we see lightning before we hear thunder, and how can that tell us how far away it is?","role":"user"}]', 'physics', '754a16494ff7b0be583ff24f58df56d5ef5418baa24b7bb5da232e2b5cf78190', '1aa44c5d571731f24de37679b40ff78642527c87d6cf830858f20b4df91f8c3f', '2026-11-29T16:39:46.683Z');
INSERT INTO "prompts" VALUES (74, 1, '[{"content":"Compare the life of a small red star with the life of a giant blue one.","role":"user"}]', 'astronomy', 'c383ddfcedefe92b0ce089ca36934872be92990769660acb6a013bf796c7bdfd', '8bcb92fa5feaeaba1c868c953cfaf4ffe69b675ea245a46a350a737c400dd977', '2026-11-29T16:39:46.683Z');
INSERT INTO "prompts" VALUES (75, 1, '[{"content":"What would happen to the climate if the Gulf Stream weakened a great deal?","role":"user"}]', 'earth science', 'e75774d007f3f47569be6e6b871ec2a0ebf9e1d09413c020d0e311d2c28a9588', '79d8bb69b823aa31dc4519c1c69946812332e9e45595bfe9f9c1bfb41d7b6bba', '2026-11-29T16:39:46.683Z');
INSERT INTO "prompts" VALUES (76, 1, '[{"content":"Compare the mean and the median, and say when each one misleads.","role":"user"}]', 'mathematics', '42dacf81877997977eb0a16bd7f3398bc22d08ba4f900f4f51e2c27ed1343155', 'edd35ac1a165e7cc4fef7f61c526e45f21c38ead885c0472cfb3897bc28ad7b0', '2026-11-29T16:39:46.683Z');
INSERT INTO "prompts" VALUES (77, 1, '[{"content":"What happens in the body during a heart attack, and what should a bystander do?","role":"user"}]', 'medicine', 'dfc1326914c2490850c3bbe35dc809ea62d9d8ea66ce8930a20ba16e25de53ef', '8b04f56c99309096abc3f02926f4456becf8041b3f5dbb54c662e94f645e9f81', '2026-11-29T16:39:46.683Z');
INSERT INTO "prompts" VALUES (78, 1, '[{"content":"Why is a long passphrase often better than a short, complicated password?","role":"user"}]', 'computer science', '3110b319bd9b9ef67587ce44958ab8f5ec58d321ccbc7f11c13938084e20adf2', '1a41e441d019c9944e72c68a051b45a0c1f645baceb4ebc54d129a864f06f7b5', '2026-11-29T16:39:46.683Z');
INSERT INTO "prompts" VALUES (79, 1, '[{"content":"Compare intrinsic and extrinsic motivation, and say which one helps a child to read more.","role":"user"}]', 'psychology', '42cb379c67959389b2fc0deea3c6839b4fbc2cca35a27f9ad3c2a269c1a32b26', 'f82f330887b34703292f87804f733f14460cbd41497b60ce4068809cebf04b0e', '2026-11-29T16:39:46.683Z');
INSERT INTO "prompts" VALUES (80, 1, '[{"content":"Compare a rainforest and a tundra: where do the nutrients sit, and why does it matter?","role":"user"}]', 'ecology', 'caca6ddf709850cba7f06b3f619965b44fa540c62699f32e058e8d337da5015c', '227c03692183ea09e2d868ce36e0265a8f96602c96b83740ca47700322845970', '2026-11-29T16:39:46.683Z');
INSERT INTO "prompts" VALUES (81, 1, '[{"content":"What makes spider silk so tough, and why is it hard to copy?","role":"user"}]', 'materials', '9edcc81a9eeb4bd97c4964a212b03ab7361d8c37d625fbc6d48fec970be8ee3d', '1874c86549761d4ae73f5bdcc6ba370472313fe153f98c22b0759d4688c8cd32', '2026-11-29T16:39:46.683Z');
INSERT INTO "prompts" VALUES (82, 1, '[{"content":"How did the periodic table predict elements that nobody had seen yet?","role":"user"}]', 'history of science', '288918376cfc54df1ea2b1170a3e48534ace81a11ee5d67cd917d286e896e501', '4b841147999abf889e91ea27034496a3d5bbddf9e078f5711a88fb7e443393b4', '2026-11-29T16:39:46.683Z');
INSERT INTO "prompts" VALUES (83, 1, '[{"content":"Why can a smell bring back an old memory so strongly?","role":"user"}]', 'neuroscience', '193932ea7f846f9c84821688b915ba1a092bab072346cd123acc10eec0d0dd79', '73e6db0cd69c6fa115bb9ba8cad51979e9022fea7e7faf33d72fe6e57e757bdc', '2026-11-29T16:39:46.683Z');
INSERT INTO "prompts" VALUES (84, 1, '[{"content":"Compare storing energy in a battery with storing it behind a dam.","role":"user"}]', 'engineering', 'e4ef7ba9300627880d82656b005840002a088224907a18abb1681c17638da0d5', '173ba8ae2a667bb4fd040f9f06a86e68e48137087afd15511f64d3137bf7bd78', '2026-11-29T16:39:46.683Z');
INSERT INTO "prompts" VALUES (85, 1, '[{"content":"Why can a gecko walk on a ceiling but not on a wet one?","role":"user"}]', 'biology', 'd5deadcf5a3db9800bc6936a9d037d5f43ccfbbdb61eb91074f9e1de43018fe7', '7539fad24256abc76aefa8c62bb7e5d611f22e6aee76b64c79b05b50c281ed5f', '2026-11-29T16:39:46.683Z');
INSERT INTO "prompts" VALUES (86, 1, '[{"content":"Why should bleach and vinegar never be mixed?","role":"user"}]', 'chemistry', '705a49891745dd9a8e483071fdc94f110e242f310aa931dacd176cc601f1d65c', '4aa09b9d31517ebfd7ebc416762023b9ff85edeee464a99dad96c532c56848d0', '2026-11-29T16:39:46.699Z');
INSERT INTO "prompts" VALUES (87, 1, '[{"content":"Compare heat and temperature with an example in which they behave very differently.","role":"user"}]', 'physics', '79e36407d24ed7dbb92a3c13dc27c7342cf01131b7892671adad8d5823291153', '9bfaf366ab157af4b380f4381e9c4da790bab20a8c01b4e28d2d7414e0a05275', '2026-11-29T16:39:46.699Z');
INSERT INTO "prompts" VALUES (88, 1, '[{"content":"How can a telescope look back in time?","role":"user"}]', 'astronomy', '259d5ae9bb304ad9a712ef86858919a2958bf1d20511a5f4fc65de1cc970ff1f', '718daaf3026d4b13823c4ddba7b28a44d763492ba3c3d0d6a019a5414b900271', '2026-11-29T16:39:46.699Z');
INSERT INTO "prompts" VALUES (89, 1, '[{"content":"Why is the sea salty while most lakes are not?","role":"user"}]', 'earth science', '8a0d3249a26ffeb968165c0658c312686ea13489210f39bf426c8a669615067f', 'f3bc81cae9db2ac46552b80af87aab553959d94c150f5c34027c7f1cad23faf8', '2026-11-29T16:39:46.699Z');
INSERT INTO "prompts" VALUES (90, 1, '[{"content":"Many people think that after five heads in a row tails is due. What is the mistake?","role":"user"}]', 'mathematics', 'd7aa2b1f62591e767dd0c1bbf9afeeb08f77cb5f758103555dac35113b195bc4', '4bac14665b459c542347c1b1c121df8e5704c4b8c3446adce2aee6dbb56b9c47', '2026-11-29T16:39:46.699Z');
INSERT INTO "prompts" VALUES (91, 1, '[{"content":"Is it true that you catch a cold from being cold?","role":"user"}]', 'medicine', 'd81373b4d1bc71ab934a86297fad4c2b31d52b2bef1b9b456c0c71c3c351f78c', '2216ffb5ecfa40389fe0126924b4b22c7d5ab6959e07b981475c3246cb57ff59', '2026-11-29T16:39:46.699Z');
INSERT INTO "prompts" VALUES (92, 1, '[{"content":"Compare a compiler with an interpreter for someone who just began to program.","role":"user"}]', 'computer science', '04b88e7691991a4ddcbb9895e52c908e8a6784b47ae7993c63de1669eaacec9c', '83f20d5a0bbbd7dfffb020e8115c48f8a0ebe1c09a90f7faf07a9d058cd9c8a3', '2026-11-29T16:39:46.699Z');
INSERT INTO "prompts" VALUES (93, 1, '[{"content":"Why does time seem to pass faster as we grow older?","role":"user"}]', 'psychology', 'eed0317843174a279b703d80bfb31c4c9ef1af31c398893b35400175d0741827', '81031d6735e4c04a9e08837f1bbbacd0b4a4519e0fbd4f7bae629e810cfb12dc', '2026-11-29T16:39:46.699Z');
INSERT INTO "prompts" VALUES (94, 1, '[{"content":"How can I make a small balcony useful for wild bees?","role":"user"}]', 'ecology', 'f4bc71018992e36f80c514feab858b0b5a20d8a0bf69aa20be44d5ec065be82c', '3930ec6ccaabd8dea48a7f11c022cd22804f5d3078d08aa1768f5b26166044fb', '2026-11-29T16:39:46.699Z');
INSERT INTO "prompts" VALUES (95, 1, '[{"content":"Why does a paper clip break when it is bent back and forth many times?","role":"user"}]', 'materials', '45c6d1fe82b5a506380a3dd95c13027ac5400cde701b6524b1d40058bbefe10e', '7108182bd5ff8c072b1f345b4338504da21c898684dd138798ed01ee82a0b962', '2026-11-29T16:39:46.699Z');
INSERT INTO "prompts" VALUES (96, 1, '[{"content":"Compare how Darwin and Wallace came to the same idea.","role":"user"}]', 'history of science', '7243d6e1befad50089d22fc3728149366bbbcc0bab105a983b1da405e8f49b39', 'a4afae64aee151723ed300be1dd9a180fd605466845112dbaade936722fec4d0', '2026-11-29T16:39:46.699Z');
INSERT INTO "prompts" VALUES (97, 1, '[{"content":"Compare short-term memory with long-term memory.","role":"user"}]', 'neuroscience', 'aab10cdcbe7e4439dd584e469de4e3be520de3533c22644bcec4afc59550332f', '8871161ed59e03df304af6fc0ed1ca836b68e0889becc5e4370d966a653ad634', '2026-11-29T16:39:46.699Z');
INSERT INTO "prompts" VALUES (98, 1, '[{"content":"How does a lift keep its passengers safe if a cable breaks?","role":"user"}]', 'engineering', '3ed3b5e3044039d73830a69fa2b8cae4ef574c92d111cd2d7c4e28dbf98a4379', 'cf2a8439995ec0a6fa0f19e0a6e93c0bf12b1ffa2d51acae3e5279bf0e2610aa', '2026-11-29T16:39:46.699Z');
INSERT INTO "prompts" VALUES (99, 1, '[{"content":"Describe the steps by which a caterpillar turns into a butterfly.","role":"user"}]', 'biology', 'aa60abff7d8df84fed04d747c2dae7334f23d155d2766a574b6ece00517b53f7', 'f07d33a36f20b91759fcefbd1e9853e613c5576450b5978b5c9f4e361dd5a1d5', '2026-11-29T16:39:46.699Z');
INSERT INTO "prompts" VALUES (100, 1, '[{"content":"Why does bread dough smell so different once it is baked?","role":"user"}]', 'chemistry', '27ff702722711374b822f659458b3c213cd512cef5e35e926b45b199fde35d51', 'd3ea54c23f04b75ec9e909dfd2bc49ac3115473a13f5544b8716e95dddf180cd', '2026-11-29T16:39:46.699Z');
INSERT INTO "prompts" VALUES (101, 1, '[{"content":"Many people believe that heavier things fall faster. How would you show them that it isn''t so simple?","role":"user"}]', 'physics', '78357f75146a75da4cea80f8147e3e77330255d6643e28c8979b9acd7ce781d2', '28769b262ae211f136ca5e6e39c3f7c1a298b2ba2e8d77730453ccba900717a4', '2026-11-29T16:39:46.699Z');
INSERT INTO "prompts" VALUES (102, 1, '[{"content":"Why do stars twinkle when planets mostly don''t?","role":"user"}]', 'astronomy', '91b516864edd9ac93c696d35a9fcace8f23fc8fe7c043b29eb6289577329fbad', '7144a7d150fb77dfe29c632c754931a1e97d26ccf087f6dcd2b147938974041f', '2026-11-29T16:39:46.699Z');
INSERT INTO "prompts" VALUES (103, 1, '[{"content":"How does a limestone cave with stalactites come to be?","role":"user"}]', 'earth science', '9673b3af8411e93b7315d6d83eba059eee6a3021e7cafdb724b5bf54e5e96423', '45ae90a7be3c17025fbe9693150054463dc7077a7116ef4308037e6910f9abad', '2026-11-29T16:39:46.699Z');
INSERT INTO "prompts" VALUES (104, 1, '[{"content":"How is it that prime numbers protect my messages?","role":"user"}]', 'mathematics', '7a093d0e7c63044561aff8e2889b9e31b5c4bf985aed94c7ee7dd15197ff6ebb', '9ff004563edf0a7cc460df9fcbcc3fed4a68f8662a0584f7b6b80f73796a5510', '2026-11-29T16:39:46.699Z');
INSERT INTO "prompts" VALUES (105, 1, '[{"content":"Compare type 1 and type 2 diabetes in simple words.","role":"user"}]', 'medicine', '5fd704677733b5cfbe7be1a8a28a9fa3667fe5aafdb6290380c9a9c3f96d5fb2', '787f7a3fba8b6d5e2947626903d067e7f73fff890e0fb450c08c53727fb4c4e9', '2026-11-29T16:39:46.699Z');
INSERT INTO "prompts" VALUES (106, 1, '[{"content":"What happens between typing a web address and seeing the page?","role":"user"}]', 'computer science', '1118d2ac0473cb36cb3cda2612546b7a0dfc62a775c6bf73507fddd6c55390a1', 'b566c6491949aeff5f05f5be047660f28ca1287cede3bed0f3b3af1faf917aa9', '2026-11-29T16:39:46.699Z');
INSERT INTO "prompts" VALUES (107, 1, '[{"content":"How reliable is the memory of an eyewitness, and why?","role":"user"}]', 'psychology', 'd08edac7eefe02384ff9005fdeb9607f6ec0017f08d3e59175a50c67683431c1', 'eed7100ba08c113d59e0dc1399c65fb0cc6c2b788fc770d1daada79d50a6f9bc', '2026-11-29T16:39:46.699Z');
INSERT INTO "prompts" VALUES (108, 1, '[{"content":"Is a forest fire always a disaster for the forest?","role":"user"}]', 'ecology', '6b5f5909185fb4c6d93b0915c57d55b2cab2851c1204a7390caf827e00b192e9', 'c5db1f2ba8b61974775e15df14327cc1483a767ea74dc063e23daa2036254103', '2026-11-29T16:39:46.699Z');
INSERT INTO "prompts" VALUES (109, 1, '[{"content":"How does a non-stick pan stick to its own coating?","role":"user"}]', 'materials', '816c2da00d9e1ea93297354ff63ae951fd06fbd393f826cdc1a0e70b18ec1a49', '9085eddd36f34821416a6f3c2a374559064c3387e8c123c08cf7b1286ed0b66d', '2026-11-29T16:39:46.699Z');
INSERT INTO "prompts" VALUES (110, 1, '[{"content":"Why did it take doctors so long to believe that they should wash their hands?","role":"user"}]', 'history of science', '7203b0333804f5e71311a56edbad0c26e3863a3645764da4e6eb57d9c9b966c0', 'e0b812a22152a5dd6b2512e509e7791efcfaf80a6f1e8a2e059439657a769110', '2026-11-29T16:39:46.699Z');
INSERT INTO "prompts" VALUES (111, 1, '[{"content":"Can an adult brain grow new connections, and what helps it to do so?","role":"user"}]', 'neuroscience', '76e3b4cfcf5aa8e65bf5fef056d251d2be8e45965ab31d3cbf89b654c9867647', 'b210facd60a217fa08484cce36077353fcff2657a029dbfd47be73f5f1bbf7bb', '2026-11-29T16:39:46.699Z');
INSERT INTO "prompts" VALUES (112, 1, '[{"content":"Why do manhole covers tend to be round?","role":"user"}]', 'engineering', '788f43d076e4ade98d61de5dfffea5bf5a91b9bc664ae927fec87b425ac0d96d', '65b97e15cf24cd3f4e866fa3dccb0d32f14a519648e53d778768672bc17889dc', '2026-11-29T16:39:46.699Z');
INSERT INTO "prompts" VALUES (113, 1, '[{"content":"How do bees tell each other where the flowers are?","role":"user"}]', 'biology', 'e79bfabbeaf70b6565c230d88366427fccc53e460c6e36fd74680c838b8acc49', '68703e5b84a036d8111216d5bd3f341fcb26198be52bd4c3d77b78b2d0adc2ee', '2026-11-29T16:39:46.699Z');
INSERT INTO "prompts" VALUES (114, 1, '[{"content":"People often say that \"chemicals\" are bad for you. How would you answer them?","role":"user"}]', 'chemistry', '69c1e98df0a051434e393c0ad5dd611376ba4cea4d01a9fb907cdbf35ec6b7c9', 'a3a4ac412410d3e6367d2bb3a1069dcb875e2cdf5bfbcedd0ec1e8fc2bc5e04c', '2026-11-29T16:39:46.699Z');
INSERT INTO "prompts" VALUES (115, 1, '[{"content":"How can a boat made of steel float?","role":"user"}]', 'physics', '26438990d787bba8255ee2be09d3ecf83a0020ce25ceb76948530a82a30d0104', '05b762b0c6fa3a5d88f704907a70b9eeb9cec04eb2212d60771d23ffe021d038', '2026-11-29T16:39:46.699Z');
INSERT INTO "prompts" VALUES (116, 1, '[{"content":"It is often said that the Great Wall of China can be seen from the Moon. What is true about that?","role":"user"}]', 'astronomy', '8b929c85301175f3982fee11fec5bebf74e22e97d56b4fa81061e77ac69b4939', '6c78ec24b8a25263162ebd1cb8214dd5e97a6512bdffee3ecfa5d65673fc1e1f', '2026-11-29T16:39:46.699Z');
INSERT INTO "prompts" VALUES (117, 1, '[{"content":"What should a family do before, during and after an earthquake?","role":"user"}]', 'earth science', '513170bed0a3b0ee0514e185ce458da9af77840b274276d729e1c038229f0a69', '4448db6c43902e5e8c4e89bccaf2424002a4f82fe4c86a334d1c7a278ea0f48a', '2026-11-29T16:39:46.700Z');
INSERT INTO "prompts" VALUES (118, 1, '[{"content":"Explain to a child why there are endlessly many numbers.","role":"user"}]', 'mathematics', 'd5662715b40f0ed5cbc54eddc55ed6b0317a114a4919694a5aaa455047047eb6', '6e8b872ec9b6164280354c97dacc7779deb6817dfffb111288488e2f675962fc', '2026-11-29T16:39:46.700Z');
INSERT INTO "prompts" VALUES (119, 1, '[{"content":"Why do new medicines have to be tested against a placebo?","role":"user"}]', 'medicine', '819e0817dcf3e8ded09edf8a7c4092e81119e082bdfb9f36aa6c19eb79a7198e', '23de6e930cf40734375a105ffde470096e9c69b7e42e769b7161628a1c5b54be', '2026-11-29T16:39:46.700Z');
INSERT INTO "prompts" VALUES (120, 1, '[{"content":"How can two people agree on a secret while a stranger listens to every word?","role":"user"}]', 'computer science', '77988294dc3b8beb49fe8b02d872fb781eb5e4d18cb76f2cefae9c73ef764e9b', '9e74305d185106cab0f2702f802c019d4350518bd817d978d15af2b39de51f91', '2026-11-29T16:39:46.700Z');
INSERT INTO "prompts" VALUES (121, 1, '[{"content":"What makes a joke funny?","role":"user"}]', 'psychology', '082b9a0739f747064cf7fb2cb5b968ae2d6a9fcdd63384aa113abf14834db814', '2371c39cd0c3a453032f8febc927e81fa243ca651bc965a5defc9c46620cbed6', '2026-11-29T16:39:46.700Z');
INSERT INTO "prompts" VALUES (122, 1, '[{"content":"Why do large predators need so much more land than the animals they eat?","role":"user"}]', 'ecology', 'fb7c87075f58402653b134bf69a6f2a7ddb2ba2a897d4053a980d66236c91957', '8eaa3f7f407114c14ccc3291b3409a8a712f1dbe8cce2f66a2b93637c9cc5aba', '2026-11-29T16:39:46.700Z');
INSERT INTO "prompts" VALUES (123, 1, '[{"content":"What would happen to our buildings if steel did not expand with heat about as much as concrete does?","role":"user"}]', 'materials', '07ae1355681eddcb37f8f15453dcd75c23d9a7aacbf46ac38d9ee4eb024c305a', '22fabdf77bd1dd9fb44ecf29bd5704f9a98ee9988d8e481feaa62d9525e47a5e', '2026-11-29T16:39:46.700Z');
INSERT INTO "prompts" VALUES (124, 1, '[{"content":"What can we learn today from the theory of phlogiston, although it was wrong?","role":"user"}]', 'history of science', 'a5a7aed8ee29ba3538a6356ad8e67e214f407a0dd317cf543706e7032015442b', '0f857b3a14bb7af3cb9a7f10d7b5b875549855842b8d734460023061427a264a', '2026-11-29T16:39:46.700Z');
INSERT INTO "prompts" VALUES (125, 1, '[{"content":"How does caffeine keep us awake, and why does it work less well over time?","role":"user"}]', 'neuroscience', '4074533be56ee7d5f6f20f81552c6b205acfd0d6f4d03e4e1b17c4f59b3c677f', '61790d30886964bed711a1ebe837d1e7753e2944ad4164f16c67aef56d58bc4a', '2026-11-29T16:39:46.700Z');
INSERT INTO "prompts" VALUES (126, 1, '[{"content":"Describe how a drop of dirty river water becomes drinking water in a treatment plant.","role":"user"}]', 'engineering', 'e752afbdc7f6fb770017d80bf815f954cc4afc84fe6f489310e7361ae5fe1f6f', '7f6f39c107c4c521eb413d80c4ee702ee48b50a2caf088c82313087927bdbf3f', '2026-11-29T16:39:46.700Z');
INSERT INTO "prompts" VALUES (127, 1, '[{"content":"Why don''t birds that sleep on a branch fall off?","role":"user"}]', 'biology', 'c53894335c2fc9e97359b08dc3b5e57e9fc4ea1f41b0379221cb6f9cb45dc7b0', '6b491811d35c132ee033287dad4867926bcc73fc2fc8d3cfbcc95c1ae6681761', '2026-11-29T16:39:46.700Z');
INSERT INTO "prompts" VALUES (128, 1, '[{"content":"How does a catalyst speed up a reaction without being used up?","role":"user"}]', 'chemistry', '8846a02d3f7b72d5f7634587d70a61b2ec95effee3e1292a726754243ff62862', '2b08ca9c0ce78b1e15ced9d09fa2f726385ef2d29fed763e75838e9c08660de1', '2026-11-29T16:39:46.700Z');
INSERT INTO "prompts" VALUES (129, 1, '[{"content":"Why can''t anything travel faster than light?","role":"user"}]', 'physics', '6243b165f4a61696deb3b7502668b5a1ad6e9b28ce7e79cf27ec31c6008562e5', '0a95d5281148398ef5e4a46bc6c65037183324cb95b1c2d5b57d9e2062a38df7', '2026-11-29T16:39:46.700Z');
INSERT INTO "prompts" VALUES (130, 1, '[{"content":"What evidence convinces scientists that the universe began with a Big Bang?","role":"user"}]', 'astronomy', '003d8ea3101aca3bc381b000d9dcdbbd52c2fb560ce967810da0cd43927834bd', '0a3879e1064d89735799d60097451923ae2663e8a15f22f1504c8f7c43733f80', '2026-11-29T16:39:46.700Z');
INSERT INTO "prompts" VALUES (131, 1, '[{"content":"Why do deserts often lie next to mountains?","role":"user"}]', 'earth science', '11c3ca31866931f4e04ebc5c0ffed354a3f74fe70f6917d18574d69abe5f95af', '295fcad54e1f47ae66eb58fccef89c2050f597d46ac263b75e315660c0323cf3', '2026-11-29T16:39:46.700Z');
INSERT INTO "prompts" VALUES (132, 1, '[{"content":"What does a derivative tell you, in the words of somebody driving a car?","role":"user"}]', 'mathematics', '020af6cfc65ad464d65c9f98ba6ef9c9fd0bd34f2e69994692b3c6c8f839e8b3', '7beed156d3419c635fa9a16df5726439d7035186a5cb0a81c658974bda66d6ef', '2026-11-29T16:39:46.700Z');
INSERT INTO "prompts" VALUES (133, 1, '[{"content":"What would happen if the human body could not feel pain?","role":"user"}]', 'medicine', '8d31d483c016b527d0f3414af8f72ea03e353bd26516187686726756ac4720a8', '2c26181d5847492433ae613a117a086bbe8ccb4a55a51b84b1a1b5882de309bf', '2026-11-29T16:39:46.700Z');
INSERT INTO "prompts" VALUES (134, 1, '[{"content":"Does a computer that plays chess well understand chess? Argue one way.","role":"user"}]', 'computer science', '6e7a4d77a318e9d1725faa272ba52c9d256ee4fe4494d085add5e9a2a4308d29', '6426acdac38c55044c5973274ceb95be063f87e9def1b7b8f51a62e16e38da30', '2026-11-29T16:39:46.700Z');
INSERT INTO "prompts" VALUES (135, 1, '[{"content":"Give a student five ways to learn for an exam that research supports.","role":"user"}]', 'psychology', 'fdbba8a912bf83cc735518ecdae285342d4285bd25130db5b42e2bfc9431f59f', '0656480a725183eca5019a28462d0757b7c6d7dd04f8984f349da400fc384ec8', '2026-11-29T16:39:46.700Z');
INSERT INTO "prompts" VALUES (136, 1, '[{"content":"How do fungi connect the trees of a forest, and how sure are we about it?","role":"user"}]', 'ecology', '930a25a3656cc5a7ab56dd12f1de85cb53ccf6407439ee6b06ed79e47fed74bb', 'd20474f738ed7965912e38ef06e408ec926d33bae39a8d400d0414a79a873545', '2026-11-29T16:39:46.700Z');
INSERT INTO "prompts" VALUES (137, 1, '[{"content":"Is plastic always worse for the environment than paper or glass? Weigh it up.","role":"user"}]', 'materials', 'e28ddd02471b97b78e3f3fb929ea828d6d10e5b7f8a8a2b396a49ec0d2338390', 'ea58d710db9b8257dd5984123353af602f437de82e42a5319ff74e4a1a9a076f', '2026-11-29T16:39:46.700Z');
INSERT INTO "prompts" VALUES (138, 1, '[{"content":"How did scholars in Baghdad and Córdoba shape the science that came after them?","role":"user"}]', 'history of science', 'ddb87e1fd56c309feecf500d26ff05d41c6f4ebe351e83d69958781349867b11', 'e065927b1828e6096f31d033aba5b0187b74ca4b698fecd10c284ca39e8dc5ed', '2026-11-29T16:39:46.700Z');
INSERT INTO "prompts" VALUES (139, 1, '[{"content":"What would life be like for somebody who cannot recognise faces?","role":"user"}]', 'neuroscience', '9b32ebd7da83fcd8a16aaad026f02238db0f5f77ff9326ecbc397842c3639fef', 'e6e7eeb4dcd298ffefd689fedaf0a4396264e5932e2d27615eaec3858a8ce4b5', '2026-11-29T16:39:46.700Z');
INSERT INTO "prompts" VALUES (140, 1, '[{"content":"How does GPS know where my phone is?","role":"user"}]', 'engineering', '085c9f91a98f97b5ea37ba4d8212ab0bb5fe0ddc98108c8cf397fa73f328a5d8', '0fc758efcb94997fba756b548d353187665290deaef72207b0e7ea9347a74381', '2026-11-29T16:39:46.700Z');
INSERT INTO "prompts" VALUES (141, 1, '[{"content":"Are viruses alive? Give the best argument on each side.","role":"user"}]', 'biology', '6405b9f012d563322bdcdf370d07d01ef5ccadb3390d8e4a0b95a80fa8aff1fe', 'ed4470ed3249c4301a45d4a1bc29578e677f7509f0740916997eb8c6263d096f', '2026-11-29T16:39:46.700Z');
INSERT INTO "prompts" VALUES (142, 1, '[{"content":"What would the world be like if water shrank when it froze?","role":"user"}]', 'chemistry', 'b2800b601ac31fcf4f4f6631f3062d8003d5747e8d49ae74b082e09f8be46443', '04b1b5a72ce5d1d96ad8a74d18421c8690e22d5892a7d2fdfe800b12e6a1a871', '2026-11-29T16:39:46.700Z');
INSERT INTO "prompts" VALUES (143, 1, '[{"content":"Explain to a child what electricity is.","role":"user"}]', 'physics', '602eda0414a687ca3fa0c744fa29039e65ca990c639ebcc76e8646a41a1ee486', '363945e95708725dddd4ca438177e81adeb3ccf16d6426068529010a02c59f38', '2026-11-29T16:39:46.700Z');
INSERT INTO "prompts" VALUES (144, 1, '[{"content":"How could life on a moon like Europa survive without sunlight?","role":"user"}]', 'astronomy', 'b5c352d168d489754f0f1df3d6fc365bee80af6dbc72fbf4aa50405c534e224d', '9d1373ded70f96090e0ebe3311c565a0e10260060fe625bc00e84b9384d8173d', '2026-11-29T16:39:46.700Z');
INSERT INTO "prompts" VALUES (145, 1, '[{"content":"Some say that carbon dioxide is too small a part of the air to matter. What do you reply?","role":"user"}]', 'earth science', 'bab54a1a0b149d48126c694f6eb6d176b9226a087b6537fb8bef522af2ec36d2', '1be4c04301b1e7bd68ad659f33c4b3872ae887a0c4a6b67a3863e4b4099ef025', '2026-11-29T16:39:46.700Z');
INSERT INTO "prompts" VALUES (146, 1, '[{"content":"Why do we measure angles in 360 degrees, and what would be a better choice?","role":"user"}]', 'mathematics', 'd687fd66e84c43a0995c734e6be08d7e7e6c9059ae72827444c32e56bbdf47f0', 'ce95163043e762766ff9e27374439f61e388d1df68d2cae426b58779aeff7556', '2026-11-29T16:39:46.700Z');
INSERT INTO "prompts" VALUES (147, 1, '[{"content":"How does general anaesthesia make us lose consciousness, as far as anyone knows?","role":"user"}]', 'medicine', 'eac16b8889fef4a6a6abe37b9caf3e3cb17bc6eb7d91188df081499e40a6ca12', 'f0b377b709e5f8a6d86660ae25e884933ee48b4eec259172dff053ded81543fd', '2026-11-29T16:39:46.700Z');
INSERT INTO "prompts" VALUES (148, 1, '[{"content":"Explain recursion to a child, using a set of nesting dolls or something like it.","role":"user"}]', 'computer science', '7e3f3f347410238f00ee9a9a1ed3e68132dcb8bc127d005e3a5045017977a350', '2795eeced5c7394fc66f60fd00b238bcba0dca7dc774544f1038c5785a74a2a3', '2026-11-29T16:39:46.700Z');
INSERT INTO "prompts" VALUES (149, 1, '[{"content":"Why do people in a crowd sometimes fail to help a person in need?","role":"user"}]', 'psychology', '6d7948b418951a45b96ac192021ce98a33e97b0461d277c8769f1207242bda9d', '806720104c96b022c982b8c1d07ffdb29ab17cfd62018d8edcb654a7111a9cc1', '2026-11-29T16:39:46.700Z');
INSERT INTO "prompts" VALUES (150, 1, '[{"content":"Why do lakes sometimes turn green in summer, and what can a village do about it?","role":"user"}]', 'ecology', '28a677eb4d78278d089295c651e4e869d27623e605eeebe8d14ca8a91a7bb48d', '4e0d7caa989fac2516aea5f56a7c74baa8ca223182109303c6516c0fd924309b', '2026-11-29T16:39:46.700Z');
INSERT INTO "prompts" VALUES (151, 1, '[{"content":"How do memory metals return to their old shape when they are warmed?","role":"user"}]', 'materials', 'eb69715e61c2f9300fd88cb1a122f5c57e2e9290703893e689ff9c6caf2e2302', 'f9212ac87128b225e42e9500dba147c22f884ad360f63f61e87f1b4f28cb6759', '2026-11-29T16:39:46.700Z');
INSERT INTO "prompts" VALUES (152, 1, '[{"content":"Explain to a child how people told the time before there were clocks.","role":"user"}]', 'history of science', 'b8f6b449b442c732f59e9a50c4cbb8a9bd70e7d47144a9c3b8e1f08134b39e0f', 'a2e43d681b232e78c0d4570182f8604937c91369e9b0ed4ff6d5f9f28750121e', '2026-11-29T16:39:46.700Z');
INSERT INTO "prompts" VALUES (153, 1, '[{"content":"Why can''t we tickle ourselves?","role":"user"}]', 'neuroscience', 'dd31af86b424a34cd8aa04c9cc49ef56ba03f82db2d36f4d352fe5ee4cc83c79', '046864a38844a10979690d6a9c95e90ae972913cca9fda3736499bcbcf3e0000', '2026-11-29T16:39:46.700Z');
INSERT INTO "prompts" VALUES (154, 1, '[{"content":"Is nuclear power safe? Give a balanced answer for someone who has to vote on it.","role":"user"}]', 'engineering', 'b90b2ff74e4fac761c868cae9109f0f147a82627a8632cce04ffb83c852ab441', '98458c335129b75166b8765a6b593cffffdfa12c79fc141c42e099a6ab9ddfc4', '2026-11-29T16:39:46.700Z');
INSERT INTO "prompts" VALUES (155, 1, '[{"content":"Why do we share so many genes with a banana?","role":"user"}]', 'biology', '6eae9a7360435de809bf4dd21936c3d599e1c8d17cd913f821222be6c5410236', '3794350c84423d09d3d63c2099ffd0bc71e058655746fd1eb3f8dd4f845b6c5b', '2026-11-29T16:39:46.700Z');
INSERT INTO "prompts" VALUES (156, 1, '[{"content":"Give me three safe kitchen experiments that show what an acid does.","role":"user"}]', 'chemistry', '21f6a54674056bb73fd08d0f0b65d667d70aa514bbe69cbec1f2edefbad33093', '9e885c8231716457ce70ff4c94cf1ddce0819df43ac587b442d69e4adf87eec1', '2026-11-29T16:39:46.700Z');
INSERT INTO "prompts" VALUES (157, 1, '[{"content":"Why does metal feel colder than wood in the same room?","role":"user"}]', 'physics', '58a6779dc0243f9f7743d265c96012370c7ae8640d95db448b2ce5db953ac006', 'c6f888e08a0f919d84474a09fc6f12870babc49843de594f0f736e74c6a819c9', '2026-11-29T16:39:46.700Z');
INSERT INTO "prompts" VALUES (158, 1, '[{"content":"Give a beginner a plan for a first night under the stars without a telescope.","role":"user"}]', 'astronomy', '50e707580bbcb0d0cf4c4b50bd0d7a081f8fd4a4c734b4d88c002a4106248288', 'bcb602c549f3b6de4e70f6f2d13a6ca4b499c85f7cf7b735b1e53ce3a09922ba', '2026-11-29T16:39:46.700Z');
INSERT INTO "prompts" VALUES (159, 1, '[{"content":"How do layers of ice tell us about the air of long ago?","role":"user"}]', 'earth science', 'a5f9e1471e3ee7be0aeebc2561c7040f657a1fe0e674e24929694f8cfb756cea', '6b202f8ab47e06a76fce94f416606793ca71d8865b62fd9a169f013cb4786866', '2026-11-29T16:39:46.700Z');
INSERT INTO "prompts" VALUES (160, 1, '[{"content":"How should I read a news report that says a food doubles the risk of a disease?","role":"user"}]', 'mathematics', 'bacfa8224b47b3f9a47345fffe92d98f32f42f51d1f39a628c92fbbcc2b8ba67', 'b00eb7c42db495a8696bd2fb372134d3d1834fd9ea96dc2c652827100f784727', '2026-11-29T16:39:46.701Z');
INSERT INTO "prompts" VALUES (161, 1, '[{"content":"Give me practical advice for falling asleep more easily, and the reason behind each tip.","role":"user"}]', 'medicine', 'c1302219a353155e5d3cb4be6aa5282e858e4724fd0358c3d710fb42a1b1c977', 'ca7391d3aff4dbdb951330f531002d880bfa37331c1616a76dfaf1852d0084fc', '2026-11-29T16:39:46.701Z');
INSERT INTO "prompts" VALUES (162, 1, '[{"content":"Why are some problems hard for every computer, however fast it becomes?","role":"user"}]', 'computer science', 'c378f387ce6134f268ad1b11bba9179f6577ca59f05fbc2fde92ae0e864181e3', 'c36a5bc6a64034f3decdb8f0c280aa60d855121f8f76960c92795383f2f3b3b0', '2026-11-29T16:39:46.701Z');
INSERT INTO "prompts" VALUES (163, 1, '[{"content":"Do opposites really attract? Say what studies tend to find.","role":"user"}]', 'psychology', 'c736c41da03c565eb70ea653b18093792af560a94a1a8fee8e9a162fa5bc8ea7', '6ee132f33032879a4ca97602ee41b0eeee7fac6101494c080f2ff1bca8ae7661', '2026-11-29T16:39:46.701Z');
INSERT INTO "prompts" VALUES (164, 1, '[{"content":"Many people think that planting trees anywhere is good for nature. When is it not?","role":"user"}]', 'ecology', 'eeaf0993e18660da88eb78cf1b3fa5af5645c63e96dd66333a9c92d917da6c01', '02bd9146759806fd8902d8c3a5bf34a0cd89c6c3db81e1c3d5efb1e773e0c7fc', '2026-11-29T16:39:46.701Z');
INSERT INTO "prompts" VALUES (165, 1, '[{"content":"Why does ice cream become hard and grainy after it has melted and frozen again?","role":"user"}]', 'materials', '76be278fa5cfed89c0ff7d3bde8b2db3b31cdd6bf6f11cf6b5ff5e257a24df28', '617583f7ef9a67a7d247e39ccf77603374916f817fdd4b1d4703c0d6b536ab99', '2026-11-29T16:39:46.701Z');
INSERT INTO "prompts" VALUES (166, 1, '[{"content":"How did a map of cholera cases in London change the way we think about disease?","role":"user"}]', 'history of science', '3e836726082cf99396f90347a89db31b477e7089514c0ef5f64c755431a989e4', 'ea0a0ccb421f2f235cf038a422d55a46917bac63c3873c370b8f67ed1e03ee7e', '2026-11-29T16:39:46.701Z');
INSERT INTO "prompts" VALUES (167, 1, '[{"content":"What do optical illusions teach us about how the brain sees?","role":"user"}]', 'neuroscience', '50ccd703ab170fa6298e42da782ff26703474176f63fcd6e3a483ea9b07b4cfa', 'bca8414a34af1eaede399823f0d4972849b53fccc4d652534caaf30e29080b83', '2026-11-29T16:39:46.701Z');
INSERT INTO "prompts" VALUES (168, 1, '[{"content":"How can tall buildings survive earthquakes and storms?","role":"user"}]', 'engineering', '891c8203b6a1a901baa7f9d3b25d3e0e07807113c4e8f512e0888f5712d75964', 'a59090048be35833f77d618835a85ab9731a6ef76b239e465e5034c78ca84c0a', '2026-11-29T16:39:46.701Z');
INSERT INTO "prompts" VALUES (169, 1, '[{"content":"How can I show a child at home, with things from the kitchen, that yeast is alive?","role":"user"}]', 'biology', 'd0338dc19eb15ed6bf3afb164f373138889e464b3b5a5fc2af301ed050c56abc', '64e0a7df5a4fa1ab16182a35788b1619e635c218f02e19b9371cdd43f609a0d1', '2026-11-29T16:39:46.701Z');
INSERT INTO "prompts" VALUES (170, 1, '[{"content":"Why do fireworks have different colours?","role":"user"}]', 'chemistry', '1ba2653fe886d42bec0dec5cdd1e285b3841afc0f98523aa8627016c0734a107', 'c7047611b582c526894a71b19fd7d5701b3d3f65f3ede748ace2ace86923683c', '2026-11-29T16:39:46.701Z');
INSERT INTO "prompts" VALUES (171, 1, '[{"content":"What is entropy, and why does a broken cup never mend itself?","role":"user"}]', 'physics', '1d2a97bf34035363ae1c4f0747307bee1091bc6af3785ad6823420b56b0491fc', '658be85c650dd340ac3396fbc3cec5ee00f69d1d64775e766624768285f6b671', '2026-11-29T16:39:46.701Z');
INSERT INTO "prompts" VALUES (172, 1, '[{"content":"Why do eclipses not happen every month?","role":"user"}]', 'astronomy', 'aceb19bf05887777a1992b38cfa96be1fc46f60e1e89cd3909bf90818b779e51', 'b899398b8b63334af93c4fed9d44ccb7c0516d06d0589d689ac9dc1c75fb94d3', '2026-11-29T16:39:46.701Z');
INSERT INTO "prompts" VALUES (173, 1, '[{"content":"Where does the water in my tap come from, and how long has it been travelling?","role":"user"}]', 'earth science', 'f3173c8c8851562accd34ddef35bc7817e01e7e338fa2953fcd6e9503bd79895', '722c31b8a6b093fba80ac13de8db2f1792cb75484b40799880494f1ea04cbaa6', '2026-11-29T16:39:46.701Z');
INSERT INTO "prompts" VALUES (174, 1, '[{"content":"Why does a map of the world always distort something?","role":"user"}]', 'mathematics', '400915ea226514667cca889030f7d93474f6aa841189d7961fd73f89570f8275', '00fc13965b67e4723a9f5d7570c397bb1ddf341a65bf018cf391aad0ed5bd0a5', '2026-11-29T16:39:46.701Z');
INSERT INTO "prompts" VALUES (175, 1, '[{"content":"Why do allergies seem to become more common in rich countries?","role":"user"}]', 'medicine', '142c7a4e9965bed4f37577747e34aec5336eca9f2528a9701796df4bc7fc2a8f', '6afd4ba61076692520a8f468610d9ede42ce7ba1b78cbe3faaf1cae1786f09f4', '2026-11-29T16:39:46.701Z');
INSERT INTO "prompts" VALUES (176, 1, '[{"content":"How does a neural network learn from its mistakes?","role":"user"}]', 'computer science', '43e9919e98d76f6bf4dc6819da45fb3bd7809b561dcbf84a3bfc630a4984b8fd', '9866dde5269407dc1e8c5d2449cb652fe5ec21158f1b1af1cdb1fa1452b788c7', '2026-11-29T16:39:46.701Z');
INSERT INTO "prompts" VALUES (177, 1, '[{"content":"Explain to a teenager why it is so hard to stop scrolling on a phone.","role":"user"}]', 'psychology', '41b0a2a8ce6180d9fbbb39d2d7b581d0230a3c2a107336996b833bc81cb036dd', '9819b499041cc56556d8f7468636ce9afe518c7881c23b9746fc094d4094a221', '2026-11-29T16:39:46.701Z');
INSERT INTO "prompts" VALUES (178, 1, '[{"content":"How do animals in the deep sea find food and partners in complete darkness?","role":"user"}]', 'ecology', '0c841c136f8a982732f411f3f324d8582d17df974179fa3596c6093d97112a95', 'caded42d73acfb4173fa2d702e745b59d8338c550cecef9a5509a4e672272c8a', '2026-11-29T16:39:46.701Z');
INSERT INTO "prompts" VALUES (179, 1, '[{"content":"How do I choose between wood, aluminium and steel for a home-made bookshelf?","role":"user"}]', 'materials', 'f679b6b784fc83d73eb12a31e6efd4982d2d046af1232a89ebac1cfcdacc0ad5', '63dd557bc56370c416f56bd11075f2c0afc18fc15feaeba7b195937a9927050d', '2026-11-29T16:39:46.701Z');
INSERT INTO "prompts" VALUES (180, 1, '[{"content":"What would be different today if the printing press had never been invented?","role":"user"}]', 'history of science', '0c4bd0900c7b713576859507b9823133ce92984a82edbbd1fed28f41207337f4', '923b008203c8f787e54aeae9508835a1638a12e119560a1cf399302262915907', '2026-11-29T16:39:46.701Z');
INSERT INTO "prompts" VALUES (181, 1, '[{"content":"Is it true that listening to Mozart makes babies cleverer?","role":"user"}]', 'neuroscience', 'b80700d07af5fd5811590d3a2ddccae6eb10dcd39ba5bd6a90d786e1ea2e2a25', 'ac18d2b500eea9f7869239348c59057a1f4561ba6c8dd9c69fe5fc11cdc6f5ed', '2026-11-29T16:39:46.701Z');
INSERT INTO "prompts" VALUES (182, 1, '[{"content":"What are the main steps in designing a simple product such as a better umbrella?","role":"user"}]', 'engineering', 'e58266bf1a08343dc52965f3b7c544e57b41d39db1f89325ae1d9b14132e505a', '25907b77001c8429a3c3d7fc2b0ee78af9912a2f36a6288ba8a5354d3ea51ab8', '2026-11-29T16:39:46.701Z');
INSERT INTO "prompts" VALUES (183, 1, '[{"content":"Why does a cut apple turn brown, and how can I slow it down?","role":"user"}]', 'biology', '5a5206cfc343de5f4095bc51872f503d4b8f8ad35e0593d9d4a26f1f8ed92a17', '4537aac1de8e170922b59866fb8dabb563402e3e9bb541d365830827308a2cd6', '2026-11-29T16:39:46.701Z');
INSERT INTO "prompts" VALUES (184, 1, '[{"content":"How can the same carbon atoms make both soft graphite and hard diamond?","role":"user"}]', 'chemistry', '852bb555154adcff4544bdc1ddb67ac8709458f830396ca8f6d76c1acc51e242', '44c7880c4ba5b10170606e447fd1417b704702938cd0d5fe985d794468550a1d', '2026-11-29T16:39:46.701Z');
INSERT INTO "prompts" VALUES (185, 1, '[{"content":"How does a microwave oven heat soup but not the air around it?","role":"user"}]', 'physics', 'c7ddbbc8468ea8a11b0bc8a8542d7b97fdef8954e94d5c3b4117d7f23509875d', 'ec9327aaeb340c69330ecbbf522f8c2039491ec3495340886063cc1b1a77d8c6', '2026-11-29T16:39:46.701Z');
INSERT INTO "prompts" VALUES (186, 1, '[{"content":"What is dark matter, and why do people believe in something they can''t see?","role":"user"}]', 'astronomy', 'fa6d5c8de2c21440e08a7f1cbafd910de2c3fdbb65827db99d4a1ccb9d45fb5f', 'f2f057509c17951d94472489726c45a441bc50829a3935fe927124dff44ad9c4', '2026-11-29T16:39:46.701Z');
INSERT INTO "prompts" VALUES (187, 1, '[{"content":"Why do tornadoes form so often in the middle of North America?","role":"user"}]', 'earth science', 'e58e87a5a3431ec906b6ddee3c1244643534c81d7fed62fbee56232aa46c0f80', 'f46b4e7e7887916f7dc40aec2395bc99e1db1338dbe1fee21405dfa725f2e846', '2026-11-29T16:39:46.701Z');
INSERT INTO "prompts" VALUES (188, 1, '[{"content":"Give step-by-step advice for solving a word problem that looks impossible.","role":"user"}]', 'mathematics', 'ea74d9f571c207ea1f1ce8fbc49ae7a6705f275bbd4cd83a81da92190b212459', '194d0c4184ada42d39b4e2447d442d03ee37537400939c6eba70a0555815b4ff', '2026-11-29T16:39:46.701Z');
INSERT INTO "prompts" VALUES (189, 1, '[{"content":"How does the kidney know what to keep and what to throw away?","role":"user"}]', 'medicine', 'e3e8c8bfb71c8f09dedacf8322151c895e62b042ea91182f920bc3b618c470d8', '7f8607de111cd01be92cd91007c8368b200dafbc049561aee33b5e0db43ed14e', '2026-11-29T16:39:46.701Z');
INSERT INTO "prompts" VALUES (190, 1, '[{"content":"What would be the first things to check if my laptop suddenly became very slow?","role":"user"}]', 'computer science', '054219fb5518e571dbf4263547fa3084428eb7cb6b02f222557b91daf332b4f9', 'c2de058b347a969571aeccf1ff3c56052ff8d2eef36c8cf1fa8380db11f7e59b', '2026-11-29T16:39:46.701Z');
INSERT INTO "prompts" VALUES (191, 1, '[{"content":"How can a sugar pill make somebody feel better?","role":"user"}]', 'psychology', 'e163353752200fcf9aea8fb5ff4a7b540dd36ae56259fb96f56149cd8e6134fa', 'fc89d4295cd6ff55acda905bebb31e0b3e6dfd3e6e6b279d6593ce05f732010c', '2026-11-29T16:39:46.701Z');
INSERT INTO "prompts" VALUES (192, 1, '[{"content":"What can the study of owl pellets tell a school class?","role":"user"}]', 'ecology', '3ffa531a648985937ca51cd17a92089ee7bf4a9ae770a1ac4cf9340dda6e8a75', 'b08b3d22a764c5197c19f14ae275fec48f48bee65db961ad22c8f8a600e88faa', '2026-11-29T16:39:46.701Z');
INSERT INTO "prompts" VALUES (193, 1, '[{"content":"What is a semiconductor, and why did it change the world?","role":"user"}]', 'materials', '7d5d2b759b585e38fde5b9c34166fc95c9bc106b8ef299a58e5984532f91909b', '12cb8882f9ea6dfd333755bc382d5634f8ac2455e08e6c2b5cdf91e754d04f09', '2026-11-29T16:39:46.701Z');
INSERT INTO "prompts" VALUES (194, 1, '[{"content":"Who deserves the credit for the structure of DNA? Tell it fairly.","role":"user"}]', 'history of science', '53c88ef122a88b56945f1da9283d3ae9383351594c3d1a4d4f2c6ddec19196b5', '06037acfb3e61a71727a60e8539b87254d958f4da6bf616c22bc2e23c6a76bcd', '2026-11-29T16:39:46.701Z');
INSERT INTO "prompts" VALUES (195, 1, '[{"content":"Why is it so hard to do two things that need attention at once?","role":"user"}]', 'neuroscience', 'f93897e3a4a29ccae0e3e4ca253914563225588a2b8f2bb17291b3af0e7f7234', '6513319e40267461abf043556688a3fd102b3eb5e482c7a75a79fa7ba6cf9d25', '2026-11-29T16:39:46.701Z');
INSERT INTO "prompts" VALUES (196, 1, '[{"content":"Why does a toilet flush all at once, and what does the bend in the pipe do?","role":"user"}]', 'engineering', '17983c8a9db7e1bc6faf74b4eb173f009df45b02fb836c471096d22ba22628f3', '5cf0e77fdf108f8374d4dc842774d58ed13e28734a20569dfd7e4aad01e2586f', '2026-11-29T16:39:46.701Z');
INSERT INTO "prompts" VALUES (197, 1, '[{"content":"What makes some animals live for centuries while others die after a few days?","role":"user"}]', 'biology', '0d7fc6750450d05bbb87f325601e1857afc2be73f4feae2cf2a9516b17a92bfb', '73bebb4f5929a53e456eb1791ba29647b01dcbb554d1abb265c864e402f8dfcc', '2026-11-29T16:39:46.701Z');
INSERT INTO "prompts" VALUES (198, 1, '[{"content":"Why does a curve ball curve?","role":"user"}]', 'physics', '57e846c2a4bfb8b076c2dfcf2706f9b95703380acc1ae3c1fc08f742ed17b89d', 'fa2267719c1cc8672d500cd0345c71478fe4d6dd1f04d1662011089cac3a9f72', '2026-11-29T16:39:46.701Z');
INSERT INTO "prompts" VALUES (199, 1, '[{"content":"Why is it so hard to cure cancer with a single drug?","role":"user"}]', 'medicine', 'f4acdbdadbc961214b75e852244943b2574e41a2adfdc842d091f6b512f2c2ba', '6733003b51e91c5f5d171592d1f281eb5da1271ce13bd4a2ab17229f2af54a8f', '2026-11-29T16:39:46.701Z');
INSERT INTO "prompts" VALUES (200, 1, '[{"content":"How do heat pumps deliver more heat than the electricity they take in?","role":"user"}]', 'engineering', '6e9f3e937851f6c2a7d69af4cf0f6b5191da5d5deefb9fbd98211266b6c001af', '55d81592cf7c6f9be43551bd832904210969fbc8a3a98941fe64e83f4c463ca5', '2026-11-29T16:39:46.701Z');
INSERT INTO "prompts" VALUES (201, 2, '[{"content":"Why do zebras have stripes? Mention more than one idea.","role":"user"}]', 'biology', '362dc552054b234023341e76407e8df71ffef3d7e59cadc49d96ab49d0670b89', '22bfc3f06a2cb6c1a846d4470e93a8b5e19bd23e46232da194ec7b5071775312', '2026-11-29T16:39:46.739Z');
INSERT INTO "prompts" VALUES (202, 2, '[{"content":"Why does sugar dissolve faster in hot tea than in cold?","role":"user"}]', 'chemistry', '4de33cb2ab243330df0047caff2044cd9c304fe602a442a05fd3081441139247', '0d7b610af824e0bdacf9efeb1f85ba129ed21e345f3f294507b97ef5005c7aa3', '2026-11-29T16:39:46.739Z');
INSERT INTO "prompts" VALUES (203, 2, '[{"content":"Why do the wheels of cars in films sometimes seem to turn backwards?","role":"user"}]', 'physics', '22fd4e1857dd4ed3d655e07bca056efb961505a7b7cc88bb73cc3121d8063663', '4020cd47685c46eeee9fa718d180cc1a293ebe9d9b30b098200ea9ee4e8608d9', '2026-11-29T16:39:46.739Z');
INSERT INTO "prompts" VALUES (204, 2, '[{"content":"How do planets form out of a cloud of dust?","role":"user"}]', 'astronomy', 'd805d62f6450d732d7dc0c4fb0b8f9dc6f0a8c9e0549e4ba30ee6a1a5736955f', '04f56e5cea79f421ee15cbb755afa718de27e9582d7cbb4bdbc7ff1879126f76', '2026-11-29T16:39:46.739Z');
INSERT INTO "prompts" VALUES (205, 2, '[{"content":"How does fog form, and why does it like valleys in the morning?","role":"user"}]', 'earth science', '0ce86a0103d18bad88c7270daa7b77ecaddf08d9f9e4c3348c7845630fa6bc52', 'fe36563d21f554fa58fa399f00529f4fe18c092a12f9f1b784469fe071ceff4e', '2026-11-29T16:39:46.739Z');
INSERT INTO "prompts" VALUES (206, 2, '[{"content":"What is the Monty Hall problem, and why do so many people get it wrong?","role":"user"}]', 'mathematics', '310382449842b45bb129ade7b2f0e674cff085aa738f645474bce12fd58eea8a', '827b79608ff82e9154045ea6a9e6184008b4cd3c69d68cd272945a900ab67e1b', '2026-11-29T16:39:46.739Z');
INSERT INTO "prompts" VALUES (207, 2, '[{"content":"Why does a fever make us shiver although we are already hot?","role":"user"}]', 'medicine', '759f5d894f7c1b310ce50ff551d6c712bdeb4b4ef669baa85dcab4344d687dcb', '40c6b32ccf3af7597b8034cdec83c76b1b8ac7f0947322fb64eeec4bfda0d252', '2026-11-29T16:39:46.739Z');
INSERT INTO "prompts" VALUES (208, 2, '[{"content":"How does a file become smaller when it is compressed, without losing anything?","role":"user"}]', 'computer science', '6e6fa703a0175b65bd02b3d3ea305439be2c5194d53fe811d2d0af628ea1aaf6', 'cc4a05f0e29fb7814b043092f2d453cbc2aff4aa5b40ed0872984c7339894598', '2026-11-29T16:39:46.740Z');
INSERT INTO "prompts" VALUES (209, 2, '[{"content":"Why do we find it easier to see the mistakes of others than our own?","role":"user"}]', 'psychology', 'c093815d5c66624eeb7320c5639a0bf85c08c1ee3a4c77885eac494250dcac9a', '17619b0788b9b1b04ffb78ec92cb8c441761aa195cce9be15c62e2f1383833fc', '2026-11-29T16:39:46.740Z');
INSERT INTO "prompts" VALUES (210, 2, '[{"content":"Why do some fish swim in huge schools?","role":"user"}]', 'ecology', '7b6ba0c306f4a5c09f5ac8d4dd844d1ba7690ac77cb05cb40198de7392340240', '493780cff1eee9d9e321bb0a822701f1a27d339ce6c32e60887d90a459f24a80', '2026-11-29T16:39:46.740Z');
INSERT INTO "prompts" VALUES (211, 2, '[{"content":"Why can a ceramic knife stay sharp for so long and still shatter on the floor?","role":"user"}]', 'materials', '5f71391954fca84598838dd8912d8cc9efe428ab7c1517fa6dd55a29635fbf4b', '095eca895c458642926de6035e1d856bca7033f9adbc872345346a90065b49e2', '2026-11-29T16:39:46.740Z');
INSERT INTO "prompts" VALUES (212, 2, '[{"content":"Why did alchemists try to make gold, and what useful things did they find on the way?","role":"user"}]', 'history of science', '94c9aff51ab17315df3437e53796846f23a5c95489eab20d512e9964bacfd9c8', 'b4cd32369ec45d02d81d15b7d427da384c5424dbf811da9632573cb32c07953d', '2026-11-29T16:39:46.740Z');
INSERT INTO "prompts" VALUES (213, 2, '[{"content":"What is a phantom limb, and how can a mirror help?","role":"user"}]', 'neuroscience', '9081ffa07baf7bf56b1e3f59d17216c1a1aff5a269b02f7565e0b6272a1c84ce', '5a6904327d6b495f199baa7c549342fce18a4be1e02cb36f5efbd21f70563313', '2026-11-29T16:39:46.740Z');
INSERT INTO "prompts" VALUES (214, 2, '[{"content":"Why do train tracks have gaps, and why do modern ones often have none?","role":"user"}]', 'engineering', 'b16b3f366228f406bed9c880049dfb7fb2b68bc126b11019a88256a4de483edf', '300147eecfba29c61f7df0fb9e96a79773637e1d336341cbddc2397c5dc9184e', '2026-11-29T16:39:46.740Z');
INSERT INTO "prompts" VALUES (215, 2, '[{"content":"Explain how a vaccine-like memory could be useful to a bacterium that is attacked by viruses.","role":"user"}]', 'biology', '682acc39ba977b87f00f862910b64590d2a80cb7bf37e66241a1b9714f67d91d', '6444c72536828d427c776a36ae7acbd1070899830ec9d4c3833d8ebb246368fd', '2026-11-29T16:39:46.740Z');
INSERT INTO "prompts" VALUES (216, 2, '[{"content":"What is the pH scale, and why is each step on it such a big one?","role":"user"}]', 'chemistry', '625b0abcdce685b7a4b962120c219ac25ad7fa55625360df536a8dce6516b443', '39f2e9f02ea7066f01411450a7d4261257c1f19293cc89865f0c6d468bdd1964', '2026-11-29T16:39:46.740Z');
INSERT INTO "prompts" VALUES (217, 2, '[{"content":"What is a wave, if nothing but energy moves along?","role":"user"}]', 'physics', '076e305926c48ce6845b450dd87bd0dc221c34b5d5dd0ba51c2dd715fde01e3d', '8d18cd5eff365241a06950fe06c2f3dc08653252cbf9da3228ed4b1fa8278453', '2026-11-29T16:39:46.740Z');
INSERT INTO "prompts" VALUES (218, 2, '[{"content":"Why does Saturn have such splendid rings?","role":"user"}]', 'astronomy', '6441b36c764c399891ed5e0d42e98df9167e41acee405186db81eb45edc8cf8e', 'd23358d5868d970d831077bed993b1341b10cf853db42da2357ab10cee4a34ea', '2026-11-29T16:39:46.740Z');
INSERT INTO "prompts" VALUES (219, 2, '[{"content":"Explain how a river makes a winding path across flat land.","role":"user"}]', 'earth science', '6703362c61f8ff1aface361b64eb0a6feb28f7af98c1c497d21f4d9eda25de81', 'f35c67ed55cab6aebd575f4772a050d8c02143123270521f529b459282982c3b', '2026-11-29T16:39:46.740Z');
INSERT INTO "prompts" VALUES (220, 2, '[{"content":"Why are there only a few perfectly regular solids?","role":"user"}]', 'mathematics', '8b8f6d04d3c4f24fc5f4bf389b42959dad3d6d3d9c8277b2eda0abcca15510bf', 'a645e7ad663b0884d2a4a5307ea5857d83babd271e0248f998325f8532d68831', '2026-11-29T16:39:46.740Z');
INSERT INTO "prompts" VALUES (221, 2, '[{"content":"Do we really need eight glasses of water a day? Explain where the idea may come from.","role":"user"}]', 'medicine', '9e91ce96424de9f7ba00f61894fd69c0402a6ff2cd8dfca99bbdd34249094dfd', '69cece2d31b90d7a93d226045924e308a057a1a901f9bd93cfd6c30fab985069', '2026-11-29T16:39:46.740Z');
INSERT INTO "prompts" VALUES (222, 2, '[{"content":"What is a quantum computer good at, and what is it not good at?","role":"user"}]', 'computer science', '1972a398125e0d5c4ac69ffaf8a0e551114aa1e7ce5ae25f8af2c0a3e3b8aeaa', 'f4a4c21464f8bb6b624b660b530e09b2be8e86a74d41e2217ed68aeaba80c0f4', '2026-11-29T16:39:46.740Z');
INSERT INTO "prompts" VALUES (223, 2, '[{"content":"What happened in Pavlov''s experiments with dogs, and why do they still matter?","role":"user"}]', 'psychology', 'f9c74c4b52243c9c949585350dd35758e1c9fdbfdd8ca17f136928f00c5f39f4', 'c77fc9383576e162f63c455240b6bbb4777051d6a8b9ab9e22a5c7ab47412e09', '2026-11-29T16:39:46.740Z');
INSERT INTO "prompts" VALUES (224, 2, '[{"content":"Compare parasites with predators: how does each one keep its food supply going?","role":"user"}]', 'ecology', 'ec3b7afc2ea7dbb82c37714852b43a674846bca6752f15c476242412669fa9d6', '908b48f3350e46db890b6a5717dcd86acb40ff12810c6bc82246270fc3deda1c', '2026-11-29T16:39:46.740Z');
INSERT INTO "prompts" VALUES (225, 2, '[{"content":"Explain how glue holds two things together.","role":"user"}]', 'materials', '21bed3e241d6cb66b7c7d6bc5efa0b1da31bcaf7d257cf51bcc0c5049025c626', '193986b4d39d47e313dcb7b0fb8693173046190f1cbc68b082112a7917378d98', '2026-11-29T16:39:46.740Z');
INSERT INTO "prompts" VALUES (226, 2, '[{"content":"How did sailors solve the problem of knowing how far east or west they were?","role":"user"}]', 'history of science', 'eed86d8fc075a3440666818e68d1e227e9ca761eab74a8765dd48a0bfc3d3c0a', 'da721c4b01b582679d390313a41aa3da63b5c690bb2d5d665cf2760d7d4cf0df', '2026-11-29T16:39:46.740Z');
INSERT INTO "prompts" VALUES (227, 2, '[{"content":"How do some people come to see colours when they hear music?","role":"user"}]', 'neuroscience', '6afbba8ada77193fb9b7054004e5a8d0f2fc8b49892eb30de354d1ea609c2b48', '4b6a2cbe964f64d1d6ab47295d6c597313b457a4c08ec43343223278718a1225', '2026-11-29T16:39:46.740Z');
INSERT INTO "prompts" VALUES (228, 2, '[{"content":"How would you keep food cool in a hot village without electricity?","role":"user"}]', 'engineering', '5f73c5ac6c0dc5da2284918442a7cff0d9caf9c410f97cc832caf9689160ba75', '034ba000aa8d54375bf23ffc918a1fac95a169ed78c017c74e3612d7cd0eea50', '2026-11-29T16:39:46.740Z');
INSERT INTO "prompts" VALUES (229, 2, '[{"content":"Compare the eye of an octopus with the eye of a human.","role":"user"}]', 'biology', '3f67de986babfc5984d19913d9664fb49d0a44c025ebc573e092c309bae869a1', '3014d50c0b1733994d7decb4ddc0b48819146b33e40fecc76cbb2dbc654a5c4c', '2026-11-29T16:39:46.740Z');
INSERT INTO "prompts" VALUES (230, 2, '[{"content":"Explain to a child why a cake rises in the oven.","role":"user"}]', 'chemistry', '7a8c5446b3c56d89b6fa1b2d531afbabd43565482643e9235c776d7fe674f6e1', 'ae7f061ef15da3a9a4f10922122f39b68342d6efddd6c5b219dabfb3b8fab6a3', '2026-11-29T16:39:46.740Z');
INSERT INTO "prompts" VALUES (231, 2, '[{"content":"How do noise-cancelling headphones make silence out of sound?","role":"user"}]', 'physics', '7094db2768db611d4ac661c6ccd2c62040eaed2ef1ec7ef78dfdf3fabaf043f8', 'e6b2312077c53cc078eea68c5ea6475990f921a70101592466253838a1648d70', '2026-11-29T16:39:46.740Z');
INSERT INTO "prompts" VALUES (232, 2, '[{"content":"If the Sun vanished this instant, what would happen on Earth in the hours and weeks after?","role":"user"}]', 'astronomy', '584eb1f384fac2d0b1e913427e5c423cbff6457ab80b39b3a9a1cf7228507ab0', 'e965a416efb0999608d2311bd2a406cc24b8385f4cbf406ad921914af13c3279', '2026-11-29T16:39:46.740Z');
INSERT INTO "prompts" VALUES (233, 2, '[{"content":"What makes soil fertile, and how can it be lost?","role":"user"}]', 'earth science', '607e35df59c085871f5a667fb7abba8c9300ec0235b36fb52841b0e0712cb173', '06d06e6865652847bb982302a21bf8540effb741c555a90b99915261363b19e8', '2026-11-29T16:39:46.740Z');
INSERT INTO "prompts" VALUES (234, 2, '[{"content":"Explain imaginary numbers to a person who doubts that they exist.","role":"user"}]', 'mathematics', '26d0e7b7f5ad2edbf3028b640e1fc53b1066bb7beda941f9a9ef4416a4e95be5', 'c35aa489d5f4e72fcdf3053a6c5f502cdaa633cfcc51577c2d210f43dd20944c', '2026-11-29T16:39:46.740Z');
INSERT INTO "prompts" VALUES (235, 2, '[{"content":"How do medical scanners look inside the body without cutting it open?","role":"user"}]', 'medicine', '7c5f0ce2fab51a90b169289b4543d612ba3d53e5ae3132834fa21f53c78fb5a9', '4c5d9fe7dc358eff4c6a37dde2fe8d8cc9907b11b9f6c98004996c7c636c5397', '2026-11-29T16:39:46.740Z');
INSERT INTO "prompts" VALUES (236, 2, '[{"content":"Explain binary search by finding a name in a printed telephone book.","role":"user"}]', 'computer science', 'ede6cde67db8a7900de9b79f5882682d87d82b97ed3ddade994273587a694982', '1e28bd2292594e35a59902c5c418ffe0744832abc8a4e376570f684c3a19f7e9', '2026-11-29T16:39:46.740Z');
INSERT INTO "prompts" VALUES (237, 2, '[{"content":"Compare introversion with shyness.","role":"user"}]', 'psychology', 'b66ac733b9e28490ff03e51be461dea962e004ce6ede7f7f1cb117914ddc292a', 'dae74e22aea34c695a525a67aea5b35b4c389254a0bda9f6a0ab9de59b29148d', '2026-11-29T16:39:46.740Z');
INSERT INTO "prompts" VALUES (238, 2, '[{"content":"How do migrating birds find their way over thousands of kilometres?","role":"user"}]', 'ecology', 'ad2393ab10e841667e631279a551cf9f1db13be8cd316fbff3a5ce3bcfeece6d', 'd315267bb151fda1deb7c1eb262182925be56c7e86e331243ac66ebb6b29ad81', '2026-11-29T16:39:46.740Z');
INSERT INTO "prompts" VALUES (239, 2, '[{"content":"How do solar cells turn sunlight into electricity?","role":"user"}]', 'materials', 'e9bd69f97fce71fa03695aa1ee6c37af111e5d5524b9398103868e72288729c6', '51dfab2178e39516987dfde0704d84ea63d6c5776ab136d94da9fae034bf7f7f', '2026-11-29T16:39:46.740Z');
INSERT INTO "prompts" VALUES (240, 2, '[{"content":"What did Galileo see through his telescope that changed his mind about the heavens?","role":"user"}]', 'history of science', 'f726247e9b54beed94045877522bbe6ee92f89d0072a767fba3d981b3f2ad056', '9d697dda1cf2a5fda77254063a41548aa5c909419a8a039d844a20b60bdf465c', '2026-11-29T16:39:46.740Z');
INSERT INTO "prompts" VALUES (241, 2, '[{"content":"Explain what happens when we yawn and why it seems to be catching.","role":"user"}]', 'neuroscience', 'ea230e5d031a2b2b9b79f7a9255dd6a9501605e0216e3dd0737c16567fc1a7a7', 'e6e61e85f76fcf8c8491ce2079cac524923dfb2a7cfea707eb41987fa0fc3e59', '2026-11-29T16:39:46.740Z');
INSERT INTO "prompts" VALUES (242, 2, '[{"content":"Explain why gears make it easier to cycle up a hill.","role":"user"}]', 'engineering', 'f75836299a5577a6ae3ac086d05f6b98431758610834cf2ba6834bbd7a644c85', '61b9f7fd78e67cad78831418b86fa535469eb279d2ea9e01a9b6730e8770b816', '2026-11-29T16:39:46.740Z');
INSERT INTO "prompts" VALUES (243, 2, '[{"content":"Is it true that humans descended from chimpanzees? Correct it kindly.","role":"user"}]', 'biology', '2197afa6084a93ef284d923c1ad21390b0300b4e625a11033b5aab5071dfb583', '898a33ba4b72955b3cf49eb5d49c93bad05d59af0a5ad53dcad13bdcf38a002f', '2026-11-29T16:39:46.740Z');
INSERT INTO "prompts" VALUES (244, 2, '[{"content":"How do hand warmers that you shake get hot without a flame?","role":"user"}]', 'chemistry', '537f5f028dde731fed16536abaa9ac1a92f345ef0ce13df9a5c7820565393dcc', 'd6203342087a9fab4c3daa1c9d38d495c03d7604cde0c0116124310a935c4420', '2026-11-29T16:39:46.740Z');
INSERT INTO "prompts" VALUES (245, 2, '[{"content":"Does a wing fly because the air above it has a longer way to go? Explain what is wrong with that story.","role":"user"}]', 'physics', 'f85fc394b21d346969bd08d28e05c093594f51d502aed7d094bacb122d8b9df6', '39a81f633dc282cbac523482790f3c4476a064db16e5334449b4e030f21b1fc2', '2026-11-29T16:39:46.740Z');
INSERT INTO "prompts" VALUES (246, 2, '[{"content":"Explain the difference between a meteor, a meteorite and a comet.","role":"user"}]', 'astronomy', 'bbf833e33c55c8d70e6af50487bf7aac2e1e33fbdde5d3ea54dccd38ace64306', '7ade30a05af05123ad3ee1bc204c3a6db000221e393018afabb0bd8ad5f84a16', '2026-11-29T16:39:46.740Z');
INSERT INTO "prompts" VALUES (247, 2, '[{"content":"Compare the three main kinds of rock and how one turns into another.","role":"user"}]', 'earth science', 'bd4307e606ac11c077c5ebafc829fc4bfca64b98c88262f1a1d919c01be587d6', '3610550c22e5e1250b69a17bdbcb30d7ca6aeddfeb984754454b78a782e973bf', '2026-11-29T16:39:46.740Z');
INSERT INTO "prompts" VALUES (248, 2, '[{"content":"How can a shape have an endless edge but a limited area?","role":"user"}]', 'mathematics', '3321a6e709ab0e059d45ef93104f08ab761dd8fba90dfe31dd43e073a9add179', '1f47253adec848222d0773f036a59ed0faa7de6f7c75f36a49fc3ddec807fb87', '2026-11-29T16:39:46.740Z');
INSERT INTO "prompts" VALUES (249, 2, '[{"content":"Explain how one person''s donated blood can be dangerous for another.","role":"user"}]', 'medicine', 'b3180a5533bc2ed5487ce1a03d0670f4f80f049e89903a5743adad6dc7ccb915', 'c6c23925f40d7f70cf6a60d88a73f166928b654f913359d8bfcfb223f115f53d', '2026-11-29T16:39:46.740Z');
INSERT INTO "prompts" VALUES (250, 2, '[{"content":"Why is it so difficult to delete something from the internet for good?","role":"user"}]', 'computer science', 'a38144a72dac103f99e5ba54c3bc94e5d1e739e8fce4bc788b9c4da188816b28', '49a0d4c06533a3b5d8737943e251ed20957dc04dbe7a9574897c747487fdd525', '2026-11-29T16:39:46.740Z');
INSERT INTO "prompts" VALUES (251, 2, '[{"content":"How does the way a question is asked change the answer people give?","role":"user"}]', 'psychology', 'cbda8c9b0e42946ca8c89757cee47cf0ea2120ec3b1d39a438ee4eec77574c05', '0914cb59e9311c90cfa40e0aa5222e956bb13e38f7bcde40e9875d31dfd6372c', '2026-11-29T16:39:46.741Z');
INSERT INTO "prompts" VALUES (252, 2, '[{"content":"What would change in a meadow if nobody mowed it for fifty years?","role":"user"}]', 'ecology', 'd8ce56cbd416715d7c1e8065f7bfd2dc985b3e3f7b23a2978475b022908f6a20', '99d8448663e032fccbe623dbd886f13fc85bbb83c9d9ffca535e231a44f7be85', '2026-11-29T16:39:46.741Z');
INSERT INTO "prompts" VALUES (253, 2, '[{"content":"Some say that old church windows are thicker at the bottom because glass flows. Is that right?","role":"user"}]', 'materials', 'dcc8058b0d9fe019ccf0c632be96cb93a1158745a1a8cc142660d0eae4536e25', '17a5abbf8ae401eafe7058dc09b099fabc6d72be6956ad8f936411cb834c04f0', '2026-11-29T16:39:46.741Z');
INSERT INTO "prompts" VALUES (254, 2, '[{"content":"Compare the way science was paid for in 1700 with the way it is paid for now.","role":"user"}]', 'history of science', 'bbdd4f8d91f023fb15c703f6600a5d4b8981a9aef3d2d8abb5cb39a43a388c9f', 'bc491f6cec147a4e48c9c1644a66a2a4f026a4118161a1725939af64040300fa', '2026-11-29T16:39:46.741Z');
INSERT INTO "prompts" VALUES (255, 2, '[{"content":"Why does the brain need sleep when it could be on the watch for danger?","role":"user"}]', 'neuroscience', 'fd9d03471cb8161286e54baa0af7c590c4d015682dfb927828811649ea9352e6', '6cd3edd10fe6b1e52b8dfe70dd07e2490b1663373dfcd419776fb771b3f02628', '2026-11-29T16:39:46.741Z');
INSERT INTO "prompts" VALUES (256, 2, '[{"content":"Why do rockets drop parts of themselves on the way up?","role":"user"}]', 'engineering', '12f73ae41feb9847e82a28544b21c7ae0f97388d0b82b3ccaf87f858bbabc6f6', '9bc05d52932ee12d216f3f707e30a7bd861a562deb0c80fe8f401baa8a144d69', '2026-11-29T16:39:46.741Z');
INSERT INTO "prompts" VALUES (257, 2, '[{"content":"How does a seed know when it is time to sprout?","role":"user"}]', 'biology', 'cd98412284df7e1b7000999a1e363935fdb10db0b628548c832c88227ee40971', '3bc68f09b258e20cc8e91e51b5bfe5b835347fc5e0d98d264843532852fe1421', '2026-11-29T16:39:46.741Z');
INSERT INTO "prompts" VALUES (258, 2, '[{"content":"Compare burning wood with digesting bread: what do the two have in common?","role":"user"}]', 'chemistry', '12675f743bdaf00f7baa846ec15084a1fec4e1bd5c822d5a41a63aaef52bc1b8', '9552d65693f629f5cabb39b0bca36b1f66696fe3fa8a7f3a762f593770d5165d', '2026-11-29T16:39:46.741Z');
INSERT INTO "prompts" VALUES (259, 2, '[{"content":"What would change in daily life if there were no friction for one minute?","role":"user"}]', 'physics', 'd5a555a79851a3fe1e55ba1638e9bf1d5e2f788f8ca44b94a2ab81e791fcb23d', '40056b6f36abc5bf50690a61eff45bb713f18c36246966e7018d2418c28e92eb', '2026-11-29T16:39:46.741Z');
INSERT INTO "prompts" VALUES (260, 2, '[{"content":"Is there gravity on the space station, and if so, why do the astronauts float?","role":"user"}]', 'astronomy', '0d558054dddc5da32ee5b6c0386fd299bdf25014c506bec022612bb159d26fe8', 'd2e201a131564dce5f404e7d38b0978131f234b1d3837c96e4a2f699f3d6a8ba', '2026-11-29T16:39:46.741Z');
INSERT INTO "prompts" VALUES (261, 2, '[{"content":"Could people ever stop a hurricane? Discuss some ideas and their problems.","role":"user"}]', 'earth science', 'd875f9c7ad29a7453565a7a90cfb8e5a1a3641fd456f07dd6d044ef8daac33f8', 'f0f1e0037c16968159bf57ca728be67e066c1aff27c6dd9f02cc2dfec9e5a57e', '2026-11-29T16:39:46.741Z');
INSERT INTO "prompts" VALUES (262, 2, '[{"content":"Is 0.999… really the same as one? Convince a sceptic.","role":"user"}]', 'mathematics', '58f92081848d710b083589604d4df4ceb31376cf80632913cae3d7d88b4eca12', '2298b40717a496c37ff7b61b3b0e36dbfc05bbabc788010d69fd9fb08cfa8f2f', '2026-11-29T16:39:46.741Z');
INSERT INTO "prompts" VALUES (263, 2, '[{"content":"What are the steps of washing your hands properly, and what does each one do?","role":"user"}]', 'medicine', '3f529e4ecaff55044645503ac99fcd9654171f38d38c77845ab7db85149ada13', 'f3a66d1680e3d808adb387dc71809a8bd9e9824c52c6933a354b2c95f8cbabbc', '2026-11-29T16:39:46.741Z');
INSERT INTO "prompts" VALUES (264, 2, '[{"content":"Is private browsing really private? Say what it hides and what it doesn''t.","role":"user"}]', 'computer science', 'e9b521217fa1d00cfdceb15c35ca87b42abb814c3532d70ac03c48753c8bc911', '133306727294a49075b37095071c99e2e83ec383c970fa3b9696529e97c686a8', '2026-11-29T16:39:46.741Z');
INSERT INTO "prompts" VALUES (265, 2, '[{"content":"Is it a myth that some people are left-brained and others right-brained?","role":"user"}]', 'psychology', 'f61d02b012020c5677e2862428fe0db46a39c3626d989e066209b85d761cdcd1', '07af60a53189b195457ed47d5a8e8e9e5a81b17a448db1cb9993ed16a65a16d6', '2026-11-29T16:39:46.741Z');
INSERT INTO "prompts" VALUES (266, 2, '[{"content":"Explain why losing one kind of insect can matter to the price of apples.","role":"user"}]', 'ecology', '5f724dbacf902275b43052bd5225d337dd26ef0fe1f7002d7745a193cd4d8163', '872e570976b05f77a7ddc1c92566a446c5b66a0da9f3bf2d54fce33940b0da14', '2026-11-29T16:39:46.741Z');
INSERT INTO "prompts" VALUES (267, 2, '[{"content":"Compare cotton with polyester for a shirt to run in.","role":"user"}]', 'materials', 'f38373f06b9543280a1448407361780a1aafa45876192ba39b59d5acd34626b2', '7d659301618be8fa02990a6d47216a73bca18f76db8a61ed239391e7d1b4266c', '2026-11-29T16:39:46.741Z');
INSERT INTO "prompts" VALUES (268, 2, '[{"content":"How did the first computers come to be programmed largely by women?","role":"user"}]', 'history of science', '6e5a471b44b8f89568514cee9d3f7becc294c90f12938a19e9c2b7f4bea95700', '40bd89b7b4241014889949c5a93e6fcd6a22470d0a9cb52e819fad4be0a11899', '2026-11-29T16:39:46.741Z');
INSERT INTO "prompts" VALUES (269, 2, '[{"content":"Compare the nervous system of an octopus with our own.","role":"user"}]', 'neuroscience', 'f065d79d722e4578c6719f67056ff1d78a63d12d287d5b3d2aaa803745943296', '030dbd4a4f6827f3510d6382ad5acf0122e24a003bd02d5f30f5f74bacb77137', '2026-11-29T16:39:46.741Z');
INSERT INTO "prompts" VALUES (270, 2, '[{"content":"What could engineers learn from the way a termite mound stays cool?","role":"user"}]', 'engineering', '2358a5370d379d9ae627ef760db8e8f08eac29baa3eb92b26e40d0ee595f7379', 'b574aa6d87b97e94edfc6330de2e1fb346b230a0803cebd55481e52619648f17', '2026-11-29T16:39:46.741Z');
INSERT INTO "prompts" VALUES (271, 2, '[{"content":"Is natural vanilla flavour safer than the kind made in a laboratory? Explain.","role":"user"}]', 'chemistry', '2040aca9b5bde90c53b57759ae7c483064d031c1611377adbdbc7b8e78066c29', '7c991525abd014ab581bbc22ac87d33250e8f5f60e322b6e80004082450e3691', '2026-11-29T16:39:46.741Z');
INSERT INTO "prompts" VALUES (272, 2, '[{"content":"How do we find planets around other stars when we cannot see them directly?","role":"user"}]', 'astronomy', 'fe593f5589d334821391c9455cabc013b3ce3a099949a6993b37a6def93d16ee', 'ea0449822d36a7daddb8dde3e988c6a4254b3ccd2938b9b1bd83addb634f7c41', '2026-11-29T16:39:46.741Z');
INSERT INTO "prompts" VALUES (273, 2, '[{"content":"Why is it warmer at the foot of a mountain, although the top is closer to the Sun?","role":"user"}]', 'earth science', 'b573a997cb72b41dd8558fa5a98bcc6514e7fe78b8479bd9e2c0d1fb802beba2', '46d22b67fcd95adefe87a512a9cb5d098922ab20976ae9c6134506e63be84f56', '2026-11-29T16:39:46.741Z');
INSERT INTO "prompts" VALUES (274, 2, '[{"content":"What is the difference between a correlation and a cause? Use an example from daily life.","role":"user"}]', 'mathematics', 'ac107c8e2765c80b7f8c72450000a2866c36dd5ee15a47e7fc118be525261cd9', 'a8e2d6b81e629eac9d6e15887a660c2497c1b17d48106fd83ed8722a7dcadcab', '2026-11-29T16:39:46.741Z');
INSERT INTO "prompts" VALUES (275, 2, '[{"content":"Compare how people and computers recognise a cat in a picture.","role":"user"}]', 'computer science', '141f57201364fa262579faac3a338a1a83b0df4018736c8c5bbe0e8772b3fdaa', '12f7647a8b42f0154b7d959c2ff05545e56bb9dbff649542b9c712aedf89787b', '2026-11-29T16:39:46.741Z');
INSERT INTO "prompts" VALUES (276, 2, '[{"content":"Why is it calming to take slow, deep breaths when one is nervous?","role":"user"}]', 'psychology', '9333ccd5f499d321ee80c7036c724d95832b91b5a87d4e0fcc92b820c2851088', 'f24db2703b5e2602231202f295eb9e0ce82240228a71f3082ef108af035466ab', '2026-11-29T16:39:46.741Z');
INSERT INTO "prompts" VALUES (277, 2, '[{"content":"Why is it hard to count the tigers in a forest, and how do people do it?","role":"user"}]', 'ecology', '6892aee380fbcaeb3fb88d479d677c283d605f4899de331fe37b5e3b26251e2a', '058aae2bba7c7d5b5f35fb84b7ffa71c2f38a7950acf6c13ac6efb410abba5a5', '2026-11-29T16:39:46.741Z');
INSERT INTO "prompts" VALUES (278, 2, '[{"content":"Why does foam keep things warm although it is mostly air?","role":"user"}]', 'materials', '88d2f37010c123805476472749bab687741ba175bccc6d5336cc25bf8046e31b', 'd6672b9ea1b4ad04cf8cb2da15ee04885d3154aeca11eacbd56229c0741beb49', '2026-11-29T16:39:46.741Z');
INSERT INTO "prompts" VALUES (279, 2, '[{"content":"Many believe that people in the Middle Ages thought the Earth was flat. Where does that story come from?","role":"user"}]', 'history of science', '29993e19f09614b81052c5ac8ef9316be491d21ac58196a9bcea3c93862ef183', '0aa93bfeae8a80126d7dc21afc760d1611fd56b5e82a3e355deb0a28d0425d4e', '2026-11-29T16:39:46.741Z');
INSERT INTO "prompts" VALUES (280, 2, '[{"content":"How can a person practise becoming less afraid of spiders, and what changes in the brain?","role":"user"}]', 'neuroscience', 'b9173ffc2cac7bd79716043c1edc2a99bb824dfa53a94dc8ecb9cc97c040148d', '4a5393bba471a0e7cfa617211bd27c10df9e3ba069a0f2c1808a048c818f87da', '2026-11-29T16:39:46.741Z');
INSERT INTO "prompts" VALUES (281, 3, '[{"content":"What is a good way to wake up early?","role":"user"}]', NULL, '2633c280a31451efe6dfb190453586191cec5d6fe5776ea101ab142d5bf3a60f', '004998527ecff618cb7c8e158349806ab2ad84fe801ea48c358c7796cfbbb1b0', '2026-11-29T16:39:46.762Z');
INSERT INTO "prompts" VALUES (282, 3, '[{"content":"Name three uses of an old newspaper.","role":"user"}]', NULL, '7e1d1f2a8c72882fc1a401bd232fb77f20cc9d207e94962036f5ae569087f1ae', '4dfde64c030afb7883aa7105ff37ef3e75a7979833a9063c4bf1f967abdb7544', '2026-11-29T16:39:46.762Z');
INSERT INTO "prompts" VALUES (283, 3, '[{"content":"Explain a rainbow to a child.","role":"user"}]', NULL, '2c611c83eb1241119c16d56ee2426c3f30677a983ab58a44e10b204e088ba8cd', 'a46afea051340808294cc043f16316e1fb1b1d24ccde027e0fccf2ccb7b5a97e', '2026-11-29T16:39:46.762Z');
INSERT INTO "prompts" VALUES (284, 3, '[{"content":"How do I boil an egg?","role":"user"}]', NULL, '270621e718e018ccdaad0e91cf25bf25d6c2aa7fad676e7c10a30be50c627c4b', '7b83eb8c38d23417c57f70516b71c402cbb7f6ffdb8c9d99bbeb8f01064e5cc5', '2026-11-29T16:39:46.762Z');
INSERT INTO "prompts" VALUES (285, 3, '[{"content":"Why is the sky dark at night?","role":"user"}]', NULL, 'cb5d5c1b42a88138863cc3b40c7ca54e660e722bc667a420fbfd6c17aa4d1975', '14c3c51dcc7f9ed39efc9b0290c1a584c21f5b9fa0c1cc3beecfa1d497173ca2', '2026-11-29T16:39:46.762Z');
INSERT INTO "prompts" VALUES (286, 3, '[{"content":"Write a line about rain.","role":"user"}]', NULL, '41eeabf4891f2a1fc583f2de3895fad0cc63a95cc2814fa5f8140e48b77786b7', 'b8c88f446b41034efb43dd20a970575859bf3b4c363a166f13b0695dfed5b5ca', '2026-11-29T16:39:46.762Z');
INSERT INTO "prompts" VALUES (287, 4, '[{"content":"What is bread made of?","role":"user"}]', NULL, '9f3c8802aa49cd8dcc49c1eec38a5c7daf954b913401e4d755ce60e46575f958', '52932985e6d273d4d313e6c61532c022d72dd08c700a23128ca61960d879509d', '2026-11-29T16:39:49.336Z');
INSERT INTO "prompts" VALUES (288, 4, '[{"content":"Why do cats purr?","role":"user"}]', NULL, 'f33fbb3db01aefe6b5aa00eaede81e94d92d31eaa21b8da9fbd301d76efbd74b', 'f43265d02da035264ea04197b4a08cdf236612012d43602ab240ac42dfd9a45d', '2026-11-29T16:39:49.336Z');
INSERT INTO "prompts" VALUES (289, 4, '[{"content":"How far away is the moon?","role":"user"}]', NULL, 'a2af46fac0f87ade840d978ed9493cae17e03746264e3f840094894ad369fc08', 'cb6d6d2157b1e9ffee89cd556e8e4e7aae211ea020ff6c3906b4354a9407e6ce', '2026-11-29T16:39:49.336Z');
INSERT INTO "prompts" VALUES (290, 4, '[{"content":"What is a noun?","role":"user"}]', NULL, '881470c848e300d1211a4738a241eab6d39158fc1d63ce67a461349ef739cf33', 'b7757fcb7a1079d65f3abed0b1f9edbaadf4b71d591bcb421d2c7e5dab16cf7d', '2026-11-29T16:39:49.336Z');
INSERT INTO "prompts" VALUES (291, 5, '[{"content":"What is 0 plus 1?","role":"user"}]', NULL, 'ea6c664ba20d90c081fb98cfba70bc5e55fdeb1e96759d88c85f027f5756059d', 'b68896e14bef598eabec753c78b51b3a825b74568b8cdb351e7427c6c1bd94be', '2026-11-29T16:40:32.676Z');
INSERT INTO "prompts" VALUES (292, 5, '[{"content":"What is 1 plus 2?","role":"user"}]', NULL, '480fcb4c53cad8b0926c4cb7eebcc56762dffcdaea4b7cada1e81ba33a611aec', '91da30a498ffa53e4b2efbf0e02e8956c6581c21e92c194fedcb7ad3a00289e2', '2026-11-29T16:40:32.676Z');
INSERT INTO "prompts" VALUES (293, 5, '[{"content":"What is 2 plus 3?","role":"user"}]', NULL, '028b040ea6d8549c2ad197b026e563e2125270f8b6eaa6c8b3eb8aa360024dea', 'fff37818fbe3f543932188be14e138b752e41f11cadc9091e80596a7a9cbf7a5', '2026-11-29T16:40:32.676Z');
INSERT INTO "prompts" VALUES (294, 5, '[{"content":"What is 3 plus 4?","role":"user"}]', NULL, '6f5787a5ee1f3f53074a36b4da00e04614d233557b18580286e0bc2c1a5d5287', '77dd58c0f7238d43bcc978994d0e075b5b34f02eb4d5bb04a92058fdb07c6363', '2026-11-29T16:40:32.676Z');
INSERT INTO "prompts" VALUES (295, 5, '[{"content":"What is 4 plus 5?","role":"user"}]', NULL, 'a145aec8c6b16b38c60eda3a913012ad1412844b7971ac94c3f88a35a6286d70', '89acf898668b98df0a260cf93e9524158154ed62dbdfdb533c01ade2557ebd13', '2026-11-29T16:40:32.676Z');
INSERT INTO "prompts" VALUES (296, 5, '[{"content":"What is 5 plus 6?","role":"user"}]', NULL, '705d0f917517c8ff847b85be887e4748a815d62e48d76f544745bd4de0c5f486', '3d868c1809bffddc20cc1efe2d66d06412140ebeaf0ac741356eda9c352e305b', '2026-11-29T16:40:32.676Z');
INSERT INTO "prompts" VALUES (297, 5, '[{"content":"What is 6 plus 7?","role":"user"}]', NULL, 'e62ceafb74b28d932ec2dc65d29c018509a9a4d5664f201a065ace2501d9b637', '8985ee34939fa3940927ccf0bffc231b1eb2580a963bdd3bb4315b35d02af936', '2026-11-29T16:40:32.676Z');
INSERT INTO "prompts" VALUES (298, 5, '[{"content":"What is 7 plus 8?","role":"user"}]', NULL, '847e6b873466faf7baa717be63d34f95f357de9af63c9c79e89fab67cb73dd78', '8e62ec417476c9da228a38c3ba4ef12848d68cfa861247224e4d72f5b26674d2', '2026-11-29T16:40:32.676Z');
INSERT INTO "prompts" VALUES (299, 5, '[{"content":"What is 8 plus 9?","role":"user"}]', NULL, 'dd9b6d55a1fab302fed74eafa7011e60b6a361e9777201700fa8ffe861edf5f0', 'a2f7636236db3446ca8ef1355dda7f10e431d79afc7a0edb55b11c3d13329cc8', '2026-11-29T16:40:32.676Z');
INSERT INTO "prompts" VALUES (300, 5, '[{"content":"What is 9 plus 10?","role":"user"}]', NULL, '16942aed9d7a52bc3170318c8dc1cf32f37e1d6aad99e4c4c3bcfd8cc4133275', '865dfd9b5890f98f469aab88e64c32b06cde511f183baf530be97a2b2cdb70f8', '2026-11-29T16:40:32.676Z');
INSERT INTO "models" VALUES (1, 'base', 'tiny-model', '{MODEL}', '33ca6fdba860ac847f0b1376f24df1b5c0791f35153db6350fdf5ac7a6c56ff3', NULL, '2026-11-29T16:40:05.564Z');
INSERT INTO "models" VALUES (2, 'adapter', 'second', 'a5656cd4c', '0c6c4dcff35228fdd17f57175ac8185b65e780aa9f471d21ec1ccf3157dfc9ff', 1, '2026-11-29T16:41:52.380Z');
INSERT INTO "models" VALUES (3, 'adapter', 'taste-1', 'a8d923d33', '2f128862e4a12f18a41781b1036a6b3b3275d6e9b2d3598dc947b1dbbb3d1f58', 1, '2026-11-29T16:42:13.469Z');
INSERT INTO "samplings" VALUES (1, '{"max_new_tokens":40,"min_p":0.0,"repetition_penalty":1.0,"system":null,"temperature":0.9,"top_k":50,"top_p":0.95}', '2026-11-29T16:40:05.571Z');
INSERT INTO "samplings" VALUES (2, '{"max_new_tokens":24,"min_p":0.0,"repetition_penalty":1.0,"system":null,"temperature":0.9,"top_k":50,"top_p":0.95}', '2026-11-29T16:41:52.388Z');
INSERT INTO "samplings" VALUES (3, '{"max_new_tokens":16,"min_p":0.0,"repetition_penalty":1.0,"system":null,"temperature":0.9,"top_k":50,"top_p":0.95}', '2026-11-29T16:42:13.471Z');
INSERT INTO "completions" VALUES (1, 1, 1, 1, 160627306431072, 'r�����N�LF�a�!��^3|�'||char(24)||'��B���SrLOI1'||char(26)||'�����B', 'cf0a9bb0cbfd026f55b314a56998e64ca2a63e3cb84a0d8b678d5818b9334932', 40, 1, 'model', '2026-11-29T16:40:05.710Z');
INSERT INTO "completions" VALUES (2, 1, 1, 1, 12816326478784, '����'||char(28)||'���sׇ�'||char(21)||']4�'||char(16)||'���=�t�-}'||char(0)||'Y�[�k���F��'||char(31), 'd50d2e64397e51db67234d0dafd80d231f72a72a2be72ad7b288f290b257bf46', 40, 1, 'model', '2026-11-29T16:40:05.710Z');
INSERT INTO "completions" VALUES (3, 2, 1, 1, 221538912379909, '�'||char(1)||'p�'||char(31)||'���B'||char(10)||'e��'||char(27)||'_�//Џ�Err�%}����'||char(29)||'�5o����', '0f68037f2a52653fdf4d988e244f142518c43b841e175cbcb676078062dd6c7f', 40, 1, 'model', '2026-11-29T16:40:05.883Z');
INSERT INTO "completions" VALUES (4, 2, 1, 1, 252719729902970, char(16)||'�p'||char(0)||'<|endoftext|>Źk'||char(26, 29)||'eN�}��'||char(10)||'<|endoftext|>�eE����'||char(16, 9)||'˴�'||char(21)||']A��8'||char(24)||'�p�', 'ab947c62d66d6fe46b757d48e7d01fb4ea2de043f81bce0713b6981afce50c0b', 40, 1, 'model', '2026-11-29T16:40:05.883Z');
INSERT INTO "completions" VALUES (5, 3, 1, 1, 232005819353801, '5����'||char(16)||'���=w�s�!�'||char(26)||'��u�µ��]H'||char(8)||'M)��o]�����', 'c8b1b3247ad95f757257f8bc8dcfd3066e28a25035311c021f6dc4307e8754b5', 40, 1, 'model', '2026-11-29T16:40:05.905Z');
INSERT INTO "completions" VALUES (6, 3, 1, 1, 250340144030704, char(10)||'X�5D~�r��'||char(0, 27)||'麣�t'||char(135, 11)||'�}k��!kvΞr$�)'||char(16)||'-�'||char(21)||'�', '297187a420ec58a29fd1a4011bf48e9a8186220ac4696e6dcf31cf490828c154', 40, 1, 'model', '2026-11-29T16:40:05.905Z');
INSERT INTO "completions" VALUES (7, 4, 1, 1, 28825903533607, '���'||char(15)||'FH�H�7�X��'||char(23)||'I��H'||char(3)||'2��Œ��'||char(8)||'H��5�ࣗH�z', '4acd1c9d41901f2fdfc9c86723dcaa519d533aee4606b4618e73abe43b24fee8', 40, 1, 'model', '2026-11-29T16:40:05.919Z');
INSERT INTO "completions" VALUES (8, 4, 1, 1, 238862010557176, '���H��ؿ=N��-�G���B0�-R�����.�'||char(158)||'�ݠ7��', '58a49393a8752ef0fa4eca9d5effd753a180898de4db31912eeaa25286022e08', 40, 1, 'model', '2026-11-29T16:40:05.920Z');
INSERT INTO "completions" VALUES (9, 5, 1, 1, 216253059318356, '���'||char(21)||'��rz��I'||char(127)||'.\�<|endoftext|>�9t�tr��z{Ӻ�'||char(17)||'4��'||char(127)||'�]�'||char(0), '3232b9ecc265d090531d358e67b17178a3d809e935802e752788e9eb89389c81', 40, 1, 'model', '2026-11-29T16:40:05.931Z');
INSERT INTO "completions" VALUES (10, 5, 1, 1, 220863823851751, '��I�:u�]Y:��'||char(28)||'��'||char(3)||'�^'||char(1, 10)||'wq'||char(31)||'��'||char(16)||'��8#����'||char(16)||'=I���', '3e58ea764f55b869206474dfcb76446ae713eecbe3853579a9625ab464abbe9a', 40, 1, 'model', '2026-11-29T16:40:05.931Z');
INSERT INTO "completions" VALUES (11, 6, 1, 1, 175448003609665, '��|'||char(5)||'��p�SL��s����h葶ȣ�'||char(0, 0)||'���^���'||char(12)||'$I]'||char(17)||'8�', 'ce68f14385152e814ddd40b7edcfed2a602cdc4aae61b46f728cc43ed3529d52', 40, 1, 'model', '2026-11-29T16:40:05.941Z');
INSERT INTO "completions" VALUES (12, 6, 1, 1, 199380831845915, 'LL��'||char(0)||'N�X8'||char(23)||'?�%����EЬr��'||char(12)||'�� ���N?r3]�]��]', '28ec1f243cba68a574cf99491222eabc66fb78440d3098dd19ebab01764acd58', 40, 1, 'model', '2026-11-29T16:40:05.941Z');
INSERT INTO "completions" VALUES (13, 7, 1, 1, 40903239580364, '�'||char(19)||'�X�'||char(26)||'�!E�'||char(8)||'F�'||char(16)||'���Q�'||char(1)||'[XO���r�'||char(1535)||'r'||char(16, 26)||'��r��5'||char(6), 'd79c245ca77441d0996461416e99981629ce4968a8be2864d9d2c96adf21acb7', 40, 1, 'model', '2026-11-29T16:40:05.942Z');
INSERT INTO "completions" VALUES (14, 7, 1, 1, 40173898003166, '���'||char(8)||'�������9B��%�[p'||char(21, 16)||'ˬ'||char(17)||'L�����'||char(127)||'�#�'||char(0)||'r��X�', 'b61cd40b98d015c8433e8692ad99e5127c1e5aa4aedf550a08480f9ba2e4c1d3', 40, 1, 'model', '2026-11-29T16:40:05.942Z');
INSERT INTO "completions" VALUES (15, 8, 1, 1, 30928599496854, '�'||char(23)||'A�p�¼�'||char(29)||'p�'||char(20)||'��r'||char(27)||'{H''�'||char(8)||'rh�7��Ñt���r��Ũ�', 'e26d1d08e94a43da3bb76fd6dcba69450374e5b278ed615f186f3695140a7735', 40, 1, 'model', '2026-11-29T16:40:05.943Z');
INSERT INTO "completions" VALUES (16, 8, 1, 1, 224659922677109, '�9Y���W�I�]]�O'||char(26)||'Ӊ'||char(0)||'��'||char(0, 4)||'�/Ţ]�_�'||char(10)||'�'||char(26)||'��s����', '4e3906b3fc530408e323e6e7881183c0781bcfbe8b30c7acf421499c83db56fe', 40, 1, 'model', '2026-11-29T16:40:05.943Z');
INSERT INTO "completions" VALUES (17, 9, 1, 1, 139851683268844, 'F'||char(28)||'�'||char(0)||'���zD�+��R'||char(0)||'z��'||char(10)||'�'||char(18)||';9'||char(22)||'�koF�a����[p9�'||char(1), '1fadfc4c6db90a3aa3f2bc515b3bea84c9a81cd1e1168b35042b90636fcc431d', 40, 1, 'model', '2026-11-29T16:40:05.947Z');
INSERT INTO "completions" VALUES (18, 9, 1, 1, 247044868354458, '�%��'||char(23)||'�]'||char(12)||'I��r��.rr�]Nj�$'||char(12)||'�Y��Mr��'||char(24, 21)||'\{'||char(14)||'�F�', '5c7933f1e9b3f6465e69c9ab9d027d4864423ab968c5619eba8dd0930e181575', 40, 1, 'model', '2026-11-29T16:40:05.947Z');
INSERT INTO "completions" VALUES (19, 10, 1, 1, 175471829625102, '�p�'||char(137)||'��'||char(0)||'t�'||char(0)||']�'||char(16)||'Rk'||char(13, 13)||'��JqN.��2p-'||char(11)||'^�����'||char(0)||'I'||char(17)||'e', '39e7c2523aaf3cc4616f223f754bfa1b94974a5a81fc856b7b4033643e595a1b', 40, 1, 'model', '2026-11-29T16:40:05.959Z');
INSERT INTO "completions" VALUES (20, 10, 1, 1, 274828404004613, '9'||char(10)||'�մ_�]��xv�[��Ez���\��-�Z:�X�L'||char(0)||'2�'||char(135)||'�X�', '22d2826a01f2a5da819ad08acac86ecd0cebf2211e5b4c9b73aa21daa0945323', 40, 1, 'model', '2026-11-29T16:40:05.959Z');
INSERT INTO "completions" VALUES (21, 11, 1, 1, 251130410849766, char(23)||'��1'||char(26)||'B'||char(10)||'ϥ��FO��2'||char(62610)||'������'||char(27)||'�=9F'||char(27, 136)||'˚�HB�', 'b2bcaf0f2483b97fc8b0d52ffefe82c9fd0a5f5e4fece0519c22a8f68943b1cc', 40, 1, 'model', '2026-11-29T16:40:05.960Z');
INSERT INTO "completions" VALUES (22, 11, 1, 1, 114671778692433, '�'||char(16)||'�B�,Ix'||char(25)||'�'||char(21)||'pXD'||char(10)||'�'||char(10)||'�5d'||char(11)||'�2����'||char(134)||'['||char(16)||'}[ȱIș�z', '014338f5307fa89cf1d16a66aa417be7a2adca5abc4e7d7e28c65a9b7f45857a', 40, 1, 'model', '2026-11-29T16:40:05.960Z');
INSERT INTO "completions" VALUES (23, 12, 1, 1, 221967172795451, '��'||char(158)||'�~��Z'||char(23)||'�vI'||char(9, 27)||'�r�'||char(10, 18, 24)||'h�w�'||char(20)||'�Z?��rx]8�rNG', '5aa2a97d5d4b45051ac74d3d6a381611d6e51999162d7caf13f2d7cfa8d36533', 40, 1, 'model', '2026-11-29T16:40:05.961Z');
INSERT INTO "completions" VALUES (24, 12, 1, 1, 218857229118096, 'm�r�rze纼��'||char(127)||'�p'||char(16)||'��rr'||char(29)||'�p'||char(24)||'¢]�'||char(27)||'f�1��z'||char(16)||'�-��', '2d20e51e1f93ac27256f8a226417f608b69f7fffdfaf71f50588d48938f67968', 40, 1, 'model', '2026-11-29T16:40:05.961Z');
INSERT INTO "completions" VALUES (25, 13, 1, 1, 149825847513543, '�[�瑕�e�-}'||char(19, 26)||'��[���"A�����}��e'||char(10, 10)||'Hb\�Bd�'||char(6), 'e84d0b88321cc3abac441388cf6425c13f10d84b5726ae736afab2538d7f487d', 40, 1, 'model', '2026-11-29T16:40:05.971Z');
INSERT INTO "completions" VALUES (26, 13, 1, 1, 152090777695613, '�b�A^'||char(16)||'�'||char(3)||'I�Q�AWܩp=Sc'||char(27)||'p��p=�W��'||char(14)||'߈z��>�', '4a4ce30bc3c7b8a798c54026c80efc30813f56af79d7a671ab9b911198d4cd0d', 40, 1, 'model', '2026-11-29T16:40:05.971Z');
INSERT INTO "completions" VALUES (27, 11, NULL, 1, NULL, '�'||char(16)||'�B�,Ix'||char(25)||'�'||char(21)||'pXD'||char(10)||'�'||char(10)||'�5d'||char(11)||'�2����'||char(134)||'['||char(16)||'}[ȱIș�z In short.', '1268e945e1b28b5d70931020a768835b0d64d89c15a2a3c1f1e141578ab5c6dd', NULL, 0, 'human', '2026-11-29T16:40:31.071Z');
INSERT INTO "completions" VALUES (28, 291, NULL, NULL, NULL, 'It is 1.', '8fe80adf0e6d1b4399526da29dd799ea48015df56fb77636955b8a3d6bd2c4b1', NULL, 0, 'import', '2026-11-29T16:40:32.676Z');
INSERT INTO "completions" VALUES (29, 291, NULL, NULL, NULL, 'Certainly! Adding those numbers is fun, and the answer is 1.', 'de81883bcd28d3666b89acc10362080fb572fe9e53b54c15b5869ff0b30662f6', NULL, 0, 'import', '2026-11-29T16:40:32.676Z');
INSERT INTO "completions" VALUES (30, 292, NULL, NULL, NULL, 'It is 3.', '4c6480fda0f4ba1f9b30b800e4a9ef2d3e6ee7893d83633f13ae0a7ec83727da', NULL, 0, 'import', '2026-11-29T16:40:32.676Z');
INSERT INTO "completions" VALUES (31, 292, NULL, NULL, NULL, 'Certainly! Adding those numbers is fun, and the answer is 3.', '66c276e9abab13eb507d79d6b2c9428ece4d63f32d4973c50016ab3c803d5bd5', NULL, 0, 'import', '2026-11-29T16:40:32.676Z');
INSERT INTO "completions" VALUES (32, 293, NULL, NULL, NULL, 'It is 5.', '6a44c2256b84ed4c05d5a1e6a2847c3f95aa43d0c870f5fad09f131b25106f3c', NULL, 0, 'import', '2026-11-29T16:40:32.676Z');
INSERT INTO "completions" VALUES (33, 293, NULL, NULL, NULL, 'Certainly! Adding those numbers is fun, and the answer is 5.', 'ec1ca1e323f5068da588fdf10fd3d382a42badc651bdda195dc4cf027abbc940', NULL, 0, 'import', '2026-11-29T16:40:32.676Z');
INSERT INTO "completions" VALUES (34, 294, NULL, NULL, NULL, 'It is 7.', '5191e68afb0b59879815271638bbf37a95b415ad58a64d104c2bd1a6027c6b5b', NULL, 0, 'import', '2026-11-29T16:40:32.676Z');
INSERT INTO "completions" VALUES (35, 294, NULL, NULL, NULL, 'Certainly! Adding those numbers is fun, and the answer is 7.', '04fd765fdbe75acfec1f27e87dcaf98b36102d4b78f11c29bbf616882b057729', NULL, 0, 'import', '2026-11-29T16:40:32.676Z');
INSERT INTO "completions" VALUES (36, 295, NULL, NULL, NULL, 'It is 9.', 'bd05f4cfd4087b4d505360fc775f7b9f167b142623b873b4c994bd3950299dfc', NULL, 0, 'import', '2026-11-29T16:40:32.676Z');
INSERT INTO "completions" VALUES (37, 295, NULL, NULL, NULL, 'Certainly! Adding those numbers is fun, and the answer is 9.', 'b227cb01eae39be506a1190911daccb45b6918634a06137f3ee6125f117b4d43', NULL, 0, 'import', '2026-11-29T16:40:32.676Z');
INSERT INTO "completions" VALUES (38, 296, NULL, NULL, NULL, 'It is 11.', '54746bb05bac3040e229b214bbc127e6562a9758e704792777433eecc8fa39e0', NULL, 0, 'import', '2026-11-29T16:40:32.676Z');
INSERT INTO "completions" VALUES (39, 296, NULL, NULL, NULL, 'Certainly! Adding those numbers is fun, and the answer is 11.', 'a73abd576016ef7487e927a89ce57830f05e9df66c97c202a8d64bd7e2cafa98', NULL, 0, 'import', '2026-11-29T16:40:32.676Z');
INSERT INTO "completions" VALUES (40, 297, NULL, NULL, NULL, 'It is 13.', 'f791c64f6d27dba57de1a26cd3eb64da3a961863f9481ce9d30787f2e3861cc4', NULL, 0, 'import', '2026-11-29T16:40:32.676Z');
INSERT INTO "completions" VALUES (41, 297, NULL, NULL, NULL, 'Certainly! Adding those numbers is fun, and the answer is 13.', '37ba26e84a680bf664f61f31e15705a6ec2c38c64ee9ba0db18ac80e640aac93', NULL, 0, 'import', '2026-11-29T16:40:32.676Z');
INSERT INTO "completions" VALUES (42, 298, NULL, NULL, NULL, 'It is 15.', 'a04bb01e6523a4746e6a1d6b8a55a77dd6f61bdb79b0ced7b1daa31cfa0b5279', NULL, 0, 'import', '2026-11-29T16:40:32.676Z');
INSERT INTO "completions" VALUES (43, 298, NULL, NULL, NULL, 'Certainly! Adding those numbers is fun, and the answer is 15.', '276e54b47fe839b6b602e3a106230d317440ea8d7e06d4632471f53ebeb6a0db', NULL, 0, 'import', '2026-11-29T16:40:32.676Z');
INSERT INTO "completions" VALUES (44, 299, NULL, NULL, NULL, 'It is 17.', '37bc2757b6e8ba0c9724c4249eefac1cccd29bd57aa82c271ba020d8bec16333', NULL, 0, 'import', '2026-11-29T16:40:32.676Z');
INSERT INTO "completions" VALUES (45, 299, NULL, NULL, NULL, 'Certainly! Adding those numbers is fun, and the answer is 17.', '84c9aa6fe25da10305b722ec73eab809e6cbe1698c1eb2c99af2762cd053b29b', NULL, 0, 'import', '2026-11-29T16:40:32.676Z');
INSERT INTO "completions" VALUES (46, 300, NULL, NULL, NULL, 'It is 19.', '28213b0874a6bb979c161b477b6d8f762e40670a4552d052b2ffc6cb8fea1682', NULL, 0, 'import', '2026-11-29T16:40:32.676Z');
INSERT INTO "completions" VALUES (47, 300, NULL, NULL, NULL, 'Certainly! Adding those numbers is fun, and the answer is 19.', '0351e451e6882d98abd8b863c84ea112ac0e71b2a191eca4af03ef01baadc4cc', NULL, 0, 'import', '2026-11-29T16:40:32.676Z');
INSERT INTO "completions" VALUES (48, 290, 1, 2, 171886643058683, 'tr��'||char(12, 24)||'�r'||char(30, 0)||'�]'||char(12)||'�'||char(27)||'�U�'||char(0)||'�\'||char(30)||' '||char(0), 'c119b5f9e203bea69fd48ec65bca02258a8d3f4959944d1adf29aeb04142569a', 24, 1, 'model', '2026-11-29T16:41:52.591Z');
INSERT INTO "completions" VALUES (49, 290, 2, 2, 171886643058683, char(1, 1, 127)||'�'||char(4)||'�Sr�4]z�}z9�r�19e�'||char(21), '092116f201d84dd612aa589e87bc70a870ab1a31f632c7923f9f399a73a09810', 24, 1, 'model', '2026-11-29T16:41:52.591Z');
INSERT INTO "completions" VALUES (50, 289, 1, 2, 164805263106167, 'rrh���'||char(0)||'�'||char(23, 10)||'�x��d��X� %�9�', 'e5ddca010f10e16553ba41caec14652f2873972b67f4b5d6ed473a704eeca75f', 24, 1, 'model', '2026-11-29T16:41:52.745Z');
INSERT INTO "completions" VALUES (51, 289, 2, 2, 164805263106167, 'rrh����'||char(0)||'�uQ��[��È�e�z#r', '5b1f9d6501e908c9b83196c10e4122dec7701408bd35366b4dbed17d76aedf9a', 24, 1, 'model', '2026-11-29T16:41:52.745Z');
INSERT INTO "completions" VALUES (52, 288, 1, 2, 237845242478632, 'r'||char(26, 21)||'�]�H,'||char(0)||'�PoWHF<|endoftext|>'||char(14)||'N�=�m]�', 'c0a407d2a64c38cc468822281f17242bf8b1d6918330dd26e340241650384ad5', 24, 1, 'model', '2026-11-29T16:41:52.751Z');
INSERT INTO "completions" VALUES (53, 288, 2, 2, 237845242478632, 'r'||char(26, 26)||'r�]3\�\��'||char(10)||'D���J��'||char(1)||'��', 'd9dfdf66c66dae5d418ce29ee6dc118a61526ff8a25680113860efbb48da054b', 24, 1, 'model', '2026-11-29T16:41:52.751Z');
INSERT INTO "completions" VALUES (54, 201, 1, 3, 127723885359482, 'J}B��5z̀p�F���5', '21c450d22c2c9a7665716daa649f6701702725f2938aba004fdd09fe23581c15', 16, 1, 'model', '2026-11-29T16:42:13.687Z');
INSERT INTO "completions" VALUES (55, 201, 3, 3, 127723885359482, 'J}B��jx�;r'||char(27)||'p���T', 'e5749f5826a8be1c22b7a3b8a1fa20de99a4d0907079dab47df38ee8aa902f5d', 16, 1, 'model', '2026-11-29T16:42:13.687Z');
INSERT INTO "completions" VALUES (56, 202, 1, 3, 2791219597101, '���o��&E�ґL�.�', 'e01b480dff2d3646d29ef0d55576c91af9cfabdda79f186bd82a6975a53d39cf', 16, 1, 'model', '2026-11-29T16:42:13.688Z');
INSERT INTO "completions" VALUES (57, 202, 3, 3, 2791219597101, '���o�'||char(10)||'9��]�'||char(19, 17)||'r�', '47071d3978263ae11c07f9e650896d685711e666489a0a3c4f638bc63af47950', 16, 1, 'model', '2026-11-29T16:42:13.688Z');
INSERT INTO "trials" VALUES (1, 'blind', NULL, 1, 2, 2, 3, 'finished', '2026-11-29T16:41:52.395Z', '2026-11-29T16:41:53.476Z', 4, 1, 0, 0, '{PYTHON} inputs/judge.py', '2026-11-29T16:41:53.476Z', 3, '');
INSERT INTO "trials" VALUES (2, 'side_by_side', NULL, 1, 3, 3, 2, 'finished', '2026-11-29T16:42:13.474Z', '2026-11-29T16:42:13.689Z', NULL, 1, 0, 0, NULL, NULL, NULL, '');
INSERT INTO "comparisons" VALUES (1, 1, 1, 2, 66010192875207, 0, NULL, 0, '2026-11-29T16:40:05.710Z', 1, 'a', NULL, 0);
INSERT INTO "comparisons" VALUES (2, 2, 3, 4, 70324770652868, 0, NULL, 0, '2026-11-29T16:40:05.883Z', 2, 'b', NULL, 0);
INSERT INTO "comparisons" VALUES (3, 3, 5, 6, 3751338299679, 0, NULL, 0, '2026-11-29T16:40:05.905Z', 3, 'tie', NULL, 0);
INSERT INTO "comparisons" VALUES (4, 4, 7, 8, 108064836026539, 0, NULL, 0, '2026-11-29T16:40:05.920Z', 4, 'both_bad', NULL, 0);
INSERT INTO "comparisons" VALUES (5, 5, 9, 10, 227938917315886, 1, NULL, 0, '2026-11-29T16:40:05.932Z', 5, 'a', NULL, 0);
INSERT INTO "comparisons" VALUES (6, 6, 11, 12, 189676084012325, 0, NULL, 0, '2026-11-29T16:40:05.941Z', 6, 'b', NULL, 0);
INSERT INTO "comparisons" VALUES (7, 7, 13, 14, 143918061726290, 1, NULL, 0, '2026-11-29T16:40:05.942Z', 7, 'skip', NULL, 0);
INSERT INTO "comparisons" VALUES (8, 8, 15, 16, 21809399540792, 1, NULL, 0, '2026-11-29T16:40:05.943Z', 8, 'discard', NULL, 0);
INSERT INTO "comparisons" VALUES (9, 9, 17, 18, 28347035812365, 0, NULL, 0, '2026-11-29T16:40:05.948Z', 11, 'b', NULL, 0);
INSERT INTO "comparisons" VALUES (10, 10, 19, 20, 9982705040877, 0, NULL, 1, '2026-11-29T16:40:05.959Z', 10, 'b', NULL, 0);
INSERT INTO "comparisons" VALUES (11, 11, 21, 22, 97525046521294, 0, NULL, 0, '2026-11-29T16:40:05.960Z', 14, 'skip', NULL, 0);
INSERT INTO "comparisons" VALUES (12, 12, 23, 24, 175190941705972, 1, NULL, 0, '2026-11-29T16:40:05.961Z', NULL, NULL, NULL, 0);
INSERT INTO "comparisons" VALUES (13, 13, 25, 26, 73731872480548, 1, NULL, 0, '2026-11-29T16:40:05.972Z', NULL, NULL, NULL, 0);
INSERT INTO "comparisons" VALUES (14, 11, 22, 27, 0, 1, NULL, 0, '2026-11-29T16:40:31.071Z', 15, 'b', NULL, 0);
INSERT INTO "comparisons" VALUES (15, 291, 28, 29, 28, 1, NULL, 0, '2026-11-29T16:40:32.676Z', 16, 'a', NULL, 0);
INSERT INTO "comparisons" VALUES (16, 292, 30, 31, 30, 0, NULL, 0, '2026-11-29T16:40:32.676Z', 17, 'a', NULL, 0);
INSERT INTO "comparisons" VALUES (17, 293, 32, 33, 32, 0, NULL, 0, '2026-11-29T16:40:32.676Z', 18, 'a', NULL, 0);
INSERT INTO "comparisons" VALUES (18, 294, 34, 35, 34, 0, NULL, 0, '2026-11-29T16:40:32.676Z', 19, 'a', NULL, 0);
INSERT INTO "comparisons" VALUES (19, 295, 36, 37, 36, 0, NULL, 0, '2026-11-29T16:40:32.676Z', 20, 'a', NULL, 0);
INSERT INTO "comparisons" VALUES (20, 296, 38, 39, 38, 0, NULL, 0, '2026-11-29T16:40:32.676Z', 21, 'a', NULL, 0);
INSERT INTO "comparisons" VALUES (21, 297, 40, 41, 40, 1, NULL, 0, '2026-11-29T16:40:32.676Z', 22, 'a', NULL, 0);
INSERT INTO "comparisons" VALUES (22, 298, 42, 43, 42, 1, NULL, 0, '2026-11-29T16:40:32.676Z', 23, 'a', NULL, 0);
INSERT INTO "comparisons" VALUES (23, 299, 44, 45, 44, 1, NULL, 0, '2026-11-29T16:40:32.676Z', 24, 'a', NULL, 0);
INSERT INTO "comparisons" VALUES (24, 300, 46, 47, 46, 1, NULL, 0, '2026-11-29T16:40:32.676Z', 25, 'a', NULL, 0);
INSERT INTO "comparisons" VALUES (25, 290, 48, 49, 45112630182417, 0, 1, 0, '2026-11-29T16:41:52.592Z', 26, 'tie', NULL, 0);
INSERT INTO "comparisons" VALUES (26, 289, 50, 51, 163423471307279, 0, 1, 0, '2026-11-29T16:41:52.745Z', 27, 'b', NULL, 0);
INSERT INTO "comparisons" VALUES (27, 288, 52, 53, 29754260763559, 0, 1, 0, '2026-11-29T16:41:52.751Z', 28, 'b', NULL, 0);
INSERT INTO "comparisons" VALUES (28, 201, 54, 55, 187202572369575, 1, 2, 0, '2026-11-29T16:42:13.687Z', NULL, NULL, NULL, 0);
INSERT INTO "comparisons" VALUES (29, 202, 56, 57, 170072962512231, 1, 2, 0, '2026-11-29T16:42:13.688Z', NULL, NULL, NULL, 0);
INSERT INTO "verdicts" VALUES (1, 1, '2026-11-29T16:40:13.253Z', 'a', 1, NULL, 'none', NULL, 1, '', 'person', NULL);
INSERT INTO "verdicts" VALUES (2, 2, '2026-11-29T16:40:15.243Z', 'b', 2, NULL, 'none', NULL, 1, '', 'person', NULL);
INSERT INTO "verdicts" VALUES (3, 3, '2026-11-29T16:40:17.015Z', 'tie', 1, NULL, 'none', NULL, 1, '', 'person', NULL);
INSERT INTO "verdicts" VALUES (4, 4, '2026-11-29T16:40:19.010Z', 'both_bad', 1, NULL, 'none', NULL, 1, '', 'person', NULL);
INSERT INTO "verdicts" VALUES (5, 5, '2026-11-29T16:40:20.896Z', 'a', 1, NULL, 'none', NULL, 1, 'plain words', 'person', NULL);
INSERT INTO "verdicts" VALUES (6, 6, '2026-11-29T16:40:22.561Z', 'b', 2, NULL, 'none', NULL, 1, 'a note with "quotes" and ü', 'person', NULL);
INSERT INTO "verdicts" VALUES (7, 7, '2026-11-29T16:40:24.230Z', 'skip', 1, NULL, 'none', NULL, 1, '', 'person', NULL);
INSERT INTO "verdicts" VALUES (8, 8, '2026-11-29T16:40:25.299Z', 'discard', 1, NULL, 'none', NULL, 1, '', 'person', NULL);
INSERT INTO "verdicts" VALUES (9, 9, '2026-11-29T16:40:26.204Z', 'a', 1, NULL, 'none', NULL, 1, '', 'person', NULL);
INSERT INTO "verdicts" VALUES (10, 10, '2026-11-29T16:40:27.874Z', 'b', 1, NULL, 'none', NULL, 1, '', 'person', NULL);
INSERT INTO "verdicts" VALUES (11, 9, '2026-11-29T16:40:29.463Z', 'b', 1, NULL, 'none', NULL, 1, '', 'person', NULL);
INSERT INTO "verdicts" VALUES (12, 11, '2026-11-29T16:40:31.056Z', 'a', 1, NULL, 'none', NULL, 1, '', 'person', NULL);
INSERT INTO "verdicts" VALUES (13, 11, '2026-11-29T16:40:31.064Z', 'undo', 1, NULL, 'none', NULL, 1, '', 'person', 12);
INSERT INTO "verdicts" VALUES (14, 11, '2026-11-29T16:40:31.071Z', 'skip', 1, NULL, 'none', NULL, 1, '', 'person', NULL);
INSERT INTO "verdicts" VALUES (15, 14, '2026-11-29T16:40:31.071Z', 'b', 1, NULL, 'none', NULL, 0, '', 'person', NULL);
INSERT INTO "verdicts" VALUES (16, 15, '2026-11-29T16:40:32.676Z', 'a', 1, NULL, 'none', NULL, 0, '', 'import', NULL);
INSERT INTO "verdicts" VALUES (17, 16, '2026-11-29T16:40:32.676Z', 'a', 1, NULL, 'none', NULL, 0, '', 'import', NULL);
INSERT INTO "verdicts" VALUES (18, 17, '2026-11-29T16:40:32.676Z', 'a', 1, NULL, 'none', NULL, 0, '', 'import', NULL);
INSERT INTO "verdicts" VALUES (19, 18, '2026-11-29T16:40:32.676Z', 'a', 1, NULL, 'none', NULL, 0, '', 'import', NULL);
INSERT INTO "verdicts" VALUES (20, 19, '2026-11-29T16:40:32.676Z', 'a', 1, NULL, 'none', NULL, 0, '', 'import', NULL);
INSERT INTO "verdicts" VALUES (21, 20, '2026-11-29T16:40:32.676Z', 'a', 1, NULL, 'none', NULL, 0, '', 'import', NULL);
INSERT INTO "verdicts" VALUES (22, 21, '2026-11-29T16:40:32.676Z', 'a', 1, NULL, 'none', NULL, 0, '', 'import', NULL);
INSERT INTO "verdicts" VALUES (23, 22, '2026-11-29T16:40:32.676Z', 'a', 1, NULL, 'none', NULL, 0, '', 'import', NULL);
INSERT INTO "verdicts" VALUES (24, 23, '2026-11-29T16:40:32.676Z', 'a', 1, NULL, 'none', NULL, 0, '', 'import', NULL);
INSERT INTO "verdicts" VALUES (25, 24, '2026-11-29T16:40:32.676Z', 'a', 1, NULL, 'none', NULL, 0, '', 'import', NULL);
INSERT INTO "verdicts" VALUES (26, 25, '2026-11-29T16:41:53.116Z', 'tie', 1, NULL, 'none', NULL, 1, 'with a first: tie; with b first: tie', 'person', NULL);
INSERT INTO "verdicts" VALUES (27, 26, '2026-11-29T16:41:53.286Z', 'b', 1, NULL, 'none', NULL, 1, 'with a first: second; with b first: first', 'person', NULL);
INSERT INTO "verdicts" VALUES (28, 27, '2026-11-29T16:41:53.470Z', 'b', 1, NULL, 'none', NULL, 1, 'with a first: second; with b first: first', 'person', NULL);
INSERT INTO "runs" VALUES (1, 'taste-1', 'finished', '{"batch_size":4,"beta":0.1,"checkpoint_every":2,"cut":"no-end","early_stop":null,"epochs":1,"eval_every":null,"eval_share":0.1,"gradient_accumulation_steps":1,"gradient_checkpointing":"auto","label_smoothing":0.0,"learning_rate":5e-05,"lora_alpha":32,"lora_dropout":0.05,"lora_r":16,"loss":"sigmoid","lr_scheduler":"linear","max_grad_norm":1.0,"max_length":1024,"max_steps":null,"reference":"start","scoring":"auto","seed":42,"sft_weight":0.0,"target_modules":"all-linear","truncation":"leave-out","warmup_ratio":0.0,"weight_decay":0.0}', '{"palate":"0.1.0","peft":"0.21.2","python":"3.11.7","torch":"2.13.0+cpu","transformers":"5.23.0"}', 1, 'a8d923d33', NULL, '2026-11-29T16:40:49.103Z', '2026-11-29T16:40:51.762Z', '2026-11-29T16:40:51.540Z', 4, NULL, 'first try', NULL, '["short","warm"]', 0, 0.0);
INSERT INTO "runs" VALUES (2, 'second', 'finished', '{"batch_size":4,"beta":0.3,"checkpoint_every":10,"cut":"no-end","early_stop":null,"epochs":1,"eval_every":null,"eval_share":0.2,"gradient_accumulation_steps":1,"gradient_checkpointing":"auto","label_smoothing":0.0,"learning_rate":0.0002,"lora_alpha":16,"lora_dropout":0.05,"lora_r":8,"loss":"ipo","lr_scheduler":"linear","max_grad_norm":1.0,"max_length":1024,"max_steps":null,"reference":"start","scoring":"auto","seed":42,"sft_weight":0.0,"target_modules":"all-linear","truncation":"leave-out","warmup_ratio":0.0,"weight_decay":0.0}', '{"palate":"0.1.0","peft":"0.21.2","python":"3.11.7","torch":"2.13.0+cpu","transformers":"5.23.0"}', 1, 'a5656cd4c', NULL, '2026-11-29T16:41:25.643Z', '2026-11-29T16:41:29.943Z', '2026-11-29T16:41:29.527Z', 4, NULL, '', NULL, '[]', 0, 0.0);
INSERT INTO "runs" VALUES (3, 'killed', 'running', '{"batch_size":3,"beta":0.1,"checkpoint_every":3,"cut":"no-end","early_stop":null,"epochs":3,"eval_every":4,"eval_share":0.1,"gradient_accumulation_steps":1,"gradient_checkpointing":"auto","label_smoothing":0.0,"learning_rate":5e-05,"lora_alpha":32,"lora_dropout":0.1,"lora_r":16,"loss":"sigmoid","lr_scheduler":"linear","max_grad_norm":1.0,"max_length":1024,"max_steps":null,"reference":"start","scoring":"auto","seed":42,"sft_weight":0.0,"target_modules":"all-linear","truncation":"leave-out","warmup_ratio":0.0,"weight_decay":0.0}', '{"palate":"0.1.0","peft":"0.21.2","python":"3.11.7","torch":"2.13.0+cpu","transformers":"5.23.0"}', 1, NULL, NULL, '2026-11-29T16:42:35.974Z', NULL, '2026-11-29T16:42:38.509Z', 15, NULL, '', NULL, '[]', 0, 0.0);
INSERT INTO "run_pairs" VALUES (1, 1, 1, 'train');
INSERT INTO "run_pairs" VALUES (1, 2, 2, 'train');
INSERT INTO "run_pairs" VALUES (1, 5, 5, 'train');
INSERT INTO "run_pairs" VALUES (1, 6, 6, 'train');
INSERT INTO "run_pairs" VALUES (1, 9, 11, 'train');
INSERT INTO "run_pairs" VALUES (1, 14, 15, 'train');
INSERT INTO "run_pairs" VALUES (1, 15, 16, 'train');
INSERT INTO "run_pairs" VALUES (1, 16, 17, 'train');
INSERT INTO "run_pairs" VALUES (1, 17, 18, 'train');
INSERT INTO "run_pairs" VALUES (1, 18, 19, 'train');
INSERT INTO "run_pairs" VALUES (1, 19, 20, 'train');
INSERT INTO "run_pairs" VALUES (1, 20, 21, 'eval');
INSERT INTO "run_pairs" VALUES (1, 21, 22, 'train');
INSERT INTO "run_pairs" VALUES (1, 22, 23, 'train');
INSERT INTO "run_pairs" VALUES (1, 23, 24, 'train');
INSERT INTO "run_pairs" VALUES (1, 24, 25, 'train');
INSERT INTO "run_pairs" VALUES (2, 1, 1, 'train');
INSERT INTO "run_pairs" VALUES (2, 2, 2, 'train');
INSERT INTO "run_pairs" VALUES (2, 5, 5, 'train');
INSERT INTO "run_pairs" VALUES (2, 6, 6, 'train');
INSERT INTO "run_pairs" VALUES (2, 9, 11, 'train');
INSERT INTO "run_pairs" VALUES (2, 14, 15, 'eval');
INSERT INTO "run_pairs" VALUES (2, 15, 16, 'train');
INSERT INTO "run_pairs" VALUES (2, 16, 17, 'train');
INSERT INTO "run_pairs" VALUES (2, 17, 18, 'train');
INSERT INTO "run_pairs" VALUES (2, 18, 19, 'train');
INSERT INTO "run_pairs" VALUES (2, 19, 20, 'train');
INSERT INTO "run_pairs" VALUES (2, 20, 21, 'eval');
INSERT INTO "run_pairs" VALUES (2, 21, 22, 'train');
INSERT INTO "run_pairs" VALUES (2, 22, 23, 'eval');
INSERT INTO "run_pairs" VALUES (2, 23, 24, 'train');
INSERT INTO "run_pairs" VALUES (2, 24, 25, 'train');
INSERT INTO "run_pairs" VALUES (3, 1, 1, 'train');
INSERT INTO "run_pairs" VALUES (3, 2, 2, 'train');
INSERT INTO "run_pairs" VALUES (3, 5, 5, 'train');
INSERT INTO "run_pairs" VALUES (3, 6, 6, 'train');
INSERT INTO "run_pairs" VALUES (3, 9, 11, 'train');
INSERT INTO "run_pairs" VALUES (3, 14, 15, 'train');
INSERT INTO "run_pairs" VALUES (3, 15, 16, 'train');
INSERT INTO "run_pairs" VALUES (3, 16, 17, 'train');
INSERT INTO "run_pairs" VALUES (3, 17, 18, 'train');
INSERT INTO "run_pairs" VALUES (3, 18, 19, 'train');
INSERT INTO "run_pairs" VALUES (3, 19, 20, 'train');
INSERT INTO "run_pairs" VALUES (3, 20, 21, 'eval');
INSERT INTO "run_pairs" VALUES (3, 21, 22, 'train');
INSERT INTO "run_pairs" VALUES (3, 22, 23, 'train');
INSERT INTO "run_pairs" VALUES (3, 23, 24, 'train');
INSERT INTO "run_pairs" VALUES (3, 24, 25, 'train');
INSERT INTO "metrics" VALUES (1, 'entropy', 1, 4.95929727736552);
INSERT INTO "metrics" VALUES (1, 'entropy', 2, 4.9704875162203015);
INSERT INTO "metrics" VALUES (1, 'entropy', 3, 4.962357830527602);
INSERT INTO "metrics" VALUES (1, 'entropy', 4, 4.9759662974964485);
INSERT INTO "metrics" VALUES (1, 'epoch', 1, 0.25);
INSERT INTO "metrics" VALUES (1, 'epoch', 2, 0.5);
INSERT INTO "metrics" VALUES (1, 'epoch', 3, 0.75);
INSERT INTO "metrics" VALUES (1, 'epoch', 4, 1.0);
INSERT INTO "metrics" VALUES (1, 'eval_entropy', 4, 4.9869203825254695);
INSERT INTO "metrics" VALUES (1, 'eval_logits/chosen', 4, -0.03324037790298462);
INSERT INTO "metrics" VALUES (1, 'eval_logits/rejected', 4, 0.005272854415197221);
INSERT INTO "metrics" VALUES (1, 'eval_logps/chosen', 4, -72.43455505371094);
INSERT INTO "metrics" VALUES (1, 'eval_logps/rejected', 4, -387.1547546386719);
INSERT INTO "metrics" VALUES (1, 'eval_loss', 4, 0.6746092438697815);
INSERT INTO "metrics" VALUES (1, 'eval_mean_token_accuracy', 4, 0.0);
INSERT INTO "metrics" VALUES (1, 'eval_rewards/accuracies', 4, 1.0);
INSERT INTO "metrics" VALUES (1, 'eval_rewards/accuracies_high', 4, 1.0);
INSERT INTO "metrics" VALUES (1, 'eval_rewards/accuracies_low', 4, 0.20654931437723745);
INSERT INTO "metrics" VALUES (1, 'eval_rewards/chosen', 4, 5.3405761718750005e-06);
INSERT INTO "metrics" VALUES (1, 'eval_rewards/margins', 4, 0.037425994873046875);
INSERT INTO "metrics" VALUES (1, 'eval_rewards/rejected', 4, -0.037420654296875);
INSERT INTO "metrics" VALUES (1, 'flops_per_second', 1, 2502084962.960767);
INSERT INTO "metrics" VALUES (1, 'flops_per_second', 2, 5732066349.824688);
INSERT INTO "metrics" VALUES (1, 'flops_per_second', 3, 9041329202.505024);
INSERT INTO "metrics" VALUES (1, 'flops_per_second', 4, 6108302704.922674);
INSERT INTO "metrics" VALUES (1, 'grad_norm', 1, 6.34224796295166);
INSERT INTO "metrics" VALUES (1, 'grad_norm', 2, 7.744534015655518);
INSERT INTO "metrics" VALUES (1, 'grad_norm', 3, 5.684998512268066);
INSERT INTO "metrics" VALUES (1, 'grad_norm', 4, 7.697679042816162);
INSERT INTO "metrics" VALUES (1, 'learning_rate', 1, 5e-05);
INSERT INTO "metrics" VALUES (1, 'learning_rate', 2, 3.7500000000000003e-05);
INSERT INTO "metrics" VALUES (1, 'learning_rate', 3, 2.5e-05);
INSERT INTO "metrics" VALUES (1, 'learning_rate', 4, 1.25e-05);
INSERT INTO "metrics" VALUES (1, 'logits/chosen', 1, -0.02789609228508382);
INSERT INTO "metrics" VALUES (1, 'logits/chosen', 2, -0.047394360814775736);
INSERT INTO "metrics" VALUES (1, 'logits/chosen', 3, -0.011290721119718348);
INSERT INTO "metrics" VALUES (1, 'logits/chosen', 4, -0.03385886922478676);
INSERT INTO "metrics" VALUES (1, 'logits/rejected', 1, -0.037866197335414395);
INSERT INTO "metrics" VALUES (1, 'logits/rejected', 2, 0.0017243556976318359);
INSERT INTO "metrics" VALUES (1, 'logits/rejected', 3, -0.003459528257262032);
INSERT INTO "metrics" VALUES (1, 'logits/rejected', 4, 0.004219762029800009);
INSERT INTO "metrics" VALUES (1, 'logps/chosen', 1, -467.4864196777344);
INSERT INTO "metrics" VALUES (1, 'logps/chosen', 2, -68.65862083435059);
INSERT INTO "metrics" VALUES (1, 'logps/chosen', 3, -282.1983470916748);
INSERT INTO "metrics" VALUES (1, 'logps/chosen', 4, -69.31183369954427);
INSERT INTO "metrics" VALUES (1, 'logps/rejected', 1, -445.1494598388672);
INSERT INTO "metrics" VALUES (1, 'logps/rejected', 2, -385.71568298339844);
INSERT INTO "metrics" VALUES (1, 'logps/rejected', 3, -399.17674255371094);
INSERT INTO "metrics" VALUES (1, 'logps/rejected', 4, -387.275634765625);
INSERT INTO "metrics" VALUES (1, 'loss', 1, 0.6931471824645996);
INSERT INTO "metrics" VALUES (1, 'loss', 2, 0.693266436457634);
INSERT INTO "metrics" VALUES (1, 'loss', 3, 0.6901223063468933);
INSERT INTO "metrics" VALUES (1, 'loss', 4, 0.6777361432711283);
INSERT INTO "metrics" VALUES (1, 'mean_token_accuracy', 1, 0.0031645569620253164);
INSERT INTO "metrics" VALUES (1, 'mean_token_accuracy', 2, 0.0);
INSERT INTO "metrics" VALUES (1, 'mean_token_accuracy', 3, 0.0);
INSERT INTO "metrics" VALUES (1, 'mean_token_accuracy', 4, 0.0);
INSERT INTO "metrics" VALUES (1, 'num_tokens', 1, 1062.0);
INSERT INTO "metrics" VALUES (1, 'num_tokens', 2, 1644.0);
INSERT INTO "metrics" VALUES (1, 'num_tokens', 3, 2497.0);
INSERT INTO "metrics" VALUES (1, 'num_tokens', 4, 2933.0);
INSERT INTO "metrics" VALUES (1, 'pairs_per_second', 1, 59.03567584919692);
INSERT INTO "metrics" VALUES (1, 'pairs_per_second', 2, 339.2918063885971);
INSERT INTO "metrics" VALUES (1, 'pairs_per_second', 3, 291.69522544806784);
INSERT INTO "metrics" VALUES (1, 'pairs_per_second', 4, 361.1478579019433);
INSERT INTO "metrics" VALUES (1, 'rewards/accuracies', 1, 0.0);
INSERT INTO "metrics" VALUES (1, 'rewards/accuracies', 2, 0.25);
INSERT INTO "metrics" VALUES (1, 'rewards/accuracies', 3, 0.5);
INSERT INTO "metrics" VALUES (1, 'rewards/accuracies', 4, 1.0);
INSERT INTO "metrics" VALUES (1, 'rewards/chosen', 1, 0.0);
INSERT INTO "metrics" VALUES (1, 'rewards/chosen', 2, -0.0004878997802734375);
INSERT INTO "metrics" VALUES (1, 'rewards/chosen', 3, -0.008661460876464844);
INSERT INTO "metrics" VALUES (1, 'rewards/chosen', 4, -0.0007047017415364584);
INSERT INTO "metrics" VALUES (1, 'rewards/margins', 1, 0.0);
INSERT INTO "metrics" VALUES (1, 'rewards/margins', 2, -0.0002384185791015625);
INSERT INTO "metrics" VALUES (1, 'rewards/margins', 3, 0.006095314025878908);
INSERT INTO "metrics" VALUES (1, 'rewards/margins', 4, 0.03106511433919271);
INSERT INTO "metrics" VALUES (1, 'rewards/rejected', 1, 0.0);
INSERT INTO "metrics" VALUES (1, 'rewards/rejected', 2, -0.000249481201171875);
INSERT INTO "metrics" VALUES (1, 'rewards/rejected', 3, -0.01475677490234375);
INSERT INTO "metrics" VALUES (1, 'rewards/rejected', 4, -0.03176981608072917);
INSERT INTO "metrics" VALUES (2, 'entropy', 1, 4.960755571556801);
INSERT INTO "metrics" VALUES (2, 'entropy', 2, 4.9671205750310605);
INSERT INTO "metrics" VALUES (2, 'entropy', 3, 4.967006427065039);
INSERT INTO "metrics" VALUES (2, 'entropy', 4, 4.965335528055827);
INSERT INTO "metrics" VALUES (2, 'epoch', 1, 0.25);
INSERT INTO "metrics" VALUES (2, 'epoch', 2, 0.5);
INSERT INTO "metrics" VALUES (2, 'epoch', 3, 0.75);
INSERT INTO "metrics" VALUES (2, 'epoch', 4, 1.0);
INSERT INTO "metrics" VALUES (2, 'eval_entropy', 4, 4.969962861802843);
INSERT INTO "metrics" VALUES (2, 'eval_logits/chosen', 4, -0.014434703758784704);
INSERT INTO "metrics" VALUES (2, 'eval_logits/rejected', 4, 0.0021347641944885255);
INSERT INTO "metrics" VALUES (2, 'eval_logps/chosen', 4, -196.21731821695963);
INSERT INTO "metrics" VALUES (2, 'eval_logps/rejected', 4, -382.7678527832031);
INSERT INTO "metrics" VALUES (2, 'eval_loss', 4, 2.7028116385142007);
INSERT INTO "metrics" VALUES (2, 'eval_loss_high', 4, 2.859830824208908);
INSERT INTO "metrics" VALUES (2, 'eval_loss_low', 4, 2.5457924528194935);
INSERT INTO "metrics" VALUES (2, 'eval_mean_token_accuracy', 4, 0.0);
INSERT INTO "metrics" VALUES (2, 'eval_rewards/accuracies', 4, 0.6666666666666666);
INSERT INTO "metrics" VALUES (2, 'eval_rewards/accuracies_high', 4, 0.9385080552796038);
INSERT INTO "metrics" VALUES (2, 'eval_rewards/accuracies_low', 4, 0.20765960080204782);
INSERT INTO "metrics" VALUES (2, 'eval_rewards/chosen', 4, 0.026667785644531247);
INSERT INTO "metrics" VALUES (2, 'eval_rewards/margins', 4, 0.17742156982421875);
INSERT INTO "metrics" VALUES (2, 'eval_rewards/margins_high', 4, 0.5600246302641257);
INSERT INTO "metrics" VALUES (2, 'eval_rewards/margins_low', 4, -0.20518149061568824);
INSERT INTO "metrics" VALUES (2, 'eval_rewards/rejected', 4, -0.15075378417968752);
INSERT INTO "metrics" VALUES (2, 'flops_per_second', 1, 84149653.52525793);
INSERT INTO "metrics" VALUES (2, 'flops_per_second', 2, 1625198994.2164752);
INSERT INTO "metrics" VALUES (2, 'flops_per_second', 3, 1509889623.8645039);
INSERT INTO "metrics" VALUES (2, 'flops_per_second', 4, 524120797.3715975);
INSERT INTO "metrics" VALUES (2, 'grad_norm', 1, 3.9846479892730713);
INSERT INTO "metrics" VALUES (2, 'grad_norm', 2, 7.957757949829102);
INSERT INTO "metrics" VALUES (2, 'grad_norm', 3, 7.840587615966797);
INSERT INTO "metrics" VALUES (2, 'grad_norm', 4, 12.61790657043457);
INSERT INTO "metrics" VALUES (2, 'learning_rate', 1, 0.0002);
INSERT INTO "metrics" VALUES (2, 'learning_rate', 2, 0.00015000000000000001);
INSERT INTO "metrics" VALUES (2, 'learning_rate', 3, 0.0001);
INSERT INTO "metrics" VALUES (2, 'learning_rate', 4, 5e-05);
INSERT INTO "metrics" VALUES (2, 'logits/chosen', 1, -0.026565936367207593);
INSERT INTO "metrics" VALUES (2, 'logits/chosen', 2, -0.03584818762281666);
INSERT INTO "metrics" VALUES (2, 'logits/chosen', 3, -0.014541205109619513);
INSERT INTO "metrics" VALUES (2, 'logits/chosen', 4, -0.05287362933158875);
INSERT INTO "metrics" VALUES (2, 'logits/rejected', 1, -0.030592951532137595);
INSERT INTO "metrics" VALUES (2, 'logits/rejected', 2, -0.007625967878080933);
INSERT INTO "metrics" VALUES (2, 'logits/rejected', 3, -0.0018469453083746362);
INSERT INTO "metrics" VALUES (2, 'logits/rejected', 4, 0.0018806164303133564);
INSERT INTO "metrics" VALUES (2, 'logps/chosen', 1, -357.7223529815674);
INSERT INTO "metrics" VALUES (2, 'logps/chosen', 2, -177.61587524414062);
INSERT INTO "metrics" VALUES (2, 'logps/chosen', 3, -189.04628944396973);
INSERT INTO "metrics" VALUES (2, 'logps/chosen', 4, -66.3673324584961);
INSERT INTO "metrics" VALUES (2, 'logps/rejected', 1, -429.27835845947266);
INSERT INTO "metrics" VALUES (2, 'logps/rejected', 2, -401.7477035522461);
INSERT INTO "metrics" VALUES (2, 'logps/rejected', 3, -404.85057067871094);
INSERT INTO "metrics" VALUES (2, 'logps/rejected', 4, -379.35101318359375);
INSERT INTO "metrics" VALUES (2, 'loss', 1, 2.777777671813965);
INSERT INTO "metrics" VALUES (2, 'loss', 2, 2.7566255927085876);
INSERT INTO "metrics" VALUES (2, 'loss', 3, 2.730427086353302);
INSERT INTO "metrics" VALUES (2, 'loss', 4, 2.679396867752075);
INSERT INTO "metrics" VALUES (2, 'mean_token_accuracy', 1, 0.00411522633744856);
INSERT INTO "metrics" VALUES (2, 'mean_token_accuracy', 2, 0.0);
INSERT INTO "metrics" VALUES (2, 'mean_token_accuracy', 3, 0.0);
INSERT INTO "metrics" VALUES (2, 'mean_token_accuracy', 4, 0.0);
INSERT INTO "metrics" VALUES (2, 'num_tokens', 1, 962.0);
INSERT INTO "metrics" VALUES (2, 'num_tokens', 2, 1644.0);
INSERT INTO "metrics" VALUES (2, 'num_tokens', 3, 2365.0);
INSERT INTO "metrics" VALUES (2, 'num_tokens', 4, 2509.0);
INSERT INTO "metrics" VALUES (2, 'pairs_per_second', 1, 2.2981983341382186);
INSERT INTO "metrics" VALUES (2, 'pairs_per_second', 2, 71.71689768961635);
INSERT INTO "metrics" VALUES (2, 'pairs_per_second', 3, 61.44116614354454);
INSERT INTO "metrics" VALUES (2, 'pairs_per_second', 4, 31.4957058755277);
INSERT INTO "metrics" VALUES (2, 'rewards/accuracies', 1, 0.0);
INSERT INTO "metrics" VALUES (2, 'rewards/accuracies', 2, 1.0);
INSERT INTO "metrics" VALUES (2, 'rewards/accuracies', 3, 0.75);
INSERT INTO "metrics" VALUES (2, 'rewards/accuracies', 4, 1.0);
INSERT INTO "metrics" VALUES (2, 'rewards/chosen', 1, 0.0);
INSERT INTO "metrics" VALUES (2, 'rewards/chosen', 2, 0.014677619934082032);
INSERT INTO "metrics" VALUES (2, 'rewards/chosen', 3, 0.010869026184082028);
INSERT INTO "metrics" VALUES (2, 'rewards/chosen', 4, 0.05756607055664062);
INSERT INTO "metrics" VALUES (2, 'rewards/margins', 1, 0.0);
INSERT INTO "metrics" VALUES (2, 'rewards/margins', 2, 0.06255970001220704);
INSERT INTO "metrics" VALUES (2, 'rewards/margins', 3, 0.09612979888916015);
INSERT INTO "metrics" VALUES (2, 'rewards/margins', 4, 0.2545692443847656);
INSERT INTO "metrics" VALUES (2, 'rewards/rejected', 1, 0.0);
INSERT INTO "metrics" VALUES (2, 'rewards/rejected', 2, -0.047882080078125);
INSERT INTO "metrics" VALUES (2, 'rewards/rejected', 3, -0.08526077270507812);
INSERT INTO "metrics" VALUES (2, 'rewards/rejected', 4, -0.197003173828125);
INSERT INTO "metrics" VALUES (3, 'entropy', 1, 4.960496836695178);
INSERT INTO "metrics" VALUES (3, 'entropy', 2, 4.963186569702931);
INSERT INTO "metrics" VALUES (3, 'entropy', 3, 4.969481344576235);
INSERT INTO "metrics" VALUES (3, 'epoch', 1, 0.2);
INSERT INTO "metrics" VALUES (3, 'epoch', 2, 0.4);
INSERT INTO "metrics" VALUES (3, 'epoch', 3, 0.6);
INSERT INTO "metrics" VALUES (3, 'flops_per_second', 1, 109830563.94101295);
INSERT INTO "metrics" VALUES (3, 'flops_per_second', 2, 2217124224.1277146);
INSERT INTO "metrics" VALUES (3, 'flops_per_second', 3, 1859994337.6593628);
INSERT INTO "metrics" VALUES (3, 'grad_norm', 1, 6.9982590675354);
INSERT INTO "metrics" VALUES (3, 'grad_norm', 2, 6.880218505859375);
INSERT INTO "metrics" VALUES (3, 'grad_norm', 3, 8.558977127075195);
INSERT INTO "metrics" VALUES (3, 'learning_rate', 1, 5e-05);
INSERT INTO "metrics" VALUES (3, 'learning_rate', 2, 4.666666666666667e-05);
INSERT INTO "metrics" VALUES (3, 'learning_rate', 3, 4.3333333333333334e-05);
INSERT INTO "metrics" VALUES (3, 'logits/chosen', 1, -0.025583060137156784);
INSERT INTO "metrics" VALUES (3, 'logits/chosen', 2, -0.03602859096707038);
INSERT INTO "metrics" VALUES (3, 'logits/chosen', 3, -0.048282936215400696);
INSERT INTO "metrics" VALUES (3, 'logits/rejected', 1, -0.03926329674391911);
INSERT INTO "metrics" VALUES (3, 'logits/rejected', 2, -0.011211673430736783);
INSERT INTO "metrics" VALUES (3, 'logits/rejected', 3, 0.0006467057492143364);
INSERT INTO "metrics" VALUES (3, 'logps/chosen', 1, -452.4828287760417);
INSERT INTO "metrics" VALUES (3, 'logps/chosen', 2, -218.8407211303711);
INSERT INTO "metrics" VALUES (3, 'logps/chosen', 3, -65.14127858479817);
INSERT INTO "metrics" VALUES (3, 'logps/rejected', 1, -441.48630777994794);
INSERT INTO "metrics" VALUES (3, 'logps/rejected', 2, -413.2820739746094);
INSERT INTO "metrics" VALUES (3, 'logps/rejected', 3, -380.61146036783856);
INSERT INTO "metrics" VALUES (3, 'loss', 1, 0.6931471824645996);
INSERT INTO "metrics" VALUES (3, 'loss', 2, 0.691502849260966);
INSERT INTO "metrics" VALUES (3, 'loss', 3, 0.6848465800285339);
INSERT INTO "metrics" VALUES (3, 'mean_token_accuracy', 1, 0.004310344827586207);
INSERT INTO "metrics" VALUES (3, 'mean_token_accuracy', 2, 0.0);
INSERT INTO "metrics" VALUES (3, 'mean_token_accuracy', 3, 0.0);
INSERT INTO "metrics" VALUES (3, 'num_tokens', 1, 814.0);
INSERT INTO "metrics" VALUES (3, 'num_tokens', 2, 1356.0);
INSERT INTO "metrics" VALUES (3, 'num_tokens', 3, 1788.0);
INSERT INTO "metrics" VALUES (3, 'pairs_per_second', 1, 2.5499093046984185);
INSERT INTO "metrics" VALUES (3, 'pairs_per_second', 2, 89.15077821525216);
INSERT INTO "metrics" VALUES (3, 'pairs_per_second', 3, 111.77162761494502);
INSERT INTO "metrics" VALUES (3, 'rewards/accuracies', 1, 0.0);
INSERT INTO "metrics" VALUES (3, 'rewards/accuracies', 2, 0.3333333333333333);
INSERT INTO "metrics" VALUES (3, 'rewards/accuracies', 3, 1.0);
INSERT INTO "metrics" VALUES (3, 'rewards/chosen', 1, 0.0);
INSERT INTO "metrics" VALUES (3, 'rewards/chosen', 2, -0.00158233642578125);
INSERT INTO "metrics" VALUES (3, 'rewards/chosen', 3, -0.0008127848307291668);
INSERT INTO "metrics" VALUES (3, 'rewards/margins', 1, 0.0);
INSERT INTO "metrics" VALUES (3, 'rewards/margins', 2, 0.0032994588216145836);
INSERT INTO "metrics" VALUES (3, 'rewards/margins', 3, 0.016670735677083336);
INSERT INTO "metrics" VALUES (3, 'rewards/rejected', 1, 0.0);
INSERT INTO "metrics" VALUES (3, 'rewards/rejected', 2, -0.004881795247395833);
INSERT INTO "metrics" VALUES (3, 'rewards/rejected', 3, -0.0174835205078125);
INSERT INTO "run_log" VALUES (1, 1, '2026-11-29T16:40:49.866Z', 'info', 'In float32: asked for by name.');
INSERT INTO "run_log" VALUES (2, 1, '2026-11-29T16:40:49.883Z', 'info', 'On cpu: asked for by name.');
INSERT INTO "run_log" VALUES (3, 1, '2026-11-29T16:40:50.032Z', 'info', 'Nothing is compiled: this run is too short to gain by it.');
INSERT INTO "run_log" VALUES (4, 1, '2026-11-29T16:40:50.039Z', 'info', 'Only 1 pair to evaluate on: the evaluation figures will jump about.');
INSERT INTO "run_log" VALUES (5, 1, '2026-11-29T16:40:50.299Z', 'warning', 'The chosen answers become less likely while the margin grows: the run unlearns the rejected ones more than it learns the chosen. If answers turn odd, set --sft-weight 0.2.');
INSERT INTO "run_log" VALUES (6, 1, '2026-11-29T16:40:51.759Z', 'info', 'The run finished after 4 steps.');
INSERT INTO "run_log" VALUES (7, 1, '2026-11-29T16:40:51.762Z', 'info', 'Samples took 0 s beside the run.');
INSERT INTO "run_log" VALUES (8, 2, '2026-11-29T16:41:26.941Z', 'info', 'In float32: asked for by name.');
INSERT INTO "run_log" VALUES (9, 2, '2026-11-29T16:41:26.963Z', 'info', 'On cpu: asked for by name.');
INSERT INTO "run_log" VALUES (10, 2, '2026-11-29T16:41:27.467Z', 'info', 'Nothing is compiled: this run is too short to gain by it.');
INSERT INTO "run_log" VALUES (11, 2, '2026-11-29T16:41:27.471Z', 'info', 'Only 3 pairs to evaluate on: the evaluation figures will jump about.');
INSERT INTO "run_log" VALUES (12, 2, '2026-11-29T16:41:29.931Z', 'info', 'The run finished after 4 steps.');
INSERT INTO "run_log" VALUES (13, 2, '2026-11-29T16:41:29.936Z', 'info', 'Samples took 0 s beside the run.');
INSERT INTO "run_log" VALUES (14, 3, '2026-11-29T16:42:36.927Z', 'info', 'In float32: asked for by name.');
INSERT INTO "run_log" VALUES (15, 3, '2026-11-29T16:42:36.935Z', 'info', 'On cpu: asked for by name.');
INSERT INTO "run_log" VALUES (16, 3, '2026-11-29T16:42:37.172Z', 'info', 'Nothing is compiled: this run is too short to gain by it.');
INSERT INTO "run_log" VALUES (17, 3, '2026-11-29T16:42:37.179Z', 'info', 'Only 1 pair to evaluate on: the evaluation figures will jump about.');
INSERT INTO "run_margins" VALUES (1, 1, 1, 'train', 0.0);
INSERT INTO "run_margins" VALUES (1, 1, 2, 'train', -0.0095611572265625);
INSERT INTO "run_margins" VALUES (1, 1, 5, 'train', 0.0);
INSERT INTO "run_margins" VALUES (1, 1, 6, 'train', 0.0);
INSERT INTO "run_margins" VALUES (1, 1, 9, 'train', 0.0);
INSERT INTO "run_margins" VALUES (1, 1, 14, 'train', -0.001617431640625);
INSERT INTO "run_margins" VALUES (1, 1, 15, 'train', 0.016585540771484376);
INSERT INTO "run_margins" VALUES (1, 1, 16, 'train', 0.03401336669921875);
INSERT INTO "run_margins" VALUES (1, 1, 17, 'train', 0.0005630493164062501);
INSERT INTO "run_margins" VALUES (1, 1, 18, 'train', 0.018974304199218753);
INSERT INTO "run_margins" VALUES (1, 1, 19, 'train', -8.163452148437497e-05);
INSERT INTO "run_margins" VALUES (1, 1, 20, 'eval', 0.037425994873046875);
INSERT INTO "run_margins" VALUES (1, 1, 21, 'train', 0.027539062500000003);
INSERT INTO "run_margins" VALUES (1, 1, 22, 'train', -0.0003295898437500001);
INSERT INTO "run_margins" VALUES (1, 1, 23, 'train', 0.03164291381835938);
INSERT INTO "run_margins" VALUES (1, 1, 24, 'train', -0.001105499267578125);
INSERT INTO "run_margins" VALUES (2, 1, 1, 'train', 0.0);
INSERT INTO "run_margins" VALUES (2, 1, 2, 'train', -0.108636474609375);
INSERT INTO "run_margins" VALUES (2, 1, 5, 'train', 0.0470123291015625);
INSERT INTO "run_margins" VALUES (2, 1, 6, 'train', 0.0);
INSERT INTO "run_margins" VALUES (2, 1, 9, 'train', 0.0);
INSERT INTO "run_margins" VALUES (2, 1, 14, 'eval', -0.00032958984375000555);
INSERT INTO "run_margins" VALUES (2, 1, 15, 'train', 0.16590728759765624);
INSERT INTO "run_margins" VALUES (2, 1, 16, 'train', 0.15819854736328126);
INSERT INTO "run_margins" VALUES (2, 1, 17, 'train', 0.2545692443847656);
INSERT INTO "run_margins" VALUES (2, 1, 18, 'train', 0.06972427368164062);
INSERT INTO "run_margins" VALUES (2, 1, 19, 'train', 0.0700103759765625);
INSERT INTO "run_margins" VALUES (2, 1, 20, 'eval', 0.2713050842285156);
INSERT INTO "run_margins" VALUES (2, 1, 21, 'train', 0.0634918212890625);
INSERT INTO "run_margins" VALUES (2, 1, 22, 'eval', 0.2612892150878906);
INSERT INTO "run_margins" VALUES (2, 1, 23, 'train', 0.1690498352050781);
INSERT INTO "run_margins" VALUES (2, 1, 24, 'train', 0.0);
INSERT INTO "reference_logps" VALUES ('07acad3e17cc8a7e0c61cb8c530cdc796f2dcc924b3d3402116aca1eb644abd9', -64.0782470703125, -380.5975646972656, '2026-11-29T16:40:50.168Z');
INSERT INTO "reference_logps" VALUES ('23305762b8ffc85593cfc00bec5e7d7a34a9fabf1f0a5e625c5c9b38226984da', -72.43460845947266, -386.7805480957031, '2026-11-29T16:40:50.179Z');
INSERT INTO "reference_logps" VALUES ('263b056e2bbab353c10860843df8cb53e2851ecec2bbebd93f5955ab3499dad7', -434.65155029296875, -406.221923828125, '2026-11-29T16:40:50.128Z');
INSERT INTO "reference_logps" VALUES ('47880abec823ad3cd7d32ff65af948b871cc77e89317b6749a2a9caa1f077140', -64.78182220458984, -382.8897399902344, '2026-11-29T16:40:50.155Z');
INSERT INTO "reference_logps" VALUES ('57bf3be925a594a19c5657d5299cea9eb5897f281eff060c41c2cb15309491f6', -70.53657531738281, -390.9063415527344, '2026-11-29T16:40:50.172Z');
INSERT INTO "reference_logps" VALUES ('5c2fe1349f16e17b028c109b273cb36f47e7ef584ee68b019122c2260fc72f13', -66.55921936035156, -378.6943359375, '2026-11-29T16:40:50.163Z');
INSERT INTO "reference_logps" VALUES ('6169369ddbd6072cc5d05dec4ecebb95ebd85e738d7c8eddb7d638329222b107', -442.0206604003906, -450.89910888671875, '2026-11-29T16:40:50.116Z');
INSERT INTO "reference_logps" VALUES ('768772bc3dd20c19a0adce2785253d6b3e757994aee6a7807fb8bc03b9ed0657', -64.7619857788086, -382.0179748535156, '2026-11-29T16:40:50.165Z');
INSERT INTO "reference_logps" VALUES ('7760598ba40c81d747a69a26a1463bef19697fd4ce4e696048cc0269027d7804', -551.14697265625, -455.2745666503906, '2026-11-29T16:40:50.079Z');
INSERT INTO "reference_logps" VALUES ('786a6d64fff4d14c7537e6bc9c6dc24bdf8c1fbe9da6763e439a48afab7db1f9', -73.44092559814453, -392.6545104980469, '2026-11-29T16:40:50.177Z');
INSERT INTO "reference_logps" VALUES ('7ccef3262c1143131df28542454ec91f32fe84e070de2ffa3169e33dc91babc2', -480.7762756347656, -467.337890625, '2026-11-29T16:40:50.055Z');
INSERT INTO "reference_logps" VALUES ('880f85b26bb8c24e757773ab8895207558c888a004a8deed98e4b1fa79c52ea4', -445.94744873046875, -369.109130859375, '2026-11-29T16:40:50.138Z');
INSERT INTO "reference_logps" VALUES ('a1e71f2fa553ea43c7559caadc48737140016d24b9aca991e9bd5618b38687fd', -69.32177734375, -387.5979309082031, '2026-11-29T16:40:50.170Z');
INSERT INTO "reference_logps" VALUES ('b20e74daae1bab7c51d2077701259c555b17a36b042140d3a9c0dba1f958238a', -73.81076049804688, -390.3861389160156, '2026-11-29T16:40:50.175Z');
INSERT INTO "reference_logps" VALUES ('ccc8db5a390175cb2533ef33e59991d1fd4fc591ff07467f383dbf11c8ae3912', -512.4971923828125, -456.138916015625, '2026-11-29T16:40:50.098Z');
INSERT INTO "reference_logps" VALUES ('dedd2b8666e5508af92aadd8efab7efebd78ccd166eabf860bce41369b6c5d6c', -66.59052276611328, -389.71502685546875, '2026-11-29T16:40:50.141Z');
INSERT INTO "settings" VALUES ('adapters_in_use', '{"33ca6fdba860ac847f0b1376f24df1b5c0791f35153db6350fdf5ac7a6c56ff3":"a5656cd4c"}');
INSERT INTO "settings" VALUES ('model', '"{MODEL}"');
INSERT INTO "settings" VALUES ('pair_sets', '{"strong":{"prompt_set":null,"since":null,"strong":true}}');
INSERT INTO "settings" VALUES ('runs', '{"sample_tokens":16,"samples":2}');
INSERT INTO "settings" VALUES ('seed', '1574726877');
INSERT INTO "settings" VALUES ('train_presets', '{"mild":{"beta":0.3,"epochs":1}}');
INSERT INTO "clean_close" VALUES (1, 0);
INSERT INTO "trial_prompts" VALUES (1, 3, 288);
INSERT INTO "trial_prompts" VALUES (1, 2, 289);
INSERT INTO "trial_prompts" VALUES (1, 1, 290);
INSERT INTO "run_samples" VALUES (1, 201, 0, '�N��0Fkk'||char(15)||'�F��}�-', 16, 1);
INSERT INTO "run_samples" VALUES (1, 201, 4, '�N��0Fkk'||char(15)||'�F��}�-', 16, 1);
INSERT INTO "run_samples" VALUES (1, 202, 0, '��'||char(10, 6)||'z��p��Br��I', 16, 1);
INSERT INTO "run_samples" VALUES (1, 202, 4, '��'||char(10, 6)||'z��p��Br��I', 16, 1);
INSERT INTO "run_samples" VALUES (2, 201, 0, '�N��0Fkk'||char(15)||'�F��}�-', 16, 1);
INSERT INTO "run_samples" VALUES (2, 201, 4, '�N��0Fkk'||char(15)||'�F��}�-', 16, 1);
INSERT INTO "run_samples" VALUES (2, 202, 0, '��'||char(10, 6)||'z��p��Br��I', 16, 1);
INSERT INTO "run_samples" VALUES (2, 202, 4, '��'||char(10, 6)||'z��p��Br��I', 16, 1);
INSERT INTO "run_samples" VALUES (3, 201, 0, '�N��0Fkk'||char(15)||'�F��}�-', 16, 1);
INSERT INTO "run_samples" VALUES (3, 202, 0, '��'||char(10, 6)||'z��p��Br��I', 16, 1);
INSERT INTO "verdict_words_data" VALUES (1, X'1b813a811c816320853300');
INSERT INTO "verdict_words_data" VALUES (10, X'00000000020c1b000b0101010201010301010401010501010601010701010801010901010a01010b01010001110102');
INSERT INTO "verdict_words_data" VALUES (137438953473, X'0000023202303012060104090101311206010405010132120204010133120206010135120c01010401020c010161120601040302056464696e67120601020302026e641206010208030473776572120601020a0105626c696e64120601040801096365727461696e6c7912060102020205686f73656e120801041604010366756e12060102070106696d706f7274120c01040b06040802017312100301010301020607020174120601010201066a7564676564120601041a01056d6f64656c12080104120401046e6f6e65120e010407080804060206756d62657273120601020501046f6e6365120601041b0104706c7573120205010473696465120601040602056f75726365120601040a02077472656e67746812060104040103746865120601020903036f7365120601020402047269616c120601040c0107766572646963741206010402010477686174120202020672697474656e120801040e040003316164120601020302016e1208010208040102626c12060104080102636512060102020201681208010416040102667512060102070102696d120c01040b06040802017312100301010301020607020174120601010201026a75120601041a01026d6f12080104120401026e6f120e01040708080406020175120601020501026f6e120601041b0102706c12020501027369120601040602016f120601040a020174120601040401027468120801020407020172120601040c01027665120601040201027768120202020172120801040e0404080806060b080c090b0c100d0a100d080d0d0f0d0b090b0c0e0a0a0b0e090e0a09090909090c0d08090a0d0809070908080a080907');
INSERT INTO "verdict_words_data" VALUES (274877906945, X'0000023202303013060104090101311306010405010133130204010134130206010137130c01010401020c010161130601040302056464696e67130601020302026e641306010208030473776572130601020a0105626c696e64130601040801096365727461696e6c7913060102020205686f73656e130801041604010366756e13060102070106696d706f7274130c01040b06040802017313100301010301020607020174130601010201066a7564676564130601041a01056d6f64656c13080104120401046e6f6e65130e010407080804060206756d62657273130601020501046f6e6365130601041b0104706c7573130205010473696465130601040602056f75726365130601040a02077472656e67746813060104040103746865130601020903036f7365130601020402047269616c130601040c0107766572646963741306010402010477686174130202020672697474656e130801040e040003316164130601020302016e1308010208040102626c13060104080102636513060102020201681308010416040102667513060102070102696d130c01040b06040802017313100301010301020607020174130601010201026a75130601041a01026d6f13080104120401026e6f130e01040708080406020175130601020501026f6e130601041b0102706c13020501027369130601040602016f130601040a020174130601040401027468130801020407020172130601040c01027665130601040201027768130202020172130801040e0404080806060b080c090b0c100d0a100d080d0d0f0d0b090b0c0e0a0a0b0e090e0a09090909090c0d08090a0d0809070908080a080907');
INSERT INTO "verdict_words_data" VALUES (412316860417, X'0000023202303014060104090101311406010405010134140204010135140206010139140c01010401020c010161140601040302056464696e67140601020302026e641406010208030473776572140601020a0105626c696e64140601040801096365727461696e6c7914060102020205686f73656e140801041604010366756e14060102070106696d706f7274140c01040b06040802017314100301010301020607020174140601010201066a7564676564140601041a01056d6f64656c14080104120401046e6f6e65140e010407080804060206756d62657273140601020501046f6e6365140601041b0104706c7573140205010473696465140601040602056f75726365140601040a02077472656e67746814060104040103746865140601020903036f7365140601020402047269616c140601040c0107766572646963741406010402010477686174140202020672697474656e140801040e040003316164140601020302016e1408010208040102626c14060104080102636514060102020201681408010416040102667514060102070102696d140c01040b06040802017314100301010301020607020174140601010201026a75140601041a01026d6f14080104120401026e6f140e01040708080406020175140601020501026f6e140601041b0102706c14020501027369140601040602016f140601040a020174140601040401027468140801020407020172140601040c01027665140601040201027768140202020172140801040e0404080806060b080c090b0c100d0a100d080d0d0f0d0b090b0c0e0a0a0b0e090e0a09090909090c0d08090a0d0809070908080a080907');
INSERT INTO "verdict_words_data" VALUES (549755813889, X'0000023e02303015060104090101311506010405020131150c01010401020c010135150204010136150206010161150601040302056464696e67150601020302026e641506010208030473776572150601020a0105626c696e64150601040801096365727461696e6c7915060102020205686f73656e150801041604010366756e15060102070106696d706f7274150c01040b06040802017315100301010301020607020174150601010201066a7564676564150601041a01056d6f64656c15080104120401046e6f6e65150e010407080804060206756d62657273150601020501046f6e6365150601041b0104706c7573150205010473696465150601040602056f75726365150601040a02077472656e67746815060104040103746865150601020903036f7365150601020402047269616c150601040c0107766572646963741506010402010477686174150202020672697474656e150801040e040003313131150c01010401020c01026164150601020302016e1508010208040102626c15060104080102636515060102020201681508010416040102667515060102070102696d150c01040b06040802017315100301010301020607020174150601010201026a75150601041a01026d6f15080104120401026e6f150e01040708080406020175150601020501026f6e150601041b0102706c15020501027369150601040602016f150601040a020174150601040401027468150801020407020172150601040c01027665150601040201027768150202020172150801040e040408080b0606080c090b0c100d0a100d080d0d0f0d0b090b0c0e0a0a0b0e090e0d0909090909090c0d08090a0d0809070908080a080907');
INSERT INTO "verdict_words_data" VALUES (687194767361, X'0000023e02303016060104090101311606010405020133160c01010401020c010136160204010137160206010161160601040302056464696e67160601020302026e641606010208030473776572160601020a0105626c696e64160601040801096365727461696e6c7916060102020205686f73656e160801041604010366756e16060102070106696d706f7274160c01040b06040802017316100301010301020607020174160601010201066a7564676564160601041a01056d6f64656c16080104120401046e6f6e65160e010407080804060206756d62657273160601020501046f6e6365160601041b0104706c7573160205010473696465160601040602056f75726365160601040a02077472656e67746816060104040103746865160601020903036f7365160601020402047269616c160601040c0107766572646963741606010402010477686174160202020672697474656e160801040e040003313133160c01010401020c01026164160601020302016e1608010208040102626c16060104080102636516060102020201681608010416040102667516060102070102696d160c01040b06040802017316100301010301020607020174160601010201026a75160601041a01026d6f16080104120401026e6f160e01040708080406020175160601020501026f6e160601041b0102706c16020501027369160601040602016f160601040a020174160601040401027468160801020407020172160601040c01027665160601040201027768160202020172160801040e040408080b0606080c090b0c100d0a100d080d0d0f0d0b090b0c0e0a0a0b0e090e0d0909090909090c0d08090a0d0809070908080a080907');
INSERT INTO "verdict_words_data" VALUES (824633720833, X'0000023e02303017060104090101311706010405020135170c01010401020c010137170204010138170206010161170601040302056464696e67170601020302026e641706010208030473776572170601020a0105626c696e64170601040801096365727461696e6c7917060102020205686f73656e170801041604010366756e17060102070106696d706f7274170c01040b06040802017317100301010301020607020174170601010201066a7564676564170601041a01056d6f64656c17080104120401046e6f6e65170e010407080804060206756d62657273170601020501046f6e6365170601041b0104706c7573170205010473696465170601040602056f75726365170601040a02077472656e67746817060104040103746865170601020903036f7365170601020402047269616c170601040c0107766572646963741706010402010477686174170202020672697474656e170801040e040003313135170c01010401020c01026164170601020302016e1708010208040102626c17060104080102636517060102020201681708010416040102667517060102070102696d170c01040b06040802017317100301010301020607020174170601010201026a75170601041a01026d6f17080104120401026e6f170e01040708080406020175170601020501026f6e170601041b0102706c17020501027369170601040602016f170601040a020174170601040401027468170801020407020172170601040c01027665170601040201027768170202020172170801040e040408080b0606080c090b0c100d0a100d080d0d0f0d0b090b0c0e0a0a0b0e090e0d0909090909090c0d08090a0d0809070908080a080907');
INSERT INTO "verdict_words_data" VALUES (962072674305, X'0000023e02303018060104090101311806010405020137180c01010401020c010138180204010139180206010161180601040302056464696e67180601020302026e641806010208030473776572180601020a0105626c696e64180601040801096365727461696e6c7918060102020205686f73656e180801041604010366756e18060102070106696d706f7274180c01040b06040802017318100301010301020607020174180601010201066a7564676564180601041a01056d6f64656c18080104120401046e6f6e65180e010407080804060206756d62657273180601020501046f6e6365180601041b0104706c7573180205010473696465180601040602056f75726365180601040a02077472656e67746818060104040103746865180601020903036f7365180601020402047269616c180601040c0107766572646963741806010402010477686174180202020672697474656e180801040e040003313137180c01010401020c01026164180601020302016e1808010208040102626c18060104080102636518060102020201681808010416040102667518060102070102696d180c01040b06040802017318100301010301020607020174180601010201026a75180601041a01026d6f18080104120401026e6f180e01040708080406020175180601020501026f6e180601041b0102706c18020501027369180601040602016f180601040a020174180601040401027468180801020407020172180601040c01027665180601040201027768180202020172180801040e040408080b0606080c090b0c100d0a100d080d0d0f0d0b090b0c0e0a0a0b0e090e0d0909090909090c0d08090a0d0809070908080a080907');
INSERT INTO "verdict_words_data" VALUES (1099511627777, X'0000024402303019060104090101311906010405020130190206020139190c01010401020c010139190204010161190601040302056464696e67190601020302026e641906010208030473776572190601020a0105626c696e64190601040801096365727461696e6c7919060102020205686f73656e190801041604010366756e19060102070106696d706f7274190c01040b06040802017319100301010301020607020174190601010201066a7564676564190601041a01056d6f64656c19080104120401046e6f6e65190e010407080804060206756d62657273190601020501046f6e6365190601041b0104706c7573190205010473696465190601040602056f75726365190601040a02077472656e67746819060104040103746865190601020903036f7365190601020402047269616c190601040c0107766572646963741906010402010477686174190202020672697474656e190801040e040003313130190206020139190c01010401020c01026164190601020302016e1908010208040102626c19060104080102636519060102020201681908010416040102667519060102070102696d190c01040b06040802017319100301010301020607020174190601010201026a75190601041a01026d6f19080104120401026e6f190e01040708080406020175190601020501026f6e190601041b0102706c19020501027369190601040602016f190601040a020174190601040401027468190801020407020172190601040c01027665190601040201027768190202020172190801040e04040808060b06080c090b0c100d0a100d080d0d0f0d0b090b0c0e0a0a0b0e090e080b0909090909090c0d08090a0d0809070908080a080907');
INSERT INTO "verdict_words_data" VALUES (1236950581249, X'0000020f0230311a0c010405060608020239651a060102070101321a060104150101341a060102030101611a08040103030101621a0601030702046c696e641a06010408010663686f73656e1a06010416010566697273741a0801030406010269731a020301066a75646765641a0601041801056d6f64656c1a0c01040f04030401046e6f6e651a08010407120302756e1a020501046f6e63651a060104190106706572736f6e1a0601040b0101721a0c0101030102060104736964651a0601040602056f757263651a0601040a0201721a0601020202077472656e6774681a0601040401037469651a0e010305060104030201721a06010102030369616c1a0601040c0101751a060101040107766572646963741a060104020104776861741a020202036974681a0801030206020672697474656e1a0801040e0401017a1a060102040201391a0601020500033131391a060102070102626c1a06010408010263681a06010416010266691a0801030406010269731a020301026a751a0601041801026d6f1a0c01040f04030401026e6f1a0a050104071201026f6e1a06010419010270651a0601040b010273691a0601040602016f1a0601040a0201721a060102020201741a06010404010274691a0e010305060104030201721a0c01010201040c010276651a06010402010277681a02020201691a08010302060201721a0801040e0401027a391a06010205040b09080809080b0d0d070d0f0c070b0d0b0b0c080e0e080a080e090b0e08080a09090a07090c0b0909090808080d0b09070909');
INSERT INTO "verdict_words_data" VALUES (1374389534721, X'000002370230311b0c0104050606080101321b08010415060101391b060101060101611b0601030302037761791b02040101621b0c01030701040302046c696e641b06010408010663686f73656e1b08010416040101641b060101040101651b080102040301036661721b02030204697273741b0a01030406030103686f771b0202010269731b020501066a75646765641b0601041a01056d6f64656c1b0e01040f0403040503026f6e1b020701046e6f6e651b0601040701046f6e63651b0601041b0106706572736f6e1b0601040b0101721b06010207020272681b0c01010201020201067365636f6e641b0601030502036964651b0601040602056f757263651b0601040a02077472656e6774681b0601040401037468651b020602047269616c1b0601040c010275711b060102030107766572646963741b060104020104776974681b0801030206020672697474656e1b0801040e040101781b080101030401017a1b0601020600033161771b02040102626c1b06010408010263681b0801041604010266611b02030201691b0a01030406030102686f1b0202010269731b020501026a751b0601041a01026d6f1b100701040f0403040501026e6f1b0601040701026f6e1b0601041b010270651b0601040b010272721b0c010102010202010273651b060103050201691b0601040602016f1b0601040a0201741b06010404010274681b02060201721b0601040c010275711b06010203010276651b06010402010277691b08010302060201721b0801040e04040b090808080b0b0e0809080d08070d10070b0b0d080c0d0a0c0e080b090e0c0e090808090a070a0707090e0909090c09080808070809090a');
INSERT INTO "verdict_words_data" VALUES (1511828488193, X'000002280230311c0c0104050606080101321c08010415060101331c060102040101611c060103030101621c0c01030701040302046c696e641c060104080104636174731c02040205686f73656e1c08010416040101641c0601020502016f1c02030109656e646f66746578741c06010105010566697273741c0a01030406030101681c0601010301016a1c06010206020575646765641c0601041a01016d1c0601010702046f64656c1c0e01040f0403040501016e1c0601010602036f6e651c0601040701046f6e63651c0601041b0106706572736f6e1c0601040b02046f7768661c0601010402037572721c02050101721c0e0101020102020301067365636f6e641c0601030502036964651c0601040602056f757263651c0601040a02077472656e6774681c060104040105747269616c1c0601040c0107766572646963741c0601040201037768791c020202036974681c0801030206020672697474656e1c0801040e04000331626c1c06010408010263611c02040201681c08010416040102646f1c02030102656e1c06010105010266691c0a010304060301026a751c0601041a01026d6f1c0e01040f0403040501026e6f1c0601040701026f6e1c0601041b010270651c0601040b02016f1c060101040201751c0205010273651c060103050201691c0601040602016f1c0601040a0201741c06010404010274721c0601040c010276651c06010402010277681c02020201691c08010302060201721c0801040e04040b0908080b0b090d0806100e08080c080f080a0b0d0b080c0d0a0c0e0c0e080b0e0a070907090b090d09090908060908080809090709');
INSERT INTO "verdict_words_data" VALUES (2336462209025, X'00000f0a0230300f060104090108040104090106010409010131010e010405060c0406010c0104090c0406010c010405060c04010c010406060c04010e010405060c0406010c0104090c0406010c010405060c04010c010405060c04010e010405060c0406010e010405060c0406010e010405060c04060114010102010405060c04060212010102010405060c0401080104051001140601010401020c010405010804010405010132020601040502060101080206010405040601020902060102060206010206010c0101060102060202060201700a060101060203ef92920c0601010602060101060101330106010106100c01010401020c010134010601020304060101090101350306010102010601010b030601010a020164030601020309060102050206010205010c01010501020502016f02060101070101370406010104040601010901013802060102090306010206010601010701013909060101060106010202010601010602016207060102020201660c06010107020601010702017405060101050201790806010202010161010c01010501040301080801020803060104030106010302010208010804010102010c010108010403020601010801060104030406010403010601040302056464696e671006010203010601020302046761696e0b0601041b03060104190602737407020702056c7761797304020602026e64060601030602020d08060102080106010208030473776572100601020a010601020a0309746962696f74696373070205020272650c020902020901020902057574756d6e010208010162010801010704010c010103010403040601040304060104030106010403010c010103010202020c0101030102020112010102010202010403020130040601020602026164040601040402046c696e6401060104080106010408010601040801060104090106010408010601040801060104080106010408010601040801060104080106010408010601040802060104080106010408010601040801060104080302756503020602036f746804060104030202757403020705020b020179060207010363616e060203020865727461696e6c7910060102020106010202020568616e676501020503046f73656e0108010416040108010416040106010416010601041701080104160401080104160401060104160106010416010801041604010801041604010801041604010801041604020601041601080104160401080104160401080104160402036f6c6407020904036f757201020603066d707574657208020503086e74696e656e747305020401036469640a020303057363617264080601040303047669646506020602016f0102030402030302060102030202030302657302020302020304020303016e0702030101650206010104050601010303060101080201650206010207020b6d62617272617373696e6709020602020602016e02060102050307646f6674657874020801020305030601010402027272020601010602017a0a060102050203d18c72060601020501016601060102070606010104020c010102010208020c010102010208020361636504020b020168040601010202016f0c0601010502060101050202756e10060102070106010207010167040601020502046c6173730c020402020401020401016803060101070110010103060501020204060101070201620c06010108020601010802026f770802020204756d616e0f08010411080205e891b6c8a306060101050101690406010106010e01010301020207010601010602060102040106010202010601010701060102020202636502020602056d706f7274100c01040b060408010c01040b06040802016e0102070e0601020903067465726573740a020a0201730302030902030202030102030110030101030102060701100301010301020607020174100601010201060101020201780c060102030206010203010c01010301020301036a716e0a0601010502057564676564010601041a010601041a01060104180106010419010601041a010601041a01060104180106010418010601041a010601041a010601041a010601041a0206010418010601041a010601041a010601041a01016b0106010206020601020702026f6609060101070206010107020476cebe72030601020801016c0706010205030601020802056561766573010204020166010601010402016c060601020201016d03060101080203616e790a020c0203656c7402020502046f64656c010e01040f04030405010e01040f04030405010c01040f040304010c010410040304010e01040f04030405010e01040f04030405010c01040f040304010c01040f040304010e01040f04030405010e01040f04030405010e01040f04030405010e01040f04030405020c01040f040304010a01040f050401080104120401080104120403056d656e747309020702020703026f6e040205030273740c02070202070102070302766505020502017209060102070206010207020375636808020801016e0106010103030601020402080102030502016a0906010205020601020502036f6e65010801040708010801040708010a010407080c010a010408080c010801040708010801040708010a010407080c010a010407080c010801040708010801040708010801040708010801040708020a010407080c010c010407080a06010e01040708080406010e010407080804060301740c020a02020a01020a0401650606010303040468696e6708020a020174080601010a0206756d626572731006010205010601020501016f030601010905060102050201660a0206020269730c060102070206010207010c01010701020702016e02020703026365010601041b010601041b0106010419010601041a010601041b010601041b01060104190106010419010601041b010601041b020601041b030601041b010601041b010601041b0302657308020e010170020e0101020102020a0406010102010601020301080101030402060101020201390906010109020601010902056572736f6e010601040b010601040b010601040b010601040c010601040b010601040b010601040b010601040b010601040b010601040b010601040b010601040b020601040b010601040b02046c61696e050601030203027573100205010205020278640c060102040206010204010c01010401020401017107060101050205756f7465730606010305010172010601010202060102040106010207030e01010704010206010801010607010c010104010203020c01010401020302013306060102070202656403020a03066d656d62657209020502020503047475726e0a0205020168080601010802016b0a0601010402036f616402020a0201720906010204020601020402017a050601010201017301060102020206010104030601010402060102080203616c7402020403026d6504020a02096369656e74697374730a020d0204686f72740f0601020a0401770402070203696465010601040601060104060106010406010601040701060104060106010406010601040601060104060106010406010601040601060104060106010406020601040601060104060106010406010601040602036b69700706010403070601040303017903020502016c060601010302016f08020701020801020b01020803046c6964730c0208020208010208030475726365010601040a010601040a010601040a010601040b010601040a010601040a010601040a010601040a010601040a010601040a010601040a010601040a020601040a010601040a010601040a010601040a0205726c6f6931010601010802077472656e67746801060104040106010404010601040401060104050106010404010601040401060104040106010404010601040401060104040106010404010601040402060104040106010404010601040401060104040205756e73657403020901017401060102040206010206030204010204010601020702060101030202686503040406010404070602040606010209010601020903036f73651006010204010601020402026965030601040302016f0a020802017205060101060309616e73706172656e740c0205020205010205030369616c010601040c010601040c010601040c010601040d010601040c010601040c010601040c010601040c010601040c010601040c010601040c010601040c020601040c010601040c010601040c010601040c010175030601010502060102030106010307020601010c02017304020801077665726469637401060104020106010402010601040201060104020106010402010601040201060104020106010402010601040201060104020106010402010601040202060104020106010402010601040201060104020206697669646c790902090202090101770306010103050601020302016509020402020402036861741002020102020302656e0c02060202060102060301790102020102020102020102020102020102020102020202020102020102020102020202020102020205696e74657202020903027468060601030402020902056f6c7665730a02070303726473050601030304016b0702060201710506010205020672697474656e010801040e04010801040e04010801040e04010801040f04010801040e04010801040e04010801040e04010801040e04010801040e04010801040e04010801040e04010801040e04020801040e04010801040e04010801040e04010801040e0401017803060102020106010105030c010102010207030801020705020138060601020402016f07060101060201760a060102040101790106010205040601020404060102060206010206020a656c6c6f7773746f6e650a020902026f7506020501017a040601010d010601010704060101050106010206010601010501060102080206010208010c01010801020802016409060101030206010103020365726f06020805017308020c02016b02060102040102c2bc08060101040102c59304060101090102cbac07060102040102cebc03060101060102cfa50c0601010402060101040102d19f02060101050102d38a08060102060201bb05060101080102d5b40a060102030103d7bf7207060101080102d8bf04060102030103dda03704060102080104e0a39768040601010c0103e9baa3030601020500033132700a060101060203ef92920c06010106020601010601023564030601020309060102050206010205010c01010501020502016f0206010413810f2c080f100d121a080d1212080d0808401110070a16100e0d0a3b080956070a0a0608140a6108080b0d080c09120d06120813081409080a1d08080d0e080f170d070c0c2a07170b0b230d150a570d0e0b0d0a080808080881090d070d070d08130d720c080908120d0616064a07210d4d0b0a16080c3108070e090808080d081708070e0b06550f06080f0f560c590a1d190f09060814551706590e0d090b0d2a0a0c0a0a0608681b080808170f072e0d080608090909090e090908090a090a0b0a0a0f1b');
INSERT INTO "verdict_words_data" VALUES (2336462209026, X'000008f501070331396207060102020201660c060101070206010107020174050601010502017908060102020102616410060102030106010203020167070207040601041b030601041902016c04020602016e060601030601020501020d0808010208040108010208040201720c0209020209010209020175010208010262300406010206020161040601040402016c01060104080106010408010806010408010601040901060104080106010408010601040801060104080106010408010601040801060104080106010408020601040801060104080106010408010601040802016f040601040302017503020705020b0201790602070102636106020302016510060102020106010202020168010a05010416040108010416040106010416010601041701080104160401080104160401060104160106010416010801041604010801041604010801041604010801041604020601041601080104160401080104160401080104160402016f01020604020402020901020501026469060206020601040302020302016f0102030102030202030102030202030104030501020302020301026565020601020702016d09020602020602016e020a01020304030306010104020172020601010602017a0a060102050202d18c06060102050102666104020b020168040601010202016f0c060101050206010105020175100601020701060102070102676c0c0204020204010204010268620c06010108020601010802016f0802020201750f08010411080203e891b606060101050102696302020602016d100c01040b060408010c01040b06040802016e01020709020a05060102090201730302030902030202030102030110030101030102060701100301010301020607020174100601010201060101020201780c060102030206010203010c01010301020301026a710a06010105020175010601041a010601041a01060104180106010419010601041a010601041a01060104180106010418010601041a010601041a010601041a010601041a0206010418010601041a010601041a010601041a01026b6f09060101070206010107020176030601020801026c65010204020166010601010402016c060601020201026d610a020c02016502020502016f010e01040f04030405010e01040f04030405010c01040f040304010e0501041004030401100501040f04030405010e01040f04030405010c01040f040304010c01040f04030401100701040f04030405010e01040f0403040501100701040f0403040501100701040f04030405020e0701040f040304010c0701040f05040108010412040108010412040201720906010207020601020702017508020801026e6a0906010205020601020502016f010801040708010801040708010a010407080c010a010408080c010801040708010e01030301040708010a010407080c010c0a010407080c010801040708010801040708010801040708010a0a01040708020c0a010407080c010e0a010407080a06010e01040708080406010e01040708080406020174080601010a0201751006010205010601020501026f660a02060201690c060102070206010207010c01010701020702016e010601041b01080701041b0106010419010601041a010601041b010601041b010601041901080e010419010601041b010601041b020601041b030601041b010601041b010601041b0102703909060101090206010109020165010601040b010601040b010601040b010601040c010601040b010601040b010601040b010601040b010601040b010601040b010601040b010601040b020601040b010601040b02016c05060103020b02050102050201780c060102040206010204010c01010401020401027175060601030501027233060601020702016503020a060205010205010205020168080601010802016b0a0601010402016f02020a0201720906010204020601020402017a05060101020102736102020402020a0201630a020d0201680402070b0601020a020169010601040601060104060106010406010601040701060104060106010406010601040601060104060106010406010601040601060104060106010406020601040601060104060106010406010601040602016b0302050406010403070601040302016c060601010302016f010601040a010601040a010601040a010601040b010601040a010601040a010601040a01080701040a01080801040a01080b01040a01080801040a01080801040a02080801040a01080801040a010601040a010601040a02017201060101080201740106010404010601040401060104040106010405010601040401060104040106010404010601040401060104040106010404010601040401060104040206010404010601040401060104040106010404020175030209010274680304040601040407060204060801020407010801020407020169030601040302016f0a0208020172010601040c010601040c010601040c010601040d010c01010601040c010601040c010601040c010601040c010601040c010601040c010601040c01080501040c02080501040c01080501040c010601040c010601040c0102757304020801027665010601040201060104020106010402010601040201060104020106010402010601040201060104020106010402010601040201060104020106010402020601040201060104020106010402010601040202016909020902020901027765090204020204020168010202010202010202010202010202010202010202020202010202010202010402060204020601040206010202010202020169020209040601030402020902016f05060103030202060302070201710506010205020172010801040e04010801040e04010801040e04010801040f04010801040e04010801040e04010801040e04010801040e04010801040e04010801040e04010801040e04010801040e04020801040e04010801040e04010801040e04010801040e0401027838060601020402016f07060101060201760a06010204010279650a020902016f06020501027a640906010103020601010302016506020802020c02016b02060102040103d7bf7207060101080103dda03704060102080104e0a39768040601010c06090d08080e10061a0c06090854080906070d5f0f0f1c09090f08080907080d0d0d0e06090a07130e230d1509530e080708080706810d0d060e77080d07154b0e490e1509090f0808060d080a060b5310085a0853061b0806590754090a330e0e086309080807060e09080a0a');
INSERT INTO "verdict_words_idx" VALUES (1, X'', 2);
INSERT INTO "verdict_words_idx" VALUES (2, X'', 2);
INSERT INTO "verdict_words_idx" VALUES (3, X'', 2);
INSERT INTO "verdict_words_idx" VALUES (4, X'', 2);
INSERT INTO "verdict_words_idx" VALUES (5, X'', 2);
INSERT INTO "verdict_words_idx" VALUES (6, X'', 2);
INSERT INTO "verdict_words_idx" VALUES (7, X'', 2);
INSERT INTO "verdict_words_idx" VALUES (8, X'', 2);
INSERT INTO "verdict_words_idx" VALUES (9, X'', 2);
INSERT INTO "verdict_words_idx" VALUES (10, X'', 2);
INSERT INTO "verdict_words_idx" VALUES (11, X'', 2);
INSERT INTO "verdict_words_idx" VALUES (17, X'', 2);
INSERT INTO "verdict_words_idx" VALUES (17, X'3139', 4);
INSERT INTO "verdict_words_docsize" VALUES (1, X'070806001a00');
INSERT INTO "verdict_words_docsize" VALUES (2, X'090609001a00');
INSERT INTO "verdict_words_docsize" VALUES (3, X'090807001800');
INSERT INTO "verdict_words_docsize" VALUES (4, X'0a0c07001900');
INSERT INTO "verdict_words_docsize" VALUES (5, X'040806021a00');
INSERT INTO "verdict_words_docsize" VALUES (6, X'070606061a00');
INSERT INTO "verdict_words_docsize" VALUES (7, X'080906001800');
INSERT INTO "verdict_words_docsize" VALUES (8, X'0d0b07001800');
INSERT INTO "verdict_words_docsize" VALUES (9, X'080807001a00');
INSERT INTO "verdict_words_docsize" VALUES (10, X'0c0709001a00');
INSERT INTO "verdict_words_docsize" VALUES (11, X'080807001a00');
INSERT INTO "verdict_words_docsize" VALUES (12, X'090707001a00');
INSERT INTO "verdict_words_docsize" VALUES (14, X'090707001800');
INSERT INTO "verdict_words_docsize" VALUES (15, X'090709001a00');
INSERT INTO "verdict_words_docsize" VALUES (16, X'05030b001a00');
INSERT INTO "verdict_words_docsize" VALUES (17, X'05030b001a00');
INSERT INTO "verdict_words_docsize" VALUES (18, X'05030b001a00');
INSERT INTO "verdict_words_docsize" VALUES (19, X'05030b001a00');
INSERT INTO "verdict_words_docsize" VALUES (20, X'05030b001a00');
INSERT INTO "verdict_words_docsize" VALUES (21, X'05030b001a00');
INSERT INTO "verdict_words_docsize" VALUES (22, X'05030b001a00');
INSERT INTO "verdict_words_docsize" VALUES (23, X'05030b001a00');
INSERT INTO "verdict_words_docsize" VALUES (24, X'05030b001a00');
INSERT INTO "verdict_words_docsize" VALUES (25, X'05030b001a00');
INSERT INTO "verdict_words_docsize" VALUES (26, X'040306081800');
INSERT INTO "verdict_words_docsize" VALUES (27, X'060506081a00');
INSERT INTO "verdict_words_docsize" VALUES (28, X'040605081a00');
INSERT INTO "verdict_words_config" VALUES ('version', 4);
INSERT INTO "withdrawals" VALUES (1, 10, '2026-11-29T16:40:34.304Z', 1);
CREATE UNIQUE INDEX "idx__sqlite_migrations_migration_set_name"
    ON "_sqlite_migrations" ("migration_set", "name");
CREATE INDEX prompts_of_set ON prompts (set_id, id);
CREATE INDEX prompts_by_guard ON prompts (guard_hash);
CREATE UNIQUE INDEX models_once ON models (kind, source, fingerprint, ifnull(parent, 0));
CREATE INDEX completions_by_text ON completions (prompt, text_hash);
CREATE TRIGGER completions_stay BEFORE UPDATE ON completions
    BEGIN SELECT RAISE(ABORT, 'completions are never changed'); END;
CREATE INDEX comparisons_of_prompt ON comparisons (prompt, trial);
CREATE INDEX comparisons_of_trial ON comparisons (trial, id) WHERE trial IS NOT NULL;
CREATE INDEX comparisons_open ON comparisons (id) WHERE trial IS NULL AND standing IS NULL;
CREATE UNIQUE INDEX comparisons_by_standing ON comparisons (standing) WHERE standing IS NOT NULL;
CREATE TRIGGER comparisons_stay BEFORE UPDATE OF id, prompt, a, b, side_seed, flipped, trial ON comparisons
    BEGIN SELECT RAISE(ABORT, 'the two answers and the sides of a comparison are never changed'); END;
CREATE UNIQUE INDEX verdicts_undone_once ON verdicts (undoes) WHERE undoes IS NOT NULL;
CREATE INDEX verdicts_by_time ON verdicts (at);
CREATE INDEX verdicts_by_person ON verdicts (id) WHERE source = 'person' AND verdict <> 'undo';
CREATE INDEX verdicts_timed ON verdicts (id, seconds) WHERE seconds IS NOT NULL;
CREATE TRIGGER verdicts_no_update BEFORE UPDATE ON verdicts
    BEGIN SELECT RAISE(ABORT, 'verdicts are only ever added'); END;
CREATE TRIGGER verdicts_no_replace BEFORE INSERT ON verdicts
    WHEN EXISTS (SELECT 1 FROM verdicts WHERE id = NEW.id OR (NEW.undoes IS NOT NULL AND undoes = NEW.undoes))
    BEGIN SELECT RAISE(ABORT, 'verdicts are only ever added'); END;
CREATE TRIGGER verdicts_undo_a_verdict BEFORE INSERT ON verdicts
    WHEN NEW.verdict = 'undo' AND EXISTS (SELECT 1 FROM verdicts WHERE id = NEW.undoes AND verdict = 'undo')
    BEGIN SELECT RAISE(ABORT, 'an undo cannot be undone'); END;
CREATE TRIGGER verdicts_stand AFTER INSERT ON verdicts
    BEGIN
        UPDATE comparisons SET (standing, standing_verdict) = (
            SELECT v.id, v.verdict FROM verdicts v
            WHERE v.comparison = NEW.comparison AND v.verdict <> 'undo'
                AND NOT EXISTS (SELECT 1 FROM verdicts u WHERE u.undoes = v.id)
            ORDER BY v.id DESC LIMIT 1)
        WHERE id = NEW.comparison;
    END;
CREATE INDEX run_log_of_run ON run_log (run, id);
CREATE INDEX trial_prompts_by_prompt ON trial_prompts (prompt);
CREATE TRIGGER comparisons_repeats_stay BEFORE UPDATE OF repeats ON comparisons
    BEGIN SELECT RAISE(ABORT, 'the two answers and the sides of a comparison are never changed'); END;
CREATE INDEX prompt_moves_of_comparison ON prompt_moves (comparison);
CREATE UNIQUE INDEX comparisons_once ON comparisons (a, b) WHERE trial IS NULL AND repeats IS NULL;
CREATE UNIQUE INDEX comparisons_again_once ON comparisons (repeats) WHERE repeats IS NOT NULL AND trial IS NULL;
CREATE INDEX comparisons_repeating ON comparisons (id) WHERE repeats IS NOT NULL AND trial IS NULL;
CREATE INDEX comparisons_judged ON comparisons (standing_verdict, standing)
    WHERE trial IS NULL AND repeats IS NULL AND standing IS NOT NULL;
CREATE INDEX comparisons_asked_first ON comparisons (id)
    WHERE asked_first = 1 AND trial IS NULL AND standing IS NULL;
CREATE TRIGGER prompts_stay BEFORE UPDATE OF id, messages, content_hash, guard_hash ON prompts
    BEGIN SELECT RAISE(ABORT, 'what a prompt asks is never changed'); END;
CREATE VIEW verdict_texts AS SELECT v.id, v.comparison, (SELECT group_concat(m.value ->> '$.content', char(10)) FROM json_each(p.messages) m) AS prompt, a.text AS a, b.text AS b,
        v.note AS said, 'verdict ' || v.verdict || ' strength ' || v.strength || ' side ' || ifnull(v.side, 'none')
        || ' blind ' || v.blind || ' source ' || v.source || ' trial ' || ifnull(c.trial, 'none')
        || ' written ' || a.source || ' written ' || b.source
        || ' model ' || ifnull(a.model, 'none') || ' model ' || ifnull(b.model, 'none')
        || CASE v.verdict
            WHEN 'a' THEN ' chosen ' || a.source || ' chosen ' || ifnull(a.model, 'none')
            WHEN 'b' THEN ' chosen ' || b.source || ' chosen ' || ifnull(b.model, 'none')
            ELSE ' chosen none' END
        || CASE WHEN EXISTS (SELECT 1 FROM verdicts e
            WHERE e.comparison = v.comparison AND e.id < v.id AND e.verdict NOT IN ('undo', 'skip'))
            THEN ' judged again' ELSE ' judged once' END AS facts
    FROM verdicts v
    JOIN comparisons c ON c.id = v.comparison
    JOIN prompts p ON p.id = c.prompt
    JOIN completions a ON a.id = c.a
    JOIN completions b ON b.id = c.b
    WHERE v.verdict <> 'undo';
CREATE TRIGGER verdicts_searched AFTER INSERT ON verdicts WHEN NEW.verdict <> 'undo'
    BEGIN
        INSERT INTO verdict_words (rowid, prompt, a, b, said, facts, note)
        SELECT t.id, t.prompt, t.a, t.b, t.said, t.facts,
            ifnull((SELECT n.note FROM comparison_notes n WHERE n.comparison = t.comparison), '')
        FROM verdict_texts t WHERE t.id = NEW.id;
    END;
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
CREATE INDEX comparisons_withdrawn ON comparisons (id) WHERE withdrawn = 1;
CREATE INDEX verdicts_noted ON verdicts (id) WHERE note <> '';
CREATE INDEX prompts_by_field ON prompts (field);
CREATE INDEX withdrawals_of_comparison ON withdrawals (comparison, id);
CREATE TRIGGER withdrawals_count AFTER INSERT ON withdrawals
    BEGIN UPDATE comparisons SET withdrawn = NEW.withdrawn WHERE id = NEW.comparison; END;
CREATE TRIGGER withdrawals_no_update BEFORE UPDATE ON withdrawals
    BEGIN SELECT RAISE(ABORT, 'what was taken out and put back is only ever added'); END;
CREATE TRIGGER withdrawals_no_delete BEFORE DELETE ON withdrawals
    BEGIN SELECT RAISE(ABORT, 'what was taken out and put back is only ever added'); END;
CREATE TRIGGER run_pairs_of_trials BEFORE INSERT ON run_pairs
    WHEN EXISTS (SELECT 1 FROM comparisons c WHERE c.id = NEW.comparison AND c.trial IS NOT NULL)
    BEGIN SELECT RAISE(ABORT, 'a verdict of a trial is never trained on'); END;
CREATE INDEX run_pairs_by_comparison ON run_pairs (comparison);
CREATE TRIGGER verdicts_no_delete BEFORE DELETE ON verdicts WHEN NOT EXISTS (SELECT 1 FROM import_batch b WHERE OLD.comparison BETWEEN b.first_comparison AND b.last_comparison)
    BEGIN SELECT RAISE(ABORT, 'verdicts are only ever added'); END;
CREATE VIEW standing_verdicts AS SELECT v.* FROM comparisons c JOIN verdicts v ON v.id = c.standing
    WHERE NOT EXISTS (SELECT 1 FROM import_batch b WHERE c.id BETWEEN b.first_comparison AND b.last_comparison);
CREATE TRIGGER verdicts_unsearched BEFORE DELETE ON verdicts WHEN OLD.verdict <> 'undo'
    BEGIN
        INSERT INTO verdict_words (verdict_words, rowid, prompt, a, b, said, facts, note)
        SELECT 'delete', t.id, t.prompt, t.a, t.b, t.said, t.facts, '' FROM verdict_texts t WHERE t.id = OLD.id;
    END;
CREATE INDEX run_margins_of_comparison ON run_margins (comparison);
CREATE TRIGGER held_out_is_never_trained_on BEFORE INSERT ON run_pairs WHEN EXISTS (SELECT 1 FROM comparisons c JOIN prompts p ON p.id = c.prompt
        JOIN prompts h ON h.guard_hash = p.guard_hash JOIN prompt_sets s ON s.id = h.set_id
        WHERE c.id = NEW.comparison AND s.held_out = 1)
    BEGIN SELECT RAISE(ABORT, 'a prompt that is held out for trials is never trained on'); END;
CREATE TRIGGER held_out_comes_in_no_other_way BEFORE UPDATE OF comparison ON run_pairs WHEN EXISTS (SELECT 1 FROM comparisons c JOIN prompts p ON p.id = c.prompt
        JOIN prompts h ON h.guard_hash = p.guard_hash JOIN prompt_sets s ON s.id = h.set_id
        WHERE c.id = NEW.comparison AND s.held_out = 1)
    BEGIN SELECT RAISE(ABORT, 'a prompt that is held out for trials is never trained on'); END;
CREATE INDEX comparisons_counted ON comparisons (standing_verdict)
    WHERE trial IS NULL AND repeats IS NULL AND standing IS NOT NULL;
COMMIT;
-- The write-ahead log holds what follows.
BEGIN;
INSERT INTO "checkpoints" VALUES (3, 3, '{WORKSPACE}/checkpoints/run-3', 244573, '2026-11-29T16:42:38.578Z');
COMMIT;
