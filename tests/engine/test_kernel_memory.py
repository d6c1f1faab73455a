"""torch keeps few of the kernels that it compiles for each shape of a product of matrices."""

import pytest

from tests.starting import environment, run

SHAPES = """
import psutil, torch
import engine

def resident():
    return psutil.Process().memory_info().rss >> 20

weight = torch.ones(64, 64, dtype=torch.bfloat16)
with torch.inference_mode():
    before = resident()
    for rows in range(2, 402):
        torch.nn.functional.linear(torch.ones(rows, 64, dtype=torch.bfloat16), weight)
    print(resident() - before)
"""


def megabytes(**env: str) -> int:
    done = run(["-c", SHAPES], env=environment(**env))
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


def test_many_shapes_take_little_memory() -> None:
    as_torch_does = megabytes(LRU_CACHE_CAPACITY="1024", ONEDNN_PRIMITIVE_CACHE_CAPACITY="1024")
    if as_torch_does < 50:
        pytest.skip("torch compiles no kernels for this processor")
    assert megabytes() < as_torch_does * 0.7
