"""Runs on ties, strengths, and pairs of which both answers are bad or good, on the tiny model."""

import dataclasses
import math
from collections.abc import Sequence
from pathlib import Path

import pytest

from engine.chat import EncodedPair, encode_pair
from engine.config import TrainConfig
from engine.dpo import PairScore, pair_metrics
from engine.errors import PairsError
from engine.events import EvalDone, Event, MarginsKnown, Notice, ReferenceScored, RunPlanned, StepDone
from engine.model import BaseModel, load_base
from engine.preference import Outcome, PreferencePair
from engine.train import train_dpo
from engine.training.evaluation import eval_metrics
from engine.training.objective import unpaired_weight
from tests.engine.test_train import of_kind, pairs
from tests.tiny import save_tiny

CONFIG = TrainConfig(
    learning_rate=1e-3, epochs=2, lora_dropout=0.1, lora_r=4, lora_alpha=8, eval_share=0.3, batch_size=4
)
EVERY = dataclasses.replace(
    CONFIG,
    loss="ordinal",
    unpaired_weight=0.5,
    edit_weight=0.3,
    off_policy="wpo",
    lora_plus_ratio=4,
    lora_init="a-zero",
    checkpoint_every=1,
)
OUTCOMES: tuple[Outcome, ...] = ("better", "tie", "both_bad", "much", "better", "both_good")
WEIGHTS = "adapter_model.safetensors"


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> BaseModel:
    return load_base(str(save_tiny(tmp_path_factory.mktemp("model"))), source="tiny", dtype="float32", device="cpu")


def mixed(count: int = 12) -> list[PreferencePair]:
    """Pairs whose outcomes take turns, some with answers that the policy did not write."""
    return [
        dataclasses.replace(
            pair,
            outcome=OUTCOMES[place % len(OUTCOMES)],
            edited=place == 6,
            chosen_foreign=place % 4 == 1,
            rejected_foreign=place % 3 == 2,
        )
        for place, pair in enumerate(pairs(count))
    ]


def run(
    base: BaseModel, given: Sequence[PreferencePair], config: TrainConfig, folder: Path
) -> tuple[list[Event], bytes]:
    events = list(train_dpo(base, given, config, adapter="a1", folder=folder))
    base.unload_adapter("a1")
    return events, (folder / WEIGHTS).read_bytes()


def test_ordinal_without_ties_and_strength_is_sigmoid_to_the_last_bit(base: BaseModel, tmp_path: Path) -> None:
    events, adapter = run(base, pairs(8), CONFIG, tmp_path / "sigmoid")
    others, other = run(base, pairs(8), dataclasses.replace(CONFIG, loss="ordinal"), tmp_path / "ordinal")
    assert other == adapter
    losses = [[step.metrics["loss"] for step in of_kind(found, StepDone)] for found in (events, others)]
    assert losses[0] == losses[1]


def test_sigmoid_does_not_tell_much_better_from_better_and_leaves_ties_out(base: BaseModel, tmp_path: Path) -> None:
    _, adapter = run(base, pairs(8), CONFIG, tmp_path / "better")
    much = [dataclasses.replace(pair, outcome="much") for pair in pairs(8)]
    assert run(base, much, CONFIG, tmp_path / "much")[1] == adapter
    tie = dataclasses.replace(pairs(9)[8], outcome="tie")
    events, beside = run(base, [*pairs(8), tie], CONFIG, tmp_path / "tie")
    assert beside == adapter
    assert of_kind(events, RunPlanned)[0].left_out == {"pair 8": "these settings do not learn from a verdict of tie"}


def test_a_run_on_every_verdict_counts_margins_of_decisive_pairs_alone(base: BaseModel, tmp_path: Path) -> None:
    events, adapter = run(base, mixed(), EVERY, tmp_path / "every")
    _, without = run(base, [pair for pair in mixed() if pair.outcome in ("better", "much")], EVERY, tmp_path / "few")
    assert adapter != without
    decisive = {pair.key for pair in mixed() if pair.outcome in ("better", "much")}
    for page in of_kind(events, MarginsKnown):
        assert set(page.train) | set(page.evaluation) == decisive
    (said,) = [notice.text for notice in of_kind(events, Notice) if notice.text.startswith("Learned from")]
    assert said.startswith("Learned from 4 × better, 2 × much better, 2 × tie, 2 × both bad, 2 × both good")
    assert all("eval_loss" in event.metrics for event in of_kind(events, EvalDone))


