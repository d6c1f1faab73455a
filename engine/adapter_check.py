"""One full check of an adapter before it is taken in: what passes works ever after, what fails says why.

The adapter is loaded, compared, continued and unloaded beside the base model, as it will be when it is used.
"""

import json
import math
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from engine.config import TrainConfig
from engine.errors import AdapterLoadError
from engine.generate import make_decoder
from engine.lora import adapter_weights
from engine.model import BaseModel

_CHECKED, _FRESH, _CONTINUED = "ac", "acf", "acc"  # internal names that no adapter on disk has
_TEXT = "The quick brown fox jumps over the lazy dog."
_MOST_TOKENS = 32
_NOISE = 4.0  # times the difference of two passes of the base model
_SETTINGS_FILE, _TEMPLATE_FILE = "tokenizer_config.json", "chat_template.jinja"
_MOST_BYTES = 2**22  # of a template; a large one has 20 kB


@dataclass(frozen=True)
class _Answers:
    """The logits of a policy: of the model's own forward pass, and of the decoder that writes answers."""

    forward: torch.Tensor
    decoded: torch.Tensor

    @property
    def finite(self) -> bool:
        return bool(torch.isfinite(self.forward).all() and torch.isfinite(self.decoded).all())

    def apart(self, other: "_Answers") -> float:
        """The largest difference between two logits; infinite where one is NaN."""
        both = (self.forward - other.forward, self.decoded - other.decoded)
        largest = max(float(each.abs().max()) for each in both)
        return largest if math.isfinite(largest) else math.inf


class AdapterCheck:
    """One check of the adapter in `folder`, a copy of two files of the folder `came_from`, on the loaded base model.

    After `steps`, `notes` holds sentences about the adapter that a person should read.
    """

    def __init__(self, base: BaseModel, folder: Path, came_from: Path) -> None:
        self.notes: tuple[str, ...] = ()
        self._base, self._folder, self._came_from = base, folder, came_from

    def steps(self) -> Iterator[None]:
        """Check the adapter. At each step the model is as it was before, but for adapters that are loaded and off.

        Raises:
            AdapterLoadError: it does not fit the base model, or it does not work beside it.
        """
        base = self._base
        before, fresh = _answers(base, None), _fresh_weights(base)
        # A processor gives the same bits each time, and a GPU may not.
        allowed = _NOISE * before.apart(_answers(base, None))
        try:
            base.load_adapter(_CHECKED, self._folder)
            yield
            apart = before.apart(_answers(base, None))
            self._require(apart <= allowed, "the base model answers differently while it is loaded")
            yield
            tuned = _answers(base, _CHECKED)
            self._require(tuned.finite, "answers with it are NaN or infinite")
            yield
            self._require(fresh == _fresh_weights(base), "a new adapter beside it would train weights of this one")
            yield
            apart = tuned.apart(_continued(base))
            self._require(apart <= allowed, "a copy of it, as a run continues one, answers differently")
            self.notes = tuple(self._notes(before, tuned))
        finally:
            for name in (_CONTINUED, _CHECKED):
                if name in base.loaded_adapters():
                    base.unload_adapter(name)
        apart = before.apart(_answers(base, None))
        self._require(apart <= allowed, "the base model answers differently after it was unloaded")
        yield

    def _require(self, holds: bool, otherwise: str) -> None:
        if not holds:
            raise AdapterLoadError(
                f"The adapter in {self._folder} does not work with this base model: {otherwise}. Use another adapter."
            )

    def _notes(self, before: _Answers, tuned: _Answers) -> Iterator[str]:
        if before.apart(tuned) == 0:
            yield "It changes nothing: the base model answers the same with it."
        template = _template_in(self._came_from)
        if template is not None and template != self._base.tokenizer.chat_template:
            yield "It comes with a chat template of its own, which differs; Palate uses the base model's."


def _answers(base: BaseModel, name: str | None) -> _Answers:
    ids = list(base.tokenizer(_TEXT)["input_ids"])[:_MOST_TOKENS] or [0]
    with base.policy(name) as model, torch.no_grad():
        forward = model(torch.tensor([ids], device=base.device)).logits.float().cpu()
        decoded = make_decoder(base, name, max_rows=1).admit([(ids, 1)]).float().cpu()
    return _Answers(forward, decoded)


def _fresh_weights(base: BaseModel) -> dict[str, tuple[int, ...]]:
    """The names and shapes of what a new adapter trains."""
    base.create_adapter(_FRESH, TrainConfig(lora_r=1, lora_alpha=1))
    try:
        return {key: tuple(weight.shape) for key, weight in adapter_weights(base.model, _FRESH).items()}
    finally:
        base.unload_adapter(_FRESH)


def _continued(base: BaseModel) -> _Answers:
    """The answers of a trainable copy, made as a run makes one."""
    with tempfile.TemporaryDirectory(prefix="palate-check-") as copy:
        base.save_adapter(_CHECKED, Path(copy))
        base.load_adapter(_CONTINUED, Path(copy), trainable=True)
    found = _answers(base, _CONTINUED)
    base.unload_adapter(_CONTINUED)
    return found


def _template_in(folder: Path) -> Any:
    """The chat template beside the adapter; None without one that can be read."""
    try:
        if _is_small(folder / _TEMPLATE_FILE):
            return (folder / _TEMPLATE_FILE).read_text(encoding="utf-8")
        if _is_small(folder / _SETTINGS_FILE):
            settings = json.loads((folder / _SETTINGS_FILE).read_text(encoding="utf-8"))
            return settings.get("chat_template") if isinstance(settings, dict) else None
    except (OSError, ValueError, RecursionError):
        return None
    return None


def _is_small(file: Path) -> bool:
    return file.is_file() and file.stat().st_size <= _MOST_BYTES
