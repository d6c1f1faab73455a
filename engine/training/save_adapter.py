"""Write a trained adapter, and check it by reading it back."""

from pathlib import Path

import torch

from engine.chat import EncodedPair
from engine.errors import TrainingError
from engine.logps import score_pair
from engine.model import BaseModel
from engine.training.learner import Learner, adapter_parameters

_LOGPS_TOLERANCE = 1e-4  # relative; both come from the same float32 weights through the same kernels


def save_checked(learner: Learner, folder: Path, probe: EncodedPair) -> None:
    """Save the learner's adapter in PEFT's format, load it again under another name, and compare.

    The weights must be equal, and so must the log-probabilities of `probe`'s answers, up to rounding.

    Raises:
        TrainingError: the adapter that was read back differs from the trained one.
    """
    base, copy = learner.base, learner.adapter + "c"  # internal names are `a` and hex digits
    base.save_adapter(learner.adapter, folder)
    with learner.random_state.swapped_in():  # PEFT draws first weights before it reads the saved ones
        base.load_adapter(copy, folder, trainable=True)
    try:
        _compare_weights(base, learner, copy, folder)
        trained, saved = _logps(learner, learner.adapter, probe), _logps(learner, copy, probe)
    finally:
        base.unload_adapter(copy)
    if not torch.allclose(trained, saved, rtol=_LOGPS_TOLERANCE, equal_nan=True):
        raise TrainingError(
            f"The adapter saved in {folder} gives log-probabilities of {saved.tolist()}, the trained one gave "
            f"{trained.tolist()}. Check the disk, and start the run again."
        )


def join_check(learner: Learner, probe: EncodedPair) -> None:
    """Take part in the passes of `save_checked` in the first of some processes that share the base's layers."""
    for _ in range(2):
        _logps(learner, learner.adapter, probe)


def _compare_weights(base: BaseModel, learner: Learner, copy: str, folder: Path) -> None:
    saved = adapter_parameters(base.model, copy)
    for name, trained in learner.parameters.items():
        other = saved.get(".".join(copy if part == learner.adapter else part for part in name.split(".")))
        if other is None or not torch.equal(trained, other):
            raise TrainingError(
                f"The adapter saved in {folder} differs from the trained one at {name}. Check the disk, and start the "
                "run again."
            )


def _logps(learner: Learner, adapter: str, probe: EncodedPair) -> torch.Tensor:
    with learner.turn(adapter):
        return score_pair(
            learner.base.model, probe, learner.base.device
        ).logps  # the plain method, as other programs will read it
