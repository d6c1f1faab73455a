"""What doctor says of the memory that a model takes."""

import pytest

from tui.commands.doctor import RUN_ON_HARDWARE, _needs, _torch

EIGHT_BILLION = "meta-llama/Llama-3.1-8B-Instruct"


def said(monkeypatch: pytest.MonkeyPatch, free_gb: float) -> dict[str, str]:
    """By number format: what doctor says of a model of eight billion weights with so much free memory."""
    monkeypatch.setattr("engine.estimates.checkpointing.free_bytes", lambda _: int(free_gb * 1e9))
    return {each.text.split(":")[0].removeprefix("--dtype "): each.text for each in _needs(EIGHT_BILLION)}


@pytest.mark.parametrize(
    ("free_gb", "bfloat16", "four_bits"),
    [
        (80, "free here: fits", "free here: fits"),
        (24, "fits with gradient checkpointing, which a run turns on by itself", "fits"),
        (18, "fits with --max-length 256 and gradient checkpointing", "fits"),
        (8, "does not fit, not even --max-length 128 with gradient checkpointing", "gradient checkpointing"),
    ],
)
def test_does_not_fit_is_said_only_of_what_fits_with_no_setting(
    monkeypatch: pytest.MonkeyPatch, free_gb: float, bfloat16: str, four_bits: str
) -> None:
    texts = said(monkeypatch, free_gb)
    assert bfloat16 in texts["bfloat16"]
    assert four_bits in texts["4bit"]
    assert free_gb < 24 or "does not fit" not in texts["bfloat16"]


def test_what_was_run_on_hardware_is_told() -> None:
    assert RUN_ON_HARDWARE in [each.text for each in _torch()]
