"""The keys under which reference log-probabilities are kept, so that a second run on the same pairs needs no pass."""

import hashlib
import json
from functools import cached_property

import torch

from engine.chat import EncodedPair
from engine.learner import Learner, adapter_parameters


class ReferenceKeys:
    """Keys of one run's reference log-probabilities.

    A key holds for exactly the same numbers: the same token ids and boundary, base weights, reference adapter, dtype,
    device, way of scoring, machine and version of torch. A pair is always scored alone, so its batch has no part in it.
    """

    def __init__(self, learner: Learner) -> None:
        self._learner = learner

    def key(self, pair: EncodedPair) -> str:
        """The key of a pair, SHA-256 in hex."""
        tokens = json.dumps([pair.prompt_ids, pair.chosen_ids, pair.rejected_ids])
        return hashlib.sha256((self._common + tokens).encode()).hexdigest()

    @cached_property
    def _common(self) -> str:
        learner, base = self._learner, self._learner.base
        path = [learner.scorer.way, torch.backends.cpu.get_cpu_capability(), torch.get_num_threads(), torch.__version__]
        return json.dumps([base.fingerprint, base.dtype, base.device, self._adapter_digest(), *path])

    def _adapter_digest(self) -> str:
        adapter = self._learner.reference_adapter
        if adapter is None:
            return "base"
        digest = hashlib.sha256()
        for name, value in sorted(adapter_parameters(self._learner.base.model, adapter).items()):
            place = ".".join(part for part in name.split(".") if part != adapter)
            digest.update(place.encode() + value.detach().cpu().numpy().tobytes())
        return digest.hexdigest()
