"""SQLite: the schema, its migrations, the one writer, and every statement that stores or reads. No torch, no screen.

connection.py     opens, creates, checks and upgrades the database; lock.py: one owner for each workspace
writer.py         the one thread that writes
verdicts.py       `judge` stores a verdict; edits.py, rankings.py, import_batches.py: the other ways to one
comparisons.py    pairs of answers and the queue of those without a verdict; completions.py, prompts.py: their parts
held_out.py       the held-out guard
runs.py, checkpoints.py, metrics.py, samples.py   what a run leaves
trials.py, blind_trials.py                        trials and their verdicts
*_rows.py         the rows that these modules give; other packages see these alone
migrations/       one module for each version of the schema; schema.sql is the newest
interchange/      files: import, export and their formats
"""
