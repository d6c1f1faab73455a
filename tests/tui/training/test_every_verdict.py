"""Every key of Label ends in a run: ties, both bad, both good and much better, from the workspace to the card."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from engine.config import SamplingConfig, TrainConfig
from tests.tiny import save_tiny
from tests.tui.training.test_samples import train
from tui.compute.loaded_model import ModelChoice
from tui.export.model_card import _beside
from tui.reader import WorkspaceReader
from tui.workbench import Workbench

CONFIG = TrainConfig(epochs=2, batch_size=3, lora_r=2, lora_alpha=4, eval_share=0.0)
EVERY = replace(CONFIG, loss="ordinal", unpaired_weight=0.5)
SAID = (("a", 1), ("b", 2), ("a", 1), ("tie", 1), ("both_bad", 1), ("both_good", 1), ("b", 1))


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    folder = tmp_path_factory.mktemp("every")
    model = save_tiny(folder / "model")
    made = Workbench(folder / "space", ModelChoice(str(model), "float32", "cpu"), seed=3)
    made.start(fill_queue=False)
    assert made.loading is not None
    made.loading.done.result(timeout=60)
    made.answers.sampling = SamplingConfig(max_new_tokens=12)
    made.answers.write_pairs(len(SAID)).done.result(timeout=60)
    for verdict, strength in SAID:
        comparison = made.next_comparison()
        assert comparison is not None
        made.labelling.judge(comparison.id, verdict, strength=strength).result()
    yield made
    made.close()


def test_a_run_learns_from_every_verdict_that_its_settings_name(judged: Workbench) -> None:
    run = train(judged, EVERY)
    row = judged.run(run)
    assert (row.status, row.train_pairs, row.error) == ("finished", 7, None)
    log = [line.text for line in judged.run_log(run)]
    assert any(text.startswith("Learned from 3 × better, 1 × much better, 1 × tie, 1 × both bad") for text in log)
    card = _beside(WorkspaceReader(judged.workspace), row)
    assert card == "; among both are 1 × tie, 1 × both bad, 1 × both good"


def test_a_sigmoid_run_learns_from_decisive_verdicts_alone_and_its_preflight_counts_the_rest(judged: Workbench) -> None:
    run = train(judged, CONFIG)
    assert judged.run(run).train_pairs == 4
    assert _beside(WorkspaceReader(judged.workspace), judged.run(run)) == ""
    notes = judged.previews.preflight(CONFIG).notes
    assert any("1 × tie, 1 × both bad, 1 × both good. To learn from them: --loss ordinal" in note for note in notes)
    every = judged.previews.preflight(EVERY)
    assert every.train == 7
    assert any(note.startswith("Learned from 3 × better") for note in every.notes)
    assert not any("To learn from them" in note for note in every.notes)
