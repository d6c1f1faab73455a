"""Log-probabilities of completions, by hand and against one row at a time."""

import math

import pytest
import torch

from engine.chat import EncodedPair
from engine.logps import score_pair, score_tokens
from tests.tiny import VOCABULARY, tiny_config, tiny_model


def test_two_tokens_of_probability_one_half() -> None:
    logits = torch.tensor([[5.0, 5.0, -1e9], [1.0, -1e9, 1.0]])
    logps, entropy, mean_logits, top1, squares = score_tokens(logits, torch.tensor([1, 0]), squares=True)
    assert logps.item() == pytest.approx(-2 * math.log(2))
    assert entropy.item() == pytest.approx(2 * math.log(2))
    assert mean_logits.item() == pytest.approx((10 - 1e9) / 3 + (2 - 1e9) / 3)
    assert top1.item() == 1  # the first of two equals counts as the likeliest
    assert squares.item() == pytest.approx(-2 * math.log(2))  # ½² + ½² of each


@pytest.mark.parametrize(("chosen", "rejected"), [((9, 8, 7, 6), (5,)), ((9,), (5, 4, 3)), ((9, 2), (5, 2))])
def test_a_pair_scores_as_its_sequences_alone(chosen: tuple[int, ...], rejected: tuple[int, ...]) -> None:
    model = tiny_model().requires_grad_(False)
    pair = EncodedPair("1", (10, 11, 12), chosen, rejected)
    scores = score_pair(model, pair, "cpu")
    for row, completion in enumerate((chosen, rejected)):
        ids = torch.tensor([pair.prompt_ids + completion])
        log_probs = model(input_ids=ids).logits[0].log_softmax(-1)
        by_hand = sum(log_probs[2 + place, token] for place, token in enumerate(completion))
        assert scores.logps[row].item() == pytest.approx(float(by_hand), abs=1e-5)
        hits = sum(int(log_probs[2 + place].argmax() == token) for place, token in enumerate(completion))
        assert scores.top1[row] == hits
    assert scores.tokens == (len(chosen), len(rejected))


def _logps_and_gradients(
    model: torch.nn.Module, pair: EncodedPair, *, checkpointing: bool = False
) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    model.zero_grad()
    scores = score_pair(model, pair, "cpu", checkpointing=checkpointing)
    (scores.logps[0] - 0.5 * scores.logps[1]).backward()
    return scores.logps.detach(), {
        name: value.grad.clone() for name, value in model.named_parameters() if value.grad is not None
    }


def test_the_output_layer_sees_a_few_tokens_at_a_time_with_the_same_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    model = tiny_model()
    pair = EncodedPair("1", (10, 11, 12), tuple(range(20, 31)), tuple(range(40, 45)))
    expected, gradients = _logps_and_gradients(model, pair)
    monkeypatch.setattr("engine.logps._CHUNK_VALUES", 4 * VOCABULARY)
    seen: list[int] = []
    hook = model.lm_head.register_forward_hook(lambda *given: seen.append(given[2].shape[-2]))  # type: ignore[union-attr]
    logps, own = _logps_and_gradients(model, pair)
    hook.remove()
    assert sorted(seen) == sorted(2 * [4, 4, 3, 4, 1])  # every chunk forward and once more backward
    torch.testing.assert_close(logps, expected, rtol=1e-6, atol=1e-5)
    for name, value in gradients.items():
        assert (own[name] - value).norm() <= 1e-5 * value.norm(), name


def test_layers_computed_again_give_the_same_bits_and_hold_less() -> None:
    model = tiny_model(config=tiny_config(initializer_range=0.2, num_hidden_layers=6))
    pair = EncodedPair("1", (10, 11, 12), tuple(range(20, 60)), tuple(range(40, 70)))
    found, held = [], []
    for checkpointing in (False, True):
        kept: list[int] = []

        def keep(value: torch.Tensor, kept: list[int] = kept) -> torch.Tensor:
            kept.append(value.numel())
            return value

        with torch.autograd.graph.saved_tensors_hooks(keep, lambda value: value):
            score_pair(model, pair, "cpu", checkpointing=checkpointing)
        held.append(sum(kept))
        found.append(_logps_and_gradients(model, pair, checkpointing=checkpointing))
    assert held[1] < held[0] / 4
    assert torch.equal(found[0][0], found[1][0])
    assert all(torch.equal(found[1][1][name], value) for name, value in found[0][1].items())
    assert not any(module.training for module in model.modules())


def test_the_log_softmax_is_taken_in_float32() -> None:
    logits = torch.randn(4, 300, dtype=torch.bfloat16)
    targets = torch.tensor([3, 299, 0, 7])
    logps = score_tokens(logits, targets)[0]
    expected = logits.double().log_softmax(-1).gather(-1, targets[:, None]).sum()
    assert logps.dtype == torch.float32
    assert logps.item() == pytest.approx(expected.item(), abs=1e-5)
