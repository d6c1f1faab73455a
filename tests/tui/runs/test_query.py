"""Which runs a query asks for, and in which order."""

from dataclasses import replace

import pytest

from db.run_rows import RunRow
from tests.fake_workbench import run_row
from tui.errors import InputError
from tui.runs.fields import FIELDS, field_name
from tui.runs.query import RunQuery
from tui.text.query import QueryError


def runs() -> list[RunRow]:
    """Four runs; the fourth is archived."""
    config = run_row(1, "").config
    return [
        run_row(1, "taste-1", config={**config, "learning_rate": 1e-5}, loss=0.5, note="a test", tags=("short",)),
        run_row(2, "taste-2", config={**config, "learning_rate": 1e-4}, loss=0.3, tags=("short", "warm")),
        run_row(3, "other", "failed", config={**config, "learning_rate": 2e-4}, loss=None),
        run_row(4, "taste-4", archived=True, loss=0.1),
    ]


def asked(text: str, **more: object) -> list[int]:
    """The ids of the runs that a query shows."""
    return [run.id for run in RunQuery(text, **more).of(runs())]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", [3, 2, 1]),
        ("lr>=1e-4", [3, 2]),
        ("learning-rate>=1e-4 status:finished", [2]),
        ("lr>=1e-4 status:finished -note:test", [2]),
        ("-note:test", [3, 2]),
        ("taste", [2, 1]),
        ("warm", [2]),
        ("tag:short", [2, 1]),
        ("-tag:warm", [3, 1]),
        ("tag=shor", []),
        ("loss<0.4", [2]),
        ("-loss<0.4", [3, 1]),
        ("noted", [1]),
        ("-tagged", [3]),
        ("archived", [4]),
        ("-archived", [3, 2, 1]),
        ("from:a0", []),
        ("took>400", [3, 2, 1]),
        ("loss_function:sigmoid loss<0.4", [2]),
    ],
)
def test_a_query_shows(text: str, shown: list[int]) -> None:
    assert asked(text) == shown


def test_archived_runs_are_shown_when_asked_for() -> None:
    assert asked("", archived=True) == [4, 3, 2, 1]
    assert asked("taste", archived=True) == [4, 2, 1]


def test_an_order_puts_what_is_not_known_last_and_the_newest_first_among_equals() -> None:
    assert [run.id for run in RunQuery().sorted_by("loss").of(runs())] == [2, 1, 3]
    assert [run.id for run in RunQuery().sorted_by("-loss").of(runs())] == [1, 2, 3]
    assert [run.id for run in RunQuery().sorted_by("lr").of(runs())] == [1, 2, 3]
    assert [run.id for run in RunQuery().sorted_by("epochs").of(runs())] == [3, 2, 1]
    assert [run.id for run in RunQuery().sorted_by("name").of(runs())] == [3, 1, 2]


def test_what_is_asked_by_has_a_column() -> None:
    assert RunQuery("lr>1e-5 tag:short words").sorted_by("beta").fields() == ["learning_rate", "tag", "beta"]


def test_a_word_that_is_no_field_is_told_with_one_that_is_close() -> None:
    with pytest.raises(QueryError, match=r"There is no filter 'los'. Did you mean loss"):
        asked("los<1")
    with pytest.raises(InputError, match=r"no field 'margn'. Did you mean margin"):
        field_name("margn")
    with pytest.raises(QueryError, match="needs a number"):
        asked("loss<low")


def test_fields_say_what_they_are() -> None:
    run = replace(runs()[1], parent_adapter="a00000001")
    words = {name: FIELDS[name].words(run) for name in ("run", "tag", "from", "beta", "eval_every", "loss", "took")}
    assert words == {
        **{"run": "2", "tag": "short, warm", "from": "a00000001", "beta": "0.1", "eval_every": "–"},
        **{"loss": "0.3", "took": "420"},
    }
    assert field_name("LR") == "learning_rate"
    assert field_name("batch-size") == "batch_size"
