"""Judged trials in other tools' formats, key by key."""

import json
from dataclasses import replace

import pytest

from db.errors import InterchangeError, NotAllowed
from db.interchange.trial_export import export_trial
from tests.tui.trials.test_results import judged, trial

# The types of LLM Comparator's client/lib/types.ts, for what a file must hold.
EXAMPLE = {
    "input_text": str,
    "tags": list,
    "output_text_a": str,
    "output_text_b": str,
    "score": float,
    "individual_rater_scores": list,
    "custom_fields": dict,
}


def strong(pair):
    return replace(pair, standing=replace(pair.standing, strength=2, note="clearly"))


def pairs():
    return [
        judged(1, "b"),
        strong(judged(2, "a", flipped=True)),
        judged(3, "tie"),
        judged(4, "both_bad"),
        judged(5, None, a="equal", b="equal"),
        judged(6, None),
        judged(7, "b", blind=False),
        judged(8, "skip"),
        judged(9, "b", repeats=1),
        judged(10, "both_good"),
    ]


def test_llm_comparator(tmp_path):
    path = tmp_path / "out.json"
    given = next(each.standing.id for each in pairs() if each.standing is not None)
    assert export_trial(path, trial(), pairs(), "llm-comparator", {given: ["clear", "tone"]}) == 6
    written = [each["custom_fields"] for each in json.loads(path.read_text())["examples"]]
    assert [each for each in written if each] == [{"reasons": "clear; tone"}]
    record = json.loads(path.read_text(encoding="utf-8"))
    assert set(record) == {"metadata", "models", "examples"}
    assert record["metadata"] == {
        "source_path": "palate: trial 1",
        "custom_fields_schema": [{"name": "reasons", "type": "text"}],
    }
    assert record["models"] == [{"name": "smollm2"}, {"name": "taste-3"}]
    for example in record["examples"]:
        assert {key: type(value) for key, value in example.items()} == EXAMPLE
        assert -1.5 <= example["score"] <= 1.5
    assert [each["score"] for each in record["examples"]] == [-1.0, 1.5, 0.0, 0.0, 0.0, 0.0], "above 0: a is better"
    first = record["examples"][0]
    assert (first["output_text_a"], first["output_text_b"]) == ("short", "much longer")
    assert first["tags"] == ["biology"]
    rating = record["examples"][1]["individual_rater_scores"][0]
    assert (rating["is_flipped"], rating["rationale"], rating["rating_label"]) == (True, "clearly", "A is much better")
    assert path.stat().st_mode & 0o777 == 0o600


def test_the_arena(tmp_path):
    path = tmp_path / "out.jsonl"
    assert export_trial(path, trial(), pairs(), "arena") == 6
    battles = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert [each["winner"] for each in battles] == ["model_b", "model_a", "tie", "tie (bothbad)", "tie", "tie"]
    assert {(each["model_a"], each["model_b"]) for each in battles} == {("smollm2", "taste-3")}
    first = battles[0]
    assert first["conversation_b"] == [
        {"role": "user", "content": "Why do leaves change colour in autumn?"},
        {"role": "assistant", "content": "much longer"},
    ]
    assert first["conversation_a"][:-1] == first["conversation_b"][:-1]
    assert (first["turn"], first["judge"], first["question_id"]) == (1, "person", "trial-1-1")


def test_a_sealed_trial_names_nobody(tmp_path):
    with pytest.raises(NotAllowed, match="still sealed"):
        export_trial(tmp_path / "out.json", trial(opened=None), pairs(), "arena")
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_said(tmp_path):
    with pytest.raises(InterchangeError, match="cannot be written"):
        export_trial(tmp_path / "nowhere" / "out.json", trial(), pairs(), "arena")
