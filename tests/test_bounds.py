"""docs/RELIABILITY.md lists every bound on what comes from outside as the code has it."""

import importlib
import re
from pathlib import Path

import pytest

TABLE = (Path(__file__).parents[1] / "docs" / "RELIABILITY.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| ([^|]+) \| ([^|]+) \| `([\w/]+)\.py:(\w+)` \| ([^|]+) \|$", TABLE, re.MULTILINE)


def in_words(value: float, unit: str) -> str:
    """A bound as the table writes it."""
    sizes = {"MiB": 1 << 20, "GiB": 1 << 30}
    number = value / sizes[unit] if unit in sizes else value
    return f"{number:,g} {unit}" if unit else f"{value:,}"


def test_the_table_is_found() -> None:
    assert len(ROWS) > 20


@pytest.mark.parametrize(("what", "bound", "module", "name", "why"), ROWS, ids=lambda each: str(each)[:40])
def test_a_bound_is_that_of_the_code(what: str, bound: str, module: str, name: str, why: str) -> None:
    value = getattr(importlib.import_module(module.replace("/", ".")), name)
    assert bound == in_words(value, bound.partition(" ")[2]), what
    assert why.strip()
