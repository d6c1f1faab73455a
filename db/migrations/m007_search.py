"""Migration 7: the index of words over every verdict (prompt, both answers, notes) and of the facts for filters.

Prompts, completions and verdicts never change, so a row is written once, with its verdict and under the verdict's id:
the newest rows come first without sorting. Only the note on a comparison can change, and it has its own triggers. The
index holds no text of its own (`content=''`). Prefixes of two letters are indexed too: with 20,000 made-up words "ga…"
took 19 ms without and 0.1 ms with them, for two thirds more room. See docs/LOG.md for the tokenizer.
"""

_PROMPT_TEXT = "(SELECT group_concat(m.value ->> '$.content', char(10)) FROM json_each(p.messages) m)"
# Each fact is a pair of words, so that the query `facts : "verdict tie"` finds one fact.
_FACTS = """'verdict ' || v.verdict || ' strength ' || v.strength || ' side ' || ifnull(v.side, 'none')
        || ' blind ' || v.blind || ' source ' || v.source || ' trial ' || ifnull(c.trial, 'none')
        || ' written ' || a.source || ' written ' || b.source
        || ' model ' || ifnull(a.model, 'none') || ' model ' || ifnull(b.model, 'none')
        || CASE v.verdict
            WHEN 'a' THEN ' chosen ' || a.source || ' chosen ' || ifnull(a.model, 'none')
            WHEN 'b' THEN ' chosen ' || b.source || ' chosen ' || ifnull(b.model, 'none')
            ELSE ' chosen none' END
        || CASE WHEN EXISTS (SELECT 1 FROM verdicts e
            WHERE e.comparison = v.comparison AND e.id < v.id AND e.verdict NOT IN ('undo', 'skip'))
            THEN ' judged again' ELSE ' judged once' END"""
_COLUMNS = "prompt, a, b, said, facts"

SEARCH_SCHEMA: tuple[str, ...] = (
    """CREATE TRIGGER prompts_stay BEFORE UPDATE OF id, messages, content_hash, guard_hash ON prompts
    BEGIN SELECT RAISE(ABORT, 'what a prompt asks is never changed'); END""",
    f"""CREATE VIEW verdict_texts AS SELECT v.id, v.comparison, {_PROMPT_TEXT} AS prompt, a.text AS a, b.text AS b,
        v.note AS said, {_FACTS} AS facts
    FROM verdicts v
    JOIN comparisons c ON c.id = v.comparison
    JOIN prompts p ON p.id = c.prompt
    JOIN completions a ON a.id = c.a
    JOIN completions b ON b.id = c.b
    WHERE v.verdict <> 'undo'""",
    f"""CREATE VIRTUAL TABLE verdict_words USING fts5({_COLUMNS}, note, content='', prefix='2',
        tokenize='unicode61 remove_diacritics 2')""",
    f"""INSERT INTO verdict_words (rowid, {_COLUMNS}, note)
    SELECT t.id, {_COLUMNS.replace("prompt, a, b", "t.prompt, t.a, t.b")}, ifnull(n.note, '')
    FROM verdict_texts t LEFT JOIN comparison_notes n ON n.comparison = t.comparison ORDER BY t.id""",
    f"""CREATE TRIGGER verdicts_searched AFTER INSERT ON verdicts WHEN NEW.verdict <> 'undo'
    BEGIN
        INSERT INTO verdict_words (rowid, {_COLUMNS}, note)
        SELECT t.id, t.prompt, t.a, t.b, t.said, t.facts,
            ifnull((SELECT n.note FROM comparison_notes n WHERE n.comparison = t.comparison), '')
        FROM verdict_texts t WHERE t.id = NEW.id;
    END""",
    f"""CREATE TRIGGER notes_searched AFTER INSERT ON comparison_notes
    BEGIN
        INSERT INTO verdict_words (verdict_words, rowid, {_COLUMNS}, note)
        SELECT 'delete', t.id, t.prompt, t.a, t.b, t.said, t.facts, ''
        FROM verdict_texts t WHERE t.comparison = NEW.comparison;
        INSERT INTO verdict_words (rowid, {_COLUMNS}, note)
        SELECT t.id, t.prompt, t.a, t.b, t.said, t.facts, NEW.note
        FROM verdict_texts t WHERE t.comparison = NEW.comparison;
    END""",
    f"""CREATE TRIGGER notes_searched_anew AFTER UPDATE OF note ON comparison_notes
    BEGIN
        INSERT INTO verdict_words (verdict_words, rowid, {_COLUMNS}, note)
        SELECT 'delete', t.id, t.prompt, t.a, t.b, t.said, t.facts, OLD.note
        FROM verdict_texts t WHERE t.comparison = NEW.comparison;
        INSERT INTO verdict_words (rowid, {_COLUMNS}, note)
        SELECT t.id, t.prompt, t.a, t.b, t.said, t.facts, NEW.note
        FROM verdict_texts t WHERE t.comparison = NEW.comparison;
    END""",
    """CREATE TRIGGER notes_kept BEFORE DELETE ON comparison_notes
    BEGIN SELECT RAISE(ABORT, 'an empty note is written in place of one that is taken away'); END""",
    "CREATE INDEX comparisons_withdrawn ON comparisons (id) WHERE withdrawn = 1",
    "CREATE INDEX verdicts_noted ON verdicts (id) WHERE note <> ''",
    "CREATE INDEX prompts_by_field ON prompts (field)",
)
