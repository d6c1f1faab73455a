"""On the real default model in float32: two processes of one thread take the steps of one, bit for bit.

So do two that share the base's layers, by the plain method.
"""

import dataclasses
import json
from collections.abc import Iterator
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


PLAIN = dataclasses.replace(ALONE, scoring="plain", max_steps=2, batch_size=3)


@pytest.fixture
def workbench(tmp_path: Path) -> Iterator[Workbench]:
    """A workspace with the default model in float32 and a few pairs."""
    file, space = tmp_path / "pairs.jsonl", tmp_path / "space"
    rows = [
        {"prompt": prompt, "chosen": answers[0] * 8, "rejected": answers[1] * 8}
        for prompt, answers in QUESTIONS.items()
    ]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    CliRunner().invoke(command, ["--workspace", str(space), "import", str(file)], catch_exceptions=False)
    found = Workbench(space, ModelChoice(DEFAULT_SOURCE, dtype="float32", device="cpu"), seed=3)
    try:
        found.change_setting("samples", "0")
        found.start(fill_queue=False)
        assert found.loading is not None
        found.loading.done.result()
        yield found
    finally:
        found.close()


@pytest.mark.parametrize(
    ("alone", "words"), [(ALONE, "passes at once"), (PLAIN, "each process holds 61% of the 0.54 GB")]
)
def test_two_processes_follow_one_on_the_default_model(workbench: Workbench, alone: TrainConfig, words: str) -> None:
    expected = ended(workbench, workbench.trainer.start(alone, name="alone"))
    shard = "on" if alone is PLAIN else "auto"
    both = workbench.trainer.start(dataclasses.replace(alone, devices="cpu,cpu", shard=shard), name="both")
    assert ended(workbench, both) == expected
    assert figures(workbench, both) == figures(workbench, 1)
    assert words in " ".join(line.text for line in workbench.run_log(both))
