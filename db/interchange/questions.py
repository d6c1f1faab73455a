"""Prompts of a file or a data set: one per line of text, or the rows of a table."""

from collections.abc import Iterator
from pathlib import Path

from db.errors import InterchangeError
from db.hashing import content_hash
from db.interchange.asked import ASKED, asked_of
from db.interchange.checks import Row, RowRefused, checked_text
from db.interchange.fields import check_fields
from db.interchange.messages import asked
from db.interchange.sources import Source
from db.interchange.text_lines import read_lines
from db.prompt_rows import NewPrompt, ReadPrompts, SkippedLine

# Answers and verdicts beside a prompt say nothing about what is asked.
_ANSWERS = frozenset(
    [
        "answer",
        "answers",
        "response",
        "responses",
        "completion",
        "completions",
        "output",
        "outputs",
        "chosen",
        "rejected",
        "label",
        "kto_tag",
        "choices",
        "choices_list",
        "solution",
        "solutions",
        "target",
        "targets",
        "reference",
        "references",
        "correct_answer",
        "winner",
        "preference",
    ]
)


Found = tuple[NewPrompt, tuple[str, ...]]
"""A prompt and remarks on its reading."""


def read_prompts(source: Source) -> ReadPrompts:
    """The prompts of a `.txt` file (one a line), or of any file or data set that holds rows.

    A row is an object of its columns. A JSON entry is a text, or an object with a `prompt`, `question`, `instruction`,
    `text`, `turns`, `messages` or `conversations`, and perhaps a `field` such as "biology". Empty lines, repeated
    prompts, and rows that cannot be used are left out and reported.

    Raises:
        InterchangeError: the file is of another kind or encoding, or holds no prompt.
    """
    first_at: dict[str, int] = {}
    prompts, lines = list[NewPrompt](), list[int]()
    duplicates, skipped, remarks = list[SkippedLine](), list[SkippedLine](), list[SkippedLine]()
    is_text = isinstance(source.where, Path) and source.kind == ".txt"
    for at, found in _lines(source) if is_text else _rows(source):
        if isinstance(found, str):
            skipped.append(SkippedLine(at, found))
            continue
        prompt, said = found
        key = content_hash(prompt.messages)
        if not prompt.messages[-1]["content"].strip():
            skipped.append(SkippedLine(at, "empty line" if is_text else "empty prompt"))
        elif key in first_at:
            duplicates.append(SkippedLine(at, f"the same as {first_at[key]}"))
        else:
            first_at[key] = at
            prompts.append(prompt)
            lines.append(at)
            remarks += [SkippedLine(at, each) for each in said]
    skipped = sorted([*skipped, *(SkippedLine(at, "empty line") for at in source.empty)], key=lambda each: each.line)
    if not prompts:
        reason = next((f" The first row is left out because {each.reason}." for each in skipped), "")
        raise InterchangeError(f"{source.name} holds no prompt. Write one question a line and try again.{reason}")
    return ReadPrompts(tuple(prompts), tuple(skipped), tuple(duplicates), tuple(remarks), lines=tuple(lines))


def _lines(source: Source) -> Iterator[tuple[int, Found | str]]:
    assert isinstance(source.where, Path)
    at = 0
    for line in read_lines(source.where):
        # In files of old systems a carriage return ends a line too.
        for part in line.removesuffix("\n").removesuffix("\r").split("\r"):
            at += 1
            yield at, (NewPrompt(asked(part.strip())), ())


def _rows(source: Source) -> Iterator[tuple[int, Found | str]]:
    """Every row as a prompt, or the reason to leave it out."""
    for row in source.rows():
        try:
            yield row.at, _prompt(row)
        except RowRefused as error:
            yield row.at, error.reason


def _prompt(row: Row) -> Found:
    if not row.fault and isinstance(row.value, str):
        row = row.part({"prompt": row.value})
    elif not row.fault and not isinstance(row.value, dict):
        raise row.wrong("a text or an object with a 'prompt' is needed")
    check_fields(row, ASKED | _ANSWERS | {"field"})
    found = asked_of(row)
    return NewPrompt(found.messages, _field(row)), found.remarks


def _field(row: Row) -> str | None:
    field = row.get("field")
    return None if field is None else checked_text(row, field, "field").strip() or None
