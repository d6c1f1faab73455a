"""CSV and Parquet files of prompts and of pairs; a file that is none says so."""

import csv
from pathlib import Path

import pytest
from datasets import Dataset

from db.errors import InterchangeError
from db.interchange import read_pairs, read_prompts
from db.tabular import read_rows


def write_csv(path: Path, *rows: tuple[str, ...]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)
    return path


def test_prompts_of_a_csv_file(tmp_path: Path) -> None:
    file = write_csv(
        tmp_path / "q.csv", ("prompt", "field"), ("Why, oh why?\nTell.", "biology"), ("Was heißt das?", "")
    )
    read = read_prompts(file)
    assert [(each.messages[0]["content"], each.field) for each in read.prompts] == [
        ("Why, oh why?\nTell.", "biology"),
        ("Was heißt das?", None),
    ]


def test_pairs_of_a_parquet_file_with_messages(tmp_path: Path) -> None:
    prompt = [{"role": "user", "content": "Why?"}]
    answers = {each: [{"role": "assistant", "content": each}] for each in ("chosen", "rejected")}
    Dataset.from_list([{"prompt": prompt, **answers}]).to_parquet(tmp_path / "p.parquet")
    (pair,) = read_pairs(tmp_path / "p.parquet")
    assert (pair.line, pair.chosen, pair.rejected) == (1, "chosen", "rejected")
    assert list(pair.messages) == prompt


def test_a_malformed_row_is_named_by_its_number(tmp_path: Path) -> None:
    file = write_csv(tmp_path / "p.csv", ("prompt", "chosen", "rejected"), ("a", "b", "c"), ("d", "e", ""))
    with pytest.raises(InterchangeError, match="2"):
        read_pairs(file)


@pytest.mark.parametrize("name", ["none.parquet", "none.csv"])
def test_a_file_that_is_none_says_so(tmp_path: Path, name: str) -> None:
    with pytest.raises(InterchangeError, match="no such file"):
        read_rows(tmp_path / name)
    (tmp_path / name).write_bytes(b"\x00\xff\xfe not this" * 20)
    with pytest.raises(InterchangeError, match=name):
        read_rows(tmp_path / name)
