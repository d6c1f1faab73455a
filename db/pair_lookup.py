"""Find a labelling pair by its prompt's place in the set or by words of its prompt."""

from sqlite3 import Connection

from db.comparisons import C_STILL_LABELLING

_OF_LABELLING = f"""SELECT c.id FROM comparisons c JOIN prompts p ON p.id = c.prompt
    WHERE c.trial IS NULL AND c.repeats IS NULL AND c.ranking IS NULL AND {C_STILL_LABELLING}
        AND NOT EXISTS (SELECT 1 FROM completions x WHERE x.id IN (c.a, c.b) AND x.source = 'human')"""
# The search wraps round from the pair behind :after to :after itself, so that repeating it finds the next pair.
_NEXT = "ORDER BY c.id <= :after, c.id LIMIT 1"
_HAS_WORDS = r"""EXISTS (SELECT 1 FROM json_each(p.messages) m
    WHERE m.value ->> '$.content' LIKE :words ESCAPE '\')"""
_AT_PLACE = """:place > 0 AND p.set_id = :set_id AND p.id =
    (SELECT id FROM prompts WHERE set_id = :set_id ORDER BY id LIMIT 1 OFFSET :place - 1)"""


def find_words(conn: Connection, words: str, *, after: int = 0) -> int | None:
    """The first labelling comparison behind `after` whose prompt holds `words`; the search wraps round to the start.

    The case of ASCII letters does not count. Edits, repeats and the pairs of a ranking are left out.
    """
    for special in "\\%_":
        words = words.replace(special, "\\" + special)
    return _first(conn, _HAS_WORDS, {"words": f"%{words}%", "after": after})


def find_place(conn: Connection, set_id: int, place: int, *, after: int = 0) -> int | None:
    """The first labelling comparison of the prompt at `place`, from 1, in its set; see `find_words` for the order."""
    return _first(conn, _AT_PLACE, {"set_id": set_id, "place": place, "after": after})


def _first(conn: Connection, condition: str, values: dict[str, int | str]) -> int | None:
    row = conn.execute(f"{_OF_LABELLING} AND {condition} {_NEXT}", values).fetchone()
    return None if row is None else int(row["id"])
