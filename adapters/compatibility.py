"""Checks whether an adapter fits the base model, and says which model it was made for and what to do."""

import json
from collections.abc import Mapping
from pathlib import Path

from adapters.errors import AdapterMisfit
from adapters.manifest import Adapter, Manifest, read_manifest
from adapters.peft_format import KEY_PREFIX, PeftFolder, Shape, factor_pairs, read_peft_folder

SHORT = 12
"""How many digits of a fingerprint an error shows."""


def check_fits(
    adapter: Adapter | Path,
    base_fingerprint: str,
    *,
    base_source: str | None = None,
    base_shapes: Mapping[str, Shape] | None = None,
) -> None:
    """Raise unless `adapter` (or the published adapter in a folder) was made for the base model at hand.

    Args:
        base_fingerprint: the fingerprint of the base model that is loaded.
        base_source: how the person named that model, for the error.
        base_shapes: the base model's own weights, name → shape, see `check_shapes`; None leaves the shapes unchecked.

    Raises:
        AdapterMisfit: the adapter was made for another base model, or a shape does not fit.
        AdapterDamaged: the folder's manifest cannot be read.
    """
    if isinstance(adapter, Path):
        adapter = Adapter(read_manifest(adapter), adapter)
    if adapter.manifest.base_fingerprint != base_fingerprint:
        raise AdapterMisfit(_other_base(adapter.manifest, base_fingerprint, base_source))
    if base_shapes is not None:
        check_shapes(read_peft_folder(adapter.folder), base_shapes)


def check_shapes(found: PeftFolder, base_shapes: Mapping[str, Shape]) -> None:
    """Raise unless every LoRA factor belongs to a weight of the base model and agrees with its shape.

    `base_shapes` maps the names of the base model's weights to their shapes, as
    `{name: tuple(weight.shape) for name, weight in model.named_parameters(remove_duplicate=False)}` gives them before
    an adapter is attached. A linear weight is (out, in), or (in, out) where the settings say `fan_in_fan_out`.

    Raises:
        AdapterMisfit: a weight is missing or has another shape. The message names the weight, both shapes, and the base
            model that the adapter's maker named.
    """
    if found.config.get("target_parameters"):
        return  # such factors belong to stacked experts, and only PEFT knows how their shapes pair
    for first_key, second_key in factor_pairs(found.shapes):
        first, second = found.shapes[first_key], found.shapes[second_key]  # (r, in), (out, r)
        weight = first_key.removeprefix(KEY_PREFIX).rsplit(".lora_", 1)[0] + ".weight"
        shape = base_shapes.get(weight)
        if shape is None:
            raise AdapterMisfit(f"It changes {weight}, which the model does not have. {_made_for(found)}")
        embedding = ".lora_embedding_" in first_key  # first is (r, vocabulary), the weight (vocabulary, width)
        wanted = (first[1], second[0]) if embedding or found.config.get("fan_in_fan_out") else (second[0], first[1])
        if shape[:2] != wanted:
            raise AdapterMisfit(f"It needs {weight} to be {wanted}, the model's is {shape[:2]}. {_made_for(found)}")


def base_name_note(found: PeftFolder, base_source: str) -> str:
    """A sentence for the manifest when the adapter's maker named another base model than `base_source`, else "".

    One model may have a Hub id, a folder and a GGUF file, so another name is reported and never refused.
    """
    named = found.base_name
    if named is None or _last_part(named) == _last_part(base_source):
        return ""
    return f"Its maker names the base model {json.dumps(named, ensure_ascii=False)}; it was added for {base_source}."


def unknown_settings_note(found: PeftFolder) -> str:
    """A sentence about the settings that Palate does not know and passes over, "" where there are none."""
    names = found.unknown
    if not names:
        return ""
    shown = ", ".join(names[:5]) + (" …" if len(names) > 5 else "")
    return f"Its configuration has settings that Palate does not know and passes over: {shown}."


def _last_part(name: str) -> str:
    return name.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1].casefold()


def _made_for(found: PeftFolder) -> str:
    named = found.base_name
    if named is None:
        return "Start palate with the model that the adapter was made for (--model)."
    return f"It was made for {named}: start palate with that model (--model), or give another adapter."


def _other_base(manifest: Manifest, fingerprint: str, source: str | None) -> str:
    loaded = f"the model that is loaded is {source or 'another one'} (fingerprint {fingerprint[:SHORT]})"
    made = f"{manifest.name} was made for {manifest.base_source} (fingerprint {manifest.base_fingerprint[:SHORT]})"
    if source == manifest.base_source:
        act = "The weights under that name have changed. Restore the earlier weights, or train a new adapter."
    else:
        act = f"Start palate with --model {manifest.base_source}, or use another adapter."
    return f"{made}, {loaded}. {act}"
