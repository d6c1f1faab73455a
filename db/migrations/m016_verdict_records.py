"""Migration 16: who gave a verdict, "both good", reasons, rankings, policies on servers, judges, and forgotten texts.

A CHECK cannot be widened, so `verdicts` is copied into a wider table that takes its name, as
https://www.sqlite.org/lang_altertable.html#otheralter describes. The runner turns foreign keys off beforehand. The old
way of renaming leaves every reference to `verdicts` as it is written; the new way stops at the views.
"""

_TIME = "CHECK ({0} GLOB '????-??-??T??:??:??*Z')"

_GIVERS = (
    # A key never lies in the database, only the name of the environment variable that holds it.
    f"""CREATE TABLE servers (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE CHECK (name <> ''),
        url TEXT NOT NULL CHECK (url <> ''),
        protocol TEXT NOT NULL CHECK (protocol <> ''),
        model TEXT NOT NULL CHECK (model <> ''),
        key_env TEXT CHECK (key_env GLOB '[A-Za-z_]*' AND key_env NOT GLOB '*[^A-Za-z0-9_]*'),
        allowed TEXT {_TIME.format("allowed")},
        archived INTEGER NOT NULL DEFAULT 0 CHECK (archived IN (0, 1)),
        created TEXT NOT NULL {_TIME.format("created")}
    ) STRICT""",
    f"""CREATE TABLE people (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE CHECK (name <> ''),
        created TEXT NOT NULL {_TIME.format("created")}
    ) STRICT""",
    # A judge with another rubric is another judge: the older one is archived and keeps its verdicts.
    f"""CREATE TABLE judges (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL CHECK (name <> ''),
        kind TEXT NOT NULL CHECK (kind IN ('command', 'model')),
        command TEXT CHECK (command <> ''),
        model INTEGER REFERENCES models (id),
        server INTEGER REFERENCES servers (id),
        rubric TEXT NOT NULL DEFAULT '',
        settings TEXT NOT NULL DEFAULT '{{}}' CHECK (json_valid(settings) AND json_type(settings) = 'object'),
        archived INTEGER NOT NULL DEFAULT 0 CHECK (archived IN (0, 1)),
        created TEXT NOT NULL {_TIME.format("created")},
        CHECK ((kind = 'command') = (command IS NOT NULL))
    ) STRICT""",
    "CREATE UNIQUE INDEX judges_by_name ON judges (name) WHERE archived = 0",
    """CREATE TRIGGER judges_stay BEFORE UPDATE OF kind, command, model, server, rubric, settings ON judges
    BEGIN SELECT RAISE(ABORT, 'what a judge is told to do is never changed'); END""",
)

_SIDES = (
    # The policy of each side of a trial; NULL in sampling_b: as side a. A server of NULL is this machine.
    "ALTER TABLE trials ADD COLUMN sampling_b INTEGER REFERENCES samplings (id)",
    "ALTER TABLE trials ADD COLUMN server_a INTEGER REFERENCES servers (id)",
    "ALTER TABLE trials ADD COLUMN server_b INTEGER REFERENCES servers (id)",
    "ALTER TABLE trials ADD COLUMN judged_by INTEGER REFERENCES judges (id)",
    "ALTER TABLE completions ADD COLUMN server INTEGER REFERENCES servers (id)",
    """INSERT INTO judges (name, kind, command, created)
    SELECT judge, 'command', judge, min(created) FROM trials WHERE judge IS NOT NULL GROUP BY judge""",
    """UPDATE trials SET judged_by = (SELECT j.id FROM judges j WHERE j.command = trials.judge)
    WHERE judge IS NOT NULL""",
)

_RANKINGS = (
    # Three to eight answers that are ranked at once; the pairs that follow from the ranking are its comparisons.
    f"""CREATE TABLE rankings (
        id INTEGER PRIMARY KEY,
        prompt INTEGER NOT NULL REFERENCES prompts (id),
        created TEXT NOT NULL {_TIME.format("created")}
    ) STRICT""",
    "CREATE INDEX rankings_of_prompt ON rankings (prompt)",
    """CREATE TABLE ranking_answers (
        ranking INTEGER NOT NULL REFERENCES rankings (id),
        place INTEGER NOT NULL CHECK (place BETWEEN 1 AND 8),
        completion INTEGER NOT NULL REFERENCES completions (id),
        PRIMARY KEY (ranking, place),
        UNIQUE (ranking, completion)
    ) STRICT, WITHOUT ROWID""",
    "ALTER TABLE comparisons ADD COLUMN ranking INTEGER REFERENCES rankings (id)",
    "CREATE INDEX comparisons_of_ranking ON comparisons (ranking) WHERE ranking IS NOT NULL",
    """CREATE TRIGGER comparisons_ranking_stays BEFORE UPDATE OF ranking ON comparisons
    BEGIN SELECT RAISE(ABORT, 'the two answers and the sides of a comparison are never changed'); END""",
)

