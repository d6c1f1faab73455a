"""Palate's own format, from one workspace into another: who judged, reasons, verdicts of others, rankings."""

import json
from contextlib import closing
from pathlib import Path
from sqlite3 import Connection
from typing import Any

import pytest

from db.blind_trials import judge_by_command
from db.comparisons import get_comparison
from db.connection import open_database, read_only, writing
from db.errors import InterchangeError
from db.import_batches import begin, prepared, reveal, take_back
from db.interchange.formats import FORMATS
from db.interchange.records import OtherVerdict, PairRecord
from db.interchange.selection import Selection, judged_pairs
from db.interchange.sources import Source
from db.interchange.writing import write_pairs
from db.migrations.runner import first_fault
from db.people import OWN_NAME, ensure_person, list_people
from db.rankings import add_ranking, rank, ranking_answers
from db.settings import set_setting
from db.tags import tags_of
from db.verdicts import add_verdict, verdicts_beside
from tests.db_workspace import answer, compared, new_set, workspace

LINE = {"palate": 1, "prompt": [{"role": "user", "content": "Why?"}], "a": "so", "b": "thus", "verdict": "a"}


def fill(conn: Connection) -> None:
    """A pair that three have judged, and a ranking of three answers."""
    one = compared(conn, "one")
    add_verdict(conn, comparison=one, verdict="both_good", tags=["clear", "tone"], seconds=4.0, note="warm")
    anna = ensure_person(conn, "Anna")
    for verdict in ("a", "b"):
        add_verdict(conn, comparison=one, verdict=verdict, person=anna, strength=2)
        judge_by_command(conn, "./judge", comparison=one, verdict=verdict, confidence=0.5)
    new_set(conn, "two", name="more")
    answers = [answer(conn, "two", f"answer {each}", cut=each == 1) for each in range(3)]
    rank(conn, add_ranking(conn, 2, answers, side_seed=1), {each: place for place, each in enumerate(answers, 1)})


def stored(conn: Connection, file: Path) -> None:
    """Import a file in one slice, and show it."""
    records = [each for each in FORMATS["palate"].read(Source(file)) if isinstance(each, PairRecord)]
    begin(conn, source=file.name, set_name="pairs", pairs=len(records)).store(
        conn, [prepared(each) for each in records]
    )


@pytest.fixture
def exported(tmp_path: Path) -> tuple[Path, list[PairRecord]]:
    open_database(tmp_path / "one.db")
    with closing(writing(tmp_path / "one.db")) as conn:
        fill(conn)
        records = list(judged_pairs(conn, Selection()))
    write_pairs(tmp_path / "pairs.jsonl", records, "palate")
    return tmp_path / "pairs.jsonl", records


def essence(record: PairRecord) -> tuple[Any, ...]:
    known = (
        record.messages,
        record.a,
        record.b,
        record.verdict,
        record.tags,
        record.others,
        record.seconds,
        record.note,
    )
    return (*known, record.ranking is not None, record.cut)


def test_everything_comes_into_another_workspace(tmp_path: Path, exported: tuple[Path, list[PairRecord]]) -> None:
    file, records = exported
    assert records[0].others == (
        OtherVerdict("b", 2, person="Anna"),
        OtherVerdict("b", judge="./judge", confidence=0.5),
    )
    with workspace(tmp_path) as conn:
        stored(conn, file)
        reveal(conn)
        assert list(map(essence, judged_pairs(conn))) == list(map(essence, records))
        assert {(each.a, each.cut) for each in records} >= {("answer 0", (False, True)), ("answer 1", (True, False))}
        row = get_comparison(conn, 1).standing
        assert row is not None
        assert (row.verdict, row.source) == ("both_good", "import")
        assert tags_of(conn, [row.id]) == {row.id: ("clear", "tone")}
        assert [(each.verdict, each.source) for each in verdicts_beside(conn, 1)] == [("b", "person"), ("b", "model")]
        assert [len(ranking_answers(conn, each.ranking or 0)) for each in judged_pairs(conn) if each.ranking] == [
            3,
            3,
            3,
        ]
        assert list(list_people(conn).values()) == ["Anna"]


