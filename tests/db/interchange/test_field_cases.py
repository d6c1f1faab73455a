"""Files as people have them: read right, or left out row by row with the reason."""

from pathlib import Path
from typing import Any

import pytest

from db.errors import InterchangeError
from db.interchange.columns import columns_of
from db.interchange.format import Format
from db.interchange.formats import FORMATS, format_of
from db.interchange.records import PairRecord
from db.interchange.sources import Source
from tests.db.interchange.field_case import ROW, WHOLE, Case, outcome
from tests.db.interchange.field_cases_asked import ASKED_CASES
from tests.db.interchange.field_cases_judged import JUDGED_CASES
from tui.workbench import Workbench


@pytest.mark.parametrize("case", [*ASKED_CASES, *JUDGED_CASES], ids=lambda case: case.name)
def test_a_file_is_read_as_it_was_meant(case: Case, tmp_path: Path) -> None:
    path = tmp_path / f"file{case.ending}"
    path.write_text(case.text, encoding="utf-8", newline="")
    source = Source(path)
    format = format_of(source)
    reads = list(format.read(source))
    assert tuple(map(outcome, reads)) == case.outcomes
    assert format.name == case.format
    records = [each for each in reads if isinstance(each, PairRecord)]
    assert all(case.remark in " ".join(each.remarks) for each in records)
    assert case.remark or not any(each.remarks for each in records)


@pytest.mark.parametrize("format", FORMATS.values(), ids=lambda format: format.name)
def test_the_examples_of_the_document_are_read_by_their_own_format(format: Format, tmp_path: Path) -> None:
    path = tmp_path / "file.jsonl"
    path.write_text(Case("", list(format.examples), "", ()).text)
    source = Source(path)
    same = {"preference-data": "trl-text"}  # told apart by the kind of file alone
    assert format_of(source).name == same.get(format.name, format.name)
    records = [each for each in format.read(source) if isinstance(each, PairRecord)]
    assert bool(records) == (format.name != "summaries")
    assert format.shape
    assert format.traps


@pytest.mark.parametrize(
    ("columns", "asked"), [("prompt=instruction", "u:To Latin.\nthe dog"), ("ignore=input", "u:To Latin.")]
)
def test_an_input_is_read_unless_a_person_says_not_to(columns: str, asked: str, tmp_path: Path) -> None:
    path = tmp_path / "file.jsonl"
    row = {"instruction": "To Latin.", "input": "the dog", "chosen": "canis", "rejected": "dog"}
    path.write_text(Case("", [row], "", ()).text)
    source = Source(path, columns_of(columns))
    assert [outcome(each) for each in format_of(source).read(source)] == [f"{asked} | canis > dog"]


@pytest.mark.parametrize(
    ("ignored", "beside"),
    [
        ("history", {"history": [["Hello.", "Hello!"]]}),
        ("history", {"history": [["Hello."]]}),
        ("History ", {"History": [["Hello.", "Hello!"]]}),
        ("system", {"system": "Be brief."}),
        ("context", {"context": "Another question."}),
        ("input", {"input": "the dog"}),
        ("image", {"image": "dog.png"}),
    ],
)
def test_a_column_that_a_person_ignores_is_read_nowhere(
    ignored: str, beside: dict[str, object], tmp_path: Path
) -> None:
    path = tmp_path / "file.jsonl"
    path.write_text(Case("", [ROW | beside], "", ()).text)
    with_it, without = Source(path), Source(path, columns_of(f"ignore={ignored}"))
    path.with_suffix(".plain.jsonl").write_text(Case("", [ROW], "", ()).text)
    plain = Source(path.with_suffix(".plain.jsonl"))
    read = [[outcome(each) for each in format_of(source).read(source)] for source in (with_it, without, plain)]
    assert read[0] != read[1] == read[2]


def test_a_field_of_an_object_in_a_row_is_ignored_too(tmp_path: Path) -> None:
    path = tmp_path / "file.jsonl"
    task = dict(FORMATS["label-studio"].examples[0])
    task["data"] = {**task["data"], "history": [["Hello.", "Hello!"]]}
    path.write_text(Case("", [task], "", ()).text)
    source = Source(path, columns_of("ignore=history"))
    (record,) = format_of(source).read(source)
    assert isinstance(record, PairRecord)
    assert len(record.messages) == 1


def test_a_column_with_capitals_is_told_as_the_file_has_it(tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    path.write_text("Question,Output,Response\nWhy?,yes,no\n")
    source = Source(path, columns_of("chosen=Output,rejected=Response"))
    assert [outcome(each) for each in format_of(source).read(source)] == ["u:Why? | yes > no"]


def test_the_scores_of_every_row_are_kept_whatever_the_first_one_has(tmp_path: Path) -> None:
    rows = [
        WHOLE,
        WHOLE | {"score_chosen": 8.0, "score_rejected": 2.0},
        WHOLE | {"score_chosen": "N/A", "score_rejected": 1},
    ]
    path = tmp_path / "file.jsonl"
    path.write_text(Case("", rows, "", ()).text)
    reads = list(format_of(Source(path)).read(Source(path)))
    assert [(each.score_a, each.score_b) for each in reads] == [(None, None), (8.0, 2.0), (None, 1.0)]


def test_the_format_is_that_of_most_rows(tmp_path: Path) -> None:
    path = tmp_path / "file.jsonl"
    odd = {"prompt": "x", "completion": "y", "label": True}
    path.write_text(Case("", [odd, ROW, ROW], "", ()).text)
    source = Source(path)
    assert format_of(source).name == "trl-text"
    assert [isinstance(each, PairRecord) for each in format_of(source).read(source)] == [False, True, True]


# -- a thousand rows -------------------------------------------------------------------------------------------

ODD_EVERY = 50
"""One row in so many has a picture."""


def numbered(value: Any, number: int) -> Any:
    """A row whose answers end with a number."""
    if isinstance(value, dict):
        return {name: numbered(held, number) for name, held in value.items()}
    if isinstance(value, list):
        return [numbered(each, number) for each in value]
    return f"{value} {number}" if isinstance(value, str) and value.rstrip().endswith(".") else value


@pytest.mark.long
@pytest.mark.parametrize("format", FORMATS.values(), ids=lambda format: format.name)
def test_a_thousand_rows_are_taken_or_left_out_by_reason(format: Format, tmp_path: Path) -> None:
    answers_in_a_row = 2 if format.name == "kto" else 1
    rows = [numbered(format.examples[at % len(format.examples)], at // answers_in_a_row) for at in range(1000)]
    rows = [each | {"image": "x.png"} if at % ODD_EVERY == 0 else each for at, each in enumerate(rows)]
    path = tmp_path / "file.jsonl"
    path.write_text(Case("", rows, "", ()).text)
    workbench = Workbench(tmp_path / "space")
    try:
        if format.name == "summaries":
            with pytest.raises(InterchangeError, match="nothing says what was asked"):
                workbench.imports.read(Source(path))
            return
        done = workbench.imports.read(Source(path), rejects=tmp_path / "rejects.jsonl")
        left_out = {each.reason: each.count for each in done.left_out}
        assert sum(number for reason, number in left_out.items() if "'image'" in reason) == 1000 // ODD_EVERY
        lost = sum(number for reason, number in left_out.items() if "'image'" not in reason)
        assert done.taken * answers_in_a_row + 1000 // ODD_EVERY + lost == 1000
        assert lost <= (1000 // ODD_EVERY if format.name == "kto" else 0), left_out
        assert len((tmp_path / "rejects.jsonl").read_text().splitlines()) == sum(left_out.values())
    finally:
        workbench.close()
