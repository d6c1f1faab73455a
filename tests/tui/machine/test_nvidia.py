"""Figures of NVIDIA cards. There is no card here: functions with NVML's C interface stand where its binding looks for
those of the driver's library, and everything above them is the real thing."""

from ctypes import CFUNCTYPE, c_char_p, c_int, c_uint, c_void_p
from types import SimpleNamespace
from typing import Any

import pynvml
import pytest

from tui.machine.nvidia import NvidiaCards

GB = 10**9
CARDS = {b"GPU-aaaa": (10, 97, 61, 312_000, 12), b"GPU-bbbb": (11, 45, 70, 100_500, 20)}
"""An id → the card's handle, use in %, °C, milliwatts, and GB taken of 80."""


def card(handle: int) -> tuple[int, int, int, int, int]:
    """The card of a handle, which is an address."""
    return next(each for each in CARDS.values() if each[0] == handle)


def library(lacking: tuple[str, ...] = ()) -> Any:
    """C functions under the names of NVML's; those that are `lacking` answer that the card does not support them."""

    def by_uuid(uuid: bytes, found: int) -> int:
        if uuid not in CARDS:
            return int(pynvml.NVML_ERROR_NOT_FOUND)
        c_void_p.from_address(found).value = CARDS[uuid][0]
        return 0

    def by_index(index: int, found: int) -> int:
        c_void_p.from_address(found).value = [each[0] for each in CARDS.values()][index]
        return 0

    def count(found: int) -> int:
        c_uint.from_address(found).value = len(CARDS)
        return 0

    def use(handle: int, found: int) -> int:
        pynvml.c_nvmlUtilization_t.from_address(found).gpu = card(handle)[1]
        return 0

    def temperature(handle: int, _sensor: int, found: int) -> int:
        c_uint.from_address(found).value = card(handle)[2]
        return 0

    def power(handle: int, found: int) -> int:
        c_uint.from_address(found).value = card(handle)[3]
        return 0

    def memory(handle: int, found: int) -> int:
        figures, taken = pynvml.c_nvmlMemory_t.from_address(found), card(handle)[4]
        figures.total, figures.used, figures.free = 80 * GB, taken * GB, (80 - taken) * GB
        return 0

    shapes = {
        "nvmlInitWithFlags": (lambda _: 0, c_uint),
        "nvmlDeviceGetHandleByUUID": (by_uuid, c_char_p, c_void_p),
        "nvmlDeviceGetHandleByIndex_v2": (by_index, c_uint, c_void_p),
        "nvmlDeviceGetCount_v2": (count, c_void_p),
        "nvmlDeviceGetUtilizationRates": (use, c_void_p, c_void_p),
        "nvmlDeviceGetTemperature": (temperature, c_void_p, c_uint, c_void_p),
        "nvmlDeviceGetPowerUsage": (power, c_void_p, c_void_p),
        "nvmlDeviceGetMemoryInfo": (memory, c_void_p, c_void_p),
    }
    made = {}
    for name, (function, *arguments) in shapes.items():
        refuses = name in lacking
        called = (lambda *_: int(pynvml.NVML_ERROR_NOT_SUPPORTED)) if refuses else function
        made[name] = CFUNCTYPE(c_int, *arguments)(called)
    made["nvmlErrorString"] = CFUNCTYPE(c_char_p, c_int)(lambda _: b"refused")
    return SimpleNamespace(**made)


@pytest.fixture
def driver(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """Put the library in place; a parameter names the functions that the card does not support."""
    monkeypatch.setattr(pynvml, "nvmlLib", library(getattr(request, "param", ())))
    monkeypatch.setattr(pynvml, "_nvmlGetFunctionPointer_cache", {})


@pytest.mark.usefixtures("driver")
def test_a_card_is_found_by_the_id_that_torch_gives_and_read() -> None:
    cards = NvidiaCards(("bbbb",))
    assert (len(cards), cards.use(), cards.temperature(), cards.power()) == (1, 45.0, 70.0, 100.5)
    assert cards.memory() == (20 * GB, 60 * GB)


@pytest.mark.usefixtures("driver")
def test_two_cards_share_their_use_and_add_their_memory_and_power() -> None:
    cards = NvidiaCards(None)
    assert (len(cards), cards.use(), cards.temperature(), cards.power()) == (2, 71.0, 70.0, 412.5)
    assert cards.memory() == (32 * GB, 128 * GB)


@pytest.mark.parametrize("driver", [("nvmlDeviceGetUtilizationRates", "nvmlDeviceGetPowerUsage")], indirect=True)
@pytest.mark.usefixtures("driver")
def test_a_figure_that_the_card_does_not_give_is_absent_and_the_others_stay() -> None:
    cards = NvidiaCards(("GPU-aaaa",))
    assert (cards.use(), cards.power(), cards.temperature(), cards.memory()) == (None, None, 61.0, (12 * GB, 68 * GB))


@pytest.mark.usefixtures("driver")
def test_a_part_of_a_card_is_found_by_its_own_prefix(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(CARDS, b"MIG-cccc", (12, 0, 50, 0, 5))
    assert NvidiaCards(("cccc",)).memory() == (5 * GB, 75 * GB)


@pytest.mark.usefixtures("driver")
def test_an_id_that_the_driver_does_not_know_gives_no_figures() -> None:
    cards = NvidiaCards(("dddd",))
    assert (len(cards), cards.use(), cards.memory(), cards.temperature(), cards.power()) == (0, None, None, None, None)


def test_without_the_driver_s_library_there_are_no_cards(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> Any:
        raise OSError(f"{name}: cannot open shared object file")

    monkeypatch.setattr(pynvml, "nvmlLib", None)
    monkeypatch.setattr(pynvml, "CDLL", absent)
    assert len(NvidiaCards(None)) == 0


def test_a_model_without_a_card_asks_the_driver_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pynvml, "nvmlInit", lambda: pytest.fail("the driver was asked"))
    assert len(NvidiaCards(())) == 0
