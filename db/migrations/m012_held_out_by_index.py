"""Migration 12: the trigger for held-out prompts looks them up by an index."""

# The same refusal through an index. The older trigger read all held-out prompts again for every pair of a run: 30,000
# pairs and 5,000 prompts took a minute.
_IS_HELD_OUT = """EXISTS (SELECT 1 FROM comparisons c JOIN prompts p ON p.id = c.prompt
        JOIN prompts h ON h.guard_hash = p.guard_hash JOIN prompt_sets s ON s.id = h.set_id
        WHERE c.id = NEW.comparison AND s.held_out = 1)
    BEGIN SELECT RAISE(ABORT, 'a prompt that is held out for trials is never trained on'); END"""

HELD_OUT_BY_INDEX: tuple[str, ...] = (
    "DROP TRIGGER held_out_is_never_trained_on",
    "DROP TRIGGER held_out_comes_in_no_other_way",
    f"CREATE TRIGGER held_out_is_never_trained_on BEFORE INSERT ON run_pairs WHEN {_IS_HELD_OUT}",
    f"CREATE TRIGGER held_out_comes_in_no_other_way BEFORE UPDATE OF comparison ON run_pairs WHEN {_IS_HELD_OUT}",
)
