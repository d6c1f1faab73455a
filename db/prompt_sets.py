"""A person's changes to prompt sets, each in one transaction: create, rename, add prompts, remove a prompt."""

from collections.abc import Iterable
from sqlite3 import Connection

from db.errors import NotAllowed, NotFound
from db.import_batches import going_on
from db.prompt_rows import AddedPrompts, Message, NewPrompt, ReadPrompts, TakenPrompts, by_reason
from db.prompts import add_prompt_set, add_prompts, get_prompt_set


def create_prompt_set(conn: Connection, name: str, *, held_out: bool, prompts: Iterable[NewPrompt] = ()) -> int:
    """Create a set with these prompts and return its id.

    Raises:
        NotAllowed: the name is empty, or another set has it.
    """
    name = _usable(name)
    if get_prompt_set(conn, name) is not None:
        raise NotAllowed(f"There is a prompt set {name!r} already. Choose another name.")
    set_id = add_prompt_set(conn, name, held_out=held_out)
    add_prompts(conn, set_id, prompts)
    return set_id


def rename_set(conn: Connection, set_id: int, name: str) -> None:
    """Rename a set.

    Raises:
        NotFound: there is no such set.
        NotAllowed: the name is empty, or another set has it.
    """
    if conn.execute("SELECT 1 FROM prompt_sets WHERE id = ?", (set_id,)).fetchone() is None:
        raise NotFound(f"There is no prompt set {set_id}. `palate prompts` lists them.")
    name = _usable(name)
    taken = conn.execute("SELECT 1 FROM prompt_sets WHERE name = ? AND id <> ?", (name, set_id)).fetchone()
    if taken is not None:
        raise NotAllowed(f"There is a prompt set {name!r} already. Choose another name.")
    conn.execute("UPDATE prompt_sets SET name = ? WHERE id = ?", (name, set_id))


def add_question(conn: Connection, set_id: int, text: str, field: str | None) -> AddedPrompts:
    """Add one prompt to a set: `text` as a user message, without the white space around it.

    Raises:
        NotAllowed: the text is empty.
        NotFound: there is no such set.
    """
    if not text.strip():
        raise NotAllowed("An empty prompt asks nothing. Write a question.")
    return add_prompts(conn, set_id, [NewPrompt((Message(role="user", content=text.strip()),), field)])


def add_file(conn: Connection, name: str, held_out: bool, read: ReadPrompts) -> TakenPrompts:
    """Add the prompts of a file to the set `name`, which is created if it is missing.

    Raises:
        NotAllowed: an import of pairs is running, or the set is of the other kind.
    """
    if going_on(conn):
        raise NotAllowed("A running import may hold the same prompts. Wait for its end, or stop it.")
    known = get_prompt_set(conn, name)
    if known is not None and known.held_out != held_out:
        kind = "held out for trials" if known.held_out else "for labelling"
        raise NotAllowed(f"The prompt set {name!r} is {kind} already. Choose another name for this file.")
    added = add_prompts(conn, add_prompt_set(conn, name, held_out=held_out), read.prompts)
    duplicates = added.duplicates + len(read.duplicates)
    lines = (by_reason(read.skipped), by_reason(read.remarks))
    return TakenPrompts(name, added.added, duplicates, len(read.skipped), added.in_other_set, *lines, read.similar)


def remove_prompt(conn: Connection, prompt: int) -> None:
    """Remove a prompt that was never used.

    Raises:
        NotFound: there is none with that id.
        NotAllowed: it was answered, asked in a trial or moved out of a trial, so other rows depend on it.
    """
    if conn.execute("SELECT 1 FROM prompts WHERE id = ?", (prompt,)).fetchone() is None:
        raise NotFound(f"There is no prompt {prompt}. `palate prompts show SET` lists those of a set.")
    for table, words in (
        ("completions", "it was answered"),
        ("trial_prompts", "a trial asks it"),
        ("run_samples", "a run answered it as a sample"),
        ("prompt_moves", "it was moved out of a trial"),
    ):
        if conn.execute(f"SELECT 1 FROM {table} WHERE prompt = ? LIMIT 1", (prompt,)).fetchone() is not None:
            raise NotAllowed(f"Prompt {prompt} stays, because {words}. Only an unused prompt can be removed.")
    conn.execute("DELETE FROM passed_over WHERE prompt = ?", (prompt,))
    conn.execute("DELETE FROM prompts WHERE id = ?", (prompt,))


def _usable(name: str) -> str:
    """The name of a set without the white space around it."""
    name = name.strip()
    if not name:
        raise NotAllowed("A prompt set needs a name. Give it one.")
    return name
