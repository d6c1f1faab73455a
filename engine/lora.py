"""LoRA adapters through PEFT: configuration, files, and switching.

PEFT 0.21's `set_adapter` and `enable_adapters` turn gradients on, and `disable_adapter` leaves them changed. So this
module switches the layers itself, and restores their earlier state. PEFT saves an adapter under a name other than
"default" into a sub-folder, so this module also writes the files.
"""

import copy
import math
import os
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from peft import (
    LoraConfig,
    PeftModel,
    PeftModelForCausalLM,
    TaskType,
    get_peft_model_state_dict,
    set_peft_model_state_dict,
)
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from engine.compat.peft_private import adapted_layers, read_activity, write_activity
from engine.config import TrainConfig, flags_of
from engine.errors import AdapterLoadError
from engine.foreign_adapter import bounded, check_numbers, check_ranks, check_usable, without_copies
from engine.parts import is_conv1d

NAME = re.compile(r"a[0-9a-f]+")  # a name that equals a word of PEFT's own crashes it
WEIGHTS = "adapter_model.safetensors"
CONFIG = "adapter_config.json"
_ALL = "all-linear"


_DIFFERENT_EXPERTS = "all adapters must target the same set of parameters"


def is_wrapped(model: Any) -> bool:
    """Whether adapters are loaded on this model."""
    return isinstance(model, PeftModel)


# -- making and filling ----------------------------------------------------------------------------------------


def fresh_config(layers: Sequence[str], config: TrainConfig, *, whole: bool = True) -> LoraConfig:
    """PEFT's configuration for a new adapter with these settings, on a model with these `linear_layers`.

    `whole` says that these are all linear layers of the model. Otherwise they are named in full, because a layer of its
    vision part may have the same last name.

    Raises:
        AdapterLoadError: a target module is not among them.
    """
    targets = find_targets(layers, config.target_modules)
    return LoraConfig(
        task_type=TaskType.CAUSAL_LM,
        r=config.lora_r,
        lora_alpha=config.lora_alpha,
        use_rslora=config.rslora == "on",
        lora_dropout=config.lora_dropout,
        target_modules=targets if whole else _in_full(layers, targets),
        bias="none",
    )


def attach(model: Any, name: str, config: LoraConfig) -> PeftModel:
    """The model with an empty adapter of this configuration on it, frozen and in float32.

    Raises:
        AdapterLoadError: PEFT cannot put this adapter on this model.
    """
    config.fan_in_fan_out = any(is_conv1d(module) for module in model.modules())
    try:
        with warnings.catch_warnings():  # LoRA on a tied layer is right here: a merge writes the output layer apart
            warnings.filterwarnings("ignore", "Model has `tie_word_embeddings", UserWarning)
            if is_wrapped(model):
                model.add_adapter(name, config)
            else:
                model = _wrap(model, name, config)
    except (ValueError, TypeError, NotImplementedError) as error:
        reason = str(error).strip().splitlines()[0]
        act = "Choose other target modules (--target-modules)."
        if _DIFFERENT_EXPERTS in reason:  # PEFT keeps one choice of weights for all adapters in memory
            reason = "an adapter in memory changes other weights of the experts."
            act = "Use the base (`palate adapters use base`, or B in Runs), and start Palate again."
        raise AdapterLoadError(f"The adapter cannot be put on this model: {reason} {act}") from error
    for weight in adapter_weights(model, name).values():
        weight.requires_grad_(False)
    return model


def begin_with_a_zero(model: PeftModel, name: str) -> None:
    """Begin a fresh adapter with A = 0 and a random B in place of the opposite (Init[B] of arXiv:2406.08447).

    B is drawn as PEFT draws A: uniform, with a variance of 1 / (3 r). LoRA on an embedding stays as PEFT made it.
    """
    with torch.no_grad():
        for key, weight in adapter_weights(model, name).items():
            if ".lora_A." in key:
                weight.zero_()
            elif ".lora_B." in key:
                torch.nn.init.kaiming_uniform_(weight, a=math.sqrt(5))


def _wrap(model: Any, name: str, config: LoraConfig) -> PeftModel:
    """PEFT's model around a bare one."""
    with warnings.catch_warnings():  # PEFT 0.21 uses a name that transformers 5.2x calls old
        warnings.filterwarnings("ignore", "`is_gradient_checkpointing`", FutureWarning)
        return PeftModelForCausalLM(model, config, adapter_name=name)


def fill(model: PeftModel, name: str, weights: Mapping[str, torch.Tensor], folder: Path) -> None:
    """Copy all weights into the adapter.

    Raises:
        AdapterLoadError: weights are missing, unknown or of another shape, or are copies of the base's that differ.
    """
    wanted = get_peft_model_state_dict(model, adapter_name=name, save_embedding_layers=False)
    weights = without_copies(weights, set(wanted), model.base_model.model, folder)
    missing, left_over = sorted(wanted.keys() - weights.keys()), sorted(weights.keys() - wanted.keys())
    differing = [key for key in wanted.keys() & weights.keys() if wanted[key].shape != weights[key].shape]
    for what, keys in (("lacks", missing), ("has unknown", left_over), ("has in another shape", sorted(differing))):
        if keys:
            raise AdapterLoadError(
                f"The adapter in {folder} does not fit this base model: it {what} {len(keys)} weights, the first is "
                f"{keys[0]}. Use it with the base model that it was trained on."
            )
    set_peft_model_state_dict(model, dict(weights), adapter_name=name)


