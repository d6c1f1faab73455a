"""The engine on a CUDA device that is not there: no mixed devices, few kernels, little memory, no needless waiting.

The ceilings may only fall. They hold for two layers of the widths of Llama-3.1-8B and a pair of two times 1,024 tokens.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

pytestmark = [
    pytest.mark.skipif(
        shutil.which("g++") is None, reason="not held: a pretended GPU needs g++ once, and there is none"
    ),
    # A build with CUDA has registered its own device where the pretended one would be.
    pytest.mark.skipif(torch.version.cuda is not None, reason="not held: a pretended GPU needs a CPU build of torch"),
]

STEP_KERNELS = {"llama": 52, "qwen3": 60, "gemma": 63, "gemma2": 115, "gemma3": 95}
LEARNING_KERNELS = {"llama": 573, "qwen3": 581, "gemma": 592, "gemma3": 644}
SLOW = {"gemma2": {"scoring": "it caps its logits", "decoding": None}}
KEPT_BYTES = {"llama": 430e6, "qwen3": 472e6, "gemma": 430e6, "gemma3": 579e6}
READ = {
    "step": set[str](),
    "answer": {"generate.py:_draw"},  # the tokens, to see which answers ended and to show them
    "learning": {
        "learner.py:_pair_scores",  # the figures of a pass, and whether its loss is finite
        "learner.py:step",  # the gradient's norm: a step is not taken where it is not finite
    },
}
"""What may be read back from the device, by its place, each with the reason."""


@pytest.fixture(scope="module")
def facts() -> dict[str, Any]:
    """What `tests.gpu.pretended_engine` found: in a process of its own, since it changes the whole process."""
    command = [sys.executable, "-m", "tests.gpu.pretended_engine"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parents[2], check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("model", STEP_KERNELS)
def test_a_step_of_decoding_launches_few_kernels_and_waits_for_nothing(facts: dict[str, Any], model: str) -> None:
    step = facts[model]["step"]
    assert facts[model]["slow"] == SLOW.get(model, {"scoring": None, "decoding": None})
    assert step["kernels"] <= STEP_KERNELS[model]
    assert (step["copied"], step["read"]) == ({}, {})


@pytest.mark.parametrize("model", STEP_KERNELS)
def test_only_what_has_a_reason_is_read_back(facts: dict[str, Any], model: str) -> None:
    for part, allowed in READ.items():
        assert set(facts[model][part]["read"]) <= allowed, part
    assert facts[model]["answer"]["read"]["generate.py:_draw"] == 3  # once for each of three tokens


def test_a_model_on_two_cards_learns_and_answers_without_mixing_them(facts: dict[str, Any]) -> None:
    found = facts["two cards"]
    assert found["adapter"] == ["cuda:0", "cuda:1"]
    assert set(found["learning"]["read"]) <= READ["learning"]
    assert found["answer"]["read"]["generate.py:_draw"] == 3


@pytest.mark.parametrize("model", LEARNING_KERNELS)
def test_learning_from_a_pair_launches_few_kernels_and_keeps_little(facts: dict[str, Any], model: str) -> None:
    assert facts[model]["learning"]["kernels"] <= LEARNING_KERNELS[model]
    assert facts[model]["memory"]["kept"][0] <= KEPT_BYTES[model]


@pytest.mark.parametrize("way", ["kept", "checkpointed"])
@pytest.mark.parametrize("model", LEARNING_KERNELS)
def test_the_estimate_of_memory_is_what_a_pass_keeps(facts: dict[str, Any], model: str, way: str) -> None:
    kept, estimated = facts[model]["memory"][way]
    assert estimated == pytest.approx(kept, rel=0.15)
