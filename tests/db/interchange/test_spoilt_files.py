"""Spoilt files: cut off, with other bytes, other types, nulls, repeated keys. Never a traceback, never half a file."""

import copy
import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.errors import InterchangeError
from db.interchange.format import Format
from db.interchange.formats import FORMATS, format_of
from db.interchange.questions import read_prompts
from db.interchange.records import LeftOut, PairRecord
from db.interchange.sources import Source, source_of
from tests.db.interchange.field_case import CHAT, ROW, flat, task
from tests.db.interchange.made_records import settled
from tui.workbench import Workbench

OTHERS: list[Any] = [
    *(
        None,
        True,
        False,
        0,
        -1,
        1e308,
        float("nan"),
        float("inf"),
        10**400,
        "",
        " ",
        "x",
        "[",
        "[{",
        "\u0000",
        "\ud83d",
    ),
    *([], {}, [None], [[]], [{}], ["a", 5], {"": {}}, {"value": 1}, {"role": "user"}, [{"role": 5, "content": []}]),
    *([{"role": "user", "content": {"a": 1}}], [{"role": "user", "content": "q"}]),
    *("{'role':", '[{"role": "user"}]', "<|im_start|>user\nx", "[INST] x", "\n\nHuman: x\n\nAssistant:"),
]
"""Values in place of a right one."""
ENDINGS = (".jsonl", ".json", ".csv", ".tsv", ".jsonl.gz", ".parquet", ".txt", "")


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every place in a value: what holds it, and its key there."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, held in inside:
        yield value, key
        yield from places(held)


def spoilt(rows: list[Any], chance: random.Random) -> list[Any]:
    """The rows with one or two of their values changed, removed, doubled or moved."""
    rows = copy.deepcopy(rows)
    for _ in range(chance.randint(1, 2)):
        where, key = chance.choice(list(places(rows)))
        what = chance.choice(("other", "other", "other", "remove", "rename", "deeper"))
        if what == "remove":
            del where[key]
        elif what == "rename" and isinstance(where, dict):
            where[chance.choice(("prompt", "chosen", "messages", "label", "data", "annotations", "answers"))] = where[
                key
            ]
        elif what == "deeper":
            where[key] = [where[key]]
        else:
            where[key] = copy.deepcopy(chance.choice(OTHERS))
        if not list(places(rows)):
            break
    return rows


def bytes_of(rows: list[Any], chance: random.Random) -> bytes:
    """A file of the rows, perhaps cut off or with other bytes in it."""
    texts = [json.dumps(each) for each in rows]
    text = "\n".join(texts) if chance.random() < 0.8 else f"[{','.join(texts)}]"
    if chance.random() < 0.2:
        text = text.replace("{", '{"prompt": "twice", "prompt": [], ', 1)
    data = bytearray(text.encode())
    for _ in range(chance.choice((0, 0, 0, 1, 3))):
        data[chance.randrange(len(data))] = chance.choice((0, 10, 34, 44, 91, 123, 125, 92, 195, 255))
    return bytes(data[: chance.randrange(len(data) + 1)] if chance.random() < 0.2 else data)


def read_or_refused(read: Callable[[], Any]) -> Any:
    """The result, or None where the file is refused in a sentence. Every other error fails the test."""
    try:
        return read()
    except InterchangeError as error:
        refusal = str(error)
    assert 10 < len(refusal) < 4000
    return None


def examples() -> list[list[Any]]:
    """Rows of every format."""
    return [list(each.examples) for each in FORMATS.values()] + [
        [ROW, CHAT],
        [flat("response_a")],
        [task({"result": []})],
    ]


def check_spoilt(path: Path, number: int) -> None:
    """Spoil rows of a format and read them in every way."""
    chance = random.Random(number)
    rows = spoilt(chance.choice(examples()) * 2, chance)
    path.write_bytes(bytes_of(rows, chance))
    source = Source(path)
    format = read_or_refused(lambda: format_of(source))
    for each in (format, chance.choice(list(FORMATS.values()))):
        if isinstance(each, Format):
            check_reads(read_or_refused(lambda each=each: list(each.read(source))))
            read_or_refused(lambda each=each: list(each.read(source, strict=True)))
    read_or_refused(lambda: read_prompts(source))


def check_reads(reads: list[PairRecord | LeftOut] | None) -> None:
    """Every record can be stored: texts that are texts, a prompt that ends with the user's, two different answers."""
    for each in reads or ():
        if isinstance(each, LeftOut):
            assert each.reason
            continue
        texts = (each.a, each.b, each.note, *(message["content"] for message in each.messages))
        assert all((isinstance(text, str) and text.isprintable()) or text.encode() is not None for text in texts)
        assert each.a.strip()
        assert each.b.strip()
        assert each.a != each.b
        assert each.messages[-1]["role"] == "user"
        assert {message["role"] for message in each.messages} <= {"system", "user", "assistant"}
        assert each.verdict in ("a", "b", "tie", "both_bad", "skip", "discard", None)


@given(number=st.integers(0, 10**9))
@settled(150)
def test_a_spoilt_file_is_read_or_refused_in_words(tmp_path_factory: pytest.TempPathFactory, number: int) -> None:
    check_spoilt(tmp_path_factory.getbasetemp() / "spoilt.jsonl", number)


@pytest.mark.long
def test_twenty_thousand_spoilt_files_are_read_or_refused_in_words(tmp_path: Path) -> None:
    for number in range(20_000):
        check_spoilt(tmp_path / "spoilt.jsonl", number)


@given(data=st.binary(max_size=200), ending=st.sampled_from([each for each in ENDINGS if each != ".parquet"]))
@settled(100)
def test_any_bytes_under_any_name_are_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, ending: str
) -> None:
    path = tmp_path_factory.getbasetemp() / f"bytes{ending}"
    path.write_bytes(data)
    source = source_of(str(path))
    format = read_or_refused(lambda: format_of(source))
    if format is not None:
        check_reads(read_or_refused(lambda: list(format.read(source))))
    read_or_refused(lambda: read_prompts(source))


def test_a_spoilt_file_is_stored_whole_or_not_at_all(tmp_path: Path) -> None:
    with_all = Workbench(tmp_path / "space")
    try:
        stored = 0
        for number in range(12):
            chance = random.Random(number)
            path = tmp_path / f"{number}.jsonl"
            rows = [ROW | {"prompt": f"q{number}-{at}"} for at in range(3)]
            path.write_bytes(bytes_of(spoilt(rows, chance), chance))
            done = read_or_refused(lambda path=path: with_all.imports.read(Source(path)))
            stored += 0 if done is None else done.taken
            assert with_all.counts().total == stored - (0 if done is None else done.not_judged)
            assert not with_all.imports.going_on
    finally:
        with_all.close()
    assert stored > 6
