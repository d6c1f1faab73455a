"""An adapter merged into a copy of its base model, checked, and written as a model folder that needs no PEFT.

Runs and references use the base model in memory, so merging never changes it. It reads a copy from the disk in float32,
whatever the base was loaded in, and adds the adapter there; only the last step casts the weights. Merging has failed
without an error elsewhere (peft#2368). So logits are compared before anything is written, and again after the written
model was read back.
"""

import errno
import gc
import os
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from transformers import AutoConfig

from engine.chat import encode_prompt
from engine.compat.peft_private import keep_merged, tuner_layers
from engine.errors import MergeError
from engine.estimates.checkpointing import merge_problem
from engine.events import Event, ModelMerged, Progress
from engine.model import BaseModel, load_base
from engine.preference import Message

TOLERANCE = 1e-4
"""Merged and unmerged, both in float32, may differ by so much at a logit of up to 10, and in proportion above."""
ROUNDING = {"float32": 0.0, "bfloat16": 0.1, "float16": 0.02, "q8_0": 0.1}
"""What a number format may add to the difference of logits, as a share of the largest logit; q8_0 is for GGUF alone."""
_FOLDER_DTYPES = ("float32", "bfloat16", "float16")
_LAYERS_A_TURN = 16
_LONGEST_PROMPT = 256  # tokens; more of them would not find another fault


@dataclass(frozen=True)
class MergedModel:
    """A copy of the base model in float32 with the adapter in its weights.

    `unmerged` holds the logits (T, vocabulary) of base and adapter on `prompt_ids`, `merged_by` the largest difference.
    """

    model: Any
    tokenizer: Any
    prompt_ids: tuple[int, ...]
    unmerged: torch.Tensor
    merged_by: float

    @property
    def largest(self) -> float:
        """The largest logit, whatever its sign."""
        return float(self.unmerged.abs().max())


def merge_adapter(
    base: BaseModel,
    adapter: str,
    adapter_folder: Path,
    target: Path,
    messages: Sequence[Message],
    *,
    dtype: str = "auto",
    trust_remote_code: bool = False,
) -> Iterator[Event]:
    """Write base and adapter as one model into the folder `target`; the last event is `ModelMerged`.

    Args:
        adapter: the adapter's internal name; it need not be loaded on `base`.
        messages: a prompt on which logits are compared.
        dtype: "float32", "bfloat16", "float16", or "auto" for the format of the base's own files.

    Raises:
        MergeError: memory or disk is short, the weights on the disk differ from those in memory or are quantised, or
            the merged model does not answer as the unmerged one does.
        ModelError: base or adapter cannot be read.
    """
    dtype = stored_dtype(base.location, trust_remote_code) if dtype == "auto" else dtype
    merged = yield from merged_copy(base, adapter, adapter_folder, messages, trust_remote_code=trust_remote_code)
    yield Progress("writing", 0, None)
    with disk_errors_in_words(target):
        _save(merged, target, getattr(torch, dtype))
    tokens, unmerged, merged_by, largest = len(merged.prompt_ids), merged.unmerged, merged.merged_by, merged.largest
    ids = merged.prompt_ids
    del merged  # so that two models are never held at once
    gc.collect()
    yield Progress("reading back", 0, None)
    read = load_base(
        str(target), source=str(target), dtype="float32", device="cpu", trust_remote_code=trust_remote_code
    )
    written_by = largest_difference(logits_of(read.model, ids), unmerged)
    check_difference(written_by, largest, rounding=ROUNDING[dtype], what=f"written in {dtype}")
    yield ModelMerged(dtype, tokens, merged_by, written_by, largest)


def merged_copy(
    base: BaseModel,
    adapter: str,
    adapter_folder: Path,
    messages: Sequence[Message],
    *,
    trust_remote_code: bool = False,
) -> Generator[Event, None, MergedModel]:
    """A copy of `base` in float32 with the adapter merged into it, and checked. See `merge_adapter`."""
    if problem := merge_problem(base.parameters):
        raise MergeError(problem)
    _refuse_quantised(base.location, trust_remote_code)
    yield Progress("copying the model", 0, None)
    copy = load_base(
        base.location, source=base.source, dtype="float32", device="cpu", trust_remote_code=trust_remote_code
    )
    if copy.fingerprint != base.fingerprint:
        raise MergeError(
            f"The weights in {base.location} have changed since they were loaded. Restore them, or start Palate again."
        )
    with torch.random.fork_rng(devices=[]):  # an empty adapter gets random weights before it is filled
        copy.load_adapter(adapter, adapter_folder)
    ids = tuple(encode_prompt(base.tokenizer, messages)[:_LONGEST_PROMPT])
    yield Progress("comparing", 0, None)
    with copy.policy(adapter) as model:
        unmerged = logits_of(model, ids)
    yield from _merge(copy, adapter)
    model = _bare(copy)
    merged_by = largest_difference(logits_of(model, ids), unmerged)
    merged = MergedModel(model, copy.tokenizer, ids, unmerged, merged_by)
    check_difference(merged_by, merged.largest, what="merged in float32")
    return merged


