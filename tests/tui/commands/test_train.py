"""What `palate train` says."""

from pathlib import Path

import pytest
import torch
from click.testing import CliRunner

from engine.estimates.memory import Memory
from engine.estimates.preflight import Preflight
from engine.training.learner import Learner
from tests.tui.test_cli import SHORT, Invoke, model_folder, palate, records  # noqa: F401
from tui.cli import main
from tui.training.event_format import event_words
from tui.training.preflight_format import preflight_words

FIGURES = {"eval_loss": 0.5, "eval_rewards/margins": 0.25, "eval_rewards/accuracies": 0.8}


def test_an_evaluation_is_told_with_its_intervals() -> None:
    intervals = {"eval_rewards/accuracies_low": 0.49, "eval_rewards/accuracies_high": 0.943}
    words = event_words({"event": "eval", "run": 1, "step": 4, **FIGURES, **intervals})
    assert words == "evaluation  loss 0.50  margin 0.25  accuracy 0.80 (0.49 to 0.94)"


def test_a_preflight_is_told_line_by_line() -> None:
    memory = Memory(2_000_000_000, 100_000_000, 100_000_000, 100_000_000, 600_000_000, 100_000_000)
    found = Preflight(
        1, 0, {"7": "both answers are the same"}, 0, 0, 3, 1200, 400, 1.0, 1e-4, ("Too few.",), memory, 125.0
    )
    assert list(preflight_words(found)) == [
        "1 pair to train on, 0 to evaluate on, 1 left out",
        "  pair 7 is left out: both answers are the same",
        "3 steps, 1,200 tokens an epoch, the longest sequence has 400",
        "about 3.0 GB of memory: weights 2.00, adapter 0.10, optimizer 0.10, copies 0.10, activations 0.60",
        "about 2 min at the speed of the latest run",
        "Too few.",
    ]


def test_a_preflight_trains_nothing(palate: Invoke) -> None:  # noqa: F811
    records(palate("generate", "--pairs", "5", *SHORT, "--json"))
    for row in records(palate("queue", "--json")):
        palate("judge", str(row["id"]), "a")
    (told,) = records(palate("train", "--preflight", "--epochs", "2", "--json"))
    assert told["event"] == "preflight"
    assert told["train"] + told["evaluation"] == 5
    assert told["peak_bytes"] == sum(told["memory"].values()) > 1e5
    assert told["seconds"] is None  # nothing was measured on this model yet
    assert records(palate("runs", "--json")) == []
    records(palate("train", "--max-steps", "1", "--json"))
    (told,) = records(palate("train", "--preflight", "--json"))
    assert told["seconds"] > 0
    shown = palate("train", "--preflight", "--epochs", "2")
    assert "MB of memory: weights" in shown.stdout
    # For this model auto is the defaults.
    assert "Settings, from the preset auto and your flags: epochs 2." in shown.stderr
    palate("settings", "preset", "original")
    assert "preset" not in palate("train", "--preflight").stderr


def test_a_run_that_fell_to_memory_is_resumed_with_gradient_checkpointing(
    palate: Invoke,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    records(palate("generate", "--pairs", "5", *SHORT, "--json"))
    for row in records(palate("queue", "--json")):
        palate("judge", str(row["id"]), "a")

    def out_of_memory(*_: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory.")

    with monkeypatch.context() as patch:
        patch.setattr(Learner, "learn", out_of_memory)
        fallen = palate("train", "--max-steps", "2", "--gradient-checkpointing", "off")
    assert "use `palate train --resume 1 --gradient-checkpointing on`" in fallen.output.replace("\n", " ")
    refused = palate("train", "--resume", "1", "--beta", "0.2")
    assert "only --checkpoint-every, --gradient-checkpointing, --devices and --shard may change" in refused.output
    told = records(palate("train", "--resume", "1", "--gradient-checkpointing", "on", "--json"))
    assert told[-1]["event"] == "finished"
    assert any("Gradient checkpointing is on, as asked for" in row.get("text", "") for row in told)


@pytest.mark.parametrize(
    ("words", "refusal"),
    [
        (("--device", "cpu", "train", "--devices", "cpu,cpu"), "Leave --device out"),
        (("train", "--devices", "cuda:63"), "cuda:63, but"),
        (("train", "--devices", "cpu;cpu"), "'cpu;cpu'"),
    ],
)
def test_devices_that_cannot_be_are_refused_before_anything_is_opened(
    tmp_path: Path, words: tuple[str, ...], refusal: str
) -> None:
    done = CliRunner().invoke(main, ["--workspace", str(tmp_path / "space"), *words])
    assert done.exit_code == 1
    assert refusal in done.output
    assert not (tmp_path / "space").exists()