_FORGETTING = (
    # What was forgotten, as numbers: the texts are gone.
    f"""CREATE TABLE forgettings (
        id INTEGER PRIMARY KEY,
        at TEXT NOT NULL {_TIME.format("at")},
        prompt_set INTEGER REFERENCES prompt_sets (id),
        prompts INTEGER NOT NULL CHECK (prompts > 0),
        completions INTEGER NOT NULL CHECK (completions >= 0),
        verdicts INTEGER NOT NULL CHECK (verdicts >= 0)
    ) STRICT""",
    # content_hash is unique, so a forgotten prompt gives its own to forgotten_hash: the text may come again.
    "ALTER TABLE prompts ADD COLUMN forgotten INTEGER REFERENCES forgettings (id)",
    "ALTER TABLE prompts ADD COLUMN forgotten_hash TEXT CHECK (length(forgotten_hash) = 64)",
    "CREATE INDEX prompts_forgotten ON prompts (id) WHERE forgotten IS NOT NULL",
    "DROP TRIGGER prompts_stay",
    """CREATE TRIGGER prompts_stay BEFORE UPDATE OF id, messages, content_hash, guard_hash, forgotten, forgotten_hash
    ON prompts WHEN NOT (OLD.forgotten IS NULL AND NEW.forgotten IS NOT NULL
        AND (NEW.id, NEW.guard_hash, NEW.forgotten_hash) IS (OLD.id, OLD.guard_hash, OLD.content_hash)
        AND NEW.messages = '[{"content":"","role":"user"}]')
    BEGIN SELECT RAISE(ABORT, 'what a prompt asks is never changed'); END""",
    "DROP TRIGGER completions_stay",
    """CREATE TRIGGER completions_stay BEFORE UPDATE ON completions
    WHEN NOT (NEW.text = '' AND EXISTS (SELECT 1 FROM prompts p WHERE p.id = OLD.prompt AND p.forgotten IS NOT NULL)
        AND (NEW.id, NEW.prompt, NEW.model, NEW.sampling, NEW.seed, NEW.text_hash, NEW.tokens, NEW.cut, NEW.source,
            NEW.created, NEW.server) IS (OLD.id, OLD.prompt, OLD.model, OLD.sampling, OLD.seed, OLD.text_hash,
            OLD.tokens, OLD.cut, OLD.source, OLD.created, OLD.server))
    BEGIN SELECT RAISE(ABORT, 'completions are never changed'); END""",
)

_KEPT = "id, comparison, at, verdict, strength, side, layout, seconds, blind, note, source, undoes"
_WIDER = (
    # source model: `judge` gave the verdict. person: who gave it, where that is not the owner. origin: what identifies
    # the verdict in the workspace that it was given in. act: the first of several verdicts that were given at once, as
    # by a ranking, and are undone together. strength: 1 better, 2 much better; 0 and 3 are kept free for finer scales.
    f"""CREATE TABLE wider_verdicts (
        id INTEGER PRIMARY KEY,
        comparison INTEGER NOT NULL REFERENCES comparisons (id),
        at TEXT NOT NULL {_TIME.format("at")},
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
    ) STRICT""",
    f"INSERT INTO wider_verdicts ({_KEPT}) SELECT {_KEPT} FROM verdicts ORDER BY id",
    # A copy that differs from its original in any row or value ends the upgrade here.
    "CREATE TEMP TABLE copied (differing INTEGER NOT NULL CONSTRAINT the_copy_is_whole CHECK (differing = 0))",
    "INSERT INTO copied SELECT (SELECT count(*) FROM verdicts) - (SELECT count(*) FROM wider_verdicts)",
    f"INSERT INTO copied SELECT count(*) FROM (SELECT {_KEPT} FROM verdicts EXCEPT SELECT {_KEPT} FROM wider_verdicts)",
    "DROP TABLE temp.copied",
)