def inherited_words(model: PeftModel, name: str, layers: Sequence[str], config: TrainConfig) -> str | None:
    """Which LoRA settings of a run give way to those of the adapter that it starts from, as a sentence; None for none.

    Args:
        name: the run's copy of that adapter.
        layers: the linear layers of the model.
    """
    found = model.peft_config[name]
    own = {
        "lora_r": found.r,
        "lora_alpha": found.lora_alpha,
        "rslora": "on" if found.use_rslora else "off",
        "lora_dropout": found.lora_dropout,
        "target_modules": _targets_of(model, name, layers, config.target_modules),
    }
    asked = {key: getattr(config, key) for key in own}
    kept = [f"{flags_of({key: own[key]})} (not {asked[key]})" for key in own if own[key] != asked[key]]
    if config.lora_init != "b-zero":
        kept.append(f"its matrices (not --lora-init {config.lora_init})")
    return f"The run keeps what the adapter has that it starts from: {', '.join(kept)}." if kept else None


def _targets_of(model: PeftModel, name: str, layers: Sequence[str], asked: str) -> str:
    """The layers that an adapter changes, in the words of a setting: `asked` itself where these are the same."""
    bare, output = model.base_model.model, model.get_output_embeddings()
    inner = [each for each in layers if bare.get_submodule(each) is not output]
    places = {key.partition(".lora_")[0].removeprefix("base_model.model.") for key in adapter_weights(model, name)}
    adapted = {place.replace(".base_layer", "") for place in places}
    names = _target_names(asked)
    if adapted == set(inner if names == [_ALL] else _in_full(layers, names)):
        return asked
    return _ALL if adapted == set(inner) else ",".join(sorted({each.rpartition(".")[2] for each in adapted}))


def drop(model: PeftModel, name: str) -> None:
    """Delete one of several adapters. PEFT warns when the active one is deleted, so another becomes active first."""
    if name in model.active_adapters:
        rest = next(other for other in model.peft_config if other != name)
        model.set_adapter(rest, inference_mode=True)
    model.delete_adapter(name)


def forget(model: Any) -> None:
    """Remove the attribute that PEFT leaves on a model after its last adapter, and warns about at the next."""
    if hasattr(model, "peft_config"):
        del model.peft_config


def _in_full(layers: Sequence[str], targets: str | list[str]) -> list[str]:
    """The targets as full names of layers; `all-linear` leaves out the output layer, as in PEFT."""
    if targets == _ALL:
        return [name for name in layers if name.rpartition(".")[2] != "lm_head"]
    return [name for name in layers if any(name == each or name.endswith("." + each) for each in targets)]


def find_targets(layers: Sequence[str], asked: str) -> str | list[str]:
    """The layers to adapt in PEFT's form. Each name is checked; PEFT accepts a list in which one name fits.

    Raises:
        AdapterLoadError: a name fits none of the `layers`.
    """
    names = _target_names(asked)
    if names == [_ALL]:
        return _ALL
    known = sorted({name.rpartition(".")[2] for name in layers})
    for wanted in names or [asked]:
        if not any(layer == wanted or layer.endswith("." + wanted) for layer in layers):
            raise AdapterLoadError(
                f"--target-modules names {wanted!r}, which this model does not have. It has: {', '.join(known)}."
            )
    return names


def _target_names(asked: str) -> list[str]:
    return [name.strip() for name in asked.split(",") if name.strip()]


# -- files -----------------------------------------------------------------------------------------------------


def read_adapter(folder: Path, model: torch.nn.Module) -> tuple[LoraConfig, dict[str, torch.Tensor]]:
    """Configuration and weights of an adapter folder; weights are on the CPU.

    Raises:
        AdapterLoadError: the folder holds no LoRA adapter in safetensors that can be read and used.
    """
    for wanted in (CONFIG, WEIGHTS):
        if not (folder / wanted).is_file():
            raise AdapterLoadError(
                f"{folder} holds no adapter that Palate reads: {wanted} is missing. Give a folder that PEFT saved."
            )
    try:
        with warnings.catch_warnings():  # `adapters add` has said which settings are passed over
            warnings.filterwarnings("ignore", "Unexpected keyword arguments", UserWarning)
            config = LoraConfig.from_pretrained(str(folder))
        weights = load_file(folder / WEIGHTS)
    except (OSError, ValueError, TypeError, KeyError, SafetensorError) as error:
        raise AdapterLoadError(f"The adapter in {folder} cannot be read: {error}. Copy it again.") from error
    if str(getattr(config.peft_type, "value", config.peft_type)) != "LORA":
        raise AdapterLoadError(f"The adapter in {folder} is of type {config.peft_type}; Palate takes LoRA adapters.")
    check_usable(config, folder)
    check_numbers(weights, folder)
    parameters = [name.replace(".base_layer", "") for name, _ in model.named_parameters() if ".lora_" not in name]
    config = bounded(config, _module_names(model), folder, parameters)
    check_ranks(config, weights, folder)
    if isinstance(config.target_modules, set) and not _fits(config.target_modules, model):
        names = ", ".join(sorted(config.target_modules))
        raise AdapterLoadError(
            f"The adapter in {folder} is for layers that this base model does not have ({names}). "
            "Use it with the base model that it was trained on."
        )
    return config, weights


