"""Which step a run keeps and when it stops early, worked by hand."""

import pytest

from engine.training.kept_step import PairedDifference, keeps_earlier, kept_words, note_evaluation
from engine.training.run_state import KeptBy, RunState


def after(*evaluations: list[float], kept_by: KeptBy = KeptBy.STANDARD_ERROR) -> RunState:
    """The state after these evaluations, at steps 10, 20, … of a run that ends with the last of them."""
    state = RunState(total_steps=10 * len(evaluations), kept_by=kept_by)
    for losses in evaluations:
        state.step = state.evaluated_step = state.step + 10
        by_key = {str(place): loss for place, loss in enumerate(losses)}
        note_evaluation(state, by_key, sum(losses) / len(losses), dict)
    return state


def test_a_paired_difference_by_hand() -> None:
    # 0.2, 0.1, 0.5: a mean of 0.8 / 3; deviations −0.0667, −0.1667, 0.2333 → variance 0.0433, /3 and the root: 0.1202
    found = PairedDifference.of({"1": 0.3, "2": 0.5, "3": 0.4}, {"3": 0.9, "2": 0.6, "1": 0.5})
    assert found.pairs == 3
    assert found.mean == pytest.approx(0.8 / 3)
    assert found.standard_error == pytest.approx(0.12019, abs=1e-5)
    assert found.is_clear
    assert not PairedDifference.of({"1": 0.3}, {"1": 9.0}).is_clear  # one pair has no standard error


def test_an_earlier_step_is_kept_only_beyond_one_standard_error() -> None:
    # differences 0.2, 0, 0.1, −0.1: mean 0.05, variance 0.05 / 3, standard error 0.0645
    noisy = after([0.6, 0.7, 0.6, 0.8], [0.8, 0.7, 0.7, 0.7])
    assert (noisy.best_step, keeps_earlier(noisy)) == (10, False)
    assert kept_words(noisy) == (
        "Step 20, the last, is kept. The lowest evaluation loss, 0.675, is that of step 10, but lower by 0.050 ± 0.065 "
        "over 4 evaluation pairs is too little to choose it."
    )
    # differences 0.2, 0, 0.1, 0.1: mean 0.1, variance 0.02 / 3, standard error 0.0408
    clear = after([0.6, 0.7, 0.6, 0.6], [0.8, 0.7, 0.7, 0.7])
    assert (clear.best_step, keeps_earlier(clear)) == (10, True)
    assert kept_words(clear) == (
        "Step 10 is kept: its evaluation loss of 0.625 is lower by 0.100 ± 0.041 over 4 evaluation pairs. Otherwise "
        "step 20, the last, would have been kept."
    )


def test_the_last_step_is_kept_without_a_word_where_it_is_best() -> None:
    state = after([0.7, 0.7], [0.6, 0.5])
    assert (state.best_step, keeps_earlier(state), kept_words(state)) == (20, False, None)
    untouched = RunState(total_steps=3, step=3)
    assert (keeps_earlier(untouched), kept_words(untouched)) == (False, None)


def test_early_stop_counts_evaluations_in_a_row_that_are_clearly_worse() -> None:
    best, worse, unsure = [0.6, 0.7, 0.6, 0.6], [0.8, 0.7, 0.7, 0.7], [0.8, 0.7, 0.7, 0.4]
    assert after(best, worse, worse).worse_evaluations == 2
    assert after(best, worse, unsure, worse).worse_evaluations == 1
    assert after(best, unsure, unsure).worse_evaluations == 0
    assert after(best, unsure, unsure, kept_by=KeptBy.LOWEST_LOSS).worse_evaluations == 2


def test_a_run_of_the_old_rule_keeps_the_lowest_loss() -> None:
    state = after([0.6, 0.7, 0.6, 0.8], [0.8, 0.7, 0.7, 0.7], kept_by=KeptBy.LOWEST_LOSS)
    assert keeps_earlier(state)


def test_a_run_that_breaks_after_its_evaluation_keeps_the_evaluated_step() -> None:
    state = after([0.7, 0.7])
    state.step += 1
    assert keeps_earlier(state)
    assert kept_words(state) is None