_WORDS = "prompt, a, b, said, facts"
_TEXTS_AND_NOTE = "t.id, t.prompt, t.a, t.b, t.said, t.facts, ifnull(n.note, '')"
_JUDGED_BY_PROGRAM = """FROM verdict_texts t
    LEFT JOIN comparison_notes n ON n.comparison = t.comparison
    WHERE t.comparison IN (SELECT c.id FROM comparisons c JOIN trials j ON j.id = c.trial WHERE j.judge IS NOT NULL)
    ORDER BY t.id"""
# Only these verdicts stand: the owner's own, imported ones, and those of judges in a trial that a judge decides.
_MAY_STAND = """(v.source = 'import' OR v.source = 'person' AND v.person IS NULL
        OR v.source = 'model' AND EXISTS (SELECT 1 FROM trials t WHERE t.id = c.trial AND t.judged_by IS NOT NULL))"""
# The facts of older verdicts stay the same to the letter, because a row of an index without contents can only be
# deleted by repeating what was indexed. Only verdicts of programs have another source, and those are indexed again.
_FACTS = """'verdict ' || v.verdict || ' strength ' || v.strength || ' side ' || ifnull(v.side, 'none')
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
            THEN ' judged again' ELSE ' judged once' END"""
_SEARCH = (
    f"INSERT INTO verdict_words (verdict_words, rowid, {_WORDS}, note)"
    f" SELECT 'delete', {_TEXTS_AND_NOTE} {_JUDGED_BY_PROGRAM}",
    "DROP VIEW verdict_texts",
    "DROP TABLE verdicts",
    "ALTER TABLE wider_verdicts RENAME TO verdicts",
    # Only verdicts that may stand have words: a search finds standing verdicts alone.
    f"""CREATE VIEW verdict_texts AS SELECT v.id, v.comparison,
        (SELECT group_concat(m.value ->> '$.content', char(10)) FROM json_each(p.messages) m) AS prompt,
        a.text AS a, b.text AS b, v.note AS said, {_FACTS} AS facts
    FROM verdicts v
    JOIN comparisons c ON c.id = v.comparison
    JOIN prompts p ON p.id = c.prompt
    JOIN completions a ON a.id = c.a
    JOIN completions b ON b.id = c.b
    LEFT JOIN trials r ON r.id = c.trial
    WHERE v.verdict <> 'undo' AND {_MAY_STAND}""",
    f"INSERT INTO verdict_words (rowid, {_WORDS}, note) SELECT {_TEXTS_AND_NOTE} {_JUDGED_BY_PROGRAM}",
)

_INDEXES = (
    "CREATE UNIQUE INDEX verdicts_undone_once ON verdicts (undoes) WHERE undoes IS NOT NULL",
    "CREATE INDEX verdicts_by_time ON verdicts (at)",
    "CREATE INDEX verdicts_by_person ON verdicts (id) WHERE source = 'person' AND verdict <> 'undo'",
    "CREATE INDEX verdicts_timed ON verdicts (id, seconds) WHERE seconds IS NOT NULL",
    "CREATE INDEX verdicts_noted ON verdicts (id) WHERE note <> ''",
    "CREATE INDEX verdicts_of_others ON verdicts (person, id) WHERE person IS NOT NULL",
    "CREATE INDEX verdicts_of_judge ON verdicts (judge, id) WHERE judge IS NOT NULL",
    "CREATE UNIQUE INDEX verdicts_taken_over_once ON verdicts (origin) WHERE origin IS NOT NULL",
    "CREATE INDEX verdicts_of_act ON verdicts (act) WHERE act IS NOT NULL",
)

