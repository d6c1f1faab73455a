"""Figures of NVIDIA cards, read from the driver's library NVML. Without the library or a card there are none."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

import pynvml

logger = logging.getLogger(__name__)
_Read = TypeVar("_Read")

_PREFIXES: Final = ("GPU-", "MIG-")
"""How NVML begins the ids of cards, and those of parts of a card."""


class NvidiaCards:
    """Some NVIDIA cards. Figures that a card does not give, as parts of a card give no use, are None."""

    def __init__(self, uuids: Sequence[str] | None) -> None:
        """Open the cards with these ids, as torch names them; None opens every card of the machine."""
        self._handles = _handles(uuids)

    def __len__(self) -> int:
        """The number of cards."""
        return len(self._handles)

    def use(self) -> float | None:
        """The share of the last moment in which the cards computed, in percent: the mean over the cards."""
        found = self._each(lambda card: float(pynvml.nvmlDeviceGetUtilizationRates(card).gpu))
        return sum(found) / len(found) if found else None

    def memory(self) -> tuple[int, int] | None:
        """The bytes that are taken, by all programs, and those that are free, summed over the cards."""
        found = self._each(pynvml.nvmlDeviceGetMemoryInfo)
        return (sum(each.used for each in found), sum(each.free for each in found)) if found else None

    def temperature(self) -> float | None:
        """The temperature of the hottest card in °C."""
        sensor = pynvml.NVML_TEMPERATURE_GPU
        return max(self._each(lambda card: float(pynvml.nvmlDeviceGetTemperature(card, sensor))), default=None)

    def power(self) -> float | None:
        """The power that the cards draw together, in watts; NVML gives milliwatts."""
        found = self._each(lambda card: pynvml.nvmlDeviceGetPowerUsage(card) / 1000)
        return sum(found) if found else None

    def _each(self, read: Callable[[Any], _Read]) -> list[_Read]:
        """The figure of every card; empty where one of them does not give it, since a part of a sum would mislead."""
        try:
            return [read(card) for card in self._handles]
        except pynvml.NVMLError:
            return []


def _handles(uuids: Sequence[str] | None) -> list[Any]:
    if uuids is not None and not uuids:
        return []
    try:
        pynvml.nvmlInit()
        if uuids is not None:
            return [_by_uuid(each) for each in uuids]
        return [pynvml.nvmlDeviceGetHandleByIndex(number) for number in range(pynvml.nvmlDeviceGetCount())]
    except pynvml.NVMLError as error:
        logger.info("No figures of NVIDIA cards: %s", error)
        return []


def _by_uuid(uuid: str) -> Any:
    """The card with this id, which may lack its prefix."""
    bare = uuid.removeprefix(_PREFIXES[0]).removeprefix(_PREFIXES[1])
    try:
        return pynvml.nvmlDeviceGetHandleByUUID(_PREFIXES[0] + bare)
    except pynvml.NVMLError:
        return pynvml.nvmlDeviceGetHandleByUUID(_PREFIXES[1] + bare)
