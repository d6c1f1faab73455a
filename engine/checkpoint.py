"""Checkpoints: everything that an exact resume needs, in one file that a rename puts into place.

A run that was killed at any moment and resumed gives, bit for bit, the adapter of the run that was never killed, on the
same machine with the same number of threads and the same method of scoring. Where those differ, the resume reports it.
"""

import dataclasses
import hashlib
import json
import os
import platform
from collections.abc import Mapping
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import numpy as np
import peft
import torch
import transformers

from engine.dpo import PairScore
from engine.errors import CheckpointError, CheckpointMisfit
from engine.preparation import PreparedPairs
from engine.training.learner import Learner
from engine.training.random_state import random_state_problem
from engine.training.run_state import RunState

FILE = "checkpoint.pt"
_FORMAT = 1
_ANY = ".*."  # takes the place of the adapter's internal name in the names of its tensors
_STORED_NAMES = {"epoch_margins": "ledger", "given_warnings": "told"}
"""Fields of `RunState` that a checkpoint holds under an older name: checkpoints outlive the code that wrote them."""
_SHOWN = {"way of scoring": "method of scoring"}
"""A name of `environment` that a checkpoint holds → the one that a person reads."""


def save_checkpoint(folder: Path, learner: Learner, prepared: PreparedPairs, state: RunState) -> None:
    """Write the run's checkpoint into `folder`, readable by the owner alone. It replaces an earlier one by a rename.

    Raises:
        OSError, RuntimeError: the disk fails. The unfinished file is deleted, so that it takes no room.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    content = {
        "format": _FORMAT,
        "run": run_identity(learner, prepared),
        "environment": environment(learner),
        "state": _plain_state(state, learner.adapter),
        "weights": _unnamed(learner.weights(), learner.adapter),
        "gradients": _unnamed(learner.gradients(), learner.adapter),
        "optimizer": learner.optimizer.state_dict(),
        "random": _plain_random(learner.random_state.state),
        "reference": {key: list(logps) for key, logps in learner.reference.items()},
        "busy_s": learner.busy_s,
    }
    beside = folder / (FILE + ".new")
    try:
        with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            torch.save(content, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, folder / FILE)
    finally:
        beside.unlink(missing_ok=True)


def load_checkpoint(folder: Path, learner: Learner, prepared: PreparedPairs, state: RunState) -> tuple[str, ...]:
    """Put a run into the state in which its checkpoint in `folder` was written.

    Returns:
        Sentences that say why the resume is not exact; none when it is.

    Raises:
        CheckpointError: there is no checkpoint, it cannot be read, or another run wrote it (`CheckpointMisfit`).
    """
    content = _read(folder / FILE)
    _check_same_run(content["run"], run_identity(learner, prepared), folder)
    if problem := random_state_problem(content["random"]):
        raise CheckpointMisfit(
            f"The checkpoint in {folder} cannot be used: {problem}. Resume on that machine, or start the run again."
        )
    learner.set_weights(_named(content["weights"], learner.adapter))
    learner.set_gradients(_named(content["gradients"], learner.adapter))
    learner.optimizer.load_state_dict(content["optimizer"])
    learner.random_state.state = _own_random(content["random"])
    learner.reference.update({key: (chosen, rejected) for key, (chosen, rejected) in content["reference"].items()})
    learner.busy_s = content["busy_s"]
    _own_state(state, content["state"], learner.adapter)
    return _differences(content["environment"], environment(learner))


def run_identity(learner: Learner, prepared: PreparedPairs) -> dict[str, Any]:
    """The facts that identify a run: settings, base model, start, and the pairs as token ids."""
    pairs = json.dumps([dataclasses.astuple(pair) for pair in (*prepared.train, *prepared.evaluation)])
    started_from = hashlib.sha256()
    for name, value in sorted(learner.started_from.items()):
        shape = ".".join(part for part in name.split(".") if part != learner.adapter)
        started_from.update(shape.encode() + value.numpy().tobytes())
    return {
        "settings": dataclasses.asdict(learner.config),
        "base model": learner.base.fingerprint,
        "dtype": learner.base.dtype,
        "starting weights": started_from.hexdigest(),
        "pairs": hashlib.sha256(pairs.encode()).hexdigest(),
        "training pairs": len(prepared.train),
    }


def environment(learner: Learner) -> dict[str, str]:
    """The facts outside of a run on which its last bits depend. Checkpoints hold these names."""
    return {
        "number of threads": str(torch.get_num_threads()),
        "way of scoring": str(learner.scorer.method),
        "device": learner.base.device,
        "machine": f"{platform.machine()} {torch.backends.cpu.get_cpu_capability()}",
        "version of torch": str(torch.__version__),
        "version of transformers": transformers.__version__,
        "version of peft": peft.__version__,
    }


def _read(file: Path) -> dict[str, Any]:
    try:
        content: dict[str, Any] = torch.load(file, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise CheckpointError(f"There is no checkpoint in {file.parent}. Start the run again.") from None
    except (OSError, RuntimeError, EOFError, UnpicklingError, ValueError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise CheckpointError(f"{file} cannot be read: {reason} Start the run again.") from error
    if content.get("format") != _FORMAT:
        raise CheckpointError(
            f"{file} has format {content.get('format')}, and this Palate reads format {_FORMAT}. Start the run again."
        )
    return content


def _check_same_run(saved: Mapping[str, Any], now: Mapping[str, Any], folder: Path) -> None:
    other = [name for name in now if saved.get(name) != now[name]]
    if not other:
        return
    if other == ["settings"]:
        changed = [name for name, value in now["settings"].items() if saved["settings"].get(name) != value]
        other = ["--" + name.replace("_", "-") for name in changed]
    raise CheckpointMisfit(
        f"The checkpoint in {folder} belongs to another run: {', '.join(other)} differ. "
        "Resume with the settings, the model and the pairs that the run began with."
    )


def _differences(saved: Mapping[str, str], now: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(
        f"This resume is not exact to the last bit: the {shown} was {saved.get(name)}, now it is {value}."
        for name, value in now.items()
        for shown in [_SHOWN.get(name, name)]
        if saved.get(name) != value
    )


def _unnamed(values: Mapping[str, torch.Tensor], adapter: str) -> dict[str, torch.Tensor]:
    """Tensors by their place in the model alone: a resumed run trains under another internal name."""
    return {name.replace(f".{adapter}.", _ANY): value for name, value in values.items()}


def _named(values: Mapping[str, torch.Tensor], adapter: str) -> dict[str, torch.Tensor]:
    return {name.replace(_ANY, f".{adapter}."): value for name, value in values.items()}


def _plain_state(state: RunState, adapter: str) -> dict[str, Any]:
    """The state as tensors, lists and numbers, which torch reads back without running any code."""
    plain = {_stored_name(each.name): getattr(state, each.name) for each in dataclasses.fields(state)}
    plain["window"] = [dataclasses.asdict(score) for score in state.window]
    plain["told"] = sorted(state.given_warnings)
    plain["best_weights"] = None if state.best_weights is None else _unnamed(state.best_weights, adapter)
    return plain


def _own_state(state: RunState, plain: dict[str, Any], adapter: str) -> None:
    plain["best_weights"] = plain["best_weights"] and _named(plain["best_weights"], adapter)
    plain["window"] = [PairScore(**score) for score in plain["window"]]
    plain["told"] = set(plain["told"])
    plain["stopped"] = False
    for each in dataclasses.fields(state):
        setattr(state, each.name, plain[_stored_name(each.name)])


def _stored_name(field: str) -> str:
    return _STORED_NAMES.get(field, field)


def _plain_random(state: Mapping[str, Any]) -> dict[str, Any]:
    name, keys, *rest = state["numpy"]
    return {**state, "numpy": [name, keys.tolist(), *rest]}


def _own_random(plain: Mapping[str, Any]) -> dict[str, Any]:
    name, keys, *rest = plain["numpy"]
    return {**plain, "numpy": (name, np.array(keys, dtype=np.uint32), *rest)}
