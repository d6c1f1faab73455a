"""Checkpoints: everything that an exact resume needs, in one file that a rename puts into place.

A run that was killed at any moment and resumed gives, bit for bit, the adapter of the run that was never killed, on the
same machine with the same number of threads and the same method of scoring. Where those differ, the resume reports it.

The file is torch's own, read without running any code from it: tensors, lists, texts and numbers alone. It keeps every
bit of float32 and float64, takes one rename, and an earlier version of Palate refuses it by its number in words.

    format         2
    run            settings one by one, base model, dtype, digests of starting weights and of the pairs' texts
    environment    the machine, the versions and the kernels, by name
    pairs          the encoded pairs: a chat template may encode the same texts differently tomorrow
    dropout        what decides the inputs that LoRA drops: "by pair" or "in sequence"
    lora_dropout   the share that it drops; without it a run from an adapter has that adapter's own share
    random         the state of every random generator, where the dropout is "in sequence"
    state          `RunState`, some fields under older names; without `kept_by` the lowest evaluation loss decides
    weights, gradients, optimizer, reference, busy_s    of the `Learner`

What a checkpoint lacks has its default, so a new setting, field or fact needs no new format. Format 1 had a digest of
the encoded pairs in place of `pairs`, `random` always, and no `dropout`, which was in sequence.
"""

import dataclasses
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import numpy as np
import torch

from engine.config import TrainConfig
from engine.dpo import PairScore
from engine.dropout import DropoutRule
from engine.errors import CheckpointError, CheckpointMisfit
from engine.preference import PreferencePair
from engine.preparation import PreparedPairs, prepare_pairs
from engine.training.environment import differences, environment
from engine.training.learner import Learner
from engine.training.random_state import random_state_problem
from engine.training.run_identity import check_same_run, encoded_digest, run_identity
from engine.training.run_state import KeptBy, RunState
from engine.training.stored_pairs import run_pairs_of, stored_run_pairs

FILE = "checkpoint.pt"
_FORMAT = 2
_READ = (1, _FORMAT)
_ANY = ".*."  # takes the place of the adapter's internal name in the names of its tensors
_STORED_NAMES = {"batch_scores": "window", "batch_s": "window_s", "epoch_margins": "ledger", "given_warnings": "told"}
"""Fields of `RunState` that a checkpoint holds under an older name: checkpoints outlive the code that wrote them."""


def save_checkpoint(folder: Path, learner: Learner, prepared: PreparedPairs, state: RunState) -> None:
    """Write the run's checkpoint into `folder`, readable by the owner alone. It replaces an earlier one by a rename.

    Raises:
        OSError, RuntimeError: the disk fails. The unfinished file is deleted, so that it takes no room.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    content = _content(learner, prepared, state)
    beside = folder / (FILE + ".new")
    try:
        with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            torch.save(content, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, folder / FILE)
    finally:
        beside.unlink(missing_ok=True)


def _content(learner: Learner, prepared: PreparedPairs, state: RunState) -> dict[str, Any]:
    content = {
        "format": _FORMAT,
        "run": run_identity(learner, prepared.digest),
        "environment": environment(learner.scorer),
        "pairs": stored_run_pairs(prepared),
        "dropout": str(learner.dropout_rule),
        "lora_dropout": learner.base.model.peft_config[learner.adapter].lora_dropout,
        "state": _plain_state(state, learner.adapter),
        "weights": _unnamed(learner.weights(), learner.adapter),
        "gradients": _unnamed(learner.gradients(), learner.adapter),
        "optimizer": learner.optimizer.state_dict(),
        "reference": {key: list(logps) for key, logps in learner.reference.items()},
        "busy_s": learner.busy_s,
    }
    if learner.dropout_rule is DropoutRule.IN_SEQUENCE:
        content["random"] = _plain_random(learner.random_state.state)
    return content


@dataclass(frozen=True)
class Checkpoint:
    """A run's checkpoint as it was read from `folder`, before the run is set up."""

    folder: Path
    content: Mapping[str, Any]

    @property
    def lora_dropout(self) -> float | None:
        """The share of inputs that the run's LoRA drops; None for that of the adapter that it started from."""
        return self.content.get("lora_dropout")

    def pairs(self, tokenizer: Any, pairs: Sequence[PreferencePair], config: TrainConfig) -> PreparedPairs:
        """The encoded pairs that the run began with. Only for format 1 `pairs` are encoded again.

        Raises:
            PairsError: two pairs have one key, or none is left to train on (format 1).
        """
        if self.content["format"] == 1:
            return prepare_pairs(tokenizer, pairs, config)
        return run_pairs_of(self.content["pairs"], pairs, config.train_share)

    def restore(self, learner: Learner, prepared: PreparedPairs, state: RunState) -> tuple[str, ...]:
        """Put a run into the state in which its checkpoint was written.

        Returns:
            Sentences that say why the resume is not exact; none when it is.

        Raises:
            CheckpointMisfit: another run wrote the checkpoint, or a machine with more GPUs did.
        """
        content = self.content
        check_same_run(content["run"], self._identity(learner, prepared), learner.config, self.folder)
        if problem := random_state_problem(content.get("random", {})):
            raise CheckpointMisfit(
                f"The checkpoint in {self.folder} cannot be used: {problem}. Resume on that machine, or start the run "
                "again."
            )
        learner.set_weights(_named(content["weights"], learner.adapter))
        learner.set_gradients(_named(content["gradients"], learner.adapter))
        learner.optimizer.load_state_dict(content["optimizer"])
        learner.dropout_rule = DropoutRule(content.get("dropout", DropoutRule.IN_SEQUENCE))
        if "random" in content:
            learner.random_state.state = _own_random(content["random"])
        learner.reference.update({key: (chosen, rejected) for key, (chosen, rejected) in content["reference"].items()})
        learner.busy_s = content["busy_s"]
        _restore_state(state, content["state"], learner.adapter)
        return differences(content["environment"], environment(learner.scorer))

    def _identity(self, learner: Learner, prepared: PreparedPairs) -> dict[str, Any]:
        if self.content["format"] == 1:
            return run_identity(learner, encoded_digest([*prepared.train, *prepared.evaluation]))
        return run_identity(learner, prepared.digest)


