"""Questions that a person asked in Ask: their prompts with two answers each, and the conversations made of them.

A conversation has no row of its own. Every turn is a prompt that begins with the turns before it, so the longest prompt
holds the whole conversation. The setting `asked` lists the ids of the prompts that were asked.
"""

import json
from collections.abc import Sequence
from sqlite3 import Connection
from typing import Final

from db.comparisons import add_answer, add_pair, comparisons_by_id, get_comparison
from db.errors import NotAllowed
from db.hashing import content_hash, guard_hash
from db.import_batches import is_hidden
from db.names_shown import note_names_shown
from db.pair_rows import AskedRow, ComparisonRow, NewCompletion
from db.prompt_rows import ConversationRow, Messages, NewPrompt, PromptRow
from db.prompts import add_prompt_set, find_prompt, get_prompt_set, insert_prompt, prompts_by_id
from db.settings import get_setting, set_setting

ASKED_SET: Final = "asked"
"""The prompt set that new questions join."""
_ASKED: Final = "asked"
_MOST_LISTED: Final = 500

_MATCHING = r"""SELECT p.id FROM prompts p WHERE p.id IN (SELECT value FROM json_each(:ids))"""
_HAS_WORD = r"""AND (EXISTS (SELECT 1 FROM json_each(p.messages) m WHERE m.value ->> '$.content' LIKE :{0} ESCAPE '\')
        OR EXISTS (SELECT 1 FROM completions x WHERE x.prompt = p.id AND x.text LIKE :{0} ESCAPE '\'))"""
# The pairs of a prompt that were asked, without repeats and without edits, the newest first.
_PAIRS = """SELECT c.id FROM comparisons c WHERE c.prompt = ? AND c.trial IS NULL AND c.repeats IS NULL
    AND c.ranking IS NULL AND NOT EXISTS
        (SELECT 1 FROM completions x WHERE x.id IN (c.a, c.b) AND x.source = 'human')
    ORDER BY c.id DESC"""
_EDIT = """SELECT c.id FROM comparisons c JOIN completions x ON x.id IN (c.a, c.b) AND x.source = 'human'
    WHERE c.prompt = :prompt AND c.standing_verdict IN ('a', 'b') AND EXISTS
        (SELECT 1 FROM comparisons o WHERE o.id = :pair AND (o.a IN (c.a, c.b) OR o.b IN (c.a, c.b)))
    ORDER BY c.standing DESC LIMIT 1"""


def check_askable(conn: Connection, messages: Messages, set_name: str = ASKED_SET) -> None:
    """Refuse a question that is held out for trials, alone or as the last turn of a conversation.

    Raises:
        NotAllowed: it is held out, or the set that it would join is, or an import that has not ended holds it.
    """
    for asked in (messages, messages[-1:]):
        query = """SELECT s.name FROM prompts p JOIN prompt_sets s ON s.id = p.set_id
            WHERE p.guard_hash = ? AND s.held_out = 1 LIMIT 1"""
        row = conn.execute(query, (guard_hash(asked),)).fetchone()
        if row is not None:
            raise NotAllowed(
                f"This question is held out for trials, in the set {row['name']!r}. A verdict on it here would reach "
                "training, so ask another one."
            )
    if is_hidden(conn, content_hash(messages)):
        raise NotAllowed("A running import holds this question. Wait for its end, or stop it; then ask again.")
    there = get_prompt_set(conn, set_name)
    if there is not None and there.held_out:
        raise NotAllowed(
            f"Questions join the prompt set {set_name!r}, which is held out for trials. Rename it: press D, then p."
        )