def test_an_edit_is_anchored_by_its_mean_over_tokens(base: BaseModel, tmp_path: Path) -> None:
    """Its loss at the first step is ln 2 plus half the mean nats of its tokens; the model's own answers have ln 2."""
    edited = [dataclasses.replace(pair, edited=pair.key == "pair 2") for pair in pairs(5)]
    config = dataclasses.replace(CONFIG, eval_share=0.0, lora_dropout=0.0, batch_size=5, epochs=1, edit_weight=0.5)
    events, adapter = run(base, edited, config, tmp_path / "edited")
    first = of_kind(events, StepDone)[0].metrics["loss"]
    (held,) = [event.logps["pair 2"] for event in of_kind(events, ReferenceScored) if "pair 2" in event.logps]
    encoded = encode_pair(base.tokenizer, edited[2], config)
    assert isinstance(encoded, EncodedPair)
    anchor = -0.5 * held[0] / len(encoded.chosen_ids)
    assert first == pytest.approx(math.log(2) + anchor / 5, abs=1e-5)
    assert any("The run keeps 1 edited answer likely" in notice.text for notice in of_kind(events, Notice))
    plain = dataclasses.replace(config, edit_weight=0.0)
    unknown = run(base, edited, plain, tmp_path / "unknown")[1]
    assert unknown == run(base, pairs(5), plain, tmp_path / "plain")[1] != adapter


def test_a_run_without_a_better_answer_is_refused(base: BaseModel, tmp_path: Path) -> None:
    ties = [dataclasses.replace(pair, outcome="tie") for pair in pairs(6)]
    with pytest.raises(PairsError, match="None of 6 pairs to train on prefers an answer"):
        run(base, ties, dataclasses.replace(EVERY, eval_share=0.0), tmp_path / "ties")


@pytest.mark.parametrize("loss", ["ordinal", "apo_zero", "apo_down"])
def test_killed_and_resumed_equals_never_killed(
    base: BaseModel, tmp_path: Path, loss: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.training.scorer.TOKENS_TOGETHER", 120)  # two pairs in a pass
    config = dataclasses.replace(EVERY, loss=loss)
    learned = [pair for pair in mixed() if pair.outcome != "tie" or loss == "ordinal"]
    _, expected = run(base, learned, config, tmp_path / "whole")
    place = {"adapter": "a1", "folder": tmp_path / "killed", "checkpoint_folder": tmp_path / "c"}
    events = train_dpo(base, learned, config, **place, checkpoint_now=lambda: True)  # type: ignore[arg-type]
    steps = 0
    while steps < 2:
        steps += isinstance(next(events), StepDone)
    next(events), next(events), next(events)  # into the third step
    events.close()
    resumed = list(train_dpo(base, learned, config, **place, resume=True))  # type: ignore[arg-type]
    base.unload_adapter("a1")
    assert (tmp_path / "killed" / WEIGHTS).read_bytes() == expected
    assert not any("not exact" in notice.text for notice in of_kind(resumed, Notice))


def test_a_pair_s_loss_does_not_depend_on_those_that_share_its_pass(
    base: BaseModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = dataclasses.replace(EVERY, epochs=1, eval_share=0.0, batch_size=12)
    alone = of_kind(run(base, mixed(), config, tmp_path / "together")[0], StepDone)[0].metrics
    monkeypatch.setattr("engine.training.scorer.TOKENS_TOGETHER", 1)  # a pass for each pair
    one_by_one = of_kind(run(base, mixed(), config, tmp_path / "alone")[0], StepDone)[0].metrics
    assert alone["loss"] == one_by_one["loss"]
    assert alone["grad_norm"] == pytest.approx(one_by_one["grad_norm"], rel=1e-5)


def test_unpaired_terms_have_at_most_a_quarter_of_a_step() -> None:
    def batch(*outcomes: Outcome) -> list[EncodedPair]:
        return [EncodedPair(str(place), (1,), (2,), (3,), outcome=outcome) for place, outcome in enumerate(outcomes)]

    assert unpaired_weight(batch("better", "much", "better", "both_bad"), EVERY) == 0.5  # the setting: 0.5 of 3.5
    # three pairs weigh 3, so both bad ones together 1: a quarter of 4
    assert unpaired_weight(batch("better", "much", "better", "both_bad", "both_good"), EVERY) == 0.5
    assert unpaired_weight(batch("better", *["both_bad"] * 3), EVERY) == pytest.approx(1 / 9)
    # a tie of weight 0.5 beside one pair: 1.5 / 3 is 0.5 for two
    assert unpaired_weight(batch("better", "tie", "both_bad", "both_bad"), EVERY) == pytest.approx(0.25)
    assert unpaired_weight(batch("both_bad"), EVERY) == 0.0  # never alone


def test_metrics_skip_pairs_that_prefer_no_answer() -> None:
    def score(key: str, margin: float, outcome: Outcome) -> PairScore:
        return PairScore(key, 0.5, (margin, 0.0), (0.0, 0.0), (2, 2), (1.0, 1.0), (0.0, 0.0), (1, 1), outcome)

    scores = [score("1", 2.0, "better"), score("2", -1.0, "much"), score("3", 9.0, "tie"), score("4", 9.0, "both_bad")]
    metrics = pair_metrics(scores, beta=1.0)
    assert metrics["rewards/accuracies"] == 0.5
    assert metrics["rewards/margins"] == 0.5
    assert metrics["loss"] == 0.5
    assert eval_metrics(scores, 1.0)["eval_rewards/accuracies_low"] == pytest.approx(0.0945, abs=1e-4)  # one of two
    nothing = pair_metrics(scores[2:], beta=1.0)
    assert set(nothing) == {"loss", "entropy"}
    assert "eval_rewards/accuracies" not in eval_metrics(scores[2:], 1.0)
