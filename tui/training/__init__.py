"""A run from its settings to its outcome.

trainer.py             `start` begins the one run and gives its steps to the scheduler; pauses, resumes, ends it
run_engine.py          calls `engine/train.py:train_dpo`, here or on other devices
preview.py             what a run with some settings would do, counted before it starts
pair_sets.py           which preference pairs a run trains on; presets.py: its settings under a name
recorder.py            stores a run's figures, margins and log as they come
samples.py             answers of the run to the same held-out prompts at every evaluation
studies.py             searches and outlooks, made of runs
outcome.py             how a run ended; recovery.py: what to do with one that was killed
reference_prefetch.py  log-probabilities of the reference, computed while the person reads
event_format.py, preflight_format.py  a run's events and its preflight as sentences and JSON
"""
