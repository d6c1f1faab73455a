"""The facts that identify a run. A checkpoint resumes that run alone, and these are compared one by one."""

import dataclasses
import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from engine.chat import EncodedPair
from engine.config import TrainConfig, settings_of
from engine.errors import CheckpointMisfit
from engine.training.learner import Learner


def run_identity(learner: Learner, pairs: str) -> dict[str, Any]:
    """Settings, base model, start and pairs, by the names that checkpoints hold.

    Args:
        pairs: the digest of the pairs: `PreparedPairs.digest`, or `encoded_digest` for format 1.
    """
    started_from = hashlib.sha256()
    for name, value in sorted(learner.started_from.items()):
        shape = ".".join(part for part in name.split(".") if part != learner.adapter)
        started_from.update(shape.encode() + value.numpy().tobytes())
    return {
        "settings": dataclasses.asdict(learner.config),
        "base model": learner.base.fingerprint,
        "dtype": learner.base.dtype,
        "starting weights": started_from.hexdigest(),
        "pairs": pairs,
    }


def encoded_digest(pairs: Sequence[EncodedPair]) -> str:
    """SHA-256 (hex) of encoded pairs, as checkpoints of format 1 hold it; each field is named, so that a new one in
    `EncodedPair` does not change it."""
    rows = [
        (each.key, each.prompt_ids, each.chosen_ids, each.rejected_ids, each.moved, each.shortened) for each in pairs
    ]
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()


def check_same_run(saved: Mapping[str, Any], now: Mapping[str, Any], config: TrainConfig, folder: Path) -> None:
    """Compare a checkpoint's identity with that of the run now.

    Raises:
        CheckpointMisfit: they differ; the error names in what.
    """
    differing = [name for name in now if name != "settings" and saved.get(name) != now[name]]
    differing += changed_settings(saved["settings"], config)
    if differing:
        raise CheckpointMisfit(
            f"The checkpoint in {folder} belongs to another run: {', '.join(differing)} differ. "
            "Resume with the settings, the model and the pairs that the run began with."
        )


def changed_settings(saved: Mapping[str, Any], config: TrainConfig) -> list[str]:
    """The flags of the settings that differ and that a resume may not change.

    A setting that the checkpoint lacks is newer than the checkpoint, and counts as its default. One that the checkpoint
    has alone is of another version of Palate, and differs.
    """
    settings = settings_of(type(config))
    changed = [
        each.flag
        for each in settings
        if not each.free_at_resume and saved.get(each.name, each.default) != getattr(config, each.name)
    ]
    known = {each.name for each in settings}
    return changed + ["--" + name.replace("_", "-") for name in saved if name not in known]
