"""Reads a folder in PEFT's own format without torch: the settings, and the shapes in the safetensors header.

The format is PEFT's "checkpoint format": `adapter_config.json` and `adapter_model.safetensors`, whose keys are
`base_model.model.<module>.lora_A.weight` and so on.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open

from adapters.errors import AdapterFormatError

CONFIG_FILE = "adapter_config.json"
WEIGHTS_FILE = "adapter_model.safetensors"
PICKLED_FILES = ("adapter_model.bin", "adapter_model.pt", "adapter_model.pth")
KEY_PREFIX = "base_model.model."

MOST_CONFIG_BYTES = 4 * 2**20
"""The largest configuration that is read; PEFT's have a kilobyte, and with every layer's name some hundred."""

Shape = tuple[int, ...]

FACTORS = {".lora_A.weight": ".lora_B.weight", ".lora_embedding_A": ".lora_embedding_B"}
"""The end of a first factor's key → the end of its second factor's key."""

SAFE_STARTS = (None, True, False, "gaussian", "orthogonal", "eva")
"""Values of PEFT's `init_lora_weights` that leave the base model unchanged. The others rewrite its weights on loading,
which would also change the reference and every other adapter."""


UNUSABLE = {
    "layer_replication": "it adds layers to the base model",
    "modules_to_save": "it replaces whole layers of the base model",
    "trainable_token_indices": "it changes rows of the base model's embedding",
    "alora_invocation_tokens": "it is switched on by tokens of the prompt",
    "arrow_config": "it chooses between several adapters",
    "use_qalora": "it groups the inputs of a quantised base model",
    "use_bdlora": "it is a variant of LoRA that Palate does not know",
    "kasa_config": "it is a variant of LoRA that Palate does not know",
    "velora_config": "it is a variant of LoRA that Palate does not know",
    "monteclora_config": "it is a variant of LoRA that Palate does not know",
}
"""Settings under which an adapter does more than add LoRA to layers, each with the reason."""

USED = frozenset(
    {
        *("task_type", "peft_type", "auto_mapping", "peft_version", "base_model_name_or_path", "revision"),
        *("inference_mode", "r", "target_modules", "exclude_modules", "lora_alpha", "lora_dropout", "fan_in_fan_out"),
        *("bias", "use_rslora", "init_lora_weights", "layers_to_transform", "layers_pattern", "rank_pattern"),
        *("alpha_pattern", "use_dora", "lora_bias", "target_parameters", "ensure_weight_tying", "qalora_group_size"),
        # These shape how the first weights were made, or how many GPUs trained them.
        *("megatron_config", "megatron_core", "loftq_config", "eva_config", "corda_config", "lora_ga_config"),
        "runtime_config",
    }
)
"""The settings of PEFT that Palate knows, and that change nothing but LoRA's own matrices."""


@dataclass(frozen=True)
class PeftFolder:
    """A LoRA adapter in PEFT's format: its settings and the shape of every tensor."""

    config: Mapping[str, Any]
    shapes: Mapping[str, Shape]

    @property
    def base_name(self) -> str | None:
        """The base model that its maker named, if any."""
        name = self.config.get("base_model_name_or_path")
        return name if isinstance(name, str) and name else None

    @property
    def unknown(self) -> tuple[str, ...]:
        """The settings with a value that neither Palate nor its version of PEFT knows, sorted."""
        known = USED | UNUSABLE.keys()
        return tuple(sorted(name for name, value in self.config.items() if name not in known and value))


def read_peft_folder(folder: Path) -> PeftFolder:
    """Read and check a LoRA adapter's folder; only the header of its weights is read.

    Raises:
        AdapterFormatError: the folder holds no LoRA adapter, its weights are not safetensors, its shapes contradict
            each other or the rank, or it would change the base model, which Palate needs unchanged as the reference.
    """
    if not folder.is_dir():
        raise AdapterFormatError(f"{folder} is not a folder. Give the folder that holds {CONFIG_FILE}.")
    found = PeftFolder(_read_config(folder), _read_shapes(folder))
    _check_config(found.config)
    _check_factors(found)
    return found


def _read_config(folder: Path) -> dict[str, Any]:
    path = folder / CONFIG_FILE
    try:
        if path.stat().st_size > MOST_CONFIG_BYTES:
            raise AdapterFormatError(f"{path} is larger than any that PEFT writes. Give a folder that PEFT saved.")
        config = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise AdapterFormatError(f"{folder} has no {CONFIG_FILE}. Give a folder that PEFT saved.") from None
    except (OSError, ValueError, RecursionError) as error:
        raise AdapterFormatError(f"{path} cannot be read ({error}). Save the adapter again with PEFT.") from error
    if not isinstance(config, dict):
        raise AdapterFormatError(f"{path} is not a JSON object. Save the adapter again with PEFT.")
    return config


