"""LoRA adapters that others made: what of a configuration Palate cannot use, patterns that never end, broken numbers.

The configuration and the weights come from outside. Everything here is checked before PEFT sees them.
"""

import copy
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import regex
import torch
from peft import LoraConfig

from engine.errors import AdapterLoadError

PREFIX = "base_model.model."
_ALL = "all-linear"
_PLAIN = re.compile(r"[\w.]*")
_PATTERNS_S = 2.0
"""How long all patterns of an adapter may take on all layers of a model. An honest one takes milliseconds."""
_ENDS = (".lora_A.weight", ".lora_embedding_A")
_UNUSABLE = {
    "modules_to_save": "it replaces whole layers of the base model",
    "trainable_token_indices": "it changes rows of the base model's embedding",
    "alora_invocation_tokens": "it is switched on by tokens of the prompt",
    "arrow_config": "it chooses between several adapters",
    "use_qalora": "it groups the inputs of a quantised base model",
    "use_bdlora": "it is a variant of LoRA that Palate does not know",
    "kasa_config": "it is a variant of LoRA that Palate does not know",
    "velora_config": "it is a variant of LoRA that Palate does not know",
    "monteclora_config": "it is a variant of LoRA that Palate does not know",
    "layer_replication": "it adds layers to the base model",
}
"""Settings under which an adapter does more than add LoRA to layers: the base must stay the reference."""


def check_usable(config: LoraConfig, folder: Path) -> None:
    """Raise `AdapterLoadError` where the adapter does more than add LoRA to layers of the base model."""
    for name, why in _UNUSABLE.items():
        if getattr(config, name, None):
            raise AdapterLoadError(
                f"The adapter in {folder} has {name} in its configuration: {why}. Convert it to a plain LoRA with "
                "PEFT, or use another adapter."
            )


def check_numbers(weights: Mapping[str, torch.Tensor], folder: Path) -> None:
    """Raise `AdapterLoadError` where a weight is no finite floating-point number."""
    for key, weight in weights.items():
        if not weight.is_floating_point() or not bool(torch.isfinite(weight).all()):
            what = "is NaN or infinite in places" if weight.is_floating_point() else f"is of type {weight.dtype}"
            raise AdapterLoadError(
                f"The adapter in {folder} is broken: {key} {what}. Copy it again, or train it again."
            )


def without_copies(
    weights: Mapping[str, torch.Tensor], wanted: set[str], base: torch.nn.Module, folder: Path
) -> dict[str, torch.Tensor]:
    """The weights without whole copies of the base model's own, which PEFT saves beside LoRA on an embedding.

    Args:
        wanted: the keys of the adapter's own weights.

    Raises:
        AdapterLoadError: a copy differs from the base model's weight.
    """
    own = {name.replace(".base_layer", ""): value for name, value in base.named_parameters(remove_duplicate=False)}
    kept = {}
    for key, weight in weights.items():
        name = key.removeprefix(PREFIX).replace(".base_layer", "")
        if key in wanted or name not in own:
            kept[key] = weight
        elif own[name].shape != weight.shape:
            raise AdapterLoadError(
                f"The adapter in {folder} holds {name} in the shape {tuple(weight.shape)}, the base model's is "
                f"{tuple(own[name].shape)}. Use it with the base model that it was trained on."
            )
        elif not torch.equal(weight.to(own[name].dtype), own[name].detach().cpu()):
            raise AdapterLoadError(
                f"The adapter in {folder} holds a {name} that differs from the base model's, which Palate needs "
                "unchanged as the reference. Use it with the base model that it was trained on, or another adapter."
            )
    return kept


def bounded(config: LoraConfig, names: Sequence[str], folder: Path, parameters: Sequence[str] = ()) -> LoraConfig:
    """The configuration without regular expressions: layers, ranks and alphas by full names.

    PEFT applies an expression to every layer with Python's `re`, which cannot be interrupted and may never end. Here
    they are applied once, within a bound. A configuration without expressions stays as it is.

    Args:
        names: the full names of all modules of the bare base model.
        parameters: those of its weights, on some of which PEFT puts LoRA directly: the experts of a mixture.

    Raises:
        AdapterLoadError: an expression is not valid, or takes too long.
    """
    if not any(_is_pattern(each) for each in _patterns(config)):
        return config
    match = _Matcher(folder)
    found = copy.copy(config)
    targets = [name for name in names if _is_target(config, name, match)]
    found.target_modules = set(targets)
    found.exclude_modules = found.layers_to_transform = found.layers_pattern = None
    adapted = targets + [name for name in parameters if _is_named(config.target_parameters, name, match)]
    found.rank_pattern = _resolved(config.rank_pattern, adapted, match)
    found.alpha_pattern = _resolved(config.alpha_pattern, adapted, match)
    return found


