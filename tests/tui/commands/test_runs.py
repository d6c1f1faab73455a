"""`palate runs`: the same as on the screens, as tables, JSON and CSV."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.run_workspace import STEPS, workbench_with_runs
from tui.cli import main

Invoke = Callable[..., Result]


@pytest.fixture
def palate(tmp_path: Path) -> Invoke:
    """The command over the runs of `fill_runs`."""
    with workbench_with_runs(tmp_path / "space"):
        pass

    def invoke(*words: str) -> Result:
        return CliRunner().invoke(main, ["--workspace", str(tmp_path / "space"), *words])

    return invoke


def records(result: Result) -> list[dict[str, object]]:
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def rows(result: Result) -> list[dict[str, str]]:
    assert result.exit_code == 0, result.output
    return list(csv.DictReader(io.StringIO(result.stdout)))


def ids(result: Result) -> list[object]:
    return [each["id"] for each in records(result)]


def test_a_query_an_order_and_archived_runs(palate: Invoke) -> None:
    assert ids(palate("runs", "--json")) == [6, 4, 3, 2, 1]
    assert ids(palate("runs", "--all", "--json")) == [6, 5, 4, 3, 2, 1]
    assert ids(palate("runs", "lr>=1e-4 status:finished -note:test", "--json")) == [2]
    assert ids(palate("runs", "status:finished", "-note:test", "--json")) == [3, 2]
    assert ids(palate("runs", "-note:test", "--sort", "lr", "--json")) == [6, 3, 2, 4]
    assert ids(palate("runs", "--sort", "-loss", "--json")) == [6, 4, 3, 2, 1]
    assert ids(palate("runs", "list", "archived", "--json")) == [5]


def test_the_table_has_columns_for_what_was_asked(palate: Invoke) -> None:
    head = palate("runs", "lr>=1e-4", "--sort", "took").stdout.splitlines()[0].split()
    assert head[-2:] == ["learning_rate", "took"]
    assert "None of 6 runs matches" in palate("runs", "nothing").stderr


def test_csv_has_a_row_for_each_run_with_its_settings(palate: Invoke) -> None:
    found = rows(palate("runs", "tag:short", "--csv"))
    assert [(row["run"], row["tags"], row["learning_rate"], row["beta"]) for row in found] == [
        ("2", "short warm", "0.0001", "0.3")
    ]
    assert found[0]["eval_every"] == ""


def test_one_run_as_records_and_its_figures_as_csv(palate: Invoke) -> None:
    shown = records(palate("runs", "show", "2", "--json"))
    assert (shown[0]["id"], shown[0]["tags"]) == (2, ["short", "warm"])
    assert sum(each["event"] == "step" for each in shown) == STEPS
    wrong = [(each["margins"], each["split"]) for each in shown if each["event"] == "wrong_pair"]
    assert wrong == [([0.3, -0.6], "train"), ([-0.4, -0.1], "train")]
    figures = rows(palate("runs", "show", "2", "--csv", "metrics"))
    assert len(figures) == STEPS
    assert (figures[0]["step"], figures[0]["eval_loss"]) == ("1", "")
    assert float(figures[9]["loss"]) == pytest.approx(0.8 / 2)
    margins = rows(palate("runs", "show", "2", "--csv", "pairs"))
    assert [(row["epoch"], row["margin"]) for row in margins][:2] == [("1", "-0.4"), ("1", "-0.2")]
    assert "└─ taste-2 ◂" in palate("runs", "show", "2").stdout


def test_the_difference_of_two_runs(palate: Invoke) -> None:
    lines = records(palate("runs", "diff", "1", "2", "--json"))
    differ = {each["name"]: each["values"] for each in lines if each["differs"]}
    assert differ["learning_rate"] == {"1": 1e-5, "2": 1e-4}
    assert differ["beta"] == {"1": 0.1, "2": 0.3}
    assert "epochs" not in differ
    assert palate("runs", "diff", "1", "2").stdout.splitlines()[1].split() == ["≠", "beta", "0.1", "0.3"]
    assert rows(palate("runs", "diff", "1", "2", "--csv"))[0] == {"setting": "beta", "1": "0.1", "2": "0.3"}
    alone = palate("runs", "diff", "1", "1")
    assert alone.exit_code == 1
    assert "needs at least two runs" in str(alone.exception) + alone.output


def test_what_a_person_keeps_with_runs(palate: Invoke) -> None:
    assert records(palate("runs", "note", "3", "a note", "--json"))[0]["note"] == "a note"
    assert records(palate("runs", "tag", "2", "odd", "--json"))[0]["tags"] == ["short", "warm", "odd"]
    assert records(palate("runs", "tag", "2", "warm", "odd", "--remove", "--json"))[0]["tags"] == ["short"]
    assert records(palate("runs", "rename", "4", "gentle", "--json"))[0]["name"] == "gentle"
    assert [each["archived"] for each in records(palate("runs", "archive", "3", "4", "--json"))] == [True, True]
    assert ids(palate("runs", "--json")) == [6, 2, 1]
    assert records(palate("runs", "archive", "3", "--undo", "--json"))[0]["archived"] is False
    assert "gentle" in palate("runs", "--all").stdout
    long = palate("runs", "tag", "2", "x" * 41)
    assert long.exit_code == 1


def test_what_is_no_option_is_told(palate: Invoke) -> None:
    done = palate("runs", "--jsno")
    assert done.exit_code == 2
    assert "No such option: --jsno" in done.output