def _module_names(model: torch.nn.Module) -> list[str]:
    """The names of all modules as they are on the bare model, whether adapters are loaded or not."""
    names = {name.replace(".base_layer", ""): None for name, _ in model.named_modules()}
    return [name for name in names if ".lora_" not in name]


def _fits(targets: set[str], model: torch.nn.Module) -> bool:
    names = _module_names(model)
    return any(name == target or name.endswith("." + target) for target in targets for name in names)


def write_adapter(model: PeftModel, name: str, folder: Path, *, base_name: str) -> None:
    """Write `adapter_model.safetensors` and `adapter_config.json`, readable by the owner alone."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    state = get_peft_model_state_dict(model, adapter_name=name, save_embedding_layers=False)
    tensors = {key: weight.detach().to("cpu", copy=True).contiguous() for key, weight in state.items()}
    save_file(tensors, folder / WEIGHTS, metadata={"format": "pt"})
    config = copy.copy(model.peft_config[name])
    config.inference_mode = True
    config.base_model_name_or_path = base_name
    if isinstance(config.target_modules, set):
        config.target_modules = sorted(config.target_modules)  # a set's order changes from process to process
    config.save_pretrained(str(folder))
    for file in (WEIGHTS, CONFIG):
        os.chmod(folder / file, 0o600)


# -- switching -------------------------------------------------------------------------------------------------


class Switch:
    """Sets the active adapter, the weights with gradients and the mode of every module, and restores them all.

    A turn of eight tokens takes a tenth of a second. PEFT walks the whole model several times, which would take a third
    of that. So this class finds the parts once for each set of loaded adapters, and writes only what differs.
    """

    def __init__(self, model: Any) -> None:
        self._model = model
        self._modules = tuple(model.modules())
        self._layers = adapted_layers(model)
        self._weights = tuple(model.parameters())
        names = tuple(model.peft_config) if is_wrapped(model) else ()
        self._owned = {name: {id(weight) for weight in adapter_weights(model, name).values()} for name in names}
        self._dropouts = {name: _dropouts(model, name) for name in names}

    @contextmanager
    def switched(self, name: str | None, *, training: bool) -> Iterator[None]:
        """Inside, adapter `name` is on (None: all are off); with `training` it alone has gradients and dropout."""
        modes = [module.training for module in self._modules]
        gradients = [weight.requires_grad for weight in self._weights]
        adapters = [(layer, *read_activity(layer)) for layer in self._layers]
        active = self._active()
        try:
            self._set(name, name if training else None)
            yield
        finally:
            self._set_active(active)
            for layer, was_active, was_disabled in adapters:
                write_activity(layer, was_active, disabled=was_disabled)
            for weight, had in zip(self._weights, gradients, strict=True):
                if weight.requires_grad != had:
                    weight.requires_grad_(had)
            for module, trained in zip(self._modules, modes, strict=True):
                if module.training != trained:
                    module.training = trained

    def rest(self) -> None:
        """The state outside of `switched`: every adapter off, no gradients, eval mode."""
        self._set(None, None)

    def _set(self, name: str | None, trained: str | None) -> None:
        """Write what differs from: adapter `name` on, `trained` with gradients and dropout."""
        learning = self._owned[trained] if trained is not None else set()
        dropping = self._dropouts[trained] if trained is not None else set()
        for module in self._modules:
            if module.training != (id(module) in dropping):
                module.training = not module.training
        for weight in self._weights:
            if weight.requires_grad != (id(weight) in learning):
                weight.requires_grad_(id(weight) in learning)
        if name is not None:
            self._set_active((name, name))
        for layer in self._layers:
            active = read_activity(layer)[0] if name is None else [name]
            write_activity(layer, active, disabled=name is None)

    def _active(self) -> tuple[Any, Any] | None:
        """The active adapter of PEFT's two wrappers."""
        return (self._model.active_adapter, self._model.base_model.active_adapter) if self._owned else None

    def _set_active(self, active: tuple[Any, Any] | None) -> None:
        if active is not None:
            self._model.active_adapter, self._model.base_model.active_adapter = active


def _dropouts(model: Any, name: str) -> set[int]:
    """The ids of one adapter's dropout modules."""
    return {id(module) for key, module in model.named_modules() if key.endswith(f"lora_dropout.{name}")}


def adapter_weights(model: PeftModel, name: str) -> dict[str, torch.nn.Parameter]:
    """The parameters of one adapter by their names in the model."""
    return {key: weight for key, weight in model.named_parameters() if f".{name}." in key or key.endswith(f".{name}")}
