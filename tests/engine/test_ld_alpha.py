"""LD-DPO's weight of the tokens by which an answer is longer, by hand and by both methods of scoring."""

import pytest
import torch

from engine.chat import EncodedPair
from engine.llama.kernels import Kernels
from engine.model import BaseModel, load_base
from engine.training.reference import ReferenceKeys
from engine.training.scorer import Scorer
from tests.tiny import save_tiny

PAIR = EncodedPair("1", (1, 40, 41), (50, 51, 52, 53, 54), (60, 61))
OTHER = EncodedPair("2", (1, 40), (50,), (60, 61, 62))


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> BaseModel:
    return load_base(str(save_tiny(tmp_path_factory.mktemp("model"))), source="tiny", dtype="float32", device="cpu")


def by_hand(base: BaseModel, pair: EncodedPair, ld_alpha: float) -> list[float]:
    found = []
    for ids, others in ((pair.chosen_ids, pair.rejected_ids), (pair.rejected_ids, pair.chosen_ids)):
        row = torch.tensor([[*pair.prompt_ids, *ids]])
        with torch.no_grad(), base.policy(None):
            log_probs = base.model(input_ids=row).logits[0, :-1].log_softmax(-1)
        tokens = log_probs.gather(-1, row[0, 1:, None])[len(pair.prompt_ids) - 1 :, 0]
        found.append(float(tokens[: len(others)].sum() + ld_alpha * tokens[len(others) :].sum()))
    return found


@pytest.mark.parametrize("kernels", [None, Kernels(compiled=False)])
@pytest.mark.parametrize("ld_alpha", [0.0, 0.3, 1.0])
def test_the_longer_answer_s_rest_counts_by_its_weight(
    base: BaseModel, kernels: Kernels | None, ld_alpha: float
) -> None:
    scorer = Scorer(base, kernels, "asked for", ld_alpha=ld_alpha)
    with torch.no_grad(), base.policy(None):
        scores = scorer.score_group(None, [PAIR, OTHER])
    for pair, found in zip((PAIR, OTHER), scores, strict=True):
        assert found.logps.tolist() == pytest.approx(by_hand(base, pair, ld_alpha), abs=1e-4)
        assert found.whole.tolist() == pytest.approx(by_hand(base, pair, 1.0), abs=1e-4)


def test_kept_references_of_another_weight_are_not_found(base: BaseModel) -> None:
    keys = {alpha: ReferenceKeys(Scorer(base, None, "asked for", ld_alpha=alpha), None).key(PAIR) for alpha in (1, 0.5)}
    assert keys[1] != keys[0.5]
    assert keys[1] == ReferenceKeys(Scorer(base, None, "asked for"), None).key(PAIR)
