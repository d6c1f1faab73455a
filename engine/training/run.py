"""One run as its steps see it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from engine.chat import EncodedPair
from engine.config import TrainConfig
from engine.estimates.time_left import Pace
from engine.preparation import PreparedPairs
from engine.questions import by_question
from engine.schedule import batch_of, steps_per_epoch
from engine.training.learner import Learner
from engine.training.peers import Peers
from engine.training.run_state import RunState


@dataclass(frozen=True)
class Run:
    """One run: its learner, its pairs, its state, its folders, what it asks between groups of pairs, its processes."""

    learner: Learner
    prepared: PreparedPairs
    state: RunState
    folder: Path
    checkpoint_folder: Path | None
    checkpoint_now: Callable[[], bool]
    stop: Callable[[], bool]
    peers: Peers

    @property
    def config(self) -> TrainConfig:
        """Its settings."""
        return self.learner.config

    @property
    def steps_per_epoch(self) -> int:
        """Optimizer steps of an epoch."""
        return steps_per_epoch(len(self.questions), self.config)

    @cached_property
    def questions(self) -> list[list[EncodedPair]]:
        """Its training pairs, those of a ranking together: a step learns from whole questions."""
        return by_question(self.prepared.train)

    def pairs_of_step(self, step: int) -> list[EncodedPair]:
        """The pairs of an optimizer step (counted from 0); the last step of an epoch may have fewer questions."""
        return batch_of(self.questions, self.config, step)

    @property
    def eval_every(self) -> int:
        """Optimizer steps between two evaluations."""
        return self.config.eval_every or self.steps_per_epoch

    @cached_property
    def pace(self) -> Pace:
        """How much work its steps and evaluations are."""
        train, evaluation, steps = self.prepared.train, self.prepared.evaluation, self.state.total_steps
        epochs = steps / self.steps_per_epoch
        shape = self.learner.shape
        return Pace(shape, train, evaluation, epochs=epochs, steps=steps, eval_every=self.eval_every)
