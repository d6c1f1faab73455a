"""Dropout by pair: its seeds worked by hand, its places, and a pair's gradient that nothing before it changes."""

import pytest
import torch

from engine.chat import EncodedPair
from engine.config import TrainConfig
from engine.dropout import DropoutRule, PairDropout, Site, pair_seed, seeded_places, site_seed
from engine.llama.kernels import Kernels
from engine.model import BaseModel, load_base
from engine.training.learner import Learner, adapter_parameters
from engine.training.scorer import Scorer
from tests.tiny import save_tiny

CPU = torch.device("cpu")
PAIRS = (
    EncodedPair("1", tuple(range(40, 52)), tuple(range(60, 75)), tuple(range(90, 97))),
    EncodedPair("2", (41, 44), (61,), (97, 98, 99)),
    EncodedPair("3", tuple(range(40, 52)), (70, 71), (60, 61)),
)
CONFIG = TrainConfig(lora_dropout=0.3, lora_r=4, seed=42)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> BaseModel:
    base = load_base(str(save_tiny(tmp_path_factory.mktemp("model"))), source="tiny", dtype="float32", device="cpu")
    base.create_adapter("a1", CONFIG)
    with torch.no_grad():
        for value in adapter_parameters(base.model, "a1").values():
            value.normal_(std=0.1)
    return base


def test_seeds_by_hand() -> None:
    # printf '[42, 7, [1, 2], [3], [4, 5]]' | sha256sum  →  30ba3c60a85bfb76…
    assert pair_seed(42, 7, EncodedPair("any", (1, 2), (3,), (4, 5), "moved", True)) == 0x30BA3C60A85BFB76
    # printf '[3511185245327850358, 3, 1]' | sha256sum  →  6e5489b97101aa80…
    assert site_seed(0x30BA3C60A85BFB76, Site(layer=3, group=1)) == 0x6E5489B97101AA80


def test_the_places_of_a_seed_stay_as_they_are() -> None:
    """Live checkpoints rely on them. If a version of torch draws others, a resume reports that version."""
    assert seeded_places(20, 0.3, 7, device=CPU).tolist() == [15, 11, 8, 8, 3, 7, 10, 18, 11, 0]


@pytest.mark.parametrize("share", [0.05, 0.5])
def test_each_place_is_dropped_with_its_probability(share: float) -> None:
    x = torch.zeros(200_000)
    x[seeded_places(200_000, share, 1, device=CPU)] = 1
    assert x.mean().item() == pytest.approx(share, abs=5 * (share * (1 - share) / 200_000) ** 0.5)
    both = (x[::2] * x[1::2]).mean().item()  # neighbours are independent
    assert both == pytest.approx(share**2, abs=5 * (share**2 / 100_000) ** 0.5)


def test_a_pair_s_places_do_not_depend_on_its_neighbours() -> None:
    x, rows, seeds = torch.zeros(12, 10), (5, 3, 4), (7, 8, 9)
    whole, site = PairDropout(seeds).places(x, 0.4, rows, Site(0, 0)), Site(0, 0)
    starts = (0, 50, 80)  # 5 and 8 rows of 10
    alone = [
        PairDropout((seed,)).places(torch.zeros(count, 10), 0.4, (count,), site) + start
        for seed, count, start in zip(seeds, rows, starts, strict=True)
    ]
    assert torch.equal(whole, torch.cat(alone))
    ends = [(int(places.min()), int(places.max())) for places in alone]
    assert all(start <= low <= high < start + 10 * n for start, n, (low, high) in zip(starts, rows, ends, strict=True))


def test_another_step_or_another_site_drops_other_places_and_no_generator_moves() -> None:
    before = torch.get_rng_state()
    seeds = {pair_seed(42, step, pair) for step in range(3) for pair in PAIRS}
    places = [
        PairDropout((seed,)).places(torch.zeros(30, 40), 0.2, (30,), Site(layer, group)).tolist()
        for seed in seeds
        for layer in range(2)
        for group in range(4)
    ]
    assert len(seeds) == 9
    assert len({tuple(each) for each in places}) == 72
    assert torch.equal(torch.get_rng_state(), before)


def gradient(learner: Learner, before: tuple[EncodedPair, ...], pair: EncodedPair) -> dict[str, torch.Tensor]:
    """The gradient of `pair` alone in step 5, after others were learned from."""
    for other in before:
        learner.learn([other], PAIRS, 4)
        learner.optimizer.zero_grad()
    learner.learn([pair], PAIRS, 5)
    found = learner.gradients()
    learner.optimizer.zero_grad()
    return found


def learner_of(base: BaseModel, kernels: Kernels | None) -> Learner:
    learner = Learner(Scorer(base, kernels, ""), "a1", CONFIG)
    for pair in PAIRS:
        learner.score_reference(pair)
    return learner


@pytest.mark.parametrize("kernels", [Kernels(compiled=False), None], ids=["fast", "plain"])
def test_a_pair_s_gradient_depends_on_nothing_before_it(base: BaseModel, kernels: Kernels | None) -> None:
    learner = learner_of(base, kernels)
    first = gradient(learner, (), PAIRS[0])
    later = gradient(learner, PAIRS[1:], PAIRS[0])
    assert all(torch.equal(first[name], later[name]) for name in first)
    learner.dropout_rule = DropoutRule.IN_SEQUENCE  # the rule of format 1, under which it did
    other = gradient(learner, PAIRS[1:], PAIRS[0])
    assert not all(torch.equal(first[name], other[name]) for name in first)


@pytest.mark.parametrize("kernels", [Kernels(compiled=False), None], ids=["fast", "plain"])
def test_layers_computed_twice_drop_the_same(base: BaseModel, kernels: Kernels | None) -> None:
    learner = learner_of(base, kernels)
    kept = gradient(learner, (), PAIRS[0])
    learner.scorer.checkpointing = True
    again = gradient(learner, (), PAIRS[0])
    assert all(torch.equal(kept[name], again[name]) for name in kept)


def test_a_group_s_gradient_is_that_of_its_pairs_up_to_rounding(base: BaseModel) -> None:
    """A group sums the products of all its tokens at once, so only the last bits depend on what shares its pass."""
    learner = learner_of(base, Kernels(compiled=False))
    alone = [gradient(learner, (), pair) for pair in PAIRS]
    learner.learn(PAIRS, PAIRS, 5)
    for name, together in learner.gradients().items():
        expected = sum(each[name] for each in alone)
        assert (together - expected).norm() <= 1e-5 * together.norm(), name
    learner.optimizer.zero_grad()
