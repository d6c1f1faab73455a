"""Parquet files, folders and data sets of the Hub through `datasets`, and the errors for those that cannot be read."""

import csv
from pathlib import Path

import pytest
from datasets import Dataset

from db.errors import InterchangeError
from db.interchange import hub
from db.interchange.formats import format_of
from db.interchange.questions import read_prompts
from db.interchange.reading import EMPTY
from db.interchange.records import LeftOut
from db.interchange.sources import HubName, Source, source_of

PROMPT = [{"role": "user", "content": "Why?"}]
ANSWERS = {each: [{"role": "assistant", "content": each}] for each in ("chosen", "rejected")}


def write_csv(path: Path, *rows: tuple[str, ...]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)
    return path


def read(source: Source):
    return list(format_of(source).read(source))


def test_prompts_of_a_csv_file(tmp_path: Path) -> None:
    file = write_csv(
        tmp_path / "q.csv", ("prompt", "field"), ("Why, oh why?\nTell.", "biology"), ("Was heißt das?", "")
    )
    found = read_prompts(Source(file))
    assert [(each.messages[0]["content"], each.field) for each in found.prompts] == [
        ("Why, oh why?\nTell.", "biology"),
        ("Was heißt das?", None),
    ]


def test_pairs_of_a_parquet_file_with_messages(tmp_path: Path) -> None:
    Dataset.from_list([{"prompt": PROMPT, **ANSWERS}]).to_parquet(tmp_path / "p.parquet")
    (pair,) = read(Source(tmp_path / "p.parquet"))
    assert (pair.at, pair.chosen, pair.rejected) == (1, "chosen", "rejected")
    assert list(pair.messages) == PROMPT


def test_nulls_of_a_parquet_file_say_nothing_and_its_first_row_does_not_decide(tmp_path: Path) -> None:
    call = [{"role": "assistant", "content": "chosen", "tool_calls": [{"name": "f"}]}]
    plain = [{"role": "assistant", "content": "chosen", "tool_calls": None}]
    rejected = ANSWERS["rejected"]
    rows = [{"prompt": PROMPT, "chosen": each, "rejected": rejected, "score_chosen": None} for each in (call, plain)]
    Dataset.from_list([*rows, rows[1] | {"score_chosen": 2.0}]).to_parquet(tmp_path / "p.parquet")
    first, second, third = read(Source(tmp_path / "p.parquet"))
    assert isinstance(first, LeftOut)
    assert "'tool_calls' in 'chosen' holds tools" in first.reason
    assert [(each.chosen, each.score_a) for each in (second, third)] == [("chosen", None), ("chosen", 2.0)]
    fields = {"prompt": "Why?", "response_a": "one", "response_b": "two", "preference.responses": None}
    Dataset.from_list([fields, fields | {"preference.responses": ["response_b"]}]).to_parquet(tmp_path / "a.parquet")
    assert [each.verdict for each in read(Source(tmp_path / "a.parquet"))] == [None, "b"]


def test_a_row_with_an_empty_answer_is_left_out_by_its_line(tmp_path: Path) -> None:
    file = write_csv(tmp_path / "p.csv", ("prompt", "chosen", "rejected"), ("a", "b", "c"), ("d", "e", ""))
    assert read(Source(file))[1] == LeftOut(3, EMPTY)


@pytest.mark.parametrize("name", ["none.parquet", "none.csv"])
def test_a_file_that_is_none_says_so(tmp_path: Path, name: str) -> None:
    with pytest.raises(InterchangeError, match=r"(?i)no such file"):
        list(Source(tmp_path / name).rows())
    (tmp_path / name).write_bytes(b"\x00\xff\xfe not this" * 20)
    with pytest.raises(InterchangeError, match=name):
        list(Source(tmp_path / name).rows())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data set of two splits, as `datasets` lays one out."""
    home = tmp_path / "taste"
    for split, number in (("train", 3), ("test", 1)):
        rows = [{"prompt": [{"role": "user", "content": f"{split} {at}?"}], **ANSWERS} for at in range(number)]
        Dataset.from_list(rows).to_parquet(home / "data" / f"{split}-00000-of-00001.parquet")
    return home


def test_a_folder_is_read_split_by_split(folder: Path) -> None:
    source = source_of(str(folder))
    assert source.stem == "taste"
    assert [pair.messages[0]["content"] for pair in read(source)] == ["train 0?", "train 1?", "train 2?"]
    assert [pair.messages[0]["content"] for pair in read(source_of(str(folder), split="test"))] == ["test 0?"]
    assert len(read_prompts(source).prompts) == 3
    with pytest.raises(InterchangeError, match=r"taste cannot be read: .*nothing.*Nothing was taken from it"):
        read(source_of(str(folder), split="nothing"))


def test_a_hub_that_cannot_be_reached_is_told_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(*_: object, **__: object) -> None:
        raise ConnectionError("Couldn't reach 'user/name' on the Hub (LocalEntryNotFoundError)")

    monkeypatch.setattr("datasets.load_dataset", unreachable)
    with pytest.raises(InterchangeError) as caught:
        list(Source(HubName("user/name")).rows())
    assert str(caught.value) == (
        "The data set user/name cannot be read from the Hub: Couldn't reach 'user/name' on the Hub "
        "(LocalEntryNotFoundError). Check the name and the network, or download it and name its folder. "
        "Nothing was taken from it."
    )


def test_the_data_set_s_name_split_and_configuration_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def load(*names: object, **settings: object) -> list[dict[str, object]]:
        asked.append((*names, settings))
        return [{"prompt": "x", "field": None}]

    monkeypatch.setattr("datasets.load_dataset", load)
    assert list(hub.hub_rows("user/name", "test", "en")) == [{"prompt": "x"}]
    assert asked == [("user/name", "en", {"split": "test", "streaming": True})]
