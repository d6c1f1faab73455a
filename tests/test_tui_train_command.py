"""What `palate train` says."""

from tui.commands.train import event_words

FIGURES = {"eval_loss": 0.5, "eval_rewards/margins": 0.25, "eval_rewards/accuracies": 0.8}


def test_an_evaluation_is_told_with_its_intervals() -> None:
    intervals = {"eval_rewards/accuracies_low": 0.49, "eval_rewards/accuracies_high": 0.943}
    words = event_words({"event": "eval", "run": 1, "step": 4, **FIGURES, **intervals})
    assert words == "evaluation  loss 0.50  margin 0.25  accuracy 0.80 (0.49 to 0.94)"
