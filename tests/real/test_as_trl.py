"""On the real default model in float32, dropout off: the numbers of TRL's DPOTrainer, step by step."""

import dataclasses
from pathlib import Path

import pytest

from engine.config import TrainConfig
from engine.events import SourceReady, StepDone
from engine.model import load_base
from engine.preference import Message, PreferencePair
from engine.sources.default_model import DEFAULT_SOURCE
from engine.sources.prepare import prepare_source
from engine.train import train_dpo
from engine.training.learner import adapter_parameters
from tests.engine.test_train_as_trl import trl_trainer

pytestmark = pytest.mark.real

CONFIG = TrainConfig(learning_rate=5e-5, epochs=5, lora_dropout=0.0, eval_share=0.0, batch_size=2)
FEW = dataclasses.replace(CONFIG, learning_rate=1e-3, epochs=1, warmup_ratio=0.0)
"""Moves as far as CONFIG with fewer steps."""
QUESTIONS = {
    "Why is the sky blue?": ("Air scatters blue light more than red.", "Because of the sea, which is blue, I think."),
    "What is a leap year?": ("A year with 366 days, to keep step with the sun.", "It is a year. Years leap."),
    "Why do cats purr?": (
        "Mostly when content, and also to calm themselves.",
        "Cats are small furry animals that purr.",
    ),
    "What melts ice?": ("Heat, or salt, which lowers its melting point.", "Ice is melted by melting, as one knows."),
    "How far is the moon?": ("About 384,000 kilometres.", "The moon is very far away from here, and round."),
    "What is rust?": ("Iron that has reacted with oxygen and water.", "- old\n- brown\n- on cars"),
    "Who wrote Faust?": ("Johann Wolfgang von Goethe.", "A writer of many books, plays and also poems wrote it."),
    "What do bees make?": ("Honey and wax.", "Bees make many things, such as noise, and honey, and more bees."),
}


def _pairs() -> list[PreferencePair]:
    return [
        PreferencePair(str(number), (Message(role="user", content=question),), *answers)
        for number, (question, answers) in enumerate(QUESTIONS.items())
    ]


@pytest.mark.filterwarnings("ignore")  # TRL and its helpers use what their own dependencies are about to drop
@pytest.mark.parametrize(
    ("config", "num_pairs", "steps"), [(FEW, 6, 3), pytest.param(CONFIG, 8, 20, marks=pytest.mark.long)]
)
def test_a_run_follows_trl(tmp_path: Path, config: TrainConfig, num_pairs: int, steps: int) -> None:
    pairs = _pairs()[:num_pairs]
    location = next(event.location for event in prepare_source(DEFAULT_SOURCE) if isinstance(event, SourceReady))
    base = load_base(location, source=DEFAULT_SOURCE, dtype="float32", device="cpu")
    events = train_dpo(base, pairs, config, adapter="a1", folder=tmp_path / "adapter")
    next(events)
    first = {name: value.detach().clone() for name, value in adapter_parameters(base.model, "a1").items()}
    ours = [event.metrics for event in events if isinstance(event, StepDone)]
    trainer = trl_trainer(Path(location), tmp_path / "trl", config, first, pairs)
    trainer.train()
    theirs = [entry for entry in trainer.state.log_history if "grad_norm" in entry]
    assert len(ours) == len(theirs) == steps
    assert theirs[-1]["rewards/margins"] > theirs[0]["rewards/margins"] + 0.1  # the run moves
    for own, other in zip(ours, theirs, strict=True):
        for name in ("loss", "rewards/chosen", "rewards/rejected", "rewards/margins"):
            assert own[name] == pytest.approx(other[name], abs=1e-4), name
        assert own["grad_norm"] == pytest.approx(other["grad_norm"], rel=1e-3)