def read_checkpoint(folder: Path) -> Checkpoint:
    """Read the checkpoint in `folder`.

    Raises:
        CheckpointError: there is none, it cannot be read, or another version of Palate wrote it.
    """
    file = folder / FILE
    try:
        content: dict[str, Any] = torch.load(file, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise CheckpointError(f"There is no checkpoint in {folder}. Start the run again.") from None
    except (OSError, RuntimeError, EOFError, UnpicklingError, ValueError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise CheckpointError(f"{file} cannot be read: {reason} Start the run again.") from error
    if content.get("format") not in _READ:
        raise CheckpointError(
            f"{file} has format {content.get('format')}, and this Palate reads formats 1 and {_FORMAT}. "
            "Start the run again."
        )
    return Checkpoint(folder, content)


def _unnamed(values: Mapping[str, torch.Tensor], adapter: str) -> dict[str, torch.Tensor]:
    """Tensors by their place in the model alone: a resumed run trains under another internal name."""
    return {name.replace(f".{adapter}.", _ANY): value for name, value in values.items()}


def _named(values: Mapping[str, torch.Tensor], adapter: str) -> dict[str, torch.Tensor]:
    return {name.replace(_ANY, f".{adapter}."): value for name, value in values.items()}


def _plain_state(state: RunState, adapter: str) -> dict[str, Any]:
    """The state as tensors, lists and numbers, which torch reads back without running any code."""
    plain = {_stored_name(each.name): getattr(state, each.name) for each in dataclasses.fields(state)}
    plain["window"] = [dataclasses.asdict(score) for score in state.batch_scores]
    plain["told"] = sorted(state.given_warnings)
    plain["kept_by"] = str(state.kept_by)
    plain["best_weights"] = None if state.best_weights is None else _unnamed(state.best_weights, adapter)
    return plain


def _restore_state(state: RunState, plain: Mapping[str, Any], adapter: str) -> None:
    """Set every field of `state` that the checkpoint holds; the others keep their defaults.

    A run that began before `kept_by` existed keeps its step by the rule that it began with.
    """
    plain = {"kept_by": KeptBy.LOWEST_LOSS, **plain}
    own: dict[str, Callable[[Any], Any]] = {
        "best_weights": lambda weights: weights and _named(weights, adapter),
        "batch_scores": lambda scores: [PairScore(**score) for score in scores],
        "given_warnings": set,
        "kept_by": KeptBy,
        "stopped": lambda _: False,
    }
    for name in (each.name for each in dataclasses.fields(state)):
        if _stored_name(name) in plain:
            value = plain[_stored_name(name)]
            setattr(state, name, own[name](value) if name in own else value)


def _stored_name(field: str) -> str:
    return _STORED_NAMES.get(field, field)


def _plain_random(state: Mapping[str, Any]) -> dict[str, Any]:
    name, keys, *rest = state["numpy"]
    return {**state, "numpy": [name, keys.tolist(), *rest]}


def _own_random(plain: Mapping[str, Any]) -> dict[str, Any]:
    name, keys, *rest = plain["numpy"]
    return {**plain, "numpy": (name, np.array(keys, dtype=np.uint32), *rest)}
