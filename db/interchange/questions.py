"""Prompts of a file or a data set: one per line of text, or the rows of a table."""

from collections.abc import Iterator
from pathlib import Path

from db.errors import InterchangeError
from db.hashing import content_hash
from db.interchange.checks import Row, checked_text, messages_of
from db.interchange.sources import KINDS, Source, unfolded
from db.interchange.text_lines import read_lines
from db.interchange.trl import prompt_name
from db.prompt_rows import Message, NewPrompt, ReadPrompts, SkippedLine


def read_prompts(source: Source) -> ReadPrompts:
    """The prompts of a `.txt` file (one a line), of a `.jsonl`, `.json`, `.csv` or `.parquet` file, or of a data set.

    A row is an object of its columns. A JSON entry is a text, or an object with a `prompt` (text or messages), a
    `question` or `messages`, and perhaps a `field` such as "biology". Empty lines and repeated prompts are left out and
    reported.

    Raises:
        InterchangeError: the file is of another kind or encoding, has a malformed line, or holds no prompt.
    """
    first_at: dict[str, int] = {}
    prompts, duplicates, skipped = [], [], []
    for at, prompt in (
        _lines(source.where) if isinstance(source.where, Path) and source.kind == ".txt" else _rows(source)
    ):
        key = content_hash(prompt.messages)
        if not prompt.messages[-1]["content"].strip():
            skipped.append(SkippedLine(at, "empty prompt" if source.kind != ".txt" else "empty line"))
        elif key in first_at:
            duplicates.append(SkippedLine(at, f"the same as {first_at[key]}"))
        else:
            first_at[key] = at
            prompts.append(prompt)
    skipped += [SkippedLine(at, "empty line") for at in source.empty]
    if not prompts:
        raise InterchangeError(f"{source.name} holds no prompt. Write one question a line and try again.")
    return ReadPrompts(tuple(prompts), tuple(sorted(skipped, key=lambda each: each.line)), tuple(duplicates))


def _lines(path: Path) -> Iterator[tuple[int, NewPrompt]]:
    at = 0
    for line in read_lines(path):
        # In files of old systems a carriage return ends a line too.
        for part in line.removesuffix("\n").removesuffix("\r").split("\r"):
            at += 1
            yield at, NewPrompt((Message(role="user", content=part.strip()),))


def _rows(source: Source) -> Iterator[tuple[int, NewPrompt]]:
    if isinstance(source.where, Path) and source.kind not in KINDS:
        raise InterchangeError(
            f"{source.name} ends in {source.kind or 'nothing'}; "
            "questions come as .txt, .jsonl, .json, .csv or .parquet."
        )
    for row in source.rows():
        yield row.at, _prompt(row, source.is_table)


def _prompt(row: Row, table: bool) -> NewPrompt:
    if isinstance(row.value, str):
        return NewPrompt(messages_of(row, row.value, "prompt"))
    if not isinstance(row.value, dict):
        raise row.wrong("a text or an object with a 'prompt' is needed")
    name = prompt_name(row)
    asked = unfolded(row.get(name)) if table else row.get(name)
    field = row.get("field")
    if field is not None:
        field = checked_text(row, field, "field").strip() or None
    return NewPrompt(messages_of(row, asked, name), field)
