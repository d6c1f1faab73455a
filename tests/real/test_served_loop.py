"""The loop on a real vLLM: it answers as base and as adapter, and the probe tells the adapter from another one."""

import os
import shutil
from pathlib import Path

import pytest

from tests.benchmarks.served_loop import run_loop, vllm

PROGRAM = os.environ.get("PALATE_VLLM") or shutil.which("vllm")

pytestmark = [
    pytest.mark.real,
    pytest.mark.long,
    pytest.mark.skipif(
        PROGRAM is None or not Path(PROGRAM).exists(),
        reason="vLLM is not installed; PALATE_VLLM names its program (docs/SERVERS.md)",
    ),
]


def test_a_real_server_answers_as_the_adapter_and_a_wrong_one_is_found(tmp_path: Path) -> None:
    with vllm(Path(str(PROGRAM)), tmp_path / "vllm.log") as url:
        loop = run_loop(url, tmp_path)
    assert (loop.from_base, loop.from_tuned) == (10, 10)
    assert loop.wins + loop.ties + loop.losses == 20
    assert loop.share > 0.8
    assert loop.served == pytest.approx(loop.here, rel=0.2, abs=0.3)
    assert "answers otherwise than the adapter" in loop.refusal