def stored_dtype(location: str, trust_remote_code: bool = False) -> str:
    """The number format in a model folder's config; "float32" where it names none that can be written."""
    config = AutoConfig.from_pretrained(location, local_files_only=True, trust_remote_code=trust_remote_code)
    name = str(config.dtype).removeprefix("torch.")
    return name if name in _FOLDER_DTYPES else "float32"


def check_difference(found: float, largest: float, *, rounding: float = 0.0, what: str) -> None:
    """Raise `MergeError` where a difference of logits is too large or NaN."""
    allowed = TOLERANCE * max(1.0, largest / 10) + rounding * largest
    if not found <= allowed:
        raise MergeError(
            f"The model {what} does not answer as the unmerged one: its logits differ by up to {found:.2g}, and "
            f"{allowed:.2g} is allowed. Palate kept nothing of it; take the adapter alone: palate adapters export."
        )


@contextmanager
def disk_errors_in_words(target: Path) -> Iterator[None]:
    """Raise what a full or failing disk raises as a `MergeError` in words."""
    try:
        yield
    except (OSError, SafetensorError) as error:
        full = getattr(error, "errno", None) == errno.ENOSPC or "No space left" in str(error)
        reason = "the disk is full" if full else str(error)
        act = "Free some space" if full else "Check the folder"
        raise MergeError(
            f"{target.parent} cannot be written: {reason.rstrip('.')}. {act}, or write elsewhere; Palate kept nothing."
        ) from error


def _refuse_quantised(location: str, trust_remote_code: bool) -> None:
    config = AutoConfig.from_pretrained(location, local_files_only=True, trust_remote_code=trust_remote_code)
    if getattr(config, "quantization_config", None) is not None:
        raise MergeError(
            f"The weights in {location} are quantised, so an adapter cannot be added to them. Take the adapter alone: "
            "palate adapters export."
        )


def _merge(copy: BaseModel, adapter: str) -> Iterator[Event]:
    """Add the adapter to the weights, some layers a turn."""
    layers = tuner_layers(copy.model)
    _untie(copy, layers)
    for start in range(0, len(layers), _LAYERS_A_TURN):
        yield Progress("merging", start, len(layers), "layers")
        for layer in layers[start : start + _LAYERS_A_TURN]:
            try:
                with torch.no_grad():
                    layer.merge(safe_merge=True, adapter_names=[adapter])
            except (ValueError, NotImplementedError) as error:  # NaN in it, or a kind that cannot be merged
                raise MergeError(
                    f"PEFT cannot merge this adapter: {error} Take the adapter alone: palate adapters export."
                ) from error


def _untie(copy: BaseModel, layers: Sequence[Any]) -> None:
    """Separate input and output embeddings where the adapter changes one of them: once merged, they differ."""
    ends = (copy.hf_model.get_input_embeddings(), copy.hf_model.get_output_embeddings())
    if not any(end is layer for end in ends for layer in layers):
        return
    first, last = (getattr(end, "base_layer", end) for end in ends)
    if last is not None and first.weight is last.weight:
        last.weight = torch.nn.Parameter(last.weight.detach().clone(), requires_grad=False)
        copy.hf_model.config.tie_word_embeddings = False


def _bare(copy: BaseModel) -> Any:
    """The transformers model with merged weights and without PEFT's layers around them."""
    for layer in tuner_layers(copy.model):
        keep_merged(layer)
    return copy.model.unload()


def logits_of(model: Any, ids: Sequence[int]) -> torch.Tensor:
    """The logits (T, vocabulary) of a prompt, in float32."""
    with torch.no_grad():
        logits: torch.Tensor = model(input_ids=torch.tensor([ids])).logits[0].float()
    return logits


def largest_difference(found: torch.Tensor, wanted: torch.Tensor) -> float:
    """The largest difference of two tensors of logits; NaN where one of them holds NaN."""
    return float((found - wanted).abs().max())


def _save(merged: MergedModel, target: Path, dtype: torch.dtype) -> None:
    """Write weights (in shards as transformers has them), configs, tokenizer and chat template, for the owner alone."""
    target.mkdir(mode=0o700, parents=True, exist_ok=True)
    model = merged.model.to(dtype)
    model.config.dtype = dtype
    model.save_pretrained(target)
    merged.tokenizer.save_pretrained(target)
    for file in target.iterdir():
        os.chmod(file, 0o600)
