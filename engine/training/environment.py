"""The facts outside of a run on which its last bits depend: the machine, the versions, the kernels.

Checkpoints hold them by name, and so do the keys of stored reference log-probabilities on a graphics card.
"""

import platform
from collections.abc import Mapping
from importlib.metadata import version

import peft
import torch
import transformers

from engine.precision import FOUR_BITS
from engine.training.scorer import Scorer

_SHOWN = {"way of scoring": "method of scoring"}
"""A name that checkpoints hold → the one that a person reads."""


def environment(scorer: Scorer) -> dict[str, str]:
    """The facts that hold now, by the names that checkpoints hold. A fact that this machine does not have is absent."""
    facts = {
        "number of threads": str(torch.get_num_threads()),
        "way of scoring": str(scorer.method),
        "attention kernel": scorer.attention_kernel,
        "device": scorer.base.device,
        "machine": f"{platform.machine()} {torch.backends.cpu.get_cpu_capability()}",
        "version of torch": str(torch.__version__),
        "version of transformers": transformers.__version__,
        "version of peft": peft.__version__,
        **graphics_card(scorer.base.device),
    }
    if scorer.base.dtype == FOUR_BITS:
        facts["version of bitsandbytes"] = version("bitsandbytes")
    if scorer.tokens_together is not None:
        facts["number of tokens in a pass"] = str(scorer.tokens_together)
    return facts


def graphics_card(device: str) -> dict[str, str]:
    """The card and the versions that choose its kernels; empty on a CPU, and where the device is no CUDA device.

    The number of multiprocessors distinguishes cards of one name, and a part of a card from the whole.
    """
    if torch.device(device).type != "cuda":
        return {}
    card = torch.cuda.get_device_properties(device)
    return {
        "graphics card": f"{card.name} with {card.multi_processor_count} multiprocessors",
        "version of CUDA": str(torch.version.cuda or torch.version.hip),
        "version of cuDNN": str(torch.backends.cudnn.version()),  # type: ignore[no-untyped-call]
    }


def differences(saved: Mapping[str, str], now: Mapping[str, str]) -> tuple[str, ...]:
    """Why a resume is not exact, one sentence for each fact; a fact that only one of the two has is not compared."""
    return tuple(
        f"This resume is not exact to the last bit: the {_SHOWN.get(name, name)} was {saved[name]}, now it is {value}."
        for name, value in now.items()
        if name in saved and not _alike(name, saved[name], value)
    )


def _alike(name: str, saved: str, now: str) -> bool:
    """Whether a fact gives the same bits. The number of a GPU does not matter: what it is has facts of its own."""
    return saved.partition(":")[0] == now.partition(":")[0] if name == "device" else saved == now
