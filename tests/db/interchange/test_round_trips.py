"""What is written is read back: pairs of every kind, through every format, and by the loaders of TRL and `datasets`."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.interchange.format import Format
from db.interchange.formats import FORMATS, WRITTEN, format_of
from db.interchange.messages import assistant
from db.interchange.reading import EQUAL_SCORES
from db.interchange.records import LeftOut, PairRecord
from db.interchange.sources import Source
from db.interchange.writing import NUL, write_pairs
from tests.db.interchange.made_records import records, settled
from tests.db.interchange.test_formats import expected

NO_PLACE = ("the format has no", "the format needs", "a text would change when it is read back", EQUAL_SCORES, NUL)


def comes_back(folder: Path, format: Format, ending: str, record: PairRecord) -> None:
    """Write one record alone and read it again: it is the same, or it was left out with a known reason."""
    path = folder / f"one{ending}"
    done = write_pairs(path, [record], format.name)
    assert all(reason.startswith(NO_PLACE) for reason in done.left_out)
    reads = list(format.read(Source(path))) if done.pairs else []
    assert not any(isinstance(each, LeftOut) for each in reads)
    found = [replace(each, at=0, model_a=None, model_b=None) for each in reads if isinstance(each, PairRecord)]
    wanted = expected(record, format)
    if wanted is not None and format.joined is not None:
        wanted = replace(wanted, messages=({"role": "user", "content": format.joined(wanted.messages)},))
    assert found == ([wanted] if done.pairs else [])
    if done.pairs and format.name != "preference-data":
        recognised = format_of(Source(path)).name
        assert recognised in (format.name, "preference-data"), recognised


def endings(format: Format) -> st.SearchStrategy[str]:
    """The kinds of files of a format. Parquet takes too long for each pair; see `test_formats`."""
    return st.sampled_from([each for each in format.endings if each != ".parquet"])


@pytest.mark.parametrize("name", WRITTEN)
@given(data=st.data())
@settled(20)
def test_a_pair_comes_back_the_same(tmp_path_factory: pytest.TempPathFactory, name: str, data: st.DataObject) -> None:
    comes_back(folder_of(tmp_path_factory), FORMATS[name], data.draw(endings(FORMATS[name])), data.draw(records()))


@pytest.mark.long
@pytest.mark.parametrize("name", WRITTEN)
@given(data=st.data())
@settled(2000)
def test_two_thousand_pairs_come_back_the_same(
    tmp_path_factory: pytest.TempPathFactory, name: str, data: st.DataObject
) -> None:
    comes_back(folder_of(tmp_path_factory), FORMATS[name], data.draw(endings(FORMATS[name])), data.draw(records()))


_folders: dict[int, Path] = {}


def folder_of(factory: pytest.TempPathFactory) -> Path:
    """One folder for all examples of this process."""
    return _folders.setdefault(id(factory), factory.mktemp("made"))


# -- by other loaders ------------------------------------------------------------------------------------------


def loaded(path: Path) -> list[dict[str, Any]]:
    """The rows as `datasets` loads them."""
    datasets = pytest.importorskip("datasets")
    datasets.disable_progress_bars()
    data = datasets.load_dataset("json", data_files=str(path), split="train", cache_dir=str(path.parent / "cache"))
    return [*data]


def pairs_by_trl(name: str, path: Path) -> list[tuple[Any, str, str]]:
    """Prompt, chosen and rejected text of every pair, as TRL's own functions prepare them for training."""
    data_utils = pytest.importorskip("trl.data_utils")
    found = []
    for row in loaded(path):
        row = data_utils.maybe_extract_prompt(row) if "prompt" not in row else row
        texts = [each if isinstance(each, str) else each[-1]["content"] for each in (row["chosen"], row["rejected"])]
        found.append((row["prompt"], *texts))
    assert name in ("trl", "trl-text", "trl-implicit")
    return found


def read_by_others(folder: Path, made: Sequence[PairRecord]) -> None:
    """TRL prepares the same pairs from a file as Palate reads from it."""
    for name in ("trl", "trl-text", "trl-implicit"):
        path = folder / f"{name}.jsonl"
        done = write_pairs(path, made, name)
        ours = [each for each in FORMATS[name].read(Source(path)) if isinstance(each, PairRecord)]
        assert len(ours) == done.pairs
        if not ours:
            continue
        theirs = pairs_by_trl(name, path)
        texts = [(each.chosen, each.rejected) for each in ours]
        assert [(chosen, rejected) for _, chosen, rejected in theirs] == texts
        for (prompt, *_), each in zip(theirs, ours, strict=True):
            assert prompt == (each.messages[0]["content"] if name == "trl-text" else list(each.messages))


@given(made=st.lists(records(), min_size=30, max_size=30))
@settled(1)
def test_trl_reads_the_same_pairs(tmp_path_factory: pytest.TempPathFactory, made: list[PairRecord]) -> None:
    read_by_others(tmp_path_factory.mktemp("trl"), made)


@pytest.mark.long
@given(made=st.lists(records(), min_size=10, max_size=10))
@settled(200)
def test_trl_reads_two_thousand_pairs_the_same(
    tmp_path_factory: pytest.TempPathFactory, made: list[PairRecord]
) -> None:
    read_by_others(tmp_path_factory.mktemp("trl"), made)


def test_trl_s_unpaired_rows_are_the_answers_of_the_pairs(tmp_path: Path) -> None:
    data_utils = pytest.importorskip("trl.data_utils")
    record = PairRecord(1, ({"role": "user", "content": "Why?"},), "Light.", "Hm.", "b")
    write_pairs(tmp_path / "kto.jsonl", [record], "kto")
    rows = loaded(tmp_path / "kto.jsonl")
    assert all(data_utils.is_conversational(each) for each in rows)
    assert [(each["completion"], each["label"]) for each in rows] == [
        ([assistant("Hm.")], True),
        ([assistant("Light.")], False),
    ]
