"""Migration 9: a trigger that keeps held-out prompts out of a run's pairs."""

_HELD_OUT = "SELECT h.guard_hash FROM prompts h WHERE h.set_id IN (SELECT id FROM prompt_sets WHERE held_out = 1)"

HELD_OUT_TRIGGER: tuple[str, ...] = (
    f"""CREATE TRIGGER held_out_is_never_trained_on BEFORE INSERT ON run_pairs
    WHEN (SELECT p.guard_hash FROM comparisons c JOIN prompts p ON p.id = c.prompt WHERE c.id = NEW.comparison)
        IN ({_HELD_OUT})
    BEGIN SELECT RAISE(ABORT, 'a prompt that is held out for trials is never trained on'); END""",
    f"""CREATE TRIGGER held_out_comes_in_no_other_way BEFORE UPDATE OF comparison ON run_pairs
    WHEN (SELECT p.guard_hash FROM comparisons c JOIN prompts p ON p.id = c.prompt WHERE c.id = NEW.comparison)
        IN ({_HELD_OUT})
    BEGIN SELECT RAISE(ABORT, 'a prompt that is held out for trials is never trained on'); END""",
    """CREATE TRIGGER run_pairs_of_trials BEFORE INSERT ON run_pairs
    WHEN EXISTS (SELECT 1 FROM comparisons c WHERE c.id = NEW.comparison AND c.trial IS NOT NULL)
    BEGIN SELECT RAISE(ABORT, 'a verdict of a trial is never trained on'); END""",
    "CREATE INDEX run_pairs_by_comparison ON run_pairs (comparison)",
)
