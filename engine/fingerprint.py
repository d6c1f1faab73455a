"""The fingerprint of a base model's weights."""

import hashlib

import torch

_SAMPLES = 64


def fingerprint_of(model: torch.nn.Module) -> str:
    """SHA-256 (hex) over name, shape and 64 evenly spaced values of every weight of a base model.

    The values are rounded to bfloat16, so a model has the same fingerprint in bfloat16 and in float32. It has none in
    float16, because float16 may round a value differently. Tied weights count once. The fingerprint takes milliseconds,
    where a hash of every byte of a large model takes minutes. It distinguishes models and fine-tunes; it does not
    protect against forgery.
    """
    digest = hashlib.sha256()
    for name, weight in model.named_parameters():
        flat = weight.detach().reshape(-1)
        places = [flat.numel() * index // _SAMPLES for index in range(_SAMPLES)] if flat.numel() else []
        values = flat[torch.tensor(places, dtype=torch.long, device=flat.device)].to(torch.bfloat16).cpu()
        digest.update(f"{name} {tuple(weight.shape)} ".encode())
        digest.update(values.view(torch.int16).numpy().astype("<i2").tobytes())
    return digest.hexdigest()
