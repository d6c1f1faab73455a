"""The weight of a ranking, worked by hand, and runs on the tiny model in which a ranking counts as one pair."""

import dataclasses
import math
from collections.abc import Sequence
from pathlib import Path

import pytest

from engine.chat import EncodedPair
from engine.config import TrainConfig
from engine.dpo import PairScore, pair_metrics
from engine.events import EvalDone, Notice, RunPlanned, StepDone
from engine.model import BaseModel, load_base
from engine.preference import PreferencePair, pairs_fingerprint, split_by_prompt
from engine.questions import by_question, count_questions, mean_by_question, weight_in, weights_of
from engine.train import train_dpo
from engine.training.evaluation import eval_metrics
from engine.training.objective import unpaired_weight
from tests.engine.test_train import of_kind, pairs
from tests.tiny import save_tiny

CONFIG = TrainConfig(
    learning_rate=1e-3, epochs=2, lora_dropout=0.1, lora_r=4, lora_alpha=8, eval_share=0.0, batch_size=2
)
WEIGHTS = "adapter_model.safetensors"


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> BaseModel:
    return load_base(str(save_tiny(tmp_path_factory.mktemp("model"))), source="tiny", dtype="float32", device="cpu")


def ranked(number: int = 1) -> list[PreferencePair]:
    """The three pairs of a ranking of three answers."""
    (asked,) = pairs(1)
    texts = ["best", "the second one", "the last of all three"]
    return [
        dataclasses.replace(
            asked,
            key=f"{number}-{chosen}{rejected}",
            prompt=({"role": "user", "content": f"rank {number}!"},),
            chosen=texts[chosen],
            rejected=texts[rejected],
            question=f"ranking {number}",
        )
        for chosen, rejected in ((0, 1), (0, 2), (1, 2))
    ]


def score(key: str, margin: float, question: str | None = None) -> PairScore:
    return PairScore(key, 0.5 - margin, (margin, 0.0), (0.0, 0.0), (2, 4), (1.0, 1.0), (4.0, 1.0), (1, 1),
                     question=question)  # fmt: skip


SCORES = [score("1", 2.0), *(score(f"2{place}", each, "ranking") for place, each in enumerate((1.0, -1.0, 6.0)))]


def run(base: BaseModel, given: Sequence[PreferencePair], config: TrainConfig, folder: Path) -> list:
    events = list(train_dpo(base, given, config, adapter="a1", folder=folder))
    base.unload_adapter("a1")
    return events


def test_a_pair_and_a_ranking_of_three_pairs_weigh_the_same() -> None:
    assert weights_of(SCORES) == [1.0, *[1 / 3] * 3]
    assert count_questions(SCORES) == len(by_question(SCORES)) == 2
    assert weight_in(SCORES[1], SCORES) == 1 / 3
    assert weight_in(SCORES[0], SCORES) == 1.0
    assert mean_by_question({each.key: each.loss for each in SCORES}, SCORES) == {"1": -1.5, "ranking": -1.5}


def test_a_ranking_counts_once_in_metrics_and_intervals() -> None:
    """Margins of 2, and of 1, −1 and 6 with a mean of 2. Two of three are right: (1 + 2/3) / 2."""
    metrics = pair_metrics(SCORES, beta=1.0)
    assert metrics["rewards/margins"] == pytest.approx(2.0)
    assert metrics["rewards/accuracies"] == pytest.approx(5 / 6)
    assert metrics["logits/chosen"] == pytest.approx(2.0)  # 4 nats over 2 tokens in each
    found = eval_metrics(SCORES, beta=1.0)
    assert found["eval_rewards/margins_low"] == pytest.approx(2.0)  # both questions have 2: nothing is spread
    # Wilson for 5/3 of 2, z = 1.96: centre (5/6 + 0.9604) / (1 + 1.9207), half 1.96 √(5/72 + 0.2401) / 2.9207
    assert found["eval_rewards/accuracies_low"] == pytest.approx(0.2407, abs=2e-4)
    one = [each for each in SCORES if each.question]
    assert "eval_loss_low" not in eval_metrics(one, 1.0)  # a ranking alone has no spread


