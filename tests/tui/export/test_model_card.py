"""What a model card says of blind trials and of texts that are not to be trusted."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.manifest import Adapter, Manifest
from db.judges import set_command_judge
from engine.events import ModelMerged
from engine.sources.licences import hub_id_of, licence_of
from tests.still_workbench import StillWorkbench
from tui.export.model_card import NO_TRIAL, _plain, _trial, _trials, merged_words


@pytest.fixture
def workbench(tmp_path: Path) -> Iterator[StillWorkbench]:
    made = StillWorkbench(tmp_path / "space")
    yield made
    made.close()


def adapter(id: str = "a0000001") -> Adapter:
    """The adapter that the trials of `StillWorkbench` are about."""
    manifest = Manifest(
        id=id,
        name="taste-3",
        base_source="smollm2",
        base_fingerprint="f",
        parent=None,
        run=None,
        pairs=0,
        pairs_fingerprint=None,
        created="2026-11-26T00:00:00Z",
        checksum="c" * 64,
    )
    return Adapter(manifest, Path("nowhere"))


def judged(workbench: StillWorkbench, verdicts: str) -> int:
    """A trial on one prompt a verdict, each judged: b is won by the adapter."""
    trial = workbench.begin(len(verdicts))
    names = {"w": "b", "t": "tie", "l": "a"}
    for each in verdicts:
        workbench.labelling.judge(workbench.answer(trial), names[each], layout="side", side="left").result()
    return trial


def test_a_trial_is_told_with_its_count_and_interval(workbench: StillWorkbench) -> None:
    """Six of six won is a rate of 1, and Wilson's interval of it begins at 6 / (6 + 1.96²) = 0.610."""
    workbench.blind_trials.open(judged(workbench, "wwwwww")).result()
    (line,) = _trials(workbench, adapter())
    assert line == (
        "- trial 1: `taste-3` against `smollm2-135m-instruct`, 6 prompts, judged by a person: 6 won · 0 tied · 0 lost, "
        "win rate 100 %, 95 % interval 61 to 100 % (Tango's score interval). taste-3 is better than "
        "smollm2-135m-instruct."
    )


def test_a_judge_is_named_without_the_arguments_of_its_command(workbench: StillWorkbench) -> None:
    listed = workbench.workspace.write(set_command_judge, "my own judge", "judge --key s3cret").result()
    command = "/opt/tools/judge.py --key s3cret"
    trials = [judged_by(workbench, command, None), judged_by(workbench, "my own judge", listed)]
    one, other = (line for trial in trials for line in _trial(workbench, workbench.trial(trial)))
    assert "judged by a program, `judge.py`," in one
    assert "judged by a program, `my own judge`," in other


def judged_by(workbench: StillWorkbench, judge: str, listed: int | None) -> int:
    """A trial that a program judged."""
    trial = workbench.begin(1, judge=judge, judged_by=listed)
    workbench.answer(trial)
    workbench.blind_trials.open(trial).result()
    return trial


def test_what_is_not_settled_is_said_so(workbench: StillWorkbench) -> None:
    workbench.blind_trials.open(judged(workbench, "wtl")).result()
    (line,) = _trials(workbench, adapter())
    assert "1 won · 1 tied · 1 lost, win rate 50 %" in line
    assert line.endswith("Not settled.")


def test_a_sealed_trial_is_counted_and_not_opened(workbench: StillWorkbench) -> None:
    judged(workbench, "ww")
    assert list(_trials(workbench, adapter())) == ["1 trial of it still sealed."]


def test_without_a_trial_that_is_said(workbench: StillWorkbench) -> None:
    workbench.blind_trials.open(judged(workbench, "ww")).result()
    assert list(_trials(workbench, adapter("a0000002"))) == [NO_TRIAL]


def test_texts_of_others_stay_on_their_line_and_are_no_markdown() -> None:
    assert _plain("a `b` <img src=x> \x1b[2J") == "`a 'b' <img src=x> ␛[2J`"
    assert _plain("name\n# A heading") == "`name …`"


def test_what_was_compared_is_told_in_words() -> None:
    exact = ModelMerged("float32", 36, 1.2e-5, 1.3e-5, 38.1)
    assert merged_words(exact) == (
        "Merged in float32: logits differ from the unmerged model's by at most 1.2e-05 (largest logit 38, on 36 tokens "
        "of a prompt)."
    )
    assert "and by at most 0.39 once rounded to bfloat16" in merged_words(
        ModelMerged("bfloat16", 36, 1e-5, 0.392, 38.1)
    )


def test_names_and_licences_of_base_models(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("---\nbase_model: x/y\nlicense: 'llama3.1'\n---\nlicense: mit\n")
    assert (hub_id_of("smollm2-135m-instruct"), licence_of("smollm2-135m-instruct")) == (
        "HuggingFaceTB/SmolLM2-135M-Instruct",
        "apache-2.0",
    )
    assert (hub_id_of(str(tmp_path)), licence_of(str(tmp_path))) == (None, "llama3.1")
    assert hub_id_of("owner/model") == "owner/model"
    assert licence_of("owner/model-that-was-never-fetched") is None
    (tmp_path / "README.md").write_text("license: mit\n")  # no front matter
    assert licence_of(str(tmp_path)) is None
