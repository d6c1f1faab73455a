"""Files in and out: questions to ask, and preference pairs in TRL's explicit formats.

TRL's formats: https://huggingface.co/docs/trl/dataset_formats (explicit prompt, standard or conversational). A file is
read whole before anything of it is stored, so a malformed line leaves the database as it was.
"""

import os
import tempfile
from collections.abc import Iterable
from pathlib import Path
from sqlite3 import Connection
from typing import Any, Literal, TextIO

from db.comparisons import add_comparison, find_comparison
from db.completions import add_completion, find_completion
from db.errors import InterchangeError, NotAllowed, NotFound
from db.hashing import content_hash
from db.plain_json import plain_json
from db.prompts import find_prompt, insert_prompt, is_held_out, list_prompt_sets
from db.reading import checked_text, lines_of, messages_of, read_records, read_text, wrong
from db.rows import ImportedPair, ImportedPairs, Message, Messages, NewPrompt, PairRow, ReadPrompts, SkippedLine
from db.tabular import TABULAR
from db.verdicts import add_verdict, history

ExportFormat = Literal["trl", "trl-text"]

# How a prompt's fields are called: ours and TRL's, the original project's, and plain chat logs'.
_PROMPT_NAMES = ("prompt", "question", "messages")


def read_prompts(path: Path) -> ReadPrompts:
    """The prompts of a `.txt` file (one a line) or a `.jsonl`, `.json`, `.csv` or `.parquet` file.

    A row is an object of its columns. A JSON entry is a text, or an object with a `prompt` (text or messages), a
    `question` or `messages`, and perhaps a `field` such as "biology". Empty lines and prompts that came before are left
    out and told.

    Raises:
        InterchangeError: another kind of file, another encoding, a malformed line, or no prompt at all.
    """
    empty: list[int] = []
    if path.suffix.lower() == ".txt":
        numbered = list(enumerate(lines_of(read_text(path)), 1))
        # The rest after the last line end is not a line.
        numbered = numbered if numbered[-1][1] else numbered[:-1]
        found = [(at, NewPrompt((Message(role="user", content=line.strip()),))) for at, line in numbered]
    elif path.suffix.lower() in (".jsonl", ".json", *TABULAR):
        records, empty = read_records(path)
        found = [(at, _prompt(path, at, record)) for at, record in records]
    else:
        raise InterchangeError(
            f"{path} ends in {path.suffix or 'nothing'}; questions come as .txt, .jsonl, .json, .csv or .parquet."
        )
    return _sorted_out(path, found, empty)


def read_pairs(path: Path) -> list[ImportedPair]:
    """The preference pairs of a file in TRL's explicit formats, text or conversational.

    They come as `.jsonl`, a `.json` list, `.csv` or `.parquet`.

    `question` is taken for `prompt`. The texts are kept to the letter, a leading space of an answer included. Pairs
    with equal answers are among them: `import_pairs` counts and leaves them out.

    Raises:
        InterchangeError: names the first line that is malformed, without a prompt, or empty.
    """
    pairs = [_pair(path, at, record) for at, record in read_records(path)[0]]
    if not pairs:
        raise InterchangeError(f"{path} holds no pair. Each line needs a prompt, a chosen and a rejected answer.")
    return pairs


def import_pairs(conn: Connection, set_id: int, pairs: Iterable[ImportedPair]) -> ImportedPairs:
    """Store imported pairs as prompts, completions, comparisons and verdicts; a second time adds nothing.

    New prompts go into the set `set_id`. A comparison that already has a verdict keeps it. Run it in one transaction,
    so that a file is taken whole or not at all.

    Raises:
        NotFound: there is no such set.
        NotAllowed: the set is held out for trials.
    """
    _check_for_labelling(conn, set_id)
    tally = dict.fromkeys(("added", "duplicates", "contradictions", "same_text", "held_out"), 0)
    for pair in pairs:
        tally[_import_one(conn, set_id, pair)] += 1
    return ImportedPairs(**tally)


def write_pairs(target: Path | TextIO, pairs: Iterable[PairRow], format: ExportFormat = "trl") -> int:
    """Write the pairs as JSON Lines and give their number; a file is written beside and renamed into place.

    `trl` is conversational: messages. `trl-text` is standard: texts, a prompt's messages joined by an empty line, as
    a model without a chat template reads them.

    Raises:
        InterchangeError: the file cannot be written. One that stood there before is then as it was.
    """
    shape = _as_texts if format == "trl-text" else _as_messages
    lines = [plain_json(shape(pair)) + "\n" for pair in pairs]
    if isinstance(target, Path):
        write_beside(target, lines)
    else:
        target.writelines(lines)
    return len(lines)


# -- in --------------------------------------------------------------------------------------------------------


def _sorted_out(path: Path, found: list[tuple[int, NewPrompt]], empty: list[int]) -> ReadPrompts:
    """Leave out empty prompts and those that came before, and say which."""
    first_at: dict[str, int] = {}
    prompts, duplicates = [], []
    skipped = [SkippedLine(at, "empty line") for at in empty]
    for at, prompt in found:
        key = content_hash(prompt.messages)
        if not prompt.messages[-1]["content"].strip():
            skipped.append(SkippedLine(at, "empty prompt" if path.suffix.lower() != ".txt" else "empty line"))
        elif key in first_at:
            duplicates.append(SkippedLine(at, f"the same as {first_at[key]}"))
        else:
            first_at[key] = at
            prompts.append(prompt)
    if not prompts:
        raise InterchangeError(f"{path} holds no prompt. Write one question a line and try again.")
    return ReadPrompts(tuple(prompts), tuple(sorted(skipped, key=lambda each: each.line)), tuple(duplicates))


