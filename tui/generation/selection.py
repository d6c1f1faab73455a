"""What is asked next: which prompts are answered, and which of the ready comparisons is shown."""

import sqlite3

from db import comparisons as db_comparisons
from db import margin_scores as db_margin_scores
from db import prompts as db_prompts
from db import verdicts as db_verdicts
from db.pair_rows import ComparisonRow
from db.prompt_rows import AskedOf, PromptRow
from tui.compute.seeds import seed_from


def next_prompts(
    connection: sqlite3.Connection, asked_of: AskedOf, limit: int, *, order: str, seed: int
) -> list[PromptRow]:
    """Prompts to be answered next. The shuffle depends on the seed alone, so a restart goes on where it stood."""
    ids = db_prompts.unasked_prompts(connection, asked_of)
    if order == "shuffled":
        ids.sort(key=lambda prompt: seed_from(seed, "order", prompt))
    return db_prompts.prompts_by_id(connection, ids[:limit])


def next_by_margin(
    connection: sqlite3.Connection, model: int, *, random_share: float, seed: int, after: int | None
) -> ComparisonRow | None:
    """The ready comparison whose margin under the model is nearest to 0, or, for a random share, any of them.

    What a person asked for goes first. Those that were not scored yet come behind, in order; when none is ready, the
    skipped ones. What is chosen stays the same until another verdict is given.
    """
    asked = db_comparisons.next_asked_first(connection, after=after)
    if asked is not None:
        return asked
    margins = db_margin_scores.open_margins(connection, model)
    ready = [each for each in margins if each != after] or list(margins)
    if not ready or ready == [after]:
        return db_comparisons.next_open(connection, after=after)
    chance = seed_from(seed, "pick", db_verdicts.newest_verdict(connection))
    if chance / 2**48 < random_share:
        chosen = ready[seed_from(chance, "which") % len(ready)]
    else:
        scored = [(abs(margin), each) for each in ready if (margin := margins[each]) is not None]
        chosen = min(scored)[1] if scored else ready[0]
    return db_comparisons.get_comparison(connection, chosen)