def add_asked(
    conn: Connection,
    messages: Messages,
    answers: tuple[NewCompletion, NewCompletion],
    *,
    side_seed: int,
    named: bool,
    set_name: str = ASKED_SET,
) -> AskedRow:
    """Store a question with both answers. A new prompt joins the set `set_name`; one that exists stays in its set.

    `named` says that the answers were shown with the names of their policies, so that no verdict on them is blind. Two
    equal answers are no pair: one of them is stored, and the conversation can continue from it.

    Raises:
        NotAllowed: the question is held out for trials.
    """
    check_askable(conn, messages, set_name)
    prompt = find_prompt(conn, messages)
    if prompt is None:
        prompt = insert_prompt(conn, add_prompt_set(conn, set_name, held_out=False), NewPrompt(messages))
    asked = get_setting(conn, _ASKED, [])
    if prompt not in asked:
        set_setting(conn, _ASKED, [*asked, prompt])
    if answers[0].text == answers[1].text:
        add_answer(conn, prompt, answers[0])
        return AskedRow(prompt, None)
    comparison = add_pair(conn, prompt, answers, side_seed=side_seed)
    if named:
        note_names_shown(conn, comparison)
    return AskedRow(prompt, comparison)


def list_conversations(conn: Connection, words: Sequence[str] = ()) -> list[ConversationRow]:
    """The conversations whose turns or last answers hold every one of `words`, the one asked last first, at most 500.

    A conversation is an asked prompt that no other asked prompt continues.
    """
    prompts = [each for each in prompts_by_id(conn, get_setting(conn, _ASKED, [])) if not each.forgotten]
    continued = {
        content_hash(each.messages[:turns]) for each in prompts for turns in range(1, len(each.messages) - 1, 1)
    }
    last = {each.id: each for each in prompts if content_hash(each.messages) not in continued}
    times = _asked_at(conn, list(last))
    found = sorted(_matching(conn, list(last), words), key=lambda each: (times[each], each), reverse=True)
    return [ConversationRow(last[each], times[each]) for each in found[:_MOST_LISTED]]


def newest_pair(conn: Connection, prompt: int) -> ComparisonRow | None:
    """The pair of this prompt that was asked last; repeats and edits do not count."""
    row = conn.execute(_PAIRS, (prompt,)).fetchone()
    return None if row is None else get_comparison(conn, row["id"])


def only_answer(conn: Connection, prompt: int) -> str | None:
    """The newest answer to a prompt whose two answers were equal, so that they are no pair; None without any."""
    query = "SELECT text FROM completions WHERE prompt = ? AND source <> 'human' ORDER BY id DESC LIMIT 1"
    row = conn.execute(query, (prompt,)).fetchone()
    return None if row is None else str(row["text"])


def count_answered(conn: Connection, messages: Messages) -> int:
    """How often this question was answered outside of trials."""
    prompt = find_prompt(conn, messages)
    return 0 if prompt is None else len(conn.execute(_PAIRS, (prompt,)).fetchall())


def find_turn(conn: Connection, messages: Messages) -> PromptRow | None:
    """The prompt with these messages, or None."""
    prompt = find_prompt(conn, messages)
    return None if prompt is None else prompts_by_id(conn, [prompt])[0]


def chosen_text(conn: Connection, pair: ComparisonRow) -> str | None:
    """The answer of a pair that a person wrote better, else the one that was judged better; None without either."""
    row = conn.execute(_EDIT, {"prompt": pair.prompt.id, "pair": pair.id}).fetchone()
    if row is not None:
        edit = comparisons_by_id(conn, [row["id"]])[0]
        return next(each.text for each in (edit.a, edit.b) if each.source == "human")
    letter = pair.standing.verdict if pair.standing else None
    return {"a": pair.a.text, "b": pair.b.text}.get(letter or "")


def _asked_at(conn: Connection, prompts: Sequence[int]) -> dict[int, str]:
    query = """SELECT p.id, coalesce((SELECT max(c.created) FROM comparisons c WHERE c.prompt = p.id
            AND c.trial IS NULL AND c.repeats IS NULL), p.created) AS at
        FROM prompts p WHERE p.id IN (SELECT value FROM json_each(?))"""
    return {row["id"]: row["at"] for row in conn.execute(query, (json.dumps(list(prompts)),))}


def _matching(conn: Connection, prompts: Sequence[int], words: Sequence[str]) -> list[int]:
    values = {"ids": json.dumps(list(prompts))}
    conditions = []
    for number, word in enumerate(words):
        for special in "\\%_":
            word = word.replace(special, "\\" + special)
        values[f"w{number}"] = f"%{word}%"
        conditions.append(_HAS_WORD.format(f"w{number}"))
    return [row["id"] for row in conn.execute(" ".join([_MATCHING, *conditions]), values)]
