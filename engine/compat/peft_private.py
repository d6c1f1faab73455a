"""The private names of PEFT that the engine uses, each with the reason why no public name does the same.

PEFT 0.21's public `set_adapter` and `enable_adapters` turn gradients on, and `disable_adapter` leaves them changed when
it ends. So the engine writes the two private attributes of each layer that decide which adapter is active.
"""

from typing import Any

from peft.tuners.lora import Linear
from peft.tuners.tuners_utils import BaseTunerLayer
from peft.utils import ModulesToSaveWrapper


def adapted_layers(model: Any) -> tuple[Any, ...]:
    """Every module that PEFT has put around a layer of the model, copies from `modules_to_save` included.

    PEFT has no public list of them; their classes are in modules that its documentation does not name.
    """
    return tuple(module for module in model.modules() if isinstance(module, (BaseTunerLayer, ModulesToSaveWrapper)))


def tuner_layers(model: Any) -> list[Any]:
    """The modules that PEFT has put around layers and that can be merged into them."""
    return [module for module in model.modules() if isinstance(module, BaseTunerLayer)]


def read_activity(layer: Any) -> tuple[Any, bool]:
    """Which adapters of a layer are active, and whether all of them are off."""
    return layer._active_adapter, layer._disable_adapters


def write_activity(layer: Any, active: Any, *, disabled: bool) -> None:
    """Set what `read_activity` reads, and nothing else: no gradients and no modes."""
    layer._active_adapter = active
    layer._disable_adapters = disabled


def keep_merged(layer: Any) -> None:
    """Keep PEFT from taking a merged adapter out of the layer again.

    A merged layer whose adapters are off does so when it is called. The public `enable_adapters` would prevent that as
    well, but it also turns gradients on.
    """
    layer._disable_adapters = False


def is_plain_lora(layer: Any, adapter: str) -> bool:
    """Whether this module adds `scale · drop(x) Aᵀ Bᵀ` to a linear layer and nothing else.

    DoRA and other variants are in `lora_variant`; PEFT keeps it on each layer, and the adapter's configuration does not
    name all of them.
    """
    if not (isinstance(layer, Linear) or _is_in_4_bits(layer)) or adapter not in layer.lora_A:
        return False
    return not (adapter in layer.lora_variant or layer.lora_bias[adapter] or layer.fan_in_fan_out)


def _is_in_4_bits(layer: Any) -> bool:
    """Whether this is PEFT's layer around one of bitsandbytes'. Its class exists only where that is installed."""
    return f"{type(layer).__module__}.{type(layer).__name__}" == "peft.tuners.lora.bnb.Linear4bit"
