"""What must be true on a real GPU. `make test-gpu` runs it where there is one; nothing else does.

The figures are held against plain transformers and TRL on the same card, and against a second run of the same.
"""

import dataclasses
import itertools
from pathlib import Path
from typing import Any

import pytest
import torch

from engine.chat import EncodedPair, encode_pair, encode_prompt
from engine.config import SamplingConfig, TrainConfig
from engine.events import CompletionDone, Notice, ReferenceScored, StepDone
from engine.generate import generate
from engine.logps import score_pair
from engine.model import BaseModel, load_base
from engine.requests import GenerationRequest
from engine.train import train_dpo
from engine.training.learner import adapter_parameters
from engine.training.scorer import choose_scorer
from tests.engine.test_train import of_kind, pairs
from tests.engine.test_train_as_trl import CONFIG as AS_TRL
from tests.engine.test_train_as_trl import NAMES, trl_trainer
from tests.engine.test_train_as_trl import PAIRS as TRL_PAIRS
from tests.tiny import save_tiny, tiny_config

pytestmark = pytest.mark.gpu
DEVICE = "cuda"
SIZES = {"hidden_size": 256, "intermediate_size": 512, "num_hidden_layers": 4}  # heads of 64, as flash attention wants
RUN = TrainConfig(learning_rate=1e-3, epochs=2, lora_dropout=0.1, eval_share=0.25, batch_size=2, checkpoint_every=2)
WEIGHTS = "adapter_model.safetensors"


