"""Sampling: the same distribution as transformers, from one random stream per answer."""

import pytest
import torch
from transformers.generation.logits_process import (
    LogitsProcessorList,
    MinPLogitsWarper,
    RepetitionPenaltyLogitsProcessor,
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
)

from engine.config import SamplingConfig
from engine.sampling import RandomStreams, double_device, draw_tokens, filter_logits, penalise, random_stream

LOGITS = torch.randn(5, 200, generator=torch.Generator().manual_seed(3)) * 3
SETTINGS = [
    SamplingConfig(),
    SamplingConfig(temperature=0.3),
    SamplingConfig(temperature=2.0, top_k=0, top_p=1.0),
    SamplingConfig(top_k=0, top_p=0.5),
    SamplingConfig(top_k=7, top_p=1.0),
    SamplingConfig(top_k=1),
    SamplingConfig(top_k=1000, top_p=0.01),
    SamplingConfig(top_k=0, top_p=1.0, min_p=0.2),
    SamplingConfig(top_p=0.8, min_p=0.05),
    SamplingConfig(min_p=1.0),
]


def ours(logits: torch.Tensor, config: SamplingConfig) -> torch.Tensor:
    """Probabilities over the vocabulary, (R, V), from our candidates."""
    scores, ids = filter_logits(logits, config)
    return torch.zeros(logits.shape).scatter(-1, ids, scores.softmax(-1))


def theirs(logits: torch.Tensor, config: SamplingConfig) -> torch.Tensor:
    """Probabilities as transformers' generate builds them."""
    warpers = LogitsProcessorList([TemperatureLogitsWarper(config.temperature)])
    if config.top_k:
        warpers.append(TopKLogitsWarper(config.top_k))
    if config.top_p < 1:
        warpers.append(TopPLogitsWarper(config.top_p))
    if config.min_p > 0:
        warpers.append(MinPLogitsWarper(config.min_p))
    return warpers(torch.zeros(logits.shape[0], 1, dtype=torch.long), logits.clone()).softmax(-1)


@pytest.mark.parametrize("config", SETTINGS, ids=str)
def test_the_distribution_is_that_of_transformers(config: SamplingConfig) -> None:
    assert torch.allclose(ours(LOGITS, config), theirs(LOGITS, config), atol=1e-6)


def test_top_p_by_hand() -> None:
    logits = torch.tensor([[0.5, 0.25, 0.15, 0.1]]).log()
    # 0.5 and 0.25 hold 0.75 < 0.8, so the third token is still taken: 0.5, 0.25, 0.15 of 0.9.
    expected = torch.tensor([[5 / 9, 2.5 / 9, 1.5 / 9, 0.0]])
    assert torch.allclose(ours(logits, SamplingConfig(temperature=1.0, top_k=0, top_p=0.8)), expected)


def test_tokens_are_drawn_in_proportion() -> None:
    config = SamplingConfig(temperature=1.0, top_k=3, top_p=1.0)
    logits = torch.tensor([0.1, 0.2, 0.3, 0.4]).log().repeat(90_000, 1)
    drawn = draw_tokens(logits, random_stream(11, 90_000), config)
    shares = drawn.bincount(minlength=4) / 90_000
    assert torch.allclose(shares, torch.tensor([0.0, 2 / 9, 3 / 9, 4 / 9]), atol=0.01)


def test_the_random_number_decides_by_the_cumulative_distribution() -> None:
    config = SamplingConfig(temperature=1.0, top_k=0, top_p=1.0)
    logits = torch.tensor([[0.25, 0.75]]).log().repeat(4, 1)  # likeliest first: token 1 up to 0.75, then token 0
    uniforms = torch.tensor([0.0, 0.74, 0.76, 1 - 2**-53], dtype=torch.float64)
    assert draw_tokens(logits, uniforms, config).tolist() == [1, 1, 0, 0]


def test_a_token_that_was_ruled_out_is_never_drawn() -> None:
    config = SamplingConfig(temperature=1.0, top_k=0, top_p=0.7)
    logits = torch.tensor([[0.5, 0.25, 0.15, 0.1]]).log()
    assert draw_tokens(logits, torch.tensor([1 - 2**-53], dtype=torch.float64), config).item() == 1


def test_the_repetition_penalty_is_that_of_transformers() -> None:
    ids = torch.randint(0, 200, (5, 30), generator=torch.Generator().manual_seed(1))
    seen = torch.zeros(5, 200, dtype=torch.bool).scatter(1, ids, True)
    expected = RepetitionPenaltyLogitsProcessor(1.3)(ids, LOGITS.clone())
    assert torch.equal(penalise(LOGITS, seen, 1.3), expected)


def test_the_repetition_penalty_by_hand() -> None:
    logits = torch.tensor([[2.0, -2.0, 3.0]])
    seen = torch.tensor([[True, True, False]])
    assert penalise(logits, seen, 2.0).tolist() == [[1.0, -4.0, 3.0]]


def test_temperature_zero_takes_the_likeliest() -> None:
    config = SamplingConfig(temperature=0.0)
    assert torch.equal(draw_tokens(LOGITS, random_stream(0, 5), config), LOGITS.argmax(-1))


def test_a_stream_is_its_seed_and_a_longer_one_begins_alike() -> None:
    assert torch.equal(random_stream(5, 384)[:100], random_stream(5, 100))
    assert not torch.equal(random_stream(5, 100), random_stream(6, 100))


def test_float64_never_goes_to_the_gpu_of_a_mac() -> None:
    assert double_device(torch.device("mps")).type == "cpu"
    assert double_device(torch.device("cuda", 1)) == torch.device("cuda", 1)


def test_only_what_a_mac_computes_reaches_its_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """The candidates go to the device that has float64, the token comes back to that of the logits."""
    moved: list[torch.device] = []

    def beside(device: torch.device) -> torch.device:
        moved.append(device)
        return torch.device("cpu")

    monkeypatch.setattr("engine.sampling.double_device", beside)
    uniforms = torch.rand(5, dtype=torch.float64)
    tokens = draw_tokens(LOGITS, uniforms, SamplingConfig())
    assert moved == [LOGITS.device]
    assert tokens.device == LOGITS.device


def test_every_row_draws_from_its_own_stream_through_joining_and_leaving() -> None:
    streams, device = RandomStreams(), torch.device("cpu")
    one, two, three = (random_stream(seed, 4) for seed in (1, 2, 3))
    streams.join([(1, 4), (2, 4)], device)
    assert streams.next().tolist() == [one[0], two[0]]
    assert streams.next().tolist() == [one[1], two[1]]
    streams.keep(torch.tensor([1]))
    streams.join([(3, 2)], device)  # a shorter stream beside a longer one
    assert streams.next().tolist() == [two[2], three[0]]
    assert streams.next().tolist() == [two[3], three[1]]
