"""On the real default model in float32: two processes of one thread take the steps of one, bit for bit."""

import dataclasses
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from engine.config import TrainConfig
from engine.sources.default_model import DEFAULT_SOURCE
from tests.real.test_as_trl import QUESTIONS
from tests.tui.training.test_devices import ended, figures
from tui.cli import main as command
from tui.compute.loaded_model import ModelChoice
from tui.workbench import Workbench

pytestmark = [pytest.mark.real, pytest.mark.long]
ALONE = TrainConfig(learning_rate=1e-3, batch_size=8, max_steps=3, eval_share=0.0)


def test_two_processes_follow_one_on_the_default_model(tmp_path: Path) -> None:
    file, space = tmp_path / "pairs.jsonl", tmp_path / "space"
    rows = [
        {"prompt": prompt, "chosen": answers[0] * 8, "rejected": answers[1] * 8}
        for prompt, answers in QUESTIONS.items()
    ]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    CliRunner().invoke(command, ["--workspace", str(space), "import", str(file)], catch_exceptions=False)
    workbench = Workbench(space, ModelChoice(DEFAULT_SOURCE, dtype="float32", device="cpu"), seed=3)
    try:
        workbench.change_setting("samples", "0")
        workbench.start(fill_queue=False)
        assert workbench.loading is not None
        workbench.loading.done.result()
        expected = ended(workbench, workbench.trainer.start(ALONE, name="alone"))
        both = workbench.trainer.start(dataclasses.replace(ALONE, devices="cpu,cpu"), name="both")
        assert ended(workbench, both) == expected
        assert figures(workbench, both) == figures(workbench, 1)
        assert "passes at once" in " ".join(line.text for line in workbench.run_log(both))
    finally:
        workbench.close()
