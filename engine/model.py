"""Load a base model; attach, switch, save and drop LoRA adapters on it.

One base model in memory serves generation, reference and training. `BaseModel.policy(...)` sets everything that a turn
depends on (active adapter, gradients, train or eval mode) and restores all of it.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from transformers import AutoTokenizer
from transformers.utils import logging as transformers_logging

from engine import lora
from engine.answer_threads import AnswerThreads
from engine.config import TrainConfig
from engine.errors import AdapterLoadError, ModelError
from engine.estimates.checkpointing import free_bytes
from engine.fingerprint import identity_of
from engine.limits import set_limits
from engine.llama.decoding import DecodingWeights
from engine.out_of_memory import memory_in_words
from engine.parts import is_linear_throughout, linear_layers
from engine.placement import choose_devices, weight_bytes
from engine.precision import (
    FOUR_BITS,
    check_float16,
    choose_dtype,
    gpu_ids,
    nf4,
    require_bitsandbytes,
)
from engine.sources.default_model import DEFAULT_SOURCE, HUB_ID
from engine.stops import stop_ids_of
from engine.weights import load_weights, stored_identity

# What from_pretrained raises on folders that it cannot read; found with damaged and foreign ones.
_UNREADABLE = (OSError, ValueError, KeyError, TypeError, AttributeError, ImportError, RuntimeError, SafetensorError)


class BaseModel:
    """A base model in memory with its loaded adapters.

    Attributes:
        source: the model's name in the settings; `location` is the folder that it was loaded from.
        fingerprint: SHA-256 over names, shapes and samples of the stored weights. It does not depend on the loaded
            dtype, 4 bits and float16 included.
        dtype, device: such as "bfloat16" or "4bit", and "cpu"; `reasons` gives the reasons as sentences.
        devices: those that hold its weights. With several of them `device` is the first, which reads token ids.
        parameters: how many weights the base model has.
        model: the transformers model, or the `PeftModel` around it while an adapter is loaded.
        tokenizer: the model's own; `has_chat_template` says whether it has a template.
        layers: the full names of the linear layers that read text, on which adapters can be put.
        stop_ids: every token that ends a turn.
        context_length: the most tokens of prompt and answer together; None where the model states none.
        decoding_weights: the fast decoder's form of the weights; the first generation makes it.
        static_steps: whether the decoder for CUDA devices is right on this one; None before the first generation.
        cache_follows_rows: whether transformers' own cache is right after rows were removed; None before the first
            generation.
        answer_threads: how many threads compute answers; None where a GPU does.
        most_rows: how many answers memory was last enough for; None where it was enough for all.
        shards: how many processes share the layers of the base; 1 where this one has all of them.
    """

    def __init__(
        self,
        model: Any,
        tokenizer: Any,
        *,
        source: str,
        location: str,
        dtype: str,
        device: str,
        reasons: Sequence[str] = (),
        stored: tuple[str, int] | None = None,
        devices: Sequence[str] = (),
    ) -> None:
        self.model = model.requires_grad_(False)
        self._adapters_changed()
        self.layers = linear_layers(self.model)
        self._takes_all_linear = is_linear_throughout(self.model)
        self.tokenizer = tokenizer
        self.source = source
        self.location = location
        self.dtype = dtype
        self.device = device
        self.devices = tuple(devices) or (device,)
        self.reasons = tuple(reasons)
        self.fingerprint, self.parameters = stored or identity_of(model)
        self.has_chat_template = tokenizer.chat_template is not None
        self.stop_ids = stop_ids_of(self.model, tokenizer)
        self.context_length = set_limits(tokenizer, self.model).length
        self.decoding_weights: DecodingWeights | None = None
        self.static_steps: bool | None = None
        self.cache_follows_rows: bool | None = None
        self.most_rows: int | None = None
        self.shards = 1
        self.answer_threads = AnswerThreads(torch.get_num_threads()) if device == "cpu" else None
        # Other tools find the default model under its Hub id, not under Palate's name.
        self.model.name_or_path = HUB_ID if source == DEFAULT_SOURCE else source

    @property
    def hf_model(self) -> Any:
        """The transformers model itself, whether adapters are loaded or not."""
        return self.model.base_model.model if lora.is_wrapped(self.model) else self.model

    def gpu_ids(self) -> tuple[str, ...]:
        """The ids of the CUDA devices that hold the model, as the driver knows them; empty without one."""
        return tuple(found for device in self.devices for found in gpu_ids(device))

    def loaded_adapters(self) -> tuple[str, ...]:
        """The internal names of the adapters in memory, in the order of their loading."""
        return tuple(self.model.peft_config) if lora.is_wrapped(self.model) else ()

    def create_adapter(self, name: str, config: TrainConfig) -> None:
        """Load a fresh LoRA adapter in float32, whose first weights come from `config.seed`.

        Its B matrices are zero (with `config.lora_init` "a-zero" its A matrices), so it does not change the model yet.
        It has gradients inside `policy(name, training=True)`.

        Raises:
            AdapterLoadError: the name is taken or unusable, or `config.target_modules` names a layer that the
                model does not have.
        """
        self._check_name(name)
        peft_config = lora.fresh_config(self.layers, config, whole=self._takes_all_linear)
        with torch.random.fork_rng(devices=self._random_devices()):
            torch.manual_seed(config.seed)
            self._attach(name, peft_config)
            if config.lora_init == "a-zero":
                lora.begin_with_a_zero(self.model, name)

    def load_adapter(self, name: str, folder: Path, *, trainable: bool = False, dropout: float | None = None) -> None:
        """Load the LoRA adapter in `folder` (PEFT's format, safetensors). It has no effect outside of `policy(name)`.

        `dropout` takes the place of the adapter's own, unless it changes weights of experts, which have none in PEFT.

        Raises:
            AdapterLoadError: the folder holds no LoRA adapter, or the adapter does not fit this base model.
        """
        self._check_name(name)
        peft_config, weights = lora.read_adapter(folder, self.hf_model)
        peft_config.inference_mode = not trainable
        if dropout is not None and not peft_config.target_parameters:
            peft_config.lora_dropout = dropout
        self._attach(name, peft_config)
        try:
            lora.fill(self.model, name, weights, folder)
        except AdapterLoadError:
            self.unload_adapter(name)
            raise

    def save_adapter(self, name: str, folder: Path) -> None:
        """Write the adapter in PEFT's own format into `folder`, for the owner alone.

        `PeftModel.from_pretrained(base, folder)` gives the same logits.

        Raises:
            AdapterLoadError: no adapter of this name is loaded.
        """
        self._check_loaded(name)
        lora.write_adapter(self.model, name, folder, base_name=self.hf_model.name_or_path)

    def unload_adapter(self, name: str) -> None:
        """Remove the adapter from memory; without adapters the model is as it was loaded.

        Raises:
            AdapterLoadError: no adapter of this name is loaded.
        """
        self._check_loaded(name)
        if self.loaded_adapters() == (name,):
            self.model = self.model.unload()
            lora.forget(self.model)
        else:
            lora.drop(self.model, name)
        self._adapters_changed()

    @contextmanager
    def policy(self, name: str | None, *, training: bool = False) -> Iterator[Any]:
        """Make adapter `name` the policy for this turn; None is the base model, all adapters off.

        Inside, only the active adapter has gradients, and only with `training`, which turns its dropout on as well. The
        rest stays in eval mode, so policy and reference differ by the adapter alone. The end restores everything, also
        after an error. A caller must not yield an event inside.

        Yields:
            The model, for a forward pass.

        Raises:
            AdapterLoadError: no adapter of this name is loaded.
        """
        if name is not None:
            self._check_loaded(name)
        with self._switch.switched(name, training=training):
            yield self.model

    def _attach(self, name: str, peft_config: Any) -> None:
        self.model = lora.attach(self.model, name, peft_config)
        self._adapters_changed()

    def _adapters_changed(self) -> None:
        """Adjust to a changed set of adapters: outside of `policy` the model is the base."""
        self._switch = lora.Switch(self.model)
        self._switch.rest()

    def _check_name(self, name: str) -> None:
        if not lora.NAME.fullmatch(name):
            raise AdapterLoadError(f"{name!r} cannot be an adapter's internal name. Use `a` and hex digits.")
        if name in self.loaded_adapters():
            raise AdapterLoadError(f"An adapter {name!r} is already loaded. Unload it first.")

    def _check_loaded(self, name: str) -> None:
        if name not in self.loaded_adapters():
            loaded = ", ".join(self.loaded_adapters()) or "none"
            raise AdapterLoadError(f"No adapter {name!r} is loaded (loaded: {loaded}). Load it first.")

    def _random_devices(self) -> list[torch.device]:
        """The devices besides the CPU whose random state a fresh adapter could touch."""
        return [torch.device(each) for each in self.devices] if self.device.startswith("cuda") else []


def load_base(
    location: str,
    *,
    source: str,
    dtype: str = "auto",
    device: str = "auto",
    trust_remote_code: bool = False,
    staged: bool = False,
) -> BaseModel:
    """Load a model folder, offline, from safetensors alone.

    Args:
        location: the folder from the `SourceReady` event of `prepare_source`.
        source: the model's name in the settings.
        dtype: "auto", "bfloat16", "float16", "float32" or "4bit" (linear layers in NF4).
        device: "auto", "cpu", "cuda", "cuda:1", "mps", "all" or "cuda:0,cuda:1"; see `choose_devices`.
        trust_remote_code: run Python code that came with the model.
        staged: leave the weights in main memory, from where the caller moves them to the device.

    Raises:
        ModelError: the folder's model or tokenizer cannot be read, the model does not generate text, or its numbers are
            too large for float16.
        MemoryRanOut: it does not fit into memory.
        SettingError: dtype or device is unknown, or this machine has no such device.
    """
    transformers_logging.disable_progress_bar()  # bars would cover the screens
    devices, why_device = choose_devices(device, lambda: weight_bytes(location, dtype))
    device = devices[0]
    quantised = dtype == FOUR_BITS
    if quantised:
        require_bitsandbytes()
    torch_dtype, why_dtype = choose_dtype(dtype, device)
    options: dict[str, Any] = {"local_files_only": True, "trust_remote_code": trust_remote_code}
    try:
        tokenizer = AutoTokenizer.from_pretrained(location, **options)
        # Weights in 4 bits or float16 do not give the fingerprint of the stored ones.
        altered = quantised or torch_dtype == torch.float16
        stored = stored_identity(location, options) if altered else None
        quantisation = {"quantization_config": nf4()} if quantised else {}
        with memory_in_words(_too_large(location, source, devices)):
            places = ("cpu",) if staged else devices
            model = load_weights(location, torch_dtype, places, options | quantisation)
            if torch_dtype == torch.float16:
                check_float16(model)
    except _UNREADABLE as error:
        raise ModelError(_unreadable(location, source, error, trust_remote_code)) from error
    return BaseModel(
        model,
        tokenizer,
        source=source,
        location=location,
        dtype=dtype if quantised else str(torch_dtype).removeprefix("torch."),
        device=device,
        devices=devices,
        reasons=(why_dtype, why_device),
        stored=stored,
    )


def _too_large(location: str, source: str, devices: Sequence[str]) -> str:
    """What to say when memory runs out while a model is loaded."""
    size = sum(file.stat().st_size for file in Path(location).glob("*.safetensors"))
    free = sum(map(free_bytes, devices))
    others = devices[0].startswith("cuda") and len(devices) < torch.cuda.device_count()
    return (
        f"{source} does not fit: its files have {size / 1e9:.1f} GB, and {free / 1e9:.1f} GB of memory were free on "
        f"{', '.join(devices)}. Start with --dtype 4bit or {'--device all' if others else 'another --device'}, close "
        "other programs, or choose a smaller model."
    )


def _unreadable(location: str, source: str, error: Exception, trusted: bool) -> str:
    """Why a folder could not be loaded, from the first line of transformers' error."""
    if "trust_remote_code" in str(error) and not trusted:
        return (
            f"{source} needs its own Python code, which Palate runs only with your permission. Start with "
            "--trust-remote-code if you trust its author, or choose another model."
        )
    reason = (str(error).strip() or type(error).__name__).splitlines()[0]
    act = "Check the folder" if os.path.isdir(location) else "Check the path"
    return f"The model {source} cannot be loaded from {location}: {reason} {act}, or choose another model."
