"""Warnings of a run: each by hand-worked figures, each once."""

from engine.dpo import PairScore
from engine.training.run_state import RunState
from engine.training.warnings import evaluation_warnings, step_warnings


def score(chosen_lost: float, rejected_lost: float, tokens: int = 100) -> PairScore:
    """A pair of two answers of so many tokens that lost so many nats against the reference."""
    logps, reference = (-200.0 - chosen_lost, -200.0 - rejected_lost), (-200.0, -200.0)
    return PairScore("1", 0.5, logps, reference, (tokens, tokens), (1.0, 1.0), (0.0, 0.0), (50, 50))


def test_a_collapse_is_told_from_the_nats_that_a_chosen_token_lost() -> None:
    state = RunState(total_steps=100, step=51, given_warnings={"falling"})
    calm = [score(10.0, 40.0), score(18.0, 40.0)]  # 28 of 200 tokens: 0.14
    for _ in range(8):
        assert step_warnings(state, calm, beta=0.1) == ()
    lost = [score(10.0, 40.0), score(34.0, 40.0)]  # 44 of 200 tokens, with the last seven 240 of 1,600: 0.15, no more
    assert step_warnings(state, lost, beta=0.1) == ()  # then 256 of 1,600: 0.16
    (notice,) = step_warnings(state, lost, beta=0.1)
    assert notice.level == "warning"
    assert "lost 0.16 nats per token" in notice.text
    assert "raise the SFT weight" in notice.text
    assert step_warnings(state, lost, beta=0.1) == ()  # once in a run


def test_no_collapse_is_told_from_few_steps_nor_from_the_first_half() -> None:
    state = RunState(total_steps=20, given_warnings={"falling"})
    told = []
    for step in range(1, 21):
        state.step = step
        if step_warnings(state, [score(30.0, 40.0)], beta=0.1):
            told.append(step)
    assert told == [15]  # the fifth of the ten steps in the second half


def test_what_the_chosen_answers_lost_and_won_back_is_no_collapse() -> None:
    state = RunState(total_steps=40, given_warnings={"falling"})
    for step in range(1, 41):  # 0.3 nats a token in the first half, 0.1 in the second
        state.step = step
        assert step_warnings(state, [score(30.0 if step <= 12 else 10.0, 40.0)], beta=0.1) == ()
    assert state.chosen_lost == [[10.0, 100]] * 8


def test_falling_chosen_answers_are_told_in_the_second_half_where_the_margin_grows() -> None:
    falling = [score(5.0, 20.0)]  # margin 0.1 · (−5 + 20) = 1.5
    assert step_warnings(RunState(total_steps=100, step=50), falling, beta=0.1) == ()
    before = [[5.0, 100]] * 7
    (notice,) = step_warnings(RunState(total_steps=100, step=58, chosen_lost=before), falling, beta=0.1)
    assert "--sft-weight" in notice.text
    shrinking = [score(12.0, 5.0)]  # the margin falls as well: another trouble, which the curves show
    assert step_warnings(RunState(100, step=58, chosen_lost=before), shrinking, beta=0.1) == ()


def test_learning_by_heart_is_told_from_the_evaluation_loss() -> None:
    state = RunState(total_steps=100, step=40, evaluated_step=40, best_loss=0.5, best_step=20, best_weights={})
    state.best_losses, state.eval_losses = {"1": 0.4, "2": 0.6}, {"1": 0.5, "2": 0.72}  # 0.11 ± 0.01
    assert evaluation_warnings(state, 0.59) == ()
    state.eval_losses["1"] = 0.32  # −0.08 and 0.12: 0.02 ± 0.10 may be chance
    assert evaluation_warnings(state, 0.61) == ()
    state.eval_losses["1"] = 0.5
    (notice,) = evaluation_warnings(state, 0.61)
    assert "rose from 0.500 to 0.610" in notice.text
    assert "step 20 is kept" in notice.text