def _read_shapes(folder: Path) -> dict[str, Shape]:
    path = folder / WEIGHTS_FILE
    if not path.is_file():
        raise AdapterFormatError(_no_weights(folder))
    try:
        # Only the header is read, so the file may hold types that numpy lacks, such as bfloat16.
        with safe_open(path, framework="numpy") as weights:
            return {key: tuple(weights.get_slice(key).get_shape()) for key in weights.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise AdapterFormatError(f"{path} is not a whole safetensors file ({error}). Copy it again.") from error


def _no_weights(folder: Path) -> str:
    pickled = next((name for name in PICKLED_FILES if (folder / name).exists()), None)
    if pickled is None:
        return f"{folder} has no {WEIGHTS_FILE}. Give a folder that PEFT saved."
    return (
        f"{folder} has its weights in {pickled}, a pickle that can run code when it is opened. "
        f"If you trust it, load it with PEFT and save it with safe_serialization=True, which writes {WEIGHTS_FILE}."
    )


def _check_config(config: Mapping[str, Any]) -> None:
    kind = config.get("peft_type")
    if kind != "LORA":
        raise AdapterFormatError(f"Its {CONFIG_FILE} has peft_type {kind!r}, Palate uses LORA. Give a LoRA adapter.")
    rank = config.get("r")
    if not isinstance(rank, int) or isinstance(rank, bool) or rank < 1:
        raise AdapterFormatError(f"Its {CONFIG_FILE} has r = {rank!r}; a rank is 1 or more. Save it again with PEFT.")
    changing = None
    if config.get("bias", "none") != "none":
        changing = f"bias = {config['bias']!r} (it trains the base model's own biases)"
    elif unusable := next((name for name in UNUSABLE if config.get(name)), None):
        changing = f"{unusable} ({UNUSABLE[unusable]})"
    elif config.get("init_lora_weights") not in SAFE_STARTS:
        changing = (
            f"init_lora_weights = {config['init_lora_weights']!r} (it rewrites the base model's weights on loading)"
        )
    if changing:
        raise AdapterFormatError(
            f"Its {CONFIG_FILE} has {changing}, but Palate needs the base model unchanged, as the reference. "
            "Convert it to a plain LoRA with PEFT, or use another adapter."
        )
    switch = next(
        (name for name, value in config.items() if name.startswith("use_") and value and name not in USED), None
    )
    if switch:
        raise AdapterFormatError(
            f"Its {CONFIG_FILE} switches on {switch}, which Palate does not know, so its answers could differ from its "
            "maker's. Save it as a plain LoRA, or use another adapter."
        )


def _check_factors(found: PeftFolder) -> None:
    """Raise unless every LoRA tensor has its partner, and their shapes agree with each other and with the rank."""
    pairs = list(factor_pairs(found.shapes))
    if not pairs:
        raise AdapterFormatError(f"{WEIGHTS_FILE} holds no LoRA tensors. Save the adapter again with PEFT.")
    for first_key, second_key in pairs:
        lone = next((key for key in (first_key, second_key) if key not in found.shapes), None)
        if lone:
            raise AdapterFormatError(f"{WEIGHTS_FILE} lacks {lone}. Copy or save the adapter again.")
        first, second = found.shapes[first_key], found.shapes[second_key]  # (r, in), (out, r)
        if len(first) < 2 or len(first) != len(second) or first[0] != second[1] or 0 in first + second:
            problem = f"{first_key} is {first} and its partner {second}: no LoRA pair."
            raise AdapterFormatError(f"{problem} Copy or save the adapter again.")
        if not _may_differ_in_rank(found.config) and first[0] != found.config["r"]:
            problem = f"{first_key} has rank {first[0]}, {CONFIG_FILE} says r = {found.config['r']}."
            raise AdapterFormatError(f"{problem} The two files belong to different adapters: copy both again.")


def factor_pairs(shapes: Mapping[str, Shape]) -> Iterator[tuple[str, str]]:
    """The keys of every pair of LoRA factors, (r, in) and (out, r), of which `shapes` has at least one."""
    pairs = {}
    for key in shapes:
        for first_end, second_end in FACTORS.items():
            for end in (first_end, second_end):
                if key.endswith(end):
                    module = key.removesuffix(end)
                    pairs[module + first_end] = module + second_end
    yield from pairs.items()


def _may_differ_in_rank(config: Mapping[str, Any]) -> bool:
    # Ranks differ per layer, or PEFT stacks the ranks of several experts into one tensor.
    return bool(config.get("rank_pattern") or config.get("target_parameters"))