def test_a_step_takes_whole_questions_and_divides_by_their_number(base: BaseModel, tmp_path: Path) -> None:
    events = run(base, [*pairs(3), *ranked()], CONFIG, tmp_path / "run")
    assert of_kind(events, RunPlanned)[0].total_steps == 4  # 4 questions by 2, twice
    first = of_kind(events, StepDone)[0].metrics
    assert first["loss"] == pytest.approx(math.log(2), abs=1e-5)
    (said,) = [each.text for each in of_kind(events, Notice) if "ranking" in each.text]
    assert said == "1 ranking weighs as one pair, with 3 pairs in all; it counts once in every figure."


def test_the_same_pair_six_times_in_a_ranking_teaches_what_it_teaches_alone(base: BaseModel, tmp_path: Path) -> None:
    """Without dropout the gradient of n equal pairs that weigh 1/n is that of one."""
    config = dataclasses.replace(CONFIG, lora_dropout=0.0, epochs=1, batch_size=3, sft_weight=0.3, unpaired_weight=0.5)
    given = [*pairs(2), dataclasses.replace(pairs(3)[2], outcome="both_bad")]
    six = [dataclasses.replace(given[1], key=f"again {each}", question="ranking 7") for each in range(6)]
    alone, together = (
        of_kind(run(base, each, config, tmp_path / name), StepDone)[0].metrics
        for each, name in ((given, "alone"), ([given[0], *six, given[2]], "six"))
    )
    for name in ("loss", "grad_norm", "entropy", "rewards/chosen", "logits/chosen", "mean_token_accuracy"):
        assert together[name] == pytest.approx(alone[name], rel=1e-4), name


def test_unpaired_terms_weigh_against_questions() -> None:
    config = dataclasses.replace(CONFIG, unpaired_weight=0.9)
    ranking = [EncodedPair(str(each), (1,), (2,), (3,), question="ranking 1") for each in range(3)]
    bad = EncodedPair("bad", (1,), (2,), (3,), outcome="both_bad")
    assert unpaired_weight([*ranking, bad], config) == pytest.approx(1 / 3)  # one question: a quarter of 4/3


def test_a_ranking_shares_a_split_and_counts_once_in_the_share() -> None:
    given = [*pairs(47), *ranked(1), *ranked(2)]  # 49 questions of 53 pairs: too few to keep any aside
    assert split_by_prompt(given, None, 1)[1] == ()
    train, evaluation = split_by_prompt(given, 0.5, 1)
    assert len(train) + len(evaluation) == 53
    for part in (train, evaluation):
        assert sum(each.question == "ranking 1" for each in part) in (0, 3)


def test_a_checkpoint_holds_the_rankings_and_the_fingerprint_ignores_them(base: BaseModel, tmp_path: Path) -> None:
    given = [*pairs(3), *ranked()]
    whole = run(base, given, CONFIG, tmp_path / "whole")
    place = {"adapter": "a1", "folder": tmp_path / "killed", "checkpoint_folder": tmp_path / "c"}
    events = train_dpo(base, given, CONFIG, **place, checkpoint_now=lambda: True)  # type: ignore[arg-type]
    steps = 0
    while steps < 2:
        steps += isinstance(next(events), StepDone)
    next(events), next(events)
    events.close()
    list(train_dpo(base, given, CONFIG, **place, resume=True))  # type: ignore[arg-type]
    base.unload_adapter("a1")
    assert (tmp_path / "killed" / WEIGHTS).read_bytes() == (tmp_path / "whole" / WEIGHTS).read_bytes()
    assert len(of_kind(whole, StepDone)) == 4
    plain = [dataclasses.replace(pair, question=None) for pair in given]
    assert pairs_fingerprint(plain) == pairs_fingerprint(given)


def test_a_step_is_kept_by_differences_over_questions(base: BaseModel, tmp_path: Path) -> None:
    config = dataclasses.replace(CONFIG, eval_share=0.5, epochs=2)
    events = run(base, [*pairs(3), *ranked(1), *ranked(2)], config, tmp_path / "kept")
    assert len(of_kind(events, EvalDone)) == 2
    (said,) = [each.text for each in of_kind(events, Notice) if "to evaluate on" in each.text]
    assert said.startswith("2 pairs to evaluate on")
