"""The main path on the real default model: answers, verdicts, a run, the adapter in use, base and tuned.

The first test that needs the model downloads it (98 MB) into the user's cache, as the app does.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM

from engine.config import SamplingConfig, TrainConfig
from tui.compute.loaded_model import ModelChoice
from tui.workbench import Workbench
from tui.workspace.settings_store import change_setting

pytestmark = pytest.mark.real

PAIRS = 6


@pytest.fixture(scope="module")
def space(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("real") / "space"


@pytest.fixture(scope="module")
def workbench(space: Path) -> Iterator[Workbench]:
    workbench = opened(space)
    yield workbench
    workbench.close()


def opened(space: Path) -> Workbench:
    workbench = Workbench(space, ModelChoice(dtype="float32"), seed=11)
    workbench.answers.sampling = SamplingConfig(max_new_tokens=40)
    workbench.start(fill_queue=False)
    assert workbench.loading is not None
    workbench.loading.done.result()
    workbench.loaded_model.required()
    return workbench


@pytest.fixture(scope="module")
def run(workbench: Workbench) -> int:
    """Six pairs judged for the shorter answer, and a run of two epochs on them, with short samples."""
    for name, value in (("samples", "2"), ("sample_tokens", "16")):
        change_setting(workbench.workspace, name, value)
    workbench.answers.write_pairs(PAIRS).done.result()
    while (comparison := workbench.next_comparison()) is not None:
        shorter = "a" if len(comparison.a.text) < len(comparison.b.text) else "b"
        workbench.labelling.judge(comparison.id, shorter, side="left", layout="side", seconds=4.0).result()
    run = workbench.trainer.start(TrainConfig(epochs=2, lora_dropout=0.0, eval_share=0.0))
    assert workbench.trainer.job is not None
    workbench.trainer.job.done.result()
    return run


def figures(workbench: Workbench, run: int, name: str) -> list[float | None]:
    return [each.value for each in workbench.run_metrics(run) if each.name == name]


@pytest.mark.usefixtures("run")
def test_answers_are_language_and_end_or_are_marked_cut(workbench: Workbench) -> None:
    answers = [
        answer
        for row in workbench.data.page()
        for answer in (workbench.comparison(row.comparison).a, workbench.comparison(row.comparison).b)
    ]
    assert len(answers) == 2 * PAIRS
    for answer in answers:
        assert "<|" not in answer.text
        assert answer.cut == (answer.tokens == 40)
        assert sum(letter.isalpha() or letter.isspace() for letter in answer.text) > 0.6 * len(answer.text)


def test_the_run_starts_at_ln_2_and_learns(workbench: Workbench, run: int) -> None:
    assert workbench.run(run).status == "finished"
    losses = figures(workbench, run, "loss")
    assert losses[0] == pytest.approx(0.693147, abs=1e-4)
    assert figures(workbench, run, "rewards/accuracies")[0] == 0.0  # every margin is 0 before the first step
    assert losses[-1] is not None
    assert losses[-1] < 0.66
    assert figures(workbench, run, "rewards/margins")[-1] > 0.05
    assert len(workbench.run_samples(run)) == 2 * len({each.step for each in workbench.run_samples(run)}) > 2


@pytest.mark.usefixtures("run")
def test_the_adapter_in_use_comes_back_and_peft_gives_the_same_logits(workbench: Workbench, space: Path) -> None:
    adapter = workbench.loaded_model.in_use
    assert adapter is not None
    workbench.close()
    again = opened(space)
    try:
        assert again.loaded_model.in_use == adapter
        assert again.counts().decisive == PAIRS
        base = again.loaded_model.required()
        ids = torch.tensor([base.tokenizer("Why is the sky blue? Because")["input_ids"]])
        with torch.no_grad(), base.policy(adapter.manifest.id):
            ours = base.model(input_ids=ids).logits
        with torch.no_grad(), base.policy(None):
            plain = base.model(input_ids=ids).logits
        theirs = peft_logits(base.location, adapter.folder, ids)
        torch.testing.assert_close(ours, theirs, atol=1e-4, rtol=1e-4)
        assert (ours - plain).abs().max() > 1e-3

        trial = again.start_side_by_side(num_questions=1)
        assert again.side_by_side.job is not None
        again.side_by_side.job.done.result()
        shown = again.trial_comparisons(trial)
        assert [(each.a.model_kind, each.b.model_kind) for each in shown] == [("base", "adapter")]
    finally:
        again.close()


def peft_logits(location: str, folder: Path, ids: torch.Tensor) -> torch.Tensor:
    """The logits of plain transformers and PEFT, without a line of Palate's."""
    model = AutoModelForCausalLM.from_pretrained(location, dtype=torch.float32)
    with pytest.warns(FutureWarning, match="is_gradient_checkpointing"):
        tuned = PeftModel.from_pretrained(model, folder).eval()
    with torch.no_grad():
        return tuned(input_ids=ids).logits