def _prompt(path: Path, at: int, record: Any) -> NewPrompt:
    if isinstance(record, str):
        return NewPrompt(messages_of(path, at, record, "prompt"))
    name = _prompt_name(path, at, record)
    field = record.get("field")
    if field is not None:
        field = checked_text(path, at, field, "field").strip() or None
    return NewPrompt(messages_of(path, at, record[name], name), field)


def _prompt_name(path: Path, at: int, record: Any) -> str:
    if not isinstance(record, dict):
        raise wrong(path, at, "a text or an object with a 'prompt' is needed")
    name = next((each for each in _PROMPT_NAMES if each in record), None)
    if name is None:
        has = ", ".join(repr(key) for key in list(record)[:5]) or "nothing"
        raise wrong(path, at, f"there is no 'prompt' and no 'question', only {has}")
    return name


def _pair(path: Path, at: int, record: Any) -> ImportedPair:
    name = _prompt_name(path, at, record)
    messages = messages_of(path, at, record[name], name)
    if not any(message["content"].strip() for message in messages):
        raise wrong(path, at, f"{name!r} is empty")
    chosen, rejected = (_answer(path, at, record, each) for each in ("chosen", "rejected"))
    if isinstance(record["chosen"], str) != isinstance(record["rejected"], str):
        raise wrong(path, at, "'chosen' and 'rejected' must both be texts or both be messages")
    return ImportedPair(at, messages, chosen, rejected)


def _answer(path: Path, at: int, record: dict[str, Any], name: str) -> str:
    """The text of an answer. A list of messages may hold one alone: more would carry part of the prompt."""
    value = record.get(name)
    if isinstance(value, list):
        if len(value) != 1 or not isinstance(value[0], dict) or value[0].get("role") != "assistant":
            raise wrong(path, at, f"{name!r} must hold one message of the assistant, and nothing of the prompt")
        value = value[0].get("content")
    text = checked_text(path, at, value, name)
    if not text.strip():
        raise wrong(path, at, f"{name!r} is empty")
    return text


def _import_one(conn: Connection, set_id: int, pair: ImportedPair) -> str:
    """Store one pair; gives the name of the count that it belongs to."""
    if pair.chosen == pair.rejected:
        return "same_text"
    if is_held_out(conn, pair.messages):
        return "held_out"
    prompt = _ensure_prompt(conn, set_id, pair.messages)
    chosen, rejected = (_ensure_completion(conn, prompt, text) for text in (pair.chosen, pair.rejected))
    comparison = find_comparison(conn, chosen, rejected)
    verdict = "a" if chosen < rejected else "b"
    if comparison is None:
        # No side was ever shown; the seed only matters should the pair be opened.
        comparison = add_comparison(conn, prompt=prompt, a=chosen, b=rejected, side_seed=chosen)
    elif said := {row.verdict for row in history(conn, comparison)} - {"undo", "skip"}:
        return "duplicates" if verdict in said else "contradictions"
    add_verdict(conn, comparison=comparison, verdict=verdict, layout="none", blind=False, source="import")
    return "added"


def _check_for_labelling(conn: Connection, set_id: int) -> None:
    wanted = next((each for each in list_prompt_sets(conn) if each.id == set_id), None)
    if wanted is None:
        raise NotFound(f"There is no prompt set {set_id}.")
    if wanted.held_out:
        raise NotAllowed(f"The prompt set {wanted.name!r} is held out for trials. Import into another with --set.")


def _ensure_prompt(conn: Connection, set_id: int, messages: Messages) -> int:
    prompt = find_prompt(conn, messages)
    return insert_prompt(conn, set_id, NewPrompt(messages)) if prompt is None else prompt


def _ensure_completion(conn: Connection, prompt: int, text: str) -> int:
    there = find_completion(conn, prompt, text)
    return add_completion(conn, prompt=prompt, text=text, source="import") if there is None else there


# -- out -------------------------------------------------------------------------------------------------------


def _as_messages(pair: PairRow) -> dict[str, Any]:
    answers = {"chosen": pair.chosen, "rejected": pair.rejected}
    chat = {name: [{"role": "assistant", "content": text}] for name, text in answers.items()}
    return {"prompt": list(pair.messages), **chat}


def _as_texts(pair: PairRow) -> dict[str, Any]:
    prompt = "\n\n".join(message["content"] for message in pair.messages)
    return {"prompt": prompt, "chosen": pair.chosen, "rejected": pair.rejected}


def write_beside(target: Path, lines: list[str]) -> None:
    """Write lines to a file beside `target` and rename it into place, for the owner alone.

    Raises:
        InterchangeError: it cannot be written. A file that stood there before is then as it was.
    """
    beside = None
    try:
        # Made by mkstemp, so for the owner alone: answers are nobody else's business.
        handle, beside = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
        with open(handle, "w", encoding="utf-8", newline="\n") as file:
            file.writelines(lines)
            file.flush()
            os.fsync(file.fileno())
        Path(beside).replace(target)
        beside = None
    except OSError as error:
        raise InterchangeError(f"{target} cannot be written: {error.strerror}. Choose another place.") from error
    finally:
        if beside is not None:
            Path(beside).unlink(missing_ok=True)
