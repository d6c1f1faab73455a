"""Whose verdicts count: SQL about who gave a verdict."""

MAY_STAND = "(v.source = 'import' OR v.source = 'person' AND v.person IS NULL)"
"""The condition for a verdict `v` of labelling that may stand: the owner's own and imported ones."""

MAY_STAND_IN_TRIAL = f"""({MAY_STAND} OR v.source = 'model' AND EXISTS
    (SELECT 1 FROM trials t WHERE t.id = c.trial AND t.judged_by IS NOT NULL))"""
"""The same for a comparison `c` of labelling or of a trial, as the trigger `verdicts_stand` has it."""

GIVEN = """(SELECT g.comparison, max(g.id) AS verdict FROM main.verdicts g
        WHERE (g.judge = :judge OR g.person = :person) AND g.verdict <> 'undo'
            AND NOT EXISTS (SELECT 1 FROM main.verdicts u WHERE u.undoes = g.id)
        GROUP BY g.comparison)"""
"""The newest verdict of one judge or person, by ids, on each comparison."""
