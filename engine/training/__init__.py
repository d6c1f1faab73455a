"""The parts of a run, which `engine/train.py` puts together.

run.py, run_state.py   one run as its steps see it, and what changes from step to step
step.py                one optimizer step: learn from its pairs, then change the weights
learner.py             the adapter in training: gradients of a group of pairs, and the optimizer
scorer.py              by which method pairs are scored; reference.py: the reference's log-probabilities
objective.py           the loss of one pair, by its verdict
evaluation.py, kept_step.py   figures of the evaluation pairs, and which step's weights are saved
save_adapter.py        the adapter's files, checked by reading them back
peers.py               the processes that compute a run together; most runs have one
outages.py, step_start.py     a full disk or too little memory, and the way back to the step's beginning
"""