def test_a_pair_that_waits_gets_its_reasons_and_the_verdicts_of_others_when_the_import_is_shown(
    tmp_path: Path, exported: tuple[Path, list[PairRecord]]
) -> None:
    file, _ = exported
    with workspace(tmp_path) as conn:
        one = compared(conn, "one")
        stored(conn, file)
        assert get_comparison(conn, one).standing is None
        reveal(conn)
        row = get_comparison(conn, one).standing
        assert row is not None
        assert tags_of(conn, [row.id]) == {row.id: ("clear", "tone")}
        assert len(verdicts_beside(conn, one)) == 2


def test_the_owner_s_own_verdicts_come_back_as_nobody_else_s(
    tmp_path: Path, exported: tuple[Path, list[PairRecord]]
) -> None:
    with workspace(tmp_path) as conn:
        set_setting(conn, OWN_NAME, {"name": "anna "})
        stored(conn, exported[0])
        reveal(conn)
        assert [each.source for each in verdicts_beside(conn, 1)] == ["model"]
        assert list_people(conn) == {}


def test_an_import_that_is_taken_back_leaves_none_of_it(
    tmp_path: Path, exported: tuple[Path, list[PairRecord]]
) -> None:
    with workspace(tmp_path) as conn:
        stored(conn, exported[0])
        while take_back(conn, 1):
            pass
        for table in ("verdicts", "verdict_tags", "comparisons", "rankings", "ranking_answers", "prompts"):
            assert conn.execute(f"SELECT count(*) FROM {table}").fetchone()[0] == 0, table
        assert first_fault(conn) is None


def test_a_verdict_of_a_judge_does_not_keep_an_import_out(tmp_path: Path) -> None:
    with workspace(tmp_path) as conn:
        one = compared(conn, "one")
        judge_by_command(conn, "./judge", comparison=one, verdict="a")
        file = tmp_path / "pairs.jsonl"
        line = LINE | {"prompt": [{"role": "user", "content": "one"}], "a": "first", "b": "second", "verdict": "b"}
        file.write_text(json.dumps(line))
        stored(conn, file)
        assert reveal(conn) == []
        row = get_comparison(conn, one).standing
        assert row is not None
        assert row.verdict == "b"


def test_nothing_of_an_import_is_seen_before_it_is_shown(
    tmp_path: Path, exported: tuple[Path, list[PairRecord]]
) -> None:
    with workspace(tmp_path) as conn:
        stored(conn, exported[0])
        with closing(read_only(tmp_path / "palate.db")) as reader:
            assert list(judged_pairs(reader)) == []
            assert verdicts_beside(reader, 1) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"palate": 2}, "version 2 of Palate's format, and 1 is known"),
        ({"verdict": "better"}, "'verdict' is 'better'"),
        ({"strength": 9}, "'strength' is 9"),
        ({"side": "up"}, "'side' is 'up'"),
        ({"reasons": "clear"}, "'reasons' must be a list of texts"),
        ({"cut": [True, 1]}, "'cut' must be a list of true or false"),
        ({"reasons": [1]}, "'reasons' must be a text"),
        ({"others": {}}, None),
        ({"others": [1]}, "an object is needed"),
        ({"others": [{"verdict": "a"}]}, "a 'person' or a 'judge'"),
        ({"others": [{"person": "A", "judge": "B", "verdict": "a"}]}, "a 'person' or a 'judge'"),
        ({"others": [{"person": "A"}]}, "needs a 'verdict'"),
        ({"others": [{"judge": "J", "verdict": "a", "confidence": 2}]}, "not between 0 and 1"),
        ({"ranking": "x"}, "'ranking' must be a whole number"),
        ({"scores": [1]}, "'scores' must be a list of two numbers"),
        ({"seconds": "x"}, "'seconds' must be a number"),
    ],
)
def test_a_value_that_the_format_has_not_is_named_with_its_line(
    tmp_path: Path, change: dict[str, Any], words: str | None
) -> None:
    file = tmp_path / "pairs.jsonl"
    file.write_text(json.dumps(LINE) + "\n" + json.dumps(LINE | change))
    if words is None:
        assert len(list(FORMATS["palate"].read(Source(file)))) == 2
        return
    with pytest.raises(InterchangeError, match=f"line 2: .*{words}"):
        list(FORMATS["palate"].read(Source(file), strict=True))