@pytest.fixture(scope="module")
def location(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not torch.cuda.is_available():
        pytest.fail("torch sees no CUDA device here. These tests are for a machine with one.")
    return save_tiny(tmp_path_factory.mktemp("model"), config=tiny_config(initializer_range=0.1, **SIZES))


@pytest.fixture(params=["float32", "bfloat16"])
def base(request: pytest.FixtureRequest, location: Path) -> BaseModel:
    return load_base(str(location), source="tiny", dtype=request.param, device=DEVICE)


@pytest.fixture
def exact(location: Path) -> BaseModel:
    return load_base(str(location), source="tiny", dtype="float32", device=DEVICE)


def _encoded(base: BaseModel, count: int = 5) -> list[EncodedPair]:
    found = [encode_pair(base.tokenizer, pair, RUN) for pair in pairs(count)]
    return [pair for pair in found if isinstance(pair, EncodedPair)]


# -- figures ---------------------------------------------------------------------------------------------------------


def test_the_fast_method_is_chosen_and_scores_as_transformers_does(base: BaseModel) -> None:
    encoded = _encoded(base)
    scorer = choose_scorer(base, [], encoded[0], 5, "auto")
    assert scorer.kernels is not None, scorer.why
    worst = 0.0
    with torch.no_grad(), base.policy(None):
        for pair, fast in zip(encoded, scorer.score_group(None, encoded), strict=True):
            plain = score_pair(base.model, pair, DEVICE)
            tokens = torch.tensor(plain.tokens, device=DEVICE)
            worst = max(worst, float(((plain.logps - fast.logps).abs() / tokens).max()))
    assert worst < (1e-4 if base.dtype == "float32" else 0.05), f"{worst:.2g} nats a token apart"


def test_a_pair_scores_the_same_alone_and_in_a_group(base: BaseModel) -> None:
    encoded = _encoded(base)
    scorer = choose_scorer(base, [], encoded[0], 5, "eager")
    with torch.no_grad(), base.policy(None):
        together = scorer.score_group(None, encoded)
        alone = [scorer.score(None, pair) for pair in encoded]
    apart = max(float((a.logps - b.logps).abs().max()) for a, b in zip(together, alone, strict=True))
    assert apart < (1e-3 if base.dtype == "float32" else 0.5), f"{apart:.2g} nats apart"


def test_the_first_loss_is_ln_2(base: BaseModel, tmp_path: Path) -> None:
    events = train_dpo(base, pairs(8), RUN, adapter="a1", folder=tmp_path)
    first = next(event for event in events if isinstance(event, StepDone))
    assert first.metrics["loss"] == pytest.approx(0.693147, abs=2e-6 if base.dtype == "float32" else 1e-2)


@pytest.mark.filterwarnings("ignore")  # TRL and its helpers use what their own dependencies are about to drop
def test_a_run_follows_trl_step_by_step(location: Path, exact: BaseModel, tmp_path: Path) -> None:
    events = train_dpo(exact, TRL_PAIRS, AS_TRL, adapter="a1", folder=tmp_path / "adapter")
    next(events)
    first = {name: value.detach().clone() for name, value in adapter_parameters(exact.model, "a1").items()}
    ours = [event.metrics for event in events if isinstance(event, StepDone)]
    trainer = trl_trainer(location, tmp_path / "trl", AS_TRL, first, device=DEVICE)
    trainer.train()
    theirs = [entry for entry in trainer.state.log_history if "grad_norm" in entry]
    assert len(ours) == len(theirs) == 4
    for own, other in zip(ours, theirs, strict=True):
        for name in NAMES.split():
            if name == "rewards/accuracies" and abs(other["rewards/margins"]) < 1e-4:
                continue  # before the first change of weights a margin is 0 or rounding, which has either sign
            assert own[name] == pytest.approx(other[name], rel=2e-4, abs=2e-5), name


# -- the same run twice ----------------------------------------------------------------------------------------------


def _run(base: BaseModel, folder: Path, config: TrainConfig = RUN, **more: Any) -> list[Any]:
    events = list(
        train_dpo(base, pairs(8), config, adapter="a1", folder=folder, checkpoint_folder=folder / "c", **more)
    )
    base.unload_adapter("a1")
    return events


@pytest.mark.parametrize("checkpointing", ["off", "on"])
def test_two_equal_runs_give_the_same_bytes(base: BaseModel, tmp_path: Path, checkpointing: str) -> None:
    config = dataclasses.replace(RUN, gradient_checkpointing=checkpointing)
    _run(base, tmp_path / "one", config)
    _run(base, tmp_path / "two", config)
    assert (tmp_path / "one" / WEIGHTS).read_bytes() == (tmp_path / "two" / WEIGHTS).read_bytes()


@pytest.mark.parametrize("number", [12, 15, 18])
def test_killed_and_resumed_equals_never_killed(base: BaseModel, tmp_path: Path, number: int) -> None:
    _run(base, tmp_path / "whole")
    folder = tmp_path / "killed"
    started = train_dpo(
        base, pairs(8), RUN, adapter="a1", folder=folder, checkpoint_folder=folder / "c", checkpoint_now=lambda: True
    )
    for _ in itertools.islice(started, number):
        torch.randn(3, device=DEVICE)  # what other work does to the global random state
    started.close()  # type: ignore[attr-defined]
    resumed = _run(base, folder, resume=True)
    assert not of_kind(resumed, ReferenceScored)
    assert not any("not exact" in notice.text for notice in of_kind(resumed, Notice))
    assert (folder / WEIGHTS).read_bytes() == (tmp_path / "whole" / WEIGHTS).read_bytes()


def test_a_run_resumed_with_gradient_checkpointing_gives_the_same_bytes(base: BaseModel, tmp_path: Path) -> None:
    """Which is why a run that fell to memory may be resumed so."""
    off, on = (dataclasses.replace(RUN, gradient_checkpointing=each) for each in ("off", "on"))
    _run(base, tmp_path / "whole", off)
    folder = tmp_path / "killed"
    started = train_dpo(base, pairs(8), off, adapter="a1", folder=folder, checkpoint_folder=folder / "c")
    next(event for event in started if isinstance(event, StepDone) and event.step == 3)
    started.close()  # type: ignore[attr-defined]
    _run(base, folder, on, resume=True)
    assert (folder / WEIGHTS).read_bytes() == (tmp_path / "whole" / WEIGHTS).read_bytes()


# -- answers ---------------------------------------------------------------------------------------------------------

QUESTIONS = ("why?", "what is a black hole made of, and who says so?", "how", "tell me about the sea")


def _requests(answers: int) -> list[GenerationRequest]:
    return [
        GenerationRequest(f"{question}/{seed}", ({"role": "user", "content": question},), seed)
        for question in QUESTIONS
        for seed in range(answers)
    ]


def _answers(base: BaseModel, requests: list[GenerationRequest], sampling: SamplingConfig, rows: int) -> dict[str, str]:
    events = generate(base, requests, sampling, max_rows=rows)
    return {event.key: event.text for event in events if isinstance(event, CompletionDone)}


def test_greedy_answers_are_those_of_transformers(exact: BaseModel) -> None:
    sampling = SamplingConfig(temperature=0.0, max_new_tokens=24)
    ours = _answers(exact, _requests(1), sampling, rows=4)
    for request in _requests(1):
        ids = torch.tensor([encode_prompt(exact.tokenizer, request.messages)], device=DEVICE)
        with torch.no_grad():
            output = exact.hf_model.generate(input_ids=ids, do_sample=False, max_new_tokens=24, pad_token_id=2)
        new = output[0, ids.shape[1] :]
        text = exact.tokenizer.decode(new, skip_special_tokens=True, clean_up_tokenization_spaces=False)
        assert ours[request.key] == text


def test_a_seed_gives_its_answer_again_whichever_rows_are_beside_it(exact: BaseModel) -> None:
    sampling = SamplingConfig(max_new_tokens=24)
    requests = _requests(3)
    together = _answers(exact, requests, sampling, rows=16)
    again = _answers(exact, list(reversed(requests)), sampling, rows=5)
    assert again == together
    assert len(set(together.values())) > len(QUESTIONS)


def test_the_device_is_as_empty_afterwards_as_before(base: BaseModel, tmp_path: Path) -> None:
    def held() -> int:
        torch.cuda.synchronize()
        return torch.cuda.memory_allocated()

    def work() -> None:
        _run(base, tmp_path)
        _answers(base, _requests(2), SamplingConfig(max_new_tokens=8), rows=8)

    work()  # what is made once stays
    before = held()
    for _ in range(3):
        work()
    assert held() <= before


# -- four bits -------------------------------------------------------------------------------------------------------


@pytest.fixture
def quantised(location: Path) -> BaseModel:
    pytest.importorskip("bitsandbytes", reason="the extra `quant` is not installed")
    return load_base(str(location), source="tiny", dtype="4bit", device=DEVICE)


def test_a_run_in_4_bits_learns_and_gives_the_same_bytes_twice(quantised: BaseModel, tmp_path: Path) -> None:
    losses = [step.metrics["loss"] for step in of_kind(_run(quantised, tmp_path / "one"), StepDone)]
    assert losses[0] == pytest.approx(0.693147, abs=1e-2)
    assert losses[-1] < losses[0]
    _run(quantised, tmp_path / "two")
    assert (tmp_path / "one" / WEIGHTS).read_bytes() == (tmp_path / "two" / WEIGHTS).read_bytes()
    assert len(_answers(quantised, _requests(2), SamplingConfig(max_new_tokens=8), rows=8)) == 2 * len(QUESTIONS)