def _patterns(config: LoraConfig) -> Iterator[str]:
    """Every text of the configuration that PEFT reads as a regular expression."""
    for value in (config.target_modules, config.exclude_modules):
        if isinstance(value, str) and value.lower() != _ALL:
            yield "^" + value  # even a plain word is one: it has to be a layer's whole name
    layers = config.layers_pattern or []
    yield from [layers] if isinstance(layers, str) else layers
    yield from config.rank_pattern or {}
    yield from config.alpha_pattern or {}


def _is_pattern(text: str) -> bool:
    return not isinstance(text, str) or _PLAIN.fullmatch(text) is None


class _Matcher:
    """Applies regular expressions, all of them together within `_PATTERNS_S`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._until = time.monotonic() + _PATTERNS_S

    def __call__(self, pattern: str, name: str) -> Any:
        """The match of the whole name.

        Raises:
            AdapterLoadError: the expression is not valid, or the time is up.
        """
        try:
            return regex.fullmatch(pattern, name, timeout=max(self._until - time.monotonic(), 1e-3))
        except TimeoutError:
            why = "takes too long on this model's layers"
        except (regex.error, TypeError, RecursionError) as error:
            why = f"is not valid ({error})"
        raise AdapterLoadError(
            f"The adapter in {self._folder} has a pattern of layers that {why}: {str(pattern)[:80]!r}. Name the layers "
            "one by one in its adapter_config.json."
        )


def _is_target(config: LoraConfig, name: str, match: _Matcher) -> bool:
    """Whether PEFT would put LoRA on this module; see `check_target_module_exists` in PEFT."""
    if _is_named(config.exclude_modules, name, match):
        return False
    if not _is_named(config.target_modules, name, match):
        return False
    layers = config.layers_to_transform
    if layers is None or layers == [] or isinstance(config.target_modules, str) or name in config.target_modules:
        return True
    index = _index(config.layers_pattern, name, match)
    return index is not None and index in ([layers] if isinstance(layers, int) else layers)


def _is_named(targets: Any, name: str, match: _Matcher) -> bool:
    if not targets:
        return False
    if isinstance(targets, str):
        return match(targets, name) is not None
    return any(name == each or name.endswith(f".{each}") for each in targets)


def _index(patterns: Any, name: str, match: _Matcher) -> int | None:
    """The layer number in a module's name."""
    patterns = [patterns] if isinstance(patterns, str) else patterns
    forms = [rf"(?:^|.*?\.){each}\.(?P<idx>\d+)\..*" for each in patterns or ()]
    for form in forms or [r".*?\.[^.]*\.(?P<idx>\d+)\..*"]:
        if found := match(form, name):
            return int(found["idx"])
    return None


def _resolved(patterns: Mapping[str, int] | None, targets: Sequence[str], match: _Matcher) -> dict[str, int]:
    """Ranks or alphas by the full names of the layers; the first expression that matches counts."""
    found = {}
    for name in targets:
        for pattern, value in (patterns or {}).items():
            if match(rf"(.*\.)?({pattern})", name):
                found[name] = value
                break
    return found


def check_ranks(config: LoraConfig, weights: Mapping[str, torch.Tensor], folder: Path) -> None:
    """Raise `AdapterLoadError` where the configuration asks for larger matrices than the file holds.

    PEFT makes the matrices before it compares them, and a rank of a billion would take all memory.
    """
    largest = max((weight.shape[0] for key, weight in weights.items() if key.endswith(_ENDS)), default=0)
    asked = max([config.r, *(config.rank_pattern or {}).values()])
    if asked > largest:
        raise AdapterLoadError(
            f"The adapter in {folder} has rank {asked} in its configuration and at most {largest} in its weights. The "
            "two files belong to different adapters: copy both again."
        )