_HIDDEN = "EXISTS (SELECT 1 FROM import_batch b WHERE OLD.comparison BETWEEN b.first_comparison AND b.last_comparison)"
_TRIGGERS = (
    # A note may leave with the prompt that it is about.
    """CREATE TRIGGER verdicts_no_update BEFORE UPDATE ON verdicts
    WHEN NOT (NEW.note = '' AND EXISTS (SELECT 1 FROM comparisons c JOIN prompts p ON p.id = c.prompt
            WHERE c.id = OLD.comparison AND p.forgotten IS NOT NULL)
        AND (NEW.id, NEW.comparison, NEW.at, NEW.verdict, NEW.strength, NEW.side, NEW.layout, NEW.seconds, NEW.blind,
            NEW.source, NEW.undoes, NEW.person, NEW.judge, NEW.confidence, NEW.origin, NEW.act)
        IS (OLD.id, OLD.comparison, OLD.at, OLD.verdict, OLD.strength, OLD.side, OLD.layout, OLD.seconds, OLD.blind,
            OLD.source, OLD.undoes, OLD.person, OLD.judge, OLD.confidence, OLD.origin, OLD.act))
    BEGIN SELECT RAISE(ABORT, 'verdicts are only ever added'); END""",
    f"""CREATE TRIGGER verdicts_no_delete BEFORE DELETE ON verdicts WHEN NOT {_HIDDEN}
    BEGIN SELECT RAISE(ABORT, 'verdicts are only ever added'); END""",
    """CREATE TRIGGER verdicts_no_replace BEFORE INSERT ON verdicts
    WHEN EXISTS (SELECT 1 FROM verdicts WHERE id = NEW.id OR (NEW.undoes IS NOT NULL AND undoes = NEW.undoes)
        OR (NEW.origin IS NOT NULL AND origin = NEW.origin))
    BEGIN SELECT RAISE(ABORT, 'verdicts are only ever added'); END""",
    """CREATE TRIGGER verdicts_undo_a_verdict BEFORE INSERT ON verdicts
    WHEN NEW.verdict = 'undo' AND EXISTS (SELECT 1 FROM verdicts WHERE id = NEW.undoes AND verdict = 'undo')
    BEGIN SELECT RAISE(ABORT, 'an undo cannot be undone'); END""",
    """CREATE TRIGGER verdicts_undo_ones_own BEFORE INSERT ON verdicts
    WHEN NEW.verdict = 'undo' AND EXISTS (SELECT 1 FROM verdicts v
        WHERE v.id = NEW.undoes AND (v.person IS NOT NEW.person OR v.judge IS NOT NEW.judge))
    BEGIN SELECT RAISE(ABORT, 'only whoever gave a verdict can undo it'); END""",
    f"""CREATE TRIGGER verdicts_stand AFTER INSERT ON verdicts
    BEGIN
        UPDATE comparisons SET (standing, standing_verdict) = (
            SELECT v.id, v.verdict FROM verdicts v JOIN comparisons c ON c.id = v.comparison
            WHERE v.comparison = NEW.comparison AND v.verdict <> 'undo' AND {_MAY_STAND}
                AND NOT EXISTS (SELECT 1 FROM verdicts u WHERE u.undoes = v.id)
            ORDER BY v.id DESC LIMIT 1)
        WHERE id = NEW.comparison;
    END""",
    f"""CREATE TRIGGER verdicts_searched AFTER INSERT ON verdicts WHEN NEW.verdict <> 'undo'
    BEGIN
        INSERT INTO verdict_words (rowid, {_WORDS}, note)
        SELECT t.id, t.prompt, t.a, t.b, t.said, t.facts,
            ifnull((SELECT n.note FROM comparison_notes n WHERE n.comparison = t.comparison), '')
        FROM verdict_texts t WHERE t.id = NEW.id;
    END""",
    f"""CREATE TRIGGER verdicts_unsearched BEFORE DELETE ON verdicts WHEN OLD.verdict <> 'undo'
    BEGIN
        INSERT INTO verdict_words (verdict_words, rowid, {_WORDS}, note)
        SELECT 'delete', t.id, t.prompt, t.a, t.b, t.said, t.facts, '' FROM verdict_texts t WHERE t.id = OLD.id;
    END""",
)

_TAGS = (
    f"""CREATE TABLE tags (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL COLLATE NOCASE UNIQUE CHECK (name <> ''),
        place INTEGER NOT NULL CHECK (place >= 0),
        archived INTEGER NOT NULL DEFAULT 0 CHECK (archived IN (0, 1)),
        created TEXT NOT NULL {_TIME.format("created")}
    ) STRICT""",
    # Why a verdict was given, in the labeller's own short words.
    """CREATE TABLE verdict_tags (
        verdict INTEGER NOT NULL REFERENCES verdicts (id),
        tag INTEGER NOT NULL REFERENCES tags (id),
        PRIMARY KEY (verdict, tag)
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX verdict_tags_by_tag ON verdict_tags (tag, verdict)",
    # What an import knows of a verdict beside its older columns, such as reasons and the verdicts of others.
    """ALTER TABLE import_late ADD COLUMN more TEXT NOT NULL DEFAULT '{}'
        CHECK (json_valid(more) AND json_type(more) = 'object')""",
)

VERDICT_RECORDS: tuple[str, ...] = (
    "PRAGMA legacy_alter_table = ON",
    *_GIVERS,
    *_SIDES,
    *_RANKINGS,
    *_FORGETTING,
    *_WIDER,
    *_SEARCH,
    *_INDEXES,
    *_TRIGGERS,
    *_TAGS,
    "PRAGMA legacy_alter_table = OFF",
)
