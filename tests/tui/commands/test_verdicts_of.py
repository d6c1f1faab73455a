"""`--verdicts-of`: whose verdicts are counted, exported and trained on, from the command to the adapter's card."""

import json
from contextlib import closing
from pathlib import Path

import pytest

from db.blind_trials import judge_by_command
from db.connection import writing
from db.people import ensure_person
from db.verdicts import add_verdict
from tests.tui.test_cli import QUICK, SHORT, Invoke, model_folder, palate, records  # noqa: F401
from tui.export.model_card import Card
from tui.reader import WorkspaceReader
from tui.workspace.workspace import read_workspace


@pytest.fixture
def judged(palate: Invoke, tmp_path: Path) -> Invoke:  # noqa: F811
    """Six pairs: the owner says a of the first four, Ben says a of three and b of the fourth, the judge b of all."""
    records(palate("generate", "--pairs", "6", *SHORT, "--json"))
    pairs = [each["id"] for each in records(palate("queue", "--json"))]
    with closing(writing(tmp_path / "space" / "palate.db")) as conn:
        for pair in pairs[:4]:
            add_verdict(conn, comparison=pair, verdict="a")
        for pair, verdict in zip(pairs, "aaab", strict=False):
            add_verdict(conn, comparison=pair, verdict=verdict, person=ensure_person(conn, "Ben"))
        for pair in pairs:
            judge_by_command(conn, "strict", comparison=pair, verdict="b")
    return palate


def test_whose_verdicts_are_read_is_chosen_by_name(judged: Invoke) -> None:
    def exported(*flags: str) -> list[str | None]:
        return [each["verdict"] for each in records(judged("export", "-", "--format", "palate", *flags))]

    assert exported() == ["a"] * 4
    assert exported("--verdicts-of", "ben") == ["a", "a", "a", "b"]
    assert exported("--verdicts-of", "judge:strict") == ["b"] * 6
    assert exported("--verdicts-of", "me", "--verdicts-of", "strict") == ["a"] * 4 + ["b"] * 2
    likes = {
        name: records(judged("likes", "--json", *flags))[0]
        for name, flags in (
            ("own", ()),
            ("strict", ("--verdicts-of", "strict")),
        )
    }
    assert (likes["own"]["decided"], likes["strict"]["decided"]) == (4, 6)
    assert likes["strict"]["verdicts_of"] == ["judge:strict"]
    assert "6 verdicts of judge strict" in judged("likes", "--verdicts-of", "strict").stdout
    found = records(judged("data", "--verdicts-of", "ben", "verdict:better", "--json"))
    assert [(each["verdict"], each["by"]) for each in found] == [
        *(("b", "person:Ben"), ("a", "person:Ben"), ("a", "person:Ben"), ("a", "person:Ben")),
    ]
    assert "Nobody called 'Eva' judged a pair" in judged("export", "-", "--verdicts-of", "Eva").output


def test_agreement_is_told_for_everyone_or_for_those_who_are_named(judged: Invoke) -> None:
    own, ben, strict = records(judged("agreement", "--json"))
    assert own["pairs"] == 0
    assert (ben["first"], ben["second"], ben["pairs"], ben["same"]) == ("You", "Ben", 4, 3)
    assert (strict["second"], strict["same"]) == ("judge strict", 0)
    (two,) = records(judged("agreement", "--verdicts-of", "ben", "--verdicts-of", "strict", "--json"))
    # Ben a a a b, the judge b four times: the same on 1 of 4, by chance (1·4)/16 = 1/4, so kappa is 0.
    assert (two["first"], two["second"], two["share"], two["kappa"]) == ("Ben", "judge strict", 0.25, 0.0)
    assert "You and Ben agreed on 3 of 4 pairs (75%" in judged("agreement", "--verdicts-of", "ben").stdout
    assert "That name is yours" in judged("agreement", "--verdicts-of", "me").output


def test_a_run_learns_from_others_only_when_they_are_chosen_and_says_so(judged: Invoke, tmp_path: Path) -> None:
    (told,) = records(judged("train", "--preflight", "--json", *QUICK))
    assert told["train"] + told["evaluation"] == 4
    flags = ("--verdicts-of", "me", "--verdicts-of", "strict")
    assert records(judged("pairs", "save", "both", *flags, "--json"))[0]["verdicts_of"] == ["me", "judge:strict"]
    assert records(judged("pairs", "--json"))[1]["pairs"] == 6
    told = records(judged("train", *QUICK, "--pairs", "both", "--json"))
    assert told[-1]["event"] == "finished"
    space = tmp_path / "space"
    (manifest,) = (json.loads(file.read_text()) for file in space.glob("adapters/a*/palate.json"))
    assert manifest["verdicts_of"] == ["me", "judge:strict"]
    with closing(read_workspace(space)) as workspace:
        view = WorkspaceReader(workspace)
        run, (adapter,) = view.run(1), view.workspace.registry.list()
        assert run.pair_set == {
            **{"name": "both", "since": None, "prompt_set": None, "strong": False},
            **{"verdicts_of": ["me", "judge:strict"]},
        }
        card = Card(view, adapter, "folder").text()
    assert "- verdicts of: the workspace's owner (4), the judge `strict` (2)\n" in card
