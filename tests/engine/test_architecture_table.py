"""Many architectures, small and random, held against plain transformers and PEFT."""

import warnings
from pathlib import Path

import pytest

from tests.engine.architecture_table import NAMES, find_row

FEW = ("qwen3_next", "lfm2", "mamba", "openai-gpt", "gemma3", "mistral3", "phimoe", "llama4_text")
"""Hybrid caches, a state without tokens, no cache at all, vision wrappers, odd routers, a misleading name."""


def check(name: str, folder: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # transformers' own about kernels that are not installed
        row = find_row(name, folder)
    assert row.equal, row


@pytest.mark.parametrize("name", FEW)
def test_what_went_wrong_for_some_architectures_is_right(name: str, tmp_path: Path) -> None:
    check(name, tmp_path)


@pytest.mark.long
@pytest.mark.parametrize("name", [name for name in NAMES if name not in FEW])
def test_every_architecture_equals_plain_transformers_and_peft(name: str, tmp_path: Path) -> None:
    check(name, tmp_path)


def test_the_table_has_the_rows_that_were_promised() -> None:
    assert len(set(NAMES)) == len(NAMES) >= 55
