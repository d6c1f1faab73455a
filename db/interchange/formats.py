"""Every format that Palate reads and writes: its name, the facts that it carries, and how to recognise it."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from db.errors import InterchangeError
from db.interchange.annotators import is_argilla, read_argilla, read_task, write_argilla, write_task
from db.interchange.arena import read_battle, read_battle_row, write_battle, write_battle_row
from db.interchange.checks import Row
from db.interchange.comparator import HEAD, read_example, write_example
from db.interchange.kto import read_kto, write_kto
from db.interchange.palate_lines import read_line, write_line
from db.interchange.records import DECISIVE, LeftOut, PairRecord, Read
from db.interchange.sources import Source, unfolded
from db.interchange.transcripts import write_transcripts
from db.interchange.trl import (
    PROMPT_NAMES,
    read_explicit,
    read_implicit,
    read_texts,
    read_ultrafeedback,
    write_implicit,
    write_messages,
    write_texts,
    write_ultrafeedback,
)

FACTS = {
    "tie": "ties",
    "both_bad": "both bad",
    "both_good": "both good",
    "skip": "skips",
    "discard": "discarded",
    "open": "not judged",
    "strength": "strength",
    "side": "side",
    "seconds": "seconds",
    "note": "note",
    "field": "field",
    "scores": "scores",
    "tags": "reasons",
    "person": "who judged",
    "others": "others' verdicts",
    "ranking": "ranking",
    "turns": "several turns",
    "system": "system prompt",
}
"""The facts that a file may hold beside "this answer is better", and their column heads in a table."""

_JUDGED = frozenset({"tie", "both_bad", "both_good", "skip", "discard", "open"})
_CHAT = frozenset({"turns", "system"})

Written = dict[str, Any] | list[dict[str, Any]] | LeftOut


@dataclass(frozen=True)
class Format:
    """One format. `endings` are those of the files that may hold it, its own first.

    `carries` are the facts that are unchanged after a round trip. `head` holds the other members of a file that is one
    JSON object with examples.
    """

    name: str
    words: str
    carries: frozenset[str]
    read_rows: Callable[..., Iterator[Read]]
    write_record: Callable[[PairRecord], Written]
    endings: tuple[str, ...] = (".jsonl", ".json", ".csv", ".parquet")
    head: dict[str, Any] | None = None

    def read(self, source: Source) -> Iterator[Read]:
        """Every row of a source, as a record or as a row that is left out.

        Raises:
            InterchangeError: a malformed row, named by its number.
        """
        yield from self.read_rows(source.rows(), table=source.is_table)

    def write(self, record: PairRecord) -> list[dict[str, Any]] | LeftOut:
        """The rows of a record, or the reason why the format cannot hold it."""
        kind = "open" if record.verdict is None else record.verdict
        if kind not in DECISIVE and kind not in self.carries:
            return LeftOut(record.at, f"the format has no place for {_KINDS[kind]}")
        written = self.write_record(record)
        return [written] if isinstance(written, dict) else written


_KINDS = {
    "tie": "ties",
    "both_bad": "pairs that are both bad",
    "both_good": "pairs that are both good",
    "skip": "skipped pairs",
    "discard": "discarded pairs",
    "open": "pairs without a verdict",
}


def _each(read_row: Callable[..., Read]) -> Callable[..., Iterator[Read]]:
    def read_rows(rows: Iterable[Row], *, table: bool) -> Iterator[Read]:
        read = partial(read_row, table=table)
        return map(read, rows)

    return read_rows


FORMATS: dict[str, Format] = {
    each.name: each
    for each in (
        Format("trl", "TRL, explicit prompt, as messages", _CHAT, _each(read_explicit), write_messages),
        Format("trl-text", "TRL, explicit prompt, as texts", frozenset(), _each(read_texts), write_texts),
        Format("trl-implicit", "TRL, implicit prompt", _CHAT, _each(read_implicit), write_implicit),
        Format("kto", "KTO: single answers, good or bad", _CHAT, read_kto, write_kto),
        Format("hh-rlhf", "HH-RLHF: transcripts", frozenset({"turns"}), _each(read_implicit), write_transcripts),
        Format(
            "ultrafeedback",
            "UltraFeedback, binarized",
            _CHAT | {"scores"},
            _each(read_ultrafeedback),
            write_ultrafeedback,
        ),
        Format(
            "argilla",
            "Argilla, flat records",
            _JUDGED | _CHAT | {"strength", "note", "field"},
            _each(read_argilla),
            write_argilla,
        ),
        Format(
            "label-studio",
            "Label Studio, pairwise",
            _JUDGED | _CHAT | {"strength", "side", "seconds", "note", "field"},
            _each(read_task),
            write_task,
            (".json", ".jsonl", ".parquet"),
        ),
        Format("arena", "Arena, conversations", _CHAT | {"tie", "both_bad"}, _each(read_battle), write_battle),
        Format(
            "arena-csv",
            "Arena, table",
            frozenset({"tie", "turns"}),
            _each(read_battle_row),
            write_battle_row,
            (".csv", ".jsonl", ".json", ".parquet"),
        ),
        Format(
            "llm-comparator",
            "LLM Comparator",
            _JUDGED | {"strength", "side", "seconds", "note", "field"},
            _each(read_example),
            write_example,
            (".json",),
            HEAD,
        ),
        Format(
            "palate",
            "Palate: everything that is known of a pair",
            frozenset(FACTS),
            _each(read_line),
            write_line,
            (".jsonl", ".json"),
        ),
        Format(
            "preference-data",
            "the original project's preference_data.json",
            frozenset(),
            _each(read_texts),
            write_texts,
            (".json", ".jsonl", ".csv", ".parquet"),
        ),
    )
}
"""Every format by name, in the order in which lists show them."""


def format_of(source: Source) -> Format:
    """The format of a source, recognised from its first row.

    Raises:
        InterchangeError: it has no row, or its first row is in no known format.
    """
    if source.is_object:
        return FORMATS["llm-comparator"]
    row = next(source.rows(), None)
    if row is None:
        raise InterchangeError(
            f"{source.name} holds no pair. Each line needs a prompt, a chosen and a rejected answer."
        )
    name = _name_of(row, source)
    if name is None:
        has = ", ".join(repr(key) for key in list(row.object())[:8]) or "nothing"
        raise row.wrong(
            f"no known format has {has}. A pair needs 'prompt', 'chosen' and 'rejected'; "
            "`palate import --help` lists every format, --format names one"
        )
    return FORMATS[name]


def _name_of(row: Row, source: Source) -> str | None:
    if row.has("palate", "a", "b"):
        return "palate"
    if row.has("conversation_a", "conversation_b"):
        return "arena"
    if row.has("response_a", "response_b") and (row.has("winner_tie") or row.has("winner_model_a")):
        return "arena-csv"
    if row.has("data", "annotations"):
        return "label-studio"
    if is_argilla(row.object()):
        return "argilla"
    if row.has("completion", "label"):
        return "kto"
    if row.has("input_text", "output_text_a"):
        return "llm-comparator"
    return _preferred(row, source) if row.has("chosen") or row.has("rejected") else None


def _preferred(row: Row, source: Source) -> str | None:
    chosen = unfolded(row.get("chosen")) if source.is_table else row.get("chosen")
    asked = any(row.get(name) is not None for name in PROMPT_NAMES)
    if isinstance(chosen, list) and len(chosen) > 1:
        return "ultrafeedback" if row.has("prompt", "messages") or row.has("score_chosen") else "trl-implicit"
    if asked:
        return "trl" if isinstance(chosen, list) else "preference-data" if _is_original(row, source) else "trl-text"
    return "hh-rlhf" if isinstance(chosen, str) and row.has("rejected") else "trl"


def _is_original(row: Row, source: Source) -> bool:
    return source.kind == ".json" and set(row.object()) <= {"prompt", "question", "chosen", "rejected"}
