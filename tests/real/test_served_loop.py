"""The loop on real servers: each answers as base and as adapter, and the probe tells the adapter from another one."""

import os
import shutil
from pathlib import Path

import pytest

from tests.benchmarks.served_loop import LlamaCpp, Loop, Vllm, run_loop
from tests.benchmarks.started_servers import LlamaServer, vllm

VLLM = os.environ.get("PALATE_VLLM") or shutil.which("vllm")
LLAMA = os.environ.get("PALATE_LLAMA_SERVER") or shutil.which("llama-server")

pytestmark = [pytest.mark.real, pytest.mark.long]


@pytest.mark.skipif(
    VLLM is None or not Path(VLLM).exists(),
    reason="vLLM is not installed; PALATE_VLLM names its program (docs/SERVERS.md)",
)
def test_vllm_answers_as_the_adapter_and_a_wrong_one_is_found(tmp_path: Path) -> None:
    with vllm(Path(str(VLLM)), tmp_path / "vllm.log") as url:
        check(run_loop(Vllm(url), tmp_path))


@pytest.mark.skipif(
    LLAMA is None,
    reason="llama.cpp's server is not installed; PALATE_LLAMA_SERVER is its command (docs/SERVERS.md)",
)
def test_llama_cpp_answers_as_the_adapter_and_a_wrong_one_is_found(tmp_path: Path) -> None:
    with LlamaServer(str(LLAMA), tmp_path) as server:
        check(run_loop(LlamaCpp(server), tmp_path))


def check(loop: Loop) -> None:
    assert (loop.from_base, loop.from_tuned) == (10, 10)
    assert loop.wins + loop.ties + loop.losses == 20
    assert loop.share > 0.8
    assert loop.served == pytest.approx(loop.here, rel=0.2, abs=0.3)
    assert "answers otherwise than the adapter" in loop.refusal
